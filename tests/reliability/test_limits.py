"""The owner's limits: no door leads past them, and they give back what was not bought."""

from collections.abc import Callable, Coroutine

import pytest

from bot.simulator.interactions import Interaction
from bot.simulator.world import Channel
from tests.reliability.film_club import PROMPT, FilmClub
from tests.videos_server.faults import answer

Door = Callable[[FilmClub], Coroutine[object, object, Interaction]]


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return getattr(request, "param", {"LIMIT_PER_PERSON_PER_DAY": "1"})


def given(**settings: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("environment", [settings], indirect=True)


async def asked(club: FilmClub, place: Channel | None = None) -> Interaction:
    made = await club.discord.slash(club.ada, place or club.channel, "video", prompt=PROMPT)
    return await made.answered()


async def again(club: FilmClub) -> Interaction:
    return await (await club.discord.press(club.ada, club.card, "Again")).answered()


async def edited(club: FilmClub) -> Interaction:
    form = await (await club.discord.press(club.ada, club.card, "Edit prompt")).answered()
    return await sent(club, form)


async def from_menu(club: FilmClub) -> Interaction:
    form = await club.discord.message_command(club.ada, club.card, "Make a video")
    return await sent(club, await form.answered())


async def sent(club: FilmClub, form: Interaction) -> Interaction:
    fields = [one["component"] for one in form.response_data["components"]]
    prompt = next(one["custom_id"] for one in fields if "max_length" in one)
    chosen = {one["custom_id"]: [one["options"][0]["value"]] for one in fields if "options" in one}
    return await (await club.discord.submit(form, **{prompt: "an owl"}, **chosen)).answered()


DOORS: dict[str, Door] = {
    "command": asked,
    "again": again,
    "edit": edited,
    "menu": from_menu,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
async def test_no_door_leads_past_a_limit(club: FilmClub, door: Door) -> None:
    await asked(club)
    await club.until_film()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    refused = await door(club)

    assert "You have reached your limit: 1 video per day" in refused.message.text
    assert "<t:" in refused.message.text
    assert refused.message.seen_by is club.ada
    assert club.videos.seen["create"] == 1


async def test_what_the_server_refuses_is_given_back(club: FilmClub) -> None:
    club.videos.meet("create", answer(400, '{"error": {"message": "no"}}'))
    await asked(club)
    await club.until_card_says("Failed")

    await asked(club)
    await club.discord.until(lambda: len(club.discord.messages_in(club.channel)) == 2)
    club.finish()
    await club.discord.until(
        lambda: any(one.film for one in club.discord.messages_in(club.channel))
    )
    assert "reached your limit" in (await asked(club)).message.text


async def test_a_limit_counts_across_a_death(club: FilmClub) -> None:
    await asked(club)
    await club.until_card_says("In progress")
    await club.bot.restart()

    assert "reached your limit" in (await asked(club)).message.text
    await club.until_film()
    await club.assert_film_came_once()


@given(BUDGET_PER_DAY="0.50", VIDEOS_PRICES="0.10")
async def test_a_budget_says_what_is_left_of_it(club: FilmClub) -> None:
    await asked(club)
    refused = await asked(club)

    assert "This bot has reached its limit: $0.50 per day." in refused.message.text
    assert "This video needs $0.40, and $0.10 is left." in refused.message.text


@given(BUDGET_PER_DAY="0.50", VIDEOS_PRICES="another-model=0.10")
async def test_a_model_without_a_price_is_refused_under_a_budget(club: FilmClub) -> None:
    refused = await asked(club)

    assert "no price yet" in refused.message.text
    assert club.videos.seen["create"] == 0
    assert "has no price" in club.bot.log


@given(VIDEOS_PRICES="0.10")
async def test_what_costs_money_is_for_servers_unless_the_owner_says_more(club: FilmClub) -> None:
    direct = await asked(club, club.discord.dm(club.ada))
    elsewhere = club.discord.add_guild("Elsewhere", bot_is_member=False)
    outside = await asked(club, club.discord.add_channel(elsewhere))

    assert "doesn't allow videos in direct messages" in direct.message.text
    assert "only in servers that have the bot" in outside.message.text
    await asked(club)
    await club.until_film()


@given(ALLOWED_GUILDS="123456789")
async def test_a_server_that_is_not_listed_is_refused(club: FilmClub) -> None:
    assert "doesn't allow videos in this server" in (await asked(club)).message.text


@given(
    LIMIT_PER_PERSON_PER_DAY="3",
    LIMIT_PER_COMMUNITY_PER_DAY="5",
    BUDGET_PER_MONTH="10",
    VIDEOS_PRICES="0.10",
    MAX_ACTIVE_PER_USER="2",
)
async def test_quota_lists_what_is_left(club: FilmClub) -> None:
    await asked(club)
    await club.until_card_says("In progress")
    made = await (await club.discord.slash(club.ada, club.channel, "quota")).answered()

    text = made.message.text
    assert "**You: 3 videos per day**\n2 videos left · 1 video held" in text
    assert "**This server: 5 videos per day**\n4 videos left" in text
    assert "**The whole bot: $10.00 per month**\n$9.60 left · $0.40 held" in text
    assert "You can make 2 videos at a time." in text
