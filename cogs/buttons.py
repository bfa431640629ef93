"""The buttons under the cards: who may press them, and what they do."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import discord
from discord import ui
from discord.ext import commands

from bot.cards import words
from bot.cards.buttons import (
    LABELS,
    Action,
    Press,
    button_row,
    offered,
    outcome_of,
    press_in,
)
from bot.cards.i18n import N_
from bot.cards.modals import ChangeForm, Filled, VideoForm
from bot.cards.sentences import cancelled
from bot.delivery.service import DeliveryService
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.models import Render, RenderStatus, Verb
from bot.jobs.store import JobStore
from bot.requests.admission import NotAdmitted
from bot.requests.cancellations import Cancellations
from bot.requests.communities import Communities
from bot.requests.gate import Gate
from bot.requests.service import RequestService
from bot.transport.deduplication import shows_film
from bot.transport.errors import told
from bot.transport.removing import remove_messages
from bot.transport.result import UNREACHED, refuses_content
from bot.videos.errors import VideosError
from bot.videos.spec import VideoSpec
from cogs.asked import Asked
from cogs.permissions import asker_for, belongs_here, may_manage, upload_limit
from cogs.requests import (
    Interaction,
    Requests,
    own_language,
    refusal,
    refuse,
    too_fast,
)

_log = logging.getLogger(__name__)

_ANYBODYS: Final = frozenset({Action.NOTIFY, Action.AGAIN, Action.EDIT, Action.REMIX})

GONE: Final = N_("This video was deleted.")
NOT_YOURS: Final = N_("Only the person who asked for this video or a moderator can do that.")
ELSEWHERE: Final = N_("This button belongs to a video in another channel.")
MOVED_ON: Final = N_("That changed just now. The card is updated.")
WILL_NOTIFY: Final = N_("You'll be notified here when it's done.")
WILL_WRITE: Final = N_(
    "You'll be notified when it's done: here within 15 minutes, later by direct message."
)
ALREADY_NOTIFIED: Final = N_("You're already on the list.")
FOUND: Final = N_("Found it. The card is updated.")
NOT_FOUND: Final = N_(
    "The bot couldn't find it on the video server. Check again later. "
    "If you send it again, it may be charged twice."
)
CANNOT_LOOK: Final = N_("The video server couldn't be checked. Check again later.")
LOOKING: Final = N_("Checking again. The card will show the result.")
SENT_AGAIN: Final = N_("Sent again. The card is updated.")
DROPPED: Final = N_("The bot has stopped waiting for this video.")
REDELIVERING: Final = N_("Posting it again…")
REALLY: Final = N_(
    "Delete the message, the video and the video server's copy? You can't undo this."
)
DELETED: Final = N_("Deleted.")
DELETED_HERE: Final = N_("Deleted here. The video server kept its copy.")
NOT_REMOVED: Final = N_("Deleted, but the bot can't remove the message. A moderator can.")

NO_LONGER_THERE: Final = N_(
    "Its prompt or image was deleted by the person it came from, so it can't be used again."
)

SETTLED: Final = 60.0
"""Seconds after which no client can still show the card as it was before its film."""
DELIVERY_PAUSE: Final = 0.1
DELIVERY_LOOKS: Final = 20
"""Seconds between two looks whether a delivery is saved, and how many: a press is answered in
three seconds (Discord, interactions/receiving-and-responding)."""

_COPYING: Final = frozenset({Action.AGAIN, Action.EDIT, Action.SEND})

_Do = Callable[[Interaction, Render], Awaitable[None]]


@dataclass(eq=False, repr=False, kw_only=True)
class Buttons(commands.Cog):
    """Answers each press in private; the card shows the result to everybody."""

    client: discord.Client
    requests: Requests
    gate: Gate
    service: RequestService
    cancellations: Cancellations
    communities: Communities
    deliveries: DeliveryService
    store: JobStore
    events: JobEvents
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._does: Mapping[Action, _Do] = {
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

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Check the permission and the state, then do what was pressed.

        A client may still show an old card: what was pressed counts, not what the card shows now.
        """
        if (press := press_in(interaction)) is None:
            return
        t = own_language(interaction)
        if interaction.client.stopping:
            await refuse(interaction, t(words.STOPPING))
            return
        if (sentence := too_fast(interaction)) is not None:
            await refuse(interaction, sentence)
            return
        try:
            await self._press(interaction, press)
        except StoreError as error:
            _log.error("a press could not be saved: %s", error)
            await refuse(interaction, t(words.NOT_WRITTEN))
        except UNREACHED as error:
            # The card shows whether the action was done.
            _log.warning("a press is not answered: %s", told(error))
            if refuses_content(error):
                await refuse(interaction, t(words.ANSWER_REFUSED))

    async def _press(self, interaction: Interaction, press: Press) -> None:
        t, action = own_language(interaction), press.action
        render = await self.store.get(press.render_id)
        if render is None:
            await refuse(interaction, t(GONE))
            return
        if not belongs_here(interaction, render):
            await refuse(interaction, t(ELSEWHERE))
            return
        if action not in _ANYBODYS and not may_manage(interaction, render):
            await refuse(interaction, t(NOT_YOURS))
            return
        render = await self._with_its_film(interaction, render)
        if render.status is RenderStatus.COMPLETED and self._comes_with_film(action, render):
            render = await self._once_delivered(render)
        if action in _COPYING and render.spec.is_incomplete:
            await refuse(interaction, t(NO_LONGER_THERE))
        elif self._is_offered(action, render):
            await self._does[action](interaction, render)
        else:
            await self._refresh(interaction, render)

    async def _record(self, interaction: Interaction, did: str, render: Render) -> None:
        """Record in the community's audit what decided over a video or its price."""
        if (guild := render.request.guild_id) is not None:
            await self.communities.note(guild, interaction.user.id, did, render.id)

    async def _once_delivered(self, render: Render) -> Render:
        """Wait a moment for a delivery to be saved: people see the film and its buttons before."""
        for _ in range(DELIVERY_LOOKS):
            await asyncio.sleep(DELIVERY_PAUSE)
            current = await self.store.get(render.id)
            if current is None or current.status is not RenderStatus.COMPLETED:
                return current or render
        return render

    async def _with_its_film(self, interaction: Interaction, render: Render) -> Render:
        """Notice a card that has lost its film, so that it can be delivered again."""
        card = interaction.message
        settled = render.ended_at is not None and self.clock() - render.ended_at > SETTLED
        if card is None or card.id != render.card.message_id or not settled:
            return render
        if render.attachment_id is None or shows_film(card):
            return render
        return await self.deliveries.film_lost(render)

    def _comes_with_film(self, action: Action, render: Render) -> bool:
        """Whether a delivered card offers an action that this one does not yet."""
        delivered = render.evolve(status=RenderStatus.DELIVERED)
        return self._is_offered(action, delivered) and not self._is_offered(action, render)

    def _is_offered(self, action: Action, render: Render) -> bool:
        actions = offered(render, remix=self.gate.offer().remix)
        return action in actions or (action is Action.DELETE_SURELY and Action.DELETE in actions)

    async def _refresh(self, interaction: Interaction, render: Render) -> None:
        self.events.redraw(render)
        await refuse(interaction, own_language(interaction)(MOVED_ON))

    # ---------------------------------------------------------------- while it runs

    async def _cancel(self, interaction: Interaction, render: Render) -> None:
        await interaction.response.defer(ephemeral=True)
        after = await self.cancellations.cancel(render)
        if after.status is not RenderStatus.CANCELLED:
            await _answer(interaction, MOVED_ON)
            return
        await _answer(interaction, cancelled(after))
        await self._record(interaction, "cancel", after)

    async def _notify(self, interaction: Interaction, render: Render) -> None:
        is_new = await self.store.subscriptions.add(render.request.id, interaction.user.id)
        told = WILL_NOTIFY if render.request.is_member else WILL_WRITE
        t = own_language(interaction)
        await refuse(interaction, t(told if is_new else ALREADY_NOTIFIED))

    # ---------------------------------------------------------------- a new one from it

    async def _again(self, interaction: Interaction, render: Render) -> None:
        asked = Asked(
            spec=_with_stored_image(render),
            verb=Verb.AGAIN,
            parent=render,
            parent_video_id=render.request.parent_video_id,
        )
        await self.requests.start(interaction, asked)

    async def _edit(self, interaction: Interaction, render: Render) -> None:
        async def submitted(interaction: Interaction, filled: Filled) -> None:
            asked = Asked(spec=filled.spec, verb=Verb.EDIT, parent=render)
            await self.requests.start(interaction, asked)

        t = own_language(interaction)
        title, start = t(LABELS[Action.EDIT]), _with_stored_image(render)
        form = VideoForm(title, t, self.gate.offer(), submitted, start=start)
        await interaction.response.send_modal(form)

    async def _remix(self, interaction: Interaction, render: Render) -> None:
        async def submitted(interaction: Interaction, filled: Filled) -> None:
            asked = Asked(
                spec=replace(render.spec, prompt=filled.spec.prompt, image=None),
                verb=Verb.REMIX,
                parent=render,
                parent_video_id=render.video_id,
            )
            await self.requests.start(interaction, asked)

        t = own_language(interaction)
        await interaction.response.send_modal(ChangeForm(t(LABELS[Action.REMIX]), t, submitted))

    # ---------------------------------------------------------------- unconfirmed, undelivered

    async def _look(self, interaction: Interaction, render: Render) -> None:
        if render.status is RenderStatus.EXPIRED:
            await self.service.resume_polling(render)
            await refuse(interaction, own_language(interaction)(LOOKING))
            return
        await interaction.response.defer(ephemeral=True)
        try:
            after = await self.service.look_again(render)
        except VideosError as error:
            _log.warning(
                "the server's list could not be read: %s", error, extra=render.log_context()
            )
            await _answer(interaction, CANNOT_LOOK)
            return
        found = after.status is not RenderStatus.UNCONFIRMED
        await _answer(interaction, FOUND if found else NOT_FOUND)

    async def _send(self, interaction: Interaction, render: Render) -> None:
        t = own_language(interaction)
        if not await self._is_of_this_outcome(interaction, render):
            await self._refresh(interaction, render)
            return
        try:
            again = await self.gate.admit_again(render, await asker_for(interaction, render))
        except NotAdmitted as problem:
            await refuse(interaction, refusal(problem, t))
            return
        if again is None:
            await self._refresh(interaction, await self.store.get(render.id) or render)
            return
        await asyncio.gather(
            refuse(interaction, t(SENT_AGAIN)),
            self.service.send(again),
            self._record(interaction, "send", again),
        )

    async def _is_of_this_outcome(self, interaction: Interaction, render: Render) -> bool:
        """Whether the button belongs to the last create; an old card's belongs to the first."""
        press = press_in(interaction)
        if press is None or press.outcome is None:
            return not await self.service.was_sent_before(render)
        return press.outcome == outcome_of(render)

    async def _drop(self, interaction: Interaction, render: Render) -> None:
        await self.cancellations.abandon(render)
        await refuse(interaction, own_language(interaction)(DROPPED))

    async def _redeliver(self, interaction: Interaction, render: Render) -> None:
        await self.deliveries.redeliver(
            render, limit=upload_limit(self.client, render.request.guild_id)
        )
        await refuse(interaction, own_language(interaction)(REDELIVERING))

    # ---------------------------------------------------------------- away with it

    async def _ask_delete(self, interaction: Interaction, render: Render) -> None:
        t = own_language(interaction)
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(t(REALLY)))
        view.add_item(button_row((Action.DELETE_SURELY,), render.id, t))
        await interaction.response.send_message(view=view, ephemeral=True)

    async def _delete(self, interaction: Interaction, render: Render) -> None:
        await interaction.response.defer(ephemeral=True)
        upstream = await self.cancellations.delete_upstream(render)
        await self.cancellations.delete_here(render)
        removed = await remove_messages(self.client, render)
        if not removed:
            await _answer(interaction, NOT_REMOVED)
        else:
            await _answer(interaction, DELETED if upstream else DELETED_HERE)
        await self._record(interaction, "delete", render)


def _with_stored_image(render: Render) -> VideoSpec:
    """Return the spec, with the image that is stored with its request, if any."""
    image = render.spec.image
    if image is None:
        return render.spec
    stored = replace(image, url=None, request_id=render.request.id)
    return replace(render.spec, image=stored)


async def _answer(interaction: Interaction, message: str) -> None:
    """Say something in private, in the person's language, after a defer."""
    await interaction.followup.send(own_language(interaction)(message), ephemeral=True)
