"""A Videos server that renders by the clock, for any number of films at once.

Every render takes a time between `shortest` and `longest` that depends on its prompt alone, with
linear whole-number progress; every film is the same file. A prompt that begins with "quick" is
rendered at once, into a small film of its own. ``python -m benchmarks.videos OPTIONS``
prints its address, and answers below /bench what it saw.
"""

import argparse
import asyncio
import json
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from tests.listening import listening

PAGE: Final = 100
_STEPS: Final = 1000
_QUICK: Final = "quick"


@dataclass(frozen=True)
class Rendering:
    """How the server behaves."""

    film: Path
    shortest: float
    longest: float
    create_takes: float = 0.0
    quick_film: Path | None = None
    """The film of those that are rendered at once; None for the same as all."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job, whose state is a matter of the time alone."""

    id: str
    prompt: str
    created: float
    takes: float

    @property
    def completed_at(self) -> float:
        """Unix seconds."""
        return self.created + self.takes

    def payload(self, now: float) -> dict[str, Any]:
        """Give the job as the contract has it."""
        done = now >= self.completed_at
        progress = 100 if done else min(99, int(100 * (now - self.created) / self.takes))
        return {
            "id": self.id,
            "object": "video",
            "model": "bench",
            "status": "completed" if done else "in_progress",
            "progress": progress,
            "created_at": int(self.created),
            "completed_at": int(self.completed_at) if done else None,
            "expires_at": None,
            "prompt": self.prompt,
            "size": "720x1280",
            "seconds": "4",
            "error": None,
        }


class VideosServer:
    """The routes."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._jobs: list[Job] = []
        self._places: dict[str, int] = {}
        self._requests: Counter[str] = Counter()
        self._first_asked: dict[str, float] = {}
        self._bought: Counter[str] = Counter()

    def bought(self, prompt: str) -> int:
        """How many jobs of this prompt were created."""
        return self._bought[prompt]

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_post("/v1/videos", self.create)
        app.router.add_get("/v1/videos", self.list)
        app.router.add_get("/v1/videos/{id}", self.retrieve)
        app.router.add_get("/v1/videos/{id}/content", self.content)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/bench/report", self.report)
        app.router.add_post("/bench/jobs", self.add_jobs)
        return app

    def _seen(self, kind: str) -> float:
        self._requests[kind] += 1
        return time.time()

    def _add(self, prompt: str, created: float) -> Job:
        place = len(self._jobs)
        job = Job(f"video_{place:08d}", prompt, created, self._time_for(prompt))
        self._places[job.id] = place
        self._jobs.append(job)
        self._bought[prompt] += 1
        return job

    def _time_for(self, prompt: str) -> float:
        if prompt.startswith(_QUICK):
            return 0.0
        chance = zlib.crc32(prompt.encode()) % _STEPS / _STEPS
        shortest, longest = self._rendering.shortest, self._rendering.longest
        return shortest + chance * (longest - shortest)

    async def create(self, request: web.Request) -> web.Response:
        """POST /videos."""
        self._seen("create")
        form = await request.post()
        if self._rendering.create_takes:
            await asyncio.sleep(self._rendering.create_takes)
        now = time.time()
        return web.json_response(self._add(str(form["prompt"]), now).payload(now))

    async def list(self, request: web.Request) -> web.Response:
        """GET /videos, newest first unless `order` says asc."""
        now = self._seen("list")
        limit = min(PAGE, int(request.query.get("limit", 20)))
        after = request.query.get("after")
        if request.query.get("order", "desc") == "asc":
            start = 0 if after is None else self._places[after] + 1
            page = self._jobs[start : start + limit]
            more = start + limit < len(self._jobs)
        else:
            end = len(self._jobs) if after is None else self._places[after]
            page = self._jobs[max(0, end - limit) : end][::-1]
            more = end > limit
        for job in (
            page if limit > 1 else ()
        ):  # one is what a bot asks to see whether there is a list
            self._first_asked.setdefault(job.id, now)
        data = [job.payload(now) for job in page]
        last = data[-1]["id"] if data else None
        return web.json_response(
            {"object": "list", "data": data, "has_more": more, "last_id": last}
        )

    async def retrieve(self, request: web.Request) -> web.Response:
        """GET /videos/{id}."""
        now = self._seen("retrieve")
        job = self._find(request)
        self._first_asked.setdefault(job.id, now)
        return web.json_response(job.payload(now))

    async def content(self, request: web.Request) -> web.StreamResponse:
        """GET /videos/{id}/content."""
        now = self._seen("content")
        job = self._find(request)
        if now < job.completed_at:
            return web.json_response({"error": {"message": "not ready"}}, status=404)
        quick = self._rendering.quick_film if job.prompt.startswith(_QUICK) else None
        return web.FileResponse(
            quick or self._rendering.film, headers={"Content-Type": "video/mp4"}
        )

    async def models(self, _: web.Request) -> web.Response:
        """GET /models."""
        self._seen("models")
        return web.json_response({"object": "list", "data": [{"id": "bench", "object": "model"}]})

    def _find(self, request: web.Request) -> Job:
        place = self._places.get(request.match_info["id"])
        if place is None:
            raise web.HTTPNotFound(text=json.dumps({"error": {"message": "no such video"}}))
        return self._jobs[place]

    # ---------------------------------------------------------------- for the benchmark alone

    async def add_jobs(self, request: web.Request) -> web.Response:
        """Have jobs that nobody created by a request: their prompts are given, ids returned."""
        now = time.time()
        prompts: list[str] = await request.json()
        return web.json_response([self._add(prompt, now).id for prompt in prompts])

    async def report(self, _: web.Request) -> web.Response:
        """Say what came in, and when each job was or will be completed."""
        return web.json_response(
            {
                "at": time.time(),
                "requests": self._requests,
                "jobs": {
                    job.prompt: {
                        "created": job.created,
                        "completed": job.completed_at,
                        "first_asked": self._first_asked.get(job.id),
                    }
                    for job in self._jobs
                },
            }
        )


async def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--film", type=Path, required=True)
    parser.add_argument("--quick-film", type=Path)
    parser.add_argument("--shortest", type=float, default=20.0)
    parser.add_argument("--longest", type=float, default=40.0)
    parser.add_argument("--create-takes", type=float, default=0.0)
    given = parser.parse_args()
    rendering = Rendering(**vars(given))
    async with listening(VideosServer(rendering).app()) as listener:
        print(json.dumps({"url": listener.origin}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
