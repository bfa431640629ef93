"""Checks whether the commands that Discord has are the ones that the bot would register."""

import tempfile
from pathlib import Path
from typing import Final

from bot.app import open_bot
from bot.doctor.check import Check, Mark
from bot.runtime.errors import StartError
from bot.runtime.json_fields import Fields, fields_of, objects_in
from bot.settings import Settings

_NO_SERVER: Final = "http://127.0.0.1:9/v1"
"""Stands for the embedded server, which is not started for this check."""


async def check(settings: Settings, registered: object) -> Check:
    """Compare the commands that Discord has registered (its JSON) with the bot's."""
    try:
        ours = _shapes(await _bots_commands(settings))
    except StartError as error:
        return Check("commands", Mark.BAD, str(error), "correct the setting that it names")
    known = _shapes(objects_in(registered))
    missing = sorted(ours.keys() - known.keys())
    changed = sorted(name for name in ours.keys() & known.keys() if ours[name] != known[name])
    if not missing and not changed:
        return Check("commands", Mark.GOOD, f"in sync: {', '.join(sorted(ours))}")
    parts = [f"does not know {', '.join(missing)}"] if missing else []
    parts += [f"has other options for {', '.join(changed)}"] if changed else []
    fix = "start the bot once; it registers them"
    return Check("commands", Mark.WARNING, f"Discord {' and '.join(parts)}", fix)


async def _bots_commands(settings: Settings) -> list[Fields]:
    """Return the commands that a bot with these settings would register."""
    # Nothing is served: a running bot has the port.
    changes: dict[str, object] = {"web_port": None, "ops_port": None, "public_url": None}
    if settings.videos_base_url is None:
        changes |= {"videos_base_url": _NO_SERVER, "videos_models": ("preview",)}
    with tempfile.TemporaryDirectory() as folder:
        changes |= {"data_dir": Path(folder), "database_url": None}
        async with open_bot(settings.model_copy(update=changes), thumbnails=None) as bot, bot:
            await bot.load_cogs()
            return [fields_of(command.to_dict(bot.tree)) for command in bot.tree.get_commands()]


def _shapes(commands: list[Fields]) -> dict[str, object]:
    """Return the parts of each command that people notice, from Discord's JSON or from ours."""
    return {
        str(command.get("name")): [_option(option) for option in objects_in(command.get("options"))]
        for command in commands
    }


def _option(option: Fields) -> tuple[object, ...]:
    choices = [choice.get("value") for choice in objects_in(option.get("choices"))]
    is_required, suggests = bool(option.get("required")), bool(option.get("autocomplete"))
    return option.get("name"), option.get("type"), is_required, suggests, choices
