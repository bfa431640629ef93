"""Every cell of the fault table, played once and judged one by one."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from filelock import FileLock

from tests.reliability import discord_cells, videos_cells
from tests.reliability.document import DOCUMENT, write
from tests.reliability.playing import Findings, play_all

CELLS = {cell.name: cell for cell in (*videos_cells.CELLS, *discord_cells.CELLS)}


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory, template: Path, worker_id: str) -> Findings:
    """Have the whole table played: by one process, where several run tests side by side."""
    here = tmp_path_factory.getbasetemp()
    shared = (here if worker_id == "master" else here.parent) / "fault-table.json"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            folder = tmp_path_factory.mktemp("fault-table")
            found = asyncio.run(play_all(CELLS.values(), folder, template))
            shared.write_text(json.dumps(asdict(found)))
    return Findings(**json.loads(shared.read_text()))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[pytest.mark.xfail(reason=cell.broken, strict=True)] if cell.broken else [],
        )
        for name, cell in CELLS.items()
    ],
)
def test_nothing_is_lost_and_nothing_is_done_twice(findings: Findings, name: str) -> None:
    assert findings.wrong[name] == []


def test_no_foreseen_fault_leaves_a_traceback(findings: Findings) -> None:
    assert findings.tracebacks == []


def test_no_secret_is_in_a_log_line_a_message_or_another_column(findings: Findings) -> None:
    assert findings.leaks == []


def test_no_interaction_token_outlives_its_use(findings: Findings) -> None:
    assert findings.tokens_left == 0


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == write(), "run `make tables`"
