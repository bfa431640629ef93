"""Fetches a film from the address that a server names, on the public internet alone.

The key goes to the configured server's own origin alone. No other address may be private, loopback
or link-local. A name is checked by the addresses that it resolves to for the connection itself,
again on every redirect. Hosts that the operator names are trusted.
"""

import ipaddress
import re
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.runtime.proxies import NONE, Proxies
from bot.videos.errors import FilmBroken, Unavailable

REDIRECTS: Final = 5
PLAIN: Final = {"Accept-Encoding": "identity"}
"""A film is compressed already; an encoding on top costs time and hides its size."""
_SCHEMES: Final = frozenset({"http", "https"})
_REDIRECTED: Final = frozenset({301, 302, 303, 307, 308})

UNREACHABLE: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
"""aiohttp's errors where no connection could be made."""


class Forbidden(FilmBroken):
    """The film lies at an address that the bot does not fetch from."""


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only, which the connection then uses."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the public ones of a name's addresses. Raises Forbidden where there is none."""
        found = await self._system.resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise Forbidden(f"{host} has no public address")
        return public

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")
_TRANSLATED: Final = ipaddress.ip_network("::ffff:0:0:0/96")
_HOLD_IPV4: Final = (_NAT64, _COMPATIBLE, _TRANSLATED)
"""IPv6 networks whose last 32 bits are an IPv4 address: RFC 6052, RFC 4291 and RFC 2765."""


def is_public(address: str) -> bool:
    """Whether an IP address, as text, is one of the public internet's.

    An IPv6 address may hold an IPv4 address, which a gateway leads to: both have to be public.
    Raises ValueError where it is no IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    held = [ip.sixtofour, *(ip.teredo or ())]
    held += [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) for net in _HOLD_IPV4 if ip in net]
    if any(each is not None and not is_public(str(each)) for each in held):
        return False
    is_local = ip.is_site_local or ip in _NAT64_LOCAL
    return ip.is_global and not ip.is_multicast and not is_local


@dataclass(eq=False, repr=False, kw_only=True)
class Fetcher:
    """Opens films: at the configured server, at trusted hosts, and on the public internet."""

    inside: aiohttp.ClientSession
    """For the configured server, trusted hosts and proxies."""
    base: URL
    trusted: frozenset[str] = frozenset()
    """host or host:port."""
    timeout: aiohttp.ClientTimeout
    proxy: str | None = None
    """For the configured server."""
    elsewhere: Proxies = NONE
    """For all other hosts. A proxy resolves names by itself, so these cannot be checked here."""

    def __post_init__(self) -> None:
        self._trusted = frozenset(place for each in self.trusted if (place := _place(each)))

    @asynccontextmanager
    async def open(
        self, address: str, key: Mapping[str, str]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """GET an address and follow its redirects; `key` are the headers for our own server.

        Raises Forbidden, Unavailable where another host cannot be reached, and aiohttp's errors.
        """
        url = _joined(self.base, address)
        async with AsyncExitStack() as stack:
            for _ in range(REDIRECTS + 1):
                response = await self._get(url, key, stack)
                target = response.headers.get("Location")
                if response.status not in _REDIRECTED or target is None:
                    yield response
                    return
                url = _joined(url, target)
            raise Forbidden(f"more than {REDIRECTS} redirects")

    async def _get(
        self, url: URL, key: Mapping[str, str], stack: AsyncExitStack
    ) -> aiohttp.ClientResponse:
        is_ours = url.scheme in _SCHEMES and url.origin() == self.base.origin()
        proxy = self.proxy if is_ours else self.elsewhere.for_address(url)
        session = await self._session_for(url, stack, is_ours=is_ours, has_proxy=proxy is not None)
        try:
            return await stack.enter_async_context(
                session.get(
                    url,
                    headers={**PLAIN, **(key if is_ours else {})},
                    timeout=self.timeout,
                    allow_redirects=False,
                    auto_decompress=False,
                    proxy=proxy,
                )
            )
        except ValueError as error:
            raise Forbidden("the film has no usable address") from error
        except UNREACHABLE as error:
            if is_ours:
                raise
            raise Unavailable(f"{url.host}, which has the film, cannot be reached") from error

    async def _session_for(
        self, url: URL, stack: AsyncExitStack, *, is_ours: bool, has_proxy: bool
    ) -> aiohttp.ClientSession:
        """Return the session to fetch with. Raises Forbidden."""
        if is_ours or self.is_trusted(url):
            return self.inside
        _check(url)
        return self.inside if has_proxy else await stack.enter_async_context(_public_session())

    def is_trusted(self, url: URL) -> bool:
        """Whether the operator named this host, or this port of it."""
        if url.scheme not in _SCHEMES or url.host is None:
            return False
        host = _bare(url.host)
        return bool({(host, None), (host, url.port)} & self._trusted)


def _place(named: str) -> tuple[str, int | None] | None:
    """Read `host`, `host:port`, `[v6]:port` or a bare IPv6 address, as an operator names it."""
    text = named.strip().rpartition("//")[2].rstrip("/")
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    try:
        url = URL(f"//{text}")
        return None if url.host is None else (_bare(url.host), url.explicit_port)
    except ValueError:
        return None


def _bare(host: str) -> str:
    """Return a host in one spelling, to be compared."""
    name = host.lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _public_session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(resolver=PublicResolver(), force_close=True)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _joined(url: URL, target: str) -> URL:
    """Resolve an address against another. Raises Forbidden where it is none."""
    try:
        joined = url.join(URL(target))
        # yarl reads both only when asked: a host like xn--a is none.
        known = joined.scheme not in _SCHEMES or bool(joined.host and joined.port is not None)
    except ValueError as error:
        raise Forbidden("the film has no usable address") from error
    if not known:
        raise Forbidden("the film has no usable address")
    return joined


def _check(url: URL) -> None:
    """Check what no resolver sees: the scheme, and a host that is an address already."""
    if url.scheme not in _SCHEMES or not url.host:
        raise Forbidden(f"a film behind {url.scheme or 'no'}:// is not fetched")
    try:
        public = is_public(url.host)
    except ValueError:
        public = not _ends_in_a_number(url.host)
    if not public:
        raise Forbidden(f"{url.host} is no public address")


def _ends_in_a_number(host: str) -> bool:
    """Whether a host that is no canonical IPv4 address may be read as one: 127.1, 0x7f.1, 0177.1.

    Resolvers differ in what they make of it. Source: WHATWG URL, "ends in a number checker".
    """
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0[xX][0-9a-fA-F]*", last) is not None
