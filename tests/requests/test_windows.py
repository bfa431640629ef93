"""When windows begin and end, on the wall clock of a time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.jobs.meters import Period
from bot.requests.windows import window

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("period", "begins", "ends"),
    [
        (Period.HOUR, "2026-11-28T14:00", "2026-11-28T15:00"),
        (Period.DAY, "2026-11-28T00:00", "2026-11-29T00:00"),
        (Period.WEEK, "2026-11-23T00:00", "2026-11-30T00:00"),
        (Period.MONTH, "2026-11-01T00:00", "2026-12-01T00:00"),
    ],
)
def test_a_window_is_the_wall_clocks(period: Period, begins: str, ends: str) -> None:
    assert window(period, at("2026-11-28T14:30"), BERLIN) == (at(begins), at(ends))


def test_ever_has_no_end() -> None:
    assert window(Period.EVER, at("2026-11-28T14:30"), BERLIN) == (0.0, None)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-28", 24)]
)
def test_a_day_on_which_the_clocks_change_is_one_window(day: str, hours: int) -> None:
    begins, ends = window(Period.DAY, at(f"{day}T12:00"), BERLIN)
    assert ends is not None
    assert ends - begins == hours * HOUR
    assert window(Period.DAY, ends - 1, BERLIN) == (begins, ends)
    assert window(Period.DAY, ends, BERLIN)[0] == ends


def test_the_last_month_of_a_year_ends_with_it() -> None:
    december = window(Period.MONTH, at("2026-12-31T23:59"), BERLIN)
    assert december == (at("2026-12-01T00:00"), at("2027-01-01T00:00"))


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    first = at("2026-10-25T02:30")
    assert window(Period.HOUR, first, BERLIN) != window(Period.HOUR, first + HOUR, BERLIN)
