"""/video: from the words somebody types to the film in the same message."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import stamina
from discord import app_commands
from discord.ext import commands

from bot.background import Background
from bot.client import VideoBot
from bot.jobs import lifecycle
from bot.jobs.models import SPOKEN, Job, JobChange, JobStatus
from bot.jobs.store import StoreError
from bot.status import words
from bot.status.message import CardGone, Film, NoAccess, TooLarge, edit_card, find_card
from bot.status.view import card, film_name
from bot.studio import NotOffered, Offer, Order, OverLimit, PromptProblem
from bot.videos.images import IMAGE_TYPES, BadImage
from bot.videos.models import PROMPT_LIMIT

_log = logging.getLogger(__name__)

UNREACHED = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it does not do what was asked."""

Interaction = discord.Interaction[VideoBot]
Prompt = app_commands.Range[str, 1, PROMPT_LIMIT]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed and chose; None where they left the choice to the bot."""

    prompt: str
    size: str | None
    seconds: str | None
    model: str | None = None
    image: discord.Attachment | None


class VideoCog(commands.Cog):
    """Answers /video, shows every change of a job in its card, and delivers the film."""

    def __init__(self, bot: VideoBot) -> None:
        self.bot = bot
        self.studio = bot.studio
        self._background = Background()
        self._delivering: set[str] = set()

    async def cog_load(self) -> None:
        """Offer the command, and take up what a stopped process left half-way."""
        # Judged before the first new request can come: one of those would look cut short as well.
        unsent = await self.studio.resume()
        self._background.spawn(self._take_up(unsent), name="take up unsent requests")
        self.bot.tree.add_command(video_command(self, self.studio.offer))

    async def cog_unload(self) -> None:
        """Leave what is on its way to the next start."""
        await self._background.close()

    # ---------------------------------------------------------------- the request

    async def request(self, interaction: Interaction, asked: Asked) -> None:
        """Write the intent, answer with the card, then send: in this order, whatever is slow."""
        if asked.image is not None and (problem := self._image_problem(asked.image)) is not None:
            await _refuse(interaction, problem)
            return
        order = _order(interaction, asked)
        try:
            job = await self.studio.admit(order)
        except (PromptProblem, NotOffered, OverLimit, StoreError) as problem:
            await _refuse(interaction, _refusal(problem, interaction.guild_id))
            return
        message_id = await self._acknowledge(interaction, job)
        if message_id is None:
            _log.warning("Discord shows no card, so nothing is sent", extra=job.log_context())
            await self.studio.drop(job)
            return
        job = await self.studio.shown(job, message_id)
        if (reason := await self._begin(job)) is not None:
            await _withdraw(interaction, reason)
            await self.studio.drop(job)

    def _image_problem(self, image: discord.Attachment) -> str | None:
        content_type = (image.content_type or "").split(";")[0].strip().lower()
        if content_type not in IMAGE_TYPES:
            return words.wrong_image_type(content_type or None)
        if image.size > self.bot.largest_image:
            return words.image_too_large(image.size, self.bot.largest_image)
        return None

    async def _acknowledge(self, interaction: Interaction, job: Job) -> int | None:
        """Answer with the card; return its message, or None where Discord shows none.

        An error is not believed before looking: 40060 (already acknowledged) is what discord.py's
        own second try of a lost answer gets.
        """
        try:
            answer = await interaction.response.send_message(view=card(job))
        except UNREACHED as error:
            _log.warning("the answer to an interaction failed: %s", error, extra=job.log_context())
        else:
            if answer.message_id is not None:
                return answer.message_id
        async for attempt in stamina.retry_context(on=UNREACHED, attempts=4, timeout=30):
            with attempt:
                return await find_card(self.bot, job)
        return None

    async def _begin(self, job: Job) -> str | None:
        """Fetch the image if there is one, and send; return why not where it is unusable."""
        if job.image_url is not None and job.status is JobStatus.REQUESTED:
            try:
                data = await self.bot.http.get_from_cdn(job.image_url)
                job = await self.studio.attach_image(job, data)
            except (BadImage, *UNREACHED) as error:
                _log.warning("an image is unusable: %s", error, extra=job.log_context())
                reason = (
                    str(error) if isinstance(error, BadImage) else "Discord did not hand it over"
                )
                return words.image_unusable(reason)
        if job.status is JobStatus.REQUESTED:
            await self.studio.send(job)
        return None

    async def _take_up(self, unsent: list[Job]) -> None:
        for job in unsent:
            try:
                message_id = await find_card(self.bot, job)
            except UNREACHED:
                _log.exception("a card could not be looked for", extra=job.log_context())
                continue
            if message_id is None:
                await self.studio.drop(job)
                continue
            shown = await self.studio.shown(job, message_id)
            if await self._begin(shown) is not None:
                await self.studio.give_up(shown, lifecycle.IMAGE_LOST)

    # ---------------------------------------------------------------- the card

    @commands.Cog.listener()
    async def on_job_change(self, change: JobChange) -> None:
        """Show what became of a job; a rendered one is delivered."""
        job = change.job
        if job.status is JobStatus.COMPLETED:
            if job.id not in self._delivering:
                self._delivering.add(job.id)
                self._background.spawn(self._deliver(job), name=f"deliver {job.id}")
        elif job.status in SPOKEN or job.status in (JobStatus.QUEUED, JobStatus.IN_PROGRESS):
            self.bot.editor.show(job.id, self._picture(job))

    def _picture(self, job: Job) -> Callable[[], Awaitable[object]]:
        async def send() -> None:
            try:
                await edit_card(self.bot, job, card(job), now=self.bot.clock())
            except (CardGone, NoAccess) as gone:
                _log.info("a card cannot be edited: %s", gone, extra=job.log_context())
            await self.studio.seen(job)

        return send

    # ---------------------------------------------------------------- the film

    async def _deliver(self, job: Job) -> None:
        try:
            self.bot.editor.show(job.id, self._picture(job))
            fetched = await self.studio.fetch_film(job)
            if fetched.status is JobStatus.COMPLETED and fetched.film is not None:
                await self._hand_over(fetched)
        finally:
            self._delivering.discard(job.id)

    async def _hand_over(self, job: Job) -> None:
        """Put the film into the card. "Completed" is written only by the edit that carries it."""
        path = self.studio.film_path(job)
        limit = job.upload_limit if job.token_lives(self.bot.clock()) else job.bot_upload_limit
        if path.stat().st_size > limit:
            await self.studio.undeliverable(job, words.TOO_LARGE)
            return
        view = card(job.evolve(status=JobStatus.DELIVERED))
        film = Film(path, film_name(job))
        try:
            attachment = await self.bot.editor.finish(
                job.id, lambda: edit_card(self.bot, job, view, now=self.bot.clock(), film=film)
            )
        except TooLarge:
            await self.studio.undeliverable(job, words.TOO_LARGE)
        except NoAccess:
            await self.studio.undeliverable(job, words.NO_ACCESS)
        except CardGone:
            _log.info("the card was deleted, its film is let go", extra=job.log_context())
            await self.studio.delivered(job, None)
        except UNREACHED:
            _log.exception("the film was not taken; trying again", extra=job.log_context())
            await self.studio.postpone(job)
        else:
            await self.studio.delivered(job, attachment)


def _order(interaction: Interaction, asked: Asked) -> Order:
    image = asked.image
    guild = interaction.guild
    default = discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    return Order(
        prompt=asked.prompt,
        size=asked.size,
        seconds=asked.seconds,
        model=asked.model,
        image_url=None if image is None else image.url,
        image_name=None if image is None else image.filename,
        requester_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        upload_limit=interaction.filesize_limit,
        bot_upload_limit=default if guild is None else guild.filesize_limit,
    )


def _refusal(problem: Exception, guild_id: int | None) -> str:
    match problem:
        case NotOffered():
            return words.not_offered(problem.field, problem.value, problem.offered)
        case OverLimit():
            return words.over_limit(problem.own, problem.most_of_user, guild_id)
        case PromptProblem():
            return words.PROMPT_PROBLEM
        case _:
            _log.error("an intent could not be written", exc_info=problem)
            return words.NOT_WRITTEN


async def _refuse(interaction: Interaction, sentence: str) -> None:
    await interaction.response.send_message(sentence, ephemeral=True)


async def _withdraw(interaction: Interaction, sentence: str) -> None:
    """Take the public card back and say why in private: an answer cannot become private later."""
    await interaction.delete_original_response()
    await interaction.followup.send(sentence, ephemeral=True)


def video_command(cog: VideoCog, offer: Offer) -> app_commands.Command[Any, ..., None]:
    """Build /video with the choices that are offered; `model` only where there are several."""
    options = {
        "prompt": "What the film shows",
        "size": f"Width x height in pixels; {offer.sizes[0]} if you do not choose",
        "seconds": f"Length; {offer.seconds[0]} if you do not choose",
        "image": "A PNG, JPEG or WebP picture that guides the film",
    }
    choices = {"size": _choices(offer.sizes), "seconds": _choices(offer.seconds, " seconds")}
    if len(offer.models) > 1:
        options["model"] = f"Who renders it; {offer.models[0]} if you do not choose"
        choices["model"] = _choices(offer.models)
        callback = _with_model(cog)
    else:
        callback = _without_model(cog)
    app_commands.describe(**options)(callback)
    app_commands.choices(**choices)(callback)
    return app_commands.Command(
        name="video", description="Have a film rendered from your words", callback=callback
    )


# discord.py reads a command's options from its callback's signature, hence two of them.


def _without_model(cog: VideoCog) -> Any:  # noqa: ANN401
    async def video(
        interaction: Interaction,
        prompt: Prompt,
        size: str | None = None,
        seconds: str | None = None,
        image: discord.Attachment | None = None,
    ) -> None:
        asked = Asked(prompt=prompt, size=size, seconds=seconds, image=image)
        await cog.request(interaction, asked)

    return video


def _with_model(cog: VideoCog) -> Any:  # noqa: ANN401
    async def video(  # noqa: PLR0917
        interaction: Interaction,
        prompt: Prompt,
        size: str | None = None,
        seconds: str | None = None,
        model: str | None = None,
        image: discord.Attachment | None = None,
    ) -> None:
        asked = Asked(prompt=prompt, size=size, seconds=seconds, model=model, image=image)
        await cog.request(interaction, asked)

    return video


def _choices(values: tuple[str, ...], unit: str = "") -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=value + unit, value=value) for value in values]


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(VideoCog(bot))
