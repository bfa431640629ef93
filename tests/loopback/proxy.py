"""A real HTTP proxy: CONNECT for https and wss, the absolute form for http (RFC 9112, 3.2)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

_PIECE: Final = 2**16


class Proxy:
    """Leads every host to one `place`, and remembers the first line of what it was asked."""

    def __init__(self, host: str, port: int) -> None:
        self.address = ""
        self.asked: list[str] = []
        self.headers: list[str] = []
        self._place = (host, port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, _, rest = head.partition("\r\n")
        self.asked.append(line)
        self.headers.append(rest)
        method, target, version = line.split(" ")
        onward_reader, onward = await asyncio.open_connection(*self._place)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            url = urlsplit(target)
            path = url.path + (f"?{url.query}" if url.query else "")
            # A kept connection would be for one host; a WebSocket's is one to be kept.
            ends = "" if "Upgrade:" in rest else "Connection: close\r\n"
            onward.write(f"{method} {path} {version}\r\n{ends}{rest}".encode("latin-1"))
        await asyncio.gather(_pump(reader, onward), _pump(onward_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy(host: str, port: int) -> AsyncGenerator[Proxy]:
    """Run a proxy on a free port of this machine."""
    running = Proxy(host, port)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    try:
        running.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield running
    finally:
        server.close()
