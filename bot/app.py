"""The composition root: opens everything in one place and closes it in reverse."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import aiohttp
from filelock import FileLock, Timeout
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from yarl import URL

from bot.cards.view import film_name
from bot.client import VideoBot
from bot.delivery.links import Links, read_key
from bot.delivery.plan import DeliveryPlanner
from bot.delivery.retention import FilmRetention, RetentionPolicy
from bot.delivery.service import DeliveryService
from bot.delivery.thumbnails import Take, Thumbnails
from bot.http.ports import listening
from bot.jobs.abandoned import AbandonedRenders
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Job, JobChange
from bot.jobs.poller import JobPoller
from bot.jobs.schema import NewerDatabaseError
from bot.jobs.store import JobStore, StoreError
from bot.media.thumbnail import take_thumbnail
from bot.media.transcode import transcode_film
from bot.requests.order import Limits, Offer
from bot.requests.queries import RequestQueries
from bot.requests.service import RequestService
from bot.runtime.errors import StartError
from bot.runtime.private_files import close_to_others
from bot.runtime.proxies import is_this_machine
from bot.runtime.timing import SYSTEM, Timing
from bot.settings import CHOICES, Settings
from bot.transport.attachments import Attachments
from bot.transport.rate_limits import RateLimits
from bot.transport.scheduler import EditScheduler
from bot.videos.catalog import Catalog, CatalogError, read_catalog
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME, RUSHES, Dialect

_log = logging.getLogger(__name__)

LAST_EDITS: Final = 2.0
"""Seconds a stopping bot gives the edits that are on their way."""
GOODBYE: Final = 2.0
"""Seconds Discord's gateway has to agree to the end of the connection."""
START_WAITS: Final = 3.0
"""Seconds a start waits to hear what the Videos server speaks; it need not be there yet."""
IDLE_CONNECTION: Final = 4.0
"""Seconds an unused connection to the Videos server is kept: less than uvicorn's five, so that no
create leaves on a connection that the server is just closing, which would make its outcome
unknown."""
PREVIEW_MODELS: Final = ("preview",)


@asynccontextmanager
async def open_bot(
    settings: Settings,
    timing: Timing = SYSTEM,
    *,
    idle_connection: float = IDLE_CONNECTION,
    stills: Take | None = take_thumbnail,
) -> AsyncGenerator[VideoBot]:
    """Open a bot with all it needs; it is not connected to Discord yet.

    An unused connection to the Videos server is kept for `idle_connection` seconds, 0 for none.
    `stills` takes the pictures of films for the list; None for none.

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
        offer = await asyncio.to_thread(offered, settings, videos)
        links = await asyncio.to_thread(_links, settings)
        house = _House(
            store=store, videos=videos, films=films, offer=offer, stills=stills, links=links
        )
        bot = _bot(settings, stack, house, timing)
        if ports:
            # A bot that serves nothing does without what serves over HTTP.
            from bot.http.site import open_site  # noqa: PLC0415

            site = open_site(
                bot, store, videos, films=films, links=links, ports=ports, settings=settings
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
            "it is to belong to whoever runs the bot."
        ) from error


def videos_client(
    settings: Settings, session: aiohttp.ClientSession, base_url: str
) -> VideosClient:
    """Return a client as configured for the Videos server, or for the embedded one."""
    key = settings.videos_api_key
    return VideosClient(
        session,
        base_url=base_url,
        api_key=None if key is None else key.get_secret_value(),
        timeout=settings.videos_timeout,
        dialect=_dialect(settings),
        film_hosts=frozenset(settings.videos_film_hosts),
        film_limit=_retention_policy(settings).budget,
        proxies=settings.proxies,
        films_by_proxy=settings.videos_films_by_proxy,
    )


def _warn_of_open_key(settings: Settings) -> None:
    """Say that the key can be read by whoever is between this machine and the Videos server."""
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


def offered(settings: Settings, videos: VideosClient) -> Callable[[], Offer]:
    """Return what tells at any moment what may be chosen; the server's part of it may change.

    Blocking. Raises StartError where the operator's table cannot be used.
    """
    catalog = _catalog(settings)
    embedded = settings.videos_base_url is None
    models = PREVIEW_MODELS if embedded else settings.videos_models or tuple(catalog)
    fixed = Offer(
        models=models,
        sizes=_all([entry.sizes for entry in catalog.values()]) or settings.videos_sizes,
        seconds=_all([entry.seconds for entry in catalog.values()]) or settings.videos_seconds,
        catalog=catalog,
    )

    def offer() -> Offer:
        remix = videos.dialect.remixes if settings.videos_remix is None else settings.videos_remix
        if models:
            return replace(fixed, remix=remix)
        may_list = not videos.was_asked or len(videos.models) > 1
        return replace(fixed, remix=remix, listed=videos.models, may_list=may_list)

    return offer


def check_preview(settings: Settings) -> None:
    """Have the embedded server make all that is offered. Blocking. Raises StartError."""
    from bot.embedded import SECONDS, SIZES  # noqa: PLC0415 - loaded only where it is used

    catalog = _catalog(settings).values()
    wanted = {
        "VIDEOS_SIZES": (SIZES, _all([each.sizes for each in catalog]) or settings.videos_sizes),
        "VIDEOS_SECONDS": (
            SECONDS,
            _all([each.seconds for each in catalog]) or settings.videos_seconds,
        ),
    }
    for name, (made, offer) in wanted.items():
        if refused := [value for value in offer if value not in made]:
            raise StartError(
                f"{name} has {', '.join(refused)}, which the embedded server does not make "
                f"(it makes {', '.join(made)}); leave it out, or set VIDEOS_BASE_URL to a server "
                "that does."
            )


def _catalog(settings: Settings) -> Catalog:
    """Read the operator's table; what a model leaves out is as configured for all."""
    if settings.videos_catalog is None:
        return {}
    try:
        catalog = read_catalog(settings.videos_catalog)
    except CatalogError as error:
        raise StartError(f"VIDEOS_CATALOG: {error}") from error
    rest = {"sizes": settings.videos_sizes, "seconds": settings.videos_seconds}
    return {
        model: entry.model_copy(update={key: rest[key] for key in rest if not getattr(entry, key)})
        for model, entry in catalog.items()
    }


def _all(of_models: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return every value that some model takes; Discord shows 25 choices at the most."""
    values = tuple(dict.fromkeys(value for values in of_models for value in values))
    if len(values) > CHOICES:
        raise StartError(
            f"VIDEOS_CATALOG: all models together offer {len(values)} values of one kind, and "
            f"Discord takes {CHOICES}; leave some out: {', '.join(values[CHOICES:])}."
        )
    return values


@dataclass(frozen=True, kw_only=True)
class _House:
    store: JobStore
    videos: VideosClient
    films: FilmStore
    offer: Callable[[], Offer]
    stills: Take | None
    links: Links | None


def _bot(settings: Settings, stack: AsyncExitStack, house: _House, timing: Timing) -> VideoBot:
    links = house.links

    def announce(change: JobChange) -> None:
        bot.dispatch("job_change", change)

    def remind(job: Job) -> None:
        bot.dispatch("untold_end", job)

    ledger = JobEvents(house.store, announce)
    keeper = FilmRetention(
        store=house.store,
        films=house.films,
        keep=_retention_policy(settings),
        announce=announce,
        clock=timing.clock,
        sleep=timing.sleep,
    )
    deliveries = DeliveryService(
        store=house.store,
        ledger=ledger,
        videos=house.videos,
        films=house.films,
        poll_interval=settings.poll_interval,
        has_room=keeper.has_room,
        clock=timing.clock,
    )
    studio = RequestService(
        store=house.store,
        ledger=ledger,
        videos=house.videos,
        films=house.films,
        offer=house.offer,
        limits=Limits(per_user=settings.max_active_per_user, all_together=settings.max_active),
        announce=announce,
        poll_interval=settings.poll_interval,
        deadline=settings.render_deadline_hours * 3600,
        disk_full=lambda: keeper.full,
        clock=timing.clock,
    )
    abandoned = AbandonedRenders(
        store=house.store,
        videos=house.videos,
        poll_interval=settings.poll_interval,
        clock=timing.clock,
        sleep=timing.sleep,
    )
    poller = JobPoller(
        store=house.store,
        videos=house.videos,
        announce=announce,
        remind=remind,
        poll_interval=settings.poll_interval,
        deadline=settings.render_deadline_hours * 3600,
        clock=timing.clock,
        sleep=timing.sleep,
    )
    archive = RequestQueries(
        store=house.store,
        films=house.films,
        prices=_prices(settings, house.offer().catalog),
        clock=timing.clock,
    )
    buckets = RateLimits(timing.clock)
    editor = EditScheduler(buckets=buckets, clock=timing.clock, sleep=timing.sleep)
    largest_image = int(settings.max_image_mb * 1024**2)
    bot = VideoBot(
        studio=studio,
        deliveries=deliveries,
        archive=archive,
        poller=poller,
        abandoned=abandoned,
        keeper=keeper,
        stills=Thumbnails(store=house.store, films=house.films, take=house.stills),
        ladder=DeliveryPlanner(
            films=house.films,
            fit=transcode_film,
            link_life=None if links is None else settings.link_hours * 3600,
            clock=timing.clock,
        ),
        editor=editor,
        buckets=buckets,
        clock=timing.clock,
        currency=settings.videos_currency,
        link_for=None if links is None else lambda job: links.address(job, film_name(job)),
        largest_image=largest_image,
        fetch_image=Attachments(
            largest=largest_image, proxies=settings.proxies, also=_stand_in(settings)
        ).fetch,
        proxy=settings.proxies.for_address(settings.discord_api_url),
        dev_guild=settings.discord_dev_guild,
    )
    stack.push_async_callback(_hang_up, bot)
    stack.push_async_callback(_last_words, studio, editor)
    stack.push_async_callback(keeper.close)
    stack.push_async_callback(poller.close)
    stack.push_async_callback(abandoned.close)
    stack.callback(bot.stop_taking)
    return bot


def _stand_in(settings: Settings) -> str | None:
    """Return where Discord is stood in for on this machine, if it is; that serves files as well."""
    host = URL(settings.discord_api_url).host or ""
    return settings.discord_api_url if is_this_machine(host) else None


def _prices(settings: Settings, catalog: Catalog) -> dict[str, float]:
    listed = {model: entry.price for model, entry in catalog.items()}
    return settings.videos_prices | {
        model: price for model, price in listed.items() if price is not None
    }


def _retention_policy(settings: Settings) -> RetentionPolicy:
    return RetentionPolicy(
        delivered=settings.keep_delivered_hours * 3600,
        undelivered=settings.keep_undelivered_hours * 3600,
        budget=int(settings.films_max_gb * 10**9),
    )


async def _last_words(studio: RequestService, editor: EditScheduler) -> None:
    """Let creates on the wire be answered, then the edits on their way and theirs arrive."""
    await studio.close()
    await editor.close(grace=LAST_EDITS)


async def _hang_up(bot: VideoBot) -> None:
    """Close the connections to Discord, whether its gateway answers or not."""
    try:
        await asyncio.wait_for(bot.close(), GOODBYE)
    except TimeoutError:
        await bot.http.close()


def make_folder(folder: Path) -> Path:
    """Have a folder that can be written to. Blocking. Raises StartError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"The folder {folder} cannot be written to ({error.strerror}); "
            "set DATA_DIR to one that can."
        ) from error
    return folder


@contextmanager
def claimed(settings: Settings) -> Generator[None]:
    """Hold the database for this process alone: two bots would both poll, deliver and buy.

    The lock goes with the process, however it ends. Raises StartError where another holds it.
    """
    make_folder(settings.data_dir)
    close_to_others(settings.data_dir, settings.database)
    name = make_url(settings.database).database
    lock = FileLock(f"{name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StartError(
            f"Another bot is running on {name}; stop it, or give this one its own DATA_DIR."
        ) from None
    except OSError as error:
        raise StartError(
            f"{name} cannot be written to ({error.strerror}); set DATA_DIR to a folder that can."
        ) from error
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator[JobStore]:
    """Open the database. Raises StartError where it cannot be."""
    name = make_url(settings.database).database
    async with AsyncExitStack() as stack:
        try:
            store = await stack.enter_async_context(JobStore.open(settings.database))
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
