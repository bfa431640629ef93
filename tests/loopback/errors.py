"""Discord's refusals. Source: Discord, topics/opcodes-and-status-codes."""


class Refusal(Exception):
    """An answer with a status, Discord's JSON error code and its sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, object]:
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
        message = "You are being rate limited."
        if self.code == OLD_MESSAGE:
            message = "Maximum number of edits to messages older than 1 hour reached."
        return {
            "message": message,
            "retry_after": round(self.retry_after, 3),
            "global": self.scope == "global",
            "code": self.code,
        }


OLD_MESSAGE = 30046


def unauthorized() -> Refusal:
    return Refusal(401, 0, "401: Unauthorized")


def unknown_channel() -> Refusal:
    return Refusal(404, 10003, "Unknown Channel")


def unknown_message() -> Refusal:
    return Refusal(404, 10008, "Unknown Message")


def unknown_user() -> Refusal:
    return Refusal(404, 10013, "Unknown User")


def unknown_webhook() -> Refusal:
    return Refusal(404, 10015, "Unknown Webhook")


def unknown_interaction() -> Refusal:
    return Refusal(404, 10062, "Unknown interaction")


def already_acknowledged() -> Refusal:
    return Refusal(400, 40060, "Interaction has already been acknowledged.")


def token_dead() -> Refusal:
    return Refusal(401, 50027, "Invalid Webhook Token")


def missing_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def missing_permissions() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")


def not_the_author() -> Refusal:
    return Refusal(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> Refusal:
    return Refusal(400, 50006, "Cannot send an empty message")


def dms_closed() -> Refusal:
    return Refusal(403, 50007, "Cannot send messages to this user")


def no_mutual_guild() -> Refusal:
    return Refusal(403, 50278, "Cannot send messages to this user due to having no mutual guilds")


def invalid_form(reason: str) -> Refusal:
    return Refusal(400, 50035, f"Invalid Form Body: {reason}")


def thread_archived() -> Refusal:
    return Refusal(400, 50083, "Thread is archived")


def too_large() -> Refusal:
    return Refusal(413, 40005, "Request entity too large")


def follow_ups_spent() -> Refusal:
    return Refusal(400, 40094, "This interaction has reached its maximum number of follow ups")
