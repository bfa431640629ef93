"""A render to begin with, and a database to keep it in."""

import dataclasses
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot.jobs.accounting import Admission, OpenLimits, Terms
from bot.jobs.meters import Cost, Limit
from bot.jobs.models import TOKEN_LIFE, Card, Render, RenderStatus, Request
from bot.jobs.store import JobStore
from bot.videos.models import Video, VideoStatus
from bot.videos.spec import ImageSource, VideoSpec

NOW = 1_795_000_000.0
MANY = 1000
FREE = Cost(videos=1, seconds=4, money=0)
MIB = 1024**2
PAUSE = 2.0
LATER = NOW + 100


_SPEC = {"prompt", "size", "seconds", "model", "options"}
_IMAGE = {
    "image_name": "name",
    "image_url": "url",
    "image_request_id": "request_id",
    "image_resized": "resized",
}
_CARD = {field.name for field in dataclasses.fields(Card)}
_REQUEST = {field.name for field in dataclasses.fields(Request)} - {"id", "spec", "card"}


def new_render(**fields: Any) -> Render:  # noqa: ANN401 - a field of any of the values each
    """Make a render that was just asked for, with an id of its own.

    `fields` are those of Render, Request, Card and VideoSpec; those of its image begin with
    `image_`, and the card's `retry_at` is `card_retry_at`.
    """
    common: dict[str, Any] = {
        "id": uuid4().hex,
        "prompt": "a calico cat playing a piano on stage",
        "size": "720x1280",
        "seconds": "4",
        "model": "sora-2",
        "requester_id": 11,
        "guild_id": 22,
        "channel_id": 33,
        "application_id": 44,
        "interaction_token": "token",
        "token_expires_at": NOW + TOKEN_LIFE,
        "upload_limit": 10 * MIB,
        "bot_upload_limit": 10 * MIB,
        "created_at": NOW,
    }
    card, spec, request, image, own = _sorted(common | fields)
    if image:
        spec["image"] = dataclasses.replace(ImageSource(name="cat.png"), **image)
    return Render(
        request=Request(id=own["id"], spec=VideoSpec(**spec), card=Card(**card), **request),
        **own,
    )


def changed(render: Render, **fields: Any) -> Render:  # noqa: ANN401 - as new_render
    """Return a copy with other values, wherever they belong."""
    card, spec, request, image, own = _sorted(fields)
    if image:
        spec["image"] = dataclasses.replace(
            render.spec.image or ImageSource(name="cat.png"), **image
        )
    after = render.with_card(**card).with_spec(**spec).evolve(**own)
    return after.evolve(request=dataclasses.replace(after.request, **request))


def _sorted(fields: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    fields = dict(fields)
    card = {name: fields.pop(name) for name in _CARD & fields.keys()}
    if "card_retry_at" in fields:
        card["retry_at"] = fields.pop("card_retry_at")
    spec = {name: fields.pop(name) for name in _SPEC & fields.keys()}
    request = {name: fields.pop(name) for name in _REQUEST & fields.keys()}
    image = {new: fields.pop(name) for name, new in _IMAGE.items() if name in fields}
    return card, spec, request, image, fields


def rendering(**fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    common: dict[str, Any] = {"status": RenderStatus.IN_PROGRESS, "video_id": "video_1"}
    return new_render(**(common | fields))


def finished(**fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    return rendering(status=RenderStatus.COMPLETED, completed_at=NOW, progress=100, **fields)


def assert_ended(ended: Render, status: RenderStatus) -> None:
    assert ended.status is status
    assert ended.ended_at == LATER
    assert ended.next_poll_at is None
    assert ended.next_delivery_at is None
    assert ended.unreachable_since is None
    assert ended.failed_polls == ended.failed_deliveries == 0


def address(folder: Path) -> str:
    """Return the address of a database file in `folder`."""
    return f"sqlite:///{folder / 'rushes.db'}"


def terms(
    most_of_user: int = MANY,
    most: int = MANY,
    most_of_community: int = MANY,
    *,
    cost: Cost = FREE,
    limits: Sequence[Limit] = (),
) -> Terms:
    """What admits a create; nothing is limited but what is named."""
    most_open = OpenLimits(of_user=most_of_user, of_community=most_of_community, of_all=most)
    return Terms(open=most_open, cost=cost, limits=limits)


async def admit(
    store: JobStore,
    render: Render,
    most_of_user: int = MANY,
    most: int = MANY,
    *,
    cost: Cost = FREE,
    limits: Sequence[Limit] = (),
) -> Admission:
    """Admit a render within these limits."""
    asked = terms(most_of_user, most, cost=cost, limits=limits)
    return await store.accounting.admit(render, asked)


async def put(store: JobStore, *jobs: Render) -> None:
    """Admit jobs without a limit that could be reached."""
    for each in jobs:
        assert await admit(store, each)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Read what another process would see."""
    with closing(sqlite3.connect(folder / "rushes.db")) as connection:
        return connection.execute(query).fetchall()


def count(folder: Path, table: str) -> int:
    """Count the rows that another process would see."""
    return rows(folder, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - our own words


async def the(store: JobStore, wanted: Render) -> Render:
    """Read one active job again."""
    (found,) = [
        each for each in await store.active_of(wanted.request.requester_id) if each.id == wanted.id
    ]
    return found


def video(status: VideoStatus, **fields: object) -> Video:
    return Video.from_body({"id": "video_1", "status": status, **fields})
