"""The waiting line: order, progress, ends, removal, time, and sudden death."""

import asyncio
import errno
import os
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.server.app import ServerConfig, running
from tests.media import bombs
from tests.media.images import picture
from tests.processes import VideosServer
from tests.server.conftest import StandIn
from tests.server.support import PATIENCE, Videos, data_url, eventually


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def leftovers(config: ServerConfig) -> list[Path]:
    return list((config.folder / "attempts").iterdir())


async def test_first_come_first_served_with_true_progress(
    videos: Videos, stand_in: StandIn, tmp_path: Path
) -> None:
    door = tmp_path / "door"
    first = await videos.create(f"hold {door}")
    others = [await videos.create(f"quick {n}") for n in range(3)]
    await eventually(stand_in.started)

    while (job := await videos.job(first))["progress"] < 50:
        assert job["status"] in ("queued", "in_progress")
    waiting = [await videos.job(other) for other in others]
    door.touch()
    for job_id in (first, *others):
        done = await videos.until(job_id, "completed")
        assert done["progress"] == 100
        assert done["expires_at"] - done["completed_at"] == 24 * 3600

    assert {(job["status"], job["progress"]) for job in waiting} == {("queued", 0)}
    assert stand_in.started() == [f"hold {door}", "quick 0", "quick 1", "quick 2"]


async def test_two_workers_render_two_at_once(
    config: ServerConfig, stand_in: StandIn, tmp_path: Path
) -> None:
    async with (
        running(replace(config, workers=2), command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        videos = Videos(session)
        held = await videos.create(f"hold {tmp_path / 'never'}")
        await videos.until(await videos.create("quick"), "completed")

        assert (await videos.job(held))["status"] == "in_progress"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("fail The paint ran out.", "The paint ran out."),
        ("crash secret", "The renderer ended unexpectedly (exit code 1)."),
        ("die", "The renderer ended unexpectedly (exit code -9)."),
    ],
)
async def test_a_failure_is_told_and_the_line_moves_on(
    videos: Videos, config: ServerConfig, prompt: str, message: str
) -> None:
    failing = await videos.create(prompt, input_reference=data_url(picture()))
    after = await videos.create("quick")

    failed = await videos.until(failing, "failed", "completed")
    await videos.until(after, "completed")

    assert failed["error"] == {"code": "render_failed", "message": message}
    assert (failed["completed_at"], failed["expires_at"]) == (None, None)
    await eventually(lambda: not leftovers(config))
    files = {file.name for file in (config.folder / "jobs" / failing).iterdir()}
    assert files == {"job.json"}


async def test_a_renderer_that_cannot_be_started_fails_its_job(config: ServerConfig) -> None:
    async with (
        running(config, command=["/nowhere/renderer"]) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        videos = Videos(session)
        failed = await videos.until(await videos.create("quick"), "failed")

    assert failed["error"]["message"] == "The renderer could not be started."


async def test_a_renderer_that_stands_still_is_stopped(
    videos: Videos, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.server.render_process._SILENCE_LIMIT", 0.5)
    failed = await videos.until(await videos.create("freeze"), "failed")

    assert "stood still" in failed["error"]["message"]
    assert not is_alive(stand_in.pids()[0])


async def test_a_rendering_that_was_stopped_from_outside_is_done_again(
    videos: Videos, stand_in: StandIn
) -> None:
    await videos.until(await videos.create("stopped"), "completed")

    assert stand_in.started() == ["stopped", "stopped"]


async def test_deleting_ends_a_rendering_and_skips_one_that_waits(
    videos: Videos, stand_in: StandIn, config: ServerConfig, tmp_path: Path
) -> None:
    held = await videos.create(f"hold {tmp_path / 'never'}")
    waiting = await videos.create("quick waiting")
    last = await videos.create("quick last")
    await eventually(stand_in.started)

    for job_id in (waiting, held):
        status, _ = await videos.call("DELETE", f"videos/{job_id}")
        assert status == 200
    await videos.until(last, "completed")

    assert not is_alive(stand_in.pids()[0])
    assert stand_in.started() == [f"hold {tmp_path / 'never'}", "quick last"]
    await eventually(lambda: not leftovers(config))
    assert [folder.name for folder in (config.folder / "jobs").iterdir()] == [last]


async def test_stopping_ends_the_renderer_soon_and_keeps_the_job_for_later(
    config: ServerConfig, stand_in: StandIn, tmp_path: Path
) -> None:
    door = tmp_path / "door"
    async with (
        running(config, command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        headers = {"Idempotency-Key": "kept"}
        how = {"json": {"prompt": f"hold {door}"}, "headers": headers}
        _, job = await Videos(session).call("POST", "videos", **how)
        await eventually(stand_in.started)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 2
    assert not is_alive(stand_in.pids()[0])

    door.touch()
    async with (
        running(config, command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        videos = Videos(session)
        await videos.until(job["id"], "completed")
        _, again = await videos.call("POST", "videos", **how)

    assert again["id"] == job["id"]


async def test_a_film_expires_and_later_its_record(config: ServerConfig, stand_in: StandIn) -> None:
    async with (
        running(replace(config, keep_seconds=1), command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        videos = Videos(session)
        job_id = await videos.create("quick")
        done = await videos.until(job_id, "completed")
        await asyncio.sleep(max(0.0, done["expires_at"] - time.time()))
        status, body = await videos.call("GET", f"videos/{job_id}/content")
        folder = config.folder / "jobs" / job_id

        assert (status, body["error"]["code"]) == (404, "video_expired")
        await eventually(lambda: not (folder / "film.mp4").exists())
        await eventually(lambda: not folder.exists())
        assert (await videos.call("GET", f"videos/{job_id}"))[0] == 404


async def test_a_restart_catches_up_on_what_expired(
    config: ServerConfig, stand_in: StandIn
) -> None:
    brief = replace(config, keep_seconds=2)
    async with (
        running(brief, command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        job_id = await Videos(session).create("quick")
        done = await Videos(session).until(job_id, "completed")
    await asyncio.sleep(max(0.0, done["expires_at"] - time.time()))

    async with running(brief, command=stand_in.command):
        await eventually(lambda: not (config.folder / "jobs" / job_id / "film.mp4").exists())


@pytest.mark.parametrize(
    ("number", "answer"),
    [(errno.ENOSPC, (507, "insufficient_storage")), (errno.EROFS, (500, "storage_error"))],
)
async def test_a_disk_that_takes_nothing_leaves_nothing_half_written(
    videos: Videos,
    config: ServerConfig,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    answer: tuple[int, str],
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr("bot.server.store.os.fsync", refuse)
        fields = {"prompt": "quick", "input_reference": data_url(picture())}
        status, body = await videos.call("POST", "videos", json=fields)

    assert (status, body["error"]["code"]) == answer
    assert body["error"]["type"] == "server_error"
    assert leftovers(config) == list((config.folder / "jobs").iterdir()) == []
    await videos.until(await videos.create("quick"), "completed")


async def test_a_taken_port_and_a_taken_folder_are_os_errors(
    config: ServerConfig, tmp_path: Path
) -> None:
    async with running(config) as base:
        port = int(base.split(":")[2].split("/")[0])
        elsewhere = replace(config, folder=tmp_path / "elsewhere")
        with pytest.raises(OSError, match="in use"):
            async with running(elsewhere, port=port):
                pass
        with pytest.raises(OSError, match="another server"):
            async with running(config):
                pass

    assert not elsewhere.folder.exists()


async def test_a_record_that_cannot_be_read_stops_nothing(
    config: ServerConfig, stand_in: StandIn
) -> None:
    broken = config.folder / "jobs" / "video_broken"
    broken.mkdir(parents=True)
    (broken / "job.json").write_text("{")

    async with (
        running(config, command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        await Videos(session).until(await Videos(session).create("quick"), "completed")


async def test_after_a_power_cut_every_job_is_finished_under_its_id(server: VideosServer) -> None:
    async with aiohttp.ClientSession() as session:
        videos = Videos(session)
        made: list[str] = []
        for n in range(3):
            fields = {"prompt": f"film {n}", "input_reference": data_url(picture())}
            status, job = await videos.call("POST", f"{server.base_url}/videos", json=fields)
            assert status == 200
            made.append(job["id"])
        await eventually(lambda: server.jobs()[-1]["progress"])
        renderers = _renderers(server.folder)
        server.kill()
        deadline = time.monotonic() + PATIENCE
        while any(is_alive(pid) for pid in renderers):
            assert time.monotonic() < deadline, "a renderer outlived its server"
            await asyncio.sleep(0.05)
        (server.folder / "attempts" / "half-written").touch()

        server.start()
        await asyncio.to_thread(_await_completed, server)

        jobs = server.jobs()
        assert len(renderers) == 1
        assert [job["id"] for job in jobs] == made[::-1]
        assert sorted(made, key=lambda made_id: _ended(jobs, made_id)) == made
        # A job is shown as completed before its attempt is swept up.
        await eventually(lambda: not list(server.folder.glob("attempts/*")))
        for job_id in made:
            async with session.get(f"{server.base_url}/videos/{job_id}/content") as film:
                assert (await film.read())[4:8] == b"ftyp"


def _renderers(folder: Path) -> list[int]:
    """Process ids of the renderers that this test's own server has started."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_renderer = b"bot.server.renderer" in (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            is_ours = str(folder).encode() in (Path("/proc") / str(parent) / "cmdline").read_bytes()
        except OSError:
            continue
        if is_renderer and is_ours:
            found.append(int(process.name))
    return found


def _await_completed(server: VideosServer) -> None:
    deadline = time.monotonic() + PATIENCE
    while {job["status"] for job in server.jobs()} != {"completed"}:
        assert time.monotonic() < deadline, server.jobs()
        time.sleep(0.1)


def _ended(jobs: list[dict[str, object]], job_id: str) -> int:
    ended = next(job["completed_at"] for job in jobs if job["id"] == job_id)
    assert isinstance(ended, int)
    return ended


async def test_a_stopped_server_process_leaves_no_renderer(server: VideosServer) -> None:
    async with aiohttp.ClientSession() as session:
        await Videos(session).call("POST", f"{server.base_url}/videos", json={"prompt": "film"})
    await eventually(lambda: _renderers(server.folder))
    renderers = _renderers(server.folder)

    server.__exit__()

    assert not any(is_alive(pid) for pid in renderers)


@pytest.mark.parametrize(
    ("image", "media_type", "message"),
    [
        (bombs.webp_lossless(7071, 7071), "image/webp", "has more than 16 megapixels."),
        (bombs.jpeg(65_500, 65_500), "image/jpeg", "has more than 16 megapixels."),
        (bombs.png(16, 16)[:50], "image/png", "cannot be read."),
    ],
)
async def test_a_hostile_image_fails_its_job_in_words(
    server: VideosServer, image: bytes, media_type: str, message: str
) -> None:
    """In front of the real renderer."""
    async with aiohttp.ClientSession(f"{server.base_url}/") as session:
        videos = Videos(session)
        made = await videos.create(
            "a cat", input_reference={"image_url": data_url(image, media_type)}
        )
        failed = await videos.until(made, "failed", "completed")

    assert failed["error"]["message"] == f"The reference picture {message}"


async def test_when_to_ask_again_follows_the_line_and_the_pace(
    videos: Videos, tmp_path: Path
) -> None:
    async def pause(job_id: str) -> int | None:
        async with videos.session.get(f"videos/{job_id}") as answer:
            told = answer.headers.get("openai-poll-after-ms")
            return None if told is None else int(told)

    door = tmp_path / "door"
    first = await videos.create(f"hold {door}")
    others = [await videos.create(f"quick {n}") for n in range(30)]
    waits = [await pause(job_id) for job_id in (first, others[0], others[3], others[-1])]
    door.touch()
    for job_id in (first, *others):
        await videos.until(job_id, "completed")
    # Now it is known that films take no time here.
    last = await videos.create(f"hold {tmp_path / 'never'}")

    assert waits == sorted(waits, key=lambda wait: wait or 0)
    assert (waits[0] or 0) < (waits[-1] or 0) == 5000
    assert await pause(last) == 250
    assert await pause(first) is None
