"""Those who pressed "Notify me" are told once, whatever becomes of Discord and of the bot."""

import re

import pytest

from bot.simulator.messages import Message
from bot.simulator.world import User
from tests.database import rows
from tests.loopback.driver import Loopback
from tests.loopback.faults import Fault, Held, answer, applied_then, cut, cut_after
from tests.reliability.film_club import TOKEN_OVER, FilmClub


@pytest.fixture
def grace(discord: Loopback) -> User:
    return discord.add_user("grace")


async def watch(club: FilmClub, who: User) -> str:
    """Press "Notify me"; return the private answer."""
    interaction = await club.discord.press(
        who, club.discord.messages_in(club.channel)[0], "Notify me"
    )
    await interaction.answered()
    return interaction.message.text


async def watched(club: FilmClub, who: User) -> None:
    """Have a video rendered that somebody else waits for."""
    await club.ask()
    await club.until_card_says("In progress")
    assert "be notified" in await watch(club, who)


def pings(club: FilmClub) -> list[Message]:
    """Every message in the channel but the card."""
    return club.discord.messages_in(club.channel)[1:]


async def until_told(club: FilmClub) -> Message:
    await club.discord.until(lambda: pings(club), within=15)
    (ping,) = pings(club)
    return ping


def named(ping: Message) -> list[str]:
    return re.findall(r"<@(\d+)>", ping.now.content)


def nobody_waits(club: FilmClub) -> bool:
    return not rows(club.folder, "subscriptions")


async def answered_requests(club: FilmClub, kind: str, count: int) -> None:
    def come() -> bool:
        return sum(one.kind == kind for one in club.discord.requests) >= count

    await club.discord.until(come, within=15)


async def test_only_those_who_asked_are_named_under_the_card(club: FilmClub, grace: User) -> None:
    await watched(club, grace)
    hedy = club.discord.add_user("hedy")
    await watch(club, hedy)
    assert "already" in await watch(club, hedy)

    club.finish()
    ping = await until_told(club)

    assert named(ping) == [str(grace.id), str(hedy.id)]
    assert ping.now.pinged.users == (grace.id, hedy.id)
    assert ping.reference is not None
    assert ping.reference["message_id"] == club.discord.messages_in(club.channel)[0].id


@pytest.mark.parametrize(
    "fault",
    [answer(500), applied_then(500), answer(503), cut, cut_after],
    ids=["500", "done, then 500", "503", "cut", "done, then cut"],
)
async def test_a_passing_failure_is_told_by_the_next_start_at_the_latest(
    club: FilmClub, grace: User, fault: Fault
) -> None:
    await watched(club, grace)
    club.discord.meet("channel_send", fault)
    club.finish()
    await answered_requests(club, "channel_send", 1)

    await club.bot.restart()
    ping = await until_told(club)
    await club.bot.restart()
    await watch_nothing_more(club, ping)


async def watch_nothing_more(club: FilmClub, ping: Message) -> None:
    """Have another film made, whose end comes after everything that was still on its way."""
    interaction = await club.ask()
    await club.discord.until(lambda: interaction.message.film, within=20)
    assert pings(club) == [ping, interaction.message]


@pytest.mark.parametrize("applied", [False, True], ids=["not taken", "taken"])
async def test_the_bot_is_killed_while_it_tells(
    club: FilmClub, grace: User, *, applied: bool
) -> None:
    await watched(club, grace)
    on_the_wire = Held(applied=applied)
    club.discord.meet("channel_send", on_the_wire)
    club.finish()
    await on_the_wire.reached.wait()

    await club.bot.restart()
    await club.discord.until(lambda: club.discord.seen["channel_send"] > 1, within=15)
    ping = await until_told(club)

    assert named(ping) == [str(grace.id)]
    await watch_nothing_more(club, ping)


async def test_where_the_channel_is_closed_each_is_written_to(club: FilmClub, grace: User) -> None:
    await watched(club, grace)
    club.discord.skew(TOKEN_OVER)
    club.channel.bot_may = 0
    club.finish()

    private = club.discord.dm(grace)
    await club.discord.until(lambda: club.discord.messages_in(private), within=15)

    (told,) = club.discord.messages_in(private)
    card = club.discord.messages_in(club.channel)[0]
    assert "Completed" in told.text
    assert f"/{club.channel.id}/{card.id}" in told.text
    assert told.now.pinged.users == ()


async def test_who_takes_no_direct_messages_is_given_up_in_the_log(
    club: FilmClub, grace: User
) -> None:
    grace.takes_dms = False
    await watched(club, grace)
    club.discord.skew(TOKEN_OVER)
    club.channel.bot_may = 0
    club.finish()

    await club.discord.until(lambda: "somebody cannot be notified" in club.bot.log, within=15)
    await club.discord.until(lambda: nobody_waits(club), within=15)


async def test_where_the_bot_is_no_member_it_tells_through_the_interaction(
    club: FilmClub, grace: User
) -> None:
    club.channel = club.discord.add_channel(club.discord.add_guild(bot_is_member=False))
    await club.ask()
    await club.until_card_says("In progress")
    assert "within 15 minutes" in await watch(club, grace)

    club.finish()
    ping = await until_told(club)

    assert ping.now.pinged.users == (grace.id,)
    assert club.discord.seen["channel_send"] == 0


async def test_who_cannot_view_the_channel_any_more_learns_of_the_end_alone(
    club: FilmClub, grace: User
) -> None:
    await watched(club, grace)
    hedy = club.discord.add_user("hedy")
    await watch(club, hedy)
    club.channel.closed_to = (grace.id,)
    await club.discord.permit(club.channel, club.channel.bot_may)

    club.finish()
    ping = await until_told(club)
    private = club.discord.dm(grace)
    await club.discord.until(lambda: club.discord.messages_in(private), within=15)

    (told,) = club.discord.messages_in(private)
    assert told.text == "A video you were waiting for has finished."
    assert named(ping) == [str(hedy.id)]
