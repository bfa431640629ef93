"""Addresses as an operator writes them: checked, corrected, and shown without secrets."""

import re
from typing import Final

from yarl import URL

LONGEST_SHOWN: Final = 200
"""Characters of a wrong value that are quoted."""
_ROUTE: Final = re.compile(r"/(videos(/generations)?|models)$")
"""A route of the Videos API after the base; it is cut off."""
_OTHER_ROUTE: Final = re.compile(
    r"/(chat/completions|completions|responses|embeddings|images/\w+)$"
)


class AddressError(ValueError):
    """The address cannot be used; the message says what to do, and never quotes it."""


def parsed(value: str, schemes: tuple[str, ...]) -> URL:
    """Parse an address with a scheme and a host, and without user, password and fragment.

    Raises ValueError.
    """
    if re.search(r"[\s\x00-\x1f\x7f]", value):
        raise AddressError("it has a space or a line break in it")
    url = URL(value)
    if url.scheme not in schemes or not url.host:
        raise ValueError(f"not an address with {' or '.join(schemes)}")
    if url.user is not None or url.password is not None:
        raise AddressError("leave out the user and the password")
    if url.fragment:
        raise AddressError("leave out the # and what follows it")
    return url


def normalized(value: str, schemes: tuple[str, ...]) -> str:
    """Return an address without its last slash. Raises ValueError, also for one with a query."""
    if parsed(value, schemes).query_string:
        raise AddressError("leave out the ? and what follows it")
    return value.rstrip("/")


def videos_base(value: str) -> str:
    """Return the base of a Videos API: a route after it is cut off, a query is kept.

    Raises ValueError, also for an address without a path, since every known server has one: /v1,
    /openai/v1, /api/v1.
    """
    url = parsed(value, ("http", "https"))
    whole, mark, query = value.partition("?")
    base = _ROUTE.sub("", whole.rstrip("/")).rstrip("/")
    path = URL(base).path.rstrip("/")
    if not path:
        raise AddressError(f"try {url.origin()}/v1")
    if (other := _OTHER_ROUTE.search(path)) is not None:
        raise AddressError(f"leave out {other[0]}")
    return f"{base}{mark if query else ''}{query}"


def quoted(value: object) -> str:
    """Quote a value without the user, password and query of an address in it."""
    text = re.sub(r"^(\W*(?:\w[\w+.-]*://|//)?).*@", r"\1***@", repr(value))
    text = re.sub(r"(?<=\?)[^'\"]+", "***", text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def redacted(address: str) -> str:
    """Return an address without user, password and query, for people to read."""
    try:
        url = URL(address)
        return str(url.with_user(None).with_query(None)) if url.host else "***"
    except ValueError:
        return "***"
