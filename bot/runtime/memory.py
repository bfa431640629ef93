"""How the process keeps its memory: small for the operator, and still while the event loop runs."""

import ctypes
import gc
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
"""Source: glibc, malloc.h; mallopt(3)."""
LARGE: Final = 128 * 1024
"""Bytes of an allocation that goes back to the system when it is freed."""


def share_one_heap() -> None:
    """Have all threads allocate from one heap, where the C library is glibc.

    Else each thread gets an arena of its own, and what a database reader's once took for a large
    answer is never used by anybody else. What is large has no part in it: by itself glibc would
    keep ever larger blocks there, and what lies behind them could not go back. To be called before
    any thread begins.
    """
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def keep_out_of_collections() -> None:
    """Leave what is loaded by now out of all later garbage collections.

    A full one would go through it all, which stops the event loop for a tenth of a second; and it
    comes only when what was left since is a quarter of everything. The last call counts anew.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
