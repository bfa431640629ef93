"""Who and what there is in the demo."""

import pytest

from bot.demo import town
from bot.demo.run import reachable
from bot.simulator import shown
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.world import DM, FORUM, THREAD


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("192.168.1.5", "192.168.1.5"),
    ],
)
def test_the_bot_reaches_the_demo_wherever_it_listens(host: str, place: str) -> None:
    assert reachable(host) == place


def built() -> SimulatedDiscord:
    discord = SimulatedDiscord()
    town.build(discord)
    return discord


def test_the_ids_are_the_same_at_every_start() -> None:
    first, second = built().world, built().world
    assert [*first.channels] == [*second.channels]
    assert [*first.guilds] == [*second.guilds]
    assert [one for one in first.users if one != first.bot.id] == [
        one for one in second.users if one != second.bot.id
    ]


def test_there_is_somebody_of_every_kind() -> None:
    people = {one.name: one for one in built().world.users.values() if not one.bot}
    assert list(people) == ["ada", "grace", "mia", "alan", "yuki", "noah"]
    assert [role.name for role in people["mia"].roles] == ["Moderator"]
    assert [role.name for role in people["alan"].roles] == ["Administrator"]
    assert people["yuki"].locale == "ja"


def test_there_is_a_channel_of_every_kind() -> None:
    discord = built()
    channels = {one.name: one for one in discord.world.channels.values()}
    assert channels["after-dark"].nsfw
    assert channels["storyboards"].type == THREAD
    assert channels["Cats on stage"].parent is channels["showcase"]
    assert channels["showcase"].type == FORUM
    assert channels["ada"].recipient is not None
    assert channels["Noah and Ada"].type == DM
    guild = channels["lounge"].guild
    assert guild is not None
    assert not guild.bot_is_member


def test_members_do_not_see_the_teams_channel() -> None:
    discord = built()
    names = {
        user.name: {
            channel["name"]
            for place in shown.places(discord, user)
            for channel in place["channels"]
        }
        for user in discord.world.users.values()
        if not user.bot
    }
    assert {name for name, seen in names.items() if "moderators" in seen} == {"mia", "alan"}
    assert names["noah"] == {"lounge", "Rushes", "Noah and Ada"}


def test_every_try_of_the_greeting_is_a_command_of_the_bot() -> None:
    assert {one["command"] for one in town.GREETING["tries"]} == {"video", "videos"}
