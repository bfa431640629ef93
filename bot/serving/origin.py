"""Which requests come from a page of our own, or from no page.

A browser lets any page send forms to 127.0.0.1, and read the answers where the page's own name was
made to lead there (DNS rebinding). So requests have to call the server by a name of its own, and
must not come from another origin.

Source: RFC 9110, 7.2 (Host); Fetch, `Origin`; W3C, Fetch Metadata, `Sec-Fetch-Site`.
"""

from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

_OWN_SITE: Final = frozenset({"same-origin", "none"})
"""What a browser says of requests of our own pages, and of addresses that people type."""
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


@dataclass(frozen=True, kw_only=True)
class Names:
    """Hosts that a request may name in its Host header, in lower case and without ports."""

    bound: str = "127.0.0.1"
    """The address that the server listens on."""
    more: frozenset[str] = frozenset()
    """Other names of the server, from the operator."""

    def include(self, host: str) -> bool:
        """Whether a Host header names this server.

        Its own names and addresses of this machine's loopback do. Where it listens on all
        addresses any address does too: no page can have one as its name without being served there.
        """
        name = _name(host)
        is_ours = name in self.more or name == self.bound.lower() or is_loopback(name)
        return bool(name) and (is_ours or (self.bound in _EVERYWHERE and _is_address(name)))


LOOPBACK_NAMES: Final = Names()


def is_loopback(host: str) -> bool:
    """Whether a host, in lower case, is this machine itself and nobody else's."""
    if _is_address(host):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    """Return the host of a Host header, lower case and without port and brackets; "" for none."""
    try:
        url = urlsplit(f"//{host}")
        _ = url.port
    except ValueError:
        return ""
    is_host = url.netloc == host and "@" not in host
    return (url.hostname or "").rstrip(".") if is_host else ""


class Strange(Enum):
    """What gives a request of another page away."""

    HOST = auto()
    ORIGIN = auto()


def strangeness(request: web.Request, names: Names) -> Strange | None:
    """Return what shows that another page sent a request; None where nothing does."""
    host = request.headers.get("Host", "")
    if not names.include(host):
        return Strange.HOST
    return Strange.ORIGIN if _is_foreign(request, host) else None


def _is_foreign(request: web.Request, host: str) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site.lower() not in _OWN_SITE:
        return True
    own = {f"http://{host}".lower(), f"https://{host}".lower()}
    return any(origin.lower() not in own for origin in request.headers.getall("Origin", []))
