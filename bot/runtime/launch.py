"""How a child is started: its command, limits, environment and working folder."""

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
"""Bytes of a child that opens an image or probes a film."""
TRANSCODE_MEMORY: Final = 1_500_000_000
"""Bytes of a child that transcodes a film: a 4K film needs about half."""
CODE: Final = 64 * 1024**2
"""Bytes of these that are the libraries' own code, which a limit of data does not count."""
WORKING_FOLDER: Final = Path(sys.executable).anchor
"""The working folder of a child: none of ours."""
_SANDBOX: Final = Path(__file__).with_name("sandbox.py")
_LIBRARIES: Final = ("av", "numpy", "PIL")
_KEPT: Final = ("PATH", "SYSTEMROOT")
"""Variables that a child inherits; Python needs the second on Windows."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a child may use of the machine."""

    seconds: float
    """Of processor time on each processor; `run_script` limits the time that passes."""
    memory: int = MEMORY
    file_bytes: int = 0
    """Of each file that it writes."""
    reads: tuple[Path, ...] = ()
    writes: Path | None = None
    """A folder."""


def command(script: Path | str, *arguments: str | Path, limits: Limits) -> list[str]:
    """Return the command of a child that runs `script`, a file or the name of a module of ours.

    It may read the arguments that are paths, which are made absolute. Blocking.
    """
    files = [each.absolute() for each in arguments if isinstance(each, Path)]
    words = [str(each.absolute()) if isinstance(each, Path) else each for each in arguments]
    if isinstance(script, Path):
        files.append(script := script.absolute())
    policy = [*_policy(limits), *(f"read={path}" for path in files)]
    return [sys.executable, "-I", "-S", "-B", str(_SANDBOX), *policy, "--", str(script), *words]


def environment() -> dict[str, str]:
    """Return the environment of a child: without a token, key or proxy."""
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
    """Return the folders of the libraries that open images and films, without loading them."""
    specs = (find_spec(name) for name in _LIBRARIES)
    origins = [Path(spec.origin) for spec in specs if spec and spec.origin]
    # Some installers put links into these folders that lead into their cache.
    homes = (origin.parents[1] for each in origins for origin in (each, each.resolve()))
    return tuple(dict.fromkeys(str(home) for home in homes))
