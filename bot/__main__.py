"""`python -m bot [run|demo|serve|doctor|…]`: a failed start is one sentence and an exit code."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from bot.app import open_bot
from bot.claim import claimed, make_folder
from bot.client import point_at
from bot.runtime import logs
from bot.runtime.errors import StartError
from bot.runtime.memory import keep_out_of_collections, share_one_heap
from bot.runtime.private_files import close_folder, set_umask
from bot.settings import Settings, SettingsError, load_settings, misspelt_names
from bot.transport.errors import FATAL, sentence_for, shorten_tracebacks

_log = logging.getLogger(__name__)

GIVES_IN: Final = 1.0
"""Seconds that the connection to Discord has to close at a stop."""
_REPORTS: Final = frozenset({"usage", "limits", "ledger"})
LONGEST_STOP: Final = 9.5
"""Seconds a stop may take, whatever hangs; Docker kills after ten."""


async def run(settings: Settings) -> None:
    """Run the bot on Discord until a signal stops it. Raises StartError."""
    if settings.discord_token is None:
        raise StartError(
            "DISCORD_TOKEN is not set: create an application in Discord's developer portal "
            "(discord.com/developers/applications, Bot, Reset Token) and put the token into .env. "
            "To try Rushes without one: make demo."
        )
    point_at(api_url=settings.discord_api_url, gateway_url=settings.discord_gateway_url)
    async with AsyncExitStack() as stack:
        stack.enter_context(claimed(settings))
        bot = await stack.enter_async_context(open_bot(settings))
        try:
            token = settings.discord_token.get_secret_value()
            await until_stopped(bot.start(token), patience=GIVES_IN)
        except FATAL as error:
            if (sentence := sentence_for(error)) is None:
                raise
            raise StartError(sentence) from None


async def serve(settings: Settings, arguments: argparse.Namespace) -> None:
    """Run only the embedded Videos server until a signal stops it. Raises StartError."""
    from bot.embedded import server_config  # noqa: PLC0415 - each command loads what it needs
    from bot.server.app import running  # noqa: PLC0415
    from bot.serving.origin import Names, is_loopback  # noqa: PLC0415

    config = server_config(settings)
    config = replace(
        config,
        folder=arguments.data or config.folder,
        api_key=_server_key(settings, arguments),
        workers=arguments.workers or config.workers,
        names=Names(bound=arguments.host, more=frozenset(map(str.lower, arguments.allow_host))),
    )
    close_folder(config.folder)
    if config.api_key is None and not is_loopback(arguments.host):
        _log.warning(
            "anyone who reaches %s can use this server: set SERVER_KEY or --key-file",
            arguments.host,
        )
    async with AsyncExitStack() as stack:
        try:
            address = await stack.enter_async_context(
                running(config, host=arguments.host, port=arguments.port)
            )
        except OSError as error:
            raise StartError(
                f"The server cannot start on port {arguments.port} with {config.folder}: "
                f"{error.strerror}; --port and --data choose others."
            ) from error
        print(address, flush=True)  # noqa: T201 - the line a script waits for
        await until_stopped(asyncio.Event().wait())


def _server_key(settings: Settings, arguments: argparse.Namespace) -> str | None:
    """Return the key to ask for, None for none. Raises StartError."""
    if arguments.key is not None:
        raise StartError(
            "--key would show the key to everybody who lists this machine's processes: write it "
            "into a file and name that with --key-file, or set SERVER_KEY."
        )
    if arguments.key_file is None:
        key = settings.server_key
        return None if key is None else key.get_secret_value().strip() or None
    try:
        key_line = arguments.key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StartError(f"--key-file {arguments.key_file} cannot be read ({reason}).") from error
    if not key_line.isprintable() or not key_line:
        raise StartError(f"--key-file {arguments.key_file} has to hold one key, in one line.")
    return key_line


async def until_stopped(
    work: Coroutine[object, object, object], *, patience: float | None = None
) -> None:
    """Run `work` until it ends or the process is asked to stop (SIGTERM, SIGINT).

    Work that has not given in `patience` seconds after that is left to whoever closes what it uses:
    discord.py can lose a cancellation while it reconnects.
    """
    task = asyncio.create_task(work)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no such handlers
            loop.add_signal_handler(name, _stop, loop, asked)
    asking = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait({task, asking}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asking.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=patience)
    if task.done():
        with suppress(asyncio.CancelledError):
            await task


def _stop(loop: asyncio.AbstractEventLoop, asked: asyncio.Event) -> None:
    if not asked.is_set():
        asked.set()
        last_resort = threading.Timer(LONGEST_STOP, _end_hard, [loop])
        last_resort.daemon = True
        last_resort.start()


def _end_hard(loop: asyncio.AbstractEventLoop) -> None:
    """End the process as a power cut would: everything that counts is on disk."""
    try:
        tasks = sorted(task.get_name() for task in asyncio.all_tasks(loop))
        _log.warning("the stop hangs and is cut short, nothing is lost; running: %s", tasks)
        logging.shutdown()
    finally:
        os._exit(1)


async def show_demo(arguments: argparse.Namespace) -> None:
    """Open the simulated Discord and its page until told to stop. Raises StartError."""
    from bot.demo.run import Options, demo  # noqa: PLC0415 - each command loads what it needs

    keep = arguments.keep
    options = Options(arguments.host, arguments.port, None if keep is None else make_folder(keep))
    await until_stopped(demo(options))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Rushes: /video for Discord")
    commands = parser.add_subparsers(dest="command", required=False)
    commands.add_parser("run", help="run the bot on Discord (the default)")
    demo = commands.add_parser("demo", help="open a simulated Discord in the browser")
    demo.add_argument("--host", default="127.0.0.1", help="address to listen on")
    demo.add_argument("--port", type=int, default=8289, help="port to listen on; 0: any free one")
    demo.add_argument("--keep", type=Path, metavar="FOLDER", help="keep its state in this folder")
    doctor = commands.add_parser("doctor", help="say what is missing and how to fix it")
    doctor.add_argument("--json", action="store_true", help="for machines")
    doctor.add_argument(
        "--render",
        action="store_true",
        help="let the server make one smallest video, which may cost money",
    )
    _add_usage(commands.add_parser("usage", help="what was made, by whom, and what it cost"))
    commands.add_parser("limits", help="what each limit has counted in its window now")
    ledger = commands.add_parser("ledger", help="check that limits and ledger add up")
    ledger.add_argument("action", choices=("check",))
    server = commands.add_parser("serve", help="run only the embedded Videos server")
    server.add_argument("--host", default="127.0.0.1", help="address to listen on")
    server.add_argument("--port", type=int, default=8288, help="port to listen on; 0: any free one")
    server.add_argument("--data", type=Path, help="folder of its films; default: DATA_DIR/server")
    server.add_argument("--key-file", type=Path, help="ask for the key in this file")
    server.add_argument("--key", help=argparse.SUPPRESS)
    server.add_argument(
        "--allow-host", action="append", default=[], help="another name that leads here"
    )
    server.add_argument("--workers", type=int, help="renders at the same time")
    return parser.parse_args()


def _add_usage(usage: argparse.ArgumentParser) -> None:
    usage.add_argument("--days", type=int, default=30, help="how far back; default: 30")
    usage.add_argument(
        "--by", choices=("person", "community", "channel", "model", "day"), default="person"
    )
    usage.add_argument("--csv", action="store_true", help="one line for each create")


def _report(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot import operator  # noqa: PLC0415 - each command loads its own

    if arguments.command == "ledger":
        return operator.check_ledger(settings)
    said = (
        operator.limits(settings)
        if arguments.command == "limits"
        else operator.usage(settings, days=arguments.days, by=arguments.by, as_csv=arguments.csv)
    )
    print(said)  # noqa: T201 - what was asked for
    return 0


def _examine(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.doctor import examine, report  # noqa: PLC0415 - each command loads its own

    checks = asyncio.run(examine(settings, misspelt_names(), render=arguments.render))
    return report(checks, as_json=arguments.json)


def _fail(error: Exception, arguments: argparse.Namespace) -> int:
    """Say in one sentence why nothing was started; return the exit code."""
    if getattr(arguments, "json", False):
        from bot.doctor import misconfigured, report  # noqa: PLC0415

        return report([misconfigured(str(error))], as_json=True)
    print(error, file=sys.stderr)  # noqa: T201 - the sentence a failed start consists of
    return 1


def main() -> int:
    """Run one command; return the exit code."""
    arguments = _arguments()
    share_one_heap()
    set_umask()
    try:
        settings = load_settings()
        # The doctor says in its own words what is wrong.
        level = "CRITICAL" if arguments.command == "doctor" else settings.log_level
        logs.set_up(level=level, form=settings.log_format)
        shorten_tracebacks()
        if arguments.command == "doctor":
            return _examine(settings, arguments)
        if arguments.command in _REPORTS:
            return _report(settings, arguments)
        for sentence in misspelt_names():
            _log.warning("%s", sentence)
        if arguments.command == "serve":
            asyncio.run(serve(settings, arguments))
        elif arguments.command == "demo":
            asyncio.run(show_demo(arguments))
        else:
            keep_out_of_collections()
            asyncio.run(run(settings))
    except (SettingsError, StartError) as error:
        return _fail(error, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
