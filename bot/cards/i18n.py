"""The languages of the card: gettext's catalogues, read from their .po files."""

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations

CATALOGUES: Final = Path(__file__).with_name("locales")
DOMAIN: Final = "rushes"
# Discord's names of the languages that have a catalogue. Discord writes pt-BR, gettext pt_BR.
OFFERED: Final = tuple(
    sorted(
        catalogue.parts[-3].replace("_", "-")
        for catalogue in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po")
    )
)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "extract this"
    """Mark a message that is translated where it is used."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """Mark a message that depends on a number; the second form holds `{number}`."""
    return one, many


class Language:
    """One language, called with a message and its values to get the words."""

    def __init__(self, code: str) -> None:
        self.code = code if code in OFFERED else "en-US"
        self._babel = self.code.replace("-", "_")
        self._catalogue = _read(self.code) if code in OFFERED else gettext.NullTranslations()

    def __call__(self, message: str, /, **values: object) -> str:
        """Translate `message` and fill its `{placeholders}`."""
        return self._catalogue.gettext(message).format(**values)

    def count(self, message: tuple[str, str], number: int, /) -> str:
        """Translate by number; `{number}` is written as the language does."""
        return self._catalogue.ngettext(*message, number).format(number=self.number(number))

    def number(self, value: float) -> str:
        """Write a number with the language's separators."""
        return format_decimal(value, locale=self._babel)

    def percent(self, value: int) -> str:
        """Write a percentage, 0 to 100, as the language does."""
        return format_percent(value / 100, locale=self._babel)

    def money(self, value: float, currency: str) -> str:
        """Write a sum in a currency."""
        return format_currency(value, currency, locale=self._babel)


@cache
def language(code: str) -> Language:
    """Return the language that Discord names `code`; English where there is no catalogue."""
    return Language(code)


def read_catalogues() -> None:
    """Read all languages that are not yet; 10 to 40 ms for each. Blocking."""
    for code in OFFERED:
        language(code)


def catalogue_path(code: str) -> Path:
    """Return the path of a language's catalogue, in gettext's layout."""
    return CATALOGUES / code.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(code: str) -> gettext.NullTranslations:
    with catalogue_path(code).open("rb") as file:
        catalogue = read_po(file, locale=code.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
