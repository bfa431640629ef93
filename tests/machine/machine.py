"""The steps that the bot is led through, in any order, and what holds after each of them.

Its rows are in a real SQLite file, both servers answer over real HTTP, people press real buttons.
"""

import sys
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.cards.buttons import Action
from bot.simulator.messages import Message
from bot.simulator.world import User
from tests.machine.faults import DISCORD, LOST, VIDEOS
from tests.machine.promises import (
    Asked,
    at_rest,
    bought_only_as_asked,
    delivered_where_it_says_so,
    films_are_kept,
    made_from_its_image,
    nothing_unforeseen,
    nothing_vanished,
    settled,
    shown_once,
)
from tests.machine.world import World

MOST: Final = 4
"""Requests in one course of events."""
HOUR: Final = 3600.0
LATER: Final = 2 * HOUR
"""Seconds after which no token lives and what was left over counts as such."""
ANSWERED: Final = 0.5
"""Seconds in which a press is answered."""
DELIVERED: Final = 12.0
"""Seconds in which a film that is finished is in the chat."""
REST: Final = 15.0
RESTS: Final = 70
SWEPT: Final = 130.0
"""Seconds in which the bot has swept once, and its keeper has been through the films."""

turns = st.integers(0, 150)
"""A turn is one step of everything that is ready."""
whiles = turns | st.sampled_from([0.5, 3.0, 12.0, 40.0])
"""How long things go on before the next step: turns, or seconds."""
jumps = st.sampled_from([-HOUR, 0.0, HOUR])
numbers = st.integers(0, 50)
rarely = st.sampled_from([False, False, False, True])


def faults_of(*kinds: str) -> list[str]:
    return [name for name, (kind, _) in VIDEOS.items() if kind in kinds]


creates = st.sampled_from([None, None, *LOST, *LOST, *faults_of("create")])
contents = st.none() | st.sampled_from(faults_of("content"))
others = st.sampled_from(faults_of("poll", "list", "content", "other"))

runs = precondition(lambda self: self.world.process is not None)
is_dead = precondition(lambda self: self.world.process is None)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.asked = Asked()
        self.broken: list[AssertionError] = []
        self.world.after_commit = self._at_a_commit
        self.world.start()

    def teardown(self) -> None:
        try:
            # Not where a step has failed: that is what is to be told.
            if sys.exc_info()[0] is None:
                self.everything_comes_to_rest()
        finally:
            self.world.close()

    # ---------------------------------------------------------------- people

    @initialize(then=whiles, fault=creates, pictured=rarely, delivered=st.booleans())
    def first_request(
        self, then: float, fault: str | None, *, pictured: bool, delivered: bool
    ) -> None:
        """Begin with a request, or with a film: single steps lead there too seldom."""
        self.ask(then, None if delivered else fault, pictured=pictured)
        if delivered:
            self.time_passes(DELIVERED)
            self.film_ends(0, DELIVERED, None, fails=False)

    @precondition(lambda self: self.world.process is not None and len(self.asked.creates) < MOST)
    @rule(then=whiles, fault=creates, pictured=rarely)
    def ask(self, then: float, fault: str | None, *, pictured: bool) -> None:
        prompt = f"film {len(self.asked.creates)}"
        self.asked.creates[prompt] = 1
        if pictured:
            self.asked.pictured.add(prompt)
        if fault is not None:
            self.videos_goes_wrong(fault)
        self.world.ask(prompt, pictured=pictured)
        self._go_on(then)

    @runs
    @rule(button=numbers, then=whiles, stranger=rarely)
    def press(self, button: int, then: float, *, stranger: bool) -> None:
        who = self.world.people[stranger]
        found = self.world.buttons(who)
        if not found:
            return
        self._press(who, *found[button % len(found)])
        self._go_on(then)

    @runs
    @rule(card=numbers, then=whiles, stranger=rarely)
    def delete(self, card: int, then: float, *, stranger: bool) -> None:
        """Press Delete, and confirm it."""
        who = self.world.people[stranger]
        for action in (Action.DELETE, Action.DELETE_SURELY):
            found = [one for one in self.world.buttons(who) if one[1] is action]
            if found:
                self._press(who, *found[card % len(found)])
            self.world.loop.let_pass(ANSWERED)
        self._go_on(then)

    def _press(self, who: User, message: Message, action: Action, job_id: str) -> None:
        row = next((row for row in self.world.rows() if row["id"] == job_id), None)
        pressed = self.world.press(who, message, f"rushes:{action}:{job_id}")
        if pressed and row is not None:
            # Whoever pressed Again is the requester of what comes of it.
            own = row["requester_id"] == who.id
            self.asked.pressed(action, job_id, row["prompt"], own=own)

    # ---------------------------------------------------------------- the Videos server

    @precondition(lambda self: self.world.renderer.waiting)
    @rule(which=numbers, fails=rarely, then=whiles, fault=contents)
    def film_ends(self, which: int, then: float, fault: str | None, *, fails: bool) -> None:
        if fault is not None:
            self.videos_goes_wrong(fault)
        waiting = self.world.renderer.waiting
        self.world.renderer.finish(waiting[which % len(waiting)], fails=fails)
        self._go_on(then)

    @rule(name=others)
    def videos_goes_wrong(self, name: str) -> None:
        kind, fault = VIDEOS[name]
        self.world.videos.meet(kind, fault)

    # ---------------------------------------------------------------- Discord

    @rule(name=st.sampled_from(sorted(DISCORD)))
    def discord_goes_wrong(self, name: str) -> None:
        kind, fault = DISCORD[name]
        self.world.discord.meet(kind, fault)

    @rule(closed=st.booleans())
    def channel_is(self, *, closed: bool) -> None:
        (self.world.close_channel if closed else self.world.open_channel)()

    # ---------------------------------------------------------------- the machine it runs on

    def _go_on(self, then: float) -> None:
        if isinstance(then, int):
            self.world.loop.go_on(then)
        else:
            self.world.loop.let_pass(then)

    @rule(seconds=st.sampled_from([3.0, 12.0, 40.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.loop.let_pass(seconds)

    @rule(sleeps=st.sampled_from([0.0, 0.0, 60.0, 10 * 60.0, HOUR]), by=jumps)
    def clocks_jump(self, sleeps: float, by: float) -> None:
        """The machine sleeps, or its clock is set: the bot goes by that only at its next start."""
        self.world.sleeps(sleeps)
        self.world.clock_error += by

    @rule(then=whiles, stays=rarely)
    def disk_takes_nothing(self, then: float, *, stays: bool) -> None:
        self.world.fill_disk()
        self._go_on(then)
        if not stays:
            self.disk_has_room()

    @precondition(lambda self: self.world.is_full)
    @rule()
    def disk_has_room(self) -> None:
        self.world.clear_disk()

    # ---------------------------------------------------------------- the process

    @runs
    @rule(then=whiles, stays=rarely)
    def dies(self, then: float, *, stays: bool) -> None:
        self._go_on(then)
        self.world.kill()
        if not stays:
            self.starts()

    @runs
    @rule(then=whiles, stays=rarely)
    def stops(self, then: float, *, stays: bool) -> None:
        self._go_on(then)
        self.world.stop()
        if not stays:
            self.starts()

    @is_dead
    @rule()
    def starts(self) -> None:
        self.world.start()

    # ---------------------------------------------------------------- what always holds

    def _at_a_commit(self) -> None:
        """Look while the bot is in the middle of a step; its own code must not meet the error."""
        rows = self.world.rows()
        try:
            films_are_kept(self.world, rows)
            delivered_where_it_says_so(self.world, rows)
        except AssertionError as broken:
            self.broken.append(broken)

    @invariant()
    def promises_are_kept(self) -> None:
        for broken in self.broken:
            raise broken
        rows = self.world.rows()
        bought_only_as_asked(self.world, self.asked)
        made_from_its_image(self.world, self.asked)
        nothing_vanished(rows, self.asked)
        nothing_unforeseen(rows)
        films_are_kept(self.world, rows)
        shown_once(self.world)
        delivered_where_it_says_so(self.world, rows)

    def everything_comes_to_rest(self) -> None:
        """Nothing goes wrong any more; after a while all is as it was promised."""
        world = self.world
        world.discord.faults.clear()
        world.videos.heal()
        world.open_channel()
        if world.is_full:
            self.disk_has_room()
        if world.process is None:
            world.start()
        world.renderer.finish_all()
        for _ in range(RESTS):
            world.loop.let_pass(REST)
            if settled(world.rows()):
                break
        self.promises_are_kept()
        at_rest(world, self.asked)
        world.sleeps(LATER)
        world.loop.let_pass(SWEPT)
        self.promises_are_kept()
        at_rest(world, self.asked, later=True)
