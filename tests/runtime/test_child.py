"""Scripts in child processes: their output, and their end however the call ends."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bot.runtime.child import ChildFailed, run_script

WITHIN = 20.0
WAITS = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(text)
        return path

    return write


async def written_pid(file: Path) -> int:
    """Wait until the script has written its process id."""
    async with asyncio.timeout(WITHIN):
        while not (pid := await asyncio.to_thread(_text, file)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    return int(pid)


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


async def test_input_and_output_larger_than_a_pipe_pass(script: Callable[[str], Path]) -> None:
    echo = script("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])")
    data = bytes(range(256)) * 4096
    assert await run_script(echo, data=data, within=WITHIN) == data[::-1]


async def test_the_last_line_of_standard_error_is_the_reason(script: Callable[[str], Path]) -> None:
    failing = script("import sys; sys.exit('a warning\\nit is no film')")
    with pytest.raises(ChildFailed, match=r"^it is no film$"):
        await run_script(failing, data=b"never read" * 100_000, within=WITHIN)


@pytest.mark.parametrize("leash", [False, True])
async def test_a_child_does_not_outlive_a_cancelled_call(
    tmp_path: Path, script: Callable[[str], Path], *, leash: bool
) -> None:
    told = tmp_path / "pid"
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
    call = asyncio.create_task(
        run_script(
            script(WAITS), str(told), within=60, leash=leash, writes=tmp_path, file_bytes=100
        )
    )
    pid = await written_pid(told)

    call.cancel()
    await asyncio.wait({call}, timeout=WITHIN)
    assert call.cancelled()
    assert not psutil.pid_exists(pid)
    del call
    gc.collect()
    assert not complaints


async def test_a_call_cancelled_at_once_leaves_nothing_running(
    tmp_path: Path, script: Callable[[str], Path]
) -> None:
    """Its thread is then just about to start the process."""
    before = {child.pid for child in psutil.Process().children()}
    for pause in (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01):
        call = asyncio.create_task(run_script(script(WAITS), str(tmp_path / "pid"), within=60))
        await asyncio.sleep(pause)
        call.cancel()
        await asyncio.wait({call}, timeout=WITHIN)
        assert call.cancelled()
        assert {child.pid for child in psutil.Process().children()} <= before


async def test_more_calls_than_threads_all_run(
    script: Callable[[str], Path],
) -> None:
    number = script("import sys; print(sys.argv[1])")
    outs = await asyncio.gather(*(run_script(number, str(n), within=WITHIN) for n in range(20)))
    assert [int(out) for out in outs] == list(range(20))
