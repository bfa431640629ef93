"""Every refusal of the server in one table, and how errors become the API's error object."""

import errno
import logging
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.server.objects import ErrorBody, ErrorFacts, answer

logger = logging.getLogger(__name__)

BODY_LIMIT: Final = 32 * 2**20
"""Bytes of a create body: an image of 20 MiB as base64, and its fields."""

_REFUSALS: Final = {
    "malformed_request": (400, "The request is not valid HTTP."),
    "invalid_json": (400, "The request body is not valid JSON."),
    "invalid_form": (400, "The request body is not a valid form."),
    "invalid_api_key": (401, "The API key is missing or wrong."),
    "host_not_allowed": (
        403,
        "This server is not called so; `serve --allow-host NAME` adds a name.",
    ),
    "origin_not_allowed": (403, "Pages of other origins may not use this server."),
    "unknown_url": (404, "There is nothing at this address; /openapi.json lists what there is."),
    "video_not_found": (404, "There is no video with this id."),
    "video_not_ready": (404, "The video is not ready yet."),
    "video_failed": (404, "The video failed, so there is nothing to download."),
    "video_expired": (404, "The video's time is over; it was removed."),
    "request_timeout": (
        408,
        "The request body took too long, or too many are being sent at once.",
    ),
    "idempotency_key_reused": (409, "This Idempotency-Key was used for another request."),
    "request_too_large": (413, f"The request body is larger than {BODY_LIMIT // 2**20} MiB."),
    "unsupported_media_type": (415, "Send the request as JSON or as multipart/form-data."),
    "expectation_failed": (417, "The only Expect that this server knows is 100-continue."),
    "too_many_waiting": (429, "Too many videos are waiting here; try again later."),
    "server_error": (500, "The server failed to answer."),
    "storage_error": (500, "The server could not write to its disk; nothing was stored."),
    "insufficient_storage": (507, "The server's disk is full; nothing was stored."),
}
"""Status and sentence of each code; one that is not here is a 400 with a sentence of its own."""

_AIOHTTPS: Final = {404: "unknown_url", 413: "request_too_large", 417: "expectation_failed"}
"""Codes of the statuses that aiohttp raises."""
_BODY_UNREAD: Final = frozenset({408, 413, 417})
"""What refuses a body before its end: nothing can follow it on the same connection."""
_SERVER_ERRORS: Final = range(500, 600)
_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class ApiError(Exception):
    """A refusal: a code, an HTTP status, a sentence, and the field or parameter at fault.

    On the wire `{"error": {"message", "type", "param", "code"}}`, where the SDKs look for it.
    """

    def __init__(
        self,
        code: str | None = "invalid_value",
        message: str = "",
        *,
        status: int | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """`message` and `status` are the code's own unless they are given."""
        default_status, default_message = _REFUSALS.get(code or "", (400, ""))
        super().__init__(message or default_message)
        self.code = code
        self.status = status or default_status
        self.param = param
        self.headers = headers

    def response(self) -> web.Response:
        """Return the answer itself; 5xx are the server's fault and typed so."""
        facts = ErrorFacts(
            message=str(self),
            type="server_error" if self.status in _SERVER_ERRORS else "invalid_request_error",
            param=self.param,
            code=self.code,
        )
        response = answer(ErrorBody(error=facts), status=self.status, headers=self.headers)
        if self.status in _BODY_UNREAD:
            response.force_close()
        return response


def storage_error(error: OSError) -> ApiError:
    """Return the refusal where the disk stored nothing: 507 when it is full, else 500."""
    return ApiError("insufficient_storage" if error.errno in _DISK_FULL else "storage_error")


@web.middleware
async def shape_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every error the API's shape; a traceback goes to the log and nowhere else."""
    try:
        return await handler(request)
    except ApiError as error:
        response = error.response()
        if request.content.exception() is not None:
            # Where a broken body ends, and the next request begins, nobody knows.
            response.force_close()
        return response
    except web.HTTPException as error:
        return from_http(request, error).response()
    except ConnectionError:
        raise  # The client went: nobody is left to be answered.
    except Exception:
        logger.exception(
            "%s %s failed", request.method, request.path, extra={"action": "request_failed"}
        )
        return ApiError("server_error").response()


def from_http(request: web.BaseRequest, error: web.HTTPException) -> ApiError:
    """Translate what aiohttp raises by itself: no such route, wrong method, too large, Expect."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        message = f"This address takes {allowed}, not {request.method}."
        return ApiError("method_not_allowed", message, status=405, headers={"Allow": allowed})
    if code := _AIOHTTPS.get(error.status):
        return ApiError(code)
    return ApiError(None, f"{error.reason}.", status=error.status)
