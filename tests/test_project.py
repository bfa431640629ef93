"""The documents say what is there, and the project is what they say."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

import bot
from tests.demo.pictures import TAKEN_OF, digest_of_words

ROOT: Final = Path(__file__).parent.parent
DOCUMENTS: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", ".github/*.md", "tests/*.md")
    for path in ROOT.glob(pattern)
)
TESTS: Final = ROOT / "tests"
FOLDERS: Final = "bot|cogs|tests|docs|benchmarks|requirements"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document: str) -> None:
    path = ROOT / document
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    links += re.findall(r"src(?:set)?=\"([^\":]+)\"", text)
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_recipes_name_files_that_exist() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(rf"(?<![\w/.])((?:{FOLDERS})/[\w./]*\w)", recipes)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_recipes_name_targets_that_exist() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^)make (\w+)", recipes, re.MULTILINE)
    assert named
    assert [name for name in named if f"\n{name}:" not in makefile] == []


def test_there_is_nothing_to_install_and_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "build-system" not in project
    assert project["tool"]["uv"]["package"] is False
    assert project["project"]["version"] == bot.__version__


def test_the_workflow_runs_what_everybody_runs() -> None:
    workflow = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    assert "run: .ci/run" in workflow
    assert "uses:" not in workflow, "an action that is not pinned may change under us"


def test_no_test_imports_another_test_file() -> None:
    """What two of them need is in a module of its own."""
    importing = re.compile(r"^(from|import) tests\S*[. ](import )?test_", re.MULTILINE)
    found = [path for path in TESTS.rglob("*.py") if importing.search(path.read_text())]

    assert found == []


def test_only_the_tests_of_the_jobs_and_one_module_contain_sql() -> None:
    """The tables change; the other tests then need no change."""
    own = {TESTS / "database.py", Path(__file__), *(TESTS / "jobs").iterdir()}
    sql = re.compile(r"\bsqlite3\.connect\b|\bSELECT .+ FROM\b|\bUPDATE \w+ SET\b|\bINSERT INTO\b")
    found = [path for path in {*TESTS.rglob("*.py")} - own if sql.search(path.read_text())]

    assert found == []


def test_the_pictures_show_the_words_there_are() -> None:
    """`make pictures` takes them anew."""
    assert TAKEN_OF.read_text().strip() == digest_of_words()
