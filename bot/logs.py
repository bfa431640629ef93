"""Logging for people (text) or machines (JSON), on standard error."""

import logging
from typing import Final

import stamina.instrumentation

TEXT: Final = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


def set_up(*, level: str, form: str) -> None:
    """Send every record to standard error in one form; `form` is "text" or "json".

    DEBUG is for our own modules only: what discord.py and SQLAlchemy say at that level
    holds interaction tokens.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_json() if form == "json" else logging.Formatter(TEXT))
    others = "INFO" if level == "DEBUG" else level
    logging.basicConfig(level=others, handlers=[handler], force=True)
    for name in ("bot", "cogs"):
        logging.getLogger(name).setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # stamina prefers structlog's own printer, which writes to standard output.
    stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.LoggingOnRetryHook])


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
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
