"""The benchmark measures: a small run of each figure, without a word about how fast it was."""

import math
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import report
from benchmarks.__main__ import MEASURES
from benchmarks.figures import Figure, Picture, Row, bar, percentile
from benchmarks.picture import draw


@pytest.mark.parametrize("name", MEASURES)
async def test_a_small_run_gives_every_number(name: str) -> None:
    if name == "fit" and shutil.which("ffmpeg") is None:
        pytest.skip("nothing to compare with")
    figure = await MEASURES[name](small=True)

    assert figure.name == name
    assert figure.rows
    for row in figure.rows:
        assert row.ours is not None
        assert math.isfinite(row.ours), row
        assert row.naive is None or math.isfinite(row.naive), row
        assert row.met is None, "a small run judges nothing"
    ET.fromstring(draw(figure.picture))  # noqa: S314 - drawn here


FIGURE = Figure(
    name="latency",
    title="From here to there",
    how="By bus.",
    rows=[Row(title="p99", unit="s", ours=0.5, naive=20.0, floor=0.25, goal="≤ 1/30", met=True)],
    picture=Picture(title="a < b", x="", y="s", lines={"ours": bar(0.5), "naive": bar(20.0)}),
    stalls={"by bus": 61.0},
)


def test_the_page_keeps_what_was_written_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "performance.md"
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "FOLDER", tmp_path / "performance")

    report.write([FIGURE])
    first = page.read_text()
    marks = "<!-- why latency: kept by the program -->\n"
    assert "| p99 | 0.5 s | 20 s | 0.25 s | 1/40 | ≤ 1/30 | yes |" in first
    assert "61 ms" in first, "the longest stall of all"
    page.write_text(first.replace(marks, marks + "It was *raining*.\n"))
    report.write([])

    assert page.read_text() == first.replace(f"{marks}\n", f"{marks}It was *raining*.\n")


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile(list(range(1, 101)), 99) == 99
    assert math.isnan(percentile([], 99))
