"""Which of the models that a server lists make films, as far as its list tells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from bot.videos.dialects import Dialect, Lists

NAME_LIMIT: Final = 100
"""Characters of a choice. Source: Discord, application-commands."""
SHORT: Final = 25
"""Models of a list that is taken whole although nothing says what they make."""

_FILM_NAMES: Final = re.compile(
    r"sora|veo\d?\b|\bwan(?:[-_ ]?\d|\b)|kling|hailuo|ltx|cogvideo|seedance|mochi|vidu|pixverse"
    r"|runway|luma|\bpika|[ti]{1,2}2v|video",
    re.IGNORECASE,
)
_KINDS: Final = ("mode", "type", "task", "output_modalities", "supported_endpoint_types")
"""Fields that say what a model makes: LiteLLM's `mode` (video_generation), Together's `type`,
OpenRouter's `output_modalities`, New API's `supported_endpoint_types` (openai-video)."""
_HOLDERS: Final = ("model_info", "architecture")
_NAMES: Final = ("id", "model_name", "name")


def film_models(body: object, dialect: Dialect) -> tuple[str, ...]:
    """Return the names of the models that make films, in the order of the server's list."""
    if dialect.models_are is Lists.NO_MODELS:
        return ()
    entries = list(entries_of(body))
    kinds = {name: _kinds(entry) for entry in entries if (name := _name(entry))}
    if any(kinds.values()) or dialect.models_are is Lists.ANY_MODELS:
        return tuple(
            name for name, words in kinds.items() if any("video" in word for word in words)
        )
    if dialect.models_are is Lists.FILM_MODELS:
        return tuple(kinds)
    named = tuple(name for name in kinds if _FILM_NAMES.search(name))
    return named or (tuple(kinds) if len(kinds) <= SHORT else ())


def entries_of(body: object) -> Iterator[dict[str, Any]]:
    """Go through a list of models: OpenAI's `data`, or a bare list like Together's."""
    data = cast("dict[str, Any]", body).get("data") if isinstance(body, dict) else body
    for entry in cast("list[object]", data) if isinstance(data, list) else []:
        if isinstance(entry, dict):
            yield cast("dict[str, Any]", entry)


def _name(entry: Mapping[str, Any]) -> str | None:
    for key in _NAMES:
        name = entry.get(key)
        if isinstance(name, str) and 1 <= len(name) <= NAME_LIMIT:
            return name
    return None


def _kinds(entry: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for key in _KINDS:
        value = entry.get(key)
        values = cast("Sequence[object]", value) if isinstance(value, list) else [value]
        found += [each.lower() for each in values if isinstance(each, str)]
    for key in _HOLDERS:
        held = entry.get(key)
        if isinstance(held, dict):
            found += _kinds(cast("dict[str, Any]", held))
    return found
