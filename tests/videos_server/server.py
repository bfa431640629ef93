"""A Videos server over real sockets that answers as the test says, each fault a value.

It passes requests on to a real server behind it, or has none and answers from the script alone.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import aiohttp
from aiohttp import web
from aiohttp.multipart import content_disposition_filename, parse_content_disposition
from multidict import CIMultiDict

from tests.listening import Listener, application, listening
from tests.videos_server.faults import SERVER, Fault

Kind = Literal["create", "remix", "poll", "list", "content", "other"]
_HOP_BY_HOP: Final = ("Transfer-Encoding", "Connection", "Keep-Alive", "Host")


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
    """The next requests of a kind, or of a route, meet a fault; the others are passed on.

    Without a server behind, the others are answered by 599.
    """

    def __init__(
        self,
        upstream: str | None = None,
        session: aiohttp.ClientSession | None = None,
        gate: Path | None = None,
    ) -> None:
        self.origin = ""
        self.upstream = upstream
        """Base URL of the server behind, to look at it past all faults."""
        self.always: dict[Kind, Fault] = {}
        """Answers to every request of a kind that meets no fault of its own."""
        self.others: dict[str, str] = {}
        """Origins of other servers, for faults that lead there."""
        self.requests: list[Seen] = []
        """All requests, recorded where no server is behind."""
        self.seen: Counter[Kind] = Counter()
        self.passed: Counter[Kind] = Counter()
        """Requests that the server behind received."""
        self.creates: Counter[str] = Counter()
        """Requests to create, by their prompts, whatever came of them."""
        self.made: defaultdict[str, list[str]] = defaultdict(list)
        """The ids of the jobs that the server behind made, by their prompts."""
        self._prompts: dict[str, str] = {}
        self.pictured = Counter[str]()
        """How many of them it made from an image."""
        self.without_headers: tuple[str, ...] = ()
        """Headers that are left out of the answers of the server behind."""
        self._faults: defaultdict[tuple[str, str | None], list[Fault]] = defaultdict(list)
        self._session = session
        self._gate = gate
        self._listener: Listener | None = None

    @property
    def base_url(self) -> str:
        """The base URL for a client."""
        return f"{self.origin}/v1"

    @property
    def host(self) -> str:
        """Host and port, as in VIDEOS_FILM_HOSTS."""
        return self.origin.removeprefix("http://")

    # ---------------------------------------------------------------- what the test says

    def meet(self, kind: Kind, *faults: Fault, prompt: str | None = None) -> None:
        """Let the next requests of a kind meet these faults, one each.

        With a `prompt`, only requests about the video of that prompt. A job with such a fault
        for its poll is left out of the list, so that the bot polls it by itself.
        """
        self._faults[kind, prompt] += faults

    def on(self, method: str, path: str, *faults: Fault) -> Self:
        """Queue answers for a route; `path` is without a query, below the base URL."""
        self._faults[f"{method} /v1{path}", None] += faults
        return self

    def forget(self, kind: Kind, prompt: str | None = None) -> None:
        """Take back the faults that no request has met."""
        self._faults[kind, prompt].clear()

    def heal(self) -> None:
        """Take back every fault that no request has met."""
        self._faults.clear()

    def unmet(self, kind: Kind, prompt: str | None = None) -> int:
        """How many of these faults no request has met yet."""
        return len(self._faults[kind, prompt])

    def finish(self) -> None:
        """Let held films be finished, those to come too."""
        if self._gate is not None:
            self._gate.touch()

    def away(self) -> AbstractAsyncContextManager[None]:
        """Close every connection, and refuse new ones for a while."""
        assert self._listener is not None
        return self._listener.away()

    # ---------------------------------------------------------------- what it answers

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind, seen = kind_of(request), await _seen(request)
        prompt = self._prompt_of(request, kind, seen)
        self.seen[kind] += 1
        if kind == "create":
            self.creates[prompt or ""] += 1
        if self.upstream is None:
            self.requests.append(seen)
        route = f"{request.method} {request.raw_path.partition('?')[0]}"
        for about in ((kind, prompt), (kind, None), (route, None)):
            if faults := self._faults.get(about):
                return await faults.pop(0)(request)
        if kind in self.always:
            return await self.always[kind](request)
        return await self.pass_on(request)

    async def pass_on(self, request: web.Request) -> web.Response:
        """Give a request to the server behind; a fault may do so before or after its harm."""
        if self.upstream is None or self._session is None:
            return web.Response(status=599, text="not in the script")
        kind = kind_of(request)
        self.passed[kind] += 1
        url = self.upstream + request.path_qs.removeprefix("/v1")
        headers = _without(request.headers, *_HOP_BY_HOP)
        async with self._session.request(
            request.method, url, data=await request.read(), headers=headers
        ) as answer:
            body = await answer.read()
        left_out = (*_HOP_BY_HOP, *self.without_headers)
        if kind == "list":
            body, left_out = self._listed(body), (*left_out, "Content-Length")
        elif kind == "create" and answer.ok:
            self._count(json.loads(body)["id"], await _seen(request))
        kept = _without(answer.headers, *left_out)
        return web.Response(status=answer.status, body=body, headers=kept)

    def _count(self, job_id: str, seen: Seen) -> None:
        prompt = seen.text("prompt") or ""
        self._prompts[job_id] = prompt
        self.made[prompt].append(job_id)
        self.pictured[prompt] += any(field.name == "input_reference" for field in seen.fields)

    def _prompt_of(self, request: web.Request, kind: Kind, seen: Seen) -> str | None:
        if kind == "create":
            return seen.text("prompt")
        job_id = request.path.removeprefix("/v1/videos/").partition("/")[0]
        return self._prompts.get(job_id)

    def _listed(self, body: bytes) -> bytes:
        """Leave out the jobs whose own poll has a fault to meet."""
        page = json.loads(body)
        if "data" in page:
            hidden = {about for (at, about), left in self._faults.items() if at == "poll" and left}
            page["data"] = [one for one in page["data"] if one.get("prompt") not in hidden]
        return json.dumps(page).encode()

    # ---------------------------------------------------------------- what is behind it

    async def jobs(self) -> list[dict[str, Any]]:
        """Return every job that the server behind has, past all faults."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True, "last_id": None}
        while page["has_more"]:
            after = f"&after={page['last_id']}" if found else ""
            page = json.loads(await self._read(f"/videos?limit=100{after}"))
            found += page["data"]
        return found

    async def until_rendered(self, *, within: float = 40.0) -> None:
        """Wait until the server behind has completed every job."""
        async with asyncio.timeout(within):
            while any(job["status"] != "completed" for job in await self.jobs()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def films(self) -> dict[str, list[bytes]]:
        """Return every film of the server behind, by its prompt, newest first."""
        found: defaultdict[str, list[bytes]] = defaultdict(list)
        for job in await self.jobs():
            found[job["prompt"]].append(await self._read(f"/videos/{job['id']}/content"))
        return found

    async def _read(self, path: str) -> bytes:
        assert self._session is not None, "no server is behind it"
        async with self._session.get(f"{self.upstream}{path}") as answer:
            return await answer.read()

    @asynccontextmanager
    async def serving(self, *, shutdown: float = 0.1) -> AsyncGenerator[Self]:
        """Listen on a free port; hanging requests are cut at the end."""
        app = application(self.handle)
        app[SERVER] = self
        async with listening(app, shutdown=shutdown) as self._listener:
            self.origin = self._listener.origin
            yield self


@asynccontextmanager
async def scripted() -> AsyncGenerator[ScriptedServer]:
    """Run a server that has none behind it."""
    async with ScriptedServer().serving(shutdown=0.01) as server:
        yield server


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


async def _seen(request: web.Request) -> Seen:
    fields = _fields(request.headers.get("Content-Type", ""), await request.read())
    return Seen(request.method, request.raw_path, dict(request.headers), fields)


def _fields(content_type: str, body: bytes) -> tuple[Field, ...]:
    if not content_type.startswith("multipart/"):
        return ()
    boundary = content_type.partition("boundary=")[2].strip('"')
    parts = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())[1:-1]
    return tuple(_field(*part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)) for part in parts)


def _field(head: bytes, value: bytes) -> Field:
    lines = (line.split(": ", 1) for line in head.decode().split("\r\n"))
    headers = CIMultiDict((name, text) for name, text in lines)
    _, parameters = parse_content_disposition(headers.get("Content-Disposition"))
    return Field(
        parameters.get("name"),
        content_disposition_filename(parameters, "filename"),
        headers.get("Content-Type"),
        value,
    )


def _without(headers: Mapping[str, str], *names: str) -> CIMultiDict[str]:
    kept = CIMultiDict(headers)
    for name in names:
        kept.popall(name, None)
    return kept
