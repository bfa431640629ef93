"""The embedded server behind a layer that misbehaves on demand, over real sockets."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from bot.server.app import ServerConfig, running

Kind = Literal["create", "poll", "content", "other"]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HOP_BY_HOP = ("Transfer-Encoding", "Connection", "Keep-Alive", "Host")


def answer(status: int, body: str = "", **headers: str) -> Fault:
    """Answer so, without asking the server behind."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await request.read()
        kind = "text/html" if body.startswith("<") else "application/json"
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, content_type=kind, headers=told)

    return fault


async def cut(request: web.Request) -> web.StreamResponse:
    """Read the whole request, then close the connection without a word."""
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class FaultyServer:
    """Passes requests on to a real server; the next ones of a kind may meet a fault first."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self.base_url = ""
        self.seen: Counter[Kind] = Counter()
        self.passed: Counter[Kind] = Counter()
        self.delay = 0.0
        self.lose_answer = False
        """Whether the server takes the next create and its answer is lost on the way."""
        self._faults: defaultdict[Kind, list[Fault]] = defaultdict(list)
        self._upstream = upstream
        self._session = session

    def meet(self, kind: Kind, *faults: Fault) -> None:
        """Let the next requests of a kind meet these faults, one each."""
        self._faults[kind] += faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind = kind_of(request)
        self.seen[kind] += 1
        if kind == "create" and self.delay:
            await asyncio.sleep(self.delay)
        if self._faults[kind]:
            return await self._faults[kind].pop(0)(request)
        self.passed[kind] += 1
        answer = await self._pass_on(request)
        if kind == "create" and self.lose_answer:
            self.lose_answer = False
            return await cut(request)
        return answer

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        url = self._upstream + request.path_qs.removeprefix("/v1")
        headers = CIMultiDict(request.headers)
        for name in _HOP_BY_HOP:
            headers.popall(name, None)
        async with self._session.request(
            request.method, url, data=await request.read(), headers=headers
        ) as upstream:
            told = CIMultiDict(upstream.headers)
            for name in _HOP_BY_HOP:
                told.popall(name, None)
            return web.Response(status=upstream.status, body=await upstream.read(), headers=told)


def kind_of(request: web.Request) -> Kind:
    if request.path.endswith("/content"):
        return "content"
    if request.method == "POST" and request.path.endswith("/videos"):
        return "create"
    if request.method == "GET" and "/videos/" in request.path:
        return "poll"
    return "other"


@asynccontextmanager
async def faulty_server(folder: Path) -> AsyncGenerator[FaultyServer]:
    """Start a real embedded server with the faulty layer in front of it."""
    async with (
        running(ServerConfig(folder=folder)) as upstream,
        aiohttp.ClientSession() as session,
    ):
        server = FaultyServer(upstream, session)
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield server
        finally:
            await runner.cleanup()
