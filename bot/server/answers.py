"""What the server says when it says no: the API's error object, and who turns errors into it."""

import errno
import hmac
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware
from pydantic import BaseModel

from bot.server.objects import ErrorBody, ErrorFacts

logger = logging.getLogger(__name__)

BODY_LIMIT: Final = 32 * 2**20
"""Bytes of a create body: an image of 20 MiB as base64, and its fields."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BODY_UNREAD: Final = frozenset({408, 413, 417})
"""What refuses a body before its end: nothing can follow it on the same connection."""

_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class ApiError(Exception):
    """A refusal: an HTTP status, a sentence, and what it is about.

    On the wire `{"error": {"message", "type", "param", "code"}}`, where the SDKs look for it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = "invalid_value",
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Keep the sentence, the status, the code, the field it concerns and extra headers."""
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.headers = headers

    def response(self) -> web.Response:
        """Give the answer itself; 5xx are the server's fault and typed so."""
        facts = ErrorFacts(
            message=self.message,
            type="invalid_request_error" if self.status < 500 else "server_error",  # noqa: PLR2004
            param=self.param,
            code=self.code,
        )
        answer = shown(ErrorBody(error=facts), status=self.status, headers=self.headers)
        if self.status in _BODY_UNREAD:
            answer.force_close()
        return answer


def shown(
    what: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Write an object as JSON."""
    return web.Response(
        text=what.model_dump_json(),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def storage_error(error: OSError) -> ApiError:
    """Say that the disk took nothing: 507 when it is full, else 500."""
    if error.errno in _DISK_FULL:
        return ApiError(
            "The server's disk is full; nothing was stored.",
            status=507,
            code="insufficient_storage",
        )
    return ApiError(
        "The server could not write to its disk; nothing was stored.",
        status=500,
        code="storage_error",
    )


@web.middleware
async def shape_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every error the API's shape; a traceback goes to the log and nowhere else."""
    try:
        return await handler(request)
    except ApiError as error:
        answer = error.response()
        if request.content.exception() is not None:
            # Where a broken body ends, and the next request begins, nobody knows.
            answer.force_close()
        return answer
    except web.HTTPException as error:
        return from_http(request, error).response()
    except ConnectionError:
        raise  # The client went: nobody is left to be answered.
    except Exception:
        logger.exception(
            "%s %s failed", request.method, request.path, extra={"action": "request_failed"}
        )
        return ApiError("The server failed to answer.", status=500, code="server_error").response()


def from_http(request: web.BaseRequest, error: web.HTTPException) -> ApiError:
    """Read what aiohttp raises by itself: no such route, wrong method, too large, an odd Expect."""
    match error:
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return ApiError(
                f"This address takes {allowed}, not {request.method}.",
                status=405,
                code="method_not_allowed",
                headers={"Allow": allowed},
            )
        case web.HTTPNotFound():
            return ApiError(
                "There is nothing at this address; /openapi.json lists what there is.",
                status=404,
                code="unknown_url",
            )
        case web.HTTPRequestEntityTooLarge():
            return too_large()
        case web.HTTPExpectationFailed():
            return ApiError(
                "The only Expect that this server knows is 100-continue.",
                status=417,
                code="expectation_failed",
            )
        case _:
            return ApiError(f"{error.reason}.", status=error.status, code=None)


def too_large() -> ApiError:
    """Refuse a body for its size alone."""
    return ApiError(
        f"The request body is larger than {BODY_LIMIT // 2**20} MiB.",
        status=413,
        code="request_too_large",
    )


def require_key(api_key: str, *, but: Collection[str]) -> Middleware:
    """Let in only `Authorization: Bearer <api_key>`, `but` paths that are open; else 401."""
    expected = f"Bearer {api_key}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if request.path not in but and not hmac.compare_digest(given, expected):
            raise ApiError(
                "The API key is missing or wrong.",
                status=401,
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return await handler(request)

    return check
