"""/video-admin: what the administrators of a community set, see and do."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards import admin, limits, reports
from bot.cards.i18n import N_, Language
from bot.cards.limits import PERIODS
from bot.cards.sentences import cancelled
from bot.cards.text import plain, shorten
from bot.jobs.accounts import Limit, MeterKey, Period, Unit
from bot.jobs.history import Search
from bot.jobs.models import ACTIVE, RenderStatus
from bot.jobs.store import JobStore
from bot.jobs.usage import as_csv, totals
from bot.requests.cancellations import Cancellations
from bot.requests.communities import Communities
from bot.requests.community import (
    LIMITS_MOST,
    REASON_MOST,
    SCOPES,
    Community,
    CommunityLimit,
    Subject,
)
from bot.requests.limits import Limits
from bot.requests.windows import window
from bot.videos.spec import VideoSpec
from cogs.admin_options import (
    BY,
    EACH,
    O_AMOUNT,
    O_BY,
    O_CHANNEL,
    O_COUNTS,
    O_EACH,
    O_MOST,
    O_PERIOD,
    O_PERSON,
    O_REASON,
    O_ROLE,
    O_WHOM,
    SINCE,
    UNITS,
    Channel,
    Person,
    amount_of,
    asker_as,
    choices,
    grouping,
    guild_of,
    subject_of,
)
from cogs.admin_settings import NOT_ALLOWED, AdminSettings, chosen_in, may_administrate
from cogs.answers import Interaction, own_language, refusal, refuse, too_fast
from cogs.asked import Asked
from cogs.buttons import GONE, MOVED_ON
from cogs.permissions import asker_of
from cogs.requests import Requests

RUNNING_SHOWN: Final = 25
ENTRIES_SHOWN: Final = 10

NOT_A_NUMBER: Final = N_("“{value}” is not an amount. Nothing was changed.")
TOO_MANY_LIMITS: Final = N_("There can be {number} limits. Remove one first.")
LIMIT_SET: Final = N_("Saved. {limit}")
LIMIT_REMOVED: Final = N_("The limit is removed.")
NO_SUCH_LIMIT: Final = N_("There is no such limit.")
NOTHING_TO_RAISE: Final = N_("No limit of this server counts that, so there is nothing to raise.")
GRANTED: Final = N_("Granted {amount} to {name}.")
PAUSED: Final = N_("Videos are paused. Those in progress go on.")
RESUMED: Final = N_("Videos can be made again.")
MAY: Final = N_("{name} can make a video here.")
MAY_NOT: Final = N_("{name} can't make a video here now, and would read:")
D_SETTINGS: Final = N_("Who can make videos, where and which")
D_LIMITS: Final = N_("The limits of this server and what is used of them")
D_LIMIT: Final = N_("Set, change or remove a limit")
D_GRANT: Final = N_("Raise a limit once, for its current day, week or month")
D_USAGE: Final = N_("What was made here and what it cost")
D_EXPLAIN: Final = N_("Whether a person can make a video here, limit by limit")
D_QUEUE: Final = N_("What is running in this server")
D_PAUSE: Final = N_("Stop new videos in this server")
D_RESUME: Final = N_("Allow new videos again")
D_AUDIT: Final = N_("Who changed what")


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@dataclass(eq=False, repr=False, kw_only=True)
class Admin(commands.GroupCog, group_name="video-admin", group_description=D_SETTINGS):
    """Offers /video-admin to who may manage the server."""

    store: JobStore
    limits: Limits
    communities: Communities
    settings: AdminSettings
    requests: Requests
    cancellations: Cancellations
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        super().__init__()

    async def interaction_check(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: Interaction, /
    ) -> bool:
        """Check again what Discord's own settings of commands may have opened to others."""
        t = own_language(interaction)
        sentence = None if may_administrate(interaction) else t(NOT_ALLOWED)
        if sentence is None and (sentence := too_fast(interaction)) is None:
            return True
        await refuse(interaction, sentence)
        return False

    @app_commands.command(name="settings", description=D_SETTINGS)
    async def show_settings(self, interaction: Interaction) -> None:
        """Answer with the card of settings."""
        await self.settings.show(interaction, guild_of(interaction))

    @app_commands.command(name="pause", description=D_PAUSE)
    @app_commands.describe(reason=O_REASON)
    async def pause(
        self, interaction: Interaction, reason: app_commands.Range[str, 0, REASON_MOST] = ""
    ) -> None:
        """Refuse new requests until resumed."""
        await self.settings.change(interaction, guild_of(interaction), {"paused": reason.strip()})
        await refuse(interaction, own_language(interaction)(PAUSED))

    @app_commands.command(name="resume", description=D_RESUME)
    async def resume(self, interaction: Interaction) -> None:
        """Admit requests again."""
        await self.settings.change(interaction, guild_of(interaction), {"paused": None})
        await refuse(interaction, own_language(interaction)(RESUMED))

    @app_commands.command(name="limits", description=D_LIMITS)
    async def show_limits(self, interaction: Interaction) -> None:
        """List the limits of this community with what is counted where that is one number."""
        t, guild = own_language(interaction), guild_of(interaction)
        community = await self.communities.of(guild)
        lines = [await self._limit_line(each, community, guild, t) for each in community.limits]
        await _answer(
            interaction, "\n".join(lines) or t(reports.NO_LIMITS, command="`/video-admin limit`")
        )

    @app_commands.command(name="limit", description=D_LIMIT)
    @app_commands.describe(
        counts=O_COUNTS,
        period=O_PERIOD,
        most=O_MOST,
        whose=O_EACH,
        role=O_ROLE,
        person=O_PERSON,
        channel=O_CHANNEL,
    )
    @app_commands.choices(counts=choices(UNITS), period=choices(PERIODS), whose=choices(EACH))
    async def set_limit(  # noqa: PLR0917 - the options of the command
        self,
        interaction: Interaction,
        counts: str,
        period: str,
        most: str = "",
        whose: str = Subject.EACH,
        role: discord.Role | None = None,
        person: Person | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Set a limit in the place of an earlier one for the same, or remove it."""
        t, guild = own_language(interaction), guild_of(interaction)
        subject, number = subject_of(whose, role, person, channel)
        unit = Unit(counts)
        value = amount_of(most, unit) if most.strip() else 0
        if value is None:
            await refuse(interaction, t(NOT_A_NUMBER, value=plain(most, 50)))
            return
        limit = CommunityLimit(
            subject=subject, id=number, unit=unit, period=Period(period), most=value
        )
        community = await self.communities.of(guild)
        is_known = any(each.key == limit.key for each in community.limits)
        if not most.strip():
            await self._remove_limit(interaction, guild, limit, t, is_known=is_known)
        elif not is_known and len(community.limits) >= LIMITS_MOST:
            await refuse(interaction, t(TOO_MANY_LIMITS, number=LIMITS_MOST))
        else:
            await self.settings.apply(interaction, guild, lambda old: old.with_limit(limit))
            line = reports.limit_line(limit, t, self.limits.currency)
            await refuse(interaction, t(LIMIT_SET, limit=line))

    async def _remove_limit(
        self,
        interaction: Interaction,
        guild: int,
        limit: CommunityLimit,
        t: Language,
        *,
        is_known: bool,
    ) -> None:
        if not is_known:
            await refuse(interaction, t(NO_SUCH_LIMIT))
            return
        await self.settings.apply(interaction, guild, lambda old: old.without_limit(limit.key))
        await refuse(interaction, t(LIMIT_REMOVED))

    @app_commands.command(name="grant", description=D_GRANT)
    @app_commands.describe(counts=O_COUNTS, amount=O_AMOUNT, person=O_PERSON, channel=O_CHANNEL)
    @app_commands.choices(counts=choices(UNITS))
    async def grant(
        self,
        interaction: Interaction,
        counts: str,
        amount: str,
        person: Person | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Raise this community's limits on somebody in their current windows."""
        t, guild, unit = own_language(interaction), guild_of(interaction), Unit(counts)
        value = amount_of(amount, unit)
        if not value:
            await refuse(interaction, t(NOT_A_NUMBER, value=plain(amount, 50)))
            return
        subject, number = subject_of(Subject.ALL, None, person, channel)
        found = await self._limits_on(interaction, guild, subject, person, channel)
        raised = [each for each in found if each.key.unit is unit]
        if not raised:
            await refuse(interaction, t(NOTHING_TO_RAISE))
            return
        await self.store.accounting.grant(raised, value, interaction.user.id, self.clock())
        said = limits.amount(value, unit, t, self.limits.currency)
        name = reports.mention(subject, number) or t(reports.WHOSE[subject])
        entry = await self.communities.record(
            guild, interaction.user.id, "grant", before=name, after=said
        )
        await self.settings.post(interaction, await self.communities.of(guild), entry)
        await refuse(interaction, t(GRANTED, amount=said, name=name))

    @app_commands.command(name="explain", description=D_EXPLAIN)
    @app_commands.describe(person=O_WHOM)
    async def explain(self, interaction: Interaction, person: Person) -> None:
        """Ask the gate itself, for the default video in this channel."""
        t, asker = own_language(interaction), asker_as(interaction, person)
        request = self.requests.request_of(interaction, Asked(spec=VideoSpec(prompt="?")))
        request = replace(request, requester_id=person.id)
        problem = await self.requests.gate.explain(request, asker)
        name = f"<@{person.id}>"
        verdict = (
            t(MAY, name=name)
            if problem is None
            else f"{t(MAY_NOT, name=name)}\n> {refusal(problem, t)}"
        )
        community = await self.communities.of(asker.guild)
        applying = list(self.limits.of(asker, community, self.clock()))
        usages = await self.store.accounting.usage(applying)
        listed = limits.counted(
            zip(applying, usages, strict=True), self.limits.currency, t, person=name
        )
        await _answer(interaction, f"{verdict}\n\n{listed}")

    @app_commands.command(name="usage", description=D_USAGE)
    @app_commands.describe(period=O_PERIOD, by=O_BY)
    @app_commands.choices(period=choices(SINCE), by=choices(BY))
    async def usage(
        self, interaction: Interaction, period: str = Period.MONTH, by: str = "person"
    ) -> None:
        """Add up the ledger, and give every create of it in a file."""
        t, guild, now = own_language(interaction), guild_of(interaction), self.clock()
        await interaction.response.defer(ephemeral=True)
        community = await self.communities.of(guild)
        zone = community.zone(self.limits.zone)
        since, _ = window(Period(period), now, zone)
        creates = await self.store.usage.creates(since, now, guild)

        def report() -> tuple[str, bytes]:
            rows = totals(creates, grouping(by, zone, t))
            text = reports.usage_report(rows, since, t, self.limits.currency)
            return text, as_csv(creates).encode()

        text, table = await asyncio.to_thread(report)
        file = discord.File(io.BytesIO(table), filename="usage.csv")
        sent = [file] if creates else []
        await interaction.followup.send(text[:2000], files=sent, ephemeral=True)

    @app_commands.command(name="queue", description=D_QUEUE)
    async def queue(self, interaction: Interaction) -> None:
        """List what is running, with a menu that cancels."""
        t, guild = own_language(interaction), guild_of(interaction)
        search = Search(guild_id=guild, channel_ids=None, statuses=ACTIVE)
        found = await self.store.history(search, limit=RUNNING_SHOWN, offset=0)
        view = reports.queue_card(found, t)
        await interaction.response.send_message(view=view, ephemeral=True)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Cancel what was chosen in the menu of /video-admin queue."""
        if admin.named_in(interaction) != reports.CANCEL or not may_administrate(interaction):
            return
        t = own_language(interaction)
        if (sentence := too_fast(interaction)) is not None:
            await refuse(interaction, sentence)
            return
        await interaction.response.defer(ephemeral=True)
        guild = guild_of(interaction)
        render = await self.store.get(chosen_in(interaction)[0])
        if render is None or render.request.guild_id != guild:
            await refuse(interaction, t(GONE))
            return
        after = await self.cancellations.cancel(render)
        if after.status is not RenderStatus.CANCELLED:
            await refuse(interaction, t(MOVED_ON))
            return
        await self.communities.record(guild, interaction.user.id, "cancel", after=render.id)
        await refuse(interaction, t(cancelled(after)))

    @app_commands.command(name="audit", description=D_AUDIT)
    async def audit(self, interaction: Interaction) -> None:
        """List the last changes, with what was before and after."""
        t = own_language(interaction)
        entries = await self.store.guild_settings.entries(guild_of(interaction), ENTRIES_SHOWN)
        await _answer(interaction, reports.changes(entries, t, self.limits.currency))

    async def _limits_on(
        self,
        interaction: Interaction,
        guild: int,
        subject: Subject,
        person: Person | None,
        channel: Channel | None,
    ) -> list[Limit]:
        """Return this community's limits of one scope on somebody or something."""
        asker = asker_of(interaction) if person is None else asker_as(interaction, person)
        if channel is not None:
            asker = replace(asker, channel=channel.id)
        community = await self.communities.of(guild)
        found = self.limits.of(asker, community, self.clock())
        scope = SCOPES[subject]
        return [each for each in found if each.key.guild_id == guild and each.key.scope is scope]

    async def _limit_line(
        self, limit: CommunityLimit, community: Community, guild: int, t: Language
    ) -> str:
        """Say a limit, and what is counted of it where it has one meter."""
        line = reports.limit_line(limit, t, self.limits.currency)
        ids = {Subject.PERSON: limit.id, Subject.CHANNEL: limit.id, Subject.ALL: guild}
        if limit.subject not in ids:
            return f"**{line}**"
        begins, ends = window(limit.period, self.clock(), community.zone(self.limits.zone))
        scope, number = SCOPES[limit.subject], str(ids[limit.subject])
        meter = Limit(
            MeterKey(guild, scope, number, limit.unit, limit.period, begins), limit.most, ends
        )
        (usage,) = await self.store.accounting.usage([meter])
        return f"**{line}**\n{reports.counted_line(meter, usage, t, self.limits.currency)}"


async def _answer(interaction: Interaction, text: str) -> None:
    """Answer in private; no text of ours is cut but an endless list."""
    await refuse(interaction, shorten(text, 2000))
