"""How a child is started: its command, its limits, its environment and its folder."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Final

from bot.runtime.sandbox import MOST_CPUS

MEMORY: Final = 512_000_000
"""Bytes a child may take that opens an image, or looks into a film."""
TRANSCODE_MEMORY: Final = 1_500_000_000
"""Bytes a child may take that encodes a film: a 4K film needs about half."""
CODE: Final = 64 * 1024**2
"""Bytes of that which are the libraries' own code, and count in no limit of data."""
NEUTRAL: Final = Path(sys.executable).anchor
"""The folder a child is started in: none of ours."""
_SANDBOX: Final = Path(__file__).with_name("sandbox.py")
_LIBRARIES: Final = ("av", "numpy", "PIL")
_KEPT: Final = ("PATH", "SYSTEMROOT")
"""All that a child has of our environment; the second is Windows' own, which Python needs there."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a child may take of the machine."""

    seconds: float
    """Of each of its processors; for the clock's time see `run_script`."""
    memory: int = MEMORY
    file_bytes: int = 0
    """Of each file that it writes."""
    reads: tuple[Path, ...] = ()
    writes: Path | None = None
    """A folder."""


def command(script: Path | str, *arguments: str | Path, limits: Limits) -> list[str]:
    """Return the command of a child that runs `script`, a file or the name of a module of ours.

    An argument that is a path is made absolute, and may be read. Blocking.
    """
    files = [each.absolute() for each in arguments if isinstance(each, Path)]
    told = [str(each.absolute()) if isinstance(each, Path) else each for each in arguments]
    if isinstance(script, Path):
        files.append(script := script.absolute())
    policy = [*_policy(limits), *(f"read={path}" for path in files)]
    return [sys.executable, "-I", "-S", "-B", str(_SANDBOX), *policy, "--", str(script), *told]


def environment() -> dict[str, str]:
    """Return what a child sees of our environment: no token, no key, no proxy."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _policy(limits: Limits) -> Iterator[str]:
    cpus = min(os.cpu_count() or 1, MOST_CPUS)
    yield f"memory={limits.memory - CODE}"
    yield f"cpu={ceil(limits.seconds) * cpus}"
    yield f"size={limits.file_bytes}"
    yield f"parent={os.getpid()}"
    yield from (f"library={folder}" for folder in _libraries())
    yield from (f"read={path.absolute()}" for path in limits.reads)
    if limits.writes is not None:
        yield f"write={limits.writes.absolute()}"


@cache
def _libraries() -> tuple[str, ...]:
    """Return where the libraries are that open images and films; none of them is loaded here."""
    specs = (find_spec(name) for name in _LIBRARIES)
    origins = [Path(spec.origin) for spec in specs if spec and spec.origin]
    # Some installers put links there that lead into their cache.
    homes = (origin.parents[1] for each in origins for origin in (each, each.resolve()))
    return tuple(dict.fromkeys(str(home) for home in homes))
