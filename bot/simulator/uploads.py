"""What a request carries: a JSON payload, and files beside it when it is a multipart form.

Source: Discord, reference, uploading files: `payload_json` and `files[n]`.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from aiohttp import web

from bot.simulator.errors import invalid_form
from bot.simulator.world import Payload

_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)')
_NAME: Final = re.compile(r'\bname="([^"]*)"')
_FILENAME: Final = re.compile(r'\bfilename="([^"]*)"')
_TYPE: Final = re.compile(r"^content-type:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_INDEX: Final = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True)
class NewFile:
    """A file that was sent."""

    name: str
    data: bytes
    content_type: str


@dataclass(frozen=True)
class Upload:
    """A payload and its files, by their index."""

    payload: Payload
    files: dict[int, NewFile]

    @property
    def largest(self) -> int:
        """Bytes of the largest file."""
        return max((len(file.data) for file in self.files.values()), default=0)


class Body(Protocol):
    """A request's body, once all of it has come."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def upload(self) -> Upload:
        """Read what it carries. Raises 50035 where it is no JSON object."""
        ...


Receive = Callable[[web.Request], Awaitable[Body]]


@dataclass(frozen=True)
class Whole:
    """A body in memory."""

    data: bytes
    content_type: str

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def upload(self) -> Upload:
        """Read what it carries. Raises 50035."""
        if not self.content_type.startswith("multipart/form-data"):
            return Upload(read_payload(self.data), {})
        return read_form(self.data, boundary_in(self.content_type))


async def receive_whole(request: web.Request) -> Body:
    """Read a whole body into memory."""
    return Whole(await request.read(), request.headers.get("Content-Type", ""))


def boundary_in(content_type: str) -> bytes:
    """Find what parts a form. Raises 50035."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise invalid_form("a form without a boundary")
    return found[1].encode()


def read_form(body: bytes, boundary: bytes) -> Upload:
    """Read a multipart form. Raises 50035."""
    payload: Payload = {}
    files: dict[int, NewFile] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        told = head.decode()
        name = _found(_NAME, told)
        if name == "payload_json":
            payload = read_payload(data)
        elif (index := _INDEX.fullmatch(name)) is not None:
            content_type = _found(_TYPE, told) or "application/octet-stream"
            files[int(index[1])] = NewFile(_found(_FILENAME, told), data, content_type)
    return Upload(payload, files)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return "" if found is None else found[1]


def read_payload(body: bytes) -> Payload:
    """Read a JSON object. Commands alone are sent as a bare list, which gets their name."""
    try:
        read: object = json.loads(body or b"{}")
    except ValueError:
        raise invalid_form("no JSON") from None
    if isinstance(read, list):
        return {"commands": cast("list[Payload]", read)}
    if not isinstance(read, dict):
        raise invalid_form("no JSON object")
    return cast("Payload", read)
