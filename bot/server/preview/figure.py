"""Draws a subject from its data: flat shapes, some of which swing, spin or flap."""

import math
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, Required, TypedDict, cast

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from bot.server.preview.canvas import Canvas, Field, split
from bot.server.preview.mood import Subject
from bot.server.preview.words import read
from bot.server.renderer import FPS

FOLDER: Final = Path(__file__).with_name("subjects")
# Shapes are drawn this much larger and then shrunk, which smooths their edges.
FINE: Final = 2
# The length of a colour that is translucent, as smoke, light and shadows are.
RGBA: Final = len("#rrggbbaa")
# Points from one corner of a curve to the next, and of an ellipse.
STEPS: Final = 8
ROUND: Final = 48
# Degrees and parts of a width in which poses differ, so that few are drawn.
TURN_STEP: Final = 0.5
WIDTH_STEP: Final = 0.04


Colours = dict[str, str]


class Shape(TypedDict, total=False):
    """One of these four with a colour; lengths are in hundredths of the subject's height."""

    ellipse: list[float]
    """Centre, two radii, and perhaps degrees."""
    polygon: list[float]
    curve: list[float]
    """Corners of a smooth closed line."""
    stroke: list[float]
    """Corners of a smooth open line of a `width`."""
    width: float
    fill: Required[str]
    """``#rrggbb`` or ``#rrggbbaa``, or ``main``, ``dark`` or ``light``."""
    when: str
    """What it is drawn for alone: a kind of `mood.Subject`, or a word of `arrangement`."""


class Layer(TypedDict, total=False):
    """Shapes that move together, or the seat of a rider."""

    shapes: list[Shape]
    seat: list[float]
    """Where the rider's feet are, x and y, and its height."""
    pose: str
    """``seated`` (the default) or ``standing``."""
    swing: list[float]
    """Pivot x and y, degrees to each side, seconds of a period, and its start in periods."""
    spin: list[float]
    """Pivot x and y, seconds of a turn; rounded to whole frames."""
    flap: list[float]
    """Pivot x and y, the part of the width that is lost, seconds of a period."""


class Picture(TypedDict, total=False):
    """A subject's file. Its feet are at y 100 and its head is near 0."""

    main: Required[str]
    size: Required[float]
    """Its height beside other subjects; a person's is 1."""
    level: str
    """Where it is: on the ``ground`` (the default), on ``water`` or in the ``air``."""
    rides: bool
    bob: list[float]
    """How far it floats up and down, and seconds of a period."""
    travel: float
    """How far it goes to the right during the film."""
    layers: Required[list[Layer]]


class Spot(NamedTuple):
    """Where a subject's origin lies on the frame, and the pixels of one of its units."""

    left: float
    top: float
    scale: float


class Sprite(NamedTuple):
    """A drawn group of shapes: colour planes and masks at full and half size."""

    left: int
    top: int
    planes: tuple[Image.Image, ...]
    masks: tuple[Image.Image, ...]

    def paint(self, canvas: Canvas, right: int, down: int) -> None:
        """Paint it moved by pixels."""
        for plane, paint, mask, step in zip(
            canvas, self.planes, self.masks, (1, 2, 2), strict=True
        ):
            plane.paste(paint, ((self.left + right) // step, (self.top + down) // step), mask)


@cache
def picture(name: str) -> Picture:
    """Return a subject's data."""
    return cast("Picture", read(FOLDER / f"{name}.toml"))


def bounds(subject: Subject) -> tuple[float, float, float, float]:
    """Return the left, upper, right and lower edges of a subject's opaque shapes, in its units."""
    layers = picture(subject.name)["layers"]
    shapes = [shape for layer in layers for shape in layer.get("shapes", ())]
    points = np.concatenate([outline(each) for each in shapes if len(each["fill"]) < RGBA])
    left, top, right, bottom = *points.min(axis=0), *points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def outline(shape: Shape) -> Field:
    """Return a shape's corners, (points, 2) in its units."""
    if "ellipse" in shape:
        x, y, wide, high, *turn = shape["ellipse"]
        angle = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
        corners = np.stack([np.cos(angle) * wide, np.sin(angle) * high], axis=1)
        return corners @ _rotation(*turn or (0.0,)) + (x, y)
    if "polygon" in shape:
        return np.array(shape["polygon"], float).reshape(-1, 2)
    corners = np.array(shape.get("curve") or shape.get("stroke", ()), float).reshape(-1, 2)
    return _spline(corners, is_closed="curve" in shape)


def _rotation(degrees: float) -> Field:
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return np.array([[cos, sin], [-sin, cos]])


def _spline(corners: Field, *, is_closed: bool) -> Field:
    """Return a Catmull-Rom line through the corners."""
    before, after = (corners[-1:], corners[:2]) if is_closed else (corners[:1], corners[-1:])
    line = np.concatenate([before, corners, after])
    a, b, c, d = line[:-3], line[1:-2], line[2:-1], line[3:]
    t = np.linspace(0, 1, STEPS + 1)[:, None, None]
    points = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
    points = (points + (3 * b - a - 3 * c + d) * t**3) / 2
    return points.swapaxes(0, 1).reshape(-1, 2)


class Moving:
    """A layer on the frame; each of its poses is drawn once."""

    def __init__(self, layer: Layer, shapes: list[Shape], spot: Spot, colours: Colours) -> None:
        self._layer, self._shapes, self._spot, self._colours = layer, shapes, spot, colours
        self._sprites: dict[tuple[int, int], Sprite] = {}

    def sprite(self, seconds: float) -> Sprite:
        """Return the layer as it is at a moment of the film."""
        pivot, degrees, width = _pose(self._layer, seconds)
        key = (round(degrees / TURN_STEP), round(width / WIDTH_STEP))
        if key not in self._sprites:
            matrix = np.diag([key[1] * WIDTH_STEP, 1]) @ _rotation(key[0] * TURN_STEP)
            self._sprites[key] = self._draw(pivot, matrix)
        return self._sprites[key]

    def _draw(self, pivot: Field, matrix: Field) -> Sprite:
        *origin, scale = self._spot
        lines = [
            ((outline(shape) - pivot) @ matrix + pivot) * scale + origin for shape in self._shapes
        ]
        edge = max(shape.get("width", 0) for shape in self._shapes) * scale / 2 + 1
        points = np.concatenate(lines)
        left, top = (int(side) // 2 * 2 for side in points.min(axis=0) - edge)
        right, bottom = (int(side) // 2 * 2 + 2 for side in points.max(axis=0) + edge)
        image = Image.new("RGBA", ((right - left) * FINE, (bottom - top) * FINE))
        for shape, line in zip(self._shapes, lines, strict=True):
            colour = self._colours.get(shape["fill"], shape["fill"])
            _fill(image, (line - (left, top)) * FINE, shape.get("width", 0) * scale * FINE, colour)
        return _sprite(image.reduce(FINE), left, top)


def _pose(layer: Layer, seconds: float) -> tuple[Field, float, float]:
    """Return a pivot, a turn in degrees and a width 0..1."""
    pivot, degrees, width = [0.0, 0.0], 0.0, 1.0
    if "spin" in layer:
        *pivot, period = layer["spin"]
        # A turn of whole frames repeats its poses; otherwise nearly every frame has a new one.
        turn = round(period * FPS)
        degrees = 360 / turn * (round(seconds * FPS) % turn)
    elif "swing" in layer:
        *pivot, degrees, period, start = layer["swing"]
        degrees *= _wave(seconds / period + start)
    elif "flap" in layer:
        *pivot, lost, period = layer["flap"]
        width -= lost * (1 + _wave(seconds / period)) / 2
    return np.array(pivot), degrees, width


def _wave(periods: float) -> float:
    return math.sin(2 * math.pi * periods)


def _fill(image: Image.Image, line: Field, width: float, colour: str) -> None:
    pen, points = ImageDraw.Draw(image), line.ravel().tolist()
    if not width:
        pen.polygon(points, fill=colour)
        return
    pen.line(points, fill=colour, width=round(width), joint="curve")
    for end in (line[0], line[-1]):
        pen.circle(tuple(end.tolist()), width / 2, fill=colour)


def _sprite(image: Image.Image, left: int, top: int) -> Sprite:
    half = image.reduce(2)
    y, (_, u, v) = split(image.convert("RGB"))[0], split(half.convert("RGB"))
    masks = (image.getchannel("A"), *[half.getchannel("A")] * 2)
    return Sprite(left, top, (y, u, v), masks)


class Figure:
    """A subject on the frame, perhaps with another one in its seat."""

    def __init__(self, subject: Subject, spot: Spot, tags: set[str], rider: Subject | None) -> None:
        data, colours = picture(subject.name), _colours(subject)
        self._bob, self._travel = data.get("bob", (0, 1)), data.get("travel", 0)
        self._scale, self._layers = spot.scale, list[Moving | Figure]()
        for layer in data["layers"]:
            shapes = [each for each in layer.get("shapes", ()) if each.get("when", "") in tags]
            if shapes:
                self._layers.append(Moving(layer, shapes, spot, colours))
            elif rider is not None and "seat" in layer:
                pose = {"", rider.kind, "reaching", layer.get("pose", "seated")}
                self._layers.append(Figure(rider, _seated(spot, layer["seat"], rider), pose, None))

    def paint(self, canvas: Canvas, seconds: float, progress: float) -> None:
        """Paint it at a moment of the film, and its rider with it."""
        right = self._travel * (progress - 0.5) * self._scale
        down = self._bob[0] * _wave(seconds / self._bob[1]) * self._scale
        self.paint_moved(canvas, seconds, (round(right), round(down)))

    def paint_moved(self, canvas: Canvas, seconds: float, move: tuple[int, int]) -> None:
        """Paint it moved by pixels to the right and down."""
        for layer in self._layers:
            if isinstance(layer, Figure):
                layer.paint_moved(canvas, seconds, move)
            else:
                layer.sprite(seconds).paint(canvas, *move)


def _seated(spot: Spot, seat: list[float], rider: Subject) -> Spot:
    """Return the place of a rider whose feet are at a seat."""
    x, y, high = seat
    left, top, right, _ = bounds(rider)
    scale = spot.scale * high / (100 - top)
    middle = spot.left + x * spot.scale
    return Spot(middle - (left + right) / 2 * scale, spot.top + y * spot.scale - 100 * scale, scale)


def _colours(subject: Subject) -> Colours:
    """Return the colours that a file names."""
    main = subject.colour or picture(subject.name)["main"]
    dark, light = _mixed(main, "#1a1020", 0.28), _mixed(main, "#ffffff", 0.45)
    return {"main": main, "dark": dark, "light": light}


def _mixed(one: str, two: str, amount: float) -> str:
    """Return the colour an amount 0..1 on the way between two."""
    pairs = zip(ImageColor.getrgb(one), ImageColor.getrgb(two), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * amount):02x}" for a, b in pairs)
