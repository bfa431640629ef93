"""A client for any Videos API server, in whatever dialect it speaks.

One `aiohttp.ClientSession`, owned and closed by the caller.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import aiohttp
import stamina

from bot.media.container import Container
from bot.runtime.proxies import NONE, Proxies
from bot.videos.body import LeastRate
from bot.videos.dialects import OPENAI, Dialect, by_host
from bot.videos.discovery import Finding, find_out
from bot.videos.download import bring, check_film, serves_film
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
from bot.videos.protocol import (
    Answer,
    Reading,
    read_created,
    read_deleted,
    read_page,
    read_video,
)
from bot.videos.redaction import Redactor
from bot.videos.wire import ASKING, FILM_LIMIT, HasRoom, Wire

_log = logging.getLogger(__name__)

Read = TypeVar("Read")

PARSED_HERE: Final = 64 * 1024
"""Bytes of an answer from which on it is parsed beside the event loop."""
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
    they are, as host or host:port; others only on the public internet. `film_limit` are the bytes
    that a film may have, `least` is how slowly an answer may come. `proxies` are for the server,
    and with `films_by_proxy` for films on other hosts too.
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
        film_limit: int = FILM_LIMIT,
        least: LeastRate | None = None,
        proxies: Proxies = NONE,
        films_by_proxy: bool = False,
    ) -> None:
        self._given = dialect
        self._redactor = Redactor(api_key)
        self._finding: Finding | None = None
        self._wire = Wire(
            session,
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            film_hosts=film_hosts,
            dialect=lambda: self.dialect,
            away=self._forget,
            least=least or LeastRate(),
            film_limit=film_limit,
            proxies=proxies,
            films_by_proxy=films_by_proxy,
        )
        # Nobody offers a remix on a guess.
        self._assumed = by_host(self._wire.host) or replace(OPENAI, remixes=False)

    # ---------------------------------------------------------------- what the server speaks

    @property
    def dialect(self) -> Dialect:
        """What is known to be spoken; until the server was asked, what its host tells."""
        if self._given is not None:
            return self._given
        return self._assumed if self._finding is None else self._finding.dialect

    @property
    def models(self) -> tuple[str, ...]:
        """The models that make films there, as far as the server was asked and says so."""
        return () if self._finding is None else self._finding.models

    @property
    def was_asked(self) -> bool:
        """Whether the server has answered what it speaks and which models it has."""
        return self._finding is not None

    async def find_out(self) -> None:
        """Ask the server what it speaks, unless that is known; it is forgotten by an outage."""
        if self._finding is None:
            self._finding = await find_out(self._wire.host, self._ask, self._given)

    def _forget(self) -> None:
        # A server that was away may come back as another.
        self._finding = None

    async def _ask(self, path: str) -> Answer:
        return await self._wire.exchange("GET", path, timeout=ASKING)

    async def _reading(self, read: Callable[[Answer], Read], answer: Answer) -> Read:
        """Read an answer, a long one beside the event loop; errors lose the key they may quote."""
        with self._redactor.errors():
            if len(answer.body) > PARSED_HERE:
                return await asyncio.to_thread(read, answer)
            return read(answer)

    # ---------------------------------------------------------------- the verbs

    async def create(
        self, request: CreateVideo, film: Path | None = None, *, key: str | None = None
    ) -> Reading:
        """`POST /videos`, repeated only where `worth_another_create`.

        `key` names this create where the server knows such names (`Dialect.idempotent`): sent with
        the same `request` again, it is answered with what came of it the first time. A film inside
        the answer (Dynamo's `b64_json`) is put at `film`, and `Reading.film` says so. Raises
        NotSent, OutcomeUnknown, BadRequest, Unauthorized or Busy.
        """
        place = self.dialect.create
        headers = {"Idempotency-Key": key} if key and self.dialect.idempotent else {}
        if self.dialect.json:
            body = create_json(request, self.dialect)
            return await self._buy(place, film, body=body, headers=headers)
        parts = create_parts(request, self.dialect)
        return await self._buy(place, film, parts=parts, headers=headers)

    async def create_nothing(self) -> Refused:
        """Send a create without a prompt; return how it was refused.

        Only where `Dialect.refuses_empty_prompts`. Raises what create raises, but for BadRequest,
        and Unavailable where it was taken.
        """
        try:
            answer = await self._wire.exchange(
                "POST", "/videos", parts=(Part(name="prompt", value=""),)
            )
            taken = await self._reading(read_created, answer)
        except BadRequest as refusal:
            return refusal
        await self.delete(taken.video.id)
        raise Unavailable("a job, which has been deleted again")

    async def _buy(self, path: str, film: Path | None = None, **content: Any) -> Reading:  # noqa: ANN401
        part = None if film is None else film.with_name(film.name + ".part")
        async for attempt in stamina.retry_context(
            on=worth_another_create, attempts=CREATE_ATTEMPTS, timeout=2 * LONGEST_WAIT
        ):
            with attempt:
                try:
                    answer = await self._wire.exchange("POST", path, film=part, **content)
                except Unavailable as error:
                    raise OutcomeUnknown(str(error)) from error
                taken = self._redactor.reading(await self._reading(read_created, answer))
                return await _with_film(taken, answer, part, film)
        raise AssertionError("stamina returns or raises")  # pragma: no cover

    async def remix(self, video_id: str, prompt: str) -> Reading:
        """`POST /videos/{id}/remix` with the change as the prompt; repeated and raising as create.

        JSON: the SDKs send it so, and LiteLLM passes it on so.
        """
        return await self._buy(_path(video_id) + "/remix", body={"prompt": prompt})

    async def retrieve(self, video_id: str) -> Reading:
        """`GET /videos/{id}`. Raises NotFound, Unauthorized, Unavailable or NotSent."""
        answer = await self._wire.exchange("GET", _path(video_id))
        read = partial(read_video, video_id=video_id)
        return self._redactor.reading(await self._reading(read, answer))

    async def list(
        self,
        *,
        after: str | None = None,
        limit: int = 100,
        wanted: Collection[str] | None = None,
    ) -> VideoPage:
        """`GET /videos`, newest first; `limit` is 1 to 100. Raises as retrieve.

        Of a page, only the jobs whose ids are `wanted` are read, if those are given.
        """
        params = {"limit": str(limit), "order": "desc"} | ({"after": after} if after else {})
        answer = await self._wire.exchange("GET", "/videos", params=params)
        return await self._reading(partial(read_page, wanted=wanted), answer)

    async def delete(self, video_id: str) -> None:
        """`DELETE /videos/{id}`; one that is gone already counts. Raises as retrieve.

        Where the server has no such route, its 404 would look like success: it is not asked.
        """
        if not self.dialect.deletes:
            raise Unavailable(f"{self.dialect.name} deletes no jobs")
        answer = await self._wire.exchange("DELETE", _path(video_id))
        await self._reading(read_deleted, answer)

    async def serves_film(self, video_id: str) -> bool:
        """Whether `/content` hands a film over already, whatever its job says.

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
        """Bring the film into `target`, which appears only when it is a whole film.

        From `/content`, or where that answer, the job, or `film_url` (what the create said) says
        that it lies. No `variant` is sent: SGLang answers 404 to `variant=video`. `has_room` is
        asked before more is written. Raises FilmNotReady, FilmBroken, FilmTooLarge, FilmWithheld,
        Unauthorized, Unavailable, NotSent, NotFound where the id is none, and OSError where the
        disk fails.
        """
        with self._redactor.errors():
            path = _path(video_id)
            return await bring(
                self._wire, self.dialect, path, target, film_url=film_url, has_room=has_room
            )


async def _with_film(
    reading: Reading, answer: Answer, part: Path | None, film: Path | None
) -> Reading:
    """Put a film that came with the answer where it belongs; the answer is worth more than it."""
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
    """Return where a job lies. Raises NotFound for what no server can mean as an id.

    `..` would lead out of /videos (RFC 3986, 5.2.4), and a control character into a header.
    """
    if not is_id(video_id):
        raise NotFound(404, message="the server named a job by what is no id")
    # Ids are kept verbatim; LiteLLM's are base64 with "=", others may hold a slash.
    return "/videos/" + quote(video_id, safe="=")
