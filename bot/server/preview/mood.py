"""Reads place, weather and colours out of a prompt's words."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")


class Place(StrEnum):
    """The kind of scene that is built."""

    OCEAN = "ocean"
    CITY = "city"
    FOREST = "forest"
    MOUNTAINS = "mountains"
    STAGE = "stage"


class Weather(StrEnum):
    """What floats through the air in front of the scene."""

    CLEAR = "clear"
    RAIN = "rain"
    SNOW = "snow"
    STARS = "stars"
    SPARKS = "sparks"


class Palette(NamedTuple):
    """Seven colours as ``#rrggbb``: three of the sky, its light, two of the land, one accent."""

    top: str
    middle: str
    horizon: str
    light: str
    far: str
    near: str
    accent: str


@dataclass(frozen=True, kw_only=True)
class Mood:
    """What a prompt decides of the scene; ``seed`` decides what its words leave open."""

    place: Place
    weather: Weather
    palette: Palette
    piano: bool
    seed: int


SUNSET: Final = Palette("#2a1a52", "#b8436f", "#ffb469", "#fff1cf", "#8a3d63", "#170c26", "#ffd48a")
NIGHT: Final = Palette("#060a1e", "#142250", "#4a6aa5", "#eef3ff", "#24386b", "#04060e", "#a6c8ff")
NEON: Final = Palette("#0a0722", "#2d1160", "#d03b96", "#ff9fe0", "#56217f", "#0a0516", "#4df1ff")
WINTER: Final = Palette("#1c3557", "#5581a8", "#f0d9d3", "#fff6ee", "#8fabc2", "#0f2233", "#ffd2ae")
WOODS: Final = Palette("#0d2f2e", "#3b7d68", "#ecdf9f", "#fff7cf", "#6fa083", "#04191a", "#dcf08c")
SEA: Final = Palette("#083763", "#2a82b5", "#c9ebe4", "#fffbe6", "#2b6f95", "#052038", "#b0f3ff")
GALA: Final = Palette("#1a0812", "#641529", "#9c3134", "#ffe4b4", "#4a0f20", "#0b0407", "#ffcf7a")
EMBER: Final = Palette("#1d0a12", "#7a1f1a", "#ff8a3c", "#fff0b8", "#7a2a22", "#140609", "#ffc15c")
BLOOM: Final = Palette("#48306e", "#c06aa5", "#ffd9d2", "#fff7f0", "#a46aa3", "#22143a", "#ffd3e6")
DESERT: Final = Palette("#2f4a72", "#c98a6a", "#ffdca0", "#fff6da", "#c07a55", "#3a1a1c", "#ffe2a3")
VIOLET: Final = Palette("#140b3a", "#5a34b0", "#e69bd8", "#fff0fb", "#553ca0", "#0c0722", "#d9b8ff")
LAGOON: Final = Palette("#06263a", "#12777f", "#b9f0cf", "#f6fff0", "#2a8a8a", "#031820", "#9dffd9")
# A prompt that names no colour or mood still gets its own: the seed picks one of these.
UNNAMED: Final = (SUNSET, NIGHT, SEA, EMBER, BLOOM, DESERT, VIOLET, LAGOON)

# In each table the first row with a word of the prompt wins: specific words stand first.
PALETTES: Final[Sequence[tuple[Palette, str]]] = (
    (NEON, "neon cyberpunk synthwave arcade disco hologram"),
    (SUNSET, "sunset sundown dusk evening twilight sunrise dawn romantic"),
    (EMBER, "fire flame flames lava volcano autumn fall candle ember red orange dragon"),
    (WINTER, "snow snowy winter ice icy frozen frost arctic christmas white"),
    (NIGHT, "night midnight moon moonlit moonlight dark stars space galaxy astronaut"),
    (GALA, "stage theater theatre concert opera piano pianist orchestra curtain jazz circus"),
    (BLOOM, "pink rose blossom blossoms flower flowers spring cherry love sakura"),
    (DESERT, "desert sand dune dunes gold golden yellow summer sahara canyon"),
    (WOODS, "forest woods tree trees jungle green meadow garden leaf leaves grass"),
    (VIOLET, "purple violet lavender magic dream dreamy wizard mystic"),
    (LAGOON, "teal turquoise lagoon reef tropical emerald underwater aurora"),
    (SEA, "ocean sea beach water lake wave waves river blue sky boat ship whale fish"),
)
PLACES: Final[Sequence[tuple[Place, str]]] = (
    (Place.STAGE, "stage theater theatre concert opera piano pianist orchestra curtain circus"),
    (Place.OCEAN, "ocean sea beach water lake wave waves river boat ship whale fish lagoon harbor"),
    (Place.CITY, "city street town downtown skyline building buildings tokyo york car robot"),
    (Place.FOREST, "forest woods tree trees jungle garden cabin deer fox bear wolf christmas"),
    (Place.MOUNTAINS, "mountain mountains hill hills valley desert dune dunes canyon meadow"),
)
WEATHERS: Final[Sequence[tuple[Weather, str]]] = (
    (Weather.RAIN, "rain rainy raining storm stormy drizzle"),
    (Weather.SNOW, "snow snowy snowing winter blizzard christmas"),
    (Weather.STARS, "night midnight moon moonlit moonlight stars starry space galaxy astronaut"),
    (Weather.SPARKS, "stage piano concert magic fire firefly fireflies forest dream candle"),
)
OPEN_PLACES: Final = (Place.OCEAN, Place.MOUNTAINS)
WORD: Final = re.compile(r"[^\W_]+")


def read_mood(prompt: str) -> Mood:
    """Return the mood of a prompt; equal prompts give equal moods, on every machine."""
    words = frozenset(WORD.findall(prompt.casefold()))
    seed = int.from_bytes(hashlib.sha256(prompt.encode(errors="replace")).digest()[:6], "big")
    return Mood(
        place=_first(PLACES, words) or OPEN_PLACES[seed % len(OPEN_PLACES)],
        weather=_first(WEATHERS, words) or (Weather.SPARKS if seed % 2 else Weather.CLEAR),
        palette=_first(PALETTES, words) or UNNAMED[seed // 7 % len(UNNAMED)],
        piano=not words.isdisjoint({"piano", "pianist"}),
        seed=seed,
    )


def names_mood(word: str) -> bool:
    """Whether the scene follows from a word of the prompt."""
    parts = frozenset(WORD.findall(word.casefold()))
    return any(_first(table, parts) for table in (PALETTES, PLACES, WEATHERS))


def _first(table: Sequence[tuple[T, str]], words: frozenset[str]) -> T | None:
    return next((meaning for meaning, names in table if not words.isdisjoint(names.split())), None)
