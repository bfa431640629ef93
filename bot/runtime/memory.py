"""Keeps the memory of the process small, and garbage collections short."""

import ctypes
import gc
from contextlib import suppress
from typing import Final

_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
"""Source: glibc, malloc.h; mallopt(3)."""
LARGE: Final = 128 * 1024
"""Bytes, at the least, of an allocation that goes back to the system when it is freed."""


def share_one_heap() -> None:
    """Have all threads allocate from one heap, where the C library is glibc.

    By default glibc gives each thread an arena, and memory that is freed there is not reused
    elsewhere: a database reader's large answer would stay allocated. Large blocks stay out of the
    heap: glibc would raise its limit for them and keep what lies behind them. Call this before any
    thread begins.
    """
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def keep_out_of_collections() -> None:
    """Leave all objects that are loaded by now out of later garbage collections.

    A full collection of them would stop the event loop for a tenth of a second, and would come only
    when the newer objects are a quarter of all. The last call resets that count.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
