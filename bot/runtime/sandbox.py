"""The first stage of every child: it gives up the rights that a script does not need, then runs it.

``python -I -S -B sandbox.py KEY=VALUE... -- SCRIPT ARGUMENT...``, as `launch` writes it.
It runs before any library that reads strangers' files, and needs the standard library alone. A
system that lacks one of the means does without it; `-- report` prints which of them hold.
"""

import ctypes
import os
import signal
import struct
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Final

REPORT: Final = "report"
"""Instead of a script: print what is closed to a child on this system, a word a line."""
NETWORK, FILES, MEMORY = "network", "files", "memory"

MOST_CPUS: Final = 8
"""Processors of a child. Encoders start threads for each, and every thread holds frames."""
OPEN_FILES: Final = 64
"""Open files of a child: the libraries open one at a time, a transcode two."""

PR_SET_PDEATHSIG: Final = 1
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
"""Source: Linux, include/uapi/linux/prctl.h."""
SECCOMP_MODE_FILTER: Final = 2

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
"""System calls, the same on every architecture."""
READ: Final = 1 << 2 | 1 << 3
"""LANDLOCK_ACCESS_FS_READ_FILE and READ_DIR. Source: include/uapi/linux/landlock.h."""
WRITE: Final = READ | 1 << 1 | 1 << 5 | 1 << 8 | 1 << 14
"""And WRITE_FILE, REMOVE_FILE, MAKE_REG, TRUNCATE."""
OF_FILES: Final = 1 << 1 | 1 << 2 | 1 << 14
"""Which of these apply to a file that is no folder."""
ALL_ACCESS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""Bits of file access by Landlock version; 16 from the fifth on."""
NET_VERSION, SCOPE_VERSION = 4, 6

SYSTEM: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
    "/etc/ld.so.cache",
    "/sys/devices/system/cpu",
    "/dev/urandom",
)
"""Files that libraries read, beside Python's own folders."""
NULL: Final = "/dev/null"

FORBIDDEN: Final = {
    # socket, io_uring_setup (opens sockets too), execve, execveat, ptrace, fork, vfork
    "x86_64": (0xC000003E, (41, 425, 59, 322, 101, 57, 58), 56),
    "aarch64": (0xC00000B7, (198, 425, 221, 281, 117), 220),
}
"""AUDIT_ARCH, system calls, and the number of clone, by machine. Landlock alone leaves UDP and unix
sockets open, and a process that the child starts could outlive it."""
CLONE3: Final = 435
"""Refused as unknown: C libraries then start threads by clone, whose flags the filter sees."""
CLONE_THREAD: Final = 0x00010000
X32_CALL: Final = 0x40000000
"""The first of the calls in x86-64's second table, which nobody needs."""
LOAD, JUMP_EQUAL, JUMP_ABOVE, JUMP_SET, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026
"""SECCOMP_RET_ALLOW, and SECCOMP_RET_ERRNO with EPERM and ENOSYS."""
_NUMBER_AT, _ARCHITECTURE_AT, _FLAGS_AT = 0, 4, 16

_HERE: Final = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs 5 ms
PACKAGE: Final = os.path.dirname(_HERE)  # noqa: PTH120
"""The folder of the `bot` package."""

Policy = dict[str, list[str]]
"""`memory` and `size` in bytes, `cpu` in seconds, `parent` (a process id), `library`, `read` and
`write` (absolute paths)."""


def confine(policy: Policy) -> None:
    """Take from this process every right that `policy` does not name. Cannot be undone."""
    _limit(policy)
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(policy["parent"][0]):
        os._exit(1)  # the bot ended before the line above
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _bound_threads()
    _prefer_for_oom_killer()
    _close_files(libc, policy)
    _close_network(libc)


def _limit(policy: Policy) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    cpu = int(policy["cpu"][0])
    wanted = {
        resource.RLIMIT_DATA: (int(policy["memory"][0]),) * 2,
        # A second after SIGXCPU the system kills the process.
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_FSIZE: (int(policy["size"][0]),) * 2,
        resource.RLIMIT_NOFILE: (OPEN_FILES,) * 2,
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        most = resource.getrlimit(kind)[1]
        allowed = hard if most == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(kind, (min(soft, allowed), allowed))


def _bound_threads() -> None:
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) > MOST_CPUS:
        # Different ones for each child.
        first = os.getpid() % len(allowed)
        os.sched_setaffinity(0, (allowed[first:] + allowed[:first])[:MOST_CPUS])


def _prefer_for_oom_killer() -> None:
    """Let the system end this process first where its memory runs out."""
    try:
        with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
            score.write("1000")
    except OSError:
        return


def _close_files(libc: ctypes.CDLL, policy: Policy) -> None:
    """Close all files but those that are named, and TCP, by Landlock, where the system has it.

    The bot's own environment is a file, too: `/proc/<parent>/environ`.
    """
    version = libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    handled = (1 << ALL_ACCESS.get(version, 16)) - 1
    net = 3 if version >= NET_VERSION else 0  # bind, connect
    scoped = 3 if version >= SCOPE_VERSION else 0  # abstract unix sockets, signals
    size = 24 if version >= SCOPE_VERSION else 16 if version >= NET_VERSION else 8
    rules = libc.syscall(
        LANDLOCK_CREATE, struct.pack("QQQ", handled, net, scoped), ctypes.c_size_t(size), 0
    )
    if rules < 0:
        return
    python = (*sys.path, os.path.join(sys.base_prefix, "lib"), PACKAGE)  # noqa: PTH118
    for path in (*SYSTEM, *python, *policy.get("library", ()), *policy.get("read", ())):
        _allow(libc, rules, path, READ & handled)
    for path in (NULL, *policy.get("write", ())):
        _allow(libc, rules, path, WRITE & handled)
    libc.syscall(LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    """Allow access to a file, or to all files in a folder; a missing one is skipped."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112
        access &= OF_FILES
    libc.syscall(LANDLOCK_ADD, rules, 1, struct.pack("=Qi", access, place), 0)
    os.close(place)


def _close_network(libc: ctypes.CDLL) -> None:
    """Have the system refuse every socket and every other process."""
    machine = os.uname().machine
    if machine not in FORBIDDEN or sys.maxsize < 2**32:
        return
    lines = _filter(*FORBIDDEN[machine])
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    program = struct.pack("@HP", len(lines), ctypes.addressof(code))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


def _filter(architecture: int, calls: tuple[int, ...], clone: int) -> list[tuple[int, ...]]:
    """Return the filter's lines: an operation, lines to skip if true or false, and an operand."""
    count = len(calls)
    return [
        (LOAD, 0, 0, _ARCHITECTURE_AT),
        (JUMP_EQUAL, 0, count + 7, architecture),
        (LOAD, 0, 0, _NUMBER_AT),
        (JUMP_ABOVE, count + 5, 0, X32_CALL),
        *((JUMP_EQUAL, count - at + 4, 0, call) for at, call in enumerate(calls)),
        (JUMP_EQUAL, 5, 0, CLONE3),
        (JUMP_EQUAL, 0, 2, clone),
        (LOAD, 0, 0, _FLAGS_AT),
        (JUMP_SET, 0, 1, CLONE_THREAD),
        (ANSWER, 0, 0, ALLOW),
        (ANSWER, 0, 0, REFUSE),
        (ANSWER, 0, 0, UNKNOWN),
    ]


def report(policy: Policy) -> None:
    """Try what is closed, and print it."""
    import _socket  # noqa: PLC0415 - no script needs it

    closed = [MEMORY] if sys.platform == "linux" else []
    try:
        _socket.socket().close()
    except OSError:
        closed.append(NETWORK)
    try:
        with open(f"/proc/{policy['parent'][0]}/environ", "rb"):  # noqa: PTH123
            pass
    except PermissionError:
        closed.append(FILES)
    except OSError:
        pass
    sys.stdout.write("\n".join(closed))


def run(script: str, arguments: list[str], libraries: list[str]) -> None:
    """Run `script`, a path or the name of a module of ours, as the main program."""
    bot = ModuleType("bot")
    # Only this folder may be read, not what lies beside it, like a `.env`.
    bot.__path__ = [PACKAGE]
    path = script
    if not script.endswith(".py"):
        path = os.path.join(os.path.dirname(PACKAGE), *script.split(".")) + ".py"  # noqa: PTH118, PTH120
    program = ModuleType("__main__")
    program.__file__ = path
    sys.modules.update({"bot": bot, "__main__": program})
    sys.path += libraries
    sys.argv = [path, *arguments]
    code = SourceFileLoader("__main__", path).get_code("__main__")
    if code is not None:
        exec(code, program.__dict__)  # noqa: S102 - our own script


def main() -> None:
    """Confine this process, then run the script after `--`; exit 1 with a sentence on no memory."""
    end = sys.argv.index("--")
    policy: Policy = {}
    for word in sys.argv[1:end]:
        key, _, value = word.partition("=")
        policy.setdefault(key, []).append(value)
    script, *arguments = sys.argv[end + 1 :]
    confine(policy)
    if script == REPORT:
        report(policy)
        return
    try:
        run(script, arguments, policy.get("library", []))
    except MemoryError:
        sys.exit("it does not fit into memory")


if __name__ == "__main__":
    main()
