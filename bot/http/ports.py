"""The ports that the bot listens on; opened first, so that a failure leaves nothing else open."""

import logging
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bot.runtime.errors import StartError
from bot.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Sockets that listen; None where nothing is served."""

    films: socket.socket | None
    """For everybody."""
    operations: socket.socket | None
    """For the operator: health, readiness and metrics."""

    def __bool__(self) -> bool:
        """Whether anything is served."""
        return self.films is not None or self.operations is not None


@contextmanager
def listening(settings: Settings) -> Generator[Ports]:
    """Listen as the settings say, until the end of the context. Raises StartError."""
    with ExitStack() as stack:
        films = operations = None
        if settings.listens_on is not None:
            address = (settings.web_host, settings.listens_on)
            films = stack.enter_context(_listen("WEB_HOST and WEB_PORT", *address))
        if settings.operates_on is not None:
            named = "WEB" if settings.ops_port is None else "OPS"
            names = f"{named}_HOST and {named}_PORT"
            operations = stack.enter_context(_listen(names, *settings.operates_on))
        _tell(settings)
        yield Ports(films=films, operations=operations)


def _listen(names: str, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise StartError(
            f"{names}: {host}:{port} cannot be listened on ({error.strerror or error}); set others."
        ) from error


def _tell(settings: Settings) -> None:
    """Tell an operator whose settings are of an earlier version what is elsewhere now."""
    if settings.ops_port is not None:
        return
    if settings.listens_on is not None:
        _log.warning(
            "/healthz, /readyz and /metrics are not served: set OPS_PORT for them; "
            "WEB_PORT serves films alone"
        )
    elif settings.operates_on is not None:
        _log.warning(
            "/healthz, /readyz and /metrics are served on WEB_PORT, as there is no PUBLIC_URL; "
            "set OPS_PORT and OPS_HOST instead"
        )
