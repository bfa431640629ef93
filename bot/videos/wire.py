"""HTTP to one server: sends a request, reads its answer, and names whatever goes wrong."""

import asyncio
import errno
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
from yarl import URL

from bot.runtime.proxies import NONE, Proxies
from bot.videos.answer import Answer
from bot.videos.body import Body, MinimumRate
from bot.videos.dialects import Dialect
from bot.videos.encoding import Part
from bot.videos.errors import FilmTooLarge, NotSent, Unavailable
from bot.videos.fetching import UNREACHABLE, Fetcher
from bot.videos.inline import FilmExtractor

BODY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a JSON answer without the film in it: four pages of 100 jobs with prompts of 4000
characters."""
FILM_LIMIT: Final = 2 * 1024**3
FILM_TIMEOUT: Final = 3600.0
"""Seconds a film may take in all, however steadily its bytes come."""
MOST_OBJECTS: Final = 200_000
"""Objects and lists in a JSON answer: parsing more would block other threads for long. A page of
100 jobs has a few thousand."""
MOST_FIELDS: Final = 300_000
ROOM_ASKED: Final = 4 * 1024**2
"""Bytes of a film after which `has_room` is asked for as many more."""
CONNECT_TIMEOUT: Final = 10.0
ASKING: Final = aiohttp.ClientTimeout(total=5.0, sock_connect=3.0)
"""For a request that nobody waits for."""


HasRoom = Callable[[int], Awaitable[bool]]
"""Whether so many more bytes of films may be written to disk; it may remove others first."""


@dataclass(frozen=True, kw_only=True)
class ServerAccess:
    """How a server is reached. Times are in seconds, sizes in bytes."""

    base_url: str
    """It ends in /v1, as in the SDKs. Every request repeats its query: Azure's api-version."""
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    """For a JSON answer. A film may take as long as bytes keep coming, FILM_TIMEOUT at the most."""
    film_hosts: frozenset[str] = frozenset()
    """host or host:port. Films are fetched from these wherever they are, from others only on the
    public internet."""
    film_limit: int = FILM_LIMIT
    minimum: MinimumRate = field(default_factory=MinimumRate)
    """An answer that is slower is given up."""
    proxies: Proxies = NONE
    films_by_proxy: bool = False
    """Whether `proxies` are for films on other hosts, too."""


class Wire:
    """Sends requests to one server, with its key, and reads the answers.

    `on_unreachable` is called where no connection could be made.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: ServerAccess,
        *,
        dialect: Callable[[], Dialect],
        on_unreachable: Callable[[], None],
    ) -> None:
        self.film_limit = min(server.film_limit, FILM_LIMIT)
        """Bytes that one film may have."""
        self._session = session
        self._server = server
        base, _, self._query = server.base_url.partition("?")
        self._base = base.rstrip("/")
        self._dialect = dialect
        self._on_unreachable = on_unreachable
        self._timeout = aiohttp.ClientTimeout(total=server.timeout, sock_connect=CONNECT_TIMEOUT)
        self._proxy = server.proxies.for_address(self._base)
        self._fetcher = Fetcher(
            inside=session,
            base=URL(self._base),
            trusted=server.film_hosts,
            timeout=aiohttp.ClientTimeout(
                total=FILM_TIMEOUT, sock_connect=CONNECT_TIMEOUT, sock_read=server.timeout
            ),
            proxy=self._proxy,
            elsewhere=server.proxies if server.films_by_proxy else NONE,
        )

    @property
    def host(self) -> str:
        """The configured server's host name."""
        return URL(self._base).host or ""

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        parts: tuple[Part, ...] = (),
        body: Mapping[str, object] | None = None,
        timeout: aiohttp.ClientTimeout | None = None,  # noqa: ASYNC109 - aiohttp's own
        film: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its answer; a film inside it is written to `film`.

        No redirect is followed: that would turn a POST into a GET, or send it twice. Raises NotSent
        and Unavailable.
        """
        with self._named_errors():
            async with self._session.request(
                method,
                self._at(path),
                params=params,
                data=_form(parts) if parts else None,
                json=body,
                headers={**self._headers(), **(headers or {})},
                timeout=timeout or self._timeout,
                allow_redirects=False,
                auto_decompress=False,
                proxy=self._proxy,
            ) as response:
                return await self.read(response, self.body(response), film)

    @asynccontextmanager
    async def open(self, path: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """GET a path below the base URL where a film is expected, redirects followed."""
        async with self.open_address(self._at(path)) as response:
            yield response

    @asynccontextmanager
    async def open_address(self, address: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """GET a film wherever a server says it lies, with the key at our own server alone.

        Raises Forbidden, NotSent and Unavailable.
        """
        with self._named_errors():
            async with self._fetcher.open(address, self._headers()) as response:
                yield response

    def is_ours(self, response: aiohttp.ClientResponse) -> bool:
        """Whether the configured server itself answered, and not one that it redirected to."""
        return response.url.origin() == URL(self._base).origin()

    def body(self, response: aiohttp.ClientResponse) -> Body:
        """Return a reader of an answer, with the minimum rate."""
        return Body(response, self._server.minimum)

    async def read(
        self, response: aiohttp.ClientResponse, body: Body, film: Path | None = None
    ) -> Answer:
        """Read a JSON answer to its end; a film that a server put into it is written to `film`.

        Without `film` it is dropped. Raises Unavailable where the rest has more than BODY_LIMIT
        bytes, or would take long to parse.
        """
        kept = bytearray()
        extractor = FilmExtractor(film, limit=self.film_limit)
        try:
            while piece := await body.read():
                kept += await extractor.feed(piece)
                if len(kept) > BODY_LIMIT:
                    response.close()
                    raise Unavailable(f"HTTP {response.status} with more than {BODY_LIMIT} bytes")
            kept += await extractor.end()
        finally:
            await extractor.close()
        if _is_intricate(kept):
            raise Unavailable(f"HTTP {response.status} with more fields than any page of jobs has")
        return Answer(
            status=response.status,
            headers=response.headers,
            body=bytes(kept),
            has_film=extractor.has_film,
        )

    def _at(self, path: str) -> str:
        joint = "&" if "?" in path else "?"
        return f"{self._base}{path}{joint}{self._query}" if self._query else self._base + path

    def _headers(self) -> dict[str, str]:
        key = self._server.api_key
        if key is None:
            return {}
        return {"api-key": key} if self._dialect().bare_key else {"Authorization": f"Bearer {key}"}

    @contextmanager
    def _named_errors(self) -> Generator[None]:
        try:
            yield
        except UNREACHABLE as error:
            self._on_unreachable()
            raise NotSent(_cause(error)) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unavailable(_cause(error)) from error


async def save(body: Body, path: Path, *, limit: int, has_room: HasRoom | None = None) -> None:
    """Write the bytes of a film to disk as they come.

    Raises FilmTooLarge past `limit` bytes, Unavailable below the minimum rate, and OSError where
    the disk or the room for films (`has_room`) is full.
    """
    written = asked = 0
    file = await asyncio.to_thread(path.open, "wb")
    try:
        while chunk := await body.read():
            written += len(chunk)
            if written > limit:
                raise FilmTooLarge(f"more than {limit} bytes")
            if has_room is not None and written > asked:
                before = written - len(chunk)
                if not await has_room(min(ROOM_ASKED, limit - before)):
                    raise OSError(errno.ENOSPC, "FILMS_MAX_GB leaves no room for this video")
                asked = before + ROOM_ASKED
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


def _is_intricate(body: bytearray) -> bool:
    """Whether parsing an answer would take much longer than its size suggests."""
    objects = body.count(b"{") + body.count(b"[")
    return objects > MOST_OBJECTS or body.count(b":") > MOST_FIELDS


def _form(parts: tuple[Part, ...]) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for part in parts:
        form.add_field(
            part.name, part.value, filename=part.filename, content_type=part.content_type
        )
    return form


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
