"""What people may choose: the settings, the operator's catalog and the server's own list."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.requests.admission import Offer
from bot.runtime.errors import StartError
from bot.settings import CHOICES, Settings
from bot.videos.catalog import Catalog, CatalogError, read_catalog
from bot.videos.client import VideosClient

PREVIEW_MODELS: Final = ("preview",)
CHOICE_LENGTH: Final = 100
"""Characters of a choice. Source: Discord, application-commands."""


def offered(settings: Settings, videos: VideosClient) -> Callable[[], Offer]:
    """Return what tells at any moment what may be chosen; the server's part of it may change.

    Blocking. Raises StartError where the operator's table cannot be used.
    """
    catalog = catalog_of(settings)
    embedded = settings.videos_base_url is None
    models = PREVIEW_MODELS if embedded else settings.videos_models or tuple(catalog)
    sizes, seconds = _sizes_and_seconds(settings, catalog)
    fixed = Offer(models=models, sizes=sizes, seconds=seconds, catalog=catalog)

    def offer() -> Offer:
        remix = videos.dialect.remixes if settings.videos_remix is None else settings.videos_remix
        if models:
            return replace(fixed, remix=remix)
        may_list = not videos.was_asked or len(videos.models) > 1
        listed = tuple(name for name in videos.models if len(name) <= CHOICE_LENGTH)
        return replace(fixed, remix=remix, listed=listed, may_list=may_list)

    return offer


def check_preview(settings: Settings) -> None:
    """Check that the embedded server makes all that is offered. Blocking. Raises StartError."""
    from bot.server.objects import SECONDS, SIZES  # noqa: PLC0415 - loaded only where it is used

    sizes, seconds = _sizes_and_seconds(settings, catalog_of(settings))
    wanted = {"VIDEOS_SIZES": (SIZES, sizes), "VIDEOS_SECONDS": (SECONDS, seconds)}
    for name, (made, offer) in wanted.items():
        if refused := [value for value in offer if value not in made]:
            raise StartError(
                f"{name} has {', '.join(refused)}, which the embedded server does not make "
                f"(it makes {', '.join(made)}); leave it out, or set VIDEOS_BASE_URL to a server "
                "that does."
            )


def catalog_of(settings: Settings) -> Catalog:
    """Read the operator's table; what a model leaves out is as configured for all."""
    if settings.videos_catalog is None:
        return {}
    try:
        catalog = read_catalog(settings.videos_catalog)
    except CatalogError as error:
        raise StartError(f"VIDEOS_CATALOG: {error}") from error
    if len(catalog) > CHOICES:
        raise StartError(
            f"VIDEOS_CATALOG has {len(catalog)} models, and Discord accepts {CHOICES} choices; "
            "leave some out."
        )
    rest = {"sizes": settings.videos_sizes, "seconds": settings.videos_seconds}
    return {
        model: entry.model_copy(update={key: rest[key] for key in rest if not getattr(entry, key)})
        for model, entry in catalog.items()
    }


def _sizes_and_seconds(settings: Settings, catalog: Catalog) -> tuple[tuple[str, ...], ...]:
    """Return all sizes and lengths that are offered. Raises StartError."""
    sizes = _all([entry.sizes for entry in catalog.values()]) or settings.videos_sizes
    return sizes, _all([entry.seconds for entry in catalog.values()]) or settings.videos_seconds


def _all(of_models: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return every value that some model accepts; Discord shows 25 choices at the most."""
    values = tuple(dict.fromkeys(value for values in of_models for value in values))
    if len(values) > CHOICES:
        raise StartError(
            f"VIDEOS_CATALOG: all models together offer {len(values)} values of one kind, and "
            f"Discord accepts {CHOICES}; leave some out: {', '.join(values[CHOICES:])}."
        )
    return values
