"""Links over real HTTP: a real store, a real folder, and everything that is no link of ours."""

import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.jobs.models import Job, JobStatus
from bot.jobs.store import JobStore
from bot.links import KEY_BYTES, Links, read_key
from bot.serving.limits import LIMITS
from bot.web import Films, film_site, serving
from tests.jobs.support import NOW, address, job

FILM = bytes(range(256)) * 40
LIFE = 3600.0


class Served:
    def __init__(self, base: str, links: Links, store: JobStore, films: Path) -> None:
        self.base = base
        self.links = links
        self.store = store
        self.films = films
        self.now = NOW
        self.session = aiohttp.ClientSession()

    async def put(self, name: str = "film.mp4") -> Job:
        film = f"{name.partition('.')[0]}.{name.partition('.')[2]}"
        linked = job(status=JobStatus.DELIVERED, film=film, link_expires_at=NOW + LIFE)
        assert await self.store.admit(linked, most_of_user=99, most=99)
        (self.films / film).write_bytes(FILM)
        return linked

    def url(self, linked: Job, name: str = "a-cat.mp4") -> str:
        return self.links.address(linked, name)

    async def ask(
        self, url: str, method: str = "GET", **headers: str
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        async with self.session.request(method, url, headers=headers) as answer:
            return answer, await answer.read()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    films = tmp_path / "films"
    films.mkdir()
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    key = read_key(tmp_path / "link.key")
    async with JobStore.open(address(tmp_path)) as store:
        found = Served("", Links(base="", key=key), store, films)
        site = film_site(
            Films(folder=films, find=store.get, links=found.links, clock=lambda: found.now)
        )
        listening = socket.create_server(("127.0.0.1", 0))
        async with serving(site, listening, LIMITS), found.session:
            found.base = f"http://127.0.0.1:{listening.getsockname()[1]}"
            found.links = Links(base=found.base, key=key)
            yield found


async def test_a_link_gives_the_film_with_what_a_browser_needs(served: Served) -> None:
    url = served.url(await served.put())

    answer, body = await served.ask(url)

    assert (answer.status, body) == (200, FILM)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Disposition"] == 'inline; filename="a-cat.mp4"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "aiohttp" not in answer.headers["Server"]


@pytest.mark.parametrize(
    ("name", "kind"), [("film.webm", "video/webm"), ("film.avi", "video/x-msvideo")]
)
async def test_each_container_has_its_type(served: Served, name: str, kind: str) -> None:
    answer, _ = await served.ask(served.url(await served.put(name), "a-cat.webm"))

    assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=0-99", 206, FILM[:100], f"bytes 0-99/{len(FILM)}"),
        ("bytes=10000-", 206, FILM[10000:], f"bytes 10000-{len(FILM) - 1}/{len(FILM)}"),
        ("bytes=-5", 206, FILM[-5:], f"bytes {len(FILM) - 5}-{len(FILM) - 1}/{len(FILM)}"),
        (f"bytes={len(FILM)}-", 416, None, f"bytes */{len(FILM)}"),
    ],
)
async def test_parts_of_it(
    served: Served, asked: str, status: int, body: bytes | None, told: str
) -> None:
    answer, got = await served.ask(served.url(await served.put()), Range=asked)

    assert answer.status == status
    assert answer.headers["Content-Range"] == told
    assert body is None or got == body


async def test_the_head_alone(served: Served) -> None:
    answer, body = await served.ask(served.url(await served.put()), "HEAD")

    assert (answer.status, body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(FILM))
    assert answer.headers["Content-Type"] == "video/mp4"


async def test_a_link_works_until_its_time(served: Served) -> None:
    url = served.url(await served.put())
    served.now = NOW + LIFE - 1
    assert (await served.ask(url))[0].status == 200
    served.now = NOW + LIFE
    assert (await served.ask(url))[0].status == 404


async def test_a_film_that_is_gone_is_not_found(served: Served) -> None:
    deleted, unlinked = await served.put("one.mp4"), await served.put("two.mp4")
    await served.store.drop(deleted)
    (served.films / "two.mp4").unlink()

    for linked in (deleted, unlinked):
        assert (await served.ask(served.url(linked)))[0].status == 404


async def test_nothing_else_is_found(served: Served) -> None:
    linked, other = await served.put("one.mp4"), await served.put("two.mp4")
    parts = served.url(linked).removeprefix(served.base).split("/")
    _, _, job_id, expires, signature, name = parts
    changed = signature[:-1] + ("A" if signature[-1] != "A" else "B")
    attempts = [
        "/",
        "/films",
        "/films/",
        f"/films/{job_id}",
        f"/films/{job_id}.mp4",
        f"/films/{job_id}/{expires}/{name}",
        f"/films/{job_id}/{expires}/{changed}/{name}",
        f"/films/{job_id}/{int(expires) + 1}/{signature}/{name}",
        f"/films/{other.id}/{expires}/{signature}/{name}",
        f"/films/{job_id}/{expires}/{signature}/..%2f..%2fsecret.mp4",
        f"/films/{job_id}/{expires}/{signature}/%2e%2e/secret.mp4",
        f"/films/{job_id}/{expires}/{signature}/a%0d%0aX-Evil:1.mp4",
        f"/films/..%2fsecret.mp4/{expires}/{signature}/{name}",
        f"/films/{job_id}/{expires}/{'é' * 43}/{name}",
        "/films/../secret.mp4",
        "/films/%2e%2e/secret.mp4",
        "/../link.key",
        "/link.key",
        "/rushes.db",
    ]
    for attempt in attempts:
        answer, body = await served.ask(f"{served.base}{attempt}")
        assert answer.status == 404, attempt
        assert b"secret" not in body
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert (await served.ask(served.url(linked), method))[0].status == 404, method


def test_the_key_is_for_its_owner_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "link.key"
    key = read_key(path)

    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == key
    assert read_key(tmp_path / "another.key") != key


def test_half_a_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "link.key").write_bytes(b"half")

    assert len(read_key(tmp_path / "link.key")) == KEY_BYTES
