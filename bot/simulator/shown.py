"""What a person's client shows, as JSON for the page: places, commands, messages."""

from collections.abc import Iterator
from typing import Final

from bot.simulator.core import Core
from bot.simulator.interactions import SLASH
from bot.simulator.messages import EPHEMERAL, LOADING, Message
from bot.simulator.people import MESSAGE_MENU
from bot.simulator.world import Channel, Guild, Payload, User

_GUILD, _BOT_DM, _PRIVATE = 0, 1, 2
"""Contexts of a command. Source: Discord, interactions/application-commands."""
_GUILD_INSTALL, _USER_INSTALL = 0, 1
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
    return [*listed, {"id": "@me", "name": "Direct messages", "channels": talks}]


def _guild(core: Core, guild: Guild, user: User) -> Payload:
    channels = [
        _channel(core, one, user) for one in core.world.in_guild(guild) if one.is_seen_by(user)
    ]
    return {"id": str(guild.id), "name": guild.name, "channels": channels}


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
        if _is_offered(command, channel, user) and command["type"] in (SLASH, MESSAGE_MENU):
            yield _localized(command, user.locale)


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


def message(one: Message, user: User) -> Payload:
    """Describe a message as one person sees it."""
    shown = one.payload() | {
        "bot": one.author.bot,
        "author": person(one.author),
        "private": bool(one.now.flags & EPHEMERAL),
        "loading": bool(one.now.flags & LOADING),
        "pings": user.id in one.pings.users or one.pings.everyone,
    }
    if one.used is not None:
        shown["used"] = {"by": person(one.used[0]), "what": one.used[1]}
    return shown


def is_visible(one: Message, user: User) -> bool:
    """Whether a person sees a message at all."""
    if one.deleted or one.seen_by not in (None, user):
        return False
    return one.channel.is_seen_by(user)
