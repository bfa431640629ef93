"""Rows of the fault table: what the Videos server does to a create, a poll and a download."""

import json
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web

from tests.reliability.cells import (
    FAILED_THERE,
    FILM,
    FORGOTTEN,
    FOUND,
    SIGNATURE,
    TIMEOUT,
    UNCONFIRMED,
    Cell,
    Outcome,
    refused,
)
from tests.videos_server import faults as faulty
from tests.videos_server.server import Kind

STEPS: Final = {"create": "create", "poll": "poll", "content": "content"}
"""The columns, and how the document names them."""

_UNREACHABLE: Final = refused("The video server can't be reached.")
_BUSY: Final = refused("The video server is too busy.")
_BAD_KEY: Final = refused("The video server doesn't accept the bot's key.")
_REFUSED: Final = refused("The video server refused this request.")
_MOVED: Final = refused("The video server has a new address.")
_NO_CREDIT: Final = refused("The bot has no credit left at the video server.")
_CREDITS: Final = json.dumps({"error": {"message": "Insufficient credits"}})
_MISSING: Final = json.dumps({"code": "task_not_exist", "message": "task_not_exist"})

_NO_JOB: Final = "a create was not accepted"
_UNKNOWN: Final = "the outcome of a create is unknown"
_NO_ANSWER: Final = "gave no answer"
_NO_FILM: Final = "the film did not arrive"
_TAKEN: Final = "the server has job"

_HTML: Final = "<html><body>Bad Gateway</body></html>"
_PICTURE: Final = b"\x89PNG\r\n\x1a\n" + bytes(2000)
_SIGNED: Final = f"cannot put the film to https://films.example/a.mp4?{SIGNATURE}&X-Amz-Expires=60"


def _refusing(status: int, **headers: str) -> faulty.Fault:
    """Answer with an error that quotes the key it was asked with, as some servers do."""

    async def fault(request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = json.dumps({"error": {"message": f"HTTP {status}, asked with {key}"}})
        return await faulty.answer(status, body, **headers)(request)

    return fault


def _signed(status: int) -> faulty.Fault:
    return faulty.answer(status, json.dumps({"error": {"message": _SIGNED}}))


def _wrong_types(job: dict[str, Any]) -> dict[str, Any]:
    return job | {
        "progress": "soon",
        "created_at": "today",
        "seconds": 4,
        "size": None,
        "model": {"name": "preview"},
        "error": [],
        "expires_at": True,
    }


def _saying(status: str, **fields: object) -> faulty.Fault:
    return faulty.changed(lambda job: job | {"status": status} | fields)


def _redirect(place: str) -> faulty.Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        to = f"{faulty.server_of(request).others[place]}{request.path}?{SIGNATURE}"
        return await faulty.answer(302, "", Location=to)(request)

    return fault


def _halved(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _html(_: bytes) -> bytes:
    return _HTML.encode()


def _picture(_: bytes) -> bytes:
    return _PICTURE


_Met = Callable[[str, Kind], Cell]
"""Makes a cell of a row's fault and the step."""


def _met(
    *laid: faulty.Fault, ends: Outcome, logs: str | None, creates: int = 1, away: bool = False
) -> _Met:
    """Say what one step of a row meets."""
    return lambda fault, step: Cell(
        fault=fault,
        step=step,
        outcome=ends,
        logs=logs,
        creates=creates,
        videos=tuple((step, one) for one in laid),
        away=away,
    )


def _row(fault: str, **steps: _Met) -> list[Cell]:
    return [met(fault, cast("Kind", step)) for step, met in steps.items()]


def _everywhere(
    fault: str,
    laid: faulty.Fault,
    create: Outcome,
    logs: str,
    creates: int = 1,
) -> list[Cell]:
    """Lay the same fault at each step: a poll and a download are asked again, whatever it is."""
    return _row(
        fault,
        create=_met(laid, ends=create, logs=logs, creates=creates),
        poll=_met(laid, ends=FILM, logs=_NO_ANSWER),
        content=_met(laid, ends=FILM, logs=_NO_FILM),
    )


CELLS: Final[list[Cell]] = [
    *_row(
        "connection refused",
        create=_met(ends=_UNREACHABLE, logs=_NO_JOB, creates=0, away=True),
        poll=_met(ends=FILM, logs=_NO_ANSWER, away=True),
        content=_met(ends=FILM, logs=_NO_FILM, away=True),
    ),
    # Two each: aiohttp itself asks once more where a kept connection was closed.
    *_row(
        "cut before it was accepted",
        create=_met(faulty.cut, ends=UNCONFIRMED, logs=_UNKNOWN),
        poll=_met(faulty.cut, faulty.cut, ends=FILM, logs=_NO_ANSWER),
        content=_met(faulty.cut, faulty.cut, ends=FILM, logs=_NO_FILM),
    ),
    *_row(
        "cut after it was accepted",
        create=_met(faulty.cut_after, ends=FOUND, logs=_UNKNOWN),
        poll=_met(faulty.cut_after, faulty.cut_after, ends=FILM, logs=_NO_ANSWER),
        content=_met(faulty.cut_after, faulty.cut_after, ends=FILM, logs=_NO_FILM),
    ),
    *_everywhere("slower than the time-out", faulty.late(TIMEOUT + 1), FOUND, _UNKNOWN),
    *_everywhere("401", _refusing(401), _BAD_KEY, "check VIDEOS_API_KEY"),
    *_row(
        "404",
        create=_met(_refusing(404), ends=_REFUSED, logs=_NO_JOB),
        poll=_met(_refusing(404), ends=FILM, logs=None),
        content=_met(_refusing(404), ends=FILM, logs=_NO_FILM),
    ),
    *_row(
        "404 again and again",
        poll=_met(*[_refusing(404)] * 5, ends=FORGOTTEN, logs="is failed"),
        content=_met(*[_refusing(404)] * 6, ends=FILM, logs=_NO_FILM),
    ),
    *_everywhere("408", _refusing(408), UNCONFIRMED, _UNKNOWN),
    *_everywhere("409", _refusing(409), _REFUSED, _NO_JOB),
    *_everywhere("425", _refusing(425), _BUSY, _NO_JOB),
    *_everywhere("429", _refusing(429), _BUSY, _NO_JOB),
    *_everywhere("429 with Retry-After", _refusing(429, Retry_After="1"), FILM, _TAKEN, creates=2),
    *_everywhere("500", _refusing(500), UNCONFIRMED, _UNKNOWN),
    *_everywhere("502", faulty.answer(502, _HTML), UNCONFIRMED, _UNKNOWN),
    *_everywhere("503 of a proxy", faulty.answer(503, _HTML), UNCONFIRMED, _UNKNOWN),
    *_everywhere(
        "503 with Retry-After",
        faulty.answer(503, _HTML, Retry_After="1"),
        FILM,
        _TAKEN,
        creates=2,
    ),
    *_everywhere("no JSON", faulty.garbled(_html, "text/html"), FOUND, _UNKNOWN),
    *_everywhere("truncated JSON", faulty.garbled(_halved, "application/json"), FOUND, _UNKNOWN),
    *_row(
        "wrong types",
        create=_met(faulty.changed(_wrong_types), ends=FILM, logs=_TAKEN),
        poll=_met(faulty.changed(_wrong_types), ends=FILM, logs=None),
        content=_met(faulty.answer(200, '{"url": 17}'), ends=FILM, logs=_NO_FILM),
    ),
    *_row(
        "status words of other servers",
        create=_met(_saying("SUBMITTED"), ends=FILM, logs=_TAKEN),
        poll=_met(_saying("postprocessing"), _saying("no_such_word"), ends=FILM, logs=None),
    ),
    *_row(
        "an error inside a 200",
        create=_met(faulty.answer(200, _CREDITS), ends=_NO_CREDIT, logs=_NO_JOB),
    ),
    *_row(
        "501 in JSON",
        create=_met(_refusing(501), ends=_REFUSED, logs=_NO_JOB),
    ),
    *_row(
        "“no such job” in other words, again and again",
        poll=_met(*[faulty.answer(400, _MISSING)] * 5, ends=FORGOTTEN, logs="is failed"),
    ),
    *_row(
        "an error that quotes a signed address",
        create=_met(_signed(400), ends=_REFUSED, logs=_NO_JOB),
        poll=_met(
            _saying("failed", error={"code": "storage", "message": _SIGNED}),
            ends=FAILED_THERE,
            logs="is failed",
        ),
        content=_met(_signed(500), ends=FILM, logs=_NO_FILM),
    ),
    *_row("film cut short", content=_met(faulty.half, ends=FILM, logs=_NO_FILM)),
    *_row(
        "half a film, as if it were whole",
        content=_met(faulty.garbled(_halved), ends=FILM, logs=_NO_FILM),
    ),
    *_row(
        "film of the wrong kind", content=_met(faulty.garbled(_picture), ends=FILM, logs=_NO_FILM)
    ),
    *_row(
        "redirect to another origin",
        create=_met(_redirect("elsewhere"), ends=_MOVED, logs="set VIDEOS_BASE_URL"),
        poll=_met(_redirect("elsewhere"), ends=FILM, logs=_NO_ANSWER),
        content=_met(_redirect("elsewhere"), ends=FILM, logs=_NO_FILM),
    ),
    *_row(
        "redirect to one of VIDEOS_FILM_HOSTS",
        content=_met(_redirect("store"), ends=FILM, logs=None),
    ),
]

_NO_BODY: Final = "only an answer to `/content` holds a film"
IMPOSSIBLE: Final = {
    ("404 again and again", "create"): "a create is sent once",
    ("status words of other servers", "content"): "a film has no status",
    ("an error inside a 200", "poll"): "as “no such job”, or as a failed job",
    ("an error inside a 200", "content"): "as JSON instead of a film",
    ("501 in JSON", "poll"): "as 500",
    ("501 in JSON", "content"): "as 500",
    ("“no such job” in other words, again and again", "create"): "a create is sent once",
    ("“no such job” in other words, again and again", "content"): "as 404",
    ("film cut short", "create"): _NO_BODY,
    ("film cut short", "poll"): _NO_BODY,
    ("half a film, as if it were whole", "create"): _NO_BODY,
    ("half a film, as if it were whole", "poll"): _NO_BODY,
    ("film of the wrong kind", "create"): _NO_BODY,
    ("film of the wrong kind", "poll"): _NO_BODY,
    ("redirect to one of VIDEOS_FILM_HOSTS", "create"): "those hosts keep films, nothing else",
    ("redirect to one of VIDEOS_FILM_HOSTS", "poll"): "those hosts keep films, nothing else",
}
