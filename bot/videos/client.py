"""A client for any Videos API server: the only lines that touch its network.

One `aiohttp.ClientSession`, owned and closed by the caller.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import stamina

from bot.videos.container import Container, inspect_film
from bot.videos.errors import (
    Busy,
    FilmBroken,
    NotSent,
    OutcomeUnknown,
    Unavailable,
)
from bot.videos.models import CreateVideo, VideoPage
from bot.videos.protocol import (
    Answer,
    Part,
    Reading,
    content_error,
    create_parts,
    read_created,
    read_deleted,
    read_page,
    read_video,
)

BODY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a JSON answer: a page of 100 jobs with 4000-character prompts fits four times."""
FILM_LIMIT: Final = 2 * 1024**3
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
    """The five verbs of the Videos API over one session.

    `base_url` ends in /v1, as the SDKs take it. `timeout` is the most a JSON answer may take, in
    seconds; a film may take as long as bytes keep coming.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_key: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._session = session
        self._base = base_url.rstrip("/")
        self._secrets = _spellings(api_key) if api_key else ()
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT)
        self._film_timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT, sock_read=timeout
        )

    async def create(self, request: CreateVideo) -> Reading:
        """`POST /videos`, repeated only where `worth_another_create`.

        Raises NotSent, OutcomeUnknown, BadRequest, Unauthorized or Busy.
        """
        return await self._buy("/videos", parts=create_parts(request))

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
        """`DELETE /videos/{id}`; one that is gone already counts. Raises as retrieve."""
        read_deleted(await self._exchange("DELETE", _path(video_id)))

    async def download(self, video_id: str, target: Path) -> Container:
        """`GET /videos/{id}/content` into `target`, which appears only when it is a whole film.

        No `variant` is sent: SGLang answers 404 to `variant=video`. Raises FilmNotReady,
        FilmBroken, Unauthorized, Unavailable, NotSent, and OSError where the disk fails.
        """
        part = target.with_name(target.name + ".part")
        try:
            async with self._request("GET", _path(video_id) + "/content", film=True) as response:
                if response.status != 200:  # noqa: PLR2004
                    raise content_error(await self._read(response))
                await _save(response, part)
            container = await asyncio.to_thread(inspect_film, part)
            await asyncio.to_thread(part.replace, target)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return container

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        parts: tuple[Part, ...] = (),
        body: Mapping[str, str] | None = None,
    ) -> Answer:
        async with self._request(method, path, params=params, parts=parts, body=body) as response:
            return await self._read(response)

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

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        parts: tuple[Part, ...] = (),
        body: Mapping[str, str] | None = None,
        film: bool = False,
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Send one request; errors of the way become NotSent or Unavailable.

        A redirect is followed for films only (aiohttp drops the key on another origin): a POST
        that follows one would turn into a GET or be sent twice.
        """
        try:
            async with self._session.request(
                method,
                self._base + path,
                params=params,
                data=_form(parts) if parts else None,
                json=body,
                headers=self._headers,
                timeout=self._film_timeout if film else self._timeout,
                allow_redirects=film,
            ) as response:
                yield response
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(_cause(error)) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unavailable(_cause(error)) from error


def _spellings(key: str) -> tuple[bytes, ...]:
    """Return the ways a JSON body may quote a key."""
    quoted = json.dumps(key)[1:-1]
    return key.encode(), quoted.encode(), quoted.replace("/", "\\/").encode()


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
