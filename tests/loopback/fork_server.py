"""Starts bots by forking a process that has imported all modules: a start then costs a tenth.

`python -m tests.loopback.fork_server SOCKET` ends with its standard input, and kills the bots that
still run. Each connection is one bot: a line of JSON asks for it, the answers are its process id,
and later its exit code as `subprocess` counts it.
"""

import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

_CHECK_EVERY: Final = 0.01
"""Seconds between two looks for bots that have ended."""
PRELOADED: Final = (
    "alembic.autogenerate.api",
    "alembic.ddl.sqlite",
    "bot.app",
    "bot.http.site",
    "bot.server.app",
    "cogs.library",
    "cogs.video",
)


def main() -> None:
    for name in PRELOADED:
        __import__(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _serve(listener)


def _serve(listener: socket.socket) -> None:
    running: dict[int, socket.socket] = {}
    try:
        while _turn(listener, running):
            pass
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)


def _turn(listener: socket.socket, running: dict[int, socket.socket]) -> bool:
    """Start what is asked for, and report who has ended; False where this process is over."""
    readable, _, _ = select.select([sys.stdin, listener], [], [], _CHECK_EVERY if running else None)
    if sys.stdin in readable:
        return False
    if listener in readable:
        connection, _ = listener.accept()
        asked = json.loads(connection.makefile().readline())
        pid = os.fork()
        if pid == 0:
            for other in (listener, connection, *running.values()):
                other.close()
            # The parent ends them, not this child.
            running.clear()
            _become(asked)
            return False
        running[pid] = connection
        _tell(connection, pid)
    _report_ended(running)
    return True


def _tell(connection: socket.socket, number: int) -> None:
    # A test that was cut short has closed its end.
    with suppress(OSError):
        connection.sendall(f"{number}\n".encode())


def _report_ended(running: dict[int, socket.socket]) -> None:
    for pid in tuple(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with running.pop(pid) as connection:
                _tell(connection, os.waitstatus_to_exitcode(status))


def _become(asked: dict[str, object]) -> None:
    """Be the module that was asked for, as `python -m` would run it."""
    os.environ.clear()
    os.environ.update(cast("dict[str, str]", asked["environment"]))
    log = os.open(Path(cast("str", asked["log"])), os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)
    module, *arguments = cast("list[str]", asked["command"])
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
