"""Which commands and places the page offers to whom."""

from typing import Any

import pytest

from bot.simulator import shown
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.uploads import Upload
from bot.simulator.world import MANAGE_MESSAGES, USUAL, Channel, Role, User

ADMINISTRATOR = 1 << 3
BOTH_INSTALLS = [0, 1]


class Places:
    """A guild with the bot, one without, and both kinds of direct message, for one person."""

    def __init__(self, *, may: int = USUAL, locale: str = "en-US") -> None:
        self.discord = SimulatedDiscord()
        self.user = self.discord.add_user("ada", may=may, locale=locale)
        friend = self.discord.add_user("noah")
        home = self.discord.add_guild("Home", people=[self.user])
        away = self.discord.add_guild("Away", people=[self.user, friend], bot_is_member=False)
        self.by_name: dict[str, Channel] = {
            "home": self.discord.add_channel(home, "general"),
            "away": self.discord.add_channel(away, "lounge"),
            "bot": self.discord.dm(self.user),
            "friends": self.discord.add_conversation(self.user, friend),
        }

    def offering(self, **facts: Any) -> set[str]:  # noqa: ANN401
        """Return where a command with these facts is offered."""
        self.discord.commands = {None: [{"name": "video", "type": 1, **facts}]}
        return {
            name
            for name, channel in self.by_name.items()
            if list(shown.commands(self.discord, channel, self.user))
        }


@pytest.mark.parametrize(
    ("facts", "places"),
    [
        ({}, {"home", "bot"}),
        ({"integration_types": BOTH_INSTALLS}, {"home", "away", "bot", "friends"}),
        ({"integration_types": [1]}, {"away", "bot", "friends"}),
        ({"integration_types": BOTH_INSTALLS, "contexts": [0]}, {"home", "away"}),
        ({"integration_types": BOTH_INSTALLS, "contexts": [1]}, {"bot"}),
        ({"integration_types": BOTH_INSTALLS, "contexts": [2]}, {"friends"}),
        ({"contexts": [0, 1, 2]}, {"home", "bot"}),
    ],
)
def test_a_command_is_offered_by_its_contexts_and_installs(
    facts: dict[str, Any], places: set[str]
) -> None:
    assert Places().offering(**facts) == places


@pytest.mark.parametrize(
    ("may", "needed", "offered"),
    [
        (USUAL, None, True),
        (USUAL, str(MANAGE_MESSAGES), False),
        (USUAL | MANAGE_MESSAGES, str(MANAGE_MESSAGES), True),
        (USUAL | MANAGE_MESSAGES, str(MANAGE_MESSAGES | ADMINISTRATOR), False),
        (ADMINISTRATOR, str(MANAGE_MESSAGES), True),
        (USUAL, "0", False),
        (ADMINISTRATOR, "0", True),
    ],
)
def test_a_command_is_offered_by_its_default_permissions(
    may: int, needed: str | None, *, offered: bool
) -> None:
    found = Places(may=may).offering(default_member_permissions=needed, contexts=[0])
    assert found == ({"home"} if offered else set())


def test_a_guilds_own_commands_are_offered_there_alone() -> None:
    places = Places()
    guild = places.by_name["home"].guild
    assert guild is not None
    places.discord.commands = {guild.id: [{"name": "video", "type": 1}]}
    for name, channel in places.by_name.items():
        found = list(shown.commands(places.discord, channel, places.user))
        assert bool(found) == (name == "home")


@pytest.mark.parametrize(("kind", "offered"), [(1, True), (2, False), (3, True), (4, False)])
def test_entries_of_peoples_menus_are_not_offered(kind: int, *, offered: bool) -> None:
    assert ("home" in Places().offering(type=kind)) == offered


def test_commands_options_and_choices_are_in_the_persons_language() -> None:
    option = {
        "name": "size", "type": 3, "description": "How large",
        "name_localizations": {"ja": "大きさ"},
        "choices": [{"name": "tall", "name_localizations": {"ja": "縦"}, "value": "720x1280"}],
    }  # fmt: skip
    command = {
        "name": "video", "type": 1, "description": "Make it", "options": [option],
        "description_localizations": {"ja": "作る"},
    }  # fmt: skip
    for locale, described, named, chosen in (
        ("ja", "作る", "大きさ", "縦"),
        ("de", "Make it", "size", "tall"),
    ):
        places = Places(locale=locale)
        places.discord.commands = {None: [command]}
        (found,) = shown.commands(places.discord, places.by_name["home"], places.user)
        (size,) = found["options"]
        assert (found["key"], found["name"], found["description"]) == ("video", "video", described)
        assert (size["key"], size["name"], size["description"]) == ("size", named, "How large")
        assert size["choices"] == [{"name": chosen, "value": "720x1280"}]


def test_places_are_those_of_the_person() -> None:
    places = Places()
    stranger = places.discord.add_user("eve")
    home, away, talks = shown.places(places.discord, places.user)
    assert (home["name"], away["name"], talks["id"]) == ("Home", "Away", "@me")
    assert [one["name"] for one in talks["channels"]] == ["Rushes", "friends"]
    (nothing,) = shown.places(places.discord, stranger)
    assert nothing["channels"] == []


def test_a_closed_channel_is_not_listed() -> None:
    places = Places()
    channel = places.by_name["home"]
    channel.closed_to = (places.user.id,)
    (home, *_) = shown.places(places.discord, places.user)
    assert home["channels"] == []


def test_a_person_has_roles_and_a_shown_name() -> None:
    user = User(7, "mia", locale="ja", roles=(Role(1, "Moderator", color=0x2ECC71),))
    assert shown.person(user) == {
        "id": "7", "name": "Mia", "locale": "ja",
        "roles": [{"name": "Moderator", "color": "#2ecc71"}],
    }  # fmt: skip


def test_a_private_answer_is_its_readers_alone() -> None:
    places = Places()
    other = places.discord.add_user("grace")
    channel = places.by_name["home"]
    assert channel.guild is not None
    channel.guild.people.append(other)
    messages = places.discord.messages
    private = messages.new(channel, places.discord.bot, seen_by=places.user)
    messages.write(private, Upload({"content": "hush", "flags": 64}, {}), through="a", limit=1)
    assert shown.is_visible(private, places.user)
    assert not shown.is_visible(private, other)
    assert shown.message(places.discord, private, places.user)["private"]
    messages.delete(private)
    assert not shown.is_visible(private, places.user)


def test_an_answer_says_who_used_what_and_whom_it_pings() -> None:
    places = Places()
    messages = places.discord.messages
    made = messages.new(places.by_name["home"], places.discord.bot, used=(places.user, "/video"))
    upload = Upload({"content": f"<@{places.user.id}> done"}, {})
    messages.write(made, upload, through="a", limit=1)
    told = shown.message(places.discord, made, places.user)
    assert (told["used"]["by"]["name"], told["used"]["what"]) == ("Ada", "/video")
    assert told["bot"]
    assert told["pings"]
    assert not shown.message(places.discord, made, places.discord.add_user("grace"))["pings"]
