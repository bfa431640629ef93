"""What a request may meet instead of, before or after Discord's own answer."""

import asyncio

from aiohttp import web

from bot.simulator.core import Apply, Fault
from bot.simulator.errors import OLD_MESSAGE, TooFast
from bot.simulator.rest import said


def hung_up(request: web.Request) -> web.Response:
    """Close the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def answer(status: int, code: int = 0, message: str = "", **headers: str) -> Fault:
    """Answer so, and do nothing of what was asked."""

    async def fault(_: web.Request, __: Apply) -> web.StreamResponse:
        return said(status, {"message": message or f"{status}", "code": code}, **headers)

    return fault


def applied_then(status: int, code: int = 0, message: str = "") -> Fault:
    """Do what was asked, and answer with an error all the same."""

    async def fault(_: web.Request, apply: Apply) -> web.StreamResponse:
        await apply()
        return said(status, {"message": message or f"{status}", "code": code})

    return fault


def too_fast(seconds: float) -> Fault:
    """Ask to wait. Source: Discord, topics/rate-limits."""

    async def fault(_: web.Request, __: Apply) -> web.StreamResponse:
        body = TooFast(seconds, scope="user", headers={}).body()
        return said(429, body, **{"Retry-After": f"{seconds:.3f}", "X-RateLimit-Scope": "user"})

    return fault


def limited(seconds: float, scope: str) -> Fault:
    """Ask to wait, as a limit of this scope does: user, shared or global."""

    async def fault(_: web.Request, __: Apply) -> web.StreamResponse:
        body = TooFast(seconds, scope=scope, headers={}).body()
        return said(429, body, **{"Retry-After": f"{seconds:.3f}", "X-RateLimit-Scope": scope})

    return fault


def page(status: int, *, applied: bool = False) -> Fault:
    """Answer with a page of Cloudflare's, perhaps after what was asked was done."""

    async def fault(_: web.Request, apply: Apply) -> web.StreamResponse:
        if applied:
            await apply()
        text = "<html><title>error code: 1015</title></html>"
        return web.Response(status=status, text=text, content_type="text/html")

    return fault


def garbled(text: str = '{"id": "1', status: int = 200) -> Fault:
    """Answer with what is said to be JSON."""

    async def fault(_: web.Request, __: Apply) -> web.StreamResponse:
        told = {"Content-Type": "application/json", "Via": "1.1 google"}
        return web.Response(status=status, body=text.encode(), headers=told)

    return fault


async def cut_midway(request: web.Request, apply: Apply) -> web.StreamResponse:
    """Do what was asked, and lose the connection in the middle of the answer."""
    await apply()
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    answer.content_length = 1000
    await answer.prepare(request)
    await answer.write(b'{"id": "')
    return hung_up(request)


async def edits_spent(_: web.Request, __: Apply) -> web.StreamResponse:
    """Take no more edits of a message older than an hour (discord-api-docs#4413)."""
    return said(429, TooFast(8.0, scope="shared", headers={}, code=OLD_MESSAGE).body())


async def cut(request: web.Request, _: Apply) -> web.StreamResponse:
    """Lose the connection before anything was done."""
    return hung_up(request)


async def cut_after(request: web.Request, apply: Apply) -> web.StreamResponse:
    """Do what was asked, and lose the connection instead of answering."""
    await apply()
    return hung_up(request)


async def nothing(_: web.Request, apply: Apply) -> web.StreamResponse:
    """Be healthy: for the place between two faults."""
    return await apply()


def late(seconds: float) -> Fault:
    """Take this long before anything is done."""

    async def fault(_: web.Request, apply: Apply) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await apply()

    return fault


class Held:
    """Keeps a request, done or not yet done, until `release`; `reached` tells that it came."""

    def __init__(self, *, applied: bool = False) -> None:
        self.reached = asyncio.Event()
        self._released = asyncio.Event()
        self._applied = applied

    def release(self) -> None:
        self._released.set()

    async def __call__(self, _: web.Request, apply: Apply) -> web.StreamResponse:
        answer = await apply() if self._applied else None
        self.reached.set()
        await self._released.wait()
        return await apply() if answer is None else answer
