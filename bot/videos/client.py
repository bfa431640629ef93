"""A client for any Videos API server: the only lines that touch its network.

One `aiohttp.ClientSession`, owned and closed by the caller.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import stamina
from yarl import URL

from bot.videos.container import Container, inspect_film
from bot.videos.dialects import OPENAI, Dialect, by_host
from bot.videos.discovery import Finding, find_out
from bot.videos.errors import (
    Busy,
    FilmBroken,
    FilmNotReady,
    NotSent,
    OutcomeUnknown,
    Unavailable,
    VideosError,
)
from bot.videos.fetching import Fetcher
from bot.videos.models import CreateVideo, VideoPage
from bot.videos.protocol import (
    Answer,
    Part,
    Reading,
    content_error,
    create_json,
    create_parts,
    film_elsewhere,
    read_created,
    read_deleted,
    read_page,
    read_video,
)

BODY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a JSON answer: a page of 100 jobs with 4000-character prompts fits four times."""
FILM_LIMIT: Final = 2 * 1024**3
FILM_TIMEOUT: Final = 3600.0
"""Seconds a film may take in all, however steadily its bytes drip."""
_ASKING: Final = aiohttp.ClientTimeout(total=5.0, sock_connect=3.0)
_OK: Final = 200
_NO_ROUTE: Final = frozenset({404, 405, 501})
_NOWHERE: Final = ""
CHUNK: Final = 256 * 1024
CONNECT_TIMEOUT: Final = 10.0
CREATE_ATTEMPTS: Final = 3
LONGEST_WAIT: Final = 20.0
"""Seconds. A server that asks for more is reported as busy instead of being waited for."""


def worth_another_create(error: Exception) -> bool | float:
    """Tell stamina when a create may be repeated: only where surely nothing was bought.

    That is a connection never made, or a no (429, 503) that names a short wait. Everything else,
    time-outs and 5xx above all, may already have been billed.
    """
    if isinstance(error, NotSent):
        return True
    if isinstance(error, Busy) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False
    return False


class VideosClient:
    """The verbs of the Videos API over one session, in the dialect that the server speaks.

    `base_url` ends in /v1, as the SDKs take it. `timeout` is the most a JSON answer may take, in
    seconds; a film may take as long as bytes keep coming, and FILM_TIMEOUT at the most. Without a
    `dialect` the server is asked what it speaks. `film_hosts` are trusted to hold films wherever
    they are, as host or host:port; others only on the public internet.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_key: str | None = None,
        timeout: float = 60.0,
        dialect: Dialect | None = None,
        film_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._session = session
        self._base = base_url.rstrip("/")
        self._key = api_key
        self._secrets = _spellings(api_key) if api_key else ()
        self._given = dialect
        self._assumed = by_host(URL(self._base).host or "") or OPENAI
        self._finding: Finding | None = None
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT)
        self._fetcher = Fetcher(
            session,
            base=URL(self._base),
            trusted=film_hosts,
            timeout=aiohttp.ClientTimeout(
                total=FILM_TIMEOUT, sock_connect=CONNECT_TIMEOUT, sock_read=timeout
            ),
        )

    # ---------------------------------------------------------------- what the server speaks

    @property
    def dialect(self) -> Dialect:
        """What is known to be spoken; until the server was asked, what its host tells."""
        if self._given is not None:
            return self._given
        return self._assumed if self._finding is None else self._finding.dialect

    @property
    def models(self) -> tuple[str, ...]:
        """What the server lists as its models, as far as it was asked."""
        return () if self._finding is None else self._finding.models

    async def find_out(self) -> None:
        """Ask the server what it speaks, unless that is known; it is forgotten by an outage."""
        if self._given is None and self._finding is None:
            self._finding = await find_out(URL(self._base).host or "", self._ask)

    async def _ask(self, path: str) -> Answer:
        return await self._exchange("GET", path, timeout=_ASKING)

    # ---------------------------------------------------------------- the verbs

    async def create(self, request: CreateVideo) -> Reading:
        """`POST /videos`, repeated only where `worth_another_create`.

        Raises NotSent, OutcomeUnknown, BadRequest, Unauthorized or Busy.
        """
        if self.dialect.json:
            return await self._buy("/videos", body=create_json(request, self.dialect))
        return await self._buy("/videos", parts=create_parts(request, self.dialect))

    async def _buy(self, path: str, **content: Any) -> Reading:  # noqa: ANN401
        async for attempt in stamina.retry_context(
            on=worth_another_create, attempts=CREATE_ATTEMPTS, timeout=2 * LONGEST_WAIT
        ):
            with attempt:
                try:
                    answer = await self._exchange("POST", path, **content)
                except Unavailable as error:
                    raise OutcomeUnknown(str(error)) from error
                return read_created(answer)
        raise AssertionError("stamina returns or raises")  # pragma: no cover

    async def remix(self, video_id: str, prompt: str) -> Reading:
        """`POST /videos/{id}/remix` with the change as the prompt; repeated and raising as create.

        JSON: the SDKs send it so, and LiteLLM passes it on so.
        """
        return await self._buy(_path(video_id) + "/remix", body={"prompt": prompt})

    async def retrieve(self, video_id: str) -> Reading:
        """`GET /videos/{id}`. Raises NotFound, Unauthorized, Unavailable or NotSent."""
        return read_video(await self._exchange("GET", _path(video_id)))

    async def list(self, *, after: str | None = None, limit: int = 100) -> VideoPage:
        """`GET /videos`, newest first; `limit` is 1 to 100. Raises as retrieve."""
        params = {"limit": str(limit), "order": "desc"} | ({"after": after} if after else {})
        return read_page(await self._exchange("GET", "/videos", params=params))

    async def delete(self, video_id: str) -> None:
        """`DELETE /videos/{id}`; one that is gone already counts. Raises as retrieve.

        Where the server has no such route, its 404 would look like success: it is not asked.
        """
        if not self.dialect.deletes:
            raise Unavailable(f"{self.dialect.name} deletes no jobs")
        read_deleted(await self._exchange("DELETE", _path(video_id)))

    async def download(
        self, video_id: str, target: Path, *, film_url: str | None = None
    ) -> Container:
        """Bring the film into `target`, which appears only when it is a whole film.

        From `/content`, or where that answer, the job, or `film_url` (what the create said) says
        that it lies. No `variant` is sent: SGLang answers 404 to `variant=video`. Raises
        FilmNotReady, FilmBroken, Unauthorized, Unavailable, NotSent, and OSError where the disk
        fails.
        """
        part = target.with_name(target.name + ".part")
        try:
            elsewhere = await self._from_content(video_id, part, film_url)
            if elsewhere is _NOWHERE:
                elsewhere = await self._told(video_id) or film_url
                if elsewhere is None:
                    raise FilmNotReady("neither /content nor the job has a film")
            if elsewhere is not None:
                await self._from_address(elsewhere, part)
            container = await asyncio.to_thread(inspect_film, part)
            await asyncio.to_thread(part.replace, target)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return container

    async def _from_content(self, video_id: str, part: Path, film_url: str | None) -> str | None:
        """Save what /content sends; else return where the film lies, or _NOWHERE."""
        if not self.dialect.content:
            return _NOWHERE
        async with self._film(self._base + _path(video_id) + "/content") as response:
            if response.status == _OK and not _is_json(response):
                await _save(response, part)
                return None
            answer = await self._read(response)
        if (elsewhere := film_elsewhere(answer)) is not None:
            return elsewhere
        if answer.status in _NO_ROUTE:
            elsewhere = await self._told(video_id) or film_url
            if elsewhere is not None:
                return elsewhere
        if answer.status == _OK:
            raise FilmBroken("JSON instead of a film")
        raise content_error(answer)

    async def _told(self, video_id: str) -> str | None:
        """Ask the job where its film lies; None where it does not say."""
        try:
            return (await self.retrieve(video_id)).video.film_url
        except VideosError:
            return None

    async def _from_address(self, address: str, part: Path) -> None:
        async with self._film(address) as response:
            if response.status != _OK:
                raise content_error(await self._read(response))
            await _save(response, part)

    @asynccontextmanager
    async def _film(self, address: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        with self._named_errors():
            async with self._fetcher.open(address, self._headers()) as response:
                yield response

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        parts: tuple[Part, ...] = (),
        body: Mapping[str, object] | None = None,
        timeout: aiohttp.ClientTimeout | None = None,  # noqa: ASYNC109 - aiohttp's own
    ) -> Answer:
        """Send one request and read its answer; errors of the way become NotSent or Unavailable.

        No redirect is followed: a POST that follows one would turn into a GET or be sent twice.
        """
        with self._named_errors():
            async with self._session.request(
                method,
                self._base + path,
                params=params,
                data=_form(parts) if parts else None,
                json=body,
                headers=self._headers(),
                timeout=timeout or self._timeout,
                allow_redirects=False,
            ) as response:
                return await self._read(response)

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            return {}
        if self.dialect.bare_key:
            return {"api-key": self._key}
        return {"Authorization": f"Bearer {self._key}"}

    @contextmanager
    def _named_errors(self) -> Generator[None]:
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # A server that was away may come back as another.
            self._finding = None
            raise NotSent(_cause(error)) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unavailable(_cause(error)) from error

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        body = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > BODY_LIMIT:
                response.close()
                raise Unavailable(f"HTTP {response.status} with more than {BODY_LIMIT} bytes")
        # A server that quotes a refused key must not bring it into a card, a log or the database.
        told = bytes(body)
        for secret in self._secrets:
            told = told.replace(secret, b"***")
        return Answer(status=response.status, headers=response.headers, body=told)


def _spellings(key: str) -> tuple[bytes, ...]:
    """Return the ways a JSON body may quote a key."""
    quoted = json.dumps(key)[1:-1]
    return key.encode(), quoted.encode(), quoted.replace("/", "\\/").encode()


def _is_json(response: aiohttp.ClientResponse) -> bool:
    return response.content_type == "application/json"


def _path(video_id: str) -> str:
    # Ids are kept verbatim; LiteLLM's are base64 with "=", others may hold a slash.
    return "/videos/" + quote(video_id, safe="=")


def _form(parts: tuple[Part, ...]) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for part in parts:
        form.add_field(
            part.name, part.value, filename=part.filename, content_type=part.content_type
        )
    return form


async def _save(response: aiohttp.ClientResponse, path: Path) -> None:
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


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
