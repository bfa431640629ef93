"""Play other courses of events each time: `python -m tests.machine [EXAMPLES] [STEPS]`."""

import logging
import sys

from bot.runtime import logs
from tests.machine.playing import play

if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    examples, steps = (*given, *(500, 40)[len(given) :])
    # What goes wrong is meant to, and people are told: only the promises count here.
    logs.set_up(level="CRITICAL", form="text")
    logging.disable()
    play(examples=examples, steps=steps, derandomize=False)
