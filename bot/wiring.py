"""Every object of a bot, wired once: services, the client, its cogs and what ends them."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from discord.ext import commands
from yarl import URL

from bot.allowances import limits_of
from bot.cards.renderer import CardRenderer
from bot.cards.view import CardOptions, film_name
from bot.client import VideoBot
from bot.delivery.card_updates import CardUpdates
from bot.delivery.deliverer import Deliverer
from bot.delivery.history import HistoryPolicy, HistoryRetention
from bot.delivery.links import Links
from bot.delivery.plan import DeliveryPlanner
from bot.delivery.retention import FilmRetention, RetentionPolicy
from bot.delivery.service import DeliveryService
from bot.delivery.thumbnails import Take, Thumbnails
from bot.jobs.abandoned import AbandonedRenders
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.poller import JobPoller
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.media.transcode import transcode_film
from bot.requests.admission import Offer
from bot.requests.cancellations import Cancellations
from bot.requests.communities import Communities
from bot.requests.erasure import Erasures
from bot.requests.export import Exporter
from bot.requests.forecast import Forecaster
from bot.requests.gate import Gate
from bot.requests.service import RequestService
from bot.runtime.proxies import is_this_machine
from bot.runtime.timing import Timing
from bot.settings import Settings
from bot.startup import Startup
from bot.transport.attachments import Attachments
from bot.transport.card_transport import CardTransport
from bot.transport.rate_limits import RateLimits
from bot.transport.removing import remove_messages
from bot.transport.scheduler import EditScheduler
from bot.videos.client import VideosClient
from cogs.admin import Admin
from cogs.admin_settings import AdminSettings
from cogs.buttons import Buttons
from cogs.confirmation_buttons import ConfirmationButtons
from cogs.confirmations import Confirmations
from cogs.departures import Departures
from cogs.library import Library
from cogs.make_video import Make
from cogs.notifications import Notifications
from cogs.personal_data import Personal
from cogs.quota import Quota
from cogs.reopened import ReopenedChannels
from cogs.requests import Requests
from cogs.video import VideoCog

LAST_EDITS: Final = 2.0
"""Seconds a stopping bot gives the edits that are on their way."""

FetchImage = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What is opened before anything is wired."""

    store: JobStore
    videos: VideosClient
    films: FilmStore
    offer: Callable[[], Offer]
    links: Links | None
    take_thumbnail: Take | None


class Wiring:
    """The objects of one bot; `attach` hands them to its client."""

    def __init__(self, settings: Settings, resources: Resources, timing: Timing) -> None:
        self._settings = settings
        self._resources = resources
        self._timing = timing
        self._pause = settings.poll_interval
        self._deadline = settings.render_deadline_hours * 3600
        self.events = JobEvents(resources.store)
        self._rate_limits = RateLimits(timing.clock)
        self._scheduler = EditScheduler(
            rate_limits=self._rate_limits, clock=timing.clock, sleep=timing.sleep
        )
        self._renderer = CardRenderer()
        self.client = VideoBot(
            rate_limits=self._rate_limits,
            clock=timing.clock,
            proxy=settings.proxies.for_address(settings.discord_api_url),
            dev_guild=settings.discord_dev_guild,
        )
        self._retention = self._new_retention()
        self._deliveries = self._new_deliveries()
        self._limits = limits_of(settings, resources.offer().catalog)
        self._communities = Communities(settings=resources.store.guild_settings, clock=timing.clock)
        self._confirmations = Confirmations(clock=timing.clock)
        self._gate = self._new_gate()
        self._service = self._new_service()
        self._transport = CardTransport(
            client=self.client,
            begin=self._deliveries.fallback_begun,
            renderer=self._renderer,
            limits=self._rate_limits,
            clock=timing.clock,
        )
        self._forecaster = Forecaster(
            store=resources.store,
            prices=self._limits.prices,
            clock=timing.clock,
        )

    def attach(self, stack: AsyncExitStack, fetch_image: FetchImage | None) -> VideoBot:
        """Give the client its cogs and its startup, and have everything end with `stack`.

        `fetch_image` returns an attachment's bytes; None gets them from Discord's file store.
        """
        poller, abandoned = self._new_poller(), self._new_abandoned()
        history = self._new_history()
        requests = self._new_requests(fetch_image)
        cards = self._new_card_updates()
        deliverer = self._new_deliverer(cards)
        self.events.listen(cards.changed)
        self.events.listen(deliverer.changed)
        startup = Startup(
            poller=poller,
            requests=self._service,
            deliveries=self._deliveries,
            send_unsent=requests.take_up,
            reasons=self._reasons(),
            services=(deliverer, poller, abandoned, self._retention, history),
        )
        self.client.prepare(self._cogs(requests), startup.run)
        stack.push_async_callback(self.client.hang_up)
        stack.push_async_callback(requests.close)
        stack.push_async_callback(cards.close)
        stack.push_async_callback(deliverer.close)
        stack.push_async_callback(partial(self._scheduler.close, grace=LAST_EDITS))
        stack.push_async_callback(self._service.close)
        stack.push_async_callback(history.close)
        stack.push_async_callback(self._retention.close)
        stack.push_async_callback(poller.close)
        stack.push_async_callback(abandoned.close)
        stack.callback(self.client.stop_taking)
        return self.client

    def _reasons(self) -> list[Reason]:
        """Return why kept videos may be deliverable at this start."""
        return [Reason.NO_ACCESS] + ([] if self._resources.links is None else [Reason.TOO_LARGE])

    def _new_retention(self) -> FilmRetention:
        return FilmRetention(
            store=self._resources.store,
            films=self._resources.films,
            policy=retention_policy(self._settings),
            events=self.events,
            clock=self._timing.clock,
            sleep=self._timing.sleep,
        )

    def _new_history(self) -> HistoryRetention:
        return HistoryRetention(
            store=self._resources.store,
            cancellations=self._new_cancellations(),
            communities=self._communities,
            policy=HistoryPolicy.of(self._settings.keep_history_days),
            clock=self._timing.clock,
            sleep=self._timing.sleep,
        )

    def _new_deliveries(self) -> DeliveryService:
        return DeliveryService(
            store=self._resources.store,
            events=self.events,
            videos=self._resources.videos,
            films=self._resources.films,
            poll_interval=self._pause,
            has_room=self._retention.has_room,
            clock=self._timing.clock,
        )

    def _new_service(self) -> RequestService:
        return RequestService(
            store=self._resources.store,
            events=self.events,
            videos=self._resources.videos,
            films=self._resources.films,
            offer=self._resources.offer,
            poll_interval=self._pause,
            clock=self._timing.clock,
        )

    def _new_gate(self) -> Gate:
        return Gate(
            store=self._resources.store,
            offer=self._resources.offer,
            limits=self._limits,
            communities=self._communities,
            disk_full=lambda: self._retention.full,
            clock=self._timing.clock,
        )

    def _new_cancellations(self) -> Cancellations:
        return Cancellations(
            store=self._resources.store,
            events=self.events,
            videos=self._resources.videos,
            films=self._resources.films,
            deadline=self._deadline,
            clock=self._timing.clock,
        )

    def _new_abandoned(self) -> AbandonedRenders:
        return AbandonedRenders(
            store=self._resources.store,
            videos=self._resources.videos,
            poll_interval=self._pause,
            clock=self._timing.clock,
            sleep=self._timing.sleep,
        )

    def _new_poller(self) -> JobPoller:
        return JobPoller(
            store=self._resources.store,
            videos=self._resources.videos,
            events=self.events,
            poll_interval=self._pause,
            deadline=self._deadline,
            clock=self._timing.clock,
            sleep=self._timing.sleep,
        )

    def _new_requests(self, fetch_image: FetchImage | None) -> Requests:
        settings = self._settings
        largest = int(settings.max_image_mb * 1024**2)
        attachments = Attachments(
            largest=largest, proxies=settings.proxies, also=_stand_in(settings)
        )
        return Requests(
            client=self.client,
            gate=self._gate,
            service=self._service,
            store=self._resources.store,
            forecaster=self._forecaster,
            renderer=self._renderer,
            options=self._options,
            confirmations=self._confirmations,
            fetch_image=fetch_image or attachments.fetch,
            largest_image=largest,
            clock=self._timing.clock,
        )

    def _cogs(self, requests: Requests) -> list[commands.Cog]:
        client, clock = self.client, self._timing.clock
        store, offer = self._resources.store, self._resources.offer
        limits, communities = self._limits, self._communities
        cancellations = self._new_cancellations()
        settings = AdminSettings(communities=communities, offer=offer, currency=limits.currency)
        return [
            Notifications(client=client, store=store, events=self.events, clock=clock),
            VideoCog(tree=client.tree, offer=offer, requests=requests),
            Buttons(
                client=client,
                requests=requests,
                gate=self._gate,
                service=self._service,
                cancellations=cancellations,
                communities=communities,
                deliveries=self._deliveries,
                store=store,
                events=self.events,
                clock=clock,
            ),
            Make(tree=client.tree, offer=offer, requests=requests),
            Library(store=store),
            Quota(store=store, limits=limits, communities=communities, clock=clock),
            settings,
            ConfirmationButtons(confirmations=self._confirmations, requests=requests),
            Admin(
                store=store,
                limits=limits,
                communities=communities,
                settings=settings,
                requests=requests,
                cancellations=cancellations,
                clock=clock,
            ),
            ReopenedChannels(client=client, deliveries=self._deliveries, events=self.events),
            Departures(client=client, store=store, clock=clock),
            self._new_personal(cancellations),
        ]

    def _new_personal(self, cancellations: Cancellations) -> Personal:
        opened = self._resources
        return Personal(
            exporter=Exporter(store=opened.store, films=opened.films),
            erasures=Erasures(
                store=opened.store,
                cancellations=cancellations,
                remove_messages=partial(remove_messages, self.client),
                clock=self._timing.clock,
                sleep=self._timing.sleep,
            ),
        )

    def _new_card_updates(self) -> CardUpdates:
        return CardUpdates(
            client=self.client,
            transport=self._transport,
            deliveries=self._deliveries,
            store=self._resources.store,
            forecaster=self._forecaster,
            renderer=self._renderer,
            scheduler=self._scheduler,
            rate_limits=self._rate_limits,
            options=self._options,
            clock=self._timing.clock,
        )

    def _new_deliverer(self, cards: CardUpdates) -> Deliverer:
        opened, links = self._resources, self._resources.links
        planner = DeliveryPlanner(
            films=opened.films,
            fit=transcode_film,
            link_life=None if links is None else self._settings.link_hours * 3600,
            clock=self._timing.clock,
        )
        return Deliverer(
            service=self._deliveries,
            planner=planner,
            transport=self._transport,
            cards=cards,
            scheduler=self._scheduler,
            thumbnails=Thumbnails(
                store=opened.store, films=opened.films, take=opened.take_thumbnail
            ),
        )

    def _options(self) -> CardOptions:
        """Return what all cards say, as far as the Videos server is known by now."""
        links = self._resources.links
        return CardOptions(
            remix=self._resources.offer().remix,
            currency=self._settings.videos_currency,
            link_for=None
            if links is None
            else lambda render: links.address(render, film_name(render)),
        )


def retention_policy(settings: Settings) -> RetentionPolicy:
    """Return how long films are kept, and how much room they have."""
    return RetentionPolicy(
        delivered=settings.keep_delivered_hours * 3600,
        undelivered=settings.keep_undelivered_hours * 3600,
        budget=int(settings.films_max_gb * 10**9),
    )


def _stand_in(settings: Settings) -> str | None:
    """Return where Discord is stood in for on this machine, if it is; that serves files as well."""
    host = URL(settings.discord_api_url).host or ""
    return settings.discord_api_url if is_this_machine(host) else None
