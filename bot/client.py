"""VideoBot: the connection to Discord, with every resource handed over by keyword."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

from bot.cards.i18n import OFFERED, language, read_catalogues
from bot.cards.words import GONE_WRONG, STOPPING, too_fast
from bot.gateway import LASTING, Reach, open_shard
from bot.requests.cooldown import COMMANDS, PRESSES, SUGGESTIONS, Cooldown
from bot.runtime.background import Background
from bot.transport.errors import (
    MALFORMED,
    DiscordRefuses,
    UnreadableAnswer,
    commands_refused,
    is_temporary,
    told,
)
from bot.transport.rate_limits import RateLimits
from bot.transport.result import UNREACHED

_log = logging.getLogger(__name__)

GOODBYE: Final = 2.0
"""Seconds Discord's gateway has to agree to the end of the connection."""
ANSWERS_WITHIN: Final = 75.0
"""Seconds Discord has for the requests of one login: discord.py repeats each for 25."""
SLOW: Final = 10.0
"""Seconds after which the log says that Discord is slow."""
COMMANDS_WITHIN: Final = 10.0
"""Seconds a start waits for Discord to take the commands; those of the last start still work."""
COMMANDS_WAIT: Final = 300.0
"""The longest pause, in seconds, between two syncs of commands: Discord limits them per day."""


class VideoBot(commands.AutoShardedBot):
    """The least of everything that Discord offers: one intent, no cache, no message content."""

    def __init__(
        self,
        *,
        rate_limits: RateLimits,
        clock: Callable[[], float] = time.time,
        proxy: str | None = None,
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
            http_trace=rate_limits.trace(),
            proxy=proxy,
        )
        self.clock = clock
        self.commands_pace = Cooldown(COMMANDS)
        self.presses = Cooldown(PRESSES)
        self.suggestions = Cooldown(SUGGESTIONS)
        self.stopping = False
        self._reach = Reach()
        self._background = Background()
        self._in_time = asyncio.timeout(None)
        self._refused: DiscordRefuses | None = None
        self._started_without_commands = False
        self._cogs: Sequence[commands.Cog] = ()
        self._startup: Callable[[], Awaitable[None]] | None = None
        self._dev_guild = None if dev_guild is None else discord.Object(dev_guild)

    def prepare(self, cogs: Sequence[commands.Cog], startup: Callable[[], Awaitable[None]]) -> None:
        """Have `cogs` loaded at the login, and `startup` awaited after that; to be called once."""
        self._cogs = cogs
        self._startup = startup

    async def login(self, token: str) -> None:
        """Log in, as soon as Discord can be reached. Raises LoginFailure and DiscordRefuses."""
        await self._reach.until_reached(partial(self._log_in, token))

    async def _log_in(self, token: str) -> None:
        try:
            await self._soon(super().login(token))
        except (*UNREACHED, discord.DiscordException, *MALFORMED) as error:
            # The next try opens a session of its own.
            await self.http.close()
            self.http.connector = discord.utils.MISSING
            if isinstance(error, MALFORMED) and not self.cogs:
                raise UnreadableAnswer(f"an answer that cannot be read: {told(error)}") from None
            raise

    async def launch_shards(self) -> None:
        """Connect to the gateway, as soon as Discord says where it is."""
        launch = super().launch_shards
        await self._reach.until_reached(lambda: self._soon(launch()), also=MALFORMED)
        self._reach.found()

    async def launch_shard(self, gateway: URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect one shard, as soon as the gateway accepts it. Raises discord.ConnectionClosed."""
        self._in_time.reschedule(None)
        await open_shard(self, gateway, shard_id, self._reach, initial=initial)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected. Raises DiscordRefuses, and what sentence_for can put into words."""
        await super().connect(reconnect=reconnect)
        if self._refused is not None:
            raise self._refused

    async def _soon(self, work: Awaitable[None]) -> None:
        """Give Discord its time to answer, and say so where it takes long. Raises TimeoutError.

        What waits for something else than Discord's answers reschedules `_in_time`.
        """
        slow = TimeoutError(f"it has not answered for {SLOW:.0f} s")
        saying = asyncio.get_running_loop().call_later(SLOW, self._reach.lost, slow)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN) as self._in_time:
                await work
        finally:
            saying.cancel()

    async def close(self) -> None:
        """Close the connection; commands that Discord has not accepted wait for the next start."""
        self._reach.unsettle()
        await super().close()
        await self._background.close()

    async def setup_hook(self) -> None:
        """Load the cogs, tell Discord the commands, and take up the jobs that are waiting.

        Raises DiscordRefuses.
        """
        self._in_time.reschedule(None)
        await self.tree.set_translator(CommandTranslator())
        await self.load_cogs()
        await self._tell_commands()
        if self._startup is not None:
            await self._startup()

    async def load_cogs(self) -> None:
        """Load the cogs that are not loaded yet: a login that failed is repeated."""
        for cog in self._cogs:
            if cog.qualified_name not in self.cogs:
                await self.add_cog(cog)

    async def _tell_commands(self) -> None:
        """Have Discord take the commands; where that lasts, the bot goes on without it.

        Raises DiscordRefuses.
        """
        if self._dev_guild is not None:
            self.tree.copy_global_to(guild=self._dev_guild)
        telling = self._background.spawn(self._sync(), name="commands")
        await asyncio.wait({telling}, timeout=COMMANDS_WITHIN)
        if not telling.done():
            self._started_without_commands = True
            _log.warning(
                "Discord has not accepted the commands yet: those of the last start still work, "
                "and the bot keeps trying"
            )
        elif self._refused is not None:
            raise self._refused

    async def _sync(self) -> None:
        """Have Discord take the commands, as soon as it does; a refusal that stays ends the bot."""
        sync = partial(self.tree.sync, guild=self._dev_guild)
        try:
            await self._reach.until_reached(sync, also=MALFORMED, longest=COMMANDS_WAIT)
        except discord.HTTPException as error:
            guild = None if self._dev_guild is None else self._dev_guild.id
            self._refused = commands_refused(error, guild)
            if self._started_without_commands:
                await super().close()

    async def hang_up(self) -> None:
        """Close the connections to Discord, whether its gateway answers or not."""
        try:
            await asyncio.wait_for(self.close(), GOODBYE)
        except TimeoutError:
            await self.http.close()

    def stop_taking(self) -> None:
        """Begin nothing new: whoever asks for a video now is asked to try again later."""
        _log.info("stopping: nothing new is begun")
        self.stopping = True

    async def on_ready(self) -> None:
        """Say that people can be served."""
        _log.info("ready as %s in %d servers", self.user, len(self.guilds))

    async def on_shard_ready(self, _: int) -> None:
        """Discord is there again."""
        self._reach.found(after=LASTING)

    async def on_shard_resumed(self, _: int) -> None:
        """Discord is there again, and nothing was missed."""
        self._reach.found(after=LASTING)


class CommandTranslator(app_commands.Translator):
    """Translates what a command says of itself; the typed names stay the same everywhere."""

    _TYPED: Final = (
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
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
        """Turn commands away while the bot is about to end, and where they come too fast."""
        bot = interaction.client
        t = language(interaction.locale.value)
        if interaction.type is discord.InteractionType.autocomplete:
            if not bot.stopping and not bot.suggestions.wait(interaction.user.id, bot.clock()):
                return True
            await interaction.response.autocomplete([])
            return False
        if bot.stopping:
            await interaction.response.send_message(t(STOPPING), ephemeral=True)
            return False
        if wait := bot.commands_pace.wait(interaction.user.id, bot.clock()):
            await interaction.response.send_message(too_fast(wait, t), ephemeral=True)
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction[VideoBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Log the cause, and tell the person one private sentence."""
        cause = error.__cause__
        if cause is not None and is_temporary(cause):
            _log.warning("a command failed: %s", told(cause))
        else:
            _log.error("a command failed", exc_info=error)
        sentence = language(interaction.locale.value)(GONE_WRONG)
        try:
            await tell(interaction, sentence)
        except UNREACHED as untold:
            _log.warning("an answer could not be sent: %s", told(untold))


async def tell(
    interaction: discord.Interaction[VideoBot],
    sentence: str,
    file: discord.File = discord.utils.MISSING,
) -> None:
    """Answer in private, also where something was answered before."""
    if interaction.response.is_done():
        await interaction.followup.send(sentence, file=file, ephemeral=True)
    else:
        await interaction.response.send_message(sentence, file=file, ephemeral=True)


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
