"""A public card speaks the server's language, a private answer the person's own."""

from tests.reliability.film_club import FilmClub


async def test_the_card_is_the_servers_and_the_answer_the_persons(club: FilmClub) -> None:
    assert club.channel.guild is not None
    club.channel.guild.locale = "de"
    grace = club.discord.add_user("grace", locale="ja")
    await club.ask()
    await club.until_card_says("In Arbeit")

    watched = await (await club.discord.press(grace, club.card, "Mich benachrichtigen")).answered()
    refused = await (await club.discord.press(grace, club.card, "Abbrechen")).answered()
    listed = await (await club.discord.slash(grace, club.channel, "videos")).answered()

    assert "ここでお知らせします" in watched.message.text
    assert "モデレーター" in refused.message.text
    assert "該当する動画がありません" in listed.message.text
    club.finish()
    await club.until_card_says("Fertig")


async def test_without_a_server_the_card_is_the_persons(club: FilmClub) -> None:
    club.ada.locale = "fr"
    club.channel = club.discord.dm(club.ada)

    interaction = await club.ask()

    assert "Envoi de votre demande" in interaction.message.text
    assert interaction.message.now.components
