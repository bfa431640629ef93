"""Checks what the owner's limits close or refuse without saying so elsewhere."""

from bot.allowances import notes
from bot.choices import catalog_of
from bot.doctor.check import Check, Mark
from bot.runtime.errors import StartError
from bot.settings import Settings


def checks(settings: Settings) -> list[Check]:
    """Name each note on the limits. Blocking. A catalog that cannot be read has its own check."""
    try:
        catalog = catalog_of(settings)
    except StartError:
        return []
    fix = "set what the line names, in .env; docs/limits.md"
    return [Check("limits", Mark.WARNING, note, fix) for note in notes(settings, catalog)]
