"""What the bot's own process starts: every child of it is looked at while it lives."""

import asyncio
import io
import os
import platform
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from PIL import Image

from bot.runtime.sandbox import FORBIDDEN
from tests.loopback.driver import Loopback
from tests.loopback.process import VIDEOS_KEY
from tests.media import bombs
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in FORBIDDEN,
    reason="children are looked at in /proc, and the filter knows only some machines",
)
SECRETS = {"DISCORD_TOKEN", "VIDEOS_API_KEY"}
SCRIPTS = {"bot.server.renderer", "frame.py", "transcode.py", "thumbnail.py"}
WITHIN = 60.0
SEEN_WITHIN = 5.0
TRIES = 5


@dataclass
class Sight:
    """What was seen of one child, the last of it."""

    words: list[str]
    environment: set[str] = field(default_factory=set[str])
    status: dict[str, str] = field(default_factory=dict[str, str])
    limits: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    folder: str = ""
    oom_score: str = ""
    session: int = 0

    @property
    def script(self) -> str:
        return Path(self.words[self.words.index("--") + 1]).name


@asynccontextmanager
async def watching(bot: int) -> AsyncGenerator[dict[int, Sight]]:
    """Look at every child of the bot for as long as the block lasts."""
    seen: dict[int, Sight] = {}
    looking = asyncio.create_task(_watch(bot, seen))
    try:
        yield seen
    finally:
        looking.cancel()


async def _watch(bot: int, seen: dict[int, Sight]) -> None:
    own = psutil.Process(bot).cmdline()
    while True:
        for child in psutil.Process(bot).children(recursive=True):
            try:
                words = child.cmdline()
                # Until it begins its own program, a child shows what is the bot's.
                if words and words != own:
                    _look(child.pid, seen.setdefault(child.pid, Sight(words)))
            except (psutil.Error, OSError):
                continue
        await asyncio.sleep(0.005)


def _look(pid: int, sight: Sight) -> None:
    place = Path("/proc") / str(pid)
    shown = (place / "environ").read_bytes().split(b"\0")
    sight.environment |= {each.partition(b"=")[0].decode() for each in shown if each}
    status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines())
    # One that ends, or has not begun, has given up nothing.
    if "VmHWM" not in status or status["Seccomp"] != "2":
        return
    sight.status = status
    sight.limits = {
        line[:26].strip(): line[26:].split() for line in (place / "limits").read_text().splitlines()
    }
    sight.folder = os.readlink(place / "cwd")  # noqa: PTH115 - it may be gone
    sight.session = os.getsid(pid)
    sight.oom_score = (place / "oom_score_adj").read_text().strip()


async def all_seen(seen: dict[int, Sight]) -> bool:
    """Wait a while for each kind of child to have been seen at work."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SEEN_WITHIN):
            while {one.script for one in seen.values() if one.status} != SCRIPTS:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return True
    return False


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


async def test_no_child_has_a_secret_the_network_or_our_privileges(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    """An image is fitted, a film rendered, encoded anew and pictured: four kinds of children."""
    club = FilmClub(
        discord,
        videos,
        tmp_path / "bot",
        VIDEOS_BASE_URL="",
    )
    assert club.channel.guild is not None
    club.channel.guild.upload_limit = 200_000
    async with club, watching(club.bot.pid) as seen:
        # One child may live and end between two looks of a busy machine: the next one is seen.
        for _ in range(TRIES):
            asked = await club.ask(image=("cat.png", png(500, 300), "image/png"))
            await club.discord.until(lambda: "Completed" in asked.message.text, within=WITHIN)  # noqa: B023
            if await all_seen(seen):
                break
        assert {one.script for one in seen.values() if one.status} == SCRIPTS

    children = [sight for sight in seen.values() if sight.status]
    for pid, sight in seen.items():
        assert sight.environment <= {"PATH"}
        assert not any(VIDEOS_KEY in word or discord.token in word for word in sight.words)
        assert not sight.status or sight.session == pid
    for sight in children:
        assert sight.folder == "/"
        assert sight.status["Seccomp"] == "2"
        assert sight.oom_score == "1000"
        assert int(sight.limits["Max data size"][0]) <= 1_500_000_000
        assert sight.limits["Max cpu time"][0] != "unlimited"
        assert int(sight.limits["Max open files"][0]) <= 64
        assert sight.limits["Max core file size"][0] == "0"


async def test_a_hostile_image_is_refused_in_words_and_the_next_person_is_served(
    club: FilmClub,
) -> None:
    club.finish()
    async with watching(club.bot.pid) as seen:
        refused = [
            await club.ask(image=(f"{name}.png", data, "image/png"))
            for name, data in (
                ("claims", bombs.webp_lossless(7071, 7071)),
                ("jpeg", bombs.jpeg(65_500, 65_500)),
            )
        ]
        for each in refused:
            await club.discord.until(
                lambda each=each: any(
                    "16 megapixels" in one.text
                    for one in (each.message, *club.discord.private_to(club.ada))
                ),
                within=WITHIN,
            )
        await club.ask(image=("cat.png", png(500, 300), "image/png"))
        await club.until_card_says("Completed", within=WITHIN)

    assert club.videos.seen["create"] == 1
    peaks = [
        int(sight.status["VmHWM"].split()[0]) * 1024 for sight in seen.values() if sight.status
    ]
    assert max(peaks) < 150_000_000
