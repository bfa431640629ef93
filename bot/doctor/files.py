"""Checks whether the bot's files are for their owner alone, without changing them."""

import asyncio
from pathlib import Path
from typing import Final

from bot.doctor.check import Check, Mark
from bot.runtime.private_files import is_open, places
from bot.settings import Settings

_WHAT: Final = "files"
_ENV: Final = Path(".env")
_NAMED: Final = 5
"""Files named of those that are open to others."""


async def checks(settings: Settings) -> list[Check]:
    """Check .env, the links' key, the database and the folders."""
    return await asyncio.to_thread(_checks, settings)


def _checks(settings: Settings) -> list[Check]:
    ours = places(settings.data_dir, settings.database)
    followed = [path for path in ours if path.is_symlink()]
    if followed:
        fix = "put the file itself there, or set DATA_DIR to where it is"
        return [Check(_WHAT, Mark.BAD, f"{_listed(followed)}: a symbolic link", fix)]
    found = [path for path in (_ENV, *ours) if is_open(path)]
    if not found:
        return [Check(_WHAT, Mark.GOOD, "only their owner can read them")]
    fix = f"chmod go= {_listed(found)}"
    if settings.data_dir / "link.key" in found:
        fix += "; if somebody else may have read link.key, delete it; that ends every link"
    return [Check(_WHAT, Mark.WARNING, f"open to other users: {_listed(found)}", fix)]


def _listed(paths: list[Path]) -> str:
    return " ".join(str(path) for path in paths[:_NAMED])
