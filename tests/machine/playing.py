"""Plays the machine for so many courses of events; a failure prints its steps and its replay."""

import gc
import warnings

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import SAWarning

from tests.machine.machine import Machine


def play(*, examples: int, steps: int, derandomize: bool) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=derandomize,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    with warnings.catch_warnings():
        # A process that is killed leaves what it had open.
        warnings.simplefilter("ignore", SAWarning)
        warnings.simplefilter("ignore", ResourceWarning)
        run_state_machine_as_test(Machine, settings=chosen)
        gc.collect()
