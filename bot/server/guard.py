"""Who may use the embedded server: whoever has its key, and no page of another origin."""

import hmac
from collections.abc import Collection
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.server.errors import ApiError
from bot.serving.origin import Names, Strange, strangeness

_ERRORS: Final = {Strange.HOST: "host_not_allowed", Strange.ORIGIN: "origin_not_allowed"}


def refuse_strangers(names: Names) -> Middleware:
    """Refuse requests that name another host or come from another origin: 403."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (found := strangeness(request, names)) is not None:
            raise ApiError(_ERRORS[found])
        return await handler(request)

    return check


def require_key(api_key: str, *, but: Collection[str]) -> Middleware:
    """Let in only `Authorization: Bearer <api_key>`, except to the paths in `but`; else 401."""
    expected = f"Bearer {api_key}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if request.path not in but and not hmac.compare_digest(given, expected):
            raise ApiError("invalid_api_key", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return check
