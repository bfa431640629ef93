"""A filled database of a released version is opened by this one: nothing of it is lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from bot.jobs.meters import Scope
from bot.jobs.migrations.upgrade import config
from bot.jobs.models import RUNNING, Fallback, Render, RenderStatus, RequestState, Verb
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.media.input_reference import InputReference
from tests.jobs.limits import limit
from tests.jobs.support import NOW, address

RELEASED = "0012"
IMAGE = InputReference(data=b"png", filename="cat.png", content_type="image/png")
STATES = [(status, None) for status in RenderStatus] + [
    (RenderStatus.UNDELIVERED, reason.value)
    for reason in (Reason.TOO_LARGE, Reason.NO_ACCESS, Reason.NOT_ACCEPTED, Reason.FILM_BROKEN)
]


def row(number: int, status: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of a column each
    """Return a row of the released table `jobs`, with a value of its own in every column."""
    return {
        "id": f"{number:032x}",
        "status": status,
        "prompt": f"film {number}",
        "size": "1280x720",
        "seconds": "8",
        "model": "wan",
        "image_url": None,
        "image_name": None,
        "image_of": None,
        "image_fitted": False,
        "remix_of": None,
        "parent_link": None,
        "requester_id": 10 + number,
        "guild_id": 20,
        "channel_id": 30,
        "application_id": 40,
        "interaction_token": "token",
        "token_expires_at": NOW + 870,
        "message_id": 50 + number,
        "is_member": False,
        "locale": "de",
        "shown": status,
        "upload_limit": 60,
        "bot_upload_limit": 70,
        "video_id": f"video_{number}",
        "video_model": "wan-2.2",
        "made_size": "1280x704",
        "made_seconds": 8.1,
        "made_cost": 0.5,
        "made_currency": "USD",
        "film_url": "https://films.example/1",
        "progress": 42,
        "film": f"{number:032x}.mp4",
        "fitted": True,
        "converted": True,
        "film_attachment_id": 80,
        "road": "direct",
        "road_at": NOW + 1,
        "link_expires_at": NOW + 2,
        "error_code": None,
        "server_code": "code",
        "error_message": "words",
        "created_at": NOW,
        "sent_at": NOW + 3,
        "completed_at": NOW + 4,
        "ended_at": NOW + 5,
        "next_look_at": NOW + 6,
        "failed_looks": 7,
        "missing_looks": 3,
        "film_tries": 2,
        "film_late_since": NOW + 7,
        "unreachable_since": NOW + 8,
        **fields,
    }


@pytest.fixture
def released(tmp_path: Path) -> Iterator[sa.Connection]:
    """Give a database of the released version, to be filled before it is opened."""
    engine = sa.create_engine(address(tmp_path))
    with engine.begin() as connection:
        command.upgrade(config(connection), RELEASED)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def fill(connection: sa.Connection, table: str, *rows: dict[str, Any]) -> None:
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
    connection.execute(reflected.insert(), list(rows))
    connection.commit()


async def opened(folder: Path, number: int = 0) -> Render:
    async with JobStore.open(address(folder)) as store:
        render = await store.get(f"{number:032x}")
        assert render is not None
        return render


async def test_every_state_and_every_value_is_carried_over(
    released: sa.Connection, tmp_path: Path
) -> None:
    fill(
        released,
        "jobs",
        *(row(n, status, error_code=code) for n, (status, code) in enumerate(STATES)),
    )
    for number, (status, code) in enumerate(STATES):
        render = await opened(tmp_path, number)
        request, card, spec = render.request, render.card, render.spec
        assert (render.status, render.reason) == (status, code)
        assert (request.id, request.state, request.verb) == (render.id, "admitted", Verb.NEW)
        assert request.state is RequestState.ADMITTED
        assert (spec.prompt, spec.size, spec.seconds, spec.model, spec.image) == (
            f"film {number}", "1280x720", "8", "wan", None,
        )  # fmt: skip
        assert (request.requester_id, request.guild_id, request.channel_id) == (10 + number, 20, 30)
        assert (request.application_id, request.is_member, request.locale) == (40, False, "de")
        assert (card.message_id, card.interaction_token) == (50 + number, "token")
        assert (card.token_expires_at, card.upload_limit, card.bot_upload_limit) == (
            NOW + 870, 60, 70,
        )  # fmt: skip
        assert (card.shown, card.fallback, card.fallback_at) == (status, Fallback.DIRECT, NOW + 1)
        assert (render.video_id, render.video_model) == (f"video_{number}", "wan-2.2")
        assert (render.made_size, render.made_seconds) == ("1280x704", 8.1)
        assert (render.made_cost, render.made_currency) == (0.5, "USD")
        assert (render.film_url, render.film) == ("https://films.example/1", f"{number:032x}.mp4")
        assert (render.transcoded, render.converted, render.attachment_id) == (True, True, 80)
        assert (render.progress, render.link_expires_at) == (42, NOW + 2)
        assert (render.server_code, render.server_message) == ("code", "words")
        assert (request.created_at, render.sent_at) == (NOW, NOW + 3)
        assert (render.completed_at, render.ended_at) == (NOW + 4, NOW + 5)
        assert (render.missing_polls, render.film_late_since) == (3, NOW + 7)
        assert render.unreachable_since == NOW + 8
        assert (render.position, render.server) == (0, "default")


@pytest.mark.parametrize("status", RenderStatus)
async def test_one_timer_of_old_becomes_that_of_the_state(
    released: sa.Connection, tmp_path: Path, status: RenderStatus
) -> None:
    fill(released, "jobs", row(0, status))
    render = await opened(tmp_path)
    timers = (render.next_poll_at, render.next_delivery_at, render.card.retry_at)
    if status in RUNNING:
        assert timers == (NOW + 6, None, None)
        assert (render.failed_polls, render.failed_deliveries) == (7, 0)
    elif status is RenderStatus.COMPLETED:
        assert timers == (None, NOW + 6, None)
        assert (render.failed_polls, render.failed_deliveries) == (0, 7)
    else:
        assert timers == (None, None, NOW + 6)


@pytest.mark.parametrize(("film", "attempts"), [(None, (2, 0)), ("film.mp4", (0, 2))])
async def test_attempts_are_those_at_the_film_or_at_its_delivery(
    released: sa.Connection, tmp_path: Path, film: str | None, attempts: tuple[int, int]
) -> None:
    fill(released, "jobs", row(0, "completed", film=film))
    render = await opened(tmp_path)
    assert (render.download_attempts, render.delivery_attempts) == attempts


async def test_images_subscribers_thumbnails_and_open_creates_stay(
    released: sa.Connection, tmp_path: Path
) -> None:
    fill(
        released,
        "jobs",
        row(0, "delivered", image_name="cat.jpg", image_fitted=True),
        row(1, "requested", image_of=f"{0:032x}", image_name="cat.jpg", parent_link="https://x"),
        row(2, "requested", image_url="https://cdn.example/dog", image_name="dog.png"),
        row(3, "queued", remix_of="video_0", parent_link="https://x"),
        row(4, "failed", error_code="a code that no version knows"),
    )
    image = {"job_id": f"{0:032x}", "filename": "cat.png", "content_type": "image/png"}
    fill(released, "job_images", image | {"data": b"png"})
    fill(released, "job_stills", {"job_id": f"{0:032x}", "data": b"jpeg"})
    fill(released, "job_watchers", {"job_id": f"{3:032x}", "user_id": 99})
    create = {"id": "c", "job_id": f"{3:032x}", "requester_id": 13, "video_id": None}
    fill(released, "open_creates", create | {"expires_at": NOW + 9})
    async with JobStore.open(address(tmp_path)) as store:
        first, again, new, remix, failed = [
            render for n in range(5) if (render := await store.get(f"{n:032x}")) is not None
        ]
        assert await store.image(first.request.id) == IMAGE
        assert await store.thumbnails.of([first]) == {first.id: b"jpeg"}
        assert await store.subscriptions.of(remix.request.id) == [99]
        assert [one.render_id for one in await store.creates.all(NOW)] == [remix.id]
    assert first.spec.image is not None
    assert (first.spec.image.name, first.spec.image.resized) == ("cat.jpg", True)
    assert again.spec.image is not None
    assert (again.spec.image.request_id, again.request.verb) == (first.id, Verb.AGAIN)
    assert new.spec.image is not None
    assert new.spec.image.url == "https://cdn.example/dog"
    assert (remix.request.verb, remix.request.parent_video_id) == (Verb.REMIX, "video_0")
    assert failed.reason is Reason.VIDEOS_ERROR


async def test_signed_addresses_of_an_older_database_go_with_the_upgrade(tmp_path: Path) -> None:
    engine = sa.create_engine(address(tmp_path))
    with engine.begin() as connection:
        command.upgrade(config(connection), "0007")
        table = sa.Table("jobs", sa.MetaData(), autoload_with=connection)
        for number, status in enumerate(RenderStatus):
            facts = row(number, status)
            known = {name: value for name, value in facts.items() if name in table.columns}
            connection.execute(table.insert().values(**known))
    engine.dispose()
    async with JobStore.open(address(tmp_path)):
        with closing(sqlite3.connect(tmp_path / "rushes.db")) as database:
            kept = database.execute("SELECT status FROM renders WHERE film_url IS NOT NULL")
            states = {status for (status,) in kept}
    assert states == set(RenderStatus) - {"delivered", "failed", "cancelled", "expired"}


async def test_what_is_under_way_is_held_and_the_rest_is_not(
    released: sa.Connection, tmp_path: Path
) -> None:
    under_way = {"requested", "sending", "unconfirmed", "queued", "in_progress"}
    fill(released, "jobs", *(row(n, status) for n, (status, _) in enumerate(STATES)))
    create = {"id": "c", "job_id": f"{0:032x}", "requester_id": 13, "video_id": "video_0"}
    fill(released, "open_creates", create | {"expires_at": NOW + 9})
    async with JobStore.open(address(tmp_path)) as store:
        assert await store.accounting.faults() == []
        (used,) = await store.accounting.usage([limit(1)])
        assert [one.guild_id for one in await store.creates.all(NOW)] == [20]
    assert used.held == sum(status in under_way for status, _ in STATES)
    assert used.spent == 0


async def test_an_older_ledger_gets_pseudonyms(released: sa.Connection, tmp_path: Path) -> None:
    fill(released, "jobs", *(row(n, "queued", requester_id=7) for n in range(3)))
    async with JobStore.open(address(tmp_path)) as store:
        await store.personal.erase(7)
        (used,) = await store.accounting.usage([limit(1, scope=Scope.PERSON, scope_id="7")])
        assert used.held == 3
        assert await store.accounting.faults() == []
