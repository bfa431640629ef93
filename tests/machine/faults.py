"""What goes wrong on the way to either server, by name: the kind of request and what it meets."""

import json
from typing import Final

from tests.loopback import faults as loopback
from tests.videos_server import faults as faulty
from tests.videos_server.server import Kind

_NO: Final = json.dumps({"error": {"message": "no", "code": "no"}})
_NOT_READY: Final = json.dumps({"error": {"message": "wait", "code": "video_not_ready"}})
_PAGE: Final = "<html>Bad Gateway</html>"
_OUTLIVED: Final = 90.0
"""Seconds: more than the bot waits for an answer."""


def _says(status: str) -> faulty.Fault:
    return faulty.changed(lambda video: video | {"status": status})


def _is(film: bytes) -> faulty.Fault:
    return faulty.garbled(lambda _: film, "video/mp4", status=200)


VIDEOS: Final[dict[str, tuple[Kind, faulty.Fault]]] = {
    "a create is cut": ("create", faulty.cut),
    "a create's answer is lost": ("create", faulty.cut_after),
    "a create arrives when nobody waits any more": ("create", faulty.late(_OUTLIVED)),
    "a create's answer cannot be read": ("create", faulty.garbled(lambda _: _PAGE.encode())),
    "a create meets 400": ("create", faulty.answer(400, _NO)),
    "a create meets 401": ("create", faulty.answer(401, _NO)),
    "a create meets 429": ("create", faulty.answer(429, _NO, Retry_After="1")),
    "a create meets 500": ("create", faulty.answer(500, _NO)),
    "a create meets 502": ("create", faulty.answer(502, _PAGE)),
    "a create meets 503": ("create", faulty.answer(503, _NO, Retry_After="1")),
    "a poll is cut": ("poll", faulty.cut),
    "a poll is not answered": ("poll", faulty.late(_OUTLIVED)),
    "a poll meets 404": ("poll", faulty.answer(404, _NO)),
    "a poll meets 429": ("poll", faulty.answer(429, _NO, Retry_After="7")),
    "a poll meets 502": ("poll", faulty.answer(502, _PAGE)),
    "a poll says queued": ("poll", _says("queued")),
    "a poll says in_progress": ("poll", _says("in_progress")),
    "a poll says completed": ("poll", _says("completed")),
    "a poll says failed": ("poll", _says("failed")),
    "a poll says cancelled": ("poll", _says("cancelled")),
    "a poll says expired": ("poll", _says("expired")),
    "a poll says something else": ("poll", _says("resting")),
    "a list is cut": ("list", faulty.cut),
    "a list meets 502": ("list", faulty.answer(502, _PAGE)),
    "a film is cut": ("content", faulty.half),
    "a film is too short": ("content", faulty.garbled(lambda film: film[:-5])),
    "a film is a page": ("content", faulty.answer(200, _PAGE)),
    "a film is a picture": ("content", _is(b"\x89PNG\r\n\x1a\n" + bytes(40))),
    "a film is empty": ("content", _is(b"")),
    "a film is not ready": ("content", faulty.answer(404, _NOT_READY)),
    "a film meets 425": ("content", faulty.answer(425, _NO)),
    "a film meets 500": ("content", faulty.answer(500, _NO)),
    "a deletion is cut": ("other", faulty.cut),
    "a deletion's answer is lost": ("other", faulty.cut_after),
    "a deletion meets 500": ("other", faulty.answer(500, _NO)),
}

LOST: Final = (
    "a create's answer is lost",
    "a create arrives when nobody waits any more",
    "a create's answer cannot be read",
)
"""Those after which the server has the job."""

_CLOSED: Final = loopback.answer(403, 50001, "Missing Access")
_TOKEN_DEAD: Final = loopback.answer(401, 50027, "Invalid Webhook Token")

DISCORD: Final[dict[str, tuple[str, loopback.Fault]]] = {
    "an answer is cut": ("acknowledge", loopback.cut),
    "an answer's answer is lost": ("acknowledge", loopback.cut_after),
    "an answer meets 500": ("acknowledge", loopback.answer(500)),
    "an answer comes too late": ("acknowledge", loopback.late(4.0)),
    "a card cannot be read": ("token_read", loopback.answer(500)),
    "a card is not found": ("token_read", loopback.answer(404, 10008)),
    "an edit is cut": ("edit", loopback.cut),
    "an edit's answer is lost": ("edit", loopback.cut_after),
    "an edit meets 500": ("edit", loopback.answer(500)),
    "an edit is too fast": ("edit", loopback.too_fast(2.0)),
    "a token dies early": ("token_edit", _TOKEN_DEAD),
    "a film is cut": ("film", loopback.cut),
    "a film's answer is lost": ("film", loopback.cut_after),
    "a film is taken and met with 500": ("film", loopback.applied_then(500)),
    "a film meets 500": ("film", loopback.answer(500)),
    "a film is refused": ("film", loopback.answer(400, 50035, "Invalid Form Body")),
    "a film meets a closed door": ("film", _CLOSED),
    "a film is too fast": ("film", loopback.too_fast(2.0)),
    "a reply is cut": ("channel_send", loopback.cut),
    "a reply's answer is lost": ("channel_send", loopback.cut_after),
    "a direct message cannot be opened": ("open_dm", loopback.answer(500)),
    "a direct message meets 500": ("dm", loopback.answer(500)),
    "a direct message's answer is lost": ("dm", loopback.cut_after),
    "a deletion meets 500": ("channel_delete", loopback.answer(500)),
}
