"""Any .env is read or reported in one sentence, and its unknown names are reported."""

from pathlib import Path

import pytest

from bot.runtime import dotenv
from bot.runtime.dotenv import LARGEST, DotEnvError

SETTINGS = ("DISCORD_TOKEN", "VIDEOS_BASE_URL", "VIDEOS_API_KEY", "DATA_DIR", "MAX_ACTIVE")


def written(folder: Path, content: bytes) -> Path:
    path = folder / ".env"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"DISCORD_TOKEN=abc",
        b"\xef\xbb\xbfDISCORD_TOKEN=abc\r\n",
        b"DISCORD_TOKEN = abc  \r\n",
        b"export DISCORD_TOKEN='abc' # mine\n",
        b"discord_token=abc\n",
        b'\n\n# a comment\nDISCORD_TOKEN="abc"\n',
    ],
)
def test_every_form_of_a_dot_env_line_is_read(content: bytes, tmp_path: Path) -> None:
    assert dotenv.read(written(tmp_path, content)).values == {"DISCORD_TOKEN": "abc"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("DISCORD_TOKEN=s3cret".encode("utf-16"), "UTF-16"),
        ("DISCORD_TOKEN=s3cret".encode("utf-16-le"), "UTF-16"),
        ("DISCORD_TOKEN=s3cret".encode("utf-16-be"), "UTF-16"),
        ("A=1\n# für s3cret\n".encode("cp1252"), "not UTF-8 text (line 2)"),
        (b"DISCORD_TOKEN=s3\0cret", "not UTF-8"),
        (b'\n\nDISCORD_TOKEN="s3cret\nDATA_DIR=x\n', "line 3"),
        (b"A=1\nDISCORD_TOKEN s3cret\n", "line 2"),
        (b"# " + b"x" * LARGEST, "larger than"),
    ],
)
def test_an_unreadable_dot_env_is_reported_in_one_sentence(
    content: bytes, says: str, tmp_path: Path
) -> None:
    with pytest.raises(DotEnvError) as caught:
        dotenv.read(written(tmp_path, content))
    told = str(caught.value)
    assert says in told
    assert "s3" not in told
    assert "\n" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_folder_in_place_of_dot_env_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(DotEnvError, match="is a folder"):
        dotenv.read(tmp_path / ".env")


def test_a_missing_dot_env_is_empty(tmp_path: Path) -> None:
    assert dotenv.read(tmp_path / ".env").values == {}


def warned(folder: Path, content: bytes, *environment: str) -> list[str]:
    path = written(folder, content)
    return dotenv.misspelt(dotenv.read(path), environment, SETTINGS, Path(".env"))


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("VIDEO_BASE_URL", "VIDEOS_BASE_URL"),
        ("VIDEOS_URL", "VIDEOS_BASE_URL"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("VIDEOS_APIKEY", "VIDEOS_API_KEY"),
        ("MAXACTIVE", "MAX_ACTIVE"),
    ],
)
def test_a_misspelt_name_gets_the_nearest_setting(name: str, nearest: str, tmp_path: Path) -> None:
    told = warned(tmp_path, f"{name}=s3cret\n".encode())
    assert told == [f".env has {name}, which is no setting: did you mean {nearest}?"]


def test_every_unknown_name_in_dot_env_is_reported_and_only_similar_ones_outside(
    tmp_path: Path,
) -> None:
    told = warned(
        tmp_path, b"ZZZ=1\nSSL_CERT_FILE=/x\n",
        "PATH", "HOME", "XDG_DATA_DIRS", "LC_ALL", "VIDEO_BASE_URL", "data_dir",
    )  # fmt: skip
    assert told == [
        ".env has ZZZ, which is no setting; it is ignored.",
        ".env has SSL_CERT_FILE, which counts only in the environment: export it there.",
        "The environment has VIDEO_BASE_URL, which is no setting: did you mean VIDEOS_BASE_URL?",
    ]


def test_a_repeated_name_is_reported(tmp_path: Path) -> None:
    told = warned(tmp_path, b"DATA_DIR=a\nDATA_DIR=b\n")
    assert told == [".env names DATA_DIR twice; the last one counts."]
