"""Reads .env, and finds names in it that are no settings."""

import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

LARGEST: Final = 1024 * 1024
"""Bytes of a .env; the largest of ours has 8 KB."""
SIMILAR: Final = 0.85
"""The similarity to a setting from which on a name in the environment counts as misspelt."""
RESEMBLING: Final = 0.6
"""The same for a name in .env, which is meant for this program; both are difflib's ratio."""
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_OUTSIDE: Final = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR"})
"""Variables that OpenSSL reads from the environment alone."""


class DotEnvError(Exception):
    """The file cannot be read; the message is a sentence for the operator that quotes no value."""


@dataclass(frozen=True)
class DotEnv:
    """The values by name in upper case; `twice` are the names that occur more than once."""

    values: dict[str, str]
    twice: tuple[str, ...] = ()


def read(path: Path) -> DotEnv:
    """Read the file; a missing one counts as empty. Blocking. Raises DotEnvError."""
    text = _text(path)
    bindings = list(parse_stream(io.StringIO(text)))
    for binding in bindings:
        if binding.error:
            raise DotEnvError(
                f"{path}, line {_line(binding)}, is not like NAME=value: "
                "look for an open quote, or a space in place of the =."
            )
    names = [binding.key.upper() for binding in bindings if binding.key is not None]
    found = dotenv_values(stream=io.StringIO(text))
    values = {name.upper(): value for name, value in found.items() if value is not None}
    return DotEnv(values, tuple(sorted({name for name in names if names.count(name) > 1})))


def _line(binding: Binding) -> int:
    """Return the line a binding begins in; the parser counts the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _text(path: Path) -> str:
    content = _content(path)
    if len(content) > LARGEST:
        raise DotEnvError(f"{path} is larger than {LARGEST} bytes, so it is hardly a .env.")
    if content.startswith(_BOMS) or b"\0" in content:
        raise DotEnvError(f"{path} is not UTF-8 text but perhaps UTF-16: save it as UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DotEnvError(
            f"{path} is not UTF-8 text (line {line}): save it as UTF-8, or write that line again."
        ) from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        return b""
    except IsADirectoryError:
        raise DotEnvError(f"{path} is a folder; it has to be a file of NAME=value lines.") from None
    except OSError as error:
        raise DotEnvError(f"{path} cannot be read ({error.strerror}).") from None


def misspelt(
    file: DotEnv, environment: Iterable[str], settings: Collection[str], path: Path
) -> list[str]:
    """Return a sentence for each name that is no setting, with the setting that it resembles.

    In .env every unknown name counts; in the environment, which other programs use, only one that
    nearly equals a setting's. `settings` are names in upper case.
    """
    sentences = [f"{path} names {name} twice; the last one counts." for name in file.twice]
    sentences += [_unknown(name, settings, path) for name in file.values if name not in settings]
    sentences += [
        f"The environment has {name}, which is no setting: did you mean {near}?"
        for name in environment
        if name.upper() not in settings and (near := _nearest(name, settings, SIMILAR))
    ]
    return sentences


def _unknown(name: str, settings: Collection[str], path: Path) -> str:
    if name in _OUTSIDE:
        return f"{path} has {name}, which counts only in the environment: export it there."
    near = _nearest(name, settings, RESEMBLING)
    hint = f": did you mean {near}?" if near else "; it is ignored."
    return f"{path} has {name}, which is no setting{hint}"


def _nearest(name: str, settings: Collection[str], likeness: float) -> str | None:
    return next(iter(get_close_matches(name.upper(), settings, n=1, cutoff=likeness)), None)
