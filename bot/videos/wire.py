"""The seam to the network: one request, one answer, and names for everything that goes wrong."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import aiohttp
from yarl import URL

from bot.videos.dialects import Dialect
from bot.videos.errors import FilmBroken, NotSent, Unavailable
from bot.videos.fetching import Fetcher
from bot.videos.inline import FilmSieve
from bot.videos.protocol import Answer, Part

BODY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a JSON answer without the film in it: a page of 100 jobs with 4000-character prompts
fits four times."""
FILM_LIMIT: Final = 2 * 1024**3
FILM_TIMEOUT: Final = 3600.0
"""Seconds a film may take in all, however steadily its bytes drip."""
CHUNK: Final = 256 * 1024
CONNECT_TIMEOUT: Final = 10.0
ASKING: Final = aiohttp.ClientTimeout(total=5.0, sock_connect=3.0)
"""For a question that nobody waits for."""


class Wire:
    """Sends requests to one server, with its key, and reads what it answers.

    `away` is called where no connection could be made. Arguments are VideosClient's.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_key: str | None,
        timeout: float,
        film_hosts: frozenset[str],
        dialect: Callable[[], Dialect],
        away: Callable[[], None],
    ) -> None:
        self._session = session
        self._base = base_url.rstrip("/")
        self._key = api_key
        self._secrets = _spellings(api_key) if api_key else ()
        self._dialect = dialect
        self._away = away
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT)
        self._fetcher = Fetcher(
            session,
            base=URL(self._base),
            trusted=film_hosts,
            timeout=aiohttp.ClientTimeout(
                total=FILM_TIMEOUT, sock_connect=CONNECT_TIMEOUT, sock_read=timeout
            ),
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
        """Send one request and read its answer; a film inside it goes into `film`.

        No redirect is followed: a POST that follows one would turn into a GET or be sent twice.
        Raises NotSent and Unavailable.
        """
        with self._named_errors():
            async with self._session.request(
                method,
                self._base + path,
                params=params,
                data=_form(parts) if parts else None,
                json=body,
                headers={**self._headers(), **(headers or {})},
                timeout=timeout or self._timeout,
                allow_redirects=False,
            ) as response:
                return await self.read(response, film)

    @asynccontextmanager
    async def open(self, path: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """GET a path below the base URL where a film is expected, redirects followed."""
        async with self.open_address(self._base + path) as response:
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
        """Whether the configured server itself answered, and not where it led to."""
        return response.url.origin() == URL(self._base).origin()

    async def read(self, response: aiohttp.ClientResponse, film: Path | None = None) -> Answer:
        """Read a JSON answer to its end; the film that some servers put into it goes to disk.

        Without a `film` to write it is passed over. What is kept in memory has BODY_LIMIT.
        """
        body = bytearray()
        sieve = FilmSieve(film, limit=FILM_LIMIT)
        try:
            async for chunk in response.content.iter_chunked(CHUNK):
                body += await sieve.feed(chunk)
                if len(body) > BODY_LIMIT:
                    response.close()
                    raise Unavailable(f"HTTP {response.status} with more than {BODY_LIMIT} bytes")
            body += await sieve.end()
        finally:
            await sieve.close()
        # A server that quotes a refused key must not bring it into a card, a log or the database.
        told = bytes(body)
        for secret in self._secrets:
            told = told.replace(secret, b"***")
        return Answer(
            status=response.status, headers=response.headers, body=told, has_film=sieve.has_film
        )

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            return {}
        if self._dialect().bare_key:
            return {"api-key": self._key}
        return {"Authorization": f"Bearer {self._key}"}

    @contextmanager
    def _named_errors(self) -> Generator[None]:
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._away()
            raise NotSent(_cause(error)) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unavailable(_cause(error)) from error


async def save(response: aiohttp.ClientResponse, path: Path) -> None:
    """Write the bytes of a film to disk as they come. Raises FilmBroken past FILM_LIMIT."""
    written = 0
    file = await asyncio.to_thread(path.open, "wb")
    try:
        async for chunk in response.content.iter_chunked(CHUNK):
            written += len(chunk)
            if written > FILM_LIMIT:
                raise FilmBroken(f"more than {FILM_LIMIT} bytes")
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


def is_json(response: aiohttp.ClientResponse) -> bool:
    """Whether an answer says that it is JSON, which no film is."""
    return response.content_type.endswith("json")


def _spellings(key: str) -> tuple[bytes, ...]:
    """Return the ways a JSON body may quote a key."""
    quoted = json.dumps(key)[1:-1]
    return key.encode(), quoted.encode(), quoted.replace("/", "\\/").encode()


def _form(parts: tuple[Part, ...]) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for part in parts:
        form.add_field(
            part.name, part.value, filename=part.filename, content_type=part.content_type
        )
    return form


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
