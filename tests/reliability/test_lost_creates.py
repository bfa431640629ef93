"""Creates whose answer is lost: repeated under their key, or found in the server's list."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.faults import Fault, changed, cut, late, server_of
from tests.videos_server.server import ScriptedServer


def lost(sent: list[tuple[str | None, bytes]]) -> Fault:
    """Let the server have a create and lose its answer; note its key and body."""

    async def fault(request: web.Request) -> web.StreamResponse:
        fields = (await request.read()).split(b"\r\n")
        boundary = request.content_type == "multipart/form-data" and fields[0]
        body = b"\n".join(line for line in fields if not boundary or boundary not in line)
        sent.append((request.headers.get("Idempotency-Key"), body))
        await server_of(request).pass_on(request)
        return await cut(request)

    return fault


@pytest.fixture
def environment() -> dict[str, str]:
    """A bot before a server that knows a create again by its key."""
    return {"VIDEOS_DIALECT": "rushes"}


@pytest.fixture(autouse=True)
def _finished(videos: ScriptedServer) -> None:
    videos.finish()


async def test_a_create_is_repeated_under_its_key_where_the_server_knows_it(
    club: FilmClub,
) -> None:
    sent: list[tuple[str | None, bytes]] = []
    club.videos.meet("create", lost(sent), lost(sent))
    await club.ask()
    await club.until_film()

    assert [file.data for file in club.card.now.shown_files] == await club.films_on_server()
    assert club.videos.seen["create"] == 3
    key, body = sent[0]
    assert key == club.rows()[0]["id"]
    assert sent == [(key, body)] * 2
    assert "Not sure it was sent" not in str([version.text for version in club.card.versions])


async def test_a_create_on_the_wire_at_a_kill_is_repeated_under_its_key(club: FilmClub) -> None:
    club.videos.meet("create", late(3.0))
    await club.ask()
    await club.discord.until(lambda: club.videos.seen["create"] == 1)
    await club.bot.kill()
    await club.bot.start()
    await club.until_film()

    assert [file.data for file in club.card.now.shown_files] == await club.films_on_server()
    assert club.videos.seen["create"] == 2


async def test_a_lost_create_is_found_although_its_job_tells_what_was_made(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    def made(page: dict[str, Any]) -> dict[str, Any]:
        other = {"size": "960x544", "seconds": "2"}
        return page | {"data": [job | other for job in page["data"]]}

    async with FilmClub(discord, videos, tmp_path / "bot", VIDEOS_DIALECT="openai") as club:
        club.finish()
        videos.meet("create", lost([]))
        videos.meet("list", *[changed(made)] * 100)
        await club.ask()
        await club.until_card_says("Not sure it was sent")
        await club.until_card_says("Completed", within=40)

        assert club.card.film is not None
        assert videos.seen["create"] == 1
