"""What servers of the field answer to a create and to polls, and what people see of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.simulator.messages import Message
from tests.reliability.film_club import FilmClub
from tests.videos_server.faults import Fault, answer, changed

NOTHING_BOUGHT = "Nothing was charged"
MANY = 400
"""Polls of one job, more than any test waits for."""


@pytest.fixture
def environment() -> dict[str, str]:
    """A bot to which its server is like any other: no create is repeated."""
    return {"VIDEOS_DIALECT": "openai"}


def says(status: int, body: object, **headers: str) -> Fault:
    return answer(status, json.dumps(body), **headers)


def error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


async def card_of(club: FilmClub, name: str, words: str) -> Message:
    """Wait until the message about the prompt of this name has these words."""

    def found() -> Message | None:
        messages = club.discord.messages_in(club.channel)
        return next((each for each in messages if name in each.text), None)

    def says_so() -> bool:
        return (card := found()) is not None and words in card.text

    try:
        await club.discord.until(says_so, within=20)
    except TimeoutError:
        card = found()
        raise AssertionError(f"{card and card.text!r} never said {words!r}") from None
    card = found()
    assert card is not None
    return card


async def ask(club: FilmClub, name: str) -> None:
    """Ask for a video, as somebody who has asked for none yet."""
    club.ada = club.discord.add_user(name)
    await club.ask(prompt=name)


REFUSALS: dict[str, tuple[Fault, str]] = {
    "credits": (says(200, error("Insufficient credits", "insufficient_quota")), "no credit"),
    "payment": (answer(402), "no credit"),
    "envelope": (says(200, {"code": "fail", "message": "用户额度不足", "data": None}), "no credit"),
    "unbuilt": (says(501, error("not built here")), "refused this request"),
    "moderation": (says(403, error("It goes against our content policy")), "content rules"),
    "organisation": (
        says(403, error("Your organization must be verified to use the model")),
        "to be verified first",
    ),
    "forbidden": (says(403, error("This project has no videos")), "doesn't let this bot"),
    "badkey": (says(403, error("Invalid API key")), "doesn't accept the bot's key"),
    "oversize": (says(400, error("size 720x1280 is not supported")), "videos of this size"),
    "overlong": (says(422, {"detail": "prompt is too long"}), "prompt is too long"),
    "redirect": (
        answer(301, Location="https://films.example/v1/videos"),
        "has a new address",
    ),
}


async def test_a_definite_no_ends_with_its_own_sentence(club: FilmClub) -> None:
    for name, (fault, words) in REFUSALS.items():
        club.videos.meet("create", fault, prompt=name)
        await ask(club, name)
        card = await card_of(club, name, words)
        assert "Failed" in card.text
        assert NOTHING_BOUGHT in card.text, name
    assert "https://films.example/v1/videos" in club.bot.log
    assert club.videos.passed["create"] == 0
    assert {row["status"] for row in club.rows()} == {"failed"}


Change = Callable[[dict[str, Any]], dict[str, Any]]
CREATES: dict[str, Change] = {
    "idalone": lambda job: {"id": job["id"], "object": "video"},
    "requestid": lambda job: {"request_id": job["id"]},
    "camelcase": lambda job: {"taskId": job["id"]},
    "bareid": lambda job: {"code": "success", "data": job["id"]},
    "wrapped": lambda job: {
        "code": "success",
        "message": "",
        "data": {"task_id": job["id"], "status": "SUBMITTED"},
    },
    "output": lambda job: {
        "request_id": "trace",
        "output": {"task_id": job["id"], "task_status": "PENDING"},
    },
}


async def test_a_create_has_its_id_wherever_it_stands(club: FilmClub) -> None:
    club.finish()
    for name, change in CREATES.items():
        club.videos.meet("create", changed(change), prompt=name)
        await ask(club, name)
        card = await card_of(club, name, "Completed")
        assert card.film is not None
    assert sum(club.videos.creates.values()) == len(CREATES)


def state(word: str, **fields: object) -> Change:
    return lambda job: {"id": job["id"], "status": word} | fields


ENDS: dict[str, tuple[Change, str]] = {
    "succeed": (state("succeed"), "Completed"),
    "banana": (state("banana"), "Completed"),
    "relay": (
        lambda job: {"code": "success", "data": {"task_id": job["id"], "status": "SUCCESS"}},
        "Completed",
    ),
    "failword": (state("fail", fail_reason="the lamp broke"), "said: “the lamp broke”"),
    "newfailure": (state("banana", error={"message": "the lamp broke"}), "the lamp broke"),
    "memory": (
        state("failed", error={"message": "CUDA out of memory. Tried to allocate 2 GiB"}),
        "Try a smaller size or a shorter video",
    ),
    "vendor": (
        state("failed", error={"code": "DataInspectionFailed", "message": "x"}),
        "content rules",
    ),
    "madeother": (state("completed", size="960x544", seconds="2"), "960 x 544 · 2 s"),
}


async def test_a_job_ends_in_whatever_words(club: FilmClub) -> None:
    club.finish()
    for name, (change, words) in ENDS.items():
        club.videos.meet("poll", *[changed(change)] * MANY, prompt=name)
        await ask(club, name)
        card = await card_of(club, name, words)
        assert (card.film is not None) is ("Completed" in card.text), name
        club.videos.forget("poll", name)


async def test_an_unknown_word_goes_on_while_no_film_is_served(club: FilmClub) -> None:
    club.videos.meet("poll", *[changed(state("banana", progress=0.62))] * MANY, prompt="longword")
    await ask(club, "longword")
    await card_of(club, "longword", "Queued")
    tried = club.videos.seen["content"]
    await club.discord.until(lambda: club.videos.seen["content"] > tried + 1, within=20)
    assert club.rows()[0]["status"] == "queued"
    club.finish()
    card = await card_of(club, "longword", "Completed")
    assert card.film is not None


async def test_progress_may_be_a_fraction(club: FilmClub) -> None:
    club.videos.meet("poll", *[changed(state("running", progress=0.62))] * MANY, prompt="fraction")
    await ask(club, "fraction")
    await card_of(club, "fraction", "62%")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
        (200, {"code": "fail", "message": "任务不存在"}),
        (200, {"success": False, "message": "No task with this id"}),
    ],
)
async def test_a_job_that_is_unknown_is_that_in_any_words(
    club: FilmClub, status: int, body: object
) -> None:
    club.videos.meet("poll", *[says(status, body)] * MANY, prompt="forgotten")
    await ask(club, "forgotten")
    await card_of(club, "forgotten", "lost this video")


async def test_a_servers_words_lose_what_is_the_operators(club: FilmClub) -> None:
    said = (
        "cannot load /srv/models/wan.safetensors from http://gpu-box:8000/v1\n"
        "with sk-abcdefgh12345678 of C:\\models\\wan"
    )
    change = state("failed", error={"message": said})
    club.videos.meet("poll", *[changed(change)] * MANY, prompt="talkative")
    await ask(club, "talkative")
    card = await card_of(club, "talkative", "said: “cannot load … from … with … of …”")
    assert "\n" not in card.text.split("said: “")[1].split("”")[0]


@pytest.mark.parametrize("video_id", ["..", "../../models", "x" * 1_000_000, "a\u202eb"])
async def test_what_can_be_no_id_leads_nowhere(club: FilmClub, video_id: str) -> None:
    club.videos.meet("create", says(200, {"id": video_id, "status": "queued"}), prompt="crooked")
    await ask(club, "crooked")
    await card_of(club, "crooked", "Not sure it was sent")
    assert club.rows()[0]["video_id"] is None
    assert max(len(line) for line in club.bot.log.splitlines()) < 5000


async def test_what_the_server_charged_is_on_the_card(club: FilmClub) -> None:
    def charged(job: dict[str, Any]) -> dict[str, Any]:
        return job | {"usage": {"cost": 0.4}, "size": "1280x704", "seconds": "3.5"}

    club.videos.meet("poll", *[changed(charged)] * MANY, prompt="charged")
    club.finish()
    await ask(club, "charged")
    card = await card_of(club, "charged", "Completed")
    assert "1280 x 704 · 3.5 s · preview · $0.40" in card.text
