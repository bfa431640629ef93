"""Settings: their defaults, how they are read, and the sentence for a wrong value."""

import re
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import CHOICES, Settings, SettingsError, load_settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
KEYS = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without a .env and without any of our variables."""
    monkeypatch.chdir(tmp_path)
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    return tmp_path


def test_every_setting_has_a_default() -> None:
    settings = load_settings()
    assert settings.discord_token is None
    assert settings.videos_base_url is None
    assert settings.videos_models == ()
    assert settings.videos_sizes == ("720x1280", "1280x720", "1024x1792", "1792x1024")
    assert settings.videos_seconds == ("4", "8", "12")
    assert settings.database == "sqlite:///data/rushes.db"


def test_every_setting_describes_its_values() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_dot_env_is_read_and_the_environment_wins(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / ".env").write_text(
        'DISCORD_TOKEN="abc.def"\nMAX_ACTIVE=7 # so many\nPOLL_INTERVAL=3\nOTHER_PROGRAMS=1\n'
        "VIDEOS_MODELS=\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("POLL_INTERVAL", "5.5")
    settings = load_settings()
    assert settings.discord_token == SecretStr("abc.def")
    assert (settings.max_active, settings.poll_interval) == (7, 5.5)
    assert settings.videos_models == ()
    assert load_settings(poll_interval=9).poll_interval == 9, "what the caller says wins"


def test_secrets_are_not_shown() -> None:
    settings = load_settings(discord_token=SecretStr("my-token"), videos_api_key="my-key")
    assert "my-" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("sora-2", ("sora-2",)),
        ("sora-2,sora-2-pro", ("sora-2", "sora-2-pro")),
        (" sora-2 , , wan:2.2/a,", ("sora-2", "wan:2.2/a")),
        ("", ()),
        (" , ", ()),
    ],
)
def test_a_list_is_split_at_commas(
    text: str, listed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOS_MODELS", text)
    assert load_settings().videos_models == listed


def test_the_first_of_a_list_stays_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOS_SIZES", "1280x720,64x64")
    monkeypatch.setenv("VIDEOS_SECONDS", "8,4")
    settings = load_settings()
    assert settings.videos_sizes == ("1280x720", "64x64")
    assert settings.videos_seconds == ("8", "4")


def test_an_address_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOS_BASE_URL", "http://127.0.0.1:8000/v1/")
    assert load_settings().videos_base_url == "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("http://gpu:8000/v1/videos", "http://gpu:8000/v1"),
        ("http://gpu:8000/v1/videos/", "http://gpu:8000/v1"),
        ("https://api.example.org/v1/videos/generations", "https://api.example.org/v1"),
        ("https://n.example.org/openai/v1", "https://n.example.org/openai/v1"),
        (
            "https://n.example.org/openai/v1/?api-version=preview",
            "https://n.example.org/openai/v1?api-version=preview",
        ),
        (
            "https://n.example.org/openai/v1/videos?api-version=preview",
            "https://n.example.org/openai/v1?api-version=preview",
        ),
        (" http://gpu:8000/v1 \r", "http://gpu:8000/v1"),
        ("HTTP://gpu:8000/v1", "HTTP://gpu:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://gpu:8000/v1?", "http://gpu:8000/v1"),
    ],
)
def test_a_videos_address_is_cut_to_its_base(
    written: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOS_BASE_URL", written)
    assert load_settings().videos_base_url == base


@pytest.mark.parametrize("name", ["VIDEOS_BASE_URL", "DISCORD_API_URL", "PUBLIC_URL"])
@pytest.mark.parametrize(
    "address",
    [
        "http://ada:s3cret@gpu:8000/v1",
        "http://ada:s3/cret@gpu:8000/v1",
        "ada:s3cret@gpu:8000/v1",
        "http://gpu/?key=s3cret",
    ],
)
def test_secrets_in_an_address_are_not_quoted(
    name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, address)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "s3" not in str(caught.value)
    assert "cret" not in str(caught.value)


def test_the_database_is_in_the_data_folder_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "/srv/rushes")
    assert load_settings().database == "sqlite:////srv/rushes/rushes.db"
    for address in ("sqlite:///other.db", "sqlite+aiosqlite:///other.db"):
        monkeypatch.setenv("DATABASE_URL", address)
        assert load_settings().database == "sqlite:///other.db"


WRONG = [
    ("VIDEOS_BASE_URL", "http://gpu-box:8000"),
    ("VIDEOS_BASE_URL", "https://api.example.org/"),
    ("VIDEOS_BASE_URL", "ftp://gpu-box/v1"),
    ("VIDEOS_BASE_URL", "http://gpu box/v1"),
    ("VIDEOS_BASE_URL", "http://gpu-box/v1#here"),
    ("VIDEOS_BASE_URL", "http://gpu-box/v1/chat/completions"),
    ("VIDEOS_BASE_URL", "http://gpu-box:99999/v1"),
    ("PUBLIC_URL", "https://films.example.org/?a"),
    ("VIDEOS_TIMEOUT", "1,5"),
    ("VIDEOS_TIMEOUT", "inf"),
    ("FILMS_MAX_GB", "inf"),
    ("FILMS_MAX_GB", "nan"),
    ("FILMS_MAX_GB", "1e309"),
    ("KEEP_DELIVERED_HOURS", "-1"),
    ("VIDEOS_PRICES", "sora-2=inf"),
    ("VIDEOS_REMIX", "perhaps"),
    ("DISCORD_DEV_GUILD", "-5"),
    ("WEB_HOST", "a" * 70),
    ("DISCORD_API_URL", "discord.com/api/v10"),
    ("DISCORD_API_URL", "ftp://discord.com"),
    ("DISCORD_GATEWAY_URL", "https://gateway.discord.gg"),
    ("DISCORD_DEV_GUILD", "my server"),
    ("VIDEOS_BASE_URL", "localhost:8000/v1"),
    ("VIDEOS_BASE_URL", "http:///v1"),
    ("VIDEOS_BASE_URL", "http://[::1"),
    ("VIDEOS_MODELS", ",".join(f"m{number}" for number in range(CHOICES + 1))),
    ("VIDEOS_SIZES", "720p"),
    ("VIDEOS_SIZES", "720x1280,720*1280"),
    ("VIDEOS_SIZES", ","),
    ("VIDEOS_SECONDS", "4.5"),
    ("VIDEOS_SECONDS", "4,none"),
    ("VIDEOS_SECONDS", ",".join(f"{number}" for number in range(1, CHOICES + 2))),
    ("VIDEOS_TIMEOUT", "0"),
    ("VIDEOS_TIMEOUT", "nan"),
    ("VIDEOS_TIMEOUT", "a minute"),
    ("POLL_INTERVAL", "0.1"),
    ("POLL_INTERVAL", "3601"),
    ("MAX_ACTIVE_PER_USER", "0"),
    ("MAX_ACTIVE_PER_USER", "2.5"),
    ("MAX_ACTIVE", "many"),
    ("MAX_IMAGE_MB", "0"),
    ("MAX_IMAGE_MB", "101"),
    ("SERVER_WORKERS", "0"),
    ("SERVER_KEEP_HOURS", "-1"),
    ("DATABASE_URL", "mysql://localhost/x"),
    ("LOG_LEVEL", "debug"),
    ("LOG_FORMAT", "xml"),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
@pytest.mark.parametrize("where", [".env", "environment"])
def test_a_wrong_value_is_reported_in_one_sentence(
    key: str, value: str, where: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == ".env":
        (bare / ".env").write_text(f"{key}={value}\n", encoding="utf-8")
    else:
        monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    told = str(caught.value)
    description = Settings.model_fields[key.lower()].description
    assert description is not None
    assert told.startswith(f"{key} must be {description}; got ")
    assert told.endswith(".")
    assert "\n" not in told
    got = told.removeprefix(f"{key} must be {description}; got ")
    assert any(part.partition("?")[0] in got for part in re.split("[,=]", value) if part) or (
        got == "()."
    )


@pytest.mark.parametrize("key", ["discord_token", "videos_api_key"])
def test_a_wrong_secret_is_never_quoted(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(**{key: ["s3cret"]})
    told = str(caught.value)
    assert told.startswith(f"{key.upper()} must be a ")
    assert "s3cret" not in told
    assert "s3cret" not in repr(caught.value.__cause__)


def lines() -> list[tuple[str, str]]:
    """Every KEY=value of the example, those behind a # too."""
    found = re.findall(
        r"^#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [(key, value) for key, value in found]


def test_the_example_names_every_setting_once_and_nothing_else() -> None:
    assert sorted(key for key, _ in lines()) == sorted(KEYS)


def test_the_example_unchanged_gives_the_defaults(bare: Path) -> None:
    defaults = load_settings()
    shutil.copy(EXAMPLE, bare / ".env")
    assert load_settings() == defaults


def test_the_values_the_example_shows_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = load_settings()
    for key, value in lines():
        monkeypatch.setenv(key, value)
    assert load_settings() == defaults
