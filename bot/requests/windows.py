"""Windows of limits: the hour, day, week or month of a moment, in a time zone."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.jobs.meters import Period

_MONTHS: Final = 12


def window(period: Period, at: float, zone: ZoneInfo) -> tuple[float, float | None]:
    """Return when a window begins and ends, in Unix seconds; ever has no end.

    Days begin at midnight of the wall clock, weeks on Monday: a day may have 23 or 25 hours.
    """
    if period is Period.EVER:
        return 0.0, None
    if period is Period.HOUR:
        # In UTC: where the wall clock repeats an hour, the two are two windows.
        begin = at - at % 3600
        return begin, begin + 3600
    day = datetime.fromtimestamp(at, zone).replace(
        hour=0, minute=0, second=0, microsecond=0, fold=0
    )
    match period:
        case Period.DAY:
            return day.timestamp(), (day + timedelta(days=1)).timestamp()
        case Period.WEEK:
            monday = day - timedelta(days=day.weekday())
            return monday.timestamp(), (monday + timedelta(days=7)).timestamp()
        case _:
            first = day.replace(day=1)
            following = first.replace(
                year=first.year + first.month // _MONTHS, month=first.month % _MONTHS + 1
            )
            return first.timestamp(), following.timestamp()
