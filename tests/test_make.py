"""What `make` says to a newcomer, and what the audit says of the packages."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

import pytest

from bot.cards.i18n import CATALOGUES
from tests.processes import PATIENCE

ROOT = Path(__file__).parent.parent
# Without what a `make test` tells the makes below it.
OURS = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
LOCKS = ("run", "dev")
STAMPS = (".ready", ".tools")


def made(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],  # noqa: S607 - the one that a newcomer has
        cwd=ROOT, env=OURS | environment, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [(), ("help",)])
def test_every_target_is_listed_with_a_line(words: tuple[str, ...]) -> None:
    listed = made(*words).stdout.splitlines()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    assert sorted(line.split()[1] for line in listed) == sorted(phony)
    assert all(re.match(r"make \w+ +\S.*", line) and len(line) <= 80 for line in listed)


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """Return the argument that names this environment, with nothing left to install."""
    tools = tmp_path / ".venv"
    tools.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name not in STAMPS:
            (tools / entry.name).symlink_to(entry)
    for stamp in STAMPS:
        (tools / stamp).touch()
    return f"VENV={tools}"


def test_check_runs_every_linter_and_the_quick_tests(installed: str) -> None:
    told = made("--dry-run", "check", installed).stdout
    for command in ("ruff format --check", "ruff check", "lint-imports", "basedpyright"):
        assert f"/bin/{command} " in told.replace("\n", " \n")
    (tests,) = re.findall(r"-m pytest .*-m \"not slow\" .*?(tests/.*)", told)
    assert [place for place in tests.split() if not (ROOT / place).exists()] == []


def test_a_browser_that_is_not_there_is_one_sentence(installed: str) -> None:
    told = made("-s", "test", installed, CHROMIUM="/nonexistent")
    assert told.returncode != 0
    assert "CHROMIUM names no program that can be started: /nonexistent" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """Return a folder with the template alone, to begin translations in."""
    folder = tmp_path / "locales"
    folder.mkdir()
    copyfile(CATALOGUES / "rushes.pot", folder / "rushes.pot")
    return folder


@pytest.mark.parametrize(
    ("code", "folder", "plurals"), [("ko", "ko", 1), ("sv-SE", "sv_SE", 2), ("pl", "pl", 3)]
)
def test_a_translation_begins_with_one_command(
    installed: str, locales: Path, code: str, folder: str, plurals: int
) -> None:
    told = made("language", f"CODE={code}", f"LOCALES={locales}", installed)
    assert told.returncode == 0, told.stderr
    path = locales / folder / "LC_MESSAGES" / "rushes.po"
    assert str(path) in told.stdout
    text = path.read_text(encoding="utf-8")
    header, *messages = text.split("\n\n")
    assert header.splitlines()[0].endswith(" translations for Rushes.")
    assert f"Language: {folder}\\n" in header
    assert f"nplurals={plurals};" in header
    assert not re.search(r"fuzzy|@|\d{4}-\d\d|PROJECT|ORGANIZATION", header)
    assert len(messages) > 100
    assert "#~" not in text
    again = made("language", f"CODE={code}", f"LOCALES={locales}", installed)
    assert again.returncode != 0
    assert f"{folder} is there already" in again.stdout
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("words", [(), ("CODE=pt-PT",), ("CODE=klingon",)])
def test_a_language_that_discord_has_not_is_one_sentence(
    installed: str, locales: Path, words: tuple[str, ...]
) -> None:
    told = made("language", f"LOCALES={locales}", installed, *words)
    assert told.returncode != 0
    assert "Discord has no language" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr
    assert [entry.name for entry in locales.iterdir()] == ["rushes.pot"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z][\w.-]*==\S+", text, re.MULTILINE)
    assert packages
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert ("simcord" in text) == (lock != "run")


def audited(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Audit with a stand-in for pip-audit, whose words are those of version 2.10."""
    (folder / "pip_audit.py").write_text(program, encoding="utf-8")
    return subprocess.run(
        [sys.executable, ".ci/audit.py", "requirements/run.lock"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip


def answer(*packages: dict[str, object]) -> str:
    return f"print({json.dumps(json.dumps({'dependencies': packages, 'fixes': []}))})"


FINE: dict[str, object] = {"name": "yarl", "version": "1.25.1", "vulns": []}
FLAW: dict[str, object] = {"id": "CVE-2026-1", "fix_versions": ["3.9"], "description": ""}
FLAWED: dict[str, object] = {"name": "aiohttp", "version": "3.8.0", "vulns": [FLAW]}
UNKNOWN: dict[str, object] = {"name": "av", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("program", "code", "says"),
    [
        (answer(FINE, UNKNOWN), 0, "0 known vulnerabilities in 1 of 2 packages"),
        (answer(FINE, FLAWED), 1, "aiohttp 3.8.0: CVE-2026-1, fixed in 3.9"),
        (answer(UNKNOWN), 0, "cannot be reached"),
        ("raise SystemExit('no such host')", 0, "cannot be reached"),
    ],
)
def test_a_flaw_fails_and_a_list_out_of_reach_is_said(
    tmp_path: Path, program: str, code: int, says: str
) -> None:
    told = audited(tmp_path, program)
    assert told.returncode == code
    assert says in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_the_demo_listens_where_make_is_told_and_not_where_a_shell_is(installed: str) -> None:
    told = made("--dry-run", "demo", installed, "PORT=8300", "KEEP=my demo", HOST="elsewhere")
    assert '--port "8300"' in told.stdout
    assert '--keep "my demo"' in told.stdout
    assert "elsewhere" not in told.stdout
