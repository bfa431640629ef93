"""A short run of the kill harness: a create taken, a film taken, any moment."""

from pathlib import Path

import pytest

from tests.chaos.harness import POINTS, plan, run
from tests.reliability.studio import render_template

CREATE_DONE = 2 * POINTS.index(("videos", "create")) + 1
FILM_DONE = 2 * POINTS.index(("discord", "film")) + 1
ANY_MOMENT = 2 * len(POINTS)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_template(tmp_path_factory.mktemp("template"))


@pytest.mark.parametrize("seed", [CREATE_DONE, FILM_DONE, ANY_MOMENT], ids=lambda at: str(plan(at)))
async def test_nothing_is_lost_or_bought_twice(seed: int, tmp_path: Path, template: Path) -> None:
    tally = await run(plan(seed), tmp_path, template)
    assert tally.violations == []
    assert tally.kills >= 1
    assert sum(tally.ends.values()) == 3
