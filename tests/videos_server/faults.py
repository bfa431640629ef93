"""Faults of a Videos server, and its ordinary answers: values that `meet` and `on` accept."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from tests.videos_server.server import ScriptedServer

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]
SERVER: Final[web.AppKey["ScriptedServer"]] = web.AppKey("server")


def server_of(request: web.Request) -> "ScriptedServer":
    """Return the server whose fault handles a request."""
    return request.app[SERVER]


# -------------------------------------------------------------------- without the server behind


def answer(status: int, body: object = b"", **headers: str) -> Fault:
    """Answer with bytes or text as they are, and with anything else as JSON."""

    async def fault(_request: web.Request) -> web.StreamResponse:
        kind = {} if isinstance(body, bytes) else {"Content-Type": _type_of(body)}
        payload = body if isinstance(body, bytes | str) else json.dumps(body)
        data = payload if isinstance(payload, bytes) else payload.encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=data, headers=kind | sent)

    return fault


def _type_of(body: object) -> str:
    return "text/html" if isinstance(body, str) and body.startswith("<") else "application/json"


async def cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer, after the whole request."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silent(_request: web.Request) -> web.StreamResponse:
    """Answer nothing, for as long as the client waits."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


async def never_ends(request: web.Request) -> web.StreamResponse:
    """Begin a JSON answer and never end it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "video_1", ')
    return await silent(request)


def breaks_off(data: bytes, *, promised: int | None = None, kind: str = "video/mp4") -> Fault:
    """Send `data` and close the connection: within `promised` bytes, or between two chunks."""

    async def fault(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        response.content_length = promised
        await response.prepare(request)
        await response.write(data)
        assert request.transport is not None
        request.transport.close()
        return response

    return fault


# -------------------------------------------------------------------- with the server behind


async def cut_after(request: web.Request) -> web.StreamResponse:
    """Pass the request on, and lose the answer."""
    await server_of(request).pass_on(request)
    return await cut(request)


def late(seconds: float) -> Fault:
    """Pass the request on only after so long."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await server_of(request).pass_on(request)

    return fault


def changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """Pass the request on, and change the object in the answer."""
    return garbled(lambda body: json.dumps(change(json.loads(body))).encode())


def garbled(
    change: Callable[[bytes], bytes], content_type: str | None = None, status: int | None = None
) -> Fault:
    """Pass the request on, and change the bytes of the answer."""

    async def fault(request: web.Request) -> web.StreamResponse:
        answered, body = await _passed(request)
        return web.Response(
            status=status or answered.status,
            body=change(body),
            content_type=content_type or answered.content_type,
        )

    return fault


async def half(request: web.Request) -> web.StreamResponse:
    """Promise the whole answer, and lose the connection in the middle of it."""
    answered, body = await _passed(request)
    kind = answered.content_type
    return await breaks_off(body[: len(body) // 2], promised=len(body), kind=kind)(request)


async def _passed(request: web.Request) -> tuple[web.Response, bytes]:
    answered = await server_of(request).pass_on(request)
    assert isinstance(answered.body, bytes)
    return answered, answered.body
