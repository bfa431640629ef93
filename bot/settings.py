"""The only reader of the environment and of .env."""

import os
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from yarl import URL

from bot.runtime import dotenv
from bot.runtime.addresses import AddressError, normalized, quoted, videos_base
from bot.runtime.proxies import Proxies
from bot.videos.catalog import MOST_PRICE
from bot.videos.dialects import BY_NAME


class SettingsError(Exception):
    """A setting has a value that it does not accept; the message is a sentence for the operator."""


def _split(value: object) -> object:
    """Split at commas; a repeated part is dropped."""
    if isinstance(value, str):
        return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    return value


def _prices(value: object) -> object:
    """Read `model=price` pairs; a price alone is for every model."""
    if not isinstance(value, str):
        return value
    pairs = [part.strip().rpartition("=") for part in value.split(",") if part.strip()]
    return {model.strip(): price.strip() for model, _, price in pairs}


def _time_zone(value: str) -> str:
    """Accept the name of a time zone that this machine knows."""
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _UnusableError("this machine knows no such time zone") from error


def _address(*schemes: str) -> AfterValidator:
    return AfterValidator(lambda value: normalized(value, schemes))


_MOST_MONEY: Final = 1e9
"""So that millionths fit into 63 bits."""


class _UnusableError(ValueError):
    """A value is unusable; the message is a hint, and never quotes the value."""


def _printable(value: SecretStr) -> SecretStr:
    """Accept what a header can hold: a line break would begin another one (RFC 9110, 5.5)."""
    if re.fullmatch(r"[!-~]*", value.get_secret_value()) is None:
        raise _UnusableError(
            "it holds a space, a line break or a character beyond ASCII: copy it again"
        )
    return value


def _dialect(value: str) -> str:
    if value != "auto" and value not in BY_NAME:
        raise ValueError("no dialect of this name")
    return value


def _network(value: object) -> object:
    return ip_network(value, strict=False) if isinstance(value, str) else value


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


def _proxy(value: object) -> object:
    """Read a proxy's address; the scheme may be missing. aiohttp speaks no SOCKS."""
    if not isinstance(value, str) or not value:
        return value
    address = value if "://" in value else f"http://{value}"
    url = URL(address)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("no proxy over http")
    return address


Model = Annotated[str, Field(max_length=100)]
Listed = Annotated[tuple[Model, ...], NoDecode, BeforeValidator(_split)]
Size = Annotated[str, Field(pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")]
Seconds = Annotated[str, Field(pattern=r"^[1-9]\d{0,2}$")]
HttpAddress = Annotated[str, _address("http", "https")]
VideosAddress = Annotated[str, AfterValidator(videos_base)]
Secret = Annotated[SecretStr, AfterValidator(_printable)]
SecretList = Annotated[
    tuple[Annotated[SecretStr, Field(min_length=32)], ...], NoDecode, BeforeValidator(_split)
]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:%-]{1,63}(\.[A-Za-z0-9-]{1,63})*$")]
GatewayAddress = Annotated[str, _address("ws", "wss")]
_PROXY: Final = "the http address of a proxy, like http://proxy.example.org:3128"
Proxy = Annotated[str | None, BeforeValidator(_proxy)]
Database = Annotated[str, Field(pattern=r"^sqlite(\+aiosqlite)?:///.")]
"""An address that was written for an earlier version names a driver."""

WEB_PORT: Final = 8289
"""The port for links where only PUBLIC_URL is set."""
CHOICES: Final = 25
"""Choices of one slash-command option, at the most. Source: Discord, application-commands."""


class Settings(BaseSettings):
    """Every setting; a failed start quotes its description, which says what it accepts."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, allow_inf_nan=False
    )

    discord_token: Secret | None = Field(None, description="a bot token")
    discord_api_url: HttpAddress = Field(
        "https://discord.com/api/v10", description="an http(s) address that ends in /api/v10"
    )
    discord_gateway_url: GatewayAddress | None = Field(None, description="a ws(s) address")
    discord_dev_guild: int | None = Field(
        None, ge=1, lt=2**64, description="the id of a server, digits only"
    )

    videos_base_url: VideosAddress | None = Field(
        None, description="an http(s) address that ends in /v1"
    )
    videos_api_key: Secret | None = Field(None, description="a key of the Videos server")
    videos_models: Listed = Field(
        (), max_length=CHOICES, description="up to 25 model names, separated by commas"
    )
    videos_sizes: Annotated[tuple[Size, ...], NoDecode, BeforeValidator(_split)] = Field(
        ("720x1280", "1280x720", "1024x1792", "1792x1024"),
        min_length=1,
        max_length=CHOICES,
        description="sizes as width x height in pixels, like 720x1280,1280x720",
    )
    videos_seconds: Annotated[tuple[Seconds, ...], NoDecode, BeforeValidator(_split)] = Field(
        ("4", "8", "12"),
        min_length=1,
        max_length=CHOICES,
        description="whole seconds separated by commas, like 4,8,12",
    )
    videos_catalog: Path | None = Field(None, description="a TOML file with one table per model")
    videos_prices: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=MOST_PRICE)]], NoDecode, BeforeValidator(_prices)
    ] = Field({}, description="prices per second, like sora-2=0.10,sora-2-pro=0.30, or one: 0.10")
    videos_currency: str = Field("USD", max_length=8, description="a currency code like USD")
    videos_remix: bool | None = Field(default=None, description="true or false")
    videos_dialect: Annotated[str, AfterValidator(_dialect)] = Field(
        "auto", description=f"auto or one of {', '.join(BY_NAME)}"
    )
    videos_film_hosts: Listed = Field(
        (), description="hosts separated by commas, like minio.example.org:9000"
    )
    videos_films_by_proxy: bool = Field(default=False, description="true or false")
    videos_timeout: float = Field(60.0, ge=1, le=3600, description="seconds, 1 to 3600")
    poll_interval: float = Field(2.0, ge=0.2, le=3600, description="seconds, 0.2 to 3600")

    http_proxy: Proxy = Field(None, description=_PROXY, repr=False)
    https_proxy: Proxy = Field(None, description=_PROXY, repr=False)
    all_proxy: Proxy = Field(None, description=_PROXY, repr=False)
    no_proxy: str | None = Field(None, description="hosts separated by commas, or *")

    render_deadline_hours: float = Field(24.0, gt=0, le=24 * 365, description="hours, up to 8760")
    keep_delivered_hours: float = Field(24.0, ge=0, le=24 * 365, description="hours, up to 8760")
    keep_undelivered_hours: float = Field(
        24.0 * 7, gt=0, le=24 * 365, description="hours, up to 8760"
    )
    keep_history_days: int = Field(0, ge=0, le=36500, description="whole days; 0 is for ever")
    films_max_gb: float = Field(5.0, gt=0, le=1e6, description="gigabytes, up to a million")

    web_host: Host = Field("127.0.0.1", description="an address of this machine to listen on")
    web_port: int | None = Field(None, ge=0, le=65535, description="a port, 0 to 65535")
    web_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), description="addresses or networks separated by commas, like 172.18.0.0/16"
    )
    ops_host: Host = Field("127.0.0.1", description="an address of this machine to listen on")
    ops_port: int | None = Field(None, ge=0, le=65535, description="a port, 0 to 65535")
    public_url: HttpAddress | None = Field(
        None, description="the http(s) address at which WEB_PORT is reached from outside"
    )
    link_hours: float = Field(24.0 * 7, gt=0, le=24 * 365, description="hours, up to 8760")

    max_active_per_user: int = Field(3, ge=1, le=1000, description="a whole number, 1 to 1000")
    max_active: int = Field(20, ge=1, le=100_000, description="a whole number, 1 to 100000")
    max_active_per_community: int | None = Field(
        None, ge=1, le=100_000, description="a whole number, 1 to 100000"
    )
    budget_per_day: float | None = Field(
        None, ge=0, le=_MOST_MONEY, description="an amount in VIDEOS_CURRENCY, like 5.00"
    )
    budget_per_month: float | None = Field(
        None, ge=0, le=_MOST_MONEY, description="an amount in VIDEOS_CURRENCY, like 50.00"
    )
    limit_per_person_per_day: int | None = Field(
        None, ge=0, le=1_000_000, description="a whole number of videos"
    )
    limit_per_community_per_day: int | None = Field(
        None, ge=0, le=1_000_000, description="a whole number of videos"
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "UTC", description="a time zone like Europe/Berlin"
    )
    allowed_guilds: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_split)] = Field(
        (), description="ids of servers, separated by commas"
    )
    allow_direct_messages: bool | None = Field(default=None, description="true or false")
    allow_user_installs: bool | None = Field(default=None, description="true or false")
    max_image_mb: float = Field(10.0, gt=0, le=100, description="megabytes, up to 100")

    server_workers: int = Field(1, ge=1, le=64, description="a whole number, 1 to 64")
    server_key: Secret | None = Field(None, description="a key that `serve` asks for")
    server_keep_hours: float = Field(24.0, gt=0, le=24 * 365, description="hours, up to 8760")

    data_dir: Path = Field(Path("data"), description="a folder that can be written to")
    database_url: Database | None = Field(
        None, description="an address like sqlite:///data/rushes.db"
    )

    secret_keys: SecretList = Field((), description="secrets of 32 characters or more, with commas")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["text", "json"] = Field("text", description="text or json")

    @field_validator("*", mode="before")
    @classmethod
    def _one_line(cls, value: object) -> object:
        """Strip what Windows and editors leave at the ends; no setting has more than one line."""
        if not isinstance(value, str):
            return value
        value = value.strip(" \t\r")
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise _UnusableError("it holds a line break or another control character")
        return value

    @property
    def listens_on(self) -> int | None:
        """The port for links; None where neither links nor a note in their place are served."""
        if self.public_url is not None:
            return WEB_PORT if self.web_port is None else self.web_port
        return None if self.ops_port is None else self.web_port

    @property
    def operates_on(self) -> tuple[str, int] | None:
        """Host and port for health and metrics; None where they are not served.

        WEB_PORT served them in earlier versions, and does so where it serves nothing else.
        """
        if self.ops_port is not None:
            return self.ops_host, self.ops_port
        if self.public_url is None and self.web_port is not None:
            return self.web_host, self.web_port
        return None

    @property
    def proxies(self) -> Proxies:
        """The proxies, by the schemes of the requests that go through them."""
        by_scheme = {"http": self.http_proxy, "https": self.https_proxy, "all": self.all_proxy}
        return Proxies(by_scheme, direct=self.no_proxy)

    @property
    def database(self) -> str:
        """The database's address, by default a file in the data folder."""
        named = self.database_url or f"sqlite:///{self.data_dir / 'rushes.db'}"
        return named.replace("sqlite+aiosqlite:", "sqlite:", 1)


DOT_ENV: Final = Path(".env")


def load_settings(**overrides: object) -> Settings:
    """Read the environment and .env; the environment wins over .env, `overrides` over both.

    Raises SettingsError with one sentence: the key, its value, the values that it accepts.
    """
    # Not by `model_validate`, which would leave the environment out.
    settings = cast("Callable[..., Settings]", Settings)
    try:
        return settings(**(_from_file(dotenv.read(DOT_ENV).values) | overrides))
    except dotenv.DotEnvError as error:
        raise SettingsError(str(error)) from None
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _from_file(values: Mapping[str, str]) -> dict[str, object]:
    """Return the values of .env for the settings that the environment does not set."""
    given = {name.upper() for name, value in os.environ.items() if value}
    return {
        name.lower(): value
        for name, value in values.items()
        if value and name not in given and name.lower() in Settings.model_fields
    }


def misspelt_names() -> list[str]:
    """Return a sentence for each name in .env and the environment that may be a misspelt setting.

    Raises SettingsError where .env cannot be read.
    """
    known = [name.upper() for name in Settings.model_fields]
    try:
        return dotenv.misspelt(dotenv.read(DOT_ENV), os.environ, known, DOT_ENV)
    except dotenv.DotEnvError as error:
        raise SettingsError(str(error)) from None


def _sentence(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0])
    expected = Settings.model_fields[name].description
    got = "something else" if name.endswith(("token", "key", "keys")) else quoted(problem["input"])
    cause = problem.get("ctx", {}).get("error")
    hint = f"; {cause}" if isinstance(cause, AddressError | _UnusableError) else ""
    return f"{name.upper()} must be {expected}; got {got}{hint}."
