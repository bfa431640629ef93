"""Extracts a film from a JSON answer, where it is base64, while the answer streams in.

NVIDIA Dynamo answers a create with `data[].b64_json`, and others with a `data:` address.
"""

import asyncio
import logging
import re
from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import Path
from typing import BinaryIO, Final

_log = logging.getLogger(__name__)

_BEGINS: Final = re.compile(
    rb'(?<!\\)"b64_json"\s*:\s*"|(?<!\\)"\w{0,16}url"\s*:\s*"(?=data:(?:video|application))'
)
_DATA_URL: Final = re.compile(rb"data:[^,]{0,100},")
_ENDS: Final = b'"'
_LONGEST_BEGINNING: Final = 256
"""Bytes held back at the end of a chunk: a film may begin in them."""
_FOUR: Final = 4
"""Characters of base64 that decode to whole bytes."""
_ESCAPES: Final = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|(.))", re.DOTALL)
"""Escapes of base64 in JSON: "\\/" by PHP, "\\u002B" by .NET, line ends."""
_LONGEST_ESCAPE: Final = 6


class FilmExtractor:
    """Returns a JSON body without the film in it, and writes the film to disk.

    The first film is written, up to `limit` bytes; further ones are dropped. Without a path, and
    where the disk fails, all are dropped: the rest of the answer matters more than the film.
    """

    def __init__(self, path: Path | None, *, limit: int) -> None:
        self.has_film = False
        """Whether a whole film has been written."""
        self._path = path
        self._limit = limit
        self._written = 0
        self._file: BinaryIO | None = None
        self._is_inside = False
        self._is_new: bool = False
        self._held: bytes = b""

    async def feed(self, chunk: bytes) -> bytes:
        """Return the part of the body so far that is no film."""
        self._held += chunk
        kept = bytearray()
        while await (self._write_film() if self._is_inside else self._find_film(kept)):
            pass
        return bytes(kept)

    async def _find_film(self, kept: bytearray) -> bool:
        """Move the bytes before a film to `kept`; return whether a film begins."""
        begins = _BEGINS.search(self._held)
        cut = max(0, len(self._held) - _LONGEST_BEGINNING) if begins is None else begins.end()
        kept += self._held[:cut]
        self._held = self._held[cut:]
        if begins is not None:
            await self._begin()
        return begins is not None

    async def _write_film(self) -> bool:
        """Write the film as far as it has come; return whether it ends."""
        film, quote, rest = self._held.partition(_ENDS)
        if self._is_new and not quote and len(film) < _LONGEST_BEGINNING:
            return False
        if self._is_new:
            film, self._is_new = _DATA_URL.sub(b"", film, count=1), False
        self._held = await self._write(film, last=bool(quote))
        if quote:
            await self._finish()
            self._held = quote + rest
        return bool(quote)

    async def end(self) -> bytes:
        """Return what was held back, at the end of the body."""
        return b"" if self._is_inside else self._held

    async def close(self) -> None:
        """Close the file; an unfinished film is removed."""
        if self._file is not None:
            await self._discard("the answer broke off")

    async def _begin(self) -> None:
        self._is_inside = self._is_new = True
        if self._path is None or self.has_film:
            return
        try:
            self._file = await asyncio.to_thread(self._path.open, "wb")
        except OSError as error:
            _log.warning("a film inside an answer cannot be kept: %s", error)

    async def _write(self, text: bytes, *, last: bool) -> bytes:
        """Decode what makes whole bytes; return the characters that are left over."""
        if self._file is None:
            return b""
        cut = len(text) if last else _before_escape(text)
        clean = _ESCAPES.sub(_unescaped, text[:cut])
        whole = len(clean) if last else len(clean) // _FOUR * _FOUR
        try:
            film = b64decode(clean[:whole] + b"=" * (-whole % _FOUR))
            self._written += len(film)
            if self._written > self._limit:
                await self._discard("it is too large")
            else:
                await asyncio.to_thread(self._file.write, film)
        except (NotBase64, OSError) as error:
            await self._discard(str(error))
        return clean[whole:] + text[cut:]

    async def _finish(self) -> None:
        self._is_inside = False
        if self._file is None:
            return
        if self._written == 0:
            await self._discard("it is empty")
            return
        file, self._file = self._file, None
        try:
            await asyncio.to_thread(file.close)
            self.has_film = True
        except OSError as error:
            _log.warning("a film inside an answer cannot be kept: %s", error)

    async def _discard(self, why: str) -> None:
        _log.warning("a film inside an answer cannot be kept: %s", why)
        file, self._file = self._file, None
        if file is not None and self._path is not None:
            await asyncio.to_thread(file.close)
            await asyncio.to_thread(self._path.unlink, missing_ok=True)


def _before_escape(text: bytes) -> int:
    """Return where to cut a text, so that no escape is cut in two."""
    begins = text.rfind(b"\\", max(0, len(text) - _LONGEST_ESCAPE + 1))
    return len(text) if begins < 0 else begins


def _unescaped(found: re.Match[bytes]) -> bytes:
    code, plain = found.groups()
    if code is not None:
        return bytes([int(code, 16)])
    return b"" if plain in b"nrt" else plain
