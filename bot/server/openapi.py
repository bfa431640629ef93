"""The OpenAPI 3.1 document, made of the models that answers are made of.

Source of the format: https://spec.openapis.org/oas/v3.1.1.html
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot import __version__
from bot.server.bodies import (
    CREATE,
    JSON,
    KEY_LIMIT,
    REMIX,
)
from bot.server.objects import (
    DeletedVideo,
    ErrorBody,
    Health,
    ListedModels,
    ListedVideos,
    VideoObject,
)

Node = dict[str, Any]
"""A piece of the document."""

PAGE_DEFAULT: Final = 20
PAGE_MOST: Final = 100
VARIANTS: Final = ("video", "thumbnail", "spritesheet")

OPEN_PATHS: Final = ("/health", "/openapi.json")
"""What is answered without a key."""

_READ: Final = (*CREATE.values(), *REMIX.values())
_WRITTEN: Final = (VideoObject, ListedVideos, DeletedVideo, ListedModels, Health, ErrorBody)

_SCHEMAS: Final = "#/components/schemas/{model}"
_ID: Final[Node] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}
_KEY: Final[Node] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same request gives the same job again.",
    "schema": {"type": "string", "maxLength": KEY_LIMIT},
}
_POLL_AFTER: Final[Node] = {
    "openai-poll-after-ms": {
        "description": "Milliseconds until it is worth asking again; while the job has not ended.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_REASONS: Final = {
    400: "A field, a parameter or the whole body is not as it should be; `param` names it.",
    401: "The key is missing or wrong.",
    403: "The server is not called so (Host), or a page of another origin asks.",
    404: "There is no such video or film, or the verb is not offered; `code` tells which.",
    408: "The body did not arrive in time.",
    409: "The Idempotency-Key was used for another request.",
    412: "The file is another than the condition names (If-Match, If-Unmodified-Since).",
    413: "The body is too large; it is not read.",
    415: "The body is neither JSON nor a form.",
    416: "The file has no such range.",
    429: "Too many videos wait for a renderer; Retry-After says when to try again.",
    500: "The server's disk or the server failed.",
    507: "The server's disk is full; nothing was stored.",
}


def document(*, asks_key: bool) -> Node:
    """Give the document of a server that asks for a key, or of one that takes any."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Rushes' embedded Videos server",
            "description": "The Videos API, with a preview renderer that is no generative model.",
            "version": __version__,
        },
        "paths": _system() | _collection() | _single() | _unoffered(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}] if asks_key else [{}, {"bearer": []}],
    }


def _schemas() -> Node:
    _, schemas = models_json_schema(
        [
            *((model, "validation") for model in _READ),
            *((model, "serialization") for model in _WRITTEN),
        ],
        ref_template=_SCHEMAS,
    )
    return schemas["$defs"]


def _system() -> Node:
    return {
        "/health": {
            "get": _operation("health", "Whether the server answers", _gives(Health)) | _open()
        },
        "/openapi.json": {
            "get": _operation("describe", "This document", _told({"type": "object"})) | _open()
        },
        "/v1/models": {"get": _operation("listModels", "Names to ask by", _gives(ListedModels))},
    }


def _collection() -> Node:
    return {
        "/v1/videos": {
            "post": _operation(
                "createVideo",
                "Have a video rendered",
                _gives(VideoObject, headers=_POLL_AFTER, links=_links()),
                400, 408, 409, 413, 415, 429, 507,
                parameters=[_KEY],
                body=CREATE,
            ),
            "get": _operation(
                "listVideos",
                "A page of videos, newest first",
                _gives(ListedVideos),
                400,
                404,
                parameters=[
                    _query("after", {"type": "string"}, "The id that the page begins after."),
                    _query(
                        "limit",
                        {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": PAGE_MOST,
                            "default": PAGE_DEFAULT,
                        },
                        "Videos on a page.",
                    ),
                    _query("order", {"enum": ["asc", "desc"], "default": "desc"}, "By age."),
                ],
            ),
        }
    }  # fmt: skip


def _single() -> Node:
    video = _gives(VideoObject, headers=_POLL_AFTER)
    return {
        "/v1/videos/{id}": {
            "parameters": [_ID],
            "get": _operation("retrieveVideo", "One video; failed ones are a 200 too", video, 404),
            "delete": _operation(
                "deleteVideo", "Cancel and remove a video", _gives(DeletedVideo), 404
            ),
        },
        "/v1/videos/{id}/remix": {
            "parameters": [_ID],
            "post": _operation(
                "remixVideo",
                "A new video of another's words and a change",
                _gives(VideoObject, headers=_POLL_AFTER, links=_links()),
                400, 404, 408, 409, 413, 415, 429, 507,
                parameters=[_KEY],
                body=REMIX,
            ),
        },
        "/v1/videos/{id}/content": {"parameters": [_ID], "get": _content()},
    }  # fmt: skip


def _content() -> Node:
    film: Node = {"video/mp4": {}, "image/jpeg": {}}
    operation = _operation(
        "downloadVideo",
        "The film, its thumbnail or its spritesheet, whole or by Range",
        {"description": "The whole file, with an ETag.", "content": film},
        400,
        404,
        412,
        416,
        parameters=[
            _query(
                "variant",
                {"enum": [*VARIANTS, ""], "default": "video"},
                "An mp4, or a JPEG: one moment, or sixteen on a sheet.",
            )
        ],
    )
    operation["responses"] |= {
        "206": {"description": "The part that Range asked for.", "content": film},
        "304": {"description": "The client has it already (If-None-Match, If-Modified-Since)."},
    }
    return operation


def _unoffered() -> Node:
    """Describe the API's verbs that this server answers with a clear no."""
    made: Node = {
        f"/v1/videos/{verb}": {
            "post": _operation(f"{verb}NotOffered", f"Not offered: {verb}", None, 404)
        }
        for verb in ("edits", "extensions", "characters")
    }
    got = _operation("characterNotOffered", "Not offered: characters", None, 404)
    return made | {"/v1/videos/characters/{id}": {"parameters": [_ID], "get": got}}


def _operation(
    name: str,
    summary: str,
    answer: Node | None,
    *refusals: int,
    parameters: list[Node] | None = None,
    body: Mapping[str, type[BaseModel]] | None = None,
) -> Node:
    operation: Node = {
        "operationId": name,
        "summary": summary,
        "responses": ({"200": answer} if answer else {})
        | {str(status): _refusal(status) for status in (*refusals, 401, 403, 500)},
    }
    if parameters:
        operation["parameters"] = parameters
    if body:
        content = {kind: {"schema": _ref(model)} for kind, model in body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _gives(model: type[BaseModel], **more: Node) -> Node:
    return _told(_ref(model)) | {name: part for name, part in more.items() if part}


def _told(schema: Node) -> Node:
    return {"description": HTTPStatus.OK.phrase, "content": {JSON: {"schema": schema}}}


def _refusal(status: int) -> Node:
    return {"description": _REASONS[status], "content": {JSON: {"schema": _ref(ErrorBody)}}}


def _ref(model: type[BaseModel]) -> Node:
    return {"$ref": _SCHEMAS.format(model=model.__name__)}


def _query(name: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _open() -> Node:
    return {"security": []}


def _links() -> Node:
    """Say which operations take the id of what was made."""
    given = {"id": "$response.body#/id"}
    return {
        name: {"operationId": name, "parameters": given}
        for name in ("retrieveVideo", "downloadVideo", "remixVideo", "deleteVideo")
    } | {"listVideos": {"operationId": "listVideos", "parameters": {"after": given["id"]}}}
