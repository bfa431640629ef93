"""What people do in Discord's own client, as the data of the interaction it sends.

Source: Discord, interactions/receiving-and-responding, interaction data; components/reference for
the answers of a modal. What the client would not let them do raises ValueError.
"""

from typing import Any, Final, cast

from bot.simulator.cdn import Cdn
from bot.simulator.components import Attachment, walk
from bot.simulator.interactions import SLASH, SUB_COMMANDS
from bot.simulator.messages import Message
from bot.simulator.uploads import NewFile
from bot.simulator.world import Channel, Payload, World

MESSAGE_MENU: Final = 3

_ATTACHMENT_OPTION: Final = 11
_NAMING: Final = (6, 7, 8, 9)
"""Options that name a person, a channel, a role, or either of the first and the last."""
_BUTTON: Final = 2
_NAMING_SELECTS: Final = (5, 6, 7, 8)
_TEXT_INPUT: Final = 4
_FILE_UPLOAD: Final = 19
_LABEL: Final = 18

File = tuple[str, bytes, str]
"""Name, bytes, content type."""


def find_command(commands: list[Payload], name: str, kind: int) -> Payload:
    """Find a command by name and type. Raises ValueError."""
    for command in commands:
        if command["name"] == name and command.get("type", 1) == kind:
            return command
    raise ValueError(f"the bot registered no command {name!r}")


class Typing:
    """Somebody fills in the options of a slash command: `name` may go on with sub-commands."""

    def __init__(self, world: World, cdn: Cdn, channel: Channel) -> None:
        self._world = world
        self._cdn = cdn
        self._channel = channel
        self._found: dict[str, dict[str, Payload]] = {}

    def command(
        self,
        commands: list[Payload],
        name: str,
        given: dict[str, Any],
        focused: str | None = None,
    ) -> Payload:
        """Give the data of the interaction; `focused` is the option being completed."""
        words = name.split()
        command = find_command(commands, words[0], SLASH)
        leaf, nest = command, list[Payload]()
        for word in words[1:]:
            leaf = _option(leaf, word)
            nest.append({"name": word, "type": leaf["type"]})
        options = self._options(leaf, given, focused)
        for level in reversed(nest):
            options = [level | {"options": options}]
        data = {"id": command["id"], "name": command["name"], "type": SLASH, "options": options}
        return data | self._resolved()

    def answers(self, modal: Payload, given: dict[str, Any]) -> Payload:
        """Give the data of a modal that was filled in, by the custom ids of its fields."""
        fields = [self._field(one, given) for one in modal["components"]]
        return {
            "custom_id": modal["custom_id"],
            "components": [one for one in fields if one is not None],
        } | self._resolved()

    def _resolved(self) -> Payload:
        return {"resolved": self._found} if self._found else {}

    def _options(
        self, command: Payload, given: dict[str, Any], focused: str | None
    ) -> list[Payload]:
        for option in command.get("options", []):
            if option.get("required") and option["name"] not in given and focused is None:
                raise ValueError(f"{option['name']} is required")
            if option["type"] in SUB_COMMANDS:
                raise ValueError(f"{command['name']} wants a sub-command")
        typed = [self._typed(_option(command, name), value) for name, value in given.items()]
        for one in typed:
            if one["name"] == focused:
                one["focused"] = True
        return typed

    def _typed(self, option: Payload, value: Any) -> Payload:  # noqa: ANN401
        choices = [one["value"] for one in option.get("choices", [])]
        if choices and value not in choices:
            raise ValueError(f"{value!r} is no choice of {option['name']}")
        if isinstance(value, str) and len(value) > option.get("max_length", 6000):
            raise ValueError(f"{option['name']} is too long")
        if option["type"] == _ATTACHMENT_OPTION:
            return {
                "name": option["name"],
                "type": option["type"],
                "value": self._attach(cast("File", value)),
            }
        if option["type"] in _NAMING:
            value = str(value)
            for kind, found in self._world.resolved(value, self._channel.guild).items():
                self._found.setdefault(kind, {})[value] = found
        return {"name": option["name"], "type": option["type"], "value": value}

    def _attach(self, file: File) -> str:
        name, data, content_type = file
        kept = self._cdn.keep(NewFile(name, data, content_type), channel=self._channel.id)
        told = Attachment(kept.id, name, data, content_type, kept.url).payload()
        attachments = self._found.setdefault("attachments", {})
        attachments[str(kept.id)] = told | {"ephemeral": True}
        return str(kept.id)

    def _field(self, holder: Payload, given: dict[str, Any]) -> Payload | None:
        """Fill in one label (or an action row of old); a plain text has no answer."""
        if holder["type"] == _LABEL:
            return {"type": _LABEL, "id": 0, "component": self._answer(holder["component"], given)}
        if "components" in holder:
            answers = [self._answer(one, given) for one in holder["components"]]
            return {"type": holder["type"], "id": 0, "components": answers}
        return None

    def _answer(self, field: Payload, given: dict[str, Any]) -> Payload:
        value = given.get(field["custom_id"])
        answer: Payload = {"type": field["type"], "id": 0, "custom_id": field["custom_id"]}
        if value is None and field.get("required", True) and not field.get("value"):
            raise ValueError(f"{field['custom_id']} is required")
        if field["type"] == _TEXT_INPUT:
            return answer | {"value": field.get("value", "") if value is None else value}
        if field["type"] == _FILE_UPLOAD:
            files: list[File] = value or []
            return answer | {"values": [self._attach(file) for file in files]}
        return answer | {"values": value or []}


def pressed(message: Message, wanted: str, values: list[str] | None, world: World) -> Payload:
    """Give the data of a component, found by the words on it or its custom_id."""
    for one in walk(message.now.components):
        if "custom_id" in one and wanted in (one["custom_id"], one.get("label")):
            if one.get("disabled"):
                raise ValueError(f"{wanted!r} is disabled")
            data = {"id": one["id"], "custom_id": one["custom_id"], "component_type": one["type"]}
            if one["type"] == _BUTTON:
                return data
            found: dict[str, dict[str, Payload]] = {}
            for value in (values or []) if one["type"] in _NAMING_SELECTS else ():
                for kind, payload in world.resolved(value, message.channel.guild).items():
                    found.setdefault(kind, {})[value] = payload
            return data | {"values": values or []} | ({"resolved": found} if found else {})
    raise ValueError(f"the message has no {wanted!r}")


def _option(command: Payload, name: str) -> Payload:
    for option in command.get("options", []):
        if option["name"] == name:
            return option
    raise ValueError(f"{command['name']} has no option {name!r}")
