"""The film is rendered, and its server does not hand it over yet: the card says so, once."""

import pytest

from tests.reliability.film_club import TOKEN_OVER, FilmClub
from tests.videos_server.faults import Fault, answer, cut

AWAY = {"cut": cut, "503": answer(503)}


@pytest.mark.parametrize("later", [0.0, TOKEN_OVER], ids=["young", "old"])
@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY)
async def test_since_when_its_server_is_away(club: FilmClub, fault: Fault, later: float) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(later)
    club.videos.meet("content", *[fault] * 50)
    club.finish()
    await club.until_card_says("stopped answering")
    assert "On its way" in club.card.text
    assert "Nothing is lost" in club.card.text
    edits = len(club.card.versions)

    tries = club.videos.seen["content"]
    await club.discord.until(lambda: club.videos.seen["content"] > tries + 1)
    assert len(club.card.versions) == edits, "it is said once"
    club.videos.forget("content")
    await club.until_film()

    await club.assert_film_came_once()
    assert len(club.card.versions) == edits + 1
