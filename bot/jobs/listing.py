"""The server's list of jobs, walked once for all that are waited for."""

from collections.abc import AsyncGenerator
from typing import Final

from bot.videos.client import VideosClient
from bot.videos.models import Video

PAGE: Final = 100
"""Jobs on a page of the list, the contract's most."""
BARREN: Final = 2
"""Pages in a row without a job that is waited for, after which the rest of the list is history."""


async def walk(videos: VideosClient, missing: set[str]) -> AsyncGenerator[dict[str, Video]]:
    """Yield, page by page and newest first, the missing jobs that are met, by the server's id.

    Who is met is taken from `missing`. Ends when nobody is left there, or where the rest cannot be
    expected any more. Raises VideosError.
    """
    barren = 0
    after: str | None = None
    while missing and barren < BARREN:
        page = await videos.list(after=after, limit=PAGE, wanted=missing)
        met = {video.id: video for video in page.data if video.id in missing}
        missing.difference_update(met)
        barren = 0 if met else barren + 1
        if met:
            yield met
        if not page.has_more or page.last_id in (None, after):
            return
        after = page.last_id
