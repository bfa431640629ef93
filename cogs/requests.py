"""From something asked to a job on its way: what every command and button goes through."""

import asyncio
import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import discord

from bot.cards import words
from bot.cards.i18n import Language
from bot.client import VideoBot
from bot.jobs import lifecycle
from bot.jobs.models import Job, JobStatus
from bot.jobs.store import StoreError
from bot.media.image import IMAGE_TYPES, BadImage
from bot.requests.order import DiskFull, NotOffered, Order, OverLimit, PromptProblem
from bot.runtime.background import Background
from bot.transport.message import find_card, is_malformed, plainly_if_refused, refuses_content
from cogs.answers import (
    UNREACHED,
    Interaction,
    give_back,
    is_form,
    own_language,
    refuse,
    tell_surely,
)

_log = logging.getLogger(__name__)

SURELY_MISSING: Final = 2
"""Answers that there is no card before that is believed."""
LONGEST_PAUSE: Final = 15.0
"""Seconds between two looks for a card while Discord cannot be asked, at the most."""

OTHERS_NEED: Final = 0.05
LOOKS_FOR_OTHERS: Final = 20
"""A second at the most, in steps, that an answered request waits for those without an answer."""


class _CardRefused(Exception):
    """Discord takes no card for this request, not even the plain one."""


class _CardUnknown(Exception):
    """Discord could not be asked in time whether a card stands."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed and chose; None where they left the choice to the bot."""

    prompt: str
    size: str | None = None
    seconds: str | None = None
    model: str | None = None
    image: discord.Attachment | None = None
    image_of: str | None = None
    """A job whose image, if it has one, is used again."""
    image_name: str | None = None
    """The file name of that image."""
    remix_of: str | None = None
    """The server's id of a film that is changed."""
    parent_link: str | None = None


def _looks() -> Iterator[float]:
    """Give the seconds to wait after each look for a card."""
    wait = 0.25
    while True:
        yield wait
        wait = min(2 * wait, LONGEST_PAUSE)


class Requests:
    """Writes intents, answers with their cards, and sends them."""

    def __init__(self, bot: VideoBot) -> None:
        self._bot = bot
        self._studio = bot.studio
        self._warned: set[int] = set()
        self._unanswered = 0
        self._background = Background()
        self._closed = False

    async def start(self, interaction: Interaction, asked: Asked) -> None:
        """Write the intent, answer with the card, then send: in this order, whatever is slow."""
        t = own_language(interaction)
        if self._bot.stopping:
            await give_back(interaction, t(words.STOPPING), asked)
            return
        if is_form(interaction) and (sentence := too_fast(interaction)) is not None:
            await give_back(interaction, sentence, asked)
            return
        if asked.image is not None and (problem := self._image_problem(asked.image, t)) is not None:
            await give_back(interaction, problem, asked)
            return
        try:
            with self._answering():
                job = await self._studio.admit(self._order(interaction, asked))
        except (PromptProblem, NotOffered, OverLimit, DiskFull, StoreError) as problem:
            sentence = refusal(problem, interaction.guild_id, t)
            await give_back(interaction, sentence, asked)
            return
        if self._closed:
            # Written while everything closed: the next start finds it, as one that was cut short.
            return
        await self._background.spawn(self._go_on(interaction, job), name=f"request {job.id}")

    async def close(self) -> None:
        """Leave what is not sent yet to the next start."""
        self._closed = True
        await self._background.close()

    async def _go_on(self, interaction: Interaction, job: Job) -> None:
        """Answer with the card, then send; an error that nobody foresaw ends the job in words."""
        try:
            if (carded := await self._show_first(interaction, job)) is None:
                return
            t = own_language(interaction)
            if (reason := await self._begin(carded)) is not None:
                sentence = words.image_unusable(reason, t)
                if not await self._withdraw(interaction, carded, sentence):
                    await self._studio.give_up(carded, lifecycle.IMAGE_UNUSABLE)
            elif carded.remix_of is not None and await self._was_no_remix(carded):
                await self._withdraw(interaction, carded, words.cannot_remix(t))
            else:
                await self._warn(interaction, carded)
        except Exception:  # noqa: BLE001 - whatever it was, somebody waits for an answer
            await self._give_up(job)

    async def _show_first(self, interaction: Interaction, job: Job) -> Job | None:
        """Answer with the card; return the job that has it, or None where that was its end."""
        try:
            with self._answering():
                message_id = await self._acknowledge(interaction, job)
        except _CardUnknown:
            await self._studio.give_up(job, lifecycle.DISCORD_AWAY)
            return None
        except _CardRefused as refusal:
            await self._studio.drop(job)
            why = words.GONE_WRONG if is_malformed(refusal.__cause__) else words.CARD_REFUSED
            _log.warning("Discord refuses the card, so nothing is sent", extra=job.log_context())
            await tell_surely(interaction, own_language(interaction)(why))
            return None
        if message_id is not None:
            await self._let_others_be_answered()
            return await self._studio.shown(job, message_id)
        _log.warning("Discord shows no card, so nothing is sent", extra=job.log_context())
        await self._studio.drop(job)
        try:
            await refuse(interaction, own_language(interaction)(words.GONE_WRONG))
        except UNREACHED as error:
            _log.info("nor does it take a sentence: %s", error, extra=job.log_context())
        return None

    @contextmanager
    def _answering(self) -> Generator[None]:
        self._unanswered += 1
        try:
            yield
        finally:
            self._unanswered -= 1

    async def _let_others_be_answered(self) -> None:
        """Wait a moment while others have no answer yet: theirs is due within three seconds."""
        for _ in range(LOOKS_FOR_OTHERS):
            if not self._unanswered:
                return
            await asyncio.sleep(OTHERS_NEED)

    async def _give_up(self, job: Job) -> None:
        _log.exception("a request failed in a way nobody foresaw", extra=job.log_context())
        await self._studio.give_up(job, lifecycle.UNFORESEEN)

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

    def take_up(self, unsent: list[Job]) -> None:
        """Send what a stopped process had only written down, where its card is to be seen."""
        for job in unsent:
            self._background.spawn(self._take_up(job), name=f"take up {job.id}")

    async def _take_up(self, job: Job) -> None:
        try:
            message_id = await self._find(job)
            if message_id is None:
                await self._studio.drop(job)
                return
            shown = await self._studio.shown(job, message_id)
            if await self._begin(shown) is not None:
                await self._studio.give_up(shown, lifecycle.IMAGE_LOST)
        except _CardUnknown:
            await self._studio.give_up(job, lifecycle.DISCORD_AWAY)
        except Exception:  # noqa: BLE001 - as in _go_on
            await self._give_up(job)

    async def _find(self, job: Job) -> int | None:
        """Return the message of the card, or None where there is surely none.

        While Discord cannot be asked it is asked again; raises _CardUnknown once the request is no
        longer fresh. One "not found" is not believed (discord-api-docs#7220).
        """
        missing = 0
        for wait in _looks():
            try:
                message_id = await find_card(self._bot, job)
            except UNREACHED as error:
                _log.warning("a card cannot be looked for: %s", error, extra=job.log_context())
            else:
                if message_id is not None:
                    return message_id
                missing += 1
                if missing == SURELY_MISSING:
                    return None
            if not lifecycle.fresh(job, self._bot.clock()):
                break
            await asyncio.sleep(wait)
        raise _CardUnknown

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
        own second try of a lost answer gets, and 10062 (too late) may be. Raises as _find, and
        _CardRefused.
        """
        try:
            forecast = await self._bot.archive.forecast(job)
            draw = self._bot.renderer.draw(job, forecast, self._bot.house)
            answer = await plainly_if_refused(
                self._bot.renderer, job, lambda: interaction.response.send_message(view=draw())
            )
        except UNREACHED as error:
            _log.warning("the answer to an interaction failed: %s", error, extra=job.log_context())
            if refuses_content(error):
                raise _CardRefused from error
        else:
            if answer.message_id is not None:
                return answer.message_id
        return await self._find(job)

    async def _begin(self, job: Job) -> str | None:
        """Get the image if there is one, and send; return why not where it is unusable."""
        try:
            job = await self._with_image(job)
        except (BadImage, *UNREACHED) as error:
            _log.warning("an image is unusable: %s", error, extra=job.log_context())
            return str(error) if isinstance(error, BadImage) else words.NOT_HANDED_OVER
        if job.status is JobStatus.REQUESTED:
            await self._studio.send(job)
        return None

    async def _with_image(self, job: Job) -> Job:
        """Keep the image with the job; raises BadImage, and UNREACHED."""
        if job.image_of is not None and job.status is JobStatus.REQUESTED:
            job = await self._studio.copy_image(job)
        if job.image_url is not None and job.status is JobStatus.REQUESTED:
            data = await self._bot.fetch_image(job.image_url)
            job = await self._studio.attach_image(job, data)
        return job

    async def _was_no_remix(self, job: Job) -> bool:
        """Whether the server has just said that it does not remix this film."""
        after = await self._bot.archive.find(job.id)
        return after is not None and after.error_code == lifecycle.CANNOT_REMIX

    async def _withdraw(self, interaction: Interaction, job: Job, sentence: str) -> bool:
        """Say in private why nothing comes of it, and take the public card back.

        An answer cannot become private later. False where that fails: then the card has to say it.
        """
        try:
            await give_back(interaction, sentence, job)
            await interaction.delete_original_response()
        except UNREACHED as error:
            _log.warning("a card cannot be taken back: %s", error, extra=job.log_context())
            return False
        await self._studio.drop(job)
        return True

    def _order(self, interaction: Interaction, asked: Asked) -> Order:
        guild_id = interaction.guild_id
        guild = None if guild_id is None else self._bot.get_guild(guild_id)
        image = asked.image
        return Order(
            prompt=asked.prompt,
            size=asked.size,
            seconds=asked.seconds,
            model=asked.model,
            image_url=None if image is None else image.url,
            image_name=asked.image_name if image is None else image.filename,
            image_of=asked.image_of,
            remix_of=asked.remix_of,
            parent_link=asked.parent_link,
            requester_id=interaction.user.id,
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            application_id=interaction.application_id,
            interaction_token=interaction.token,
            upload_limit=interaction.filesize_limit,
            bot_upload_limit=upload_limit(self._bot, guild_id),
            is_member=_is_member(interaction, guild),
            locale=(interaction.guild_locale or interaction.locale).value,
        )


def upload_limit(bot: VideoBot, guild_id: int | None) -> int:
    """Return the bytes that the bot itself may upload in a server, or a direct message."""
    guild = None if guild_id is None else bot.get_guild(guild_id)
    return discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES if guild is None else guild.filesize_limit


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


def refusal(problem: Exception, guild_id: int | None, t: Language) -> str:
    """Say why nothing came of a request."""
    match problem:
        case NotOffered():
            return words.not_offered(problem.value, problem.offered, t)
        case OverLimit():
            return words.over_limit(problem.own, problem.most_of_user, guild_id, t, problem.beside)
        case DiskFull():
            return t(words.DISK_FULL)
        case PromptProblem():
            return words.prompt_problem(t)
        case _:
            _log.error("an intent is not written down: %s", problem)
            return t(words.NOT_WRITTEN)


def too_fast(interaction: Interaction) -> str | None:
    """Count a press, or a form that is sent off; return what to say where it came too early."""
    bot = interaction.client
    wait = bot.presses.wait(interaction.user.id, bot.clock())
    return words.too_fast(wait, own_language(interaction)) if wait else None
