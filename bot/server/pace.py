"""How fast films are rendered here, learnt from those that were, and when to ask again."""

from typing import Final

from bot.server.job import VideoJob

_FIRST: Final = 0.4e-6
"""Seconds of work for a pixel and second of film until one was rendered: 1.5 s for the smallest."""

_WEIGHT: Final = 0.3
"""How much the newest render counts."""

_LOOKS: Final = 4
"""Polls that a client makes until its film is expected. The SDKs keep to the first answer's pause,
so it must suit the end of a render too."""

_LEAST: Final = 0.25
_MOST: Final = 5.0


class Pace:
    """Seconds per pixel and second of film, as a moving average."""

    def __init__(self) -> None:
        self._pace = _FIRST

    def learn(self, job: VideoJob, seconds: float) -> None:
        """Take in how long a film took."""
        self._pace += _WEIGHT * (seconds / _work(job) - self._pace)

    def poll_after(self, job: VideoJob, *, ahead: float) -> float:
        """Seconds until it is worth asking for a job again; `ahead` films like it come first."""
        expected = self._pace * _work(job) * (ahead + 1 - job.progress / 100)
        return min(_MOST, max(_LEAST, expected / _LOOKS))


def _work(job: VideoJob) -> int:
    width, _, height = job.size.partition("x")
    return int(width) * int(height) * int(job.seconds)
