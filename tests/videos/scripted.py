"""A real HTTP server on loopback that gives scripted answers and records its requests."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import BodyPartReader, web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Field:
    """One part of a multipart body, as it was sent."""

    name: str | None
    filename: str | None
    content_type: str | None
    value: bytes


@dataclass(frozen=True)
class Seen:
    """One request: `path` is as it was sent, with its query."""

    method: str
    path: str
    headers: dict[str, str]
    fields: tuple[Field, ...]

    def text(self, name: str) -> str | None:
        """Return the value of a form field."""
        values = [field.value.decode() for field in self.fields if field.name == name]
        assert len(values) <= 1, f"{name} was sent twice"
        return values[0] if values else None


class ScriptedServer:
    """Answers each request with the next behaviour of its route, or a 599 where none is left."""

    def __init__(self) -> None:
        self.origin = ""
        self.seen: list[Seen] = []
        self._scripts: dict[tuple[str, str], deque[Behaviour]] = {}

    @property
    def base_url(self) -> str:
        """The base URL for a client."""
        return f"{self.origin}/v1"

    @property
    def host(self) -> str:
        """Host and port, as in VIDEOS_FILM_HOSTS."""
        return self.origin.removeprefix("http://")

    def on(self, method: str, path: str, *behaviours: Behaviour) -> Self:
        """Queue behaviours for a route; `path` is without a query, below the base URL."""
        self._scripts.setdefault((method, f"/v1{path}"), deque()).extend(behaviours)
        return self

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Read the whole request, record it, and run the next behaviour."""
        self.seen.append(
            Seen(request.method, request.raw_path, dict(request.headers), await _fields(request))
        )
        script = self._scripts.get((request.method, request.raw_path.partition("?")[0]))
        if not script:
            return web.Response(status=599, text="not in the script")
        return await script.popleft()(request)


@asynccontextmanager
async def scripted() -> AsyncGenerator[ScriptedServer]:
    """Run a server on a free port of loopback; hanging requests are cut at the end."""
    server = ScriptedServer()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.origin = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


def says(status: int, body: object = b"", **headers: str) -> Behaviour:
    """Answer with a status, a body (anything but bytes is sent as JSON) and headers."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=payload, headers=told)

    return behave


async def cuts(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer, after the whole request."""
    return _abort(request, web.StreamResponse())


async def is_silent(_request: web.Request) -> web.StreamResponse:
    """Answer nothing, for as long as the client waits."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


async def never_ends(request: web.Request) -> web.StreamResponse:
    """Begin a JSON answer and never end it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "video_1", ')
    return await is_silent(request)


def breaks_off(data: bytes, *, promised: int | None = None) -> Behaviour:
    """Send `data` and cut the connection: within `promised` bytes, or between two chunks."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        response.content_length = promised
        await response.prepare(request)
        await response.write(data)
        return _abort(request, response)

    return behave


def _abort(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return response


async def _fields(request: web.Request) -> tuple[Field, ...]:
    if not request.content_type.startswith("multipart/"):
        await request.read()
        return ()
    found: list[Field] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        found.append(
            Field(
                part.name,
                part.filename,
                part.headers.get("Content-Type"),
                bytes(await part.read()),
            )
        )
    return tuple(found)
