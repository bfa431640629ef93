"""A real HTTP server on loopback that imitates a family, and a second one that holds its films."""

import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.listening import answering
from tests.media import films
from tests.videos.families import FILM, Family, Said


@dataclass
class Imitation:
    """The running pair: `base_url` for a client, `store` as host:port; what was created so far."""

    family: Family
    film: bytes = field(default_factory=films.mp4)
    base_url: str = ""
    store: str = ""
    created: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    keys: list[str | None] = field(default_factory=list[str | None])
    keys_at_store: list[str | None] = field(default_factory=list[str | None])
    _polls: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to the server itself."""
        self.keys.append(request.headers.get(self.family.has_key))
        path, family = request.path.removeprefix("/v1"), self.family
        if request.method == "POST" and path in ("/videos", "/videos/generations"):
            self.created.append(await _fields(request, is_json=family.is_json))
            return self._answer(family.created)
        if request.method == "DELETE":
            return self._answer(Said(body={"deleted": True}))
        asked = {"/models": family.models, "/model/info": family.info, "/videos": family.jobs}
        ends = {"content": family.content, "remix": family.remix}
        said = asked.get(path) or ends.get(path.rpartition("/")[2]) or self._polled()
        return self._answer(said)

    def _polled(self) -> Said:
        polls = self.family.polls
        self._polls += 1
        return polls[min(self._polls, len(polls)) - 1]

    async def keep(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to the host that keeps films."""
        self.keys_at_store.append(request.headers.get(self.family.has_key))
        signed = request.path == "/signed"
        return self._answer(Said(body=FILM) if signed else self.family.stored)

    def _answer(self, said: Said) -> web.Response:
        headers = {name: self._filled(value) for name, value in said.headers.items()}
        if said.body == FILM:
            return web.Response(body=self.film, headers=headers)
        body = self._filled(json.dumps(said.body))
        return web.Response(
            status=said.status, text=body, content_type="application/json", headers=headers
        )

    def _filled(self, text: str) -> str:
        return (
            text.replace("{at}", self.base_url)
            .replace("{store}", f"http://{self.store}")
            .replace("{film}", b64encode(self.film).decode())
        )


async def _fields(request: web.Request, *, is_json: bool) -> dict[str, Any]:
    if is_json:
        return await request.json()
    return dict(await request.post())


@asynccontextmanager
async def imitated(family: Family, film: bytes | None = None) -> AsyncGenerator[Imitation]:
    async with AsyncExitStack() as stack:
        server = Imitation(family, film or films.mp4())
        store = await stack.enter_async_context(answering(server.keep))
        server.store = store.removeprefix("http://")
        server.base_url = f"{await stack.enter_async_context(answering(server.handle))}/v1"
        yield server
