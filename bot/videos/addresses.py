"""Finds the address of a film in a job, or in an answer that stands for the film, by shape.

Sources: `url`, `urls` (SGLang with S3), `unsigned_urls` (OpenRouter, with the key), `outputs`
(Together), `metadata.url` (New API), `data[].url` (Dynamo), `video.url` (xAI), and what relays add:
`video_url`, `result_url`, `task_result.videos[0].url`, or an address in `remixed_from_video_id` or
`fail_reason`.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Final

from bot.runtime.json_fields import is_list, is_object

DEEPEST: Final = 8
"""Levels of an answer that are searched."""
MOST: Final = 200
"""Values of a list or an object, and candidates in all, that are examined."""

_ADDRESS: Final = re.compile(r"(?:https?://|/(?!/))[^\s\"'<>]+", re.IGNORECASE)
_SPLIT: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_FILM: Final = frozenset({
    "video", "videos", "film", "films", "mp4", "media", "output", "outputs", "result", "results",
    "download", "content", "contents", "file", "files", "play", "generated", "assets", "asset",
    "data", "metadata", "task", "response", "generation", "generations", "works", "resource",
    "resources", "creations", "samples", "sample", "artifacts", "artifact", "items", "unsigned",
    "signed", "hd", "watermark", "remixed", "info", "detail", "details", "body", "extra",
    "properties",
})  # fmt: skip
"""Words of a name that may hold a film's address."""
_URL: Final = frozenset({"url", "urls", "uri", "uris", "link", "links", "href", "address"})
_NO_FILM: Final = frozenset({
    "input", "inputs", "image", "images", "reference", "references", "callback", "webhook", "hook",
    "polling", "poll", "status", "cover", "thumbnail", "thumbnails", "poster", "preview", "frame",
    "frames", "audio", "request", "prompt", "cancel", "get", "self", "docs", "documentation",
    "help", "spritesheet", "gif", "avatar", "icon", "error", "user", "source", "origin", "next",
    "previous", "page", "stream", "logs", "log", "web", "share", "mask", "params", "parameters",
    "notify", "notification", "queue", "pic", "img", "snapshot", "caption", "captions", "profile",
    "return", "redirect", "motion", "driving", "ref", "original", "upload", "support", "music",
    "options", "first", "last", "subtitle", "lora", "path", "paths",
})  # fmt: skip
"""Words of a name that holds another thing's address, or an address that asks about the job."""
_ASKS: Final = re.compile(r"response_?ur[li]", re.IGNORECASE)
"""Where a queue answers with the job, not with its film (fal)."""
_PACKED: Final = 100_000
"""Characters of JSON inside a text that are searched, like `resultJson`."""
_MISUSED: Final = frozenset({"fail_reason", "remixed_from_video_id"})
"""Fields in which relays put the address, whatever their name says."""


def film_url(body: object) -> str | None:
    """Return the address of the film, absolute or beginning with a slash, or None."""
    best = min(islice(_urls(body, "", DEEPEST), MOST), key=itemgetter(0), default=None)
    return None if best is None else best[1]


def is_address(value: object) -> bool:
    """Whether a value is an address and nothing else."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value.strip()) is not None


def _urls(body: object, name: str, depth: int) -> Iterator[tuple[int, str]]:
    """Yield each address with its rank: named as a film's before others, then the shallower."""
    if isinstance(body, str):
        rank = _rank(name, is_path=body.lstrip().startswith("/")) if is_address(body) else None
        if rank is not None:
            yield rank * 10 + DEEPEST - depth, body.strip()
        elif depth and _leads(name) and (inner := _packed(body)) is not None:
            yield from _urls(inner, name, depth - 1)
    elif depth and is_list(body):
        for each in body[:MOST]:
            yield from _urls(each, name, depth - 1)
    elif depth and is_object(body):
        for key, value in list(body.items())[:MOST]:
            if isinstance(value, str) or _leads(key):
                yield from _urls(value, _inner(name, key), depth - 1)


def _packed(text: str) -> object:
    """Return the JSON that a text is, or None."""
    if len(text) > _PACKED or text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _inner(name: str, key: str) -> str:
    """Name a value by its own key, and by its holder's too where the key alone says little."""
    words = set(_words(key))
    return f"{name} {key}" if words <= _URL else key


def _words(name: str) -> list[str]:
    return [word.lower() for word in _SPLIT.split(name) if word]


def _leads(key: str) -> bool:
    """Whether a list or an object of this name may hold the film's address."""
    words = set(_words(key))
    return not words & _NO_FILM and bool(words & (_FILM | _URL))


def _rank(name: str, *, is_path: bool) -> int | None:
    """Return how surely a name is that of a film's address, 0 the surest; None where it is not.

    A path counts where the name says that it is an address: others name files of the server.
    """
    if name in _MISUSED:
        return None if is_path else 4
    words = set(_words(name))
    if _ASKS.fullmatch(name) or words & _NO_FILM or not words & (_URL | _FILM):
        return None
    is_film = bool(words & {"video", "videos", "film", "films", "mp4"})
    if words & _URL:
        return 0 if is_film else 1
    if is_path:
        return None
    return 2 if is_film or words & {"output", "outputs", "result", "results", "download"} else 3
