"""Routes about the bot itself: who it is, its commands, where its gateway is.

Source: Discord, resources/user, resources/application, interactions/application-commands,
events/gateway.
"""

from typing import Final, cast

from bot.simulator.core import Call, Core, Rule
from bot.simulator.errors import unknown_user
from bot.simulator.world import Payload


async def me(core: Core, _: Call) -> Payload:
    """Return the bot as a user."""
    return core.bot.payload() | {"flags": 0, "mfa_enabled": False, "verified": True, "email": None}


async def application(core: Core, _: Call) -> Payload:
    """Return the application of the bot."""
    return {
        "id": str(core.bot.id),
        "name": "Rushes",
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "team": None,
        "owner": core.bot.payload(),
        "flags": 0,
        "bot": core.bot.payload(),
    }


async def gateway(core: Core, _: Call) -> Payload:
    """Return the address of the gateway."""
    return {"url": core.gateway.url}


async def gateway_bot(core: Core, _: Call) -> Payload:
    """Return the address of the gateway, the shards to start, and the identifies left."""
    limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": core.gateway.url, "shards": 1, "session_start_limit": limit}


async def list_commands(core: Core, call: Call) -> list[Payload]:
    """Return the commands of a guild, or the global ones."""
    return core.commands.get(_guild(call), [])


async def put_commands(core: Core, call: Call) -> list[Payload]:
    """Replace all of them."""
    given = cast("list[Payload]", call.upload.payload.get("commands", []))
    core.commands[_guild(call)] = [_registered(core, call, one) for one in given]
    return core.commands[_guild(call)]


async def post_command(core: Core, call: Call) -> Payload:
    """Add one, in place of one of the same name and type."""
    made = _registered(core, call, call.upload.payload)
    kept = core.commands.setdefault(_guild(call), [])
    kept[:] = [one for one in kept if (one["name"], one["type"]) != (made["name"], made["type"])]
    kept.append(made)
    return made


async def read_user(core: Core, call: Call) -> Payload:
    """Return a user. Raises 10013."""
    user = core.world.users.get(int(call.match["user"]))
    if user is None:
        raise unknown_user()
    return user.payload()


async def open_dm(core: Core, call: Call) -> Payload:
    """Return the direct message with a user. Raises 10013."""
    user = core.world.users.get(int(call.upload.payload["recipient_id"]))
    if user is None:
        raise unknown_user()
    return core.world.dm_with(user).payload()


def _guild(call: Call) -> int | None:
    return int(call.match["guild"]) if "guild" in call.match else None


def _registered(core: Core, call: Call, command: Payload) -> Payload:
    """Give a command as Discord keeps it."""
    guild = _guild(call)
    defaults: Payload = {
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
    }
    facts: Payload = {
        "id": str(core.clock.snowflake()),
        "application_id": str(core.bot.id),
        "version": str(core.clock.snowflake()),
    }
    if guild is not None:
        facts["guild_id"] = str(guild)
    return defaults | command | facts


_GLOBAL: Final = "/applications/{application}/commands"
_IN_GUILD: Final = "/applications/{application}/guilds/{guild}/commands"

RULES: Final = (
    Rule("GET", "/users/@me", "login", me),
    Rule("GET", "/oauth2/applications/@me", "login", application),
    Rule("GET", "/applications/@me", "login", application),
    Rule("GET", "/gateway", "login", gateway),
    Rule("GET", "/gateway/bot", "login", gateway_bot),
    Rule("GET", _GLOBAL, "commands", list_commands),
    Rule("PUT", _GLOBAL, "commands", put_commands),
    Rule("POST", _GLOBAL, "commands", post_command),
    Rule("GET", _IN_GUILD, "commands", list_commands),
    Rule("PUT", _IN_GUILD, "commands", put_commands),
    Rule("POST", _IN_GUILD, "commands", post_command),
    Rule("GET", "/users/{user}", "user_read", read_user),
    Rule("POST", "/users/@me/channels", "open_dm", open_dm),
)
