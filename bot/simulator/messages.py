"""Messages, with every version anybody could have seen.

Source: Discord, resources/message.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.simulator import components
from bot.simulator.cdn import Cdn
from bot.simulator.clock import Clock, written
from bot.simulator.components import V2, Attachment
from bot.simulator.errors import empty_message, invalid_form, too_large, unknown_message
from bot.simulator.mentions import NOBODY, Pinged, pinged
from bot.simulator.uploads import Upload
from bot.simulator.world import Channel, Payload, User

EPHEMERAL: Final = 1 << 6
LOADING: Final = 1 << 7
_MOST_CONTENT: Final = 2000
_LAST_OF_V1: Final = 8
"""The highest component type that a message without IS_COMPONENTS_V2 may hold."""


@dataclass(frozen=True)
class Version:
    """What a message was, from `at` (Discord's clock) until the next version."""

    at: float
    through: str
    """The kind of request that made it."""
    content: str
    components: list[Payload]
    embeds: list[Any]
    files: tuple[Attachment, ...]
    flags: int
    pinged: Pinged = NOBODY

    @property
    def text(self) -> str:
        """All words in it."""
        parts = [one["content"] for one in components.walk(self.components) if "content" in one]
        return "\n".join([self.content, *parts] if self.content else parts)

    @property
    def shown_files(self) -> list[Attachment]:
        """The files people see: those in components first, then the loose ones."""
        shown = components.shown_ids(self.components)
        by_id = {file.id: file for file in self.files}
        return [by_id[one] for one in shown if one in by_id] + self.loose_files

    @property
    def loose_files(self) -> list[Attachment]:
        """The files that no component shows."""
        shown = components.shown_ids(self.components)
        return [file for file in self.files if file.id not in shown]

    @property
    def film(self) -> bytes | None:
        """The bytes of the first video that is shown."""
        for file in self.shown_files:
            if file.content_type.startswith("video/"):
                return file.data
        return None


@dataclass
class Message:
    """A message with all its versions."""

    id: int
    channel: Channel
    author: User
    interaction: int | None = None
    """The id of the interaction it answers."""
    used: tuple[User, str] | None = None
    """Who used which command, where it answers a command."""
    reference: Payload | None = None
    nonce: str | None = None
    seen_by: User | None = None
    """An ephemeral message's only reader."""
    versions: list[Version] = field(default_factory=list[Version])
    deleted: bool = False
    aged: float = 0.0
    """Seconds that it is older than its id says: to let one message alone grow old."""

    @property
    def now(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    @property
    def text(self) -> str:
        """The words of the newest version."""
        return self.now.text

    @property
    def film(self) -> bytes | None:
        """The bytes of the film it shows."""
        return self.now.film

    @property
    def texts(self) -> list[str]:
        """The words of every version."""
        return [version.text for version in self.versions]

    @property
    def pings(self) -> Pinged:
        """Whom it notified: an edit notifies nobody. Source: Discord, resources/message."""
        return self.versions[0].pinged

    def payload(self) -> Payload:
        """Return the message object."""
        now = self.now
        edited = None if len(self.versions) == 1 else written(now.at)
        shown: Payload = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": 0,
            "author": self.author.payload(),
            "content": now.content,
            "timestamp": written(self.versions[0].at),
            "edited_timestamp": edited,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "pinned": False,
            "flags": now.flags,
            "embeds": now.embeds,
            "components": now.components,
            "attachments": [file.payload() for file in now.loose_files],
        }
        return shown | self._origin()

    def _origin(self) -> Payload:
        told: Payload = {}
        if self.interaction is not None:
            told |= {"application_id": str(self.author.id), "webhook_id": str(self.author.id)}
        if self.reference is not None:
            told |= {"message_reference": self.reference, "type": 19}
        if self.nonce is not None:
            told["nonce"] = self.nonce
        return told


class Messages:
    """Every message there is or was; `changed` is called at each new version."""

    def __init__(self, clock: Clock, cdn: Cdn, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._cdn = cdn
        self._changed = changed
        self.every: dict[int, Message] = {}
        self.listeners: list[Callable[[Message], None]] = []
        """Called with each message that is new, changed or deleted."""
        self.refused: str | None = None
        """Words that Discord takes in no message, nor in the name of a file."""
        self.refused_with = invalid_form("words that Discord does not like")

    def get(self, given: str | int, channel: Channel | None = None) -> Message:
        """Find a message that was not deleted. Raises 10008."""
        message = self.every.get(int(given))
        if message is None or message.deleted or channel not in (None, message.channel):
            raise unknown_message()
        return message

    def new(self, channel: Channel, author: User, **facts: Any) -> Message:  # noqa: ANN401
        """Begin a message that has no version yet, and that nobody can find."""
        return Message(self._clock.snowflake(), channel, author, **facts)

    def write(self, message: Message, upload: Upload, *, through: str, limit: int) -> Message:
        """Create or edit: what the payload does not name stays. Raises 40005, 50006, 50035."""
        if upload.largest > limit:
            raise too_large()
        before = message.versions[-1] if message.versions else None
        payload = upload.payload
        files = tuple(self._files(message, before, upload))
        flags = _flags(before, payload)
        parts = payload.get("components")
        if self.refused is not None and self.refused in str(payload):
            raise self.refused_with
        if parts is not None:
            components.check(parts, v2=bool(flags & V2))
            parts = components.resolve(parts, files)
        version = Version(
            at=self._clock.now(),
            through=through,
            content=_either(payload.get("content"), "" if before is None else before.content),
            components=_either(parts, [] if before is None else before.components),
            embeds=_either(payload.get("embeds"), [] if before is None else before.embeds),
            files=files,
            flags=flags,
        )
        _check(version)
        version = replace(version, pinged=pinged(version.text, payload.get("allowed_mentions")))
        return self.put(message, version)

    def put(self, message: Message, version: Version) -> Message:
        """Add a version."""
        message.versions.append(version)
        self.every[message.id] = message
        self._announce(message)
        return message

    def loading(self, message: Message, flags: int) -> Message:
        """Show "is thinking", as a deferred answer does."""
        version = Version(self._clock.now(), "acknowledge", "", [], [], (), flags | LOADING)
        return self.put(message, version)

    def delete(self, message: Message) -> None:
        """Delete a message; its versions stay known."""
        message.deleted = True
        self._announce(message)

    def _announce(self, message: Message) -> None:
        self._changed()
        for listener in self.listeners:
            listener(message)

    def _files(
        self, message: Message, before: Version | None, upload: Upload
    ) -> Iterable[Attachment]:
        """Give what the message holds afterwards.

        An `attachments` list names every file to keep, and describes new ones by their index.
        """
        kept = {} if before is None else {file.id: file for file in before.files}
        named: list[Payload] | None = upload.payload.get("attachments")
        told = {int(one["id"]): one for one in named or []}
        for number, file in kept.items():
            if named is None or number in told:
                yield file
        for index, file in upload.files.items():
            description = told.get(index, {}).get("description")
            yield self._cdn.keep(file, channel=message.channel.id, description=description)


def _either(given: Any, before: Any) -> Any:  # noqa: ANN401
    return before if given is None else given


def _flags(before: Version | None, payload: Payload) -> int:
    """IS_COMPONENTS_V2 stays once it was set, EPHEMERAL is fixed by the first answer."""
    given: int = payload.get("flags") or 0
    if before is None:
        return given
    return before.flags & ~LOADING | given & V2


def _check(version: Version) -> None:
    if version.flags & V2 and (version.content or version.embeds):
        raise invalid_form("content or embeds beside Components V2")
    v2_parts = [one for one in version.components if one["type"] > _LAST_OF_V1]
    if v2_parts and not version.flags & V2:
        raise invalid_form("Components V2 without their flag")
    if len(version.content) > _MOST_CONTENT:
        raise invalid_form(f"content of more than {_MOST_CONTENT} characters")
    if not (version.content or version.components or version.embeds or version.files):
        raise empty_message()
