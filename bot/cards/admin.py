"""The settings of a community as a card: what is set, and the menus that change it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import discord
from discord import ui

from bot.cards.buttons import StatelessButton
from bot.cards.i18n import N_, Language
from bot.cards.text import plain
from bot.jobs.meters import MILLIONTHS
from bot.requests.admission import Offer
from bot.requests.community import Community

PREFIX: Final = "rushes-admin:"
"""What the custom_id of each menu and button of the card begins with."""
PICKED: Final = 25
"""What one menu holds. Source: Discord, components/reference, "String Select"."""
VALUE: Final = 100
"""Characters of one option."""
NUMBERS: Final = "numbers"
PAUSE: Final = "pause"
RESUME: Final = "resume"
CLEAR: Final = "clear-"

TITLE: Final = N_("Video settings of this server")
ABOUT: Final = N_(
    "A change counts at once. Threads follow their channel. Under Server Settings > Integrations, "
    "Discord decides who sees the commands; what is set here also counts for buttons."
)
LABELS: Final = {
    "paused": N_("Pause"),
    "roles": N_("Roles that can make videos"),
    "people": N_("People who can make videos, whatever their roles"),
    "blocked": N_("People who can't make videos"),
    "channels": N_("Channels for videos"),
    "models": N_("Models"),
    "sizes": N_("Sizes"),
    "seconds": N_("Lengths in seconds"),
    "limits": N_("Limits"),
    "at_once_per_person": N_("Videos at once per person"),
    "at_once": N_("Videos at once in this server"),
    "confirm_above": N_("Ask before a video that costs more than"),
    "time_zone": N_("Time zone"),
    "audit_channel": N_("Channel for changes"),
}
"""What people read for each field of the settings."""
EVERYBODY: Final = N_("Everyone")
NOBODY: Final = N_("Nobody")
EVERYWHERE: Final = N_("Every channel")
ALL: Final = N_("All")
NOWHERE: Final = N_("No channel")
_NONE_CHOSEN: Final = {
    "roles": EVERYBODY,
    "people": NOBODY,
    "blocked": NOBODY,
    "channels": EVERYWHERE,
    "models": ALL,
    "sizes": ALL,
    "seconds": ALL,
    "audit_channel": NOWHERE,
}
"""What a menu says where nothing is chosen."""
_GONE: Final = {
    "roles": N_("The chosen roles were deleted, so nobody can make videos."),
    "channels": N_("The chosen channels were deleted, so no channel allows videos."),
}
CLEAR_ALL: Final = N_("Allow all again")
MORE: Final = N_("More settings")
PAUSE_VIDEOS: Final = N_("Pause videos")
RESUME_VIDEOS: Final = N_("Resume videos")
PAUSED: Final = N_("⏸️ Paused. Nobody can start a video.")
PAUSED_FOR: Final = N_("⏸️ Paused: {reason}")
HELP: Final = N_("About Discord's permissions")
HELP_URL: Final = "https://support.discord.com/hc/en-us/articles/4644915651095-Command-Permissions"
SAVED: Final = N_("Saved.")
REASON: Final = N_("Reason, shown to people (optional)")
ZONE_HINT: Final = N_("Like Europe/Berlin; empty: as the bot's owner set it")
NUMBER_HINT: Final = N_("A number; empty: as many as the bot's owner allows")
PRICE_HINT: Final = N_("An amount in the bot's currency; empty: never")
_HINTS: Final = {
    "at_once_per_person": NUMBER_HINT,
    "at_once": NUMBER_HINT,
    "confirm_above": PRICE_HINT,
    "time_zone": ZONE_HINT,
}

_CHANNELS: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.forum,
]


class _RoleMenu(ui.RoleSelect[ui.LayoutView]):
    def is_dispatchable(self) -> bool:
        """As StatelessButton."""
        return False


class _UserMenu(ui.UserSelect[ui.LayoutView]):
    def is_dispatchable(self) -> bool:
        """As StatelessButton."""
        return False


class _ChannelMenu(ui.ChannelSelect[ui.LayoutView]):
    def is_dispatchable(self) -> bool:
        """As StatelessButton."""
        return False


class Menu(ui.Select[ui.LayoutView]):
    """A menu whose custom_id says everything, so that discord.py need not remember it."""

    def is_dispatchable(self) -> bool:
        """As StatelessButton."""
        return False


def settings_card(
    community: Community,
    offer: Offer,
    exists: Callable[[int], bool],
    t: Language,
    *,
    saved: bool = False,
) -> ui.LayoutView:
    """Draw the settings. `exists` says whether a role or channel is still there."""
    view = ui.LayoutView(timeout=None)
    body = ui.Container[ui.LayoutView]()
    head = f"### {t(TITLE)}\n-# {t(ABOUT)}"
    body.add_item(ui.TextDisplay(head if not saved else f"{head}\n✅ {t(SAVED)}"))
    if community.paused is not None:
        body.add_item(ui.TextDisplay(_paused(community.paused, t)))
    for field, menu in _menus(community, offer, exists, t):
        body.add_item(ui.TextDisplay(f"**{t(LABELS[field])}**"))
        body.add_item(ui.ActionRow(menu))
        if field in _GONE and _is_gone(getattr(community, field), exists):
            clear = StatelessButton(label=t(CLEAR_ALL), custom_id=PREFIX + CLEAR + field)
            body.add_item(ui.Section(f"⚠️ {t(_GONE[field])}", accessory=clear))
    view.add_item(body)
    view.add_item(_buttons(community, t))
    return view


def _is_gone(chosen: Collection[int], exists: Callable[[int], bool]) -> bool:
    """Whether something is chosen, and none of it is there any more."""
    return bool(chosen) and not any(exists(each) for each in chosen)


def named_in(interaction: discord.Interaction[Any]) -> str | None:
    """Return the field of the menu that was used, or the name of the button; None for another."""
    custom_id = str((interaction.data or {}).get("custom_id", ""))
    return custom_id.removeprefix(PREFIX) if custom_id.startswith(PREFIX) else None


def _paused(reason: str, t: Language) -> str:
    said = plain(reason, 200)
    return t(PAUSED_FOR, reason=said) if said else t(PAUSED)


def _menus(
    community: Community, offer: Offer, exists: Callable[[int], bool], t: Language
) -> Iterable[tuple[str, ui.Item[ui.LayoutView]]]:
    kind = discord.SelectDefaultValueType
    roles = _chosen((each for each in community.roles if exists(each)), kind.role)
    yield "roles", _RoleMenu(**_several("roles", t), default_values=roles)
    for field in ("people", "blocked"):
        people = _chosen(getattr(community, field), kind.user)
        yield field, _UserMenu(**_several(field, t), default_values=people)
    channels = _chosen((each for each in community.channels if exists(each)), kind.channel)
    yield (
        "channels",
        _ChannelMenu(**_several("channels", t), channel_types=_CHANNELS, default_values=channels),
    )
    models = offer.models or offer.listed
    offered = {"models": models, "sizes": offer.sizes, "seconds": offer.seconds}
    for field, values in offered.items():
        chosen = getattr(community, field)
        # What is chosen and no longer offered can be taken away, and by that alone.
        listed = [*chosen, *(each for each in values if each not in chosen)]
        usable = [each for each in listed if len(each) <= VALUE]
        if len(values) > 1 or chosen:
            yield field, _values_menu(field, usable, chosen, t)
    told = () if community.audit_channel is None else (community.audit_channel,)
    log = _chosen((each for each in told if exists(each)), kind.channel)
    only_one: dict[str, Any] = {**_several("audit_channel", t), "max_values": 1}
    yield (
        "audit_channel",
        _ChannelMenu(**only_one, channel_types=_CHANNELS[:2], default_values=log),
    )


def _several(field: str, t: Language) -> dict[str, Any]:
    # A mapping of Any: the menus' own parameters differ in type.
    return {
        "custom_id": PREFIX + field,
        "placeholder": t(_NONE_CHOSEN[field]),
        "min_values": 0,
        "max_values": PICKED,
    }


def _chosen(
    ids: Iterable[int], kind: discord.SelectDefaultValueType
) -> list[discord.SelectDefaultValue]:
    return [discord.SelectDefaultValue(id=each, type=kind) for each in sorted(ids)[:PICKED]]


def _values_menu(field: str, values: Sequence[str], chosen: Sequence[str], t: Language) -> Menu:
    options = [
        discord.SelectOption(label=value, value=value, default=value in chosen)
        for value in values[:PICKED]
    ]
    several: dict[str, Any] = {**_several(field, t), "max_values": len(options)}
    return Menu(**several, options=options)


def _buttons(community: Community, t: Language) -> ui.ActionRow[ui.LayoutView]:
    style = discord.ButtonStyle
    row = ui.ActionRow[ui.LayoutView]()
    row.add_item(StatelessButton(label=t(MORE), custom_id=PREFIX + NUMBERS))
    if community.paused is None:
        label = t(PAUSE_VIDEOS)
        row.add_item(StatelessButton(label=label, style=style.danger, custom_id=PREFIX + PAUSE))
    else:
        label = t(RESUME_VIDEOS)
        row.add_item(StatelessButton(label=label, style=style.success, custom_id=PREFIX + RESUME))
    row.add_item(ui.Button(label=t(HELP), url=HELP_URL))
    return row


class NumbersForm(ui.Modal):
    """How many at once, and the time zone."""

    def __init__(self, community: Community, t: Language, submitted: Callable[..., Any]) -> None:
        super().__init__(title=t(MORE)[:45])
        self._submitted = submitted
        self.fields: dict[str, ui.TextInput[ui.Modal]] = {}
        for name, value_hint in _HINTS.items():
            value = getattr(community, name)
            if name == "confirm_above" and value is not None:
                value /= MILLIONTHS
            self.fields[name] = ui.TextInput(
                required=False, max_length=50, default="" if value is None else str(value)
            )
            label = t(LABELS[name])[:45]
            field = self.fields[name]
            self.add_item(ui.Label(text=label, description=t(value_hint)[:100], component=field))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Hand on what was typed, None for an empty field."""
        typed = {name: each.value.strip() or None for name, each in self.fields.items()}
        await self._submitted(interaction, typed)


class ReasonForm(ui.Modal):
    """Why videos are paused."""

    def __init__(self, t: Language, submitted: Callable[..., Any], *, longest: int) -> None:
        super().__init__(title=t(PAUSE_VIDEOS)[:45])
        self._submitted = submitted
        self._reason = ui.TextInput[ui.Modal](required=False, max_length=longest)
        self.add_item(ui.Label(text=t(REASON)[:45], component=self._reason))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Hand on the reason."""
        await self._submitted(interaction, self._reason.value.strip())
