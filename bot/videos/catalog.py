"""The operator's catalog: what each model offers, as a TOML file with one table per model.

["wan2.2-t2v"]
sizes = ["832x480", "480x832"]
seconds = ["5"]
price = 0.02
extra = { fps = 16, negative_prompt = "blurry" }
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.runtime.json_fields import is_object

MOST_PRICE: Final = 1e6
"""Of a second of film: a video of 999 seconds then costs less than a budget may hold."""
Size = Annotated[str, Field(pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")]
Seconds = Annotated[str, BeforeValidator(str), Field(pattern=r"^[1-9]\d{0,2}$")]


class CatalogError(Exception):
    """The catalog cannot be used; the message names the file, the model and the key."""


class Entry(BaseModel):
    """One model: sizes in pixels, film lengths in seconds, each with its default first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes: tuple[Size, ...] = ()
    seconds: tuple[Seconds, ...] = ()
    price: float | None = Field(None, ge=0, le=MOST_PRICE)
    """For a second of film, in the operator's currency."""
    extra: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Fields sent along with every create: fps, seed, negative_prompt, guidance_scale ..."""


Catalog = Mapping[str, Entry]


def read_catalog(path: Path) -> Catalog:
    """Read the catalog. Blocking. Raises CatalogError."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CatalogError(f"{path} is not TOML: {error}.") from error
    if not tables:
        raise CatalogError(f"{path} names no model.")
    return {model: _entry(path, model, table) for model, table in tables.items()}


def _entry(path: Path, model: str, table: object) -> Entry:
    if not is_object(table):
        raise CatalogError(f"{path}: {model} must be a table of its own, like [{model!r}].")
    try:
        return Entry.model_validate(table)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in problem["loc"])
        raise CatalogError(
            f"{path}: {key} of {model} cannot be {problem['input']!r}: {problem['msg']}."
        ) from None
