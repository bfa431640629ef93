"""Which of the models that a server lists make films, as far as its list says."""

import re
from typing import Final

from bot.runtime.json_fields import Fields, is_list, is_object, objects_in
from bot.videos.dialects import Dialect, Lists

NAME_LIMIT: Final = 512
"""Characters of a model's name; what is longer is none."""
SHORT: Final = 25
"""Models, at the most, of a list that counts as one of film models although nothing says so."""

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
    kinds = {name: _kinds(entry) for entry in entries_of(body) if (name := _name(entry))}
    if any(kinds.values()) or dialect.models_are is Lists.ANY_MODELS:
        return tuple(
            name for name, words in kinds.items() if any("video" in word for word in words)
        )
    if dialect.models_are is Lists.FILM_MODELS:
        return tuple(kinds)
    named = tuple(name for name in kinds if _FILM_NAMES.search(name))
    return named or (tuple(kinds) if len(kinds) <= SHORT else ())


def entries_of(body: object) -> list[Fields]:
    """Return the entries of a list of models: OpenAI's `data`, or a bare list like Together's."""
    listed = body.get("data") if is_object(body) else body
    return objects_in(listed)


def _name(entry: Fields) -> str | None:
    for key in _NAMES:
        name = entry.get(key)
        if isinstance(name, str) and 1 <= len(name) <= NAME_LIMIT:
            return name
    return None


def _kinds(entry: Fields) -> list[str]:
    """Return the words that say what a model makes, in lower case."""
    found: list[str] = []
    for key in _KINDS:
        value = entry.get(key)
        values = value if is_list(value) else [value]
        found += [each.lower() for each in values if isinstance(each, str)]
    for key in _HOLDERS:
        if is_object(held := entry.get(key)):
            found += _kinds(held)
    return found
