"""The path of every command, form and button from an interaction to a sent request."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from uuid import uuid4

import discord

from bot.cards import sentences, words
from bot.cards.i18n import Language
from bot.cards.renderer import CardRenderer, Draw
from bot.cards.view import CardOptions
from bot.client import VideoBot
from bot.gateway import backoff
from bot.jobs.database import DuplicateError, StoreError
from bot.jobs.models import TOKEN_LIFE, Card, Render, RenderStatus, Request
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.media.image import IMAGE_TYPES, BadImage
from bot.requests.admission import NotAdmitted, NotConfirmed
from bot.requests.forecast import Forecaster
from bot.requests.gate import Gate
from bot.requests.service import RequestService
from bot.runtime.background import Background
from bot.transport.errors import told
from bot.transport.message import find_card
from bot.transport.result import UNREACHED, is_malformed, refuses_content
from bot.videos.spec import ImageSource
from cogs.answers import (
    Interaction,
    give_back,
    is_form,
    own_language,
    refusal,
    refuse,
    tell_surely,
    too_fast,
)
from cogs.asked import Asked
from cogs.confirmations import Confirmations
from cogs.permissions import asker_of, is_member, missing_permissions, upload_limit

_log = logging.getLogger(__name__)

SURELY_MISSING: Final = 2
"""Answers without a card that it takes to be sure there is none."""
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 15.0
"""Seconds between two looks for a card while Discord cannot be asked: the first, and at most."""

OTHERS_NEED: Final = 0.05
LOOKS_FOR_OTHERS: Final = 20
"""How often, and in what steps, an answered request waits for unanswered ones: a second in all."""


class _CardRefused(Exception):
    """Discord refuses the card of this request, even the plain one."""


class _CardUnknown(Exception):
    """Discord could not be asked in time whether the card exists."""


@dataclass(eq=False, repr=False, kw_only=True)
class Requests:
    """Saves requests, answers with their cards, and sends them."""

    client: discord.Client
    gate: Gate
    service: RequestService
    store: JobStore
    forecaster: Forecaster
    renderer: CardRenderer
    options: Callable[[], CardOptions]
    confirmations: Confirmations
    fetch_image: Callable[[str], Awaitable[bytes]]
    """Returns an attachment's bytes; raises aiohttp.ClientError and OSError."""
    largest_image: int
    """Bytes."""
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._warned: set[int] = set()
        self._unanswered = 0
        self._background = Background()
        self._closed = False

    async def start(
        self, interaction: Interaction, asked: Asked, *, confirmed: bool = False
    ) -> bool:
        """Save the request, answer with the card, then send: always in this order.

        False where it is refused, or its price has to be confirmed first.
        """
        t = own_language(interaction)
        if (problem := self._problem(interaction, asked, t)) is not None:
            await give_back(interaction, problem, asked.typed)
            return False
        try:
            with self._answering():
                request = self.request_of(interaction, asked)
                asker = asker_of(interaction)
                render = await self.gate.admit(request, asker, confirmed=confirmed)
        except DuplicateError:
            # A gateway that resumes may send an interaction again: the first one is answered.
            _log.info("interaction %d was delivered twice", interaction.id)
            return True
        except NotConfirmed as unconfirmed:
            await self.confirmations.ask(interaction, asked, unconfirmed)
            return False
        except (NotAdmitted, StoreError) as refused:
            await give_back(interaction, refusal(refused, t), asked.typed)
            return False
        if not self._closed:
            going_on = self._surely(partial(self._go_on, interaction), render)
            await self._background.spawn(going_on, name=f"request {render.id}")
        # Else it was saved during the stop: the next start finds it, as one that was interrupted.
        return True

    def _problem(self, interaction: Interaction, asked: Asked, t: Language) -> str | None:
        """Say what can be known to be wrong without waiting."""
        if interaction.client.stopping:
            return t(words.STOPPING)
        if is_form(interaction) and (sentence := too_fast(interaction)) is not None:
            return sentence
        return None if asked.image is None else self._image_problem(asked.image, t)

    async def close(self) -> None:
        """Leave what is not sent yet to the next start."""
        self._closed = True
        await self._background.close()

    async def _surely(self, work: Callable[[Render], Awaitable[None]], render: Render) -> None:
        """Bring a request on its way; an unexpected error ends it with a sentence."""
        try:
            await work(render)
        except Exception:  # noqa: BLE001 - whatever it was, its card has to say an end
            _log.exception("a request failed unexpectedly", extra=render.log_context())
            await self.service.give_up(render, Reason.UNFORESEEN)

    async def _go_on(self, interaction: Interaction, render: Render) -> None:
        """Answer with the card, then send; an unexpected error ends the render with a sentence."""
        if (carded := await self._show_first(interaction, render)) is None:
            return
        t = own_language(interaction)
        if (reason := await self._begin(carded)) is not None:
            sentence = words.image_unusable(reason, t)
            if not await self._withdraw(interaction, carded, sentence):
                await self.service.give_up(carded, Reason.IMAGE_UNUSABLE)
        elif carded.request.parent_video_id is not None and await self._was_no_remix(carded):
            await self._withdraw(interaction, carded, sentences.cannot_remix(t))
        else:
            await self._warn(interaction, carded)

    async def _show_first(self, interaction: Interaction, render: Render) -> Render | None:
        """Answer with the card; return the render that has it, or None if that ended it."""
        try:
            with self._answering():
                message_id = await self._acknowledge(interaction, render)
        except _CardUnknown:
            await self.service.give_up(render, Reason.DISCORD_AWAY)
            return None
        except _CardRefused as refusal:
            await self.service.drop(render)
            why = words.GONE_WRONG if is_malformed(refusal.__cause__) else words.CARD_REFUSED
            _log.warning("Discord refuses the card, so nothing is sent", extra=render.log_context())
            await tell_surely(interaction, own_language(interaction)(why))
            return None
        if message_id is not None:
            await self._let_others_be_answered()
            return await self.service.shown(render, message_id)
        _log.warning("Discord shows no card, so nothing is sent", extra=render.log_context())
        await self.service.drop(render)
        try:
            await refuse(interaction, own_language(interaction)(words.GONE_WRONG))
        except UNREACHED as error:
            _log.info("nor does it accept an answer: %s", error, extra=render.log_context())
        return None

    @contextmanager
    def _answering(self) -> Generator[None]:
        self._unanswered += 1
        try:
            yield
        finally:
            self._unanswered -= 1

    async def _let_others_be_answered(self) -> None:
        """Wait briefly while others have no answer yet: theirs is due within three seconds."""
        for _ in range(LOOKS_FOR_OTHERS):
            if not self._unanswered:
                return
            await asyncio.sleep(OTHERS_NEED)

    async def _warn(self, interaction: Interaction, render: Render) -> None:
        """Say early which permissions the bot lacks here.

        The interaction's token needs none; everything after its 15 minutes does.
        """
        missing = (
            missing_permissions(interaction)
            if render.request.is_member and render.request.guild_id is not None
            else []
        )
        if not missing:
            return
        if render.request.channel_id not in self._warned:
            self._warned.add(render.request.channel_id)
            _log.warning(
                "in channel %d the bot lacks %s: a film that takes over 15 minutes goes to its "
                "requester by direct message",
                render.request.channel_id,
                ", ".join(missing),
                extra=render.log_context(),
            )
        sentence = words.missing_permissions(missing, own_language(interaction))
        try:
            await interaction.followup.send(sentence, ephemeral=True)
        except UNREACHED as error:
            _log.warning("a warning could not be sent: %s", error, extra=render.log_context())

    def take_up(self, unsent: list[Render]) -> None:
        """Send the requests that a stopped process had only saved, if their cards exist."""
        for render in unsent:
            taking_up = self._surely(self._take_up, render)
            self._background.spawn(taking_up, name=f"take up {render.id}")

    async def _take_up(self, render: Render) -> None:
        try:
            message_id = await self._find(render)
            if message_id is None:
                await self.service.drop(render)
                return
            shown = await self.service.shown(render, message_id)
            if await self._begin(shown) is not None:
                await self.service.give_up(shown, Reason.IMAGE_LOST)
        except _CardUnknown:
            await self.service.give_up(render, Reason.DISCORD_AWAY)

    async def _find(self, render: Render) -> int | None:
        """Return the message of the card, or None if there is surely none.

        Retries while Discord is unreachable; raises _CardUnknown once the request is no longer
        fresh. One "not found" is not enough (discord-api-docs#7220).
        """
        missing = 0
        for wait in backoff(LONGEST_PAUSE, first=FIRST_PAUSE):
            try:
                message_id = await find_card(self.client, render)
            except UNREACHED as error:
                _log.warning("a card cannot be looked for: %s", error, extra=render.log_context())
            else:
                if message_id is not None:
                    return message_id
                missing += 1
                if missing == SURELY_MISSING:
                    return None
            if not render.request.is_fresh(self.clock()):
                break
            await asyncio.sleep(wait)
        raise _CardUnknown

    def _image_problem(self, image: discord.Attachment, t: Language) -> str | None:
        content_type = (image.content_type or "").split(";")[0].strip().lower()
        if content_type not in IMAGE_TYPES:
            return words.wrong_image_type(content_type or None, t)
        if image.size > self.largest_image:
            return words.image_too_large(image.size, self.largest_image, t)
        return None

    async def _acknowledge(self, interaction: Interaction, render: Render) -> int | None:
        """Answer with the card; return its message, or None if Discord shows none.

        After an error it looks for the card first: discord.py's own second try of a lost answer
        gets 40060 (already acknowledged), and may get 10062 (too late). Raises as _find, and
        _CardRefused.
        """
        try:
            forecast = await self.forecaster.forecast(render)
            draw = self.renderer.draw(render, forecast, self.options())
            answer = await self._send_card(interaction, render, draw)
        except UNREACHED as error:
            _log.warning(
                "the answer to an interaction failed: %s", error, extra=render.log_context()
            )
            if refuses_content(error):
                raise _CardRefused from error
        else:
            if answer.message_id is not None:
                return answer.message_id
        return await self._find(render)

    async def _send_card(
        self, interaction: Interaction, render: Render, draw: Draw
    ) -> discord.InteractionCallbackResponse[VideoBot]:
        """Answer with the card; if Discord refuses its content, answer with the plain card."""
        was_plain = self.renderer.is_plain(render)
        try:
            return await interaction.response.send_message(view=draw())
        except discord.HTTPException as error:
            if was_plain or not refuses_content(error):
                raise
            _log.warning(
                "Discord refuses a card, a plain one takes its place: %s",
                told(error),
                extra=render.log_context(),
            )
        self.renderer.refused(render)
        return await interaction.response.send_message(view=draw())

    async def _begin(self, render: Render) -> str | None:
        """Get the image if there is one, and send; return the reason if the image is unusable."""
        try:
            render = await self._with_image(render)
        except (BadImage, *UNREACHED) as error:
            _log.warning("an image is unusable: %s", error, extra=render.log_context())
            return str(error) if isinstance(error, BadImage) else words.NOT_HANDED_OVER
        if render.status is RenderStatus.REQUESTED:
            await self.service.send(render)
        return None

    async def _with_image(self, render: Render) -> Render:
        """Store the image with the render; raises BadImage, and UNREACHED."""
        image = render.spec.image
        if image is None or render.status is not RenderStatus.REQUESTED:
            return render
        if image.request_id is not None:
            return await self.service.copy_image(render)
        if image.url is not None:
            return await self.service.attach_image(render, await self.fetch_image(image.url))
        return render

    async def _was_no_remix(self, render: Render) -> bool:
        """Whether the server just said that it can't remix this film."""
        after = await self.store.get(render.id)
        return after is not None and after.reason == Reason.CANNOT_REMIX

    async def _withdraw(self, interaction: Interaction, render: Render, sentence: str) -> bool:
        """Say in private why the request failed, and delete the public card.

        An answer cannot become private later. Returns False if that fails: then the card says it.
        """
        try:
            await give_back(interaction, sentence, render.spec)
            await interaction.delete_original_response()
        except UNREACHED as error:
            _log.warning("a card cannot be taken back: %s", error, extra=render.log_context())
            return False
        await self.service.drop(render)
        return True

    def request_of(self, interaction: Interaction, asked: Asked) -> Request:
        """Return the request that an interaction makes."""
        guild_id, parent = interaction.guild_id, asked.parent
        guild = None if guild_id is None else self.client.get_guild(guild_id)
        spec, image = asked.spec, asked.image
        if image is not None:
            spec = replace(spec, image=ImageSource(name=image.filename, url=image.url))
        return Request(
            id=uuid4().hex,
            interaction_id=interaction.id,
            requester_id=interaction.user.id,
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            application_id=interaction.application_id,
            is_member=is_member(interaction, guild),
            locale=(interaction.guild_locale or interaction.locale).value,
            spec=spec,
            verb=asked.verb,
            parent_render_id=None if parent is None else parent.id,
            parent_video_id=asked.parent_video_id,
            parent_link=None if parent is None else parent.request.link,
            card=self._card(interaction),
            created_at=self.clock(),
        )

    def _card(self, interaction: Interaction) -> Card:
        return Card(
            interaction_token=interaction.token,
            token_expires_at=self.clock() + TOKEN_LIFE,
            upload_limit=interaction.filesize_limit,
            bot_upload_limit=upload_limit(self.client, interaction.guild_id),
        )
