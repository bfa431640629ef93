"""What lies behind everything: a sky with its sun or moon, or a stage under spotlights.

A backdrop is soft, so it is painted on a grid a quarter as wide and high as the frame and then
enlarged; its colours are video levels, in (3, rows, columns) fields.
"""

import math
from typing import Final

import numpy as np
from PIL import Image

from bot.server.preview.canvas import Canvas, Field, as_image, yuv
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place, Weather

COARSE: Final = 4
HORIZON: Final = {Place.OCEAN: 0.64, Place.CITY: 0.78}
LAND_HORIZON: Final = 0.72
# Where a stage's curtain ends, and where its beams end, past the middle of the pool of light.
FLOOR: Final = 0.74
FOOT: Final = 1.04
# Where each lamp hangs (0..1 across), how far it swings and its pace in radians a second.
LAMPS: Final = ((0.12, 0.10, 0.9), (0.5, 0.14, 0.6), (0.88, 0.10, 0.75))


def enlarge(field: Field, width: int, height: int) -> Canvas:
    """Return a field as a frame of the size in pixels."""
    y, u, v = (as_image(plane) for plane in field)
    half = (width // 2, height // 2)
    smooth = Image.Resampling.BILINEAR
    return Canvas(y.resize((width, height), smooth), u.resize(half, smooth), v.resize(half, smooth))


class Backdrop:
    """The grid and the colours that a sky and a stage are painted with."""

    def __init__(self, frame: Frame, stops: dict[float, str]) -> None:
        """`stops` are colours at heights 0..1, the highest first."""
        palette = frame.mood.palette
        self.rows, self.columns = -(-frame.height // COARSE), -(-frame.width // COARSE)
        unit = min(self.rows, self.columns)
        # The shorter side is 1 long.
        self.x = (np.arange(self.columns, dtype=np.float32) + 0.5)[None, :] / unit
        self.y = (np.arange(self.rows, dtype=np.float32) + 0.5)[:, None] / unit
        self.wide, self.high = float(self.x.max()), float(self.y.max())
        self.light, self.glow, self.shade = (
            np.array(yuv(colour), np.float32).reshape(3, 1, 1)
            for colour in (palette.light, palette.horizon, palette.near)
        )
        at = np.linspace(0, 1, self.rows)
        levels = np.array([yuv(value) for value in stops.values()])
        runs = [np.interp(at, list(stops), levels[:, plane]) for plane in range(3)]
        column = np.stack(runs).astype(np.float32)[:, :, None]
        self.base = np.repeat(column, self.columns, axis=2)


def _mix(field: Field, paint: Field, amount: Field) -> None:
    """Move the field towards a colour by an amount 0..1, in place."""
    field += (paint - field) * amount


def _fall(distance: Field, strength: float = 1) -> Field:
    """Return a soft light, from its strength down to 0, at a distance in radii."""
    return (np.exp(-np.square(distance)) * strength).astype(np.float32)


def _smoke(random: np.random.Generator, rows: int, columns: int) -> Field:
    """Return clouds 0..1: four sizes of noise, stretched sideways."""
    total = np.zeros((rows, columns), np.float32)
    for octave in range(4):
        noise = Image.fromarray(random.random((5 << octave, 3 << octave)).astype(np.float32))
        grown = noise.resize((columns, rows), Image.Resampling.BICUBIC)
        total += np.asarray(grown, np.float32) * np.float32(0.55**octave)
    total -= total.min()
    return total / total.max()


class Sky(Backdrop):
    """A gradient from zenith to horizon with a sun or moon, its glow and drifting clouds."""

    def __init__(self, frame: Frame) -> None:
        palette, random = frame.mood.palette, frame.random(0)
        horizon = HORIZON.get(frame.mood.place, LAND_HORIZON)
        stops = (0.0, horizon * 0.58, horizon * 0.98)
        super().__init__(frame, dict(zip(stops, palette[:3], strict=True)))
        is_moon = frame.mood.weather is Weather.STARS
        shape = (0.12, 0.05, 0.05) if is_moon else (0.17, -0.07, 0.105)
        self._rise, self._climb, self._radius = shape
        self._across = (0.62 + 0.16 * random.random()) * self.wide
        self._above = horizon * self.high
        clouds = _smoke(random, self.rows, self.columns * 2)
        heights, density = [0, horizon * 0.5, horizon, 1], [0.25, 1, 0.5, 0]
        band = np.interp(np.linspace(0, 1, self.rows), heights, density)[:, None] * 0.42
        self._clouds = (np.clip(clouds * 2.2 - 1.0, 0, 1) * band).astype(np.float32)

    def paint(self, seconds: float, progress: float) -> Field:
        """Return the sky; the sun sinks, or the moon climbs, by a small part of the frame."""
        field = self.base.copy()
        rise = self._rise + self._climb * progress
        apart = np.hypot(self.x - self._across, self.y - (self._above - rise))
        _mix(field, self.glow, _fall(apart / (0.62 + 0.03 * math.sin(seconds)), 0.75))
        _mix(field, self.light, _fall(apart / (self._radius * 2.6), 0.55))
        _mix(field, self.glow, self._drift(seconds))
        edge = np.float32(3.2 * self.y[0, 0])
        _mix(field, self.light, np.clip((self._radius - apart) / edge + 0.5, 0, 1))
        return field

    def _drift(self, seconds: float) -> Field:
        shift = seconds * self.columns * 0.02 % (self.columns - 1)
        whole, part = int(shift), np.float32(shift % 1)
        left = self._clouds[:, whole : whole + self.columns]
        right = self._clouds[:, whole + 1 : whole + 1 + self.columns]
        return left + (right - left) * part


class Stage(Backdrop):
    """A curtain in folds, three searching spotlights and the pool of light they meet in."""

    def __init__(self, frame: Frame) -> None:
        top, middle, _, _, far, near, _ = frame.mood.palette
        stops = {0.0: top, 0.35: middle, FLOOR: middle, FLOOR + 0.01: far, 1.0: near}
        super().__init__(frame, stops)
        self._phase = frame.mood.seed % 628 / 100
        self._curtain = (self.y < FLOOR * self.high).astype(np.float32) * np.float32(0.75)

    def paint(self, seconds: float, progress: float) -> Field:
        """Return the stage; the folds sway and the lamps swing."""
        field = self.base.copy()
        sway = self.x * 46 + 0.9 * np.sin(self.y * 3 + seconds * 0.9 + self._phase)
        folds = (0.5 + 0.5 * np.sin(sway)) ** 2 * (0.6 + 0.4 * np.sin(self.x * 11.3 + self._phase))
        _mix(field, self.shade, folds * self._curtain)
        centre = self.wide * 0.5
        aside = (self.x - centre) / (0.62 + 0.05 * progress)
        _mix(field, self.glow, _fall(np.hypot(aside, (self.y - self.high * 0.6) / 0.6), 0.5))
        for across, swing, pace in LAMPS:
            aim = centre + swing * math.sin(seconds * pace + across * 9 + self._phase)
            _mix(field, self.light, self._beam(across * self.wide, aim))
        pool = np.hypot(aside / 0.72, (self.y - self.high * 0.8) / 0.12)
        _mix(field, self.light, _fall(pool, 0.7))
        return field

    def _beam(self, lamp: float, aim: float) -> Field:
        down = self.y / (self.high * 0.8)
        aside = (self.x - (lamp + (aim - lamp) * down)) / (0.018 + 0.12 * down)
        strength = np.clip(0.44 - 0.3 * down, 0, 1) * (down < FOOT)
        return _fall(aside) * strength.astype(np.float32)
