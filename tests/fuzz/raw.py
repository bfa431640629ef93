"""Requests that no document describes, byte for byte, and what is a good answer to them."""

import contextlib
import http.client
import json
import socket
import string
from dataclasses import dataclass, field
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.fuzz.document import KEY
from tests.media.images import picture
from tests.server.support import data_url

PATIENCE = 20.0
"""Seconds within which any request must be answered, on a busy machine."""

IMAGE = data_url(picture())
NAMES = [
    "prompt", "model", "seconds", "size", "input_reference", "input_reference[image_url]",
    "input_reference[file_id]", "input_reference[]", "input_reference[", "video[id]", "name", "",
]  # fmt: skip
WORDS = [
    "", " ", "quick", "4", "8", "5", "4.0", "-1", "NaN", "1e999", "720x1280", "0x0", "sora-2",
    "null", "true", "[]", "{}", '{"image_url":""}', '{"image_url":{}}', "data:", "data:;base64,",
    "data:image/png;base64,AAAA", IMAGE, "http://127.0.0.1/", "\x00", "\ud800", "é🎬", "a" * 5000,
]  # fmt: skip

texts = st.sampled_from(WORDS) | st.text(max_size=30)
names = st.sampled_from(NAMES) | st.text(max_size=12)
scalars = texts | st.integers() | st.floats() | st.booleans() | st.none()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire, and whether its body is all there."""

    method: str
    head: bytes
    body: bytes
    is_whole: bool = field(default=True)


@st.composite
def _json_bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    kind = draw(
        st.sampled_from(["application/json", "application/json; charset=utf-16", "a/b+json"])
    )
    if draw(st.integers(0, 4)) == 0:
        return kind, draw(
            st.binary(max_size=60) | st.sampled_from([b"[" * 9000, b"", b"\xef\xbb\xbf{}"])
        )
    fields = draw(st.dictionaries(names, values, max_size=6) | values)
    return kind, json.dumps(fields).encode()


@st.composite
def _urlencoded_bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    charset = draw(st.sampled_from(["", "; charset=utf-8", "; charset=utf-16", "; charset=no"]))
    kind = f"application/x-www-form-urlencoded{charset}"
    if draw(st.integers(0, 3)) == 0:
        return kind, draw(st.binary(max_size=60))
    fields = draw(st.lists(st.tuples(names, texts), max_size=6))
    return kind, urlencode([(_octets(name), _octets(text)) for name, text in fields]).encode()


@st.composite
def _parts(draw: st.DrawFn) -> bytes:
    name = draw(names)
    lines = [f'Content-Disposition: form-data; name="{name}"']
    if draw(st.booleans()):
        file_name = draw(st.sampled_from(["a.png", "", "../../etc/passwd", 'a"b', "é"]))
        lines[0] += f'; filename="{file_name}"'
    lines += draw(
        st.lists(
            st.sampled_from(
                [
                    "Content-Type: image/png",
                    "Content-Type: text/plain; charset=no",
                    "Content-Type: multipart/mixed; boundary=c",
                    "Content-Type: application/json",
                    "Content-Transfer-Encoding: base64",
                    "Content-Transfer-Encoding: nonsense",
                    "Content-Encoding: gzip",
                    "Content-Length: 3",
                    "no header",
                    "X: \x00",
                ]
            ),
            max_size=2,
        )
    )
    if draw(st.integers(0, 9)) == 0:
        lines.pop(0)
    content = draw(texts.map(_octets) | st.binary(max_size=40) | st.just(picture()))
    return b"\r\n".join([*map(_octets, lines), b"", content, b""])


@st.composite
def _multipart_bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    boundary = draw(st.sampled_from(["b", "b b", "", "x" * 71, "é"]) | st.just("b"))
    said = draw(st.sampled_from([f"; boundary={boundary}", f'; boundary="{boundary}"', ""]))
    parts = draw(st.lists(_parts(), max_size=5))
    edge = b"--" + _octets(boundary)
    body = b"".join(edge + b"\r\n" + part for part in parts)
    end = draw(st.sampled_from([edge + b"--\r\n", edge + b"--", b"", edge, b"--other--\r\n"]))
    return f"multipart/form-data{said}", body + end


_bodies = (
    _json_bodies()
    | _urlencoded_bodies()
    | _multipart_bodies()
    | st.tuples(
        st.sampled_from(["text/plain", "", ";", "application/json;;"]), st.binary(max_size=30)
    )
)

_id_characters = st.text(
    st.sampled_from(string.ascii_letters + "/.%=?#&+;:@!$'()*,~-_|\\\"<>[]{}^`é\x7f"), max_size=20
)
_ids = (
    st.sampled_from(
        ["KNOWN", "video_", "..", ".", "%2e%2e", "%00", "%ff", "edits", "characters", "x" * 300,
         "video_%0d%0aX:y", "KNOWN%20", "%4b"]
    )
    | _id_characters
)  # fmt: skip
_numbers = st.integers().map(str) | st.sampled_from(["", "1e2", "0x5", "+5", " 5", "٥", "5" * 5000])  # noqa: RUF001
_queries = st.lists(
    st.tuples(
        st.sampled_from(["after", "limit", "order", "variant", "x", ""]),
        _numbers | _ids | st.sampled_from(["asc", "desc", "video", "thumbnail", "spritesheet"]),
    ),
    max_size=4,
).map(lambda pairs: urlencode([(name, _octets(value)) for name, value in pairs]))

_reached = st.one_of(
    st.sampled_from(
        [("POST", "/v1/videos"), ("GET", "/v1/videos"), ("POST", "/v1/videos"),
         ("GET", "/v1/videos/KNOWN/content"), ("HEAD", "/v1/videos/KNOWN/content"),
         ("POST", "/v1/videos/KNOWN/remix"), ("GET", "/v1/videos/KNOWN"),
         ("POST", "/v1/videos/edits"), ("POST", "/v1/videos/extensions"),
         ("POST", "/v1/videos/characters"), ("GET", "/v1/models"), ("GET", "/health")]
    ),
    st.tuples(st.sampled_from(["GET", "DELETE"]), _ids.map("/v1/videos/{}".format)),
    st.tuples(st.just("GET"), _ids.map("/v1/videos/{}/content".format)),
    st.tuples(st.just("POST"), _ids.map("/v1/videos/{}/remix".format)),
    st.tuples(st.just("GET"), _ids.map("/v1/videos/characters/{}".format)),
)  # fmt: skip
_stray = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", ""]),
    st.sampled_from(["/v1/videos", "/v1/videos/", "//", "*", "", "http://[/", "/v1/videos/KNOWN"])
    | st.text(max_size=15).map("/{}".format),
)


_odd_headers = st.sampled_from(
    [
        "Range: bytes=0-0", "Range: bytes=5-", "Range: bytes=-3", "Range: bytes=9-1",
        "Range: bytes=0-1,3-4", "Range: lines=1-2", "Range: bytes=" + "9" * 6000,
        'If-Range: "x"', 'If-Range: W/"x"', "If-Match: *", 'If-Match: "x"', "If-None-Match: *",
        'If-None-Match: "x', "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        "If-Modified-Since: yesterday", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        "Expect: 100-continue", "Expect: nonsense", "Expect:", "Idempotency-Key: a",
        "Idempotency-Key: " + "k" * 300, "Idempotency-Key: \xff", "Idempotency-Key: b",
        "Content-Encoding: gzip", "Content-Encoding: deflate", "Content-Encoding: br",
        "Content-Encoding: nonsense", "Accept: text/html", "Accept-Encoding: gzip, br",
        "Cookie: a=b; ;;=", "Upgrade: websocket", "Connection: Upgrade", "Connection: close",
        "Host: elsewhere", "Host: [", "X-Forwarded-For: 1.2.3.4", "Transfer-Encoding: identity",
        "X-Long: " + "x" * 9000, "X: \x00", "no header", " folded",
        "Content-Type: application/json",
    ]
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn, known: str) -> Sent:
    """Draw a request, mostly one that reaches a handler; `known` is the id of a finished video."""
    method, target = draw(_stray if draw(st.integers(0, 9)) == 0 else _reached)
    # A known video stays, so that the next request finds it too.
    if method != "DELETE":
        target = target.replace("KNOWN", known)
    if draw(st.booleans()):
        target += f"?{draw(_queries)}"
    lines = [f"{method} {target} HTTP/1.1".replace("\r", "").replace("\n", ""), "Host: localhost"]
    if draw(st.integers(0, 19)):
        lines.append(f"Authorization: Bearer {KEY}")
    body, is_whole = b"", True
    if method in ("POST", "PUT", "PATCH") or draw(st.integers(0, 9)) == 0:
        kind, body = draw(_bodies)
        lines.append(f"Content-Type: {kind}")
        match draw(st.integers(0, 19)):
            case 0:
                lines.append(f"Content-Length: {len(body) + 7}")
                is_whole = False
            case 1:
                lines.append(f"Content-Length: {33 * 2**20}")
                is_whole = False
            case 2:
                lines.append("Content-Length: -1")
                is_whole = False
            case 3:
                lines.append("Transfer-Encoding: chunked")
                is_whole = False
            case 4 | 5:
                lines.append("Transfer-Encoding: chunked")
                body = b"%x\r\n%s\r\n" % (len(body), body) * bool(body) + b"0\r\n\r\n"
            case _:
                lines.append(f"Content-Length: {len(body)}")
    lines += draw(st.lists(_odd_headers, max_size=2))
    head = b"\r\n".join(_octets(line) for line in lines) + b"\r\n\r\n"
    return Sent(method, head, body, is_whole)


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 for a connection that was closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, sent: Sent) -> Answer:
    """Send a request as it is, on a connection of its own, and read the last answer to it.

    Raises TimeoutError where none comes.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent.head + sent.body)
        answer = http.client.HTTPResponse(connection, method=sent.method)
        try:
            answer.begin()
            return Answer(
                answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
            )
        except (http.client.BadStatusLine, ConnectionError):
            return Answer(0, {}, b"")


def faults(sent: Sent, answer: Answer) -> list[str]:
    """Say what is wrong with an answer; nothing for a good one."""
    if answer.status == 0:
        # What is sent after a refusal can make TCP drop it before it is read.
        return ["no answer"] if sent.is_whole else []
    if answer.status >= 500:
        return [f"{answer.status}"]
    if answer.status < 400 or sent.method == "HEAD":
        return []
    try:
        error = json.loads(answer.body)["error"]
    except (ValueError, KeyError, TypeError):
        return [f"{answer.status} is not the API's error: {answer.body[:80]!r}"]
    found: list[str] = []
    if answer.headers.get("content-type", "").partition(";")[0] != "application/json":
        found.append("an error that is not declared as JSON")
    if set(error) != {"message", "type", "param", "code"}:
        found.append(f"an error of {sorted(error)}")
    if not str(error["message"]).endswith(".") or "Traceback" in error["message"]:
        found.append(f"no sentence: {error['message']}")
    if error["type"] != "invalid_request_error":
        found.append(f"type {error['type']}")
    return found
