"""What a person's client shows, as JSON for the page: places, commands, messages."""

from collections.abc import Iterator
from typing import Final

from bot.simulator.core import Core
from bot.simulator.interactions import SLASH, SUB_COMMANDS
from bot.simulator.messages import EPHEMERAL, LOADING, Message
from bot.simulator.people import MESSAGE_MENU
from bot.simulator.world import Channel, Guild, Payload, User

_GUILD, _BOT_DM, _PRIVATE = 0, 1, 2
"""Contexts of a command. Source: Discord, interactions/application-commands."""
_GUILD_INSTALL, _USER_INSTALL = 0, 1
_NAMING_OPTIONS: Final = {6: "people", 7: "channels", 8: "roles"}
_NAMING_MENUS: Final = {5: "people", 6: "roles", 8: "channels"}
"""Source: Discord, application command option types; component types."""
_ADMINISTRATOR: Final = 1 << 3


def person(user: User) -> Payload:
    """Describe somebody whom the page can be."""
    roles = [{"name": role.name, "color": f"#{role.color:06x}"} for role in user.roles]
    return {"id": str(user.id), "name": user.shown_name, "locale": user.locale, "roles": roles}


def places(core: Core, user: User) -> list[Payload]:
    """List the guilds of a person with their channels, and last their direct messages."""
    guilds = [guild for guild in core.world.guilds.values() if user in guild.people]
    listed = [_guild(core, guild, user) for guild in guilds]
    talks = [
        _channel(core, one, user)
        for one in core.world.channels.values()
        if one.guild is None and one.is_seen_by(user)
    ]
    return [*listed, {"id": "@me", "name": "Direct messages", "channels": talks, "roles": []}]


def _guild(core: Core, guild: Guild, user: User) -> Payload:
    channels = [
        _channel(core, one, user) for one in core.world.in_guild(guild) if one.is_seen_by(user)
    ]
    roles = [{"id": str(role.id), "name": role.name} for role in guild.roles]
    return {"id": str(guild.id), "name": guild.name, "channels": channels, "roles": roles}


def _channel(core: Core, channel: Channel, user: User) -> Payload:
    name = channel.name
    if channel.guild is None:
        others = [one for one in (*channel.people, core.bot) if one is not user]
        name = channel.name if channel.people else others[-1].shown_name
    return {
        "id": str(channel.id),
        "name": name,
        "type": channel.type,
        "topic": channel.topic,
        "nsfw": channel.nsfw,
        "parent": None if channel.parent is None else str(channel.parent.id),
        "commands": list(commands(core, channel, user)),
    }


def commands(core: Core, channel: Channel, user: User) -> Iterator[Payload]:
    """Yield the commands that a person may use in a channel, in the person's language."""
    for command in core.commands_in(channel):
        if not _is_offered(command, channel, user):
            continue
        if command["type"] == SLASH:
            yield from _leaves(_localized(_with_names(core, command, channel), user.locale))
        elif command["type"] == MESSAGE_MENU:
            yield _localized(command, user.locale)


def _leaves(command: Payload) -> Iterator[Payload]:
    """Yield what can be run: the command itself, or each of its sub-commands."""
    parts = [one for one in command["options"] if one["type"] in SUB_COMMANDS]
    for part in parts:
        names = {name: f"{command[name]} {part[name]}" for name in ("key", "name")}
        yield from _leaves(part | names | {"type": command["type"]})
    if not parts:
        yield command


def _with_names(core: Core, option: Payload, channel: Channel) -> Payload:
    """Return an option that names somebody or something with those whom it may name."""
    inner: list[Payload] = option.get("options") or []
    options = [_with_names(core, one, channel) for one in inner]
    named = _NAMING_OPTIONS.get(option["type"]) if "required" in option else None
    types = option.get("channel_types")
    found = {} if named is None else {"choices": _named(core, channel.guild, named, types)}
    return option | {"options": options} | found


def _named(core: Core, guild: Guild | None, kind: str, types: list[int] | None) -> list[Payload]:
    """List people, roles or channels of a guild, as choices; channels of `types` alone."""
    if guild is None:
        return []
    match kind:
        case "people":
            found = [(one.id, one.shown_name) for one in guild.people]
        case "roles":
            found = [(one.id, f"@{one.name}") for one in guild.roles]
        case _:
            in_guild = core.world.in_guild(guild)
            found = [
                (one.id, f"#{one.name}")
                for one in in_guild
                if one.parent is None and (types is None or one.type in types)
            ]
    return [{"name": name, "value": str(number)} for number, name in found]


def _is_offered(command: Payload, channel: Channel, user: User) -> bool:
    """Source: Discord, application-commands, contexts and permissions."""
    installs = command.get("integration_types") or [_GUILD_INSTALL]
    contexts = command.get("contexts") or [_GUILD, _BOT_DM, _PRIVATE]
    if channel.guild is None:
        context = _PRIVATE if channel.recipient is None else _BOT_DM
        return context in contexts and (context == _BOT_DM or _USER_INSTALL in installs)
    if not channel.guild.bot_is_member:
        return _GUILD in contexts and _USER_INSTALL in installs
    return _GUILD in contexts and _GUILD_INSTALL in installs and _is_allowed(command, user)


def _is_allowed(command: Payload, user: User) -> bool:
    """Whether the default permissions let a person use it; "0" is for administrators alone."""
    needed: str | None = command.get("default_member_permissions")
    if needed is None or user.may & _ADMINISTRATOR:
        return True
    return needed != "0" and int(needed) & ~user.may == 0


def _localized(command: Payload, locale: str) -> Payload:
    """Return a command or option with the words of one language, and its own name as `key`."""
    names: Payload = command.get("name_localizations") or {}
    told: Payload = command.get("description_localizations") or {}
    options: list[Payload] = command.get("options") or []
    choices: list[Payload] = command.get("choices") or []
    return command | {
        "key": command["name"],
        "name": names.get(locale, command["name"]),
        "description": told.get(locale, command.get("description", "")),
        "options": [_localized(one, locale) for one in options],
        "choices": [_choice(one, locale) for one in choices],
    }


def _choice(choice: Payload, locale: str) -> Payload:
    names: Payload = choice.get("name_localizations") or {}
    return {"name": names.get(locale, choice["name"]), "value": choice["value"]}


def message(core: Core, one: Message, user: User) -> Payload:
    """Describe a message as one person sees it."""
    payload = one.payload()
    shown = payload | {
        "components": [_filled(core, part, one.channel.guild) for part in payload["components"]],
        "bot": one.author.bot,
        "author": person(one.author),
        "private": bool(one.now.flags & EPHEMERAL),
        "loading": bool(one.now.flags & LOADING),
        "pings": user.id in one.pings.users or one.pings.everyone,
    }
    if one.used is not None:
        shown["used"] = {"by": person(one.used[0]), "what": one.used[1]}
    return shown


def _filled(core: Core, part: Payload, guild: Guild | None) -> Payload:
    """Return a component whose menus have the options that Discord's client puts there."""
    if part["type"] not in _NAMING_MENUS:
        inner: list[Payload] = part.get("components") or []
        filled = {"components": [_filled(core, one, guild) for one in inner]} if inner else {}
        return part | filled
    defaults: list[Payload] = part.get("default_values") or []
    chosen = {str(one["id"]) for one in defaults}
    options = [
        {"label": one["name"], "value": one["value"], "default": one["value"] in chosen}
        for one in _named(core, guild, _NAMING_MENUS[part["type"]], part.get("channel_types"))
    ]
    return part | {"options": options}


def is_visible(one: Message, user: User) -> bool:
    """Whether a person sees a message at all."""
    if one.deleted or one.seen_by not in (None, user):
        return False
    return one.channel.is_seen_by(user)
