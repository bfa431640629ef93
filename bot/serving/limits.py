"""How long and how much a server puts up with, one set for all that this process serves."""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network

LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Where a reverse proxy on this machine comes from."""
_ONE_HOST_V6: Final = 64
"""Bits of an IPv6 address that tell one customer from another; the rest is theirs to change."""
_KEPT_FILES: Final = 128
"""Open files that stay for everything but clients: databases, children, Discord."""
_UNLIMITED: Final = 256
"""Files taken as the limit where the system names none: macOS's default, the least of all."""
_LEAST_CONNECTIONS: Final = 16


def share_of_files(*, parts: int, most: int) -> int:
    """Connections that take one in `parts` of this process's open files, `most` at the most.

    Each may need one file more, the film that it is sent.
    """
    return max(_LEAST_CONNECTIONS, min((_open_files() - _KEPT_FILES) // parts, most))


def _open_files() -> int:
    with suppress(ImportError):  # Windows has no such limit
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit  # noqa: PLC0415

        files, _ = getrlimit(RLIMIT_NOFILE)
        return 2**20 if files == RLIM_INFINITY else files
    return _UNLIMITED


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds for one listener; times in seconds, room in bytes."""

    headers: float = 10.0
    """Until all headers of a request must be there: from the moment of the connection, then from
    the first byte of each further request."""
    idle: float = 75.0
    """A connection is kept between two requests; longer than clients keep one."""
    body: float = 120.0
    """For a whole request body: 32 MiB at 2.3 Mbit/s."""
    lingering: float = 5.0
    """For which an unread body is swallowed, so that its sender can read the refusal."""
    unread: float = 30.0
    """How often it is looked whether a client reads its answer at `read_rate`."""
    read_rate: int = 2 * 1024
    """Bytes a second below which a client counts as one that does not read."""
    connections: int = share_of_files(parts=2, most=1024)
    """Open at once; by default as many as a process has files for that serves nothing else."""
    per_address: int | None = None
    """Of them, from one address; None for no such limit."""
    proxies: tuple[Network, ...] = LOOPBACK
    """Where all connections come from one address because a reverse proxy stands there."""
    held: int = 256 * 2**20
    """Bytes of requests that have not been answered, of all clients together."""

    def counted(self, host: str) -> Network | None:
        """Return what a client's address counts as; None where it is not counted."""
        if self.per_address is None:
            return None
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return None
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in self.proxies):
            return None
        prefix = address.max_prefixlen if address.version == 4 else _ONE_HOST_V6  # noqa: PLR2004
        return ip_network((address, prefix), strict=False)


LIMITS: Final = Limits()


def public(*, proxies: tuple[Network, ...] = LOOPBACK) -> Limits:
    """Return the limits of a bot's port for everybody."""
    most = share_of_files(parts=5, most=1024)
    return Limits(connections=most, per_address=max(1, most // 4), proxies=proxies)


def private() -> Limits:
    """Return the limits of a port that the operator's own programs ask."""
    return Limits(connections=share_of_files(parts=32, most=32))
