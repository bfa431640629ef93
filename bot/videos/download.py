"""Bringing a film to disk, from wherever its server says that it lies."""

import asyncio
from pathlib import Path
from typing import Final

from bot.videos.container import Container, inspect_film
from bot.videos.dialects import Dialect
from bot.videos.errors import FilmBroken, FilmNotReady, Unauthorized, VideosError
from bot.videos.protocol import content_error, film_elsewhere, read_video
from bot.videos.wire import Wire, is_json, save

_OK: Final = 200
_THE_JOB_MAY_KNOW: Final = frozenset({401, 403, 404, 405, 410, 501})
"""No such route, a signed address past its time, or a film that is not ours to read there."""


async def bring(
    wire: Wire, dialect: Dialect, job: str, target: Path, film_url: str | None
) -> Container:
    """Bring the film of the job at the path `job` into `target`, which appears only when whole.

    `film_url` is where its create said that it lies. Raises as VideosClient.download.
    """
    part = target.with_name(target.name + ".part")
    try:
        await _Road(wire, job, part).walk(dialect, film_url)
        container = await asyncio.to_thread(inspect_film, part)
        await asyncio.to_thread(part.replace, target)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return container


class _NotHere(Exception):
    """No film here for the reason given, and the job may know another place."""

    def __init__(self, reason: VideosError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Road:
    """One try: `/content`, where its answer leads, and what the job and its create named."""

    def __init__(self, wire: Wire, job: str, part: Path) -> None:
        self._wire = wire
        self._job = job
        self._part = part
        self._tried: set[str] = set()

    async def walk(self, dialect: Dialect, film_url: str | None) -> None:
        """Write the film to disk, or raise why there is none."""
        try:
            if not dialect.content:
                raise _NotHere(FilmNotReady("the job names no place"))  # noqa: TRY301
            await self._from_content(dialect.content_query)
        except _NotHere as nothing:
            await self._from_job(film_url, nothing.reason)

    async def _from_content(self, query: str) -> None:
        async with self._wire.open(f"{self._job}/content{query}") as response:
            if response.status == _OK and not is_json(response):
                return await save(response, self._part)
            answer = await self._wire.read(response, self._part)
            ours = self._wire.is_ours(response)
        if answer.status == _OK and answer.has_film:
            return None
        if (elsewhere := film_elsewhere(answer)) is not None:
            return await self._from_address(elsewhere)
        if answer.status == _OK:
            raise _NotHere(FilmBroken("JSON instead of a film"))
        error = content_error(answer, ours=ours)
        raise _NotHere(error) if answer.status in _THE_JOB_MAY_KNOW else error

    async def _from_address(self, address: str) -> None:
        self._tried.add(address)
        async with self._wire.open_address(address) as response:
            if response.status == _OK:
                return await save(response, self._part)
            answer = await self._wire.read(response)
            error = content_error(answer, ours=self._wire.is_ours(response))
        raise _NotHere(error) if answer.status in _THE_JOB_MAY_KNOW else error

    async def _from_job(self, film_url: str | None, reason: VideosError) -> None:
        """Ask the job anew: a signed address may be fresh in it, or the film itself be inside."""
        told: str | None = None
        try:
            answer = await self._wire.exchange("GET", self._job, film=self._part)
            told = read_video(answer, self._job.rpartition("/")[2]).video.film_url
        except Unauthorized:
            raise
        except VideosError:
            pass  # Dynamo keeps no jobs to ask
        else:
            if answer.has_film:
                return None
            if isinstance(reason, Unauthorized):
                # The same key opens the job, so it is not the key that was refused.
                reason = FilmNotReady(str(reason))
        for address in (told, film_url):
            if address is None or address in self._tried:
                continue
            try:
                return await self._from_address(address)
            except _NotHere as nothing:
                reason = nothing.reason
        raise reason
