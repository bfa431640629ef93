"""Every column says what it is for, and the document is what they say."""

from bot.jobs.tables import metadata
from tests.privacy.document import DOCUMENT, OF_A_TABLE, purposes, write


def test_every_column_says_what_it_is_for() -> None:
    told = {name: set(columns) - OF_A_TABLE for name, columns in purposes().items()}
    assert told == {name: set(table.c.keys()) for name, table in metadata.tables.items()}
    assert all(set(columns) >= OF_A_TABLE for columns in purposes().values())


def test_the_document_is_written_from_them() -> None:
    """`make privacy` writes it anew."""
    assert DOCUMENT.read_text(encoding="utf-8") == write()
