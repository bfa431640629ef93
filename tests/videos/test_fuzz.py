"""Any JSON, bytes, status and header raise only the documented errors, and hang nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.videos.answer import Answer, poll_after, retry_after
from bot.videos.dialects import DIALECTS, Dialect
from bot.videos.errors import (
    FilmNotReady,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.models import CreateVideo
from bot.videos.protocol import (
    Reading,
    film_elsewhere,
    read_created,
    read_deleted,
    read_page,
    read_video,
)
from bot.videos.refusals import WORDS_LIMIT, content_error, error_facts
from tests.videos.connecting import connected
from tests.videos_server.server import scripted

pytestmark = pytest.mark.slow

CAT = CreateVideo(prompt="a cat", size="720x1280", seconds="4")

WORDS = st.sampled_from(
    ["queued", "failed", "completed", "deleted", "task_not_exist", "http://[::1", "/", "%",
     "\ud800", "https://films.invalid/1?sig=a", "data:video/mp4;base64,AAAA", "\x00",
     "1e999", "9" * 400]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | WORDS
KEYS = st.sampled_from(
    ["id", "status", "error", "code", "message", "detail", "msg", "loc", "progress", "task_id",
     "data", "url", "urls", "video_url", "outputs", "metadata", "b64_json", "seconds", "size",
     "created_at", "has_more", "last_id", "model", "prompt"]
)  # fmt: skip
BODIES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=5)
        | inner.map(lambda told: f"litellm.Error: {json.dumps(told)}")
    ),
    max_leaves=10,
)
JOBS = st.dictionaries(KEYS, BODIES, max_size=4).map(
    lambda fields: {"id": "video_1", "status": "completed"} | fields
)
PAYLOADS = st.binary(max_size=60) | (BODIES | JOBS).map(lambda told: json.dumps(told).encode())
STATUSES = st.sampled_from([200, 202, 302, 400, 401, 404, 422, 429, 500, 503])
WAITS = st.sampled_from(
    ["0", "-1", "1e309", "nan", "soon", "", "Sun, 22 Nov 2026 12:00:45 GMT", "Sun, 99 Foo 2026",
     "Mon, 01 Jan 0001 00:00:00 -2359", "9" * 400, "٣"]
)  # fmt: skip
NAMES = ["Retry-After", "retry-after-ms", "openai-poll-after-ms", "llm_provider-retry-after"]
ANSWERS = st.builds(
    Answer,
    status=STATUSES | st.integers(200, 599),
    headers=st.dictionaries(st.sampled_from(NAMES), WAITS | st.text(max_size=12)),
    body=PAYLOADS,
    has_film=st.booleans(),
)
THOUSANDS = settings(max_examples=1000, deadline=None)


def assert_usable(reading: Reading) -> None:
    """The bot's values have to fit into a database, a path and a card."""
    video = reading.video
    assert video.id
    kept = [video.id, video.film_url, video.model, video.prompt, video.size, video.seconds]
    kept += [] if video.error is None else [video.error.code, video.error.message]
    assert all(text is None or text.encode() for text in kept)
    assert reading.poll_after is None or 0 <= reading.poll_after < float("inf")


@THOUSANDS
@given(told=ANSWERS)
def test_any_answer_to_a_create_is_a_job_or_a_refusal_or_unknown(told: Answer) -> None:
    try:
        reading = read_created(told)
    except (Refused, OutcomeUnknown) as error:
        str(error).encode()
    else:
        assert_usable(reading)


@THOUSANDS
@given(told=ANSWERS)
def test_any_answer_to_a_poll_is_a_job_or_a_named_error(told: Answer) -> None:
    try:
        reading = read_video(told)
    except (NotFound, Unauthorized, Unavailable) as error:
        str(error).encode()
    else:
        assert_usable(reading)


@THOUSANDS
@given(told=ANSWERS)
def test_any_answer_to_a_list_or_a_delete_is_read_or_a_named_error(told: Answer) -> None:
    for read in (read_page, read_deleted):
        try:
            page = read(told)
        except (NotFound, Unauthorized, Unavailable):
            continue
        for video in () if page is None else page.data:
            assert_usable(Reading(video=video))


@THOUSANDS
@given(told=ANSWERS, ours=st.booleans())
def test_any_answer_to_content_is_an_address_or_a_named_error(told: Answer, *, ours: bool) -> None:
    assert isinstance(content_error(told, ours=ours), FilmNotReady | Unauthorized | Unavailable)
    elsewhere = film_elsewhere(told)
    assert elsewhere is None or elsewhere.encode()
    for wait in (retry_after(told.headers), poll_after(told.headers)):
        assert wait is None or 0 <= wait < float("inf")


@THOUSANDS
@given(body=BODIES)
def test_any_servers_words_are_short_and_encodable(body: object) -> None:
    for text in error_facts(body):
        assert text is None or (len(text) <= WORDS_LIMIT and text.encode() is not None)


# ------------------------------------------------------------------ over a socket

HEADERS = st.fixed_dictionaries(
    {"Content-Type": st.sampled_from(["application/json", "video/mp4", "text/html", "x"])},
    optional={
        "Retry-After": st.sampled_from(["0", "soon", "9999"]),
        "Location": st.sampled_from(["/", "//", "http://[::1", "", "v", "file:///etc/passwd"]),
    },
)
ON_THE_WIRE = st.lists(
    st.tuples(st.sampled_from([200, 202, 204, 302, 400, 401, 404, 500, 503]), HEADERS, PAYLOADS),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(answers=ON_THE_WIRE, dialect=st.sampled_from(DIALECTS))
async def test_the_client_raises_only_documented_errors(
    tmp_path: Path, answers: list[tuple[int, dict[str, str], bytes]], dialect: Dialect
) -> None:
    asked = 0

    async def says(_request: web.Request) -> web.StreamResponse:
        nonlocal asked
        status, headers, body = answers[asked % len(answers)]
        asked += 1
        return web.Response(status=status, headers=headers, body=body)

    async with (
        scripted() as server,
        connected(server.base_url, dialect=dialect.name) as client,
        asyncio.timeout(20),
    ):
        for method, path in _ROUTES:
            server.on(method, path, *[says] * 10)
        film = tmp_path / "film"
        verbs: list[Callable[[], Awaitable[Any]]] = [
            client.find_out,
            partial(client.create, CAT, film),
            partial(client.retrieve, "v"),
            client.list,
            partial(client.delete, "v"),
            partial(client.download, "v", film),
        ]
        for verb in verbs:
            with suppress(VideosError):
                await verb()
    assert {path.name for path in _files(tmp_path)} <= {"film"}


_ROUTES = [
    ("GET", "/models"),
    ("GET", "/model/info"),
    ("GET", "/videos/models"),
    ("POST", "/videos"),
    ("GET", "/videos"),
    ("GET", "/videos/v"),
    ("DELETE", "/videos/v"),
    ("GET", "/videos/v/content"),
]


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())
