"""Has one film rendered, from the create to the disk."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr

from bot.app import videos_client
from bot.choices import offered
from bot.doctor.check import Check, Mark
from bot.doctor.network import reason
from bot.embedded import embedded
from bot.media.container import Container
from bot.runtime.errors import StartError
from bot.settings import Settings
from bot.videos.client import VideosClient
from bot.videos.errors import FilmNotReady, Unavailable, VideosError
from bot.videos.models import CreateVideo, Video, VideoStatus

LONGEST_RENDER: Final = 1800.0
"""Seconds that the film may take."""
PROMPT: Final = "A calm blue sea under a clear sky"
_WHAT: Final = "a render"


@asynccontextmanager
async def client_of(settings: Settings, base_url: str) -> AsyncGenerator[VideosClient]:
    """Open a client of the server at `base_url`."""
    async with aiohttp.ClientSession() as session:
        yield videos_client(settings, session, base_url)


def server_words(error: Exception) -> str:
    """Return the server's words, or why there are none."""
    return str(error) if error.__cause__ is None else reason(error.__cause__)


async def render_embedded(settings: Settings) -> list[Check]:
    """Have the embedded server render, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            async with embedded(settings.model_copy(update={"data_dir": Path(folder)})) as found:
                base_url, key = found
                keyed = settings.model_copy(update={"videos_api_key": SecretStr(key)})
                async with client_of(keyed, base_url) as videos:
                    return await render(keyed, videos)
        except OSError as error:
            fix = "let it listen on 127.0.0.1 and write into the folder for temporary files"
            return [Check(_WHAT, Mark.BAD, f"it cannot start: {reason(error)}", fix)]


async def render(settings: Settings, videos: VideosClient) -> list[Check]:
    """Have the smallest film rendered that is offered."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "film"
        try:
            async with asyncio.timeout(LONGEST_RENDER):
                wanted = _smallest(settings, videos)
                container = await _film(videos, wanted, target, settings.poll_interval)
        except TimeoutError:
            fix = "it may still be rendering, and be charged; look at its own log"
            return [Check(_WHAT, Mark.BAD, f"no film within {LONGEST_RENDER:.0f} s", fix)]
        except (StartError, VideosError, OSError) as error:
            return [Check(_WHAT, Mark.BAD, server_words(error), "look at the server's own log")]
        size = (await asyncio.to_thread(target.stat)).st_size
    film = f"{wanted.size}, {wanted.seconds} s, {container.content_type}, {size / 1e6:.1f} MB"
    return [Check(_WHAT, Mark.GOOD, f"{film}, in {time.monotonic() - begun:.0f} s")]


def _smallest(settings: Settings, videos: VideosClient) -> CreateVideo:
    """Return the create with the fewest pixels and seconds that the default model offers."""
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
