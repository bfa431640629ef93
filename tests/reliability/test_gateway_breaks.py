"""The connection to Discord's gateway goes and comes back while films are rendered."""

from tests.reliability.film_club import PROMPT, FilmClub


async def test_discord_asks_to_reconnect(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")

    await club.discord.gateway.reconnect()
    await club.discord.until(lambda: club.discord.gateway.resumes == 1)
    await club.until_film()

    await club.assert_film_came_once()


async def test_the_socket_is_cut_and_what_is_asked_meanwhile_is_heard(club: FilmClub) -> None:
    gateway = club.discord.gateway
    gateway.cut()
    await club.discord.until(lambda: not gateway.connected)

    interaction = await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await interaction.answered()
    await club.until_film()

    assert gateway.resumes == 1
    assert gateway.identifies == 1
    await club.assert_film_came_once()


async def test_the_session_is_declared_invalid(club: FilmClub) -> None:
    gateway = club.discord.gateway
    await club.ask()
    await club.until_card_says("In progress")

    await gateway.invalidate(resumable=False)
    await club.until_film()
    await club.discord.until(lambda: gateway.identifies == 2 and gateway.connected)

    await club.assert_film_came_once()
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await club.discord.until(lambda: len(club.discord.messages_in(club.channel)) == 2)
