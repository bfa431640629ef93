"""The Videos server's side: reachable, the key, the dialect, its models, whether films come."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.app import StartError, check_preview, offered, videos_client
from bot.doctor.check import Check, Mark
from bot.doctor.network import CERTIFICATES, reason
from bot.doctor.presence import COMPARED, Said, has_videos_api
from bot.embedded import embedded
from bot.media.container import Container
from bot.runtime.addresses import redacted
from bot.settings import Settings
from bot.videos.client import VideosClient
from bot.videos.errors import FilmNotReady, NotSent, Refused, Unauthorized, Unavailable, VideosError
from bot.videos.models import CreateVideo, Video, VideoStatus

LONGEST_RENDER: Final = 1800.0
"""Seconds a film may take that is rendered for a look."""
ANSWER_WITHIN: Final = 10.0
PROMPT: Final = "A calm blue sea under a clear sky"
_UNKNOWN: Final = "rushes-doctor"
_WHAT: Final = "Videos server"


async def checks(settings: Settings, *, render: bool) -> list[Check]:
    """Look at the configured server, or at the embedded one."""
    if settings.videos_base_url is None:
        found = "the embedded preview server, which is no generative model"
        known = [Check(_WHAT, Mark.GOOD, found, "VIDEOS_BASE_URL names another")]
        try:
            await asyncio.to_thread(check_preview, settings)
        except StartError as error:
            mend = "leave it out, or name a server that does with VIDEOS_BASE_URL"
            return [Check(_WHAT, Mark.BAD, str(error), mend)]
        return known + (await _rendered_by_embedded(settings) if render else [])
    quick = {"videos_timeout": min(settings.videos_timeout, ANSWER_WITHIN)}
    async with _client(settings.model_copy(update=quick), settings.videos_base_url) as videos:
        await videos.find_out()
        known = [await _absent(settings) or await _reached(videos)]
        if known[0].mark is Mark.BAD:
            return known
        known += await _refusal(videos)
    if render:
        async with _client(settings, settings.videos_base_url) as videos:
            await videos.find_out()
            known += await _rendered(settings, videos)
    return known


@asynccontextmanager
async def _client(settings: Settings, base_url: str) -> AsyncGenerator[VideosClient]:
    async with aiohttp.ClientSession() as session:
        yield videos_client(settings, session, base_url)


async def _absent(settings: Settings) -> Check | None:
    """Return what is said where something answers, and it is no Videos API."""
    base = URL(settings.videos_base_url or "")
    key = settings.videos_api_key
    secret = None if key is None else key.get_secret_value()
    # Azure takes a key in a header of its own; the other header is passed over.
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}", "api-key": secret}
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:

        async def ask(path: str) -> Said:
            route, _, query = path.partition("?")
            address = base.with_path(base.path + route).with_query(base.query).update_query(query)
            proxy = settings.proxies.for_address(address)
            async with session.get(address, proxy=proxy, allow_redirects=False) as answer:
                return Said(answer.status, await answer.content.read(COMPARED))

        try:
            if await has_videos_api(ask):
                return None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None  # What keeps it from answering is said by the look that follows.
    found = f"no Videos API here: {redacted(str(base))}/videos is no route of this server"
    mend = "correct VIDEOS_BASE_URL; it ends in /v1 with most servers"
    return Check(_WHAT, Mark.BAD, found, mend)


async def _reached(videos: VideosClient) -> Check:
    speaks = f"speaks {videos.dialect.name}"
    try:
        if videos.dialect.lists:
            await videos.list(limit=1)
        else:
            await videos.retrieve(_UNKNOWN)
    except NotSent as error:
        why = reason(error.__cause__ or error)
        mend = CERTIFICATES if "certificate" in why else "start it, or correct VIDEOS_BASE_URL"
        return Check(_WHAT, Mark.BAD, f"cannot be reached: {why}", mend)
    except Unauthorized as error:
        return Check(_WHAT, Mark.BAD, str(error), "correct VIDEOS_API_KEY")
    except Refused:
        pass
    except VideosError as error:
        return Check(_WHAT, Mark.WARNING, f"{speaks}, but: {_told(error)}", "look at its own log")
    models = ", ".join(videos.models[:5]) or "names no models that surely make films"
    return Check(_WHAT, Mark.GOOD, f"{speaks}; {models}")


def _told(error: Exception) -> str:
    """Return the server's words, or what kept them away."""
    return str(error) if error.__cause__ is None else reason(error.__cause__)


async def _refusal(videos: VideosClient) -> list[Check]:
    """Send a create that has to be refused: it tells whether creates arrive, and costs nothing."""
    if not videos.dialect.refuses_empty_prompts:
        return []
    what = "a create"
    try:
        refusal = await videos.probe_create()
    except VideosError as error:
        return [
            Check(what, Mark.WARNING, f"an empty one got: {_told(error)}", "look at its own log")
        ]
    return [Check(what, Mark.GOOD, f"arrives: an empty one is refused (HTTP {refusal.status})")]


# -------------------------------------------------------------------- one real render


async def _rendered_by_embedded(settings: Settings) -> list[Check]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            async with embedded(settings.model_copy(update={"data_dir": Path(folder)})) as found:
                base_url, key = found
                keyed = settings.model_copy(update={"videos_api_key": SecretStr(key)})
                async with _client(keyed, base_url) as videos:
                    return await _rendered(keyed, videos)
        except OSError as error:
            mend = "let it listen on 127.0.0.1 and write into the folder for temporary files"
            return [Check("a render", Mark.BAD, f"it cannot start: {reason(error)}", mend)]


async def _rendered(settings: Settings, videos: VideosClient) -> list[Check]:
    """Have the smallest film made that is offered, from the create to the disk."""
    what = "a render"
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "film"
        try:
            async with asyncio.timeout(LONGEST_RENDER):
                wanted = _smallest(settings, videos)
                container = await _film(videos, wanted, target, settings.poll_interval)
        except TimeoutError:
            mend = "it may still be rendering, and be charged; look at its own log"
            return [Check(what, Mark.BAD, f"no film within {LONGEST_RENDER:.0f} s", mend)]
        except (StartError, VideosError, OSError) as error:
            return [Check(what, Mark.BAD, _told(error), "look at the server's own log")]
        size = (await asyncio.to_thread(target.stat)).st_size
    film = f"{wanted.size}, {wanted.seconds} s, {container.content_type}, {size / 1e6:.1f} MB"
    return [Check(what, Mark.GOOD, f"{film}, in {time.monotonic() - begun:.0f} s")]


def _smallest(settings: Settings, videos: VideosClient) -> CreateVideo:
    """Choose the fewest pixels and the shortest film of what is offered for the default model."""
    offer = offered(settings, videos)()
    model = offer.models[0] if offer.models else None
    entry = offer.of(model)

    def pixels(size: str) -> int:
        width, height = size.split("x")
        return int(width) * int(height)

    return CreateVideo(
        prompt=PROMPT,
        model=model,
        size=min(entry.sizes, key=pixels),
        seconds=min(entry.seconds, key=int),
        extra=entry.extra,
    )


async def _film(videos: VideosClient, wanted: CreateVideo, target: Path, pause: float) -> Container:
    reading = await videos.create(wanted, target)
    if reading.film is not None:
        return reading.film
    video_id, film_url = reading.video.id, reading.video.film_url
    while not reading.video.status.is_final:
        await asyncio.sleep(pause if reading.poll_after is None else reading.poll_after)
        try:
            reading = await videos.retrieve(video_id)
        except Unavailable:
            continue
    _check_ended(reading.video)
    while True:
        try:
            return await videos.download(video_id, target, film_url=film_url)
        except (FilmNotReady, Unavailable):
            await asyncio.sleep(pause)


def _check_ended(video: Video) -> None:
    if video.status is not VideoStatus.COMPLETED:
        reason = "" if video.error is None else f": {video.error.message or video.error.code}"
        raise Unavailable(f"the job is {video.status}{reason}")
