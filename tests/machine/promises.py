"""What the bot promises, as what can be seen of it: rows, files, purchases, messages."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from bot.cards import sentences
from bot.cards.buttons import Action, offered
from bot.jobs.models import (
    ENDED,
    WITHOUT_VIDEO,
    Card,
    Fallback,
    Render,
    RenderStatus,
    Request,
)
from bot.jobs.reasons import Reason
from bot.videos.spec import VideoSpec
from tests.database import Row
from tests.machine.world import World

FINAL: Final = ENDED | {RenderStatus.UNCONFIRMED}
_BY_PRESS: Final[dict[str | None, Action]] = {
    Reason.CANCELLED_HERE: Action.CANCEL,
    Reason.CANCELLED_EVERYWHERE: Action.CANCEL,
    Reason.ABANDONED: Action.DROP,
}


@dataclass
class Asked:
    """What people have asked for, and so may get."""

    creates: Counter[str] = field(default_factory=Counter[str])
    """Films that may be bought, by prompts."""
    pictured: set[str] = field(default_factory=set[str])
    """Prompts that came with an image."""
    presses: set[tuple[Action, str]] = field(default_factory=set[tuple[Action, str]])
    """What the requester has pressed, and on which job."""
    repeated: set[str] = field(default_factory=set[str])
    """Prompts that were sent again by a press."""
    rows: dict[str, str] = field(default_factory=dict[str, str])
    """Every job with a card that was ever seen on disk, and its prompt."""

    def pressed(self, action: Action, job_id: str, prompt: str, *, own: bool) -> None:
        if own:
            self.presses.add((action, job_id))
        if action is Action.AGAIN or (own and action is Action.SEND):
            self.creates[prompt] += 1
            self.repeated.add(prompt)

    def has_deleted(self, job_id: str) -> bool:
        return (Action.DELETE_SURELY, job_id) in self.presses


# -------------------------------------------------------------------- at any moment


def bought_only_as_asked(world: World, asked: Asked) -> None:
    for prompt, made in world.videos.made.items():
        assert len(made) <= asked.creates[prompt], f"{prompt!r} was bought {len(made)} times"


def made_from_its_image(world: World, asked: Asked) -> None:
    for prompt, made in world.videos.made.items():
        pictured = len(made) if prompt in asked.pictured else 0
        assert world.videos.pictured[prompt] == pictured, f"{prompt!r} and its image"


def nothing_vanished(rows: list[Row], asked: Asked) -> None:
    """A row goes by its requester's press alone, an end that somebody chose comes by one."""
    asked.rows |= {row["id"]: row["prompt"] for row in rows if row["message_id"] is not None}
    there = {row["id"] for row in rows}
    for job_id, prompt in asked.rows.items():
        assert job_id in there or asked.has_deleted(job_id), f"the job of {prompt!r} is gone"
    for row in rows:
        press = _BY_PRESS.get(row["reason"])
        assert press is None or (press, row["id"]) in asked.presses, f"nobody pressed {press}"


def nothing_unforeseen(rows: list[Row]) -> None:
    for row in rows:
        assert row["reason"] != Reason.UNFORESEEN, f"a fault of ours: {row}"


def films_are_kept(world: World, rows: list[Row]) -> None:
    there = world.films()
    for row in rows:
        assert row["film"] is None or row["film"] in there, f"no file for {row}"


def shown_once(world: World) -> None:
    """Beside a card in a channel that the bot could not look into, a direct message may come."""
    most = 2 if world.was_closed else 1
    for film, times in world.shown().items():
        assert times <= most, f"{film[-40:]!r} is shown {times} times"


def delivered_where_it_says_so(world: World, rows: list[Row]) -> None:
    shown = world.shown()
    for row in rows:
        if row["status"] == RenderStatus.DELIVERED:
            film = world.renderer.films[row["video_id"]]
            elsewhere = world.was_closed and row["fallback"] == Fallback.DIRECT
            assert shown[film] == 1 or (elsewhere and shown[film] == 2), f"not shown once: {row}"


# -------------------------------------------------------------------- at rest


def settled(rows: list[Row]) -> bool:
    """Whether nothing more is to come: every job has ended, and people were shown how."""
    return all(
        row["status"] in FINAL
        and (row["status"] not in WITHOUT_VIDEO or row["shown"] == row["status"])
        for row in rows
    )


def at_rest(world: World, asked: Asked, *, later: bool = False) -> None:
    rows = world.rows()
    assert settled(rows), f"still moving: {rows}"
    for row in rows:
        _is_told(world, render_in(row))
    _nothing_is_lost(world, rows, asked)
    if later or world.lives == 1:
        _nothing_is_left(world, rows, asked)
    if later:
        assert all(row["interaction_token"] is None for row in rows), "a dead token is kept"
        kept = {row["film"] for row in rows if row["film"] is not None}
        assert world.films() == kept, "films of nobody"


def _nothing_is_left(world: World, rows: list[Row], asked: Asked) -> None:
    """With a deleted job its film goes, after a death in between when the keeper comes by."""
    gone = asked.rows.keys() - {row["id"] for row in rows}
    left = {name for name in world.films() if name.partition(".")[0] in gone}
    assert not left, f"left of a deleted job: {left}"


def _is_told(world: World, job: Render) -> None:
    """An end has words, and a message with the buttons that go with it."""
    assert sentences.sentence(job) or job.status is RenderStatus.DELIVERED
    actions = offered(job, remix=True)
    assert actions
    there = [[action for _, action, _ in row] for row in world.cards_of(job.id)]
    assert list(actions) in there, f"{job} is shown as {there}"
    film = world.renderer.films.get(job.video_id or "")
    if film is not None and job.status is not RenderStatus.DELIVERED:
        assert film not in world.shown(), f"shown, and the row says {job.status}"


def _nothing_is_lost(world: World, rows: list[Row], asked: Asked) -> None:
    """Every purchase belongs to a job, or to one whose card says that nobody knows."""
    known = {row["video_id"] for row in rows}
    for prompt, made in world.videos.made.items():
        lost = [one for one in made if one not in known]
        if not lost or prompt in asked.repeated:
            continue
        of_it = [row for row in rows if row["prompt"] == prompt]
        deleted = any(asked.has_deleted(at) for at, of in asked.rows.items() if of == prompt)
        assert of_it or deleted, f"{prompt!r} was bought and no job is left of it"
        for row in of_it:
            dropped = row["reason"] == Reason.ABANDONED
            assert dropped or row["status"] == RenderStatus.UNCONFIRMED, f"bought, and: {row}"


def render_in(row: Row) -> Render:
    """Build the render that a row tells of, as far as its card goes."""
    shown, fallback = row["shown"], row["fallback"]
    card = Card(
        message_id=row["message_id"],
        interaction_token=None,
        token_expires_at=row["token_expires_at"],
        upload_limit=row["upload_limit"],
        bot_upload_limit=row["bot_upload_limit"],
        shown=None if shown is None else RenderStatus(shown),
        fallback=None if fallback is None else Fallback(fallback),
    )
    request = Request(
        id=row["request_id"],
        requester_id=row["requester_id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        application_id=row["application_id"],
        spec=VideoSpec(prompt=row["prompt"], size=row["size"], seconds=row["seconds"]),
        card=card,
        created_at=row["created_at"],
    )
    return Render(
        id=row["id"],
        request=request,
        status=RenderStatus(row["status"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        video_id=row["video_id"],
    )
