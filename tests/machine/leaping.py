"""An event loop whose time stands still while anything happens, and leaps when nothing does.

Sockets are real. What threads would do is done between the turns, so that one seed gives one course
of events.
Of each process that is simulated it knows the tasks and the connections, so that it can end.
"""

import asyncio
import random
import selectors
import socket
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any, Final, TypeVar, TypeVarTuple, cast

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

WORK_TAKES: Final = (1, 1, 1, 4, 40)
"""Turns that a thread's work takes at the most: other things happen meanwhile."""
STUCK_AFTER: Final = 5.0
"""Seconds, in real time, without an event and without a timer."""


class Inside:
    """What one simulated process has open in the loop."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()
        self.connections: list[asyncio.Transport] = []
        self.cut_off = False

    def cut(self) -> None:
        """Lose every connection at once, and make no new one."""
        self.cut_off = True
        for connection in self.connections:
            connection.abort()


INSIDE: Final[ContextVar[Inside | None]] = ContextVar("INSIDE", default=None)
"""The process that the running code belongs to; None for the world around it."""


class LeapingLoop(asyncio.SelectorEventLoop):
    """`leapt` is told each leap, in seconds."""

    def __init__(self, leapt: Callable[[float], None]) -> None:
        self._now = 0.0
        self._leapt = leapt
        self.work_takes: tuple[int, ...] = WORK_TAKES
        super().__init__(_Leaping(self._leap))
        self.set_task_factory(self._remembered)

    def time(self) -> float:
        return self._now

    def _leap(self, seconds: float) -> None:
        self._now += seconds
        self._leapt(seconds)

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - asyncio's own
        func: Callable[[*Ts], R],
        *args: *Ts,
    ) -> asyncio.Future[R]:
        """Do blocking work in no thread; it takes some turns, and is done in the first or last."""
        done: asyncio.Future[R] = self.create_future()
        work = partial(_outcome, func, *args)
        if random.random() < 0.5:  # noqa: S311 - chance, not secrecy; seeded by hypothesis
            settle = work()
            work = lambda: settle  # noqa: E731 - what is left of the work
        turns = random.randrange(random.choice(self.work_takes))  # noqa: S311 - as above
        self._in_turns(turns, lambda: done.cancelled() or work()(done))
        return done

    def _in_turns(self, turns: int, callback: Callable[[], object]) -> None:
        if turns:
            self.call_soon(self._in_turns, turns - 1, callback)
        else:
            callback()

    def go_on(self, turns: int) -> None:
        """Run so many turns: in each, everything that is ready takes one step."""

        def count(left: int) -> None:
            if left:
                self.call_soon(count, left - 1)
            else:
                self.stop()

        self.call_soon(count, turns)
        self.run_forever()

    def let_pass(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due meanwhile."""
        self.run_until_complete(asyncio.sleep(seconds))

    @staticmethod
    def _remembered(loop: asyncio.AbstractEventLoop, work: Any, **how: Any) -> asyncio.Task[Any]:  # noqa: ANN401
        task = asyncio.Task[Any](work, loop=loop, **how)
        context: Context = how.get("context") or copy_context()
        if (inside := context.get(INSIDE)) is not None:
            inside.tasks.add(task)
            task.add_done_callback(inside.tasks.discard)
        return task

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:  # noqa: ANN401
        inside = INSIDE.get()
        if inside is not None and inside.cut_off:
            raise ConnectionRefusedError
        await super().sock_connect(sock, address)

    def _make_socket_transport(self, *given: Any, **named: Any) -> asyncio.Transport:  # noqa: ANN401
        made = cast("Any", super())._make_socket_transport(*given, **named)  # noqa: SLF001
        if (inside := INSIDE.get()) is not None:
            inside.connections.append(made)
        return made


def _outcome(func: Callable[[*Ts], R], *args: *Ts) -> Callable[[asyncio.Future[R]], None]:
    """Do something; return what tells a future how it went."""
    try:
        result = func(*args)
    except Exception as error:  # noqa: BLE001 - belongs to whoever awaits it
        failure = error
        return lambda future: future.set_exception(failure)
    return lambda future: future.set_result(result)


class _Leaping(selectors.DefaultSelector):
    def __init__(self, leap: Callable[[float], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # What was sent to a socket of this machine is there when the sending returns.
        events = super().select(STUCK_AFTER if timeout is None else 0)
        if not events and timeout is None:
            raise RuntimeError("nothing will ever happen again")
        if not events and timeout:
            self._leap(timeout)
        return events
