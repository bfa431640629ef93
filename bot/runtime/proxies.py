"""The HTTP proxy of a request, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."""

import ipaddress
from collections.abc import Mapping
from typing import Final

from yarl import URL

_SETTINGS: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""The setting for a scheme: a WebSocket begins as a request over HTTP (RFC 6455)."""


class Proxies:
    """The operator's proxies by scheme (http, https, all), and the hosts that are reached directly.

    `direct` is read as curl reads NO_PROXY: names with their subdomains, addresses and networks,
    separated by commas, a name with or without a port; or `*`. This machine itself is never reached
    through a proxy.
    """

    def __init__(self, by_scheme: Mapping[str, str | None], *, direct: str | None = None) -> None:
        self._by_scheme = by_scheme
        self._direct = [each for part in (direct or "").split(",") if (each := part.strip())]

    def for_address(self, address: str | URL) -> str | None:
        """Return the address of the proxy, or None where the host is reached directly."""
        url = URL(address)
        proxy = self._by_scheme.get(_SETTINGS.get(url.scheme, "")) or self._by_scheme.get("all")
        if proxy is None or url.host is None or is_this_machine(url.host):
            return None
        host = url.host.rstrip(".").lower()
        is_direct = any(_names(each.lower(), host, url.port) for each in self._direct)
        return None if is_direct else proxy


def _names(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY names a host."""
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name = entry.removesuffix(f":{port}").strip("[]").removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


NONE: Final = Proxies({})


def is_this_machine(host: str) -> bool:
    """Whether a host is a name or an address of loopback (RFC 6761, RFC 1122, RFC 4291)."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
