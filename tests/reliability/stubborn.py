"""Work that does not end when it is told to: `stubborn.py`, for the end that comes in any case."""

import asyncio
import logging

from bot.__main__ import until_stopped


async def _stubborn() -> None:
    print("here", flush=True)  # noqa: T201 - the line a test waits for
    while True:
        try:
            await asyncio.Future()
        except asyncio.CancelledError:
            continue


if __name__ == "__main__":
    logging.basicConfig()
    asyncio.run(until_stopped(_stubborn()))
