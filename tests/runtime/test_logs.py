"""A record stays on its line, whoever chose its words."""

import json
import logging
from collections.abc import Iterator

import pytest

from bot.runtime.logs import LONGEST_VALUE, one_line, set_up

FORGED = (
    "x\r\n2026-11-25 CRITICAL forged\x1b[31m\x9b2J\x07\x00\x7f\u2028\u2029\u202e\u2066\u200f\ud83d"
)
BAD = set(FORGED) - set("x2026-11-25 CRITICAL forged[31m2J")


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.usefixtures("root")
def test_a_logged_value_stays_on_its_line(capsys: pytest.CaptureFixture[str], form: str) -> None:
    set_up(level="INFO", form=form)
    log = logging.getLogger("bot.test")
    log.warning("it says %s", FORGED, extra={"video": FORGED + "z" * 10_000})
    try:
        int(FORGED)
    except ValueError as error:
        error.add_note(FORGED)
        log.exception("and raises")
    said = capsys.readouterr().err
    assert not BAD & set(said.replace("\n", ""))
    lines = said.splitlines()
    assert not any(line.startswith("2026-11-25 CRITICAL") for line in lines)
    assert "forged" in lines[0]
    assert max(map(len, lines)) < 3 * LONGEST_VALUE
    if form == "json":
        assert len(lines) == 2
        assert all(json.loads(line) for line in lines)


def test_ordinary_text_is_logged_unchanged() -> None:
    assert one_line("a cät “plays” 🎹 猫") == "a cät “plays” 🎹 猫"
    assert one_line("a\tb") == r"a\tb"
    assert len(one_line("y" * 10**6)) < LONGEST_VALUE + 50
