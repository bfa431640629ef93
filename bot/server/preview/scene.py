"""A moving scene made from a prompt's words alone."""

from bot.server.preview.backdrop import HORIZON, Sky, Stage, enlarge
from bot.server.preview.canvas import Canvas
from bot.server.preview.ground import Keys, Mirror
from bot.server.preview.land import land
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place, Weather
from bot.server.preview.weather import weather
from bot.server.renderer import FPS


class Scene:
    """Backdrop, land, water and weather; each frame is painted from its number alone."""

    def __init__(self, frame: Frame, frames: int) -> None:
        mood, is_stage = frame.mood, frame.mood.place is Place.STAGE
        self._frame, self._frames = frame, frames
        self._backdrop = Stage(frame) if is_stage else Sky(frame)
        water = [Mirror(frame)] if mood.place in HORIZON else []
        keys = [Keys(frame)] if is_stage and mood.piano else []
        before = [*land(frame), *water, *keys]
        is_behind = mood.weather is Weather.STARS and not is_stage
        self._parts = [*weather(frame), *before] if is_behind else [*before, *weather(frame)]

    def paint(self, frame: int) -> Canvas:
        """Return the picture at a frame number."""
        field = self._backdrop.paint(frame / FPS, frame / self._frames)
        canvas = enlarge(field, self._frame.width, self._frame.height)
        for part in self._parts:
            part.paint(canvas, frame)
        return canvas
