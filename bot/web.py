"""What the bot answers over HTTP: films by their links, and how it is."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final

from aiohttp import web

from bot.jobs.models import Job
from bot.links import PATH, Links
from bot.videos.container import AVI, MP4, WEBM

_TYPES: Final = {kind.extension: kind.content_type for kind in (MP4, WEBM, AVI)}
_LINK: Final = PATH.format(
    job="{job:[0-9a-f]{32}}",
    expires=r"{expires:\d{1,12}}",
    signature="{signature:[A-Za-z0-9_-]{43}}",
    name=r"{name:[a-z0-9-]{1,60}\.(?:mp4|webm|avi)}",
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private",
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is served, and who knows about it."""

    films: Path
    find: Callable[[str], Awaitable[Job | None]]
    """Gives a job as it stands on disk."""
    links: Links | None
    """None: no film is served."""
    ready: Callable[[], Awaitable[Mapping[str, bool]]]
    """Gives what the bot needs and whether it has it."""
    metrics: Callable[[], Awaitable[bytes]]
    """Gives the metrics as Prometheus reads them."""
    clock: Callable[[], float]


@asynccontextmanager
async def serving(site: Site, listening: socket) -> AsyncGenerator[None]:
    """Answer who connects to `listening`, until the end of the context."""
    runner = web.AppRunner(_application(site), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


def _application(site: Site) -> web.Application:
    """Every address but these is not found, whatever is asked of it."""
    answers = _Answers(site)
    app = web.Application()
    app.router.add_get("/healthz", answers.health)
    app.router.add_get("/readyz", answers.readiness)
    app.router.add_get("/metrics", answers.metrics)
    if site.links is not None:
        app.router.add_get(_LINK, answers.film)
    app.router.add_route("*", "/{anything:.*}", answers.nothing)
    app.on_response_prepare.append(_name_nothing)
    return app


async def _name_nothing(_: web.Request, response: web.StreamResponse) -> None:
    """Say neither what answers nor in which version."""
    response.headers["Server"] = "Rushes"


class _Answers:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def nothing(self, _: web.Request) -> web.StreamResponse:
        raise web.HTTPNotFound

    async def health(self, _: web.Request) -> web.StreamResponse:
        """The event loop answers: the process lives."""
        return web.Response(text="ok\n")

    async def readiness(self, _: web.Request) -> web.StreamResponse:
        needs = dict(await self._site.ready())
        ready = all(needs.values())
        return web.json_response({"ready": ready, **needs}, status=200 if ready else 503)

    async def metrics(self, _: web.Request) -> web.StreamResponse:
        """Source: Prometheus, exposition formats, the text format."""
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return web.Response(body=await self._site.metrics(), headers={"Content-Type": kind})

    async def film(self, request: web.Request) -> web.StreamResponse:
        """Serve a kept film, whole or in ranges (RFC 9110, section 14)."""
        match, links = request.match_info, self._site.links
        job_id, expires = match["job"], match["expires"]
        if links is None or not links.is_genuine(job_id, expires, match["signature"]):
            raise web.HTTPNotFound
        if self._site.clock() >= int(expires):
            raise web.HTTPNotFound
        job = await self._site.find(job_id)
        if job is None or job.film is None:
            raise web.HTTPNotFound
        path = self._site.films / job.film
        headers = _HEADERS | {
            "Content-Type": _TYPES.get(path.suffix, "application/octet-stream"),
            "Content-Disposition": f'inline; filename="{match["name"]}"',
        }
        return web.FileResponse(path, headers=headers)
