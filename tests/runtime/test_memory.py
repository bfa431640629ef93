"""The process's memory and its loaded modules."""

import ctypes
import re
import subprocess
import sys

import pytest

_THREADS_ALLOCATE = """
import ctypes, threading, sys
from bot.runtime.memory import share_one_heap

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
if "share" in sys.argv:
    share_one_heap()
together = threading.Barrier(4)

def allocate():
    libc.malloc(10_000)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


_LARGE_ONES_COME_AND_GO = """
import ctypes, sys
from bot.runtime.memory import share_one_heap

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
if "share" in sys.argv:
    share_one_heap()

for _ in range(2):
    large = [(libc.malloc(1_000_000), libc.malloc(1000))[0] for _ in range(32)]
    for one in large:
        libc.free(one)
fields = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in fields.split()]
libc.mallinfo2.restype = Info
print(libc.mallinfo2().fordblks)
"""


def kept(*arguments: str) -> int:
    """Return the bytes that a process keeps after it has freed large allocations."""
    command = [sys.executable, "-c", _LARGE_ONES_COME_AND_GO, *arguments]
    return int(subprocess.check_output(command, timeout=30))


def heaps(*arguments: str) -> int:
    told = subprocess.run(
        [sys.executable, "-c", _THREADS_ALLOCATE, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return len(re.findall("<heap ", told.stdout))


ON_GLIBC = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc's own"
)


@ON_GLIBC
def test_large_allocations_return_to_the_system() -> None:
    assert kept() > 20_000_000
    assert kept("share") < 2_000_000


@ON_GLIBC
def test_threads_share_one_heap() -> None:
    assert heaps() > 1
    assert heaps("share") == 1


_LOADED = """
import sys
import bot.__main__
print(*sys.modules)
"""
_OF_OTHERS = ("aiohttp.web", "prometheus_client", "alembic", "structlog", "av", "PIL", "bot.server")
"""Each takes megabytes, for what is served, for a new database, or in processes of their own."""


def test_a_bot_on_discord_loads_only_modules_that_it_needs() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADED], check=True, capture_output=True, text=True, timeout=60
    )
    loaded = set(told.stdout.split())
    assert "discord" in loaded
    assert loaded.isdisjoint(_OF_OTHERS)
