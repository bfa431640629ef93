"""A moving scene made from a prompt's words alone."""

from bot.server.preview.arrangement import arranged
from bot.server.preview.backdrop import HORIZON, Sky, Stage, enlarge
from bot.server.preview.canvas import Canvas
from bot.server.preview.ground import Mirror
from bot.server.preview.land import land
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place, Weather
from bot.server.preview.weather import weather
from bot.server.renderer import FPS


class Scene:
    """Backdrop, land, water, subjects and weather; each frame is painted from its number alone."""

    def __init__(self, frame: Frame, frames: int) -> None:
        mood, is_stage = frame.mood, frame.mood.place is Place.STAGE
        self._frame, self._frames = frame, frames
        self._backdrop = Stage(frame) if is_stage else Sky(frame)
        air = weather(frame)
        is_behind = mood.weather is Weather.STARS and not is_stage
        self._behind = [*(air if is_behind else ()), *land(frame)]
        self._behind += [Mirror(frame)] if mood.place in HORIZON else []
        self._subjects = arranged(frame)
        self._before = [] if is_behind else air

    def paint(self, frame: int) -> Canvas:
        """Return the picture at a frame number."""
        seconds, progress = frame / FPS, frame / self._frames
        field = self._backdrop.paint(seconds, progress)
        canvas = enlarge(field, self._frame.width, self._frame.height)
        for part in self._behind:
            part.paint(canvas, frame)
        for subject in self._subjects:
            subject.paint(canvas, seconds, progress)
        for part in self._before:
            part.paint(canvas, frame)
        return canvas
