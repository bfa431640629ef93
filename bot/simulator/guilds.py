"""Routes about the servers that the bot is in. Source: Discord, resources/guild."""

from typing import Final

from bot.simulator.core import Call, Core, Rule
from bot.simulator.errors import missing_access
from bot.simulator.world import USUAL, VIEW, Channel, Guild, Payload


async def list_guilds(core: Core, _: Call) -> list[Payload]:
    """Return the guilds that the bot is a member of."""
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "owner": False,
            "permissions": str(USUAL),
            "features": [],
        }
        for guild in core.world.guilds.values()
        if guild.bot_is_member
    ]


async def read_guild(core: Core, call: Call) -> Payload:
    """Return one guild. Raises 50001."""
    return core.world.guild_payload(_guild(core, call))


async def read_channels(core: Core, call: Call) -> list[Payload]:
    """Give all but threads."""
    guild = _guild(core, call)
    return [shown(channel) for channel in core.world.in_guild(guild) if channel.parent is None]


async def read_member(core: Core, call: Call) -> Payload:
    """Return a member. Raises 50001."""
    _guild(core, call)
    user = int(call.match["user"])
    return core.world.member(core.world.users.get(user, core.world.bot))


def _guild(core: Core, call: Call) -> Guild:
    guild = core.world.guilds.get(int(call.match["guild"]))
    if guild is None or not guild.bot_is_member:
        raise missing_access()
    return guild


def shown(channel: Channel) -> Payload:
    """Give a channel with the overwrites that make the bot's permissions what they are."""
    if channel.guild is None:
        raise ValueError("only a guild's channel has overwrites")
    allowed, denied = channel.bot_may & ~USUAL, USUAL & ~channel.bot_may
    overwrites = [
        {"id": str(channel.guild.id), "type": 0, "allow": str(allowed), "deny": str(denied)},
        {"id": str(channel.guild.crew), "type": 0, "allow": str(USUAL), "deny": "0"},
        *(
            {"id": str(user), "type": 1, "allow": "0", "deny": str(VIEW)}
            for user in channel.closed_to
        ),
    ]
    return channel.payload() | {"permission_overwrites": overwrites}


RULES: Final = (
    Rule("GET", "/users/@me/guilds", "guild_read", list_guilds),
    Rule("GET", "/guilds/{guild}", "guild_read", read_guild),
    Rule("GET", "/guilds/{guild}/channels", "guild_read", read_channels),
    Rule("GET", "/guilds/{guild}/members/{user}", "guild_read", read_member),
)
