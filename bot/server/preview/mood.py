"""Reads place, weather, colours and subjects out of a prompt's words."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from bot.server.preview.words import Found, table, tokens


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


class Subject(NamedTuple):
    """A subject to draw: its file's name, and the colour that the prompt gives it."""

    name: str
    kind: str
    """A row of ``colours.toml`` without a palette, or ``plain``."""
    colour: str | None


@dataclass(frozen=True, kw_only=True)
class Mood:
    """What a prompt decides of the scene; ``seed`` decides what its words leave open."""

    place: Place
    weather: Weather
    palette: Palette
    subjects: tuple[Subject, ...]
    seed: int


OPEN_PLACES: Final = (Place.OCEAN, Place.MOUNTAINS)
# A prompt that names no colour or mood still gets its own: the seed picks one of these.
OPEN_PALETTES: Final = ("sunset", "night", "sea", "ember", "bloom", "desert", "violet", "lagoon")
MOST_SUBJECTS: Final = 3
# A colour belongs to a subject at most this many words away.
NEAR: Final = 2


def read_mood(prompt: str) -> Mood:
    """Return the mood of a prompt; equal prompts give equal moods, on every machine."""
    said = tokens(prompt)
    seed = int.from_bytes(hashlib.sha256(prompt.encode(errors="replace")).digest()[:6], "big")
    subjects, palettes = _subjects(said)
    open_palette = OPEN_PALETTES[seed // 7 % len(OPEN_PALETTES)]
    usual = [table("subjects").rows[subject.name] for subject in reversed(subjects)]

    def of(file: str, key: str, otherwise: str) -> str:
        rows = (row[key] for row in usual if key in row)
        return table(file).first(said) or next(rows, otherwise)

    palette = of("palettes", "palette", next(iter(palettes), open_palette))
    return Mood(
        place=Place(of("places", "place", OPEN_PLACES[seed % len(OPEN_PLACES)])),
        weather=Weather(of("weathers", "weather", Weather.SPARKS if seed % 2 else Weather.CLEAR)),
        palette=Palette(*table("palettes").rows[palette]["colours"].split()),
        subjects=subjects,
        seed=seed,
    )


def _subjects(said: Sequence[str]) -> tuple[tuple[Subject, ...], list[str]]:
    """Return the subjects, and the palettes of colours that no subject has."""
    found = {each.name: each for each in reversed(table("subjects").find(said))}
    named = sorted(found.values(), key=lambda each: each.start)[:MOST_SUBJECTS]
    colours, kinds, palettes = table("colours"), dict[str, str](), list[str]()
    for colour in colours.find(said):
        nearest = min(named, key=lambda each: _distance(colour, each), default=None)
        if nearest is not None and _distance(colour, nearest)[0] <= NEAR:
            # A red fox is a fox first.
            if nearest.name not in kinds or "palette" not in colours.rows[colour.name]:
                kinds[nearest.name] = colour.name
        elif "palette" in colours.rows[colour.name]:
            palettes.append(colours.rows[colour.name]["palette"])
    return tuple(_subject(each.name, kinds.get(each.name)) for each in named), palettes


def _subject(name: str, colour: str | None) -> Subject:
    if colour is None:
        return Subject(name, "plain", None)
    row = table("colours").rows[colour]
    return Subject(name, "plain" if "palette" in row else colour, row["hex"])


def _distance(colour: Found, subject: Found) -> tuple[int, bool]:
    """Return the number of words between the two, and whether the subject precedes the colour."""
    words = max(subject.start - colour.end, colour.start - subject.end, 0)
    return words, subject.start < colour.start


def names_mood(word: str) -> bool:
    """Whether a word of the prompt decides something in the picture."""
    said = tokens(word)
    files = ("palettes", "places", "weathers", "subjects", "colours")
    return any(table(file).find(said) for file in files)
