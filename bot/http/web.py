"""What the bot answers over HTTP: films by their links, and, on another port, how it is."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final
from urllib.parse import quote

from aiohttp import web

from bot.delivery.links import PATH, Links
from bot.jobs.database import StoreError
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render
from bot.media.container import KINDS
from bot.serving.files import FileRefusedError, send_file
from bot.serving.limits import Limits
from bot.serving.listening import listening

_TYPES: Final = {kind.extension: kind.content_type for kind in KINDS}
"""What a film's ending says that it is; of any other it is said that nobody knows."""
_UNKNOWN_TYPE: Final = "application/octet-stream"
_LINK: Final = PATH.format(
    job="{job:[0-9a-f]{32}}",
    expires=r"{expires:\d{1,12}}",
    signature="{signature:[A-Za-z0-9_-]{43}}",
    name="{name:[^/]{1,255}}",
)
_POLICY: Final = (
    "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; sandbox allow-same-origin"
)
"""A browser makes a page of its own around a film: it may play that film, with the style that it
writes itself, and nothing else; scripts, forms and frames have no place in it. `'self'` has to mean
this address, so the page keeps its origin. Source: W3C, Content Security Policy Level 3."""
FILM_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    # Links are opened, and Discord shows what its own servers fetched: neither asks for more. Pages
    # of the operator's own site may play them, those of strangers may not.
    "Cross-Origin-Resource-Policy": "same-site",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private",
}
"""What goes with every film, whatever its type and name."""
_ODD: Final = re.compile(r'[:*?"<>|]')
"""What some systems take in no file's name."""
_TURNS: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of text, and makes an ending look like another."""
_MOVED: Final = "This port serves films alone; health and metrics are served on OPS_PORT.\n"
NO_FILM: Final = "Rushes: there is no video at this address.\n"
"""What a link that is none is answered; by it `doctor` knows whom it reached."""


@dataclass(frozen=True, kw_only=True)
class Films:
    """The films that are served, and who knows about them."""

    store: FilmStore
    find: Callable[[str], Awaitable[Render | None]]
    """Returns a render as it is on disk. Raises StoreError."""
    links: Links
    clock: Callable[[], float]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve a kept film, whole or in ranges (RFC 9110, section 14)."""
        match = request.match_info
        render_id, expires = match["job"], match["expires"]
        if not self.links.is_genuine(render_id, expires, match["signature"]):
            raise web.HTTPNotFound(text=NO_FILM)
        if self.clock() >= int(expires):
            raise web.HTTPNotFound(text=NO_FILM)
        path = await self._kept(render_id)
        headers = FILM_HEADERS | {
            "Content-Type": _TYPES.get(path.suffix, _UNKNOWN_TYPE),
            "Content-Disposition": _named(match["name"], path.suffix),
        }
        try:
            return await send_file(request, path, headers=headers)
        except FileRefusedError as error:
            return web.Response(
                text=f"{error.message}\n", status=error.status, headers=error.headers
            )

    async def _kept(self, render_id: str) -> Path:
        try:
            render = await self.find(render_id)
        except StoreError:
            raise web.HTTPServiceUnavailable(text="Try again later.\n") from None
        if render is None or render.film is None:
            raise web.HTTPNotFound(text=NO_FILM)
        return self.store.open(render.film)


@dataclass(frozen=True, kw_only=True)
class Operations:
    """How the bot is, for its operator's programs."""

    ready: Callable[[], Awaitable[Mapping[str, bool]]]
    """Gives what the bot needs and whether it has it."""
    scrape: Callable[[], Awaitable[bytes]]
    """Gives the metrics as Prometheus reads them."""

    async def health(self, _: web.Request) -> web.StreamResponse:
        """The event loop answers: the process lives."""
        return web.Response(text="ok\n")

    async def readiness(self, _: web.Request) -> web.StreamResponse:
        """Say what the bot needs and whether it has it: 200, or 503 where something is missing."""
        needs = dict(await self.ready())
        ready = all(needs.values())
        return web.json_response({"ready": ready, **needs}, status=200 if ready else 503)

    async def metrics(self, _: web.Request) -> web.StreamResponse:
        """Source: Prometheus, exposition formats, the text format."""
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return web.Response(body=await self.scrape(), headers={"Content-Type": kind})


@asynccontextmanager
async def serving(site: web.Application, listener: socket, limits: Limits) -> AsyncGenerator[None]:
    """Answer who connects to a socket that listens, until the end of the context."""
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        async with listening(runner, listener, limits):
            yield
    finally:
        await runner.cleanup()


def film_site(films: Films | None) -> web.Application:
    """Return what everybody may ask; every address but a film's link is not found."""
    app = _application()
    if films is not None:
        app.router.add_get(_LINK, films.answer)
    for moved in ("/healthz", "/readyz", "/metrics"):
        app.router.add_route("*", moved, _moved)
    app.router.add_route("*", "/{anything:.*}", _nothing)
    return app


def operations_site(operations: Operations) -> web.Application:
    """Return what the operator's programs ask."""
    app = _application()
    app.router.add_get("/healthz", operations.health)
    app.router.add_get("/readyz", operations.readiness)
    app.router.add_get("/metrics", operations.metrics)
    app.router.add_route("*", "/{anything:.*}", _nothing)
    return app


def _application() -> web.Application:
    app = web.Application()
    app.on_response_prepare.append(_name_nothing)
    return app


async def _name_nothing(_: web.Request, response: web.StreamResponse) -> None:
    """Say neither what answers nor in which version."""
    response.headers["Server"] = "Rushes"
    response.headers["X-Content-Type-Options"] = "nosniff"


async def _nothing(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound(text=NO_FILM)


async def _moved(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound(text=_MOVED)


def _named(name: str, ending: str) -> str:
    """Return how a browser is to name the file, if it is kept; its ending is always the file's.

    The name stands in the link unsigned, so whoever passes a link on may have changed it. Raises
    HTTPNotFound for a name that is no file's. Source: RFC 6266, 4.1 and 4.3; RFC 8187.
    """
    if re.search(r"[\x00-\x1f\x7f-\x9f/\\]", name):
        raise web.HTTPNotFound(text=NO_FILM)
    stem = _ODD.sub("-", _TURNS.sub("", name.rpartition(".")[0])).strip(". ")[:100] or "video"
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "-", stem).strip("- .") or "video"
    encoded = "" if plain == stem else f"; filename*=UTF-8''{quote(stem + ending, safe='')}"
    return f'inline; filename="{plain}{ending}"{encoded}'
