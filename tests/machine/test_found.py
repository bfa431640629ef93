"""Courses of events that the machine found, each as short as it can be."""

import asyncio
import random
from collections.abc import Generator

import pytest
from aiohttp import web

from bot.cards.buttons import Action
from bot.jobs.models import RenderStatus
from tests.loopback import faults as loopback
from tests.machine.world import World, buttons_of
from tests.videos_server import faults as faulty

NONCE_OVER = 400.0
"""Seconds after which Discord has forgotten a nonce, and the bot has swept some times."""


@pytest.fixture
def world() -> Generator[World]:
    made = World()
    try:
        made.start()
        yield made
    finally:
        made.close()


def filling(world: World) -> loopback.Fault:
    """Let Discord take the request, and the disk nothing more."""

    async def filled(_: web.Request, apply: loopback.Apply) -> web.StreamResponse:
        world.fill_disk()
        return await apply()

    return filled


@pytest.mark.parametrize("turns", range(4, 16))
def test_a_request_in_the_last_moment_of_a_stop_ends_by_no_fault_of_ours(
    world: World, turns: int
) -> None:
    random.seed(turns)
    world.loop.work_takes = (40,)
    world.ask("a cat")
    world.loop.go_on(turns)
    world.stop()
    assert {row["status"] for row in world.rows()} <= {RenderStatus.REQUESTED, RenderStatus.QUEUED}


def test_a_create_that_is_lost_during_a_stop_is_looked_for_by_the_next_start(
    world: World,
) -> None:
    async def lost_late(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1.0)
        return await faulty.cut_after(request)

    world.videos.meet("create", lost_late)
    world.ask("a cat")
    world.loop.let_pass(0.5)
    process = world.process
    assert process is not None
    world.stop()
    assert [row["status"] for row in world.rows()] == [RenderStatus.UNCONFIRMED]
    assert not [name for name in process.left if name.startswith("look for")]
    world.start()
    world.renderer.finish_all()
    world.loop.let_pass(60)
    assert [row["status"] for row in world.rows()] == [RenderStatus.DELIVERED]
    assert len(world.videos.made["a cat"]) == 1


def test_a_film_that_was_taken_before_the_channel_closed_does_not_come_again(world: World) -> None:
    world.ask("a cat")
    world.loop.let_pass(5)
    world.sleeps(20 * 60)
    closed = loopback.answer(403, 50001, "Missing Access")
    world.discord.meet("film", loopback.applied_then(500), closed)
    world.renderer.finish_all()
    world.loop.let_pass(60)
    assert [row["status"] for row in world.rows()] == [RenderStatus.DELIVERED]
    assert list(world.shown().values()) == [1]


def test_a_card_goes_on_showing_the_film_whose_delivery_the_disk_did_not_take(
    world: World,
) -> None:
    world.ask("a cat")
    world.loop.let_pass(5)
    world.discord.meet("film", filling(world))
    world.renderer.finish_all()
    world.loop.let_pass(20)
    assert [row["status"] for row in world.rows()] == [RenderStatus.COMPLETED]
    world.clear_disk()
    world.loop.let_pass(60)
    assert [row["status"] for row in world.rows()] == [RenderStatus.DELIVERED]
    (card,) = world.public()
    assert Action.AGAIN in [action for _, action, _ in buttons_of(card)]
    assert not card.now.loose_files, "the card has no place for its film"


def test_a_request_that_was_answered_with_a_private_sentence_is_not_sent_after_a_restart(
    world: World,
) -> None:
    async def cut_on_a_full_disk(request: web.Request, apply: loopback.Apply) -> web.StreamResponse:
        world.fill_disk()
        return await loopback.cut(request, apply)

    world.discord.meet("acknowledge", cut_on_a_full_disk)
    world.ask("a cat")
    world.loop.let_pass(10)
    (told,) = world.discord.private_to(world.people[0])
    assert "Something went wrong" in told.text
    assert len(world.rows()) == 1, "the disk did not let it be dropped"

    world.clear_disk()
    world.stop()
    world.start()
    world.loop.let_pass(30)

    assert not world.videos.made
    assert world.rows() == []
    assert world.public() == []


def test_whoever_was_told_is_not_told_again_because_the_disk_did_not_take_that(
    world: World,
) -> None:
    world.ask("a cat")
    world.loop.let_pass(5)
    (notify,) = [one for one in world.buttons(world.people[1]) if one[1] is Action.NOTIFY]
    world.press(world.people[1], notify[0], f"rushes:{notify[1]}:{notify[2]}")
    world.loop.let_pass(1)
    world.discord.meet("channel_send", filling(world))
    world.renderer.finish_all()
    world.loop.let_pass(NONCE_OVER)
    world.clear_disk()
    world.loop.let_pass(NONCE_OVER)
    assert len(world.public()) == 2, "the card and one ping"


def test_a_deletion_that_the_disk_does_not_take_leaves_the_film(world: World) -> None:
    world.ask("a cat")
    world.renderer.finish_all()
    world.loop.let_pass(20)
    world.fill_disk()
    for action in (Action.DELETE, Action.DELETE_SURELY):
        found = [one for one in world.buttons(world.people[0]) if one[1] is action]
        message, _, job_id = found[0]
        world.press(world.people[0], message, f"rushes:{action}:{job_id}")
        world.loop.let_pass(1)
    assert [row["film"] in world.films() for row in world.rows()] == [True]
