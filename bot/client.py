"""VideoBot: the connection to Discord, with every resource handed over by keyword."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import aiohttp
import discord
import stamina
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

from bot.archive import Archive
from bot.deliveries import Deliveries
from bot.jobs.ledger import until_taken
from bot.jobs.models import Job
from bot.jobs.tracker import JobTracker
from bot.keeping import FilmKeeper
from bot.status.buckets import EditBuckets
from bot.status.delivery import Ladder
from bot.status.easel import Easel
from bot.status.editor import StatusEditor
from bot.status.language import OFFERED, language, read_catalogues
from bot.status.view import House
from bot.status.words import GONE_WRONG, NO_ACCESS, STOPPING, TOO_LARGE
from bot.stills import Stills
from bot.studio import Studio

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

EXTENSIONS: Final = (
    "cogs.showing",
    "cogs.telling",
    "cogs.video",
    "cogs.presses",
    "cogs.make",
    "cogs.library",
    "cogs.returning",
)

LONGEST_WAIT: Final = 60.0
"""Seconds between two tries to reach Discord at the start, at the most."""
FIRST_REPEATED: Final = 2
_AWAY: Final = frozenset({429, *range(500, 600)})
"""Answers that pass; what else Discord says no to stays so."""


class VideoBot(commands.AutoShardedBot):
    """The least of everything that Discord offers: one intent, no cache, no message content."""

    def __init__(
        self,
        *,
        studio: Studio,
        deliveries: Deliveries,
        archive: Archive,
        tracker: JobTracker,
        keeper: FilmKeeper,
        stills: Stills,
        ladder: Ladder,
        editor: StatusEditor,
        buckets: EditBuckets,
        clock: Callable[[], float],
        currency: str,
        link_for: Callable[[Job], str] | None,
        largest_image: int,
        dev_guild: int | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=VideoTree,
            http_trace=buckets.trace(),
        )
        self.studio = studio
        self.deliveries = deliveries
        self.archive = archive
        self._currency = currency
        self._link_for = link_for
        self.tracker = tracker
        self.keeper = keeper
        self.stills = stills
        self.ladder = ladder
        self.editor = editor
        self.easel = Easel()
        self.clock = clock
        self.largest_image = largest_image
        self.stopping = False
        self._away = False
        self._dev_guild = None if dev_guild is None else discord.Object(dev_guild)

    @property
    def house(self) -> House:
        """What the cards say of this bot, as far as its Videos server is known by now."""
        return House(
            remix=self.studio.offer.remix, currency=self._currency, link_for=self._link_for
        )

    async def login(self, token: str) -> None:
        """Log in, as soon as Discord can be reached. Raises LoginFailure."""
        async for attempt in self._patiently():
            with attempt:
                try:
                    await super().login(token)
                except Exception:
                    # The next try opens a session of its own.
                    await self.http.close()
                    self.http.connector = discord.utils.MISSING
                    raise

    async def launch_shards(self) -> None:
        """Connect to the gateway, as soon as Discord says where it is."""
        async for attempt in self._patiently():
            with attempt:
                await super().launch_shards()
        if self._away:
            self._away = False
            _log.info("Discord can be reached again")

    def _patiently(self) -> AsyncIterator[stamina.Attempt]:
        return stamina.retry_context(
            on=self._may_come_back,
            attempts=None,
            timeout=None,
            wait_initial=1.0,
            wait_max=LONGEST_WAIT,
        )

    def _may_come_back(self, error: Exception) -> bool:
        """Whether Discord, or the way to it, is away; the operator is told once."""
        if isinstance(error, discord.HTTPException):
            away = error.status in _AWAY
        else:
            away = isinstance(error, aiohttp.ClientError | OSError | discord.GatewayNotFound)
        if away and not self._away:
            self._away = True
            _log.warning(
                "Discord cannot be reached (%s); it is tried again, every %.0f s at the latest, "
                "until it answers or the bot is stopped",
                error,
                LONGEST_WAIT,
            )
        return away

    async def setup_hook(self) -> None:
        """Load the cogs, tell Discord the commands, and take up the jobs that are waiting."""
        await self.tree.set_translator(CommandTranslator())
        for name in EXTENSIONS:
            # A login that failed at the commands is repeated.
            if name not in self.extensions:
                await self.load_extension(name)
        if self._dev_guild is not None:
            self.tree.copy_global_to(guild=self._dev_guild)
        await self.tree.sync(guild=self._dev_guild)
        # After the cogs listen, so that they hear what became of interrupted jobs; before the
        # gateway connects, since a new request would look interrupted as well.
        await self._once_written(self.tracker.catch_up)
        self.dispatch("unsent_requests", await self._once_written(self.studio.resume))
        await self._once_written(partial(self.deliveries.offer_kept, NO_ACCESS))
        if self._link_for is not None:
            await self._once_written(partial(self.deliveries.offer_kept, TOO_LARGE))
        self.tracker.start()
        self.keeper.start()

    async def _once_written(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do what can be repeated, as soon as the disk takes it; until then the cards say that."""
        async for attempt in until_taken():
            with attempt:
                if attempt.num == FIRST_REPEATED:
                    await self.tracker.redraw()
                return await work()
        raise AssertionError("stamina returns or raises")  # pragma: no cover

    def stop_taking(self) -> None:
        """Begin nothing new: who asks for something now is told to come back."""
        _log.info("stopping: nothing new is begun")
        self.stopping = True

    async def on_ready(self) -> None:
        """Say that people can be served."""
        _log.info("ready as %s in %d servers", self.user, len(self.guilds))


class CommandTranslator(app_commands.Translator):
    """Translates what a command says of itself; the typed names stay the same everywhere."""

    _TYPED: Final = (
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
        app_commands.TranslationContextLocation.choice_name,
    )

    async def load(self) -> None:
        """Read the catalogues beside the event loop; called by discord.py."""
        await asyncio.to_thread(read_catalogues)

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the words in a language there is a catalogue for, else None."""
        place = app_commands.TranslationContextLocation
        typed = context.location is place.command_name and not isinstance(
            context.data, app_commands.ContextMenu
        )
        if typed or context.location in self._TYPED or locale.value not in OFFERED:
            return None
        return language(locale.value)(string.message)


class VideoTree(app_commands.CommandTree[VideoBot]):
    """The commands, and what happens when one of them fails in a way nobody foresaw."""

    async def interaction_check(self, interaction: discord.Interaction[VideoBot], /) -> bool:
        """Turn commands away while the bot is about to end."""
        if not interaction.client.stopping:
            return True
        if interaction.type is discord.InteractionType.application_command:
            sentence = language(interaction.locale.value)(STOPPING)
            await interaction.response.send_message(sentence, ephemeral=True)
        return False

    async def on_error(
        self, interaction: discord.Interaction[VideoBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Log the cause, and tell the person one private sentence."""
        _log.error("a command failed", exc_info=error)
        sentence = language(interaction.locale.value)(GONE_WRONG)
        try:
            if interaction.response.is_done():
                await interaction.followup.send(sentence, ephemeral=True)
            else:
                await interaction.response.send_message(sentence, ephemeral=True)
        except discord.HTTPException:
            _log.warning("nobody could be told about it", exc_info=True)


def point_at(*, api_url: str, gateway_url: str | None) -> None:
    """Talk to Discord through other addresses: a rate-limit proxy, or a loopback test.

    discord.py keeps both as class attributes, and dials the gateway named by `/gateway/bot` only at
    the first connect: a gateway that was set here has to win there too.
    """
    Route.BASE = api_url
    if gateway_url is None:
        return
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
    ask = HTTPClient.get_bot_gateway

    async def get_bot_gateway(self: HTTPClient) -> tuple[int, str, Any]:
        shards, _, limit = await ask(self)
        return shards, gateway_url, limit

    HTTPClient.get_bot_gateway = get_bot_gateway
