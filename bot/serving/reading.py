"""Measures whether a client reads what it is sent, by what its side has acknowledged."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final

_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)
_BYTES_ACKED: Final = struct.Struct("120xQ")
"""`tcpi_bytes_acked`. Source: linux/tcp.h, struct tcp_info, since Linux 4.1."""

Taken = tuple[int, int]
"""Bytes that the client acknowledged, and bytes that our kernel accepted for it."""


def taken(transport: asyncio.Transport | None, handed: int) -> Taken:
    """Measure a connection to which `handed` bytes of a file were written.

    Our kernel buffers megabytes for a client, so what it accepted says little about a slow one.
    What the client acknowledged is exact, where the system reports it.
    """
    if transport is None:
        return 0, 0
    return _acknowledged(transport), handed - transport.get_write_buffer_size()


def grew(before: Taken, after: Taken, least: int) -> bool:
    """Whether either number grew by `least` bytes."""
    return any(new - old >= least for old, new in zip(before, after, strict=True))


def _acknowledged(transport: asyncio.Transport) -> int:
    connection = transport.get_extra_info("socket")
    if _TCP_INFO is None or connection is None:
        return 0
    with suppress(OSError, struct.error):
        told = connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _BYTES_ACKED.size)
        (acknowledged,) = _BYTES_ACKED.unpack(told)
        return int(acknowledged)
    return 0
