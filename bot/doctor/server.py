"""Checks the Videos server: reachable, the key, the dialect, its models, whether creates arrive."""

import asyncio
from typing import Final

from yarl import URL

from bot.choices import check_preview
from bot.doctor import fonts
from bot.doctor.check import Check, Mark
from bot.doctor.network import CERTIFICATES, reason
from bot.doctor.presence import ANSWER_WITHIN, UNKNOWN, has_videos_api
from bot.doctor.render import client_of, render, render_embedded, server_words
from bot.runtime.addresses import redacted
from bot.runtime.errors import StartError
from bot.settings import Settings
from bot.videos.client import VideosClient
from bot.videos.errors import NotSent, Refused, Unauthorized, VideosError

_WHAT: Final = "Videos server"


async def checks(settings: Settings, *, renders: bool) -> list[Check]:
    """Check the configured server, or the embedded one; `renders` has one film made."""
    if settings.videos_base_url is None:
        return await _embedded(settings, renders=renders)
    found = await _configured(settings, settings.videos_base_url)
    if renders and found[0].mark is not Mark.BAD:
        async with client_of(settings, settings.videos_base_url) as videos:
            await videos.find_out()
            found += await render(settings, videos)
    return found


async def _embedded(settings: Settings, *, renders: bool) -> list[Check]:
    found = "the embedded preview server, which is not an AI model"
    try:
        await asyncio.to_thread(check_preview, settings)
    except StartError as error:
        fix = "leave it out, or name a server that does with VIDEOS_BASE_URL"
        return [Check(_WHAT, Mark.BAD, str(error), fix)]
    known = [Check(_WHAT, Mark.GOOD, found, "VIDEOS_BASE_URL names another")]
    known.append(await asyncio.to_thread(fonts.check))
    return known + (await render_embedded(settings) if renders else [])


async def _configured(settings: Settings, base_url: str) -> list[Check]:
    """Check a server by requests that cost nothing; only the first where it cannot be used."""
    quick = {"videos_timeout": min(settings.videos_timeout, ANSWER_WITHIN)}
    async with client_of(settings.model_copy(update=quick), base_url) as videos:
        await videos.find_out()
        found = await _missing_api(videos, URL(base_url)) or await _reach(videos)
        return [found] if found.mark is Mark.BAD else [found, *await _probe_create(videos)]


async def _missing_api(videos: VideosClient, base: URL) -> Check | None:
    """Return a check where something answers that is no Videos API."""
    try:
        if await has_videos_api(videos):
            return None
    except VideosError:
        return None  # `_reach` says why it does not answer.
    found = f"no Videos API here: {redacted(str(base))}/videos is not a route of this server"
    fix = "correct VIDEOS_BASE_URL; it ends in /v1 with most servers"
    return Check(_WHAT, Mark.BAD, found, fix)


async def _reach(videos: VideosClient) -> Check:
    speaks = f"speaks {videos.dialect.name}"
    try:
        await (videos.list(limit=1) if videos.dialect.lists else videos.retrieve(UNKNOWN))
    except NotSent as error:
        why = reason(error.__cause__ or error)
        fix = CERTIFICATES if "certificate" in why else "start it, or correct VIDEOS_BASE_URL"
        return Check(_WHAT, Mark.BAD, f"cannot be reached: {why}", fix)
    except Unauthorized as error:
        return Check(_WHAT, Mark.BAD, str(error), "correct VIDEOS_API_KEY")
    except Refused:
        pass
    except VideosError as error:
        found = f"{speaks}, but: {server_words(error)}"
        return Check(_WHAT, Mark.WARNING, found, "look at its own log")
    models = ", ".join(videos.models[:5]) or "names no models that surely make films"
    return Check(_WHAT, Mark.GOOD, f"{speaks}; {models}")


async def _probe_create(videos: VideosClient) -> list[Check]:
    """Send a create that has to be refused: it shows that creates arrive, and costs nothing."""
    if not videos.dialect.refuses_empty_prompts:
        return []
    what = "a create"
    try:
        refusal = await videos.probe_create()
    except VideosError as error:
        found = f"an empty one got: {server_words(error)}"
        return [Check(what, Mark.WARNING, found, "look at its own log")]
    return [Check(what, Mark.GOOD, f"arrives: an empty one is refused (HTTP {refusal.status})")]
