"""A start that fails prints one sentence, exits with a code, and leaves nothing half-written."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.claim import claimed
from bot.settings import Settings
from tests import database
from tests.processes import PATIENCE, VideosServer

ROOT = Path(__file__).parent.parent
TOKEN = "MTIz.this-is-a-secret.token"


def start(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot`, by default `run`, in `folder` with nothing else in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *(command or ("run",))],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def sentence_of(failed: subprocess.CompletedProcess[str]) -> str:
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "Traceback" not in failed.stderr
    assert failed.stderr.count("\n") == 1, "one line, nothing else"
    return failed.stderr.strip()


def test_a_start_without_a_token_says_where_to_get_one(tmp_path: Path) -> None:
    sentence = sentence_of(start(tmp_path))

    assert "DISCORD_TOKEN" in sentence
    assert "discord.com/developers/applications" in sentence
    assert "make demo" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value", "takes"),
    [
        ("POLL_INTERVAL", "soon", "seconds, 0.2 to 3600"),
        ("VIDEOS_BASE_URL", "gpu-box:8000", "http(s)"),
        ("VIDEOS_SIZES", "720", "width x height"),
        ("MAX_ACTIVE", "0", "whole number"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO"),
        ("DATABASE_URL", "mysql://x", "sqlite"),
    ],
)
def test_a_wrong_value_is_named_with_accepted_values(
    tmp_path: Path, key: str, value: str, takes: str
) -> None:
    sentence = sentence_of(start(tmp_path, **{key: value, "DISCORD_TOKEN": TOKEN}))

    assert key in sentence
    assert value in sentence
    assert takes in sentence
    assert TOKEN not in sentence


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "VIDEOS_API_KEY"])
@pytest.mark.parametrize(
    "value",
    ["sk-secret\n", "sk-secret\r\nX-Other: 1", "sk secret", "sk-secr\u00e9t", "sk-\x1bsecret"],
)
def test_a_secret_that_no_header_can_hold_is_refused(tmp_path: Path, name: str, value: str) -> None:
    environment = {"DISCORD_TOKEN": TOKEN, name: value}
    sentence = sentence_of(start(tmp_path, **environment))

    assert sentence.startswith(f"{name} must be a ")
    assert "copy it again" in sentence or "control character" in sentence
    assert "sec" not in sentence


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_a_dot_env_in_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN={TOKEN}\n# für mich\n", encoding=encoding)
    sentence = sentence_of(start(tmp_path))

    assert "save it as UTF-8" in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize(
    ("name", "value"), [("VIDEOS_SECONDS", "2"), ("VIDEOS_SIZES", "426x240,1280x720")]
)
def test_an_offer_that_the_embedded_server_does_not_make_is_refused(
    tmp_path: Path, name: str, value: str
) -> None:
    sentence = sentence_of(start(tmp_path, DISCORD_TOKEN=TOKEN, **{name: value}))
    refused = value.removesuffix(",1280x720")

    assert sentence.startswith(f"{name} has {refused}, which the embedded server")
    assert "VIDEOS_BASE_URL" in sentence


def test_a_misspelt_name_is_reported_before_the_start(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VIDEO_BASE_URL=http://gpu:8000/v1\n")
    failed = start(tmp_path)

    assert failed.returncode == 1
    assert "VIDEO_BASE_URL, which is no setting: did you mean VIDEOS_BASE_URL?" in failed.stderr
    assert "gpu" not in failed.stderr


def test_the_doctor_reports_a_wrong_setting_as_json(tmp_path: Path) -> None:
    ended = start(tmp_path, "doctor", "--json", MAX_ACTIVE="0")

    assert ended.returncode == 1
    assert json.loads(ended.stdout)[0]["what"] == "settings"
    assert ended.stderr == ""


def test_a_second_bot_on_the_same_database_is_refused(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")  # pyright: ignore[reportCallIssue]
    with claimed(settings):
        sentence = sentence_of(start(tmp_path, DISCORD_TOKEN=TOKEN))

    assert "Another bot is running on" in sentence


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    sentence = sentence_of(start(tmp_path, DISCORD_TOKEN=TOKEN))

    assert "cannot be written to" in sentence
    assert "DATA_DIR" in sentence


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    database.make_newer(tmp_path / "data")
    sentence = sentence_of(start(tmp_path, DISCORD_TOKEN=TOKEN))

    assert "written by a newer version of Rushes" in sentence


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rushes.db").write_text("certainly no database, but long enough" * 50)
    sentence = sentence_of(start(tmp_path, DISCORD_TOKEN=TOKEN))

    assert "cannot be opened as a database" in sentence


def test_a_port_that_is_taken_is_refused(tmp_path: Path, server: VideosServer) -> None:
    port = re.findall(r":(\d+)/", server.base_url)[0]
    failed = start(tmp_path, "serve", "--port", port, "--data", str(tmp_path / "other"))

    assert f"cannot start on port {port}" in sentence_of(failed)
