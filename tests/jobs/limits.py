"""A limit and a cost, as the tests of accounts use them."""

from bot.jobs.meters import Cost, Limit, MeterKey, Period, Scope, Unit

COST = Cost(videos=1, seconds=4, money=400_000)


def limit(
    most: int,
    unit: Unit = Unit.VIDEOS,
    scope: Scope = Scope.EVERYONE,
    scope_id: str = "",
    window: tuple[float, float | None] = (0.0, None),
) -> Limit:
    begins, ends = window
    return Limit(MeterKey(0, scope, scope_id, unit, Period.EVER, begins), most, ends)
