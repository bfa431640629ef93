"""The buttons under the cards: who may press them, and what they do."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import discord
from discord import ui
from discord.ext import commands

from bot.cards import words
from bot.cards.buttons import (
    LABELS,
    TEMPLATE,
    Action,
    JobButton,
    button_row,
    offered,
    outcome_of,
    stale_press,
)
from bot.cards.i18n import N_
from bot.cards.modals import ChangeForm, Filled, VideoForm
from bot.client import VideoBot
from bot.jobs.lifecycle import CANCELLED_EVERYWHERE
from bot.jobs.models import Job, JobChange, JobStatus
from bot.jobs.store import StoreError
from bot.requests.order import DiskFull, OverLimit
from bot.transport.deduplication import shows_film
from bot.transport.errors import told
from bot.transport.message import refuses_content
from bot.transport.removing import remove_messages
from bot.videos.errors import VideosError
from cogs.permissions import belongs_here, may_manage
from cogs.requests import (
    UNREACHED,
    Asked,
    Interaction,
    Requests,
    own_language,
    refusal,
    refuse,
    too_fast,
    upload_limit,
)

_log = logging.getLogger(__name__)

_ANYBODYS: Final = frozenset({Action.NOTIFY, Action.AGAIN, Action.EDIT, Action.REMIX})

GONE: Final = N_("This film was deleted; there is nothing more to do here.")
NOT_YOURS: Final = N_("Only the person who asked for this film, or a moderator, can do that.")
ELSEWHERE: Final = N_("This button belongs to a video of another place.")
MOVED_ON: Final = N_("This film has moved on meanwhile; its card now says how it stands.")
WILL_NOTIFY: Final = N_("You will be told here, once, when this film has ended.")
WILL_WRITE: Final = N_(
    "You will be told once, when this film has ended: here within 15 minutes, after that in a "
    "direct message, if Discord lets the bot write to you."
)
ALREADY_NOTIFIED: Final = N_("You are already on the list.")
CANCELLED: Final = N_("Cancelled, on the video server too.")
CANCELLED_HERE: Final = N_(
    "Nobody waits for it any more, but the video server may still render it."
)
FOUND: Final = N_("Found: the video server has it, and its card goes on from here.")
NOT_FOUND: Final = N_(
    "The video server's list has no film that is surely this one. It may never have arrived, or "
    "be gone. Look again later, send it again, or drop it."
)
CANNOT_LOOK: Final = N_(
    "The video server could not be asked for its list. Look again later, or decide yourself."
)
LOOKING: Final = N_("The video server is asked once more; the card says what it answers.")
SENT_AGAIN: Final = N_("Sent again; its card goes on from here.")
DROPPED: Final = N_("Dropped.")
REDELIVERING: Final = N_("The film is offered to this channel once more.")
REALLY: Final = N_(
    "Delete the message, the film and the video server's copy? This cannot be undone."
)
DELETED: Final = N_("Deleted.")
DELETED_HERE: Final = N_("Deleted here; the video server kept its own copy.")
NOT_REMOVED: Final = N_(
    "Deleted, but the bot may not remove the message; somebody who may manage messages can."
)

SETTLED: Final = 60.0
"""Seconds after which a press cannot have left a client that had not been shown the film yet."""

Press = Callable[[Interaction, Job], Awaitable[None]]


class Buttons(commands.Cog):
    """Answers each press in private, and lets the card tell everybody."""

    def __init__(self, bot: VideoBot) -> None:
        self.bot = bot
        self.studio = bot.studio
        self.deliveries = bot.deliveries
        self.archive = bot.archive
        self.requests = Requests(bot)
        self._does: Mapping[Action, Press] = {
            Action.CANCEL: self._cancel,
            Action.NOTIFY: self._notify,
            Action.AGAIN: self._again,
            Action.EDIT: self._edit,
            Action.REMIX: self._remix,
            Action.REDELIVER: self._redeliver,
            Action.LOOK: self._look,
            Action.SEND: self._send,
            Action.DROP: self._drop,
            Action.DELETE: self._ask_delete,
            Action.DELETE_SURELY: self._delete,
        }
        bot.add_dynamic_items(JobButton)

    async def cog_unload(self) -> None:
        """Leave what is not sent yet to the next start."""
        await self.requests.close()

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Catch a press on a button that its card no longer has."""
        if interaction.type is not discord.InteractionType.component:
            return
        if (stale := stale_press(interaction)) is not None:
            await self.on_job_button(interaction, *stale)

    @commands.Cog.listener()
    async def on_job_button(self, interaction: Interaction, action: Action, job_id: str) -> None:
        """Check the right and the state, then do what was pressed."""
        t = own_language(interaction)
        if self.bot.stopping:
            await refuse(interaction, t(words.STOPPING))
            return
        if (sentence := too_fast(interaction)) is not None:
            await refuse(interaction, sentence)
            return
        try:
            await self._press(interaction, action, job_id)
        except StoreError as error:
            _log.error("a press is not written down: %s", error)
            await refuse(interaction, t(words.NOT_WRITTEN))
        except UNREACHED as error:
            # Whatever was pressed is done or it is not: its card says so.
            _log.warning("a press is not answered: %s", told(error))
            if refuses_content(error):
                await refuse(interaction, t(words.ANSWER_REFUSED))

    async def _press(self, interaction: Interaction, action: Action, job_id: str) -> None:
        t = own_language(interaction)
        job = await self.archive.find(job_id)
        if job is None:
            await refuse(interaction, t(GONE))
            return
        if not belongs_here(interaction, job):
            await refuse(interaction, t(ELSEWHERE))
            return
        if action not in _ANYBODYS and not may_manage(interaction, job):
            await refuse(interaction, t(NOT_YOURS))
            return
        job = await self._with_its_film(interaction, job)
        if self._is_offered(action, job):
            await self._does[action](interaction, job)
        else:
            await self._refresh(interaction, job)

    async def _with_its_film(self, interaction: Interaction, job: Job) -> Job:
        """Notice where a card has lost its film, so that it can be delivered again."""
        card = interaction.message
        settled = job.ended_at is not None and self.bot.clock() - job.ended_at > SETTLED
        if card is None or card.id != job.message_id or not settled:
            return job
        if job.film_attachment_id is None or shows_film(card):
            return job
        return await self.deliveries.film_lost(job)

    def _is_offered(self, action: Action, job: Job) -> bool:
        actions = offered(job, remix=self.studio.offer.remix)
        return action in actions or (action is Action.DELETE_SURELY and Action.DELETE in actions)

    async def _refresh(self, interaction: Interaction, job: Job) -> None:
        self.bot.dispatch("job_change", JobChange(job, job))
        await refuse(interaction, own_language(interaction)(MOVED_ON))

    # ---------------------------------------------------------------- while it runs

    async def _cancel(self, interaction: Interaction, job: Job) -> None:
        await interaction.response.defer(ephemeral=True)
        after = await self.studio.cancel(job)
        if after.status is not JobStatus.CANCELLED:
            await _answer(interaction, MOVED_ON)
            return
        both = after.error_code == CANCELLED_EVERYWHERE
        await _answer(interaction, CANCELLED if both else CANCELLED_HERE)

    async def _notify(self, interaction: Interaction, job: Job) -> None:
        is_new = await self.archive.watch(job, interaction.user.id)
        told = WILL_NOTIFY if job.is_member else WILL_WRITE
        t = own_language(interaction)
        await refuse(interaction, t(told if is_new else ALREADY_NOTIFIED))

    # ---------------------------------------------------------------- a new one from it

    async def _again(self, interaction: Interaction, job: Job) -> None:
        asked = Asked(
            prompt=job.prompt,
            size=job.size,
            seconds=job.seconds,
            model=job.model,
            image_of=job.id,
            image_name=job.image_name,
            remix_of=job.remix_of,
            parent_link=words.message_link(job, job.guild_id),
        )
        await self.requests.start(interaction, asked)

    async def _edit(self, interaction: Interaction, job: Job) -> None:
        async def submitted(interaction: Interaction, filled: Filled) -> None:
            asked = Asked(
                prompt=filled.prompt,
                size=filled.size,
                seconds=filled.seconds,
                model=filled.model,
                image_of=job.id,
                image_name=job.image_name,
                parent_link=words.message_link(job, job.guild_id),
            )
            await self.requests.start(interaction, asked)

        t = own_language(interaction)
        start = Filled(prompt=job.prompt, size=job.size, seconds=job.seconds, model=job.model)
        title = t(LABELS[Action.EDIT])
        form = VideoForm(title, t, self.studio.offer, submitted, start=start)
        await interaction.response.send_modal(form)

    async def _remix(self, interaction: Interaction, job: Job) -> None:
        async def submitted(interaction: Interaction, filled: Filled) -> None:
            asked = Asked(
                prompt=filled.prompt,
                size=job.size,
                seconds=job.seconds,
                model=job.model,
                remix_of=job.video_id,
                parent_link=words.message_link(job, job.guild_id),
            )
            await self.requests.start(interaction, asked)

        t = own_language(interaction)
        await interaction.response.send_modal(ChangeForm(t(LABELS[Action.REMIX]), t, submitted))

    # ---------------------------------------------------------------- unconfirmed, undelivered

    async def _look(self, interaction: Interaction, job: Job) -> None:
        if job.status is JobStatus.EXPIRED:
            await self.studio.resume_polling(job)
            await refuse(interaction, own_language(interaction)(LOOKING))
            return
        await interaction.response.defer(ephemeral=True)
        try:
            after = await self.studio.look_again(job)
        except VideosError as error:
            _log.warning("the server's list could not be read: %s", error, extra=job.log_context())
            await _answer(interaction, CANNOT_LOOK)
            return
        found = after.status is not JobStatus.UNCONFIRMED
        await _answer(interaction, FOUND if found else NOT_FOUND)

    async def _send(self, interaction: Interaction, job: Job) -> None:
        t = own_language(interaction)
        if not await self._is_of_this_outcome(interaction, job):
            await self._refresh(interaction, job)
            return
        try:
            again = await self.studio.admit_again(job)
        except (OverLimit, DiskFull) as problem:
            await refuse(interaction, refusal(problem, interaction.guild_id, t))
            return
        if again is None:
            await self._refresh(interaction, await self.archive.find(job.id) or job)
            return
        await asyncio.gather(refuse(interaction, t(SENT_AGAIN)), self.studio.send(again))

    async def _is_of_this_outcome(self, interaction: Interaction, job: Job) -> bool:
        """Whether the button is that of the last create; an old card's is that of the first."""
        outcome = _outcome(interaction)
        if outcome is None:
            return not await self.studio.was_sent_before(job)
        return outcome == outcome_of(job)

    async def _drop(self, interaction: Interaction, job: Job) -> None:
        await self.studio.abandon(job)
        await refuse(interaction, own_language(interaction)(DROPPED))

    async def _redeliver(self, interaction: Interaction, job: Job) -> None:
        await self.deliveries.redeliver(job, limit=upload_limit(self.bot, job.guild_id))
        await refuse(interaction, own_language(interaction)(REDELIVERING))

    # ---------------------------------------------------------------- away with it

    async def _ask_delete(self, interaction: Interaction, job: Job) -> None:
        t = own_language(interaction)
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(t(REALLY)))
        view.add_item(button_row((Action.DELETE_SURELY,), job.id, t))
        await interaction.response.send_message(view=view, ephemeral=True)

    async def _delete(self, interaction: Interaction, job: Job) -> None:
        await interaction.response.defer(ephemeral=True)
        upstream = await self.studio.delete_upstream(job)
        await self.archive.remove(job)
        removed = await remove_messages(self.bot, job)
        if not removed:
            await _answer(interaction, NOT_REMOVED)
        else:
            await _answer(interaction, DELETED if upstream else DELETED_HERE)


def _outcome(interaction: Interaction) -> str | None:
    """Return which unknown outcome a Send again button was drawn for; None on an old card."""
    match = re.fullmatch(TEMPLATE, str((interaction.data or {}).get("custom_id", "")))
    return None if match is None else match["outcome"]


async def _answer(interaction: Interaction, message: str) -> None:
    """Say something in private, in the person's language, after a defer."""
    await interaction.followup.send(own_language(interaction)(message), ephemeral=True)


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(Buttons(bot))
