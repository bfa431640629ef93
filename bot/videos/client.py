"""A client for any Videos API server, in whatever dialect it speaks.

One `aiohttp.ClientSession`, owned and closed by the caller.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp
import stamina

from bot.media.container import Container
from bot.videos.answer import Answer
from bot.videos.dialects import OPENAI, Dialect, by_host
from bot.videos.discovery import Detected, detect
from bot.videos.download import check_film, download_film, serves_film
from bot.videos.encoding import Part, create_json, create_parts
from bot.videos.envelopes import is_id
from bot.videos.errors import (
    BadRequest,
    Busy,
    FilmBroken,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from bot.videos.models import CreateVideo, VideoPage
from bot.videos.protocol import Reading, read_created, read_deleted, read_page, read_video
from bot.videos.redaction import Redactor
from bot.videos.wire import ASKING, HasRoom, ServerAccess, Wire

_log = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")

PARSED_AT_ONCE: Final = 64 * 1024
"""Bytes, at the most, of an answer that is parsed on the event loop; others in a thread."""
CREATE_ATTEMPTS: Final = 3
LONGEST_WAIT: Final = 20.0
"""Seconds. A server that asks to wait longer is reported as busy."""


def may_repeat_create(error: Exception) -> bool | float:
    """Tell stamina whether, or after how many seconds, a create may be repeated.

    Only where surely nothing was bought: the connection was never made, or a refusal (429, 503)
    names a short wait. Everything else, time-outs and 5xx above all, may have been billed.
    """
    if isinstance(error, NotSent):
        return True
    if isinstance(error, Busy) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False
    return False


class VideosClient:
    """The verbs of the Videos API over one session, in the dialect that the server speaks.

    Without a `dialect` it is detected.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: ServerAccess,
        *,
        dialect: Dialect | None = None,
    ) -> None:
        self._given = dialect
        self._redactor = Redactor(server.api_key)
        self._detected: Detected | None = None
        self._wire = Wire(
            session, server, dialect=lambda: self.dialect, on_unreachable=self._forget
        )
        # A remix is not offered on a guess.
        self._assumed = by_host(self._wire.host) or replace(OPENAI, remixes=False)

    # ---------------------------------------------------------------- what the server speaks

    @property
    def dialect(self) -> Dialect:
        """The dialect that was set or detected; until then, the one that the host suggests."""
        if self._given is not None:
            return self._given
        return self._assumed if self._detected is None else self._detected.dialect

    @property
    def models(self) -> tuple[str, ...]:
        """The models that make films there, as far as the server says so."""
        return () if self._detected is None else self._detected.models

    @property
    def was_asked(self) -> bool:
        """Whether the server has been asked for its dialect and its models, and has answered."""
        return self._detected is not None

    async def find_out(self) -> None:
        """Detect the dialect and the models, unless they are known; an outage forgets them."""
        if self._detected is None:
            self._detected = await detect(self._wire.host, self.get, self._given)

    def _forget(self) -> None:
        # Another server may be there after an outage.
        self._detected = None

    async def get(self, path: str, *, patience: aiohttp.ClientTimeout = ASKING) -> Answer:
        """GET a path below the base URL. Raises NotSent, Unavailable."""
        return await self._wire.exchange("GET", path, timeout=patience)

    async def _parse(self, parse: Callable[[Answer], Parsed], answer: Answer) -> Parsed:
        """Parse an answer, a long one in a thread; the key is redacted in errors."""
        with self._redactor.errors():
            if len(answer.body) > PARSED_AT_ONCE:
                return await asyncio.to_thread(parse, answer)
            return parse(answer)

    # ---------------------------------------------------------------- the verbs

    async def create(
        self, request: CreateVideo, film: Path | None = None, *, key: str | None = None
    ) -> Reading:
        """`POST /videos`, repeated only where `may_repeat_create`.

        `key` is sent where the server knows such keys (`Dialect.idempotent`): the same `request`
        with the same key is answered with the job that the first one made. A film inside the answer
        (Dynamo's `b64_json`) is written to `film`, and `Reading.film` is set. Raises NotSent,
        OutcomeUnknown, BadRequest, Unauthorized or Busy.
        """
        place = self.dialect.create
        headers = {"Idempotency-Key": key} if key and self.dialect.idempotent else {}
        if self.dialect.json:
            body = create_json(request, self.dialect)
            return await self._post_create(place, film, body=body, headers=headers)
        parts = create_parts(request, self.dialect)
        return await self._post_create(place, film, parts=parts, headers=headers)

    async def probe_create(self) -> Refused:
        """Send a create without a prompt; return how it was refused.

        Only where `Dialect.refuses_empty_prompts`. Raises as create, but for BadRequest, and
        Unavailable where the server accepted it.
        """
        try:
            answer = await self._wire.exchange(
                "POST", "/videos", parts=(Part(name="prompt", value=""),)
            )
            created = await self._parse(read_created, answer)
        except BadRequest as refusal:
            return refusal
        await self.delete(created.video.id)
        raise Unavailable("a job, which has been deleted again")

    async def _post_create(
        self,
        path: str,
        film: Path | None = None,
        *,
        parts: tuple[Part, ...] = (),
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reading:
        part = None if film is None else film.with_name(film.name + ".part")
        async for attempt in stamina.retry_context(
            on=may_repeat_create, attempts=CREATE_ATTEMPTS, timeout=2 * LONGEST_WAIT
        ):
            with attempt:
                try:
                    answer = await self._wire.exchange(
                        "POST", path, parts=parts, body=body, headers=headers, film=part
                    )
                except Unavailable as error:
                    raise OutcomeUnknown(str(error)) from error
                created = self._redactor.reading(await self._parse(read_created, answer))
                return await _with_film(created, answer, part, film)
        raise AssertionError("stamina returns or raises")  # pragma: no cover

    async def remix(self, video_id: str, prompt: str) -> Reading:
        """`POST /videos/{id}/remix` with the change as the prompt; repeated and raising as create.

        It is JSON, as the SDKs send it and LiteLLM passes it on.
        """
        return await self._post_create(_path(video_id) + "/remix", body={"prompt": prompt})

    async def retrieve(self, video_id: str) -> Reading:
        """`GET /videos/{id}`. Raises NotFound, Unauthorized, Unavailable or NotSent."""
        answer = await self._wire.exchange("GET", _path(video_id))
        read = partial(read_video, video_id=video_id)
        return self._redactor.reading(await self._parse(read, answer))

    async def list(
        self,
        *,
        after: str | None = None,
        limit: int = 100,
        wanted: Collection[str] | None = None,
    ) -> VideoPage:
        """`GET /videos`, newest first; `limit` is 1 to 100. Raises as retrieve.

        Only the jobs of a page whose ids are `wanted` are read, if those are given.
        """
        params = {"limit": str(limit), "order": "desc"} | ({"after": after} if after else {})
        answer = await self._wire.exchange("GET", "/videos", params=params)
        return await self._parse(partial(read_page, wanted=wanted), answer)

    async def delete(self, video_id: str) -> None:
        """`DELETE /videos/{id}`; a job that is gone already counts as deleted. Raises as retrieve.

        A server without this route is not asked, since its 404 would look like success.
        """
        if not self.dialect.deletes:
            raise Unavailable(f"{self.dialect.name} deletes no jobs")
        answer = await self._wire.exchange("DELETE", _path(video_id))
        await self._parse(read_deleted, answer)

    async def serves_film(self, video_id: str) -> bool:
        """Whether `/content` serves the film already, whatever its job says.

        Raises NotSent, Unavailable, and NotFound where the id is none.
        """
        with self._redactor.errors():
            return await serves_film(self._wire, self.dialect, _path(video_id))

    async def download(
        self,
        video_id: str,
        target: Path,
        *,
        film_url: str | None = None,
        has_room: HasRoom | None = None,
    ) -> Container:
        """Download the film to `target`, which appears only when it is a whole film.

        It comes from `/content`, or from where that answer, the job, or `film_url` (the answer to
        the create) says that it lies. No `variant` is sent: SGLang answers 404 to `variant=video`.
        `has_room` is asked before more is written. Raises FilmNotReady, FilmBroken, FilmTooLarge,
        FilmWithheld, Unauthorized, Unavailable, NotSent, NotFound where the id is none, and OSError
        where the disk fails.
        """
        with self._redactor.errors():
            path = _path(video_id)
            return await download_film(
                self._wire, self.dialect, path, target, film_url=film_url, has_room=has_room
            )


async def _with_film(
    reading: Reading, answer: Answer, part: Path | None, film: Path | None
) -> Reading:
    """Move a film that came with the answer to `film`; where it is unusable, keep the answer."""
    if part is None or film is None or not answer.has_film:
        return reading
    try:
        container = await check_film(part)
        await asyncio.to_thread(part.replace, film)
    except (FilmBroken, OSError) as error:
        _log.warning("the film inside the answer to a create cannot be used: %s", error)
        return reading
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return replace(reading, film=container)


def _path(video_id: str) -> str:
    """Return the path of a job. Raises NotFound for what no server can mean as an id.

    `..` would lead out of /videos (RFC 3986, 5.2.4), and a control character into a header.
    """
    if not is_id(video_id):
        raise NotFound(404, message="the server named a job by what is no id")
    # Ids are sent verbatim; LiteLLM's are base64 with "=", others may hold a slash.
    return "/videos/" + quote(video_id, safe="=")
