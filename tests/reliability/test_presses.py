"""A press that comes before our own commit is done as soon as that is there."""

from tests.loopback.faults import Held
from tests.reliability.film_club import FilmClub


async def test_a_press_on_a_video_whose_delivery_is_not_saved_yet(club: FilmClub) -> None:
    answer = Held(applied=True)
    club.discord.meet("film", answer)
    club.finish()
    await club.ask()
    await answer.reached.wait()
    assert club.card.film is not None, "people see it"

    press = await club.discord.press(club.ada, club.card, "Again")
    answer.release()
    await press.answered()

    await club.discord.until(lambda: len(club.discord.messages_in(club.channel)) == 2)
    assert club.discord.private_to(club.ada) == []
