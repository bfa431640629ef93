"""A moving scene made from a prompt's words alone."""

from collections.abc import Callable

from bot.server.preview import backdrop, silhouettes, weather
from bot.server.preview.canvas import Canvas
from bot.server.preview.ground import Keys, Mirror
from bot.server.preview.mood import Mood, Place


class Scene:
    """Backdrop, land, water and weather; each frame is worked out from its number alone."""

    def __init__(self, mood: Mood, width: int, height: int, frames: int, fps: int) -> None:
        self._size = (width, height)
        self._frames = frames
        self._fps = fps
        self._backdrop = backdrop.open_backdrop(mood, width, height)
        self._behind = weather.starlight(mood, width, height)
        self._land = silhouettes.build(mood, width, height, frames)
        self._ground = _ground(mood, width, height)
        self._before = weather.fall_of(mood, width, height)

    def paint(self, frame: int) -> Canvas:
        """Return the picture at a frame number."""
        seconds = frame / self._fps
        field = self._backdrop.paint(seconds, frame / self._frames)
        canvas = backdrop.enlarge(field, *self._size)
        for sheet in (*self._behind, *self._land):
            sheet.paint(canvas, frame)
        for ground in self._ground:
            ground(canvas, seconds)
        for sheet in self._before:
            sheet.paint(canvas, frame)
        return canvas


def _ground(mood: Mood, width: int, height: int) -> list[Callable[[Canvas, float], None]]:
    grounds: list[Callable[[Canvas, float], None]] = []
    if mood.place in backdrop.HORIZON:
        grounds.append(Mirror(mood, width, height).paint)
    if mood.piano and mood.place is Place.STAGE:
        grounds.append(Keys(mood.palette, width, height).paint)
    return grounds
