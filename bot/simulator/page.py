"""The page: a chat client in the browser, for each of the people there are."""

import secrets
from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from bot.serving.origin import Names, strangeness
from bot.simulator import shown
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.messages import Message
from bot.simulator.people import File
from bot.simulator.viewer import Viewer
from bot.simulator.world import Payload, User

STATIC: Final = Path(str(files("bot.simulator"))) / "static"
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_GONE: Final = 1001
_MOST_FILES: Final = 32
"""Files that were picked and not sent yet; the oldest is forgotten."""


class Page:
    """Serves the page, and tells every open one what its person sees."""

    def __init__(self, discord: SimulatedDiscord, greeting: Payload) -> None:
        self._discord = discord
        self._greeting = greeting
        self._viewers: set[Viewer] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._files: dict[str, File] = {}
        self._online = False
        discord.messages.listeners.append(self._tell)

    def add_to(self, app: web.Application, names: Names) -> None:
        """Serve the page under / of an application, to no page but this one."""
        app.middlewares.append(_refuse_strangers(names))
        app.router.add_get("/", self._index)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/client", self._connect)
        app.router.add_post("/files", self._keep)

    async def watch_bot(self) -> None:
        """Tell every page when the bot comes or goes, and which commands it then has."""
        while True:
            await self._discord.change(within=0.5)
            online = self._discord.gateway.connected and bool(self._discord.commands)
            if online != self._online:
                self._online = online
                for viewer in tuple(self._viewers):
                    viewer.tell("places", online=online, places=viewer.places())

    async def close(self) -> None:
        """Say on every page that the demo has ended."""
        for socket in tuple(self._sockets):
            await socket.close(code=_GONE, message=b"the demo has ended")

    async def _index(self, _: web.Request) -> web.StreamResponse:
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
        return web.FileResponse(STATIC / "index.html", headers=headers)

    async def _keep(self, request: web.Request) -> web.StreamResponse:
        """Keep a picked file until it is sent, and return its id."""
        name = request.query.get("name", "file")
        while len(self._files) >= _MOST_FILES:
            self._files.pop(next(iter(self._files)))
        given = secrets.token_hex(8)
        self._files[given] = (name, await request.read(), request.content_type)
        return web.json_response({"file": given})

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one open page until it goes."""
        user = self._person(request.query.get("as", ""))
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=1024**2)
        await socket.prepare(request)
        viewer = Viewer(self._discord, user, socket.send_json, self._files)
        self._sockets.add(socket)
        self._viewers.add(viewer)
        viewer.tell(
            "hello",
            me=shown.person(user),
            people=[shown.person(one) for one in self._people()],
            places=viewer.places(),
            online=self._online,
            greeting=self._greeting,
        )
        try:
            async for said in socket:
                if said.type is WSMsgType.TEXT:
                    viewer.hear(said.json())
        finally:
            self._viewers.discard(viewer)
            self._sockets.discard(socket)
            viewer.close()
        return socket

    def _people(self) -> list[User]:
        return [one for one in self._discord.world.users.values() if not one.bot]

    def _person(self, given: str) -> User:
        people = self._people()
        return next((one for one in people if str(one.id) == given), people[0])

    def _tell(self, message: Message) -> None:
        for viewer in tuple(self._viewers):
            viewer.show(message)


def _refuse_strangers(names: Names) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if strangeness(request, names) is not None:
            raise web.HTTPForbidden(text="This page is not the demo's own.")
        return await handler(request)

    return check


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Listen; the runner is cleaned up by the caller. Raises OSError where the port is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
