"""The composition root: opens everything in one place and closes it in reverse."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import aiohttp
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from yarl import URL

from bot.allowances import notes
from bot.choices import check_preview, offered
from bot.claim import make_folder
from bot.client import VideoBot
from bot.delivery.links import Links, read_key
from bot.delivery.thumbnails import Take
from bot.http.ports import listening
from bot.jobs.database import StoreError
from bot.jobs.film_store import FilmStore
from bot.jobs.schema import NewerDatabaseError
from bot.jobs.store import JobStore
from bot.media.thumbnail import take_thumbnail
from bot.runtime.errors import StartError
from bot.runtime.proxies import is_this_machine
from bot.runtime.timing import SYSTEM, Timing
from bot.settings import Settings
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME, RUSHES, Dialect
from bot.videos.wire import ServerAccess
from bot.wiring import FetchImage, Resources, Wiring, retention_policy

_log = logging.getLogger(__name__)

START_WAITS: Final = 3.0
"""Seconds a start waits to hear what the Videos server speaks; it need not be there yet."""
IDLE_CONNECTION: Final = 4.0
"""Seconds an unused connection to the Videos server is kept: less than uvicorn's five, so that no
create leaves on a connection that the server is just closing, which would make its outcome
unknown."""


@asynccontextmanager
async def open_bot(
    settings: Settings,
    timing: Timing = SYSTEM,
    *,
    idle_connection: float = IDLE_CONNECTION,
    thumbnails: Take | None = take_thumbnail,
    fetch_image: FetchImage | None = None,
) -> AsyncGenerator[VideoBot]:
    """Open a bot with all it needs; it is not connected to Discord yet.

    An unused connection to the Videos server is kept for `idle_connection` seconds, 0 for none.
    `thumbnails` makes the thumbnails of films for the list; None for none. `fetch_image` returns
    the bytes of an attachment, from Discord's file store where it is None.

    Raises StartError where the folder, the database or the embedded server cannot be opened.
    """
    async with AsyncExitStack() as stack:
        ports = stack.enter_context(listening(settings))
        films = FilmStore(await asyncio.to_thread(make_folder, settings.data_dir / "films"))
        store = await stack.enter_async_context(open_store(settings))
        base_url, settings = await stack.enter_async_context(_videos_server(settings))
        _warn_of_open_key(settings)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=_connector(idle_connection))
        )
        videos = videos_client(settings, session, base_url)
        with suppress(TimeoutError):
            await asyncio.wait_for(videos.find_out(), START_WAITS)
        links = await asyncio.to_thread(_links, settings)
        resources = Resources(
            store=store,
            videos=videos,
            films=films,
            offer=await asyncio.to_thread(offered, settings, videos),
            links=links,
            take_thumbnail=thumbnails,
        )
        for note in notes(settings, resources.offer().catalog):
            _log.warning("%s", note)
        wiring = Wiring(settings, resources, timing)
        bot = wiring.attach(stack, fetch_image)
        if ports:
            # A bot that serves nothing does without what serves over HTTP.
            from bot.http.site import open_site  # noqa: PLC0415

            site = open_site(
                bot,
                wiring.events,
                store,
                videos,
                films=films,
                links=links,
                ports=ports,
                settings=settings,
            )
            await stack.enter_async_context(site)
        yield bot


def _connector(idle: float) -> aiohttp.TCPConnector:
    """Return the connections to the Videos server, each kept unused for `idle` seconds."""
    if not idle:
        return aiohttp.TCPConnector(force_close=True)
    return aiohttp.TCPConnector(keepalive_timeout=idle)


def _links(settings: Settings) -> Links | None:
    """Return what makes links, where the bot is reached from outside. Blocking."""
    if settings.public_url is None:
        return None
    path = settings.data_dir / "link.key"
    try:
        return Links(base=settings.public_url, key=read_key(path))
    except OSError as error:
        raise StartError(
            f"The links' key at {path} cannot be read or written ({error.strerror}); "
            "it must belong to the user who runs the bot."
        ) from error


def videos_client(
    settings: Settings, session: aiohttp.ClientSession, base_url: str
) -> VideosClient:
    """Return a client as configured for the Videos server, or for the embedded one."""
    key = settings.videos_api_key
    server = ServerAccess(
        base_url=base_url,
        api_key=None if key is None else key.get_secret_value(),
        timeout=settings.videos_timeout,
        film_hosts=frozenset(settings.videos_film_hosts),
        film_limit=retention_policy(settings).budget,
        proxies=settings.proxies,
        films_by_proxy=settings.videos_films_by_proxy,
    )
    return VideosClient(session, server, dialect=_dialect(settings))


def _warn_of_open_key(settings: Settings) -> None:
    """Warn that others between this machine and the Videos server can read the key."""
    url = URL(settings.videos_base_url or "")
    if settings.videos_api_key is None or url.scheme != "http" or url.host is None:
        return
    if not is_this_machine(url.host):
        _log.warning(
            "VIDEOS_API_KEY goes to %s over plain http, where others on the way can read it; "
            "use https if the server speaks it",
            url.host,
        )


def _dialect(settings: Settings) -> Dialect | None:
    """Return what is spoken as far as it need not be asked for."""
    if settings.videos_base_url is None:
        return RUSHES
    return BY_NAME.get(settings.videos_dialect)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator[JobStore]:
    """Open the database. Raises StartError where it cannot be."""
    name = make_url(settings.database).database
    async with AsyncExitStack() as stack:
        try:
            keys = [key.get_secret_value().encode() for key in settings.secret_keys]
            store = await stack.enter_async_context(
                JobStore.open(settings.database, settings.videos_currency, keys)
            )
        except NewerDatabaseError as error:
            raise StartError(
                f"{name} was written by a newer version of Rushes (schema {error}); "
                "update this one, or give it another DATA_DIR."
            ) from error
        except StoreError as error:
            raise StartError(f"{name} cannot be opened as a database: {error}.") from error
        yield store


@asynccontextmanager
async def _videos_server(settings: Settings) -> AsyncGenerator[tuple[str, Settings]]:
    """Give the base URL of the Videos server, and the settings with the key that it asks for."""
    if settings.videos_base_url is not None:
        yield settings.videos_base_url, settings
        return
    # A bot with a server of its own does without this one's code.
    from bot.embedded import embedded  # noqa: PLC0415

    await asyncio.to_thread(check_preview, settings)
    async with AsyncExitStack() as stack:
        try:
            base_url, key = await stack.enter_async_context(embedded(settings))
        except OSError as error:
            raise StartError(f"The embedded Videos server cannot start: {error}.") from error
        yield base_url, settings.model_copy(update={"videos_api_key": SecretStr(key)})
