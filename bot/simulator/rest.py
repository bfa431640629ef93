"""The front of the REST API: log, faults, authentication, rate limits, and only then the route."""

import json
import time
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from bot.simulator.core import Call, Core, Fault, Meeting, Rule, Seen
from bot.simulator.errors import Refusal, TooFast, unauthorized
from bot.simulator.limits import EXEMPT

BASE: Final = "/api/v10"
_EDITS: Final = ("token_edit", "channel_edit")


def said(status: int, body: object, **headers: str) -> web.Response:
    """Answer as Discord does: discord.py reads JSON only where the type is exactly this."""
    sent = {"Content-Type": "application/json", "Via": "1.1 google", **headers}
    return web.Response(status=status, body=json.dumps(body).encode(), headers=sent)


def add_rules(app: web.Application, core: Core, rules: Sequence[Rule]) -> None:
    """Serve these routes."""
    for rule in rules:
        app.router.add_route(rule.method, BASE + rule.path, _Entrance(core, rule).enter)


class _Entrance:
    def __init__(self, core: Core, rule: Rule) -> None:
        self._core = core
        self._rule = rule

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, perhaps after a fault, and write it down."""
        started = time.monotonic()
        core = self._core
        kind = core.kind_at(self._rule, request.match_info)
        body = await core.receive(request)
        core.seen[kind] += 1
        core.seen["film"] += _carries_file(request)
        core.changed()
        meeting = Meeting(request, kind, body)

        async def apply() -> web.StreamResponse:
            return await self._answer(meeting)

        faults = self._faults(request, kind)
        answer = await (faults.pop(0)(request, apply) if faults else apply())
        gone = request.transport is None or request.transport.is_closing()
        core.requests.append(
            Seen(
                kind=kind,
                method=request.method,
                path=request.path,
                at=core.clock.now(),
                took=time.monotonic() - started,
                status=0 if gone else answer.status,
                code=meeting.code,
                uploaded=body.size,
            )
        )
        core.changed()
        return answer

    def _faults(self, request: web.Request, kind: str) -> list[Fault]:
        """Give what is laid out for this request.

        "film" is for any that carries a file, "edit" for any edit that carries none; what is for
        its channel alone comes first.
        """
        names = [kind]
        if _carries_file(request):
            names.insert(0, "film")
        elif kind in _EDITS:
            names.insert(0, "edit")
        for place in (self._core.channel_at(request.match_info), None):
            for name in names:
                if laid := self._core.faults[name, place]:
                    return laid
        return []

    async def _answer(self, meeting: Meeting) -> web.StreamResponse:
        """Source of the headers of a 429: Discord, topics/rate-limits."""
        try:
            body = await self._apply(meeting)
        except Refusal as refusal:
            meeting.code = refusal.code
            return said(refusal.status, refusal.body(), **meeting.headers)
        except TooFast as too_fast:
            meeting.code = too_fast.code
            told = too_fast.headers | {
                "Retry-After": f"{too_fast.retry_after:.3f}",
                "X-RateLimit-Scope": too_fast.scope,
            }
            return said(429, too_fast.body(), **told)
        if body is None:
            return web.Response(status=204, headers={"Via": "1.1 google", **meeting.headers})
        return said(200, body, **meeting.headers)

    async def _apply(self, meeting: Meeting) -> object:
        request = meeting.request
        match = request.match_info
        bearer = request.headers.get("Authorization")
        if meeting.kind not in EXEMPT and bearer != f"Bot {self._core.token}":
            raise unauthorized()
        major = match.get("token") or match.get("channel") or ""
        meeting.headers |= self._core.limits.take(meeting.kind, major)
        call = Call(meeting.kind, major, match, request.query, meeting.body.upload())
        return await self._rule.handler(self._core, call)


def _carries_file(request: web.Request) -> bool:
    return request.headers.get("Content-Type", "").startswith("multipart/")
