"""Downloads a film from wherever its server says that it lies."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from bot.media.container import Container, inspect_film
from bot.media.errors import BrokenFile
from bot.media.formats import demuxer
from bot.media.probe import probe_film
from bot.videos.answer import retry_after
from bot.videos.body import Body, looks_like_json
from bot.videos.dialects import Dialect
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
    FilmTooLarge,
    FilmWithheld,
    NotSent,
    Unauthorized,
    VideosError,
)
from bot.videos.protocol import film_elsewhere, read_video
from bot.videos.refusals import content_error
from bot.videos.wire import HasRoom, Wire, save

_OK: Final = 200
_PARTIAL: Final = 206
_FIRST_REDIRECT: Final = 300
_RANGE: Final = re.compile(r"\s*bytes\s+(\d+)-(\d+)/(\d+|\*)\s*", re.IGNORECASE)


async def download_film(
    wire: Wire,
    dialect: Dialect,
    job: str,
    target: Path,
    *,
    film_url: str | None,
    has_room: HasRoom | None = None,
) -> Container:
    """Download the film of the job at the path `job` to `target`, which appears only when whole.

    `film_url` is the film's address in the answer to its create. Raises as VideosClient.download.
    """
    part = target.with_name(target.name + ".part")
    try:
        container = await _Attempt(wire=wire, job=job, part=part, has_room=has_room).run(
            dialect, film_url
        )
        await asyncio.to_thread(part.replace, target)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return container


async def serves_film(wire: Wire, dialect: Dialect, job: str) -> bool:
    """Whether `/content` of the job at the path `job` serves a film, judged by its first bytes.

    Raises NotSent and Unavailable.
    """
    async with wire.open(f"{job}/content{dialect.content_query}") as response:
        if not _may_be_film(response.status):
            return False
        return demuxer(await wire.body(response).head()) is not None


@dataclass(eq=False, repr=False, kw_only=True)
class _Attempt:
    """One attempt: `/content`, where its answer leads, and the addresses in the job and its create.

    `/content` and the job's own address lead to the same film, and each is tried where the other
    has none: behind a gateway `/content` is often a page of HTML (new-api#2751), and the address
    may have expired.
    """

    wire: Wire
    job: str
    part: Path
    has_room: HasRoom | None

    def __post_init__(self) -> None:
        self._tried: set[str] = set()

    async def run(self, dialect: Dialect, film_url: str | None) -> Container:
        """Write the film to disk and return its kind, or raise why there is none."""
        if not dialect.content:
            return await self._job_then_content(dialect, film_url)
        try:
            return await self._from_content(dialect.content_query)
        except FilmTooLarge:
            raise
        except VideosError as error:
            return await self._from_job(film_url, error)

    async def _job_then_content(self, dialect: Dialect, film_url: str | None) -> Container:
        """Try the job first; a server of a family without `/content` may have it all the same."""
        try:
            return await self._from_job(film_url, FilmNotReady("the job names no place"))
        except (FilmTooLarge, Unauthorized, NotSent):
            raise
        except VideosError as error:
            try:
                return await self._from_content(dialect.content_query)
            except VideosError:
                raise error from None

    async def _from_content(self, query: str) -> Container:
        async with self.wire.open(f"{self.job}/content{query}") as response:
            body = self.wire.body(response)
            if _may_be_film(response.status) and not looks_like_json(await body.head()):
                return await self._save(response, body)
            answer = await self.wire.read(response, body, self.part)
            ours = self.wire.is_ours(response)
        if answer.is_ok and answer.has_film:
            return await check_film(self.part)
        if (address := film_elsewhere(answer)) is not None:
            return await self._from_address(address)
        if answer.status == _OK:
            raise FilmBroken("JSON instead of a film")
        raise content_error(answer, ours=ours)

    async def _from_address(self, address: str) -> Container:
        self._tried.add(address)
        async with self.wire.open_address(address) as response:
            body = self.wire.body(response)
            if _may_be_film(response.status):
                return await self._save(response, body)
            answer = await self.wire.read(response, body)
            raise content_error(answer, ours=self.wire.is_ours(response))

    async def _from_job(self, film_url: str | None, error: VideosError) -> Container:
        """Poll the job: a freshly signed address may be in it, or the film itself.

        Raises `error` where neither it nor `film_url` leads to a film.
        """
        address: str | None = None
        try:
            answer = await self.wire.exchange("GET", self.job, film=self.part)
            address = read_video(answer, self.job.rpartition("/")[2]).video.film_url
        except Unauthorized:
            raise
        except VideosError:
            pass  # Dynamo keeps no jobs
        else:
            if answer.has_film:
                return await check_film(self.part)
            if isinstance(error, Unauthorized):
                # The key opens the job, so it was not the key that was refused.
                error = FilmWithheld(str(error))
        return await self._from_addresses((address, film_url), error)

    async def _from_addresses(
        self, addresses: tuple[str | None, ...], error: VideosError
    ) -> Container:
        """Try each address that was not tried; raise the last error where none has the film."""
        for address in addresses:
            if address is None or address in self._tried:
                continue
            try:
                return await self._from_address(address)
            except FilmTooLarge:
                raise
            except VideosError as latest:
                error = latest
        raise error

    async def _save(self, response: aiohttp.ClientResponse, body: Body) -> Container:
        """Write an answer to disk; its bytes, not its headers, decide whether it is a film."""
        if response.status == _PARTIAL and not _is_whole(response.headers.get("Content-Range")):
            raise FilmBroken("HTTP 206 with a part of the film")
        limit = self.wire.film_limit
        if (response.content_length or 0) > limit:
            raise FilmTooLarge(f"{response.content_length} bytes, more than {limit}")
        await save(body, self.part, limit=limit, has_room=self.has_room)
        try:
            return await check_film(self.part)
        except FilmBroken as error:
            if response.status in {_OK, _PARTIAL}:
                raise
            wait = retry_after(response.headers)
            raise FilmNotReady(f"HTTP {response.status}", retry_after=wait) from error


async def check_film(path: Path) -> Container:
    """Return the kind of the film at `path`.

    Raises FilmBroken where it is not whole or shows no picture, OSError where it cannot be read.
    """
    try:
        container = await asyncio.to_thread(inspect_film, path)
        await probe_film(path)
    except BrokenFile as error:
        raise FilmBroken(str(error)) from error
    return container


def _may_be_film(status: int) -> bool:
    return _OK <= status < _FIRST_REDIRECT


def _is_whole(content_range: str | None) -> bool:
    """Whether a 206 holds everything, as far as it says what it holds (RFC 9110, 14.4)."""
    if content_range is None:
        return True
    found = _RANGE.fullmatch(content_range)
    if found is None:
        return False
    first, last, total = found.groups()
    return int(first) == 0 and total in {"*", str(int(last) + 1)}
