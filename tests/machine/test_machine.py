"""Never lose a film, never buy one twice, whatever happens in whatever order."""

from tests.machine.playing import play

EXAMPLES = 50
STEPS = 25


def test_nothing_is_lost_or_bought_twice() -> None:
    """The same courses of events each time; `make machine` plays others."""
    play(examples=EXAMPLES, steps=STEPS, derandomize=True)
