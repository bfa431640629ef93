"""Writes docs/privacy.md: `python -m tests.privacy.document`.

From `head.md` and from what `columns.toml` says of each column.
"""

import tomllib
from pathlib import Path
from typing import Any, Final

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "privacy.md"
COLUMNS: Final = Path(__file__).parent / "columns.toml"
HEAD: Final = Path(__file__).parent / "head.md"
OF_A_TABLE: Final = frozenset({"title", "kept"})
"""What a table says beside its columns."""


def purposes() -> dict[str, dict[str, Any]]:
    """Return what each table and column is for."""
    return tomllib.loads(COLUMNS.read_text(encoding="utf-8"))


def write() -> str:
    """Return the whole document."""
    tables = (_table(name, told) for name, told in purposes().items())
    return HEAD.read_text(encoding="utf-8") + "".join(tables)


def _table(name: str, told: dict[str, Any]) -> str:
    rows = "".join(_row(column, what) for column, what in told.items() if column not in OF_A_TABLE)
    head = f"\n### {told['title']} (`{name}`)\n\nKept {told['kept']}.\n"
    return f"{head}\n| column | what, and what for |\n|---|---|\n{rows}"


def _row(column: str, told: str | list[str]) -> str:
    what = told if isinstance(told, str) else f"{told[0]}; kept {told[1]}"
    return f"| `{column}` | {what} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(write(), encoding="utf-8")
