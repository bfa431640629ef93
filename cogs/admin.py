"""/video-admin: what the administrators of a community set, see and do."""

import asyncio
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards import admin, limits, reports, words
from bot.cards.i18n import N_, Language
from bot.cards.limits import PERIODS
from bot.cards.sentences import cancelled
from bot.cards.text import plain, shorten
from bot.jobs.database import DuplicateError, StoreError
from bot.jobs.history import Search
from bot.jobs.meters import Grant, Limit, MeterKey, Period, Scope, Unit, Usage
from bot.jobs.models import ACTIVE, RenderStatus
from bot.jobs.store import JobStore
from bot.jobs.usage import as_csv, totals
from bot.requests.admission import NotAdmitted, OverLimit
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
from cogs import admin_options as options
from cogs.admin_options import Channel, Person
from cogs.admin_settings import AdminSettings, chosen_in, may_go_on
from cogs.answers import Interaction, own_language, refusal, refuse
from cogs.asked import Asked
from cogs.buttons import GONE, MOVED_ON
from cogs.permissions import asker_of, readable
from cogs.requests import Requests

_log = logging.getLogger(__name__)

RUNNING_SHOWN: Final = 25
ENTRIES_SHOWN: Final = 10
TEXT: Final = 2000
"""Characters of a message. Source: Discord, resources/message."""

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


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@dataclass(eq=False, repr=False, kw_only=True)
class Admin(commands.GroupCog, group_name="video-admin", group_description=options.D_SETTINGS):
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
        return await may_go_on(interaction)

    @app_commands.command(name="settings", description=options.D_SETTINGS)
    async def show_settings(self, interaction: Interaction) -> None:
        """Answer with the card of settings."""
        await self.settings.show(interaction, options.guild_of(interaction))

    @app_commands.command(name="pause", description=options.D_PAUSE)
    @app_commands.describe(reason=options.O_REASON)
    async def pause(
        self, interaction: Interaction, reason: app_commands.Range[str, 0, REASON_MOST] = ""
    ) -> None:
        """Refuse new requests until resumed."""
        await self.settings.change(
            interaction, options.guild_of(interaction), {"paused": reason.strip()}
        )
        await refuse(interaction, own_language(interaction)(PAUSED))

    @app_commands.command(name="resume", description=options.D_RESUME)
    async def resume(self, interaction: Interaction) -> None:
        """Admit requests again."""
        await self.settings.change(interaction, options.guild_of(interaction), {"paused": None})
        await refuse(interaction, own_language(interaction)(RESUMED))

    @app_commands.command(name="limits", description=options.D_LIMITS)
    async def show_limits(self, interaction: Interaction) -> None:
        """List the limits of this community with what is counted where that is one number."""
        t, guild = own_language(interaction), options.guild_of(interaction)
        community = await self.communities.of(guild)
        await interaction.response.defer(ephemeral=True)
        meters = [self._meter(each, community, guild) for each in community.limits]
        counting = [each for each in meters if each is not None]
        usages = await self.store.accounting.usage(counting)
        counted = dict(zip(counting, usages, strict=True))
        lines = [
            self._limit_line(limit, meter, None if meter is None else counted[meter], t)
            for limit, meter in zip(community.limits, meters, strict=True)
        ]
        none = t(reports.NO_LIMITS, command="`/video-admin limit`")
        await _answer(interaction, "\n".join(lines) or none)

    @app_commands.command(name="limit", description=options.D_LIMIT)
    @app_commands.describe(
        counts=options.O_COUNTS,
        period=options.O_PERIOD,
        most=options.O_MOST,
        whose=options.O_EACH,
        role=options.O_ROLE,
        person=options.O_PERSON,
        channel=options.O_CHANNEL,
    )
    @app_commands.choices(
        counts=options.choices(options.UNITS),
        period=options.choices(PERIODS),
        whose=options.choices(options.EACH),
    )
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
        t, guild = own_language(interaction), options.guild_of(interaction)
        subject, number = options.subject_of(whose, role, person, channel)
        unit = Unit(counts)
        value = options.amount_of(most, unit) if most.strip() else 0
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

    @app_commands.command(name="grant", description=options.D_GRANT)
    @app_commands.describe(
        counts=options.O_COUNTS,
        amount=options.O_AMOUNT,
        person=options.O_PERSON,
        channel=options.O_CHANNEL,
    )
    @app_commands.choices(counts=options.choices(options.UNITS))
    async def grant(
        self,
        interaction: Interaction,
        counts: str,
        amount: str,
        person: Person | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Raise this community's limits on somebody in their current windows."""
        t, guild, unit = own_language(interaction), options.guild_of(interaction), Unit(counts)
        value = options.amount_of(amount, unit)
        if not value:
            await refuse(interaction, t(NOT_A_NUMBER, value=plain(amount, 50)))
            return
        subject, number = options.subject_of(Subject.ALL, None, person, channel)
        found = await self._limits_on(interaction, guild, subject, person, channel)
        raised = [each for each in found if each.key.unit is unit]
        if not raised:
            await refuse(interaction, t(NOTHING_TO_RAISE))
            return
        actor = interaction.user.id
        given = Grant(amount=value, actor_id=actor, at=self.clock(), interaction_id=interaction.id)
        try:
            await self.store.accounting.grant(raised, given)
        except DuplicateError:
            # A gateway that resumes may send an interaction again.
            return
        said = limits.amount(value, unit, t, self.limits.currency)
        name = reports.mention(subject, number) or t(reports.WHOSE[subject])
        entry = await self.communities.record(guild, actor, "grant", before=name, after=said)
        self.settings.post(interaction, await self.communities.of(guild), entry)
        await refuse(interaction, t(GRANTED, amount=said, name=name))

    @app_commands.command(name="explain", description=options.D_EXPLAIN)
    @app_commands.describe(person=options.O_WHOM)
    async def explain(self, interaction: Interaction, person: Person) -> None:
        """Ask the gate itself, for the default video in this channel."""
        t, asker = own_language(interaction), options.asker_as(interaction, person)
        await interaction.response.defer(ephemeral=True)
        request = self.requests.request_of(interaction, Asked(spec=VideoSpec(prompt="?")))
        request = replace(request, requester_id=person.id)
        problem = await self.requests.gate.explain(request, asker)
        name = f"<@{person.id}>"
        verdict = (
            t(MAY, name=name)
            if problem is None
            else f"{t(MAY_NOT, name=name)}\n> {self._explained(problem, t)}"
        )
        community = await self.communities.of(asker.guild)
        # What a person did elsewhere is none of this community's business.
        applying = [
            each
            for each in self.limits.of(asker, community, self.clock())
            if each.key.guild_id == asker.guild or each.key.scope is not Scope.PERSON
        ]
        usages = await self.store.accounting.usage(applying)
        listed = limits.counted(
            zip(applying, usages, strict=True), self.limits.currency, t, person=name
        )
        await _answer(interaction, f"{verdict}\n\n{listed}")

    def _explained(self, problem: NotAdmitted, t: Language) -> str:
        """Say why somebody is refused, without the prompts of what they have running."""
        if isinstance(problem, OverLimit):
            return t.count(limits.AT_ONCE, problem.most_of_user)
        return refusal(problem, t)

    @app_commands.command(name="usage", description=options.D_USAGE)
    @app_commands.describe(period=options.O_PERIOD, by=options.O_BY)
    @app_commands.choices(period=options.choices(options.SINCE), by=options.choices(options.BY))
    async def usage(
        self, interaction: Interaction, period: str = Period.MONTH, by: str = "person"
    ) -> None:
        """Add up the ledger, and give every create of it in a file."""
        t, guild, now = own_language(interaction), options.guild_of(interaction), self.clock()
        await interaction.response.defer(ephemeral=True)
        community = await self.communities.of(guild)
        zone = community.zone(self.limits.zone)
        since, _ = window(Period(period), now, zone)
        creates = await self.store.usage.creates(since, now, guild)

        def report() -> tuple[str, bytes]:
            rows = totals(creates, options.grouping(by, zone, t))
            text = reports.usage_report(rows, since, t, self.limits.currency)
            return text, as_csv(creates).encode()

        text, table = await asyncio.to_thread(report)
        file = discord.File(io.BytesIO(table), filename="usage.csv")
        sent = [file] if creates and len(table) <= interaction.filesize_limit else []
        await interaction.followup.send(shorten(text, TEXT), files=sent, ephemeral=True)

    @app_commands.command(name="queue", description=options.D_QUEUE)
    async def queue(self, interaction: Interaction) -> None:
        """List what is running, with a menu that cancels."""
        t, guild = own_language(interaction), options.guild_of(interaction)
        search = Search(guild_id=guild, channel_ids=None, statuses=ACTIVE)
        found = await self.store.history(search, limit=RUNNING_SHOWN, offset=0)
        seen = readable(interaction)
        shown = [
            each if seen is None or each.request.channel_id in seen else each.with_spec(prompt="…")
            for each in found
        ]
        view = reports.queue_card(shown, t)
        await interaction.response.send_message(view=view, ephemeral=True)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Cancel what was chosen in the menu of /video-admin queue."""
        if admin.named_in(interaction) != reports.CANCEL or interaction.guild_id is None:
            return
        if not await may_go_on(interaction):
            return
        t = own_language(interaction)
        await interaction.response.defer(ephemeral=True)
        try:
            await self._cancel(interaction, interaction.guild_id, t)
        except StoreError as error:
            _log.error("a video could not be cancelled: %s", error)
            await refuse(interaction, t(words.NOT_SAVED))

    async def _cancel(self, interaction: Interaction, guild: int, t: Language) -> None:
        render = await self.store.get(chosen_in(interaction)[0])
        if render is None or render.request.guild_id != guild:
            await refuse(interaction, t(GONE))
            return
        after = await self.cancellations.cancel(render)
        if after.status is not RenderStatus.CANCELLED:
            await refuse(interaction, t(MOVED_ON))
            return
        await refuse(interaction, t(cancelled(after)))
        await self.communities.note(guild, interaction.user.id, "cancel", render.id)

    @app_commands.command(name="audit", description=options.D_AUDIT)
    async def audit(self, interaction: Interaction) -> None:
        """List the last changes, with what was before and after."""
        t = own_language(interaction)
        entries = await self.store.guild_settings.entries(
            options.guild_of(interaction), ENTRIES_SHOWN
        )
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
        asker = asker_of(interaction) if person is None else options.asker_as(interaction, person)
        if channel is not None:
            asker = replace(asker, channel=channel.id)
        community = await self.communities.of(guild)
        found = self.limits.of(asker, community, self.clock())
        scope = SCOPES[subject]
        return [each for each in found if each.key.guild_id == guild and each.key.scope is scope]

    def _meter(self, limit: CommunityLimit, community: Community, guild: int) -> Limit | None:
        """Return the one meter of a limit; None where each person has one."""
        ids = {Subject.PERSON: limit.id, Subject.CHANNEL: limit.id, Subject.ALL: guild}
        if limit.subject not in ids:
            return None
        begins, ends = window(limit.period, self.clock(), community.zone(self.limits.zone))
        scope, number = SCOPES[limit.subject], str(ids[limit.subject])
        key = MeterKey(guild, scope, number, limit.unit, limit.period, begins)
        return Limit(key, limit.most, ends)

    def _limit_line(
        self, limit: CommunityLimit, meter: Limit | None, usage: Usage | None, t: Language
    ) -> str:
        """Say a limit, and what is counted of it where it has one meter."""
        line = f"**{reports.limit_line(limit, t, self.limits.currency)}**"
        if meter is None or usage is None:
            return line
        return f"{line}\n{reports.counted_line(meter, usage, t, self.limits.currency)}"


async def _answer(interaction: Interaction, text: str) -> None:
    """Answer in private; a list that is too long is cut."""
    await refuse(interaction, shorten(text, TEXT))
