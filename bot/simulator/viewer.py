"""One open page: what its person sees is sent to it, and what the person does is done.

The page sends `{"do": …, "ref": …}`; an answer that is for this page alone carries the `ref` back.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from bot.simulator import shown
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.errors import Refusal
from bot.simulator.interactions import Interaction
from bot.simulator.messages import Message
from bot.simulator.people import File
from bot.simulator.world import Payload, User

Send = Callable[[Payload], Awaitable[None]]
_HISTORY: Final = 60
"""Messages that a channel shows when it is opened."""
_MODAL: Final = 9
_CHOICES: Final = 8
"""Types of a response. Source: Discord, interactions/receiving-and-responding."""


class Viewer:
    """A person at one page. `files` are those that were picked in any page, by their ids."""

    def __init__(
        self, discord: SimulatedDiscord, user: User, send: Send, files: dict[str, File]
    ) -> None:
        self._discord = discord
        self._user = user
        self._send = send
        self._files = files
        self._unsent: deque[Payload] = deque()
        self._sender: asyncio.Task[None] | None = None
        self._doing: set[asyncio.Task[None]] = set()
        self._actions: dict[str, Callable[[Payload], Awaitable[None]]] = {
            "open": self._open,
            "say": self._say,
            "command": self._command,
            "complete": self._complete,
            "menu": self._menu,
            "press": self._press,
            "submit": self._submit,
            "dismiss": self._dismiss,
            "delete": self._delete,
        }

    def places(self) -> list[Payload]:
        """List what this person's sidebar shows."""
        return shown.places(self._discord, self._user)

    def show(self, message: Message) -> None:
        """Send a message that is new, changed or gone."""
        if shown.is_visible(message, self._user):
            self.tell("message", message=self._described(message))
        elif message.channel.is_seen_by(self._user):
            self.tell("gone", channel=str(message.channel.id), id=str(message.id))

    def tell(self, event: str, **facts: object) -> None:
        """Send an event to the page, after those that wait to be sent."""
        self._unsent.append({"event": event, **facts})
        if self._sender is None or self._sender.done():
            self._sender = self._start(self._send_all())

    def hear(self, said: Payload) -> None:
        """Do what the page asks, without waiting for it."""
        self._start(self._do(said))

    def close(self) -> None:
        """Stop whatever is under way; what was done stays done."""
        for task in self._doing:
            task.cancel()

    async def _send_all(self) -> None:
        while self._unsent:
            try:
                await self._send(self._unsent.popleft())
            except ConnectionError:
                self._unsent.clear()

    def _start(self, work: Any) -> "asyncio.Task[None]":  # noqa: ANN401 - a coroutine
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)
        return task

    async def _do(self, said: Payload) -> None:
        try:
            await self._actions[said["do"]](said)
        except Refusal as refused:
            self.tell("refused", ref=said.get("ref"), text=refused.message)
        except (KeyError, ValueError) as refused:
            self.tell("refused", ref=said.get("ref"), text=str(refused))

    async def _open(self, said: Payload) -> None:
        channel = self._discord.world.channel(said["channel"])
        every = self._discord.messages.every.values()
        found = [
            one for one in every if one.channel is channel and shown.is_visible(one, self._user)
        ]
        found.sort(key=lambda one: one.id)
        self.tell(
            "history",
            channel=said["channel"],
            messages=[self._described(one) for one in found[-_HISTORY:]],
        )

    async def _say(self, said: Payload) -> None:
        channel = self._discord.world.channel(said["channel"])
        files = [self._file(one) for one in said["files"]]
        await self._discord.say(self._user, channel, said["text"], files)
        self.tell("answered", ref=said["ref"])

    async def _command(self, said: Payload) -> None:
        channel = self._discord.world.channel(said["channel"])
        options = {name: self._value(value) for name, value in said["options"].items()}
        made = await self._discord.slash(self._user, channel, said["name"], **options)
        await self._answer(said, made)

    async def _complete(self, said: Payload) -> None:
        channel = self._discord.world.channel(said["channel"])
        made = await self._discord.autocomplete(
            self._user, channel, said["name"], said["focused"], **said["options"]
        )
        await self._answer(said, made)

    async def _menu(self, said: Payload) -> None:
        message = self._discord.messages.get(said["message"])
        await self._answer(
            said, await self._discord.message_command(self._user, message, said["name"])
        )

    async def _press(self, said: Payload) -> None:
        message = self._discord.messages.get(said["message"])
        made = await self._discord.press(self._user, message, said["custom_id"], said.get("values"))
        await self._answer(said, made)

    async def _submit(self, said: Payload) -> None:
        asked = self._form(said["interaction"])
        answers = {name: self._value(value) for name, value in said["answers"].items()}
        await self._answer(said, await self._discord.submit(asked, **answers))

    def _form(self, interaction: str) -> Interaction:
        """Find a form that this person was shown. Raises ValueError."""
        for one in self._discord.interactions.every.values():
            if str(one.id) == interaction and one.user is self._user:
                return one
        raise ValueError("This form is gone; open it again.")

    async def _dismiss(self, said: Payload) -> None:
        message = self._discord.messages.get(said["message"])
        if message.seen_by is self._user:
            await self._discord.delete_message(message)

    async def _delete(self, said: Payload) -> None:
        """Delete a message as its author, or as who may manage messages."""
        message = self._discord.messages.get(said["message"])
        if self._discord.may_delete(self._user, message):
            await self._discord.delete_message(message)

    async def _answer(self, said: Payload, made: Interaction) -> None:
        """Wait for the bot's answer, and send the page what is not a message."""
        try:
            await made.answered()
        except TimeoutError:
            self.tell("failed", ref=said.get("ref"))
            return
        data = made.response_data
        if made.response_type == _MODAL:
            self.tell("modal", ref=said.get("ref"), interaction=str(made.id), modal=data)
        elif made.response_type == _CHOICES:
            self.tell("choices", ref=said.get("ref"), choices=data.get("choices", []))
        else:
            self.tell("answered", ref=said.get("ref"))

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - what an option may hold
        """Put the picked file in the place of its id: {"file": id}, or a list of them."""
        if isinstance(value, dict):
            return self._file(cast("dict[str, str]", value))
        if isinstance(value, list):
            return [self._value(one) for one in cast("list[Any]", value)]
        return value

    def _file(self, picked: dict[str, str]) -> File:
        """Return a file that was picked. Raises ValueError."""
        if (found := self._files.get(picked["file"])) is None:
            raise ValueError("A file is not there any more; choose it again.")
        return found

    def _described(self, message: Message) -> Payload:
        return shown.message(self._discord, message, self._user)
