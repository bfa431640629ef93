"""What a failed start is."""


class StartError(Exception):
    """The bot cannot start; the message is one sentence for the operator."""
