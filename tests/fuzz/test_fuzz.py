"""A few hundred cases of what `make fuzz` does with thousands."""

from pathlib import Path

from tests.fuzz.document import hold_to_document
from tests.fuzz.harness import ask_oddly, fuzzed_server


async def test_every_answer_is_as_documented(tmp_path: Path) -> None:
    async with fuzzed_server(tmp_path) as base_url:
        verdict = await hold_to_document(base_url, examples=15, seed=1)

    assert verdict.passed, verdict.report
    assert verdict.cases > 300


async def test_no_odd_request_is_left_without_a_sentence(tmp_path: Path) -> None:
    async with fuzzed_server(tmp_path) as base_url:
        tally = await ask_oddly(base_url, cases=500, start=1)

    assert tally.violations == []
    assert tally.statuses.total() > 400
    assert {200, 400, 401, 404} <= set(tally.statuses)
