"""From the interaction to the create: whatever fails in between, nobody is left guessing."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.simulator.interactions import Interaction
from tests.database import earlier
from tests.loopback.faults import Held, answer, cut, cut_after
from tests.media.images import png
from tests.reliability.film_club import GRACE, PROMPT, FilmClub
from tests.videos_server.faults import answer as refused

WAITING = {"image": ("cat.png", png(), "image/png")}


@pytest.fixture
def environment() -> dict[str, str]:
    """One film at a time: a request that is forgotten wrongly blocks the next."""
    return {"MAX_ACTIVE_PER_USER": "1"}


async def killed_before_the_create(club: FilmClub) -> Interaction:
    """The card stands, nothing was sent, and nobody runs."""
    held = Held(applied=True)
    club.discord.meet("acknowledge", held)
    interaction = await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await held.reached.wait()
    await club.bot.kill()
    return interaction


# ------------------------------------------------------------------ a card that is looked for


async def test_discord_is_away_at_a_start_and_comes_back(club: FilmClub) -> None:
    interaction = await killed_before_the_create(club)
    club.discord.meet("token_read", cut, cut, cut)

    await club.bot.start()
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()


async def test_discord_stays_away_until_nobody_waits_any_more(club: FilmClub) -> None:
    await killed_before_the_create(club)
    club.rewrite(created_at=earlier("created_at", 165))
    club.discord.meet("token_read", *[cut] * 20)

    await club.bot.start()
    await club.until_card_says("Discord couldn't be reached", within=60)

    assert "Nothing was charged" in club.card.text
    assert club.videos.seen["create"] == 0
    club.discord.faults.clear()
    await club.ask()


async def test_one_not_found_is_not_believed(club: FilmClub) -> None:
    interaction = await killed_before_the_create(club)
    club.discord.meet("token_read", answer(404, 10015, "Unknown Webhook"))

    await club.bot.start()
    await club.until_film()

    assert club.card is interaction.message


async def test_the_answer_is_lost_and_discord_is_away(club: FilmClub) -> None:
    club.discord.meet("acknowledge", cut_after)
    club.discord.meet("token_read", *[cut] * 4)

    await club.ask()
    await club.until_film()

    await club.assert_film_came_once()


async def test_too_late_for_an_answer(club: FilmClub) -> None:
    club.discord.meet("acknowledge", answer(404, 10062, "Unknown interaction"))
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await club.discord.until(lambda: "nothing is sent" in club.bot.log)

    await club.discord.until(lambda: not club.rows())
    assert club.videos.seen["create"] == 0
    assert club.discord.messages_in(club.channel) == []


async def test_a_card_that_discord_refuses_is_said_in_private(club: FilmClub) -> None:
    """The plain card that takes its place as well."""
    club.discord.meet("acknowledge", *[answer(400, 50035, "Invalid Form Body")] * 2)
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await club.discord.until(lambda: club.discord.private_to(club.ada))

    (told,) = club.discord.private_to(club.ada)
    assert "Something went wrong" in told.text
    assert club.videos.seen["create"] == 0
    await club.ask()
    await club.until_film()


# ------------------------------------------------------------------ what cannot be sent


async def test_a_request_that_cannot_be_built_ends_in_words(club: FilmClub) -> None:
    await killed_before_the_create(club)
    club.rewrite(size="enormous")

    await club.bot.start()
    await club.until_card_says("Something went wrong, so this wasn't sent")

    assert club.videos.seen["create"] == 0
    await club.ask()


async def test_killed_before_it_was_sent_a_second_time(club: FilmClub) -> None:
    """The first create may have been taken, so nobody can say that nothing was charged."""
    await killed_before_the_create(club)
    club.rewrite(sent_at=lambda row: row["created_at"], created_at=earlier("created_at", 1000))

    await club.bot.start()
    await club.until_card_says("Not sure it was sent")

    assert club.videos.seen["create"] == 0


async def test_an_image_is_handed_over_at_the_second_try(club: FilmClub) -> None:
    club.discord.meet("cdn", answer(503))

    await club.ask(**WAITING)
    await club.until_film()

    await club.assert_film_came_once()


async def test_a_card_that_cannot_be_taken_back_says_what_is_wrong(club: FilmClub) -> None:
    club.discord.meet("token_delete", answer(403, 50013, "Missing Permissions"))

    await club.ask(image=("cat.png", b"no image", "image/png"))
    await club.until_card_says("Your image can't be used")

    assert club.videos.seen["create"] == 0
    await club.ask()


# ------------------------------------------------------------------ an end nobody was shown


async def test_killed_after_an_end_was_written_and_before_it_was_shown(club: FilmClub) -> None:
    async def refused(_: object) -> web.StreamResponse:
        return web.json_response({"error": {"message": "no such size"}}, status=400)

    edit = Held()
    club.videos.meet("create", refused)
    club.discord.meet("token_edit", edit)
    await club.ask()
    await edit.reached.wait()

    await club.bot.restart()
    await club.until_card_says("refused this request")


# ------------------------------------------------------------------ a bot that is about to end


async def test_who_asks_while_it_stops_is_told_to_come_back(club: FilmClub) -> None:
    on_the_wire = asyncio.Event()

    async def never_answered(request: web.Request) -> web.StreamResponse:
        await request.read()
        on_the_wire.set()
        return await asyncio.Future()

    club.videos.meet("create", never_answered)
    await club.ask()
    await on_the_wire.wait()
    grace = club.discord.add_user("grace")

    stopping = asyncio.create_task(club.bot.stop())
    await club.discord.until(lambda: "stopping" in club.bot.log)
    late = await club.discord.slash(grace, club.channel, "video", prompt=PROMPT)
    await late.answered()
    code, seconds = await stopping

    assert "is restarting" in late.message.text
    assert late.message.seen_by is grace
    assert code == 0
    assert seconds < GRACE
    assert club.videos.seen["create"] == 1


# ------------------------------------------------------------------ a remix that nobody makes


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_remixes_is_said_in_private(club: FilmClub, status: int) -> None:
    await club.ask()
    await club.until_film()
    film = club.card
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    club.videos.meet("remix", refused(status, '{"detail": "Not Found"}'))

    form = await (await club.discord.press(club.ada, film, "Remix")).answered()
    field = form.response_data["components"][0]["component"]["custom_id"]
    sent = await club.discord.submit(form, **{field: "at night"})
    await club.discord.until(lambda: club.discord.private_to(club.ada))
    await club.discord.until(lambda: len(club.rows()) == 1)

    (told,) = club.discord.private_to(club.ada)
    assert "can't remix this video" in told.text
    assert "Nothing was charged." in told.text
    assert "Edit prompt" in told.text
    assert sent.message.deleted
    assert club.card is film
    await club.assert_film_came_once()
    await club.discord.press(club.ada, film, "Delete")
    await club.discord.until(lambda: len(club.discord.private_to(club.ada)) > 1)


async def test_a_remix_that_cannot_be_taken_back_says_it_on_its_card(club: FilmClub) -> None:
    await club.ask()
    await club.until_film()
    film = club.card
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    club.videos.meet("remix", refused(404, '{"detail": "Not Found"}'))
    club.discord.meet("followup", answer(403, 50001))

    form = await (await club.discord.press(club.ada, film, "Remix")).answered()
    field = form.response_data["components"][0]["component"]["custom_id"]
    sent = await club.discord.submit(form, **{field: "at night"})
    await club.discord.until(
        lambda: sent.original and "can't remix this video" in sent.original.text
    )

    assert len(await club.films_on_server()) == 1


async def test_nothing_is_bought_without_the_image_it_was_to_be_made_from(club: FilmClub) -> None:
    """The film whose prompt is edited is deleted before the form is sent off."""
    await club.ask(**WAITING)
    await club.until_film()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    form = await (await club.discord.press(club.ada, club.card, "Edit prompt")).answered()
    asked = await (await club.discord.press(club.ada, club.card, "Delete")).answered()
    await club.discord.press(club.ada, asked.message, "Delete forever")
    await club.discord.until(lambda: club.rows() == [])

    fields = (one["component"] for one in form.response_data["components"])
    filled = {one["custom_id"]: one.get("value") or default(one) for one in fields}
    await club.discord.submit(form, **filled)
    await club.until_card_says("The image is gone")

    assert "Nothing was charged" in club.card.text
    assert club.videos.seen["create"] == 1


def default(select: dict[str, Any]) -> list[str]:
    return [one["value"] for one in select["options"] if one.get("default")]


async def test_an_interaction_that_comes_twice_is_answered_and_bought_once(club: FilmClub) -> None:
    interaction = await club.ask()
    await club.discord.deliver(interaction)
    await club.discord.until(lambda: "was delivered twice" in club.bot.log)
    await club.until_film()

    assert club.videos.seen["create"] == 1
    assert club.discord.private_to(club.ada) == []
    await club.assert_film_came_once()
