"""How much time and memory a server gives its clients: one set of limits for every port."""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network

LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Addresses of a reverse proxy on this machine."""
_ONE_HOST_V6: Final = 64
"""Bits of an IPv6 address that identify a customer, who may change the others."""
_KEPT_FILES: Final = 128
"""Open files reserved for everything but clients: databases, children, Discord."""
_UNLIMITED: Final = 256
"""The limit of open files assumed where the system has none: macOS's default, the lowest."""
_LEAST_CONNECTIONS: Final = 16


def share_of_files(*, parts: int, most: int) -> int:
    """Return how many connections fit into one of `parts` of our open files, at most `most`.

    A connection may need one file more: the film that it is sent.
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
    """Limits of one listener; times in seconds, memory in bytes."""

    headers: float = 10.0
    """Until all headers of a request must have arrived: from the connection for the first request,
    from its first byte for each further one."""
    idle: float = 75.0
    """An unused connection is kept this long, which is longer than clients keep one."""
    body: float = 120.0
    """For a whole request body: 32 MiB at 2.3 Mbit/s."""
    lingering: float = 5.0
    """How long an unread body is discarded, so that its sender can read the refusal."""
    unread: float = 30.0
    """Between two checks that a client reads its answer at `read_rate`."""
    read_rate: int = 2 * 1024
    """Bytes a second; a slower client counts as not reading."""
    connections: int = share_of_files(parts=2, most=1024)
    """Open at once; the default suits a process that serves nothing else."""
    per_address: int | None = None
    """Open at once from one address; None for no such limit."""
    proxies: tuple[Network, ...] = LOOPBACK
    """Addresses of reverse proxies, whose connections are not counted per address."""
    held: int = 256 * 2**20
    """Bytes of unanswered requests, of all clients together."""

    def counted(self, host: str) -> Network | None:
        """Return the network that a client counts as; None where it is not counted."""
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
    """Return the limits of a port that anybody can reach."""
    most = share_of_files(parts=5, most=1024)
    return Limits(connections=most, per_address=max(1, most // 4), proxies=proxies)


def private() -> Limits:
    """Return the limits of a port that only the operator's programs use."""
    return Limits(connections=share_of_files(parts=32, most=32))
