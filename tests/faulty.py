"""The embedded server behind a layer that misbehaves on demand, over real sockets."""

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from bot.server.app import ServerConfig, running

Kind = Literal["create", "remix", "poll", "list", "content", "other"]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HOP_BY_HOP: Final = ("Transfer-Encoding", "Connection", "Keep-Alive", "Host")
_PROMPT: Final = re.compile(rb'name="prompt"\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)


# -------------------------------------------------------------------- faults that ask nobody


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


# -------------------------------------------------------------------- faults after it was taken


async def cut_after(request: web.Request) -> web.StreamResponse:
    """Let the server have the request, and lose its answer."""
    await server_of(request).pass_on(request)
    return await cut(request)


def late(seconds: float) -> Fault:
    """Let the server have the request only after so long."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await request.read()
        await asyncio.sleep(seconds)
        return await server_of(request).pass_on(request)

    return fault


def changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """Let the server have the request, and change the object it answers."""
    return garbled(lambda body: json.dumps(change(json.loads(body))).encode())


def garbled(
    change: Callable[[bytes], bytes], content_type: str | None = None, status: int | None = None
) -> Fault:
    """Let the server have the request, and change the bytes of its answer."""

    async def fault(request: web.Request) -> web.StreamResponse:
        said = await server_of(request).pass_on(request)
        assert isinstance(said.body, bytes)
        return web.Response(
            status=status or said.status,
            body=change(said.body),
            content_type=content_type or said.content_type,
        )

    return fault


async def half(request: web.Request) -> web.StreamResponse:
    """Promise the whole answer, and lose the connection in the middle of it."""
    said = await server_of(request).pass_on(request)
    assert isinstance(said.body, bytes)
    told = {"Content-Length": str(len(said.body)), "Content-Type": said.content_type}
    response = web.StreamResponse(status=said.status, headers=told)
    await response.prepare(request)
    await response.write(said.body[: len(said.body) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


# -------------------------------------------------------------------- the server


class FaultyServer:
    """Passes requests on to a real server; the next ones of a kind may meet a fault first."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self.base_url = ""
        self.seen: Counter[Kind] = Counter()
        self.passed: Counter[Kind] = Counter()
        self.creates: Counter[str] = Counter()
        """Requests to create, by their prompts, whatever came of them."""
        self.delay = 0.0
        self.lose_answer = False
        """Whether the server takes the next create and its answer is lost on the way."""
        self.others: dict[str, str] = {}
        """Origins of other servers, for faults that lead there."""
        self._faults: defaultdict[tuple[Kind, str | None], list[Fault]] = defaultdict(list)
        self._prompts: dict[str, str] = {}
        self.upstream = upstream
        """Address of the server behind, for whoever looks at it past all faults."""
        self._session = session

    def meet(self, kind: Kind, *faults: Fault, prompt: str | None = None) -> None:
        """Let the next requests of a kind meet these faults, one each.

        With a `prompt`, only requests about the film of that prompt. A job with a fault laid out
        for its poll is left out of the list, so that it is asked for by itself.
        """
        self._faults[kind, prompt] += faults

    def forget(self, kind: Kind, prompt: str | None = None) -> None:
        """Take back what no request has met."""
        self._faults[kind, prompt].clear()

    def unmet(self, kind: Kind, prompt: str | None = None) -> int:
        """How many of these faults no request has met yet."""
        return len(self._faults[kind, prompt])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind = kind_of(request)
        self.seen[kind] += 1
        prompt = await self._prompt_of(request, kind)
        if kind == "create":
            self.creates[prompt or ""] += 1
            if self.delay:
                await asyncio.sleep(self.delay)
        for about in (prompt, None):
            if faults := self._faults.get((kind, about)):
                return await faults.pop(0)(request)
        self.passed[kind] += 1
        answer = await self.pass_on(request)
        if kind == "create" and self.lose_answer:
            self.lose_answer = False
            return await cut(request)
        return answer

    async def pass_on(self, request: web.Request) -> web.Response:
        """Let the real server have a request, for a fault that does so first."""
        url = self.upstream + request.path_qs.removeprefix("/v1")
        headers = CIMultiDict(request.headers)
        for name in _HOP_BY_HOP:
            headers.popall(name, None)
        async with self._session.request(
            request.method, url, data=await request.read(), headers=headers
        ) as upstream:
            told = CIMultiDict(upstream.headers)
            for name in _HOP_BY_HOP:
                told.popall(name, None)
            body = await upstream.read()
        if kind_of(request) == "list":
            body = self._listed(body)
            told.popall("Content-Length", None)
        elif kind_of(request) == "create" and upstream.ok:
            self._prompts[json.loads(body)["id"]] = await self._prompt_of(request, "create") or ""
        return web.Response(status=upstream.status, body=body, headers=told)

    async def _prompt_of(self, request: web.Request, kind: Kind) -> str | None:
        if kind == "create":
            body = await request.read()
            found = _PROMPT.search(body)
            return None if found is None else found[1].decode()
        parts = request.path.split("/")
        return self._prompts.get(parts[3]) if kind != "other" and len(parts) > 3 else None

    def _listed(self, body: bytes) -> bytes:
        """Leave out the jobs whose own poll has a fault to meet."""
        page = json.loads(body)
        if "data" in page:
            hidden = {
                prompt for (kind, prompt), laid in self._faults.items() if kind == "poll" and laid
            }
            page["data"] = [one for one in page["data"] if one.get("prompt") not in hidden]
        return json.dumps(page).encode()


SERVER: Final = web.AppKey("server", FaultyServer)


def server_of(request: web.Request) -> FaultyServer:
    """Give the server whose fault handles a request."""
    return request.app[SERVER]


def kind_of(request: web.Request) -> Kind:
    if request.path.endswith("/content"):
        return "content"
    if request.method == "POST" and request.path.endswith("/remix"):
        return "remix"
    if request.path.endswith("/videos"):
        return "create" if request.method == "POST" else "list"
    if request.method == "GET" and "/videos/" in request.path:
        return "poll"
    return "other"


@asynccontextmanager
async def serving(server: FaultyServer) -> AsyncGenerator[web.AppRunner]:
    """Put a faulty server on a port of this machine, and its address into `base_url`."""
    app = web.Application(client_max_size=64 * 1024**2)
    app[SERVER] = server
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield runner
    finally:
        await runner.cleanup()


@asynccontextmanager
async def faulty_server(folder: Path) -> AsyncGenerator[FaultyServer]:
    """Start a real embedded server with the faulty layer in front of it."""
    async with (
        running(ServerConfig(folder=folder)) as upstream,
        aiohttp.ClientSession() as session,
    ):
        server = FaultyServer(upstream, session)
        async with serving(server):
            yield server
