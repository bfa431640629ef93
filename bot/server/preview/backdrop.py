"""What lies behind everything: skies, a stage's light, flowing silk.

A backdrop is soft, so it is worked out on a grid a quarter as wide and high as the frame and
brought to size afterwards; all colours are video levels, in (3, rows, columns) fields.
"""

import math
from typing import Final, Protocol

import numpy as np
from PIL import Image

from bot.server.preview.canvas import Canvas, Field, as_image, yuv
from bot.server.preview.mood import Mood, Palette, Place, Weather

COARSE: Final = 4
HORIZON: Final = {Place.OCEAN: 0.64, Place.CITY: 0.78}
LAND_HORIZON: Final = 0.72


class Backdrop(Protocol):
    """Paints the whole frame."""

    def paint(self, seconds: float, progress: float) -> Field:
        """Return the field at a time in seconds and at the film's progress 0..1."""
        ...


def open_backdrop(mood: Mood, width: int, height: int) -> Backdrop:
    """Return the mood's backdrop for a frame of the size in pixels."""
    rows, columns = -(-height // COARSE), -(-width // COARSE)
    kinds = {Place.STAGE: Stage, Place.SILK: Silk}
    return kinds.get(mood.place, Sky)(mood, rows, columns)


def enlarge(field: Field, width: int, height: int) -> Canvas:
    """Return a field as a frame of the size in pixels."""
    y, u, v = (as_image(plane) for plane in field)
    half = (width // 2, height // 2)
    smooth = Image.Resampling.BILINEAR
    return Canvas(y.resize((width, height), smooth), u.resize(half, smooth), v.resize(half, smooth))


def colour(value: str) -> Field:
    """Return ``#rrggbb`` as a (3, 1, 1) field of video levels."""
    return np.array(yuv(value), np.float32).reshape(3, 1, 1)


def grid(rows: int, columns: int) -> tuple[Field, Field]:
    """Return x (1, columns) and y (rows, 1), the frame's shorter side being 1 long."""
    unit = min(rows, columns)
    x = (np.arange(columns, dtype=np.float32) + 0.5) / unit
    y = (np.arange(rows, dtype=np.float32) + 0.5) / unit
    return x[None, :], y[:, None]


def gradient(rows: int, columns: int, stops: dict[float, str]) -> Field:
    """Return a vertical run through colours placed at heights 0..1."""
    at = np.linspace(0, 1, rows)
    levels = np.array([yuv(value) for value in stops.values()])
    runs = [np.interp(at, list(stops), levels[:, plane]) for plane in range(3)]
    field = np.stack(runs).astype(np.float32)
    return np.repeat(field[:, :, None], columns, axis=2)


def mix(field: Field, paint: Field, amount: Field) -> None:
    """Move the field towards a colour by an amount 0..1, in place."""
    field += (paint - field) * amount


def fall(distance: Field) -> Field:
    """Return a soft light's strength 1..0 at a distance in units of its radius."""
    return np.exp(-np.square(distance)).astype(np.float32)


def smoke(generator: np.random.Generator, rows: int, columns: int) -> Field:
    """Return clouds 0..1: four sizes of noise laid over each other, stretched sideways."""
    total = np.zeros((rows, columns), np.float32)
    for octave in range(4):
        shape = (5 << octave, 3 << octave)
        noise = Image.fromarray(generator.random(shape).astype(np.float32))
        grown = noise.resize((columns, rows), Image.Resampling.BICUBIC)
        total += np.asarray(grown, np.float32) * np.float32(0.55**octave)
    total -= total.min()
    return total / total.max()


class Sky:
    """A gradient from zenith to horizon with a sun or moon, its glow and drifting clouds."""

    def __init__(self, mood: Mood, rows: int, columns: int) -> None:
        palette = mood.palette
        generator = np.random.default_rng(mood.seed)
        self._x, self._y = grid(rows, columns)
        horizon = HORIZON.get(mood.place, LAND_HORIZON)
        stops = {
            0.0: palette.top,
            horizon * 0.58: palette.middle,
            horizon * 0.98: palette.horizon,
            1.0: palette.horizon,
        }
        self._base = gradient(rows, columns, stops)
        self._light, self._glow = colour(palette.light), colour(palette.horizon)
        self._moon = mood.weather is Weather.STARS
        self._across = (0.62 + 0.16 * generator.random()) * self._x.max()
        self._above = horizon * self._y.max()
        clouds = smoke(generator, rows, columns * 2)
        band = np.interp(np.linspace(0, 1, rows), [0, horizon * 0.5, horizon, 1], [0.25, 1, 0.5, 0])
        self._clouds = np.clip(clouds * 2.2 - 1.0, 0, 1) * band[:, None].astype(np.float32) * 0.42

    def paint(self, seconds: float, progress: float) -> Field:
        """Return the sky; the sun sinks, or the moon climbs, by a small part of the frame."""
        field = self._base.copy()
        rise, radius = (
            (0.12 + 0.05 * progress, 0.05) if self._moon else (0.17 - 0.07 * progress, 0.105)
        )
        apart = np.hypot(self._x - self._across, self._y - (self._above - rise))
        mix(field, self._glow, fall(apart / (0.62 + 0.03 * math.sin(seconds))) * np.float32(0.75))
        mix(field, self._light, fall(apart / (radius * 2.6)) * np.float32(0.55))
        mix(field, self._glow, self._drift(seconds))
        edge = np.float32(1.6 * self._y[0, 0] * 2)
        mix(field, self._light, np.clip((radius - apart) / edge + 0.5, 0, 1))
        return field

    def _drift(self, seconds: float) -> Field:
        columns = self._x.shape[1]
        shift = seconds * columns * 0.02 % (columns - 1)
        whole, part = int(shift), np.float32(shift % 1)
        left = self._clouds[:, whole : whole + columns]
        right = self._clouds[:, whole + 1 : whole + 1 + columns]
        return left + (right - left) * part


class Stage:
    """A curtain in folds, three searching spotlights and the pool of light they meet in."""

    FLOOR: Final = 0.74
    # Where the beams end, a little past the middle of the pool of light.
    FOOT: Final = 1.04
    # Where each lamp hangs (0..1 across), how far it swings and its pace in radians a second.
    LAMPS: Final = ((0.12, 0.10, 0.9), (0.5, 0.14, 0.6), (0.88, 0.10, 0.75))

    def __init__(self, mood: Mood, rows: int, columns: int) -> None:
        palette = mood.palette
        self._phase = mood.seed % 628 / 100
        self._x, self._y = grid(rows, columns)
        self._wide, self._high = float(self._x.max()), float(self._y.max())
        self._light, self._glow = colour(palette.light), colour(palette.horizon)
        self._shade = colour(palette.near)
        stops = {0.0: palette.top, 0.35: palette.middle, self.FLOOR: palette.middle}
        self._base = gradient(
            rows, columns, {**stops, self.FLOOR + 0.01: palette.far, 1.0: palette.near}
        )
        self._curtain = (np.linspace(0, 1, rows) < self.FLOOR).astype(np.float32)[:, None]

    def paint(self, seconds: float, progress: float) -> Field:
        """Return the stage; the folds sway and the lamps swing."""
        field = self._base.copy()
        sway = self._x * 46 + 0.9 * np.sin(self._y * 3 + seconds * 0.9 + self._phase)
        folds = (0.5 + 0.5 * np.sin(sway)) ** 2 * (0.6 + 0.4 * np.sin(self._x * 11.3 + self._phase))
        mix(field, self._shade, folds * self._curtain * np.float32(0.75))
        centre = self._wide * 0.5
        aside = (self._x - centre) / (0.62 + 0.05 * progress)
        mix(
            field,
            self._glow,
            fall(np.hypot(aside, (self._y - self._high * 0.6) / 0.6)) * np.float32(0.5),
        )
        for across, swing, pace in self.LAMPS:
            aim = centre + swing * math.sin(seconds * pace + across * 9 + self._phase)
            mix(field, self._light, self._beam(across * self._wide, aim))
        pool = np.hypot(aside / 0.72, (self._y - self._high * 0.8) / 0.12)
        mix(field, self._light, fall(pool) * np.float32(0.7))
        return field

    def _beam(self, lamp: float, aim: float) -> Field:
        down = self._y / (self._high * 0.8)
        spread = 0.018 + 0.12 * down
        aside = (self._x - (lamp + (aim - lamp) * down)) / spread
        strength = np.clip(0.44 - 0.3 * down, 0, 1) * (down < self.FOOT)
        return fall(aside) * strength.astype(np.float32)


class Silk:
    """Wide ribbons of light that fold over each other."""

    RIBBONS: Final = 5

    def __init__(self, mood: Mood, rows: int, columns: int) -> None:
        self._x, self._y = grid(rows, columns)
        self._base = gradient(rows, columns, self._stops(mood.palette))
        names = (mood.palette.middle, mood.palette.horizon, mood.palette.light, mood.palette.accent)
        generator = np.random.default_rng(mood.seed)
        self._paints = [colour(names[at % len(names)]) for at in range(self.RIBBONS)]
        self._phases = generator.random((self.RIBBONS, 3)) * 6.28
        self._lean = float(generator.choice([-0.5, 0.5]))

    @staticmethod
    def _stops(palette: Palette) -> dict[float, str]:
        return {0.0: palette.top, 0.45: palette.middle, 0.8: palette.far, 1.0: palette.near}

    def paint(self, seconds: float, progress: float) -> Field:
        """Return the ribbons; each has its own pace."""
        field = self._base.copy()
        high = float(self._y.max())
        for at, (paint, (one, two, three)) in enumerate(
            zip(self._paints, self._phases, strict=True)
        ):
            centre = (
                high * (0.42 + 0.11 * at) + self._lean * (self._x - 0.5) * 0.6 - 0.05 * progress
            )
            wave = 0.16 * np.sin(self._x * 2.3 + one + seconds * 0.55)
            wave = wave + 0.07 * np.sin(self._x * 4.9 + two - seconds * 0.8)
            below = self._y - (centre + wave)
            width = 0.26 + 0.12 * np.sin(self._x * 1.7 + three + seconds * 0.4)
            crest = np.clip(below / 0.012 + 0.5, 0, 1) * np.exp(-np.maximum(below, 0) / width)
            mix(field, paint, crest.astype(np.float32) * np.float32(0.62))
        return field
