"""What is sent in a message's turn."""

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from bot.transport.scheduler import EditScheduler

Result = TypeVar("Result")


async def in_turn(
    scheduler: EditScheduler,
    message: Hashable,
    send: Callable[[], Awaitable[Result]],
    *,
    bucket: Hashable = None,
) -> Result:
    """Send in the message's next turn; return what `send` returns."""
    async with scheduler.turn(message, bucket=bucket):
        return await send()
