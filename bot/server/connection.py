"""A connection whose refusals have the API's shape, even to bytes that are no HTTP."""

from aiohttp import web

from bot.server.errors import ApiError, from_http
from bot.serving.connection import Connection


class ApiConnection(Connection):
    """Answers what aiohttp refuses by itself in the API's error object."""

    def shaped(self, request: web.BaseRequest, error: web.HTTPException) -> web.StreamResponse:
        """Return the refusal with its sentence and code."""
        return from_http(request, error).response()

    def malformed(self, status: int) -> web.StreamResponse:
        """Return the refusal with its sentence and code."""
        return ApiError("malformed_request", status=status).response()
