"""The simulated Discord as its users see it: places, people, and what they do.

Real HTTP and a real WebSocket: a bot connects to `api_url` and `gateway_url` as it does to Discord.
"""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from bot.simulator import application, channels, guilds, webhooks
from bot.simulator.components import Attachment
from bot.simulator.core import Core
from bot.simulator.gateway import GUILDS
from bot.simulator.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from bot.simulator.messages import Message
from bot.simulator.people import MESSAGE_MENU, File, Typing, find_command, pressed
from bot.simulator.rest import BASE, add_rules
from bot.simulator.uploads import NewFile, Upload
from bot.simulator.world import (
    DM,
    GROUP_DM,
    MANAGE_MESSAGES,
    TEXT,
    THREAD,
    USUAL,
    Channel,
    Guild,
    Payload,
    User,
)

_LARGEST: Final = 1024**3
_OF_TWO: Final = 2


class SimulatedDiscord(Core):
    """Guilds, channels and people, and what people do; see Core for what the bot does."""

    api_url = ""

    @property
    def gateway_url(self) -> str:
        """Where a bot opens its WebSocket."""
        return self.gateway.url

    # ---------------------------------------------------------------- who and what there is

    def add_guild(self, name: str = "Rushes", **facts: Any) -> Guild:  # noqa: ANN401
        """Add a server; see world.Guild for `facts`. Bots hear of it when they connect."""
        guild = Guild(self.clock.snowflake(), name, **facts)
        self.world.guilds[guild.id] = guild
        return guild

    def add_channel(self, guild: Guild, name: str = "film-club", kind: int = TEXT) -> Channel:
        """Add a channel; the kinds stand in world."""
        return self._channel(name, kind, guild=guild)

    def add_thread(self, parent: Channel, name: str = "a-film", *, kind: int = THREAD) -> Channel:
        """Add a thread, which is called a post where the parent is a forum."""
        return self._channel(name, kind, guild=parent.guild, parent=parent)

    def add_conversation(self, *people: User) -> Channel:
        """Let people talk in a direct message that the bot is not part of."""
        kind = DM if len(people) <= _OF_TWO else GROUP_DM
        return self._channel("friends", kind, people=people)

    def _channel(self, name: str, kind: int, **facts: Any) -> Channel:  # noqa: ANN401
        channel = Channel(self.clock.snowflake(), name, kind, **facts)
        self.world.channels[channel.id] = channel
        return channel

    def add_user(self, name: str = "ada", **facts: Any) -> User:  # noqa: ANN401
        """Add a person; see world.User for `facts`."""
        user = User(self.clock.snowflake(), name, **facts)
        self.world.users[user.id] = user
        return user

    def dm(self, user: User) -> Channel:
        """Give the channel between the bot and a person."""
        return self.world.dm_with(user)

    # ---------------------------------------------------------------- what people do

    async def slash(
        self,
        user: User,
        channel: Channel,
        command: str,
        /,
        **options: Any,  # noqa: ANN401
    ) -> Interaction:
        """Use a slash command; an attachment is given as (name, bytes, content type)."""
        typing = Typing(self.world, self.cdn, channel)
        data = typing.command(self.commands_in(channel), command, options)
        return await self._interact(COMMAND, user, channel, data)

    async def autocomplete(
        self,
        user: User,
        channel: Channel,
        command: str,
        focused: str,
        /,
        **options: Any,  # noqa: ANN401
    ) -> Interaction:
        """Type into an option; the choices arrive in `interaction.response_data`."""
        typing = Typing(self.world, self.cdn, channel)
        data = typing.command(self.commands_in(channel), command, options, focused)
        return await self._interact(AUTOCOMPLETE, user, channel, data)

    async def message_command(self, user: User, message: Message, name: str) -> Interaction:
        """Choose an entry of a message's menu."""
        command = find_command(self.commands_in(message.channel), name, MESSAGE_MENU)
        data: Payload = {
            "id": command["id"],
            "name": name,
            "type": MESSAGE_MENU,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): message.payload()}},
        }
        return await self._interact(COMMAND, user, message.channel, data)

    async def press(
        self, user: User, message: Message, what: str, values: list[str] | None = None
    ) -> Interaction:
        """Press the button with this label or custom_id, or choose in a select."""
        data = pressed(message, what, values, self.world)
        return await self._interact(COMPONENT, user, message.channel, data, message)

    async def submit(
        self,
        interaction: Interaction,
        **answers: Any,  # noqa: ANN401
    ) -> Interaction:
        """Send off the modal that an interaction was answered with."""
        data = Typing(self.world, self.cdn, interaction.channel).answers(
            interaction.response_data, answers
        )
        return await self._interact(
            MODAL, interaction.user, interaction.channel, data, interaction.target
        )

    async def _interact(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Payload,
        target: Message | None = None,
    ) -> Interaction:
        made = self.interactions.new(kind, user, channel, data, target)
        await self.deliver(made)
        return made

    async def deliver(self, made: Interaction) -> None:
        """Send an interaction to the bot; once more, as a gateway that resumes may."""
        told = self.interactions.payload(made)
        guild = made.channel.guild
        made.sent = await self.gateway.dispatch("INTERACTION_CREATE", told, guild=guild)

    async def say(
        self, user: User, channel: Channel, text: str, files: Sequence[File] = ()
    ) -> Message:
        """Write a message as a person. Raises Refusal where Discord would not take it."""
        upload = Upload({"content": text}, {at: NewFile(*file) for at, file in enumerate(files)})
        message = self.messages.new(channel, user)
        limit = max(user.upload_limit, self.world.bot_upload_limit(channel))
        return self.messages.write(message, upload, through="say", limit=limit)

    def may_delete(self, user: User, message: Message) -> bool:
        """Whether a person may delete a message: an own one, or with MANAGE_MESSAGES."""
        is_own = message.author is user
        return is_own or (message.channel.guild is not None and bool(user.may & MANAGE_MESSAGES))

    async def delete_message(self, message: Message) -> None:
        """Delete a message as its author or a moderator would."""
        await channels.remove(self, message)

    async def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or thread."""
        del self.world.channels[channel.id]
        event = "CHANNEL_DELETE" if channel.parent is None else "THREAD_DELETE"
        await self.gateway.dispatch(event, channel.payload(), guild=channel.guild, intent=GUILDS)

    async def permit(self, channel: Channel, bot_may: int) -> None:
        """Change what the bot may do in a channel, and let it hear of that."""
        channel.bot_may = bot_may
        await self.gateway.dispatch(
            "CHANNEL_UPDATE", guilds.shown(channel), guild=channel.guild, intent=GUILDS
        )

    async def join_crew(self, guild: Guild) -> None:
        """Give the bot the role that may use the channels that are closed to it."""
        for channel in self.world.in_guild(guild):
            channel.bot_may = USUAL
        told = self.world.member(self.bot) | {
            "guild_id": str(guild.id),
            "roles": [str(guild.crew)],
        }
        # Of the bot itself, no intent is needed. Source: Discord, events/gateway, "Caveats".
        await self.gateway.dispatch("GUILD_MEMBER_UPDATE", told, guild=guild)

    async def open_thread(self, thread: Channel) -> None:
        """Take a thread out of the archive, and its lock away."""
        thread.archived = thread.locked = False
        await self.gateway.dispatch(
            "THREAD_UPDATE", thread.payload(), guild=thread.guild, intent=GUILDS
        )

    async def invite_bot(self, guild: Guild) -> None:
        """Let the bot into a server."""
        guild.bot_is_member = True
        await self.gateway.dispatch(
            "GUILD_CREATE", self.world.guild_payload(guild), guild=guild, intent=GUILDS
        )

    async def remove_bot(self, guild: Guild) -> None:
        """Throw the bot out of a server."""
        guild.bot_is_member = False
        told = {"id": str(guild.id)}
        await self.gateway.dispatch("GUILD_DELETE", told, guild=guild, intent=GUILDS)

    # ---------------------------------------------------------------- what can be seen

    def messages_in(self, channel: Channel) -> list[Message]:
        """Give what everybody sees there, oldest first."""
        every = self.messages.every.values()
        public = (one for one in every if one.seen_by is None and not one.deleted)
        return [one for one in public if one.channel is channel]

    def private_to(self, user: User) -> list[Message]:
        """Give the ephemeral messages of a person."""
        every = self.messages.every.values()
        return [one for one in every if one.seen_by is user and not one.deleted]

    def application(self) -> web.Application:
        """Return the application that serves REST, gateway and CDN."""
        app = web.Application(client_max_size=_LARGEST)
        for rules in (application.RULES, channels.RULES, guilds.RULES, webhooks.RULES):
            add_rules(app, self, rules)
        app.router.add_get("/gateway", self.gateway.connect)
        app.router.add_get("/attachments/{channel}/{id}/{name}", _Cdn(self).fetch)
        return app

    def listens_at(self, place: str) -> None:
        """Set the addresses; `place` is host:port."""
        self.api_url = f"http://{place}{BASE}"
        self.gateway.url = f"ws://{place}/gateway"
        self.cdn.base_url = f"http://{place}"


class _Cdn:
    """Serves files to whoever has an address that has not expired."""

    def __init__(self, discord: SimulatedDiscord) -> None:
        self._discord = discord

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        discord = self._discord
        discord.seen["cdn"] += 1

        async def apply() -> web.StreamResponse:
            file = discord.cdn.file(int(request.match_info["id"]))
            if file is None or discord.cdn.expired(request.query.get("ex", "")):
                return web.Response(status=404, text="This content is no longer available.")
            return _part(file, request)

        faults = discord.faults["cdn", None]
        return await (faults.pop(0)(request, apply) if faults else apply())


def _part(file: Attachment, request: web.Request) -> web.Response:
    """Return a file, or the range of it that a player asks for (RFC 9110, 14)."""
    headers = {"Content-Type": file.content_type, "Accept-Ranges": "bytes"}
    try:
        asked = request.http_range
    except ValueError:
        return web.Response(body=file.data, headers=headers)
    start, end, _ = asked.indices(len(file.data))
    if asked.start is None and asked.stop is None:
        return web.Response(body=file.data, headers=headers)
    if start >= end:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(file.data)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(file.data)}"
    return web.Response(status=206, body=file.data[start:end], headers=headers)
