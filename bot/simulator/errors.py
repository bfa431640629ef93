"""Discord's refusals. Source: Discord, topics/opcodes-and-status-codes."""

from collections.abc import Callable
from typing import Final


class Refusal(Exception):
    """An answer with a status, Discord's JSON error code and its sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, object]:
        """Return the error object."""
        return {"message": self.message, "code": self.code}


class TooFast(Exception):
    """A 429. Source: Discord, topics/rate-limits, and discord-api-docs#4413 for code 30046."""

    def __init__(
        self, retry_after: float, *, scope: str, headers: dict[str, str], code: int = 0
    ) -> None:
        super().__init__(f"{scope}: {retry_after:.3f} s")
        self.retry_after = retry_after
        self.scope = scope
        self.headers = headers
        self.code = code

    def body(self) -> dict[str, object]:
        """Return the rate limit object."""
        message = "You are being rate limited."
        if self.code == OLD_MESSAGE:
            message = "Maximum number of edits to messages older than 1 hour reached."
        return {
            "message": message,
            "retry_after": round(self.retry_after, 3),
            "global": self.scope == "global",
            "code": self.code,
        }


OLD_MESSAGE: Final = 30046


def _refusal(status: int, code: int, message: str) -> Callable[[], Refusal]:
    return lambda: Refusal(status, code, message)


unauthorized = _refusal(401, 0, "401: Unauthorized")
unknown_channel = _refusal(404, 10003, "Unknown Channel")
unknown_message = _refusal(404, 10008, "Unknown Message")
unknown_user = _refusal(404, 10013, "Unknown User")
unknown_webhook = _refusal(404, 10015, "Unknown Webhook")
unknown_interaction = _refusal(404, 10062, "Unknown interaction")
already_acknowledged = _refusal(400, 40060, "Interaction has already been acknowledged.")
token_dead = _refusal(401, 50027, "Invalid Webhook Token")
missing_access = _refusal(403, 50001, "Missing Access")
missing_permissions = _refusal(403, 50013, "Missing Permissions")
not_the_author = _refusal(403, 50005, "Cannot edit a message authored by another user")
empty_message = _refusal(400, 50006, "Cannot send an empty message")
dms_closed = _refusal(403, 50007, "Cannot send messages to this user")
no_mutual_guild = _refusal(
    403, 50278, "Cannot send messages to this user due to having no mutual guilds"
)
thread_archived = _refusal(400, 50083, "Thread is archived")
too_large = _refusal(413, 40005, "Request entity too large")
follow_ups_spent = _refusal(
    400, 40094, "This interaction has reached its maximum number of follow ups"
)


def invalid_form(reason: str) -> Refusal:
    """Return the refusal of a payload with a field that is not valid."""
    return Refusal(400, 50035, f"Invalid Form Body: {reason}")
