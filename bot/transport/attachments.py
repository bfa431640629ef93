"""Reference images, from where Discord keeps what people attach and from nowhere else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import stamina
from yarl import URL

from bot.runtime.proxies import Proxies

HOSTS: Final = ("discordapp.com", "discordapp.net", "discord.com")
"""Domains of Discord's file store: cdn.discordapp.com, media.discordapp.net and their like.

Source: Discord, reference, image formatting and signed attachment CDN URLs.
"""
ATTEMPTS: Final = 3
WITHIN: Final = 20.0
"""Seconds for all attempts together: somebody looks at the card."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=WITHIN, sock_connect=5.0)
CHUNK: Final = 64 * 1024
_OK: Final = 200
_MAY_PASS: Final = frozenset({408, 425, 429, *range(500, 600)})


class NotHandedOver(aiohttp.ClientError):
    """No image came: another host, another answer than the file, or more of it than is taken."""

    def __init__(self, cause: str, *, may_pass: bool = False) -> None:
        """Keep the cause in words, and whether it may come the next time."""
        super().__init__(cause)
        self.may_pass = may_pass


class Attachments:
    """Fetches attachments of `largest` bytes at the most.

    `also` is an address whose host and port are Discord's too: that of DISCORD_API_URL, behind
    which a stand-in for Discord serves files itself.
    """

    def __init__(self, *, largest: int, proxies: Proxies, also: str | None = None) -> None:
        self._largest = largest
        self._proxies = proxies
        self._also = None if also is None else URL(also).origin()

    async def fetch(self, address: str) -> bytes:
        """Return the bytes of an attachment.

        Raises NotHandedOver, and aiohttp's errors and TimeoutError where Discord is away.
        """
        url = self._checked(address)
        async for attempt in stamina.retry_context(on=_may_pass, attempts=ATTEMPTS, timeout=WITHIN):
            with attempt:
                async with self._get(url) as response:
                    return await self._read(response)
        raise AssertionError("stamina returns or raises")  # pragma: no cover

    def _checked(self, address: str) -> URL:
        try:
            url = URL(address)
            if url.origin() == self._also or _is_discords(url):
                return url
        except ValueError:
            pass
        raise NotHandedOver("the image does not lie at Discord")

    @asynccontextmanager
    async def _get(self, url: URL) -> AsyncGenerator[aiohttp.ClientResponse]:
        # No image is worth a connection that is kept.
        connector = aiohttp.TCPConnector(force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session,
            session.get(
                url,
                allow_redirects=False,
                headers={"Accept-Encoding": "identity"},
                auto_decompress=False,
                proxy=self._proxies.for_address(url),
            ) as response,
        ):
            yield response

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if response.status != _OK:
            cause = f"Discord answers HTTP {response.status} for the image"
            raise NotHandedOver(cause, may_pass=response.status in _MAY_PASS)
        data = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK):
            data += chunk
            if len(data) > self._largest:
                raise NotHandedOver(f"the image has more than {self._largest} bytes")
        return bytes(data)


def _is_discords(url: URL) -> bool:
    host = (url.host or "").lower()
    return url.scheme == "https" and any(
        host == domain or host.endswith(f".{domain}") for domain in HOSTS
    )


def _may_pass(error: Exception) -> bool:
    if isinstance(error, NotHandedOver):
        return error.may_pass
    return isinstance(error, aiohttp.ClientError | OSError)
