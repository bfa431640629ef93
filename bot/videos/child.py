"""A script of ours in a process of its own: what it says, and an end to it in any case."""

import asyncio
import sys
from pathlib import Path


class ChildFailed(Exception):
    """It ended with an error; the message is its last line, empty where it said nothing."""


async def run_script(
    script: Path, *arguments: str, data: bytes = b"", within: float, leash: bool = False
) -> bytes:
    """Run `script` with `data` on its standard input; return what it writes.

    Raises ChildFailed, TimeoutError after `within` seconds, and OSError where no process can be
    started. The process does not outlive the call. With `leash` its standard input gets no data,
    and ends when this process does, even if that is killed: a long work can end with it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within):
            out, sentence = await (_outcome(process) if leash else process.communicate(data))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = sentence.decode("utf-8", "replace").strip().splitlines()
        raise ChildFailed(lines[-1] if lines else "")
    return out


async def _outcome(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Read what it writes, and leave its standard input open: `communicate` would close it."""
    assert process.stdout is not None  # noqa: S101 - it was started with pipes
    assert process.stderr is not None  # noqa: S101
    out, sentence = await asyncio.gather(process.stdout.read(), process.stderr.read())
    await process.wait()
    return out, sentence
