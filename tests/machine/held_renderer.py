"""The embedded server's renderer, in this process: films are finished when the test says so."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.server.job import VideoJob
from bot.server.render_process import RenderFailedError
from bot.server.renderer import FilmFiles
from tests.media.films import box, mp4


class HeldRenderer:
    """Each film has bytes of its own, and is known by the server's id of its job."""

    def __init__(self) -> None:
        self.films: dict[str, bytes] = {}
        """Those that were finished."""
        self._fails: dict[str, bool] = {}
        self._open = False
        self._doors: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    @property
    def waiting(self) -> list[str]:
        """The prompts of the films that are being rendered."""
        return [prompt for prompt, door in self._doors.items() if not door.is_set()]

    def finish(self, prompt: str, *, fails: bool = False) -> None:
        self._fails[prompt] = fails
        self._doors[prompt].set()

    def finish_all(self) -> None:
        """Finish every film, those to come too."""
        self._open = True
        for door in self._doors.values():
            door.set()

    async def render(
        self,
        job: VideoJob,
        image: Path | None,  # noqa: ARG002 - as render_process.render is called
        folder: Path,
        *,
        command: Sequence[str],  # noqa: ARG002 - as above
        report: Callable[[int], None],
    ) -> None:
        """Take the place of bot.server.render_process.render."""
        report(10)
        door = self._doors[job.prompt]
        if not self._open:
            await door.wait()
        if self._fails.get(job.prompt):
            raise RenderFailedError("The lamp is broken.")
        film = mp4() + box(b"free", job.id.encode())
        for path in FilmFiles.within(folder):
            path.write_bytes(film)
        self.films[job.id] = film
