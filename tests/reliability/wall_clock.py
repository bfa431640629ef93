"""Runs a program whose wall clock can be set while it runs.

``python -m tests.reliability.wall_clock SECONDS MODULE [ARGUMENT...]`` is ``python -m MODULE
ARGUMENT...``, and each SIGUSR1 puts its clock forward by SECONDS. As where an operator or NTP sets
the machine's, ``time.time`` and the real-time clock jump, and the monotonic ones do not.
"""

import runpy
import signal
import sys
import time


def main() -> None:
    step = float(sys.argv[1])
    del sys.argv[:2]
    true_time, true_gettime = time.time, time.clock_gettime
    moved = 0.0

    def move(*_: object) -> None:
        nonlocal moved
        moved += step

    def gettime(clock: int) -> float:
        return true_gettime(clock) + (moved if clock == time.CLOCK_REALTIME else 0.0)

    time.time = lambda: true_time() + moved
    time.clock_gettime = gettime
    signal.signal(signal.SIGUSR1, move)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
