"""One lane per message: the newest picture wins, and the last one is not lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

import pytest

from bot.transport.scheduler import EditScheduler
from tests.transport.turns import in_turn

PATIENCE = 10.0
"""Seconds a test waits for what should happen at once."""


@dataclass
class Wall:
    """A place where pictures are hung: each waits at its gate until the test lets it through."""

    begun: list[str] = field(default_factory=list[str])
    hung: list[str] = field(default_factory=list[str])
    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def picture(self, name: str, *, held: bool = False) -> Callable[..., Awaitable[str]]:
        gate = self.gates[name] = asyncio.Event()
        if not held:
            gate.set()

        async def send(_message: Hashable = None) -> str:
            await self._tell(self.begun, name)
            await gate.wait()
            await self._tell(self.hung, name)
            return f"{name} hangs"

        return send

    async def _tell(self, where: list[str], name: str) -> None:
        async with self.news:
            where.append(name)
            self.news.notify_all()

    async def until(self, *, begun: str | None = None, hung: str | None = None) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(
                lambda: (
                    (begun is None or begun in self.begun) and (hung is None or hung in self.hung)
                )
            )


@pytest.fixture
async def wall() -> Wall:
    return Wall()


@pytest.fixture
async def editor() -> EditScheduler:
    return EditScheduler()


async def test_a_picture_is_sent_when_the_message_is_free(
    editor: EditScheduler, wall: Wall
) -> None:
    editor.show(1, wall.picture("a"))
    await wall.until(hung="a")


async def test_of_what_waits_the_newest_is_sent_and_the_rest_never(
    editor: EditScheduler, wall: Wall
) -> None:
    editor.show(1, wall.picture("a", held=True))
    await wall.until(begun="a")
    for name in "bcde":
        editor.show(1, wall.picture(name))
    assert wall.begun == ["a"], "one at a time"
    wall.gates["a"].set()
    await wall.until(hung="e")
    assert wall.begun == ["a", "e"]


async def test_messages_do_not_wait_for_each_other(editor: EditScheduler, wall: Wall) -> None:
    editor.show("slow", wall.picture("a", held=True))
    await wall.until(begun="a")
    editor.show("other", wall.picture("b"))
    await wall.until(hung="b")
    assert wall.hung == ["b"]
    wall.gates["a"].set()
    await wall.until(hung="a")


async def test_finish_returns_what_its_sending_returned(editor: EditScheduler, wall: Wall) -> None:
    assert await in_turn(editor, 1, wall.picture("film")) == "film hangs"


async def test_finish_goes_before_what_waits_and_nothing_waiting_replaces_it(
    editor: EditScheduler, wall: Wall
) -> None:
    editor.show(1, wall.picture("a", held=True))
    await wall.until(begun="a")
    editor.show(1, wall.picture("b"))
    finishing = asyncio.create_task(in_turn(editor, 1, wall.picture("film")))
    await asyncio.sleep(0)  # finish() has put its picture up
    editor.show(1, wall.picture("c"))
    wall.gates["a"].set()
    async with asyncio.timeout(PATIENCE):
        assert await finishing == "film hangs"
    await editor.close(grace=PATIENCE)
    assert wall.begun == wall.hung == ["a", "film"]


async def test_a_failed_finish_raises_where_it_is_awaited_and_the_lane_goes_on(
    editor: EditScheduler, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise ConnectionResetError("Discord hung up")

    with pytest.raises(ConnectionResetError, match="hung up"):
        await in_turn(editor, 1, fails)
    editor.show(1, wall.picture("a"))
    await wall.until(hung="a")
    assert not caplog.records, "whoever awaits it decides what to say"


async def test_a_failed_picture_is_logged_and_the_next_one_is_sent(
    editor: EditScheduler, wall: Wall, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(_message: Hashable) -> None:
        await wall.picture("begin", held=True)()
        raise ConnectionResetError("Discord hung up")

    with caplog.at_level(logging.ERROR):
        editor.show(77, fails)
        await wall.until(begun="begin")
        editor.show(77, wall.picture("a"))
        wall.gates["begin"].set()
        await wall.until(hung="a")
    (record,) = caplog.records
    assert "77" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ConnectionResetError)


async def test_a_message_is_forgotten_after_its_end(editor: EditScheduler, wall: Wall) -> None:
    queues = editor._queues  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - a leak shows nowhere else

    async def fails(_message: Hashable) -> None:
        raise ValueError

    editor.show(1, wall.picture("a"))
    editor.show(2, wall.picture("b"), final=True)
    editor.show(3, fails, final=True)
    await in_turn(editor, 4, wall.picture("film"))
    await wall.until(hung="a")
    await wall.until(hung="b")
    assert 1 in queues
    await in_turn(editor, 1, wall.picture("its film"))
    await editor.close(grace=PATIENCE)
    assert queues == {}


async def test_a_message_is_edited_again_after_a_rest(editor: EditScheduler, wall: Wall) -> None:
    for name in "abc":
        editor.show(1, wall.picture(name))
        await wall.until(hung=name)
    assert await in_turn(editor, 1, wall.picture("film")) == "film hangs"
    assert wall.hung == ["a", "b", "c", "film"]


async def test_close_lets_what_is_on_its_way_arrive(editor: EditScheduler, wall: Wall) -> None:
    editor.show(1, wall.picture("a", held=True))
    await wall.until(begun="a")
    editor.show(1, wall.picture("b"))
    closing = asyncio.create_task(editor.close(grace=PATIENCE))
    await asyncio.sleep(0)  # it waits
    wall.gates["a"].set()
    await closing
    assert wall.hung == ["a", "b"]


async def test_close_waits_no_longer_than_its_grace(editor: EditScheduler, wall: Wall) -> None:
    editor.show(1, wall.picture("a", held=True))
    await wall.until(begun="a")
    async with asyncio.timeout(PATIENCE):
        await editor.close(grace=0.01)
    assert wall.hung == []
