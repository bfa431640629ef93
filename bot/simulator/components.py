"""Components V2: what a message may hold, and which of its files its components show.

Source: Discord, components/reference, and discord-api-docs#8277: a file that a component shows is
absent from the message's `attachments`.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.simulator.errors import invalid_form
from bot.simulator.world import Payload

V2: Final = 1 << 15
"""The message flag IS_COMPONENTS_V2."""
_PREFIX: Final = "attachment://"
_MOST: Final = 40
_MOST_TEXT: Final = 4000
_MOST_ALT: Final = 1024
_MOST_CUSTOM_ID: Final = 100


@dataclass(frozen=True)
class Attachment:
    """A file that was uploaded."""

    id: int
    name: str
    data: bytes
    content_type: str
    url: str
    description: str | None = None

    def payload(self) -> Payload:
        """Return the attachment object. Source: Discord, resources/message."""
        shown: Payload = {
            "id": str(self.id),
            "filename": self.name,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        }
        return shown if self.description is None else shown | {"description": self.description}

    def media(self) -> Payload:
        """Give the unfurled media item of a component that shows this file."""
        return {
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
            "width": None,
            "height": None,
            "attachment_id": str(self.id),
            "loading_state": 2,
        }


def walk(components: Sequence[Payload]) -> Iterator[Payload]:
    """Give every component, the nested ones too, in the order people see them."""
    for one in components:
        yield one
        nested: list[Any] = [*one.get("components", []), one.get("accessory"), one.get("component")]
        yield from walk([inner for inner in nested if inner is not None])


def check(components: Sequence[Payload], *, v2: bool) -> None:
    """Hold the published limits. Raises 50035."""
    every = list(walk(components))
    if v2 and len(every) > _MOST:
        raise invalid_form(f"{len(every)} components, {_MOST} at most")
    if sum(len(one.get("content", "")) for one in every) > _MOST_TEXT:
        raise invalid_form(f"text of more than {_MOST_TEXT} characters")
    for one in every:
        if len(one.get("custom_id", "")) > _MOST_CUSTOM_ID:
            raise invalid_form("a custom_id of more than 100 characters")
        for item in one.get("items", []):
            if len(item.get("description") or "") > _MOST_ALT:
                raise invalid_form("an alt text of more than 1024 characters")


def resolve(components: Sequence[Payload], files: Sequence[Attachment]) -> list[Payload]:
    """Number the components and put the files' addresses in place of attachment://name.

    Raises 50035 where no such file is in the message.
    """
    resolved = copy.deepcopy(list(components))
    for number, one in enumerate(walk(resolved), start=1):
        one.setdefault("id", number)
        for holder, key in _media(one):
            holder[key] = _resolved(holder[key], files)
    return resolved


def readdress(components: Sequence[Payload], files: Sequence[Attachment]) -> None:
    """Put the files' newest addresses into components that show them."""
    by_id = {str(file.id): file for file in files}
    for one in walk(components):
        for holder, key in _media(one):
            if (file := by_id.get(holder[key].get("attachment_id", ""))) is not None:
                holder[key] = file.media()


def shown_ids(components: Sequence[Payload]) -> list[int]:
    """Give the ids of the files that the components show."""
    media = [holder[key] for one in walk(components) for holder, key in _media(one)]
    return [int(item["attachment_id"]) for item in media if "attachment_id" in item]


def _media(component: Payload) -> Iterator[tuple[Payload, str]]:
    for item in component.get("items", []):
        yield item, "media"
    for key in ("media", "file"):
        if key in component:
            yield component, key


def _resolved(media: Payload, files: Sequence[Attachment]) -> Payload:
    url: str = media["url"]
    for file in files:
        if url in (f"{_PREFIX}{file.name}", file.url):
            return file.media()
    if url.startswith(_PREFIX):
        raise invalid_form(f"{url} is no file of this message")
    return {"url": url, "proxy_url": url, "loading_state": 2}
