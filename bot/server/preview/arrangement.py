"""Places a prompt's subjects on the frame, beside the title or below it."""

from typing import Final, NamedTuple

from bot.server.preview.figure import Figure, Spot, bounds, picture
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Mood, Place, Subject

# Left, right and upper edge of the subjects' room, in parts of a wide frame and of a tall one.
WIDE: Final = (0.50, 0.97, 0.20)
TALL: Final = (0.05, 0.95, 0.52)
# Where feet are, in parts of the frame's height.
FEET: Final = {Place.STAGE: 0.90, Place.OCEAN: 0.92}
USUAL_FEET: Final = 0.94
# How far above it is what floats or flies, in parts of the room's height: alone, beside others.
AFLOAT: Final = 0.22
ALOFT: Final = (0.14, 0.45)
# Units between two subjects.
GAP: Final = 4
RIDER_WIDTH: Final = 0.85
"""Of its height."""
FEET_AT: Final = 100
SHORE: Final = Subject("shore", "plain", None)
SAND: Final = 94
"""Where feet are on the shore, in its units."""


class Actor(NamedTuple):
    """A subject, perhaps with its rider, and the edges of both in the subject's units."""

    subject: Subject
    rider: Subject | None
    left: float
    top: float
    right: float
    bottom: float

    @property
    def size(self) -> float:
        """Its height beside other subjects."""
        return picture(self.subject.name)["size"]

    @property
    def wide(self) -> float:
        """Its share of a row's width."""
        return (self.right - self.left + GAP) * self.size

    @property
    def tall(self) -> float:
        """Its height as `wide` counts."""
        return (self.bottom - self.top) * self.size


def arranged(frame: Frame) -> list[Figure]:
    """Return the mood's subjects where they are, in the order of the prompt."""
    row, mood = _actors(frame.mood.subjects), frame.mood
    if not row:
        return []
    left, right, upper = WIDE if frame.width > frame.height else TALL
    room, floor = (right - left) * frame.width, FEET.get(mood.place, USUAL_FEET) * frame.height
    high = floor - upper * frame.height
    wide = sum(actor.wide for actor in row)
    scale = min(room / wide, high / max(actor.tall for actor in row))
    x = begin = left * frame.width + (room - wide * scale) / 2
    figures = list[Figure]()
    for actor in row:
        lift = min(_lift(actor, mood) * high, high - actor.tall * scale)
        figures.append(_figure(actor, x, floor - lift, actor.size * scale))
        x += actor.wide * scale
    if mood.place is Place.OCEAN and any(_lift(actor, mood) == 0 for actor in row):
        unit = (x - begin) / 100
        figures.insert(0, Figure(SHORE, Spot(begin, floor - SAND * unit, unit), {""}, None))
    return figures


def _figure(actor: Actor, left: float, floor: float, unit: float) -> Figure:
    """Return a subject whose place in the row begins at a pixel, with its feet on another."""
    spot = Spot(left + (GAP / 2 - actor.left) * unit, floor - actor.bottom * unit, unit)
    tags = {"", actor.subject.kind, "standing", "idle", "ridden" if actor.rider else "free"}
    return Figure(actor.subject, spot, tags, actor.rider)


def _lift(actor: Actor, mood: Mood) -> float:
    level = picture(actor.subject.name).get("level")
    if level == "air":
        return ALOFT[len(mood.subjects) > 1 and actor.rider is None]
    return AFLOAT if level == "water" and mood.place is Place.OCEAN else 0


def _actors(subjects: tuple[Subject, ...]) -> list[Actor]:
    """Return the subjects; the first that can ride does where another has a seat."""
    host = next((each for each in subjects if _seat(each)), None)
    riders = [each for each in subjects if host and picture(each.name).get("rides")]
    alone = [each for each in subjects if each not in riders[:1]]
    return [_actor(each, riders[0] if riders and each is host else None) for each in alone]


def _actor(subject: Subject, rider: Subject | None) -> Actor:
    left, top, right, bottom = bounds(subject)
    if rider is None:
        return Actor(subject, None, left, top, right, max(bottom, FEET_AT))
    x, y, high = _seat(subject)
    half = high * RIDER_WIDTH / 2
    edges = (min(left, x - half), min(top, y - high), max(right, x + half), max(bottom, y, FEET_AT))
    return Actor(subject, rider, *edges)


def _seat(subject: Subject) -> list[float]:
    layers = picture(subject.name)["layers"]
    return next((layer["seat"] for layer in layers if "seat" in layer), list[float]())
