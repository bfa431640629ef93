"""The sandbox of child processes, tried by scripts."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.media.image import AT_ONCE
from bot.runtime.child import Child, ChildFailed, run_child, run_script, sandbox_abilities
from bot.runtime.launch import MEMORY, WORKING_FOLDER, Limits, command
from bot.runtime.sandbox import FILES, NETWORK

WITHIN = 20.0
ROOT = Path(__file__).parents[2]
Write = Callable[[str], Path]
TRIED = """
import errno, sys
def tried(name, what):
    try:
        print(name, what() and "done")
    except OSError as error:
        print(name, errno.errorcode[error.errno])
"""


@pytest.fixture
def script(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(text)
        return path

    return write


@pytest.fixture
async def abilities() -> frozenset[str]:
    return await sandbox_abilities()


async def said_by(script: Path, *arguments: str | Path, **how: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the results of a script with TRIED, by name."""
    out = await run_script(script, *arguments, within=WITHIN, **how)
    return dict(line.split(" ", 1) for line in out.decode().splitlines())


async def test_a_child_sees_only_path_in_a_folder_and_session_of_its_own(
    script: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISCORD_TOKEN", "VIDEOS_API_KEY", "HTTPS_PROXY", "PYTHONPATH", "LD_PRELOAD"):
        monkeypatch.setenv(name, "secret")
    # Python sets LC_CTYPE by itself, after its start.
    looking = script(
        "import json, os, sys; print(json.dumps({'environment': sorted(os.environ),"
        "'folder': os.getcwd(), 'leads': os.getsid(0) == os.getpid(),"
        "'flags': [sys.flags.isolated, sys.flags.no_site]}))"
    )
    seen = json.loads(await run_script(looking, within=WITHIN))

    assert set(seen["environment"]) <= {"PATH", "LC_CTYPE"}
    assert (seen["folder"], seen["leads"], seen["flags"]) == (WORKING_FOLDER, True, [1, 1])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
async def test_a_child_has_limits_and_no_new_privileges(script: Write) -> None:
    looking = script(
        "import json, resource, ctypes\n"
        "kinds = ('DATA', 'CPU', 'FSIZE', 'NOFILE', 'CORE')\n"
        "limits = {k: resource.getrlimit(getattr(resource, 'RLIMIT_' + k)) for k in kinds}\n"
        "limits['privileges'] = ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)\n"
        "print(json.dumps(limits))"
    )
    limits = json.loads(await run_script(looking, within=WITHIN, file_bytes=77))

    assert max(limits["DATA"]) < MEMORY
    assert 0 < limits["CPU"][0] < 1000
    assert limits["FSIZE"] == [77, 77]
    assert limits["NOFILE"] == [64, 64]
    assert limits["CORE"] == [0, 0]
    assert limits["privileges"] == 1


async def test_a_child_inherits_no_open_file(script: Write, tmp_path: Path) -> None:
    looking = script(
        "import os\n"
        "for number in range(3, 64):\n"
        "    try:\n"
        "        os.fstat(number)\n"
        "    except OSError:\n"
        "        continue\n"
        "    print(number)"
    )
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)  # noqa: FBT003 - its only way to be called
        assert await run_script(looking, within=WITHIN) == b""


async def test_a_child_reaches_no_network_of_any_kind(
    script: Write, tmp_path: Path, abilities: frozenset[str]
) -> None:
    if NETWORK not in abilities:
        pytest.skip("this system lets no process give its network up")
    trying = script(
        TRIED + "import socket\n"
        "port, path = int(sys.argv[1]), sys.argv[2]\n"
        "tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM\n"
        "def tcp4(): socket.create_connection(('127.0.0.1', port), 5); return True\n"
        "def tcp6(): return socket.socket(socket.AF_INET6, tcp)\n"
        "def udp4(): socket.socket(type=udp).sendto(b'', ('127.0.0.1', port)); return True\n"
        "def unix(): socket.socket(socket.AF_UNIX).connect(path); return True\n"
        "def listen(): return socket.create_server(('127.0.0.1', 0))\n"
        "for each in (tcp4, tcp6, udp4, unix, listen): tried(each.__name__, each)"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
    ):
        local.bind(str(tmp_path / "socket"))
        local.listen()
        port = server.getsockname()[1]
        said = await said_by(trying, str(port), str(tmp_path / "socket"), writes=tmp_path)

    assert set(said.values()) <= {"EPERM", "EACCES"}
    assert len(said) == 5


async def test_a_child_reads_and_writes_only_what_is_named(
    script: Write, tmp_path: Path, abilities: frozenset[str]
) -> None:
    if FILES not in abilities:
        pytest.skip("this system has no Landlock")
    beside, film, out = tmp_path / ".env", tmp_path / "film.mp4", tmp_path / "out"
    beside.write_text("DISCORD_TOKEN=secret")
    film.write_text("film")
    out.mkdir()
    trying = script(
        TRIED + "film, beside, out, parent = sys.argv[1:]\n"
        "read = lambda path: lambda: open(path, 'rb').read(1) or True\n"
        "write = lambda path, size=1: lambda: open(path, 'wb', 0).write(bytes(size))\n"
        "tried('film', read(film))\n"
        "tried('beside', read(beside))\n"
        "tried('environment', read(f'/proc/{parent}/environ'))\n"
        "tried('memory', read(f'/proc/{parent}/mem'))\n"
        "tried('passwords', read('/etc/passwd'))\n"
        "tried('to_film', write(film))\n"
        "tried('to_out', write(out + '/copy'))\n"
        "tried('to_beside', write(beside))\n"
        "tried('to_null', write('/dev/null'))"
    )
    said = await said_by(
        trying, film, str(beside), str(out), str(os.getpid()), writes=out, file_bytes=100
    )

    assert {name for name, came in said.items() if came == "done"} == {"film", "to_out", "to_null"}
    assert {came for came in said.values() if came != "done"} == {"EACCES"}
    assert film.read_text() == "film"


async def test_a_file_that_a_child_writes_is_bounded(script: Write, tmp_path: Path) -> None:
    trying = script(
        TRIED + "tried('large', lambda: open(sys.argv[1], 'wb', 0).write(b'x')"
        " and open(sys.argv[1], 'ab', 0).write(b'x' * 100))\n"
        "tried('larger', lambda: open(sys.argv[1], 'ab', 0).write(b'x' * 100))"
    )
    said = await said_by(trying, str(tmp_path / "copy"), writes=tmp_path, file_bytes=50)

    assert said["larger"] == "EFBIG"
    assert (tmp_path / "copy").stat().st_size == 50


async def test_a_child_starts_no_other_process(script: Write, abilities: frozenset[str]) -> None:
    if NETWORK not in abilities:
        pytest.skip("this system filters no calls")
    trying = script(
        TRIED + "import os, threading\n"
        "tried('exec', lambda: os.execv('/bin/true', ['true']))\n"
        "tried('fork', lambda: os.fork() or os._exit(0))\n"
        "tried('thread', lambda: threading.Thread(target=int).start() or True)"
    )

    assert await said_by(trying) == {"exec": "EPERM", "fork": "EPERM", "thread": "done"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound no memory")
@pytest.mark.parametrize("greed", ["bytes(600_000_000)", "[bytearray(10**6) for _ in range(600)]"])
async def test_a_child_without_memory_fails_with_a_sentence(script: Write, greed: str) -> None:
    with pytest.raises(ChildFailed, match="memory"):
        await run_script(script(greed), within=WITHIN)


async def test_processor_time_is_limited(script: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system limits it, without the clock of the bot."""
    monkeypatch.setattr("bot.runtime.launch.os.cpu_count", lambda: 1)
    spinning = script("while True: pass")
    child = Child(lambda: command(spinning, limits=Limits(seconds=1)))

    ended = await run_child(child, b"", lambda _: None)

    assert ended.code == -signal.SIGXCPU


@pytest.mark.parametrize(
    "end",
    [
        "import os; os.kill(os.getpid(), 9)",
        "import ctypes; ctypes.string_at(0)",
        "import os; print('a library complains', file=__import__('sys').stderr); os.abort()",
        "raise RuntimeError('/srv/secret/path')",
        "import sys; sys.exit(3)",
    ],
)
async def test_only_a_scripts_own_sentence_is_a_reason(script: Write, end: str) -> None:
    with pytest.raises(ChildFailed) as caught:
        await run_script(script(end), within=WITHIN)

    assert str(caught.value) == ""


@pytest.mark.parametrize("where", ["stdout", "stderr"])
async def test_a_child_with_endless_output_costs_the_bot_no_memory(
    script: Write, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr("bot.runtime.child.MOST_OUTPUT", 10**6)
    flood = script(f"import sys\nwhile True: sys.{where}.write('x' * 65536)")
    how = pytest.raises(ChildFailed if where == "stdout" else TimeoutError)
    with how:
        await run_script(flood, within=WITHIN if where == "stdout" else 1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell a child")
async def test_a_child_ends_with_the_bot_however_the_bot_ends(
    script: Write, tmp_path: Path
) -> None:
    told = tmp_path / "pid"
    waiting = script(
        f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    call = f"Path({str(waiting)!r}), within=60, writes=Path({str(tmp_path)!r}), file_bytes=99"
    program = (
        "import asyncio; from pathlib import Path; from bot.runtime.child import run_script;"
        f"asyncio.run(run_script({call}))"
    )
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    try:
        await eventually(lambda: told.exists() and told.read_text())
    finally:
        bot.kill()
        await bot.wait()

    child = int(told.read_text())
    await eventually(lambda: not psutil.pid_exists(child))


async def eventually(fact: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def test_two_images_are_opened_at_once_and_a_third_waits(
    script: Write, tmp_path: Path
) -> None:
    door = tmp_path / "door"
    waiting = script(
        "import os, sys, time\n"
        "open(os.path.join(sys.argv[1], 'in' + str(os.getpid())), 'w')\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(0.01)"
    )
    (tmp_path / "seen").mkdir()

    def opened() -> asyncio.Task[bytes]:
        arguments = (waiting, str(tmp_path / "seen"), str(door))
        return asyncio.create_task(
            run_script(*arguments, within=60, pool=AT_ONCE, writes=tmp_path, file_bytes=9)
        )

    def inside() -> int:
        return len(list((tmp_path / "seen").iterdir()))

    first, second, third, fourth = (opened() for _ in range(4))
    await eventually(lambda: inside() == 2)
    third.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(third, WITHIN)
    assert inside() == 2

    door.touch()
    await asyncio.gather(first, second, fourth)
    assert inside() == 3


async def test_sandbox_abilities_are_what_holds(abilities: frozenset[str]) -> None:
    if sys.platform == "linux":
        assert "memory" in abilities
    assert abilities <= {"memory", "network", "files"}
