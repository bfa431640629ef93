"""From something asked to a job on its way: what every command and button goes through."""

import logging
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord
import stamina

from bot.client import VideoBot
from bot.jobs import lifecycle
from bot.jobs.models import Job, JobStatus
from bot.jobs.store import StoreError
from bot.status import words
from bot.status.language import Language, language
from bot.status.message import find_card
from bot.status.view import card
from bot.studio import NotOffered, Order, OverLimit, PromptProblem
from bot.videos.images import IMAGE_TYPES, BadImage

_log = logging.getLogger(__name__)

UNREACHED: Final = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it does not do what was asked."""

Interaction = discord.Interaction[VideoBot]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed and chose; None where they left the choice to the bot."""

    prompt: str
    size: str | None = None
    seconds: str | None = None
    model: str | None = None
    image: discord.Attachment | None = None
    image_of: str | None = None
    """A job whose image is used again."""
    remix_of: str | None = None
    """The server's id of a film that is changed."""
    parent_link: str | None = None


def own_language(interaction: Interaction) -> Language:
    """Return the language of the person, for private answers."""
    return language(interaction.locale.value)


class Requests:
    """Writes intents, answers with their cards, and sends them."""

    def __init__(self, bot: VideoBot) -> None:
        self._bot = bot
        self._studio = bot.studio
        self._warned: set[int] = set()

    async def start(self, interaction: Interaction, asked: Asked) -> None:
        """Write the intent, answer with the card, then send: in this order, whatever is slow."""
        t = own_language(interaction)
        if asked.image is not None and (problem := self._image_problem(asked.image, t)) is not None:
            await refuse(interaction, problem)
            return
        try:
            job = await self._studio.admit(self._order(interaction, asked))
        except (PromptProblem, NotOffered, OverLimit, StoreError) as problem:
            await refuse(interaction, _refusal(problem, interaction.guild_id, t))
            return
        message_id = await self._acknowledge(interaction, job)
        if message_id is None:
            _log.warning("Discord shows no card, so nothing is sent", extra=job.log_context())
            await self._studio.drop(job)
            return
        job = await self._studio.shown(job, message_id)
        if (reason := await self._begin(job)) is not None:
            await _withdraw(interaction, words.image_unusable(reason, t))
            await self._studio.drop(job)
        else:
            await self._warn(interaction, job)

    async def _warn(self, interaction: Interaction, job: Job) -> None:
        """Say, before it matters, what the bot may not do where this was asked.

        The interaction's token needs no permissions; what comes after its 15 minutes does.
        """
        missing = _missing(interaction) if job.is_member and job.guild_id is not None else []
        if not missing:
            return
        if job.channel_id not in self._warned:
            self._warned.add(job.channel_id)
            _log.warning(
                "in channel %d the bot lacks %s: a film that takes over 15 minutes goes to its "
                "requester by direct message",
                job.channel_id,
                ", ".join(missing),
                extra=job.log_context(),
            )
        sentence = words.missing_permissions(missing, own_language(interaction))
        try:
            await interaction.followup.send(sentence, ephemeral=True)
        except UNREACHED as error:
            _log.warning("nobody could be warned: %s", error, extra=job.log_context())

    async def take_up(self, unsent: list[Job]) -> None:
        """Send what a stopped process had only written down, where its card is to be seen."""
        for job in unsent:
            try:
                message_id = await find_card(self._bot, job)
            except UNREACHED:
                _log.exception("a card could not be looked for", extra=job.log_context())
                continue
            if message_id is None:
                await self._studio.drop(job)
                continue
            shown = await self._studio.shown(job, message_id)
            if await self._begin(shown) is not None:
                await self._studio.give_up(shown, lifecycle.IMAGE_LOST)

    def _image_problem(self, image: discord.Attachment, t: Language) -> str | None:
        content_type = (image.content_type or "").split(";")[0].strip().lower()
        if content_type not in IMAGE_TYPES:
            return words.wrong_image_type(content_type or None, t)
        if image.size > self._bot.largest_image:
            return words.image_too_large(image.size, self._bot.largest_image, t)
        return None

    async def _acknowledge(self, interaction: Interaction, job: Job) -> int | None:
        """Answer with the card; return its message, or None where Discord shows none.

        An error is not believed before looking: 40060 (already acknowledged) is what discord.py's
        own second try of a lost answer gets.
        """
        try:
            view = card(job, await self._bot.archive.outlook(job), self._bot.house)
            answer = await interaction.response.send_message(view=view)
        except UNREACHED as error:
            _log.warning("the answer to an interaction failed: %s", error, extra=job.log_context())
        else:
            if answer.message_id is not None:
                return answer.message_id
        async for attempt in stamina.retry_context(on=UNREACHED, attempts=4, timeout=30):
            with attempt:
                return await find_card(self._bot, job)
        return None

    async def _begin(self, job: Job) -> str | None:
        """Get the image if there is one, and send; return why not where it is unusable."""
        if job.image_of is not None and job.status is JobStatus.REQUESTED:
            job = await self._studio.copy_image(job)
        if job.image_url is not None and job.status is JobStatus.REQUESTED:
            try:
                data = await self._bot.http.get_from_cdn(job.image_url)
                job = await self._studio.attach_image(job, data)
            except (BadImage, *UNREACHED) as error:
                _log.warning("an image is unusable: %s", error, extra=job.log_context())
                return str(error) if isinstance(error, BadImage) else words.NOT_HANDED_OVER
        if job.status is JobStatus.REQUESTED:
            await self._studio.send(job)
        return None

    def _order(self, interaction: Interaction, asked: Asked) -> Order:
        guild_id = interaction.guild_id
        guild = None if guild_id is None else self._bot.get_guild(guild_id)
        default = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        image = asked.image
        return Order(
            prompt=asked.prompt,
            size=asked.size,
            seconds=asked.seconds,
            model=asked.model,
            image_url=None if image is None else image.url,
            image_name=None if image is None else image.filename,
            image_of=asked.image_of,
            remix_of=asked.remix_of,
            parent_link=asked.parent_link,
            requester_id=interaction.user.id,
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            application_id=interaction.application_id,
            interaction_token=interaction.token,
            upload_limit=interaction.filesize_limit,
            bot_upload_limit=default if guild is None else guild.filesize_limit,
            is_member=_is_member(interaction, guild),
            locale=(interaction.guild_locale or interaction.locale).value,
        )


def _is_member(interaction: Interaction, guild: discord.Guild | None) -> bool:
    """Whether the bot itself can reach this channel, or only the interaction's token can."""
    if interaction.guild_id is not None:
        return guild is not None
    return not interaction.context.private_channel


def _missing(interaction: Interaction) -> list[str]:
    """Name what the bot needs to write in this channel by itself, and lacks."""
    allowed = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = {
        words.VIEW_CHANNEL: allowed.view_channel,
        words.SEND_IN_THREADS: not in_thread or allowed.send_messages_in_threads,
        words.SEND_MESSAGES: in_thread or allowed.send_messages,
        words.ATTACH_FILES: allowed.attach_files,
    }
    return [name for name, has in needed.items() if not has]


def _refusal(problem: Exception, guild_id: int | None, t: Language) -> str:
    match problem:
        case NotOffered():
            return words.not_offered(problem.value, problem.offered, t)
        case OverLimit():
            return words.over_limit(problem.own, problem.most_of_user, guild_id, t)
        case PromptProblem():
            return words.prompt_problem(t)
        case _:
            _log.error("an intent could not be written", exc_info=problem)
            return t(words.NOT_WRITTEN)


async def refuse(interaction: Interaction, sentence: str) -> None:
    """Answer with one private sentence."""
    await interaction.response.send_message(sentence, ephemeral=True)


async def _withdraw(interaction: Interaction, sentence: str) -> None:
    """Take the public card back and say why in private: an answer cannot become private later."""
    await interaction.delete_original_response()
    await interaction.followup.send(sentence, ephemeral=True)
