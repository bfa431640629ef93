"""A moving scene made from a prompt's words alone."""

from bot.server.preview.backdrop import HORIZON, Sky, Stage, enlarge
from bot.server.preview.canvas import Canvas
from bot.server.preview.ground import Keys, Mirror
from bot.server.preview.land import land
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place, Weather
from bot.server.preview.weather import weather


class Scene:
    """Backdrop, land, water and weather; each frame is painted from its number alone."""

    def __init__(self, frame: Frame, frames: int, fps: int) -> None:
        mood = frame.mood
        self._size = (frame.width, frame.height)
        self._frames = frames
        self._fps = fps
        is_stage = mood.place is Place.STAGE
        self._backdrop = Stage(frame) if is_stage else Sky(frame)
        self._land, self._before = land(frame), weather(frame)
        if mood.weather is Weather.STARS and not is_stage:
            self._land, self._before = [*self._before, *self._land], []
        self._ground = [Mirror(frame)] if mood.place in HORIZON else []
        if mood.piano and is_stage:
            self._ground = [Keys(frame)]

    def paint(self, frame: int) -> Canvas:
        """Return the picture at a frame number."""
        seconds = frame / self._fps
        canvas = enlarge(self._backdrop.paint(seconds, frame / self._frames), *self._size)
        for layer in self._land:
            layer.paint(canvas, frame)
        for ground in self._ground:
            ground.paint(canvas, seconds)
        for layer in self._before:
            layer.paint(canvas, frame)
        return canvas
