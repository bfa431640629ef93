"""/video-admin over sockets: what is set counts at once, at every door, and is recorded."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.simulator.interactions import Interaction
from bot.simulator.world import MANAGE_GUILD, USUAL, Channel, Role, User
from tests import database
from tests.loopback.driver import Loopback
from tests.reliability.film_club import PROMPT, FilmClub
from tests.videos_server.server import ScriptedServer

MAKERS = Role(903, "makers", 0)


class Governed(FilmClub):
    """With an administrator, a role, a thread, and a second channel."""

    def __init__(
        self, discord: Loopback, videos: ScriptedServer, folder: Path, **environment: str
    ) -> None:
        super().__init__(discord, videos, folder, **environment)
        assert self.channel.guild is not None
        self.guild = self.channel.guild
        self.guild.roles.append(MAKERS)
        self.other = discord.add_channel(self.guild, "other")
        self.thread = discord.add_thread(self.channel, "thread")
        self.admin = discord.add_user("root", may=USUAL | MANAGE_GUILD)

    async def admins(self, command: str, user: User | None = None, **options: int | str) -> str:
        """Use a command of /video-admin; return what it answers."""
        made = await self.discord.slash(
            user or self.admin, self.channel, f"video-admin {command}", **options
        )
        return await self.text_of(made)

    async def asks(
        self, user: User | None = None, place: Channel | None = None, **options: str
    ) -> str:
        """Use /video; return what it answers."""
        chosen = {"prompt": PROMPT} | options
        made = await self.discord.slash(user or self.ada, place or self.channel, "video", **chosen)
        return await self.text_of(made)

    async def text_of(self, made: Interaction) -> str:
        await made.answered()
        await self.discord.until(lambda: made.message.text)
        return made.message.text

    async def choose(self, field: str, *values: int | str) -> Interaction:
        """Choose in a menu of the settings card."""
        opened = await self.discord.slash(self.admin, self.channel, "video-admin settings")
        await opened.answered()
        chosen = [str(value) for value in values]
        made = await self.discord.press(self.admin, opened.message, f"rushes-admin:{field}", chosen)
        return await made.answered()


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return getattr(request, "param", {})


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path, environment: dict[str, str]
) -> AsyncGenerator[Governed]:
    async with Governed(discord, videos, tmp_path, **environment) as club:
        yield club


async def test_only_who_manages_the_server_may(club: Governed) -> None:
    for command in ("settings", "pause", "limits", "audit", "queue", "usage"):
        assert "Manage Server" in await club.admins(command, user=club.ada)
    opened = await club.discord.slash(club.admin, club.channel, "video-admin settings")
    await opened.answered()
    forged = await club.discord.press(club.ada, opened.message, "rushes-admin:blocked", [])
    assert "Manage Server" in await club.text_of(forged)


async def test_a_pause_refuses_with_its_reason_until_it_is_over(club: Governed) -> None:
    assert "paused" in await club.admins("pause", reason="The GPU is *being* moved")
    refused = await club.asks()
    assert "Videos are paused in this server: The GPU is" in refused
    await club.admins("resume")
    await club.asks()
    await club.until_film()
    assert club.videos.seen["create"] == 1


async def test_settings_decide_who_where_and_what(club: Governed) -> None:
    await club.choose("roles", MAKERS.id)
    assert f"<@&{MAKERS.id}>" in await club.asks()
    grace = club.discord.add_user("grace", roles=(MAKERS,))

    await club.choose("blocked", grace.id)
    assert "You can't make videos" in await club.asks(grace)
    await club.choose("blocked")

    await club.choose("channels", club.other.id)
    assert f"<#{club.other.id}>" in await club.asks(grace, place=club.thread)
    await club.choose("channels", club.channel.id)

    await club.choose("sizes", "720x1280")
    assert "720x1280" in await club.asks(grace, size="1280x720")
    assert club.videos.seen["create"] == 0
    await club.asks(grace, place=club.thread)
    await club.discord.until(lambda: club.videos.seen["create"] == 1)
    (row,) = club.rows()
    assert row["size"] == "720x1280", "the first of what is allowed is the default"


async def test_a_limit_of_a_community_holds_and_a_grant_raises_it(club: Governed) -> None:
    set_to = await club.admins("limit", counts="videos", period="day", most="1")
    assert "Each person: 1 video per day" in set_to
    await club.asks()
    await club.until_film()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    assert "You have reached your limit: 1 video per day" in await club.asks()
    explained = await club.admins("explain", person=club.ada.id)
    assert "can't make a video here now" in explained
    assert "You have reached your limit" in explained

    granted = await club.admins("grant", counts="videos", amount="1", person=club.ada.id)
    assert "Granted 1 video" in granted
    assert "can make a video here" in await club.admins("explain", person=club.ada.id)
    await club.asks()
    await club.discord.until(lambda: club.videos.seen["create"] == 2)
    assert "You have reached your limit" in await club.asks()

    await club.admins("limit", counts="videos", period="day", most="")
    assert "no limits of its own" in await club.admins("limits")


async def test_the_most_generous_role_counts_before_what_everybody_has(club: Governed) -> None:
    await club.admins("limit", counts="videos", period="week", most="0")
    await club.admins("limit", counts="videos", period="week", most="5", role=MAKERS.id)
    grace = club.discord.add_user("grace", roles=(MAKERS,))
    assert "You have reached your limit: 0 videos per week" in await club.asks()
    assert "can make a video here" in await club.admins("explain", person=grace.id)


async def test_a_channel_counts_with_its_threads(club: Governed) -> None:
    await club.admins("limit", counts="seconds", period="ever", most="4", channel=club.channel.id)
    await club.asks(place=club.thread, seconds="4")
    await club.discord.until(lambda: club.videos.seen["create"] == 1)
    assert "This channel has reached its limit" in await club.asks(seconds="4")
    assert "▰▰▰▰▰▰▰▰▰▰" in await club.admins("limits")


async def test_what_is_typed_wrong_changes_nothing_and_says_so(club: Governed) -> None:
    for typed in ("many", "-1", "1.5", "1e99", "NaN"):
        said = await club.admins("limit", counts="videos", period="day", most=typed)
        assert "is not an amount" in said, typed
    assert "no limits of its own" in await club.admins("limits")


async def test_the_audit_says_who_changed_what(club: Governed) -> None:
    await club.choose("audit_channel", club.other.id)
    await club.admins("pause", reason="lunch")
    await club.asks()
    text = await club.admins("audit")
    assert f"<@{club.admin.id}>" in text
    assert "**Pause**: nothing → lunch" in text
    assert f"**Channel for changes**: nothing → <#{club.other.id}>" in text
    (*_, posted) = club.discord.messages_in(club.other)
    assert "nothing → lunch" in posted.text


async def test_usage_adds_up_and_comes_as_a_table(club: Governed) -> None:
    await club.asks(seconds="4")
    await club.until_film()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    made = await club.discord.slash(club.admin, club.channel, "video-admin usage", by="person")
    text = await club.text_of(made)
    assert f"<@{club.ada.id}>" in text
    assert "1 video · 4 seconds of video" in text
    (file,) = made.message.now.files
    head, line = file.data.decode().split()
    assert head.startswith("at,guild_id,channel_id,requester_id,model,videos,seconds,money,held")
    assert f"{club.ada.id}" in line


async def test_the_queue_cancels_what_runs(club: Governed) -> None:
    await club.asks()
    await club.until_card_says("In progress")
    opened = await club.discord.slash(club.admin, club.channel, "video-admin queue")
    assert PROMPT in await club.text_of(opened)
    (row,) = club.rows()
    made = await club.discord.press(club.admin, opened.message, "rushes-admin:cancel", [row["id"]])
    await club.discord.until(lambda: made.follow_ups)
    assert "Cancelled" in made.follow_ups[0].text
    await club.discord.until(lambda: database.count(club.folder, "audit"))
    assert "cancelled a video" in await club.admins("audit")


PRICED = pytest.mark.parametrize(
    "environment", [{"VIDEOS_PRICES": "0.10", "BUDGET_PER_DAY": "1"}], indirect=True
)


async def asked_above(club: Governed, price: str) -> None:
    """Have the bot ask before what costs more."""
    opened = await club.discord.slash(club.admin, club.channel, "video-admin settings")
    await opened.answered()
    form = await club.discord.press(club.admin, opened.message, "rushes-admin:numbers")
    await form.answered()
    fields = [one["component"]["custom_id"] for one in form.response_data["components"]]
    sent = await club.discord.submit(form, **dict(zip(fields, ("", "", price, ""), strict=True)))
    await sent.answered()


@PRICED
async def test_a_price_is_confirmed_before_anything_is_held(club: Governed) -> None:
    await asked_above(club, "0.30")
    await club.asks(size="1280x720", seconds="4")
    question = club.discord.private_to(club.ada)[-1]
    assert "This video costs $0.40. $1.00 left" in question.text
    assert club.rows() == []

    cancelled = await club.discord.press(club.ada, question, "Cancel")
    await cancelled.answered()
    await club.discord.until(lambda: "Nothing was started" in question.text)

    await club.asks(size="1280x720", seconds="4")
    question = club.discord.private_to(club.ada)[-1]
    yes = await club.discord.press(club.ada, question, "Render for $0.40")
    await yes.answered()
    again = await club.discord.press(club.ada, question, "Render for $0.40")
    await again.answered()
    await club.discord.until(lambda: question.deleted)
    await club.until_film()
    assert club.videos.seen["create"] == 1
    assert len(club.rows()) == 1


@PRICED
async def test_what_is_not_dear_or_has_no_room_is_not_asked_about(club: Governed) -> None:
    await asked_above(club, "0.50")
    for seen in (1, 2):
        await club.asks(seconds="4")
        await club.discord.until(lambda seen=seen: club.videos.seen["create"] == seen)
    assert "This video needs $0.80, and $0.20 is left." in await club.asks(seconds="8")


async def test_roles_that_were_deleted_can_be_cleared(club: Governed) -> None:
    await club.choose("roles", MAKERS.id)
    club.guild.roles.remove(MAKERS)
    await club.bot.kill()
    await club.bot.start()
    opened = await club.discord.slash(club.admin, club.channel, "video-admin settings")
    assert "The chosen roles were deleted" in await club.text_of(opened)
    cleared = await club.discord.press(club.admin, opened.message, "Allow all again")
    await cleared.answered()
    await club.asks()
    await club.discord.until(lambda: club.videos.seen["create"] == 1)


async def test_an_amount_is_read_as_it_is_written_or_not_at_all(club: Governed) -> None:
    for typed in ("1e9999999", "1,000", "1.000", "0x10"):
        said = await club.admins("grant", counts="money", amount=typed)
        assert "is not an amount" in said, typed
