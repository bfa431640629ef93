"""One HTTP answer of a Videos server, and how long it asks to wait."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final

_FIRST_REDIRECT: Final = 300


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    has_film: bool = False
    """Whether a film inside the body was extracted and written to disk."""

    @property
    def is_ok(self) -> bool:
        """Whether the status is 2xx."""
        return self.status < _FIRST_REDIRECT

    @cached_property
    def json(self) -> object:
        """The parsed body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after(self) -> float | None:
        """The seconds that the server asks to wait."""
        return retry_after(self.headers)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds of `retry-after-ms`, or of `Retry-After` in either form.

    LiteLLM passes the upstream's on as `llm_provider-retry-after`. RFC 9110, section 10.2.3.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    if (milliseconds := _seconds(lowered.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    for name in ("retry-after", "llm_provider-retry-after"):
        if (value := lowered.get(name)) is None:
            continue
        if (seconds := _seconds(value)) is not None:
            return seconds
        try:
            wait = parsedate_to_datetime(value) - (now or datetime.now(UTC))
        except (ValueError, TypeError):
            continue
        return max(0.0, wait.total_seconds())
    return None


def poll_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the next poll: `openai-poll-after-ms`, else as `retry_after`."""
    lowered = {name.lower(): value for name, value in headers.items()}
    milliseconds = _seconds(lowered.get("openai-poll-after-ms"))
    return retry_after(headers) if milliseconds is None else milliseconds / 1000


def _seconds(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
