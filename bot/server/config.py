"""What an operator decides of a server."""

from dataclasses import dataclass
from pathlib import Path

from bot.serving.limits import LIMITS, Limits
from bot.serving.origin import LOOPBACK_NAMES, Names


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """The server's settings, with their defaults."""

    folder: Path
    """Films and job records live here; created if missing."""
    api_key: str | None = None
    """None: no key asked; else `Authorization: Bearer <key>` or 401."""
    workers: int = 1
    """Renders at the same time."""
    keep_seconds: float = 24 * 3600
    """A film's life after completion, shown as `expires_at`."""
    limits: Limits = LIMITS
    """How long and how much the server accepts of a client."""
    queue_limit: int = 1000
    """Jobs that may wait for a worker; one more is refused until some have been rendered."""
    names: Names = LOOPBACK_NAMES
    """What a client may call this server."""
