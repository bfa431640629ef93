"""Discord's gateway v10 over a real WebSocket.

Source: Discord, events/gateway, and topics/opcodes-and-status-codes for the numbers.
"""

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from aiohttp import WSMsgType, web

from bot.simulator.world import Guild, Payload, World


class Op(IntEnum):
    """Opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    ACK = 11


_UNKNOWN_ERROR: Final = 4000
_AUTHENTICATION_FAILED: Final = 4004
_ACK_AFTER: Final = 0.05
"""Seconds: discord.py notes when it sent a heartbeat after sending it, and an answer at once would
count as one to the heartbeat before."""

GUILDS: Final = 1 << 0
GUILD_MESSAGES: Final = 1 << 9
DIRECT_MESSAGES: Final = 1 << 12
"""Intents. Source: Discord, events/gateway, gateway intents."""


class Socket:
    """One connection; the compression's context lives as long as it does."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request
        compressed = request.query.get("compress") == "zlib-stream"
        self._zlib = zlib.compressobj() if compressed else None
        self._turn = asyncio.Lock()

    async def send(self, payload: Payload) -> None:
        """Send one payload."""
        await self.send_text(json.dumps(payload))

    async def send_text(self, text: str) -> None:
        """Send text as it is; a connection that is gone is no error."""
        async with self._turn:
            with suppress(ConnectionError):
                if self._zlib is None:
                    await self._socket.send_str(text)
                else:
                    data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self._socket.send_bytes(data)

    async def close(self, code: int = 1000) -> None:
        """Close with a code."""
        await self._socket.close(code=code)

    def cut(self) -> None:
        """Abort the TCP connection."""
        if self._request.transport is not None:
            self._request.transport.abort()


@dataclass
class Session:
    """What survives a connection: its events wait here for a RESUME."""

    id: str
    shard: tuple[int, int]
    intents: int
    socket: Socket | None = None
    sequence: int = 0
    events: list[Payload] = field(default_factory=list[Payload])

    async def dispatch(self, event: str, data: object) -> None:
        """Send an event, or keep it for a RESUME."""
        self.sequence += 1
        payload = {"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": data}
        self.events.append(payload)
        if self.socket is not None:
            await self.socket.send(payload)

    def serves(self, guild: Guild | None) -> bool:
        """Tell whether events of this place are this shard's; DMs are the first one's."""
        number, count = self.shard
        return number == (0 if guild is None else (guild.id >> 22) % count)


class Gateway:
    """Every connection and session of the bot."""

    def __init__(self, world: World, token: str, changed: Callable[[], None]) -> None:
        self.url = ""
        self.heartbeat_ms = 41_250
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.answers_close = True
        """Whether a client that says good-bye hears it, too."""
        self.unanswered = 0
        self.connects = 0
        self.refuses = False
        """Whether every new connection is answered with a page that is none of Discord's."""
        self.greets_with: list[int] = []
        """Close codes that the next connections get instead of a HELLO."""
        self.identifies_with: list[int] = []
        """Close codes that the next ones to identify get."""
        self.ends_resumes = False
        """Whether every session that resumes is thrown out at once."""
        self._world = world
        self._token = token
        self._changed = changed
        self._sessions: dict[str, Session] = {}

    @property
    def connected(self) -> bool:
        """Whether every shard of the newest bot is there."""
        live = [one for one in self._sessions.values() if one.socket is not None]
        return bool(live) and len({one.shard[0] for one in live}) == live[-1].shard[1]

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        self.connects += 1
        self._changed()
        if self.refuses:
            return web.Response(status=502, text="<html>bad gateway</html>")
        socket = web.WebSocketResponse(max_msg_size=0, compress=False, autoclose=False)
        await socket.prepare(request)
        end = Socket(socket, request)
        if self.greets_with:
            await end.close(self.greets_with.pop(0))
            return socket
        await end.send({"op": Op.HELLO, "d": {"heartbeat_interval": self.heartbeat_ms}})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(end, json.loads(message.data))
            if not self.answers_close:
                self.unanswered += 1
                self._changed()
                await asyncio.Future()
        finally:
            self._left(end)
        return socket

    async def dispatch(
        self, event: str, data: object, *, guild: Guild | None, intent: int = 0
    ) -> bool:
        """Tell the shard of this place; False where no session is there to hear it."""
        listening = [
            one
            for one in self._sessions.values()
            if one.serves(guild) and one.intents & intent == intent
        ]
        live = [one for one in listening if one.socket is not None] or listening[-1:]
        for session in live:
            await session.dispatch(event, data)
        return bool(live)

    async def reconnect(self) -> None:
        """Ask every shard to reconnect and resume (op 7)."""
        for socket in self._sockets():
            await socket.send({"op": Op.RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool) -> None:
        """Declare every session invalid (op 9); one that is not resumable is forgotten."""
        sockets = self._sockets()
        if not resumable:
            self._sessions.clear()
        for socket in sockets:
            await socket.send({"op": Op.INVALID_SESSION, "d": resumable})

    async def end(self, code: int) -> None:
        """Close every connection with this code."""
        for socket in self._sockets():
            await socket.close(code)

    async def garble(self, text: str) -> None:
        """Send every shard something that Discord would not."""
        for socket in self._sockets():
            await socket.send_text(text)

    def cut(self) -> None:
        """Lose every connection without a closing word."""
        for socket in self._sockets():
            socket.cut()

    async def close(self) -> None:
        """Close every connection."""
        for socket in self._sockets():
            await socket.close()

    def _sockets(self) -> list[Socket]:
        return [one.socket for one in self._sessions.values() if one.socket is not None]

    def _left(self, socket: Socket) -> None:
        for session in self._sessions.values():
            if session.socket is socket:
                session.socket = None
        self._changed()

    async def _hear(self, socket: Socket, said: Payload) -> None:
        match said["op"]:
            case Op.HEARTBEAT:
                self.heartbeats += 1
                await asyncio.sleep(_ACK_AFTER)
                await socket.send({"op": Op.ACK, "d": None})
            case Op.IDENTIFY:
                await self._identify(socket, said["d"])
            case Op.RESUME:
                await self._resume(socket, said["d"])
            case _:
                return
        self._changed()

    async def _identify(self, socket: Socket, said: Payload) -> None:
        if said["token"] != self._token:
            await socket.close(_AUTHENTICATION_FAILED)
            return
        if self.identifies_with:
            await socket.close(self.identifies_with.pop(0))
            return
        number, count = said.get("shard", (0, 1))
        session = Session(secrets.token_hex(16), (number, count), said["intents"], socket)
        self._sessions[session.id] = session
        guilds = [one for one in self._world.guilds.values() if session.serves(one)]
        await session.dispatch("READY", self._ready(session, guilds))
        for guild in guilds:
            if guild.bot_is_member:
                await session.dispatch("GUILD_CREATE", self._world.guild_payload(guild))
        self.identifies += 1

    def _ready(self, session: Session, guilds: list[Guild]) -> dict[str, Any]:
        members = [one for one in guilds if one.bot_is_member]
        return {
            "v": 10,
            "user": self._world.bot.payload(),
            "guilds": [{"id": str(one.id), "unavailable": True} for one in members],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": str(self._world.bot.id), "flags": 0},
        }

    async def _resume(self, socket: Socket, said: Payload) -> None:
        """Give back what was missed, or say that the session is over."""
        session = self._sessions.get(said["session_id"])
        if self.ends_resumes:
            await socket.close(_UNKNOWN_ERROR)
            return
        if session is None:
            await socket.send({"op": Op.INVALID_SESSION, "d": False})
            return
        for missed in session.events:
            if missed["s"] > said["seq"]:
                await socket.send(missed)
        session.socket = socket
        self.resumes += 1
        await session.dispatch("RESUMED", {})
