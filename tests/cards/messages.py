"""The messages that the code marks for translation."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.messages.extract import extract_from_dir

ROOT: Final = Path(__file__).parents[2]
Id = str | tuple[str, ...]


def as_id(message: Any) -> Id:  # noqa: ANN401 - Babel's ids are str, list or tuple
    return message if isinstance(message, str) else tuple(message)


@cache
def extracted() -> frozenset[Id]:
    """Every message that the code marks, extracted as `make catalogues` does."""
    keywords = {"N_": None, "NN_": (1, 2)}
    return frozenset(
        as_id(found[2])
        for folder in ("bot", "cogs")
        for found in extract_from_dir(ROOT / folder, [("**.py", "python")], keywords=keywords)
    )
