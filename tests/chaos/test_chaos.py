"""Short runs of the kill harness: a create taken, a film taken, a commit, a reply, any moment."""

from pathlib import Path

import pytest

from tests.chaos.harness import run
from tests.chaos.plans import SCENARIOS, Kill, Plan, Scenario, Setting, plan

PLANS = [
    Plan(1, Scenario(Setting.USUAL, (Kill("videos", "create", done=True),)), ()),
    Plan(2, Scenario(Setting.TOKEN_DEAD, (Kill("discord", "film", done=True),)), ()),
    Plan(3, Scenario(Setting.USUAL, (Kill("commit", "3", done=True),)), ()),
    Plan(4, Scenario(Setting.CLOSED, (Kill("discord", "dm", done=True),)), ()),
    Plan(5, Scenario(Setting.USUAL, (Kill("any"), Kill("any"))), ("an upload is cut",)),
]


@pytest.mark.parametrize("chosen", PLANS, ids=str)
async def test_nothing_is_lost_or_bought_twice(
    chosen: Plan, tmp_path: Path, template: Path
) -> None:
    tally = await run(chosen, tmp_path, template)
    assert tally.violations == []
    assert tally.kills == len(chosen.scenario.kills)
    assert sum(tally.ends.values()) == 3


def test_every_scenario_has_its_turn() -> None:
    assert [plan(seed).scenario for seed in range(len(SCENARIOS))] == SCENARIOS
