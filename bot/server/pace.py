"""Estimates how long a render takes from the last ones, and so when to poll again."""

from typing import Final

from bot.server.job import VideoJob

_FIRST: Final = 0.4e-6
"""Seconds of work per pixel and second of film, before the first render: 1.5 s for the smallest."""

_WEIGHT: Final = 0.3
"""Share of the newest render in the average."""

_POLLS: Final = 4
"""Polls until the expected end of a render. The SDKs keep the first answer's pause for all polls,
so it must suit the end of a render too."""

_LEAST: Final = 0.25
_MOST: Final = 5.0


class Pace:
    """Seconds per pixel and second of film, as a moving average."""

    def __init__(self) -> None:
        self._pace = _FIRST

    def learn(self, job: VideoJob, seconds: float) -> None:
        """Add a render that took so many seconds to the average."""
        self._pace += _WEIGHT * (seconds / _work(job) - self._pace)

    def poll_after(self, job: VideoJob, *, ahead: float) -> float:
        """Seconds until it is worth asking for a job again; `ahead` films like it come first."""
        expected = self._pace * _work(job) * (ahead + 1 - job.progress / 100)
        return min(_MOST, max(_LEAST, expected / _POLLS))


def _work(job: VideoJob) -> int:
    width, _, height = job.size.partition("x")
    return int(width) * int(height) * int(job.seconds)
