"""The error of a failed start."""


class StartError(Exception):
    """The bot cannot start; the message is one sentence for the operator."""
