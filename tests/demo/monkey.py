"""A monkey at the demo's page: random actions of all people, the same for the same seed.

Most of what it does is cheap; it asks for at most `videos` new ones. What it asked for has to end
on a card that is completed, or that it cancelled or deleted itself.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from playwright.async_api import Error, Locator

from bot.cards.buttons import LABELS, Action
from tests.browser import PATIENCE, PHONE, WINDOW
from tests.demo.visitor import PEOPLE, Visitor

_ATTEMPTS: Final = 5
"""For each action that is to be done, so many may be tried."""
_SHORT: Final = 3000.0
"""Milliseconds for one press or key: what is not there by then is missed."""
_NEVER: Final = frozenset({LABELS[Action.AGAIN], LABELS[Action.DELETE]})
"""Labels of cards that `_press_any` leaves to actions of their own."""


@dataclass
class Tally:
    """What the monkey did."""

    done: Counter[str] = field(default_factory=Counter[str])
    missed: Counter[str] = field(default_factory=Counter[str])
    """What it tried, and what was not there."""
    videos: int = 0
    """How often it asked for one; the bot may have refused, in private."""


class Monkey:
    """One page, whose random actions depend on the seed and on what is shown."""

    def __init__(self, visitor: Visitor, *, seed: int, videos: int) -> None:
        self.tally = Tally()
        self._at = visitor
        self._page = visitor.page
        self._random = Random(seed)  # noqa: S311 - it has to be the same each time
        self._videos = videos
        self._actions: dict[Callable[[], Awaitable[bool]], float] = {
            self._be: 7,
            self._open: 22,
            self._say: 6,
            self._unsay: 5,
            self._begin_and_cancel: 9,
            self._list: 6,
            self._press_listed: 10,
            self._dismiss: 13,
            self._open_a_form: 8,
            self._open_a_menu: 7,
            self._suggest: 3,
            self._press_any: 6,
            self._turn: 2,
            self._resize: 2,
            self._reload: 1,
            self._delete: 0.3,
            self._new_video: 3,
            self._again: 2,
            self._edit: 1,
            self._make: 1,
        }

    async def act(self, actions: int) -> None:
        """Do so many things. Fails where most of what it tries is not there."""
        self._page.set_default_timeout(_SHORT)
        every, weights = list(self._actions), list(self._actions.values())
        for _ in range(_ATTEMPTS * actions):
            if self.tally.done.total() == actions:
                break
            (action,) = self._random.choices(every, weights)
            name = action.__name__.strip("_")
            try:
                done = await action()
            except Error:
                await self._escape()
                done = False
            (self.tally.done if done else self.tally.missed)[name] += 1
        self._page.set_default_timeout(PATIENCE * 1000)
        assert self.tally.done.total() == actions, self.tally

    # ---------------------------------------------------------------- who and where

    async def _be(self) -> bool:
        await self._show_channels()
        await self._at.be(self._random.choice(PEOPLE))
        return True

    async def _open(self) -> bool:
        await self._show_channels()
        return await self._click(self._page.locator(".places li > button"))

    async def _show_channels(self) -> None:
        drawer = self._page.locator("body:not(.drawer) .drawer-button")
        if await drawer.is_visible():
            await drawer.click()

    async def _turn(self) -> bool:
        await self._show_channels()
        done = await self._click(self._page.get_by_label("Light or dark"))
        await self._page.keyboard.press("Escape")
        return done

    async def _resize(self) -> bool:
        await self._page.set_viewport_size(self._random.choice([PHONE, WINDOW, WINDOW]))
        return True

    async def _reload(self) -> bool:
        await self._page.reload()
        await self._at.ready()
        return True

    # ---------------------------------------------------------------- what is cheap

    async def _say(self) -> bool:
        await self._at.typed.fill(f"something said, number {self._random.randrange(1000)}")
        await self._at.typed.press("Enter")
        return True

    async def _unsay(self) -> bool:
        said = self._at.messages.locator("article").filter(has_text="something said")
        return await self._click(said.get_by_label("Delete message"), hover=True)

    async def _begin_and_cancel(self) -> bool:
        await self._at.begin(self._random.choice(["video", "videos"]))
        for chip in await self._page.locator(".chip").all():
            if self._random.random() < 0.5:
                await chip.click()
                break
        await self._page.get_by_label("Cancel the command").click()
        return True

    async def _suggest(self) -> bool:
        await self._at.begin("videos")
        await self._at.give("search", self._random.choice("aeiou"))
        await self._page.get_by_label("Cancel the command").click()
        return True

    async def _list(self) -> bool:
        await self._at.begin("videos")
        await self._at.run()
        return True

    async def _press_listed(self) -> bool:
        listed = self._at.private.filter(has=self._page.locator("h3"))
        return await self._click(listed.locator(".row button:enabled"))

    async def _dismiss(self) -> bool:
        return await self._click(self._page.get_by_role("button", name="Dismiss message"))

    async def _open_a_form(self) -> bool:
        labels = [LABELS[Action.EDIT], LABELS[Action.REMIX]]
        button = self._button(self._random.choice(labels))
        if not await self._click(button):
            return False
        await self._at.form.locator("footer .secondary").click()
        return True

    async def _open_a_menu(self) -> bool:
        if not await self._click(self._at.messages.get_by_title("Apps"), hover=True):
            return False
        await self._page.keyboard.press("Escape")
        return True

    async def _press_any(self) -> bool:
        """Press whatever changes a video that is made: Notify me, Cancel, and what went wrong."""
        rows = self._at.messages.locator("article:not(.private) .row button")
        labels = await rows.all_inner_texts()
        for at in self._random.sample(range(len(labels)), len(labels)):
            if labels[at] not in _NEVER and await self._click_it(rows.nth(at)):
                await self._escape()
                return True
        return False

    # ---------------------------------------------------------------- what is dear

    async def _new_video(self) -> bool:
        if not self._may_ask():
            return False
        await self._at.begin("video")
        await self._at.give("prompt", self._prompt())
        await self._at.run()
        return self._asked()

    async def _again(self) -> bool:
        if not self._may_ask() or not await self._click(self._button(LABELS[Action.AGAIN])):
            return False
        return self._asked()

    async def _edit(self) -> bool:
        if not self._may_ask() or not await self._click(self._button(LABELS[Action.EDIT])):
            return False
        return await self._fill_in()

    async def _make(self) -> bool:
        if not self._may_ask():
            return False
        if not await self._click(self._at.messages.get_by_title("Apps"), hover=True):
            return False
        await self._at.menu.get_by_role("menuitem").first.click()
        return await self._fill_in()

    async def _fill_in(self) -> bool:
        await self._at.form.locator("textarea").first.fill(self._prompt())
        await self._at.form.locator("button[type=submit]").click()
        await self._at.form.wait_for(state="detached")
        return self._asked()

    async def _delete(self) -> bool:
        """Delete a video with the bot's own button, or say no."""
        if not await self._click(self._button(LABELS[Action.DELETE])):
            return False
        sure = self._at.private.locator(".row button.danger").last
        await sure.click()
        return True

    def _may_ask(self) -> bool:
        return self.tally.videos < self._videos

    def _prompt(self) -> str:
        return f"a monkey's wish, number {self.tally.videos}"

    def _asked(self) -> bool:
        self.tally.videos += 1
        return True

    # ---------------------------------------------------------------- hands

    def _button(self, label: str) -> Locator:
        cards = self._at.messages.locator("article:not(.private)")
        return cards.get_by_role("button", name=label, exact=True)

    async def _click(self, every: Locator, *, hover: bool = False) -> bool:
        """Click one of them; False where there is none."""
        count = await every.count()
        return count > 0 and await self._click_it(
            every.nth(self._random.randrange(count)), hover=hover
        )

    async def _click_it(self, one: Locator, *, hover: bool = False) -> bool:
        if hover:
            await one.evaluate("one => one.closest('article').focus()")
        await one.click()
        return True

    async def _escape(self) -> None:
        """Close whatever was left open."""
        await self._page.keyboard.press("Escape")
        if await self._page.get_by_label("Cancel the command").count():
            await self._page.get_by_label("Cancel the command").click()
