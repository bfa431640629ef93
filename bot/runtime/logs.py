"""Logging for people (text) or machines (JSON), on standard error.

Servers and people choose much of what is logged. In both forms every character is escaped that
would begin another line, move a terminal's cursor or reverse text.
"""

import logging
import re
from collections.abc import MutableMapping
from types import TracebackType
from typing import Final

import stamina.instrumentation

TEXT: Final = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
LONGEST_VALUE: Final = 2048
"""Characters of one value, a text record's message among them."""
LONGEST_TRACEBACK: Final = 16 * 1024
"""Characters of a traceback; its end names the error, so its beginning is cut."""
_CONTROLS: Final = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff"
_TURNING: Final = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
"""Characters that change the direction of text (Unicode, UAX 9)."""
_ESCAPED: Final = re.compile(f"[{_CONTROLS}{_TURNING}]")

LIBRARIES: Final = {
    "aiohttp": logging.WARNING,
    "alembic": logging.WARNING,
    "discord": logging.WARNING,
    # Warns at each start that there is no voice, which nothing here uses.
    "discord.client": logging.ERROR,
    # Our own records report a retried request, where its failure lasts.
    "discord.http": logging.ERROR,
    "sqlalchemy": logging.WARNING,
    "stamina": logging.ERROR,
}
"""The level from which on each library's records are for the operator."""


def set_up(*, level: str, form: str) -> None:
    """Send every record to standard error in one form; `form` is "text" or "json".

    DEBUG is for our own modules only: at that level discord.py and SQLAlchemy log interaction
    tokens.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_json() if form == "json" else _Text(TEXT))
    others = "INFO" if level == "DEBUG" else level
    logging.basicConfig(level=others, handlers=[handler], force=True)
    for name in ("bot", "cogs"):
        logging.getLogger(name).setLevel(level)
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelNamesMapping()[level]))
    # stamina prefers structlog's own printer, which writes to standard output.
    stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.LoggingOnRetryHook])


def one_line(text: str) -> str:
    """Return a text of bounded length, its control characters escaped, for one line of the log."""
    over = len(text) - LONGEST_VALUE
    cut = f"{text[:LONGEST_VALUE]}… ({over} more characters)" if over > 0 else text
    return _ESCAPED.sub(lambda found: found[0].encode("unicode_escape").decode(), cut)


def _block(traceback: str) -> str:
    """Return a traceback, indented so that no line of it looks like a record."""
    lines = traceback[-LONGEST_TRACEBACK:].split("\n")
    return "\n".join(f"  {one_line(line)}" for line in lines)


class _Text(logging.Formatter):
    """One record, one line; a traceback below it is indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(  # noqa: N802 - logging's own
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return _block(super().formatException(ei))


def _escape(_: object, __: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Escape every value of a record, as a processor of structlog."""
    return {
        name: _block(value) if name == "exception" else one_line(value)
        for name, value in event.items()
        if isinstance(value, str)
    } | {name: value for name, value in event.items() if not isinstance(value, str)}


def _json() -> logging.Formatter:
    import structlog  # noqa: PLC0415 - logs for people do without it

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            _escape,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
