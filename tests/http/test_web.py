"""Links over real HTTP: a real store, a real folder, and everything that is no link of ours."""

import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bot.delivery.links import KEY_BYTES, Links, read_key
from bot.http.web import Films, film_site, serving
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.store import JobStore
from bot.serving.limits import LIMITS
from tests.jobs.support import NOW, address, admit, new_render

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

    async def put(self, name: str = "film.mp4") -> Render:
        film = f"{name.partition('.')[0]}.{name.partition('.')[2]}"
        linked = new_render(status=RenderStatus.DELIVERED, film=film, link_expires_at=NOW + LIFE)
        assert await admit(self.store, linked)
        (self.films / film).write_bytes(FILM)
        return linked

    def url(self, linked: Render, name: str = "a-cat.mp4") -> str:
        return self.links.address(linked, name)

    async def ask(
        self, url: str | URL, method: str = "GET", **headers: str
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
            Films(
                store=FilmStore(films), find=store.get, links=found.links, clock=lambda: found.now
            )
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
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "media-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "sandbox allow-same-origin" in policy
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-site"
    assert "aiohttp" not in answer.headers["Server"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("film.webm", "video/webm"),
        ("film.avi", "video/x-msvideo"),
        ("film.mov", "video/quicktime"),
        ("film.mkv", "video/x-matroska"),
        ("film.gif", "image/gif"),
        ("film.html", "application/octet-stream"),
    ],
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


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=5-2", "bytes=x"])
async def test_what_is_no_single_range_gets_the_whole(served: Served, asked: str) -> None:
    answer, got = await served.ask(served.url(await served.put()), Range=asked)

    assert (answer.status, got) == (200, FILM)


async def test_a_part_only_of_the_same_film(served: Served) -> None:
    url = served.url(await served.put())
    first, _ = await served.ask(url, "HEAD")
    etag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    for condition, status in (
        (etag, 206),
        (changed, 206),
        ('"another"', 200),
        (f"W/{etag}", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ):
        asked = {"Range": "bytes=2-5", "If-Range": condition}
        answer, got = await served.ask(url, **asked)
        assert (answer.status, got) == (status, FILM[2:6] if status == 206 else FILM), condition
    for condition in ({"If-None-Match": etag}, {"If-Modified-Since": changed}):
        answer, got = await served.ask(url, **condition)
        assert (answer.status, got) == (304, b"")
    assert (await served.ask(url, **{"If-Match": '"another"'}))[0].status == 412


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a-cat.mp4", 'inline; filename="a-cat.mp4"'),
        (
            "%E7%8C%AB%20cat.mp4",
            "inline; filename=\"cat.mp4\"; filename*=UTF-8''%E7%8C%AB%20cat.mp4",
        ),
        ("%E7%8C%AB.mp4", "inline; filename=\"video.mp4\"; filename*=UTF-8''%E7%8C%AB.mp4"),
        # Whoever passes a link on may change its name, but not what the file is.
        ("invoice.pdf.exe", 'inline; filename="invoice.pdf.mp4"'),
        ("..mp4", 'inline; filename="video.mp4"'),
        ("a%E2%80%AEb%3Ac.mp4", 'inline; filename="ab-c.mp4"'),
        (
            "%DA%A9%E2%80%8C%DA%A9.mp4",
            "inline; filename=\"video.mp4\"; filename*=UTF-8''%DA%A9%E2%80%8C%DA%A9.mp4",
        ),
    ],
)
async def test_how_a_browser_is_to_name_it(served: Served, name: str, told: str) -> None:
    url = URL(served.url(await served.put()).replace("a-cat.mp4", name), encoded=True)

    answer, _ = await served.ask(url)

    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == told


async def test_no_symbolic_link_is_followed(served: Served) -> None:
    linked = await served.put()
    film = served.films / str(linked.film)
    film.unlink()
    film.symlink_to(served.films.parent / "secret.mp4")

    assert (await served.ask(served.url(linked)))[0].status == 404


async def test_health_is_elsewhere_and_says_where(served: Served) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        answer, body = await served.ask(f"{served.base}{path}")
        assert answer.status == 404
        assert b"OPS_PORT" in body
        assert body.count(b"\n") == 1


async def test_a_link_dies_with_the_key(served: Served, tmp_path: Path) -> None:
    linked = await served.put()
    (tmp_path / "link.key").unlink()
    anew = Links(base=served.base, key=read_key(tmp_path / "link.key"))

    assert (await served.ask(anew.address(linked, "a-cat.mp4")))[0].status == 404
    assert (await served.ask(served.url(linked)))[0].status == 200


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
    await served.store.accounting.delete(deleted, NOW)
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


def test_a_key_behind_a_symbolic_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"k" * KEY_BYTES)
    (tmp_path / "link.key").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic links"):
        read_key(tmp_path / "link.key")


def test_half_a_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "link.key").write_bytes(b"half")

    assert len(read_key(tmp_path / "link.key")) == KEY_BYTES
