"""The OpenAPI 3.1 document, made of the models that read requests and write answers.

Source of the format: https://spec.openapis.org/oas/v3.1.1.html
"""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot import __version__
from bot.server.bodies import CREATE, JSON, KEY_LIMIT, REMIX
from bot.server.objects import (
    DeletedVideo,
    ErrorBody,
    Health,
    ListedModels,
    ListedVideos,
    VideoObject,
)

Node = dict[str, object]
"""A piece of the document."""

PAGE_DEFAULT: Final = 20
PAGE_MOST: Final = 100
VARIANTS: Final = ("video", "thumbnail", "spritesheet")

OPEN_PATHS: Final = ("/health", "/openapi.json")
"""What is answered without a key."""
_WRITTEN: Final = (VideoObject, ListedVideos, DeletedVideo, ListedModels, Health, ErrorBody)
_SCHEMAS: Final = "#/components/schemas/{model}"
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
_FILM: Final[Node] = {"video/mp4": {}, "image/jpeg": {}}
_FILM_ANSWERS: Final[Node] = {
    "200": {"description": "The whole file, with an ETag.", "content": _FILM},
    "206": {"description": "The part that Range asked for.", "content": _FILM},
    "304": {"description": "The client has it already (If-None-Match, If-Modified-Since)."},
}


def _query(name: str, description: str, schema: Node) -> Node:
    return {"name": name, "in": "query", "description": description, "schema": schema}


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
_LIMIT: Final[Node] = {
    "type": "integer",
    "minimum": 1,
    "maximum": PAGE_MOST,
    "default": PAGE_DEFAULT,
}
_PAGE: Final = [
    _query("after", "The id that the page begins after.", {"type": "string"}),
    _query("limit", "Videos on a page.", _LIMIT),
    _query("order", "By age.", {"enum": ["asc", "desc"], "default": "desc"}),
]
_VARIANT: Final = _query(
    "variant",
    "An mp4, or a JPEG: one moment, or sixteen on a sheet.",
    {"enum": [*VARIANTS, ""], "default": "video"},
)
_LINKS: Final[Node] = {
    name: {"operationId": name, "parameters": {parameter: "$response.body#/id"}}
    for parameter, names in (
        ("id", ("retrieveVideo", "downloadVideo", "remixVideo", "deleteVideo")),
        ("after", ("listVideos",)),
    )
    for name in names
}


def document(*, asks_key: bool) -> Node:
    """Return the document of a server that asks for a key, or of one that takes any."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Rushes' embedded Videos server",
            "description": "The Videos API, with a preview renderer that is no generative model.",
            "version": __version__,
        },
        "paths": {
            path: verbs | ({"parameters": [_ID]} if "{id}" in path else {})
            for path, verbs in _paths().items()
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}] if asks_key else [{}, {"bearer": []}],
    }


def _schemas() -> Node:
    read = {*CREATE.values(), *REMIX.values()}
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in read),
        *((model, "serialization") for model in _WRITTEN),
    ]
    _, schemas = models_json_schema(modes, ref_template=_SCHEMAS)
    return schemas["$defs"]


def _paths() -> dict[str, Node]:
    """Describe the routes by path and verb."""
    listed, page = "A page of videos, newest first", _gives(ListedVideos)
    content = "The film, its thumbnail or its spritesheet, whole or by Range"
    remix = "A new video of another's words and a change"
    retrieve, video = (
        "One video; failed ones are a 200 too",
        _gives(VideoObject, headers=_POLL_AFTER),
    )
    deleted = _gives(DeletedVideo)
    health = _operation("health", "Whether the server answers", _gives(Health))
    describe = _operation("describe", "This document", _gives(None))
    return {
        "/health": {"get": health | {"security": []}},
        "/openapi.json": {"get": describe | {"security": []}},
        "/v1/models": {"get": _operation("listModels", "Names to ask by", _gives(ListedModels))},
        "/v1/videos": {
            "post": _creation("createVideo", "Have a video rendered", CREATE),
            "get": _operation("listVideos", listed, page, 400, 404) | {"parameters": _PAGE},
        },
        "/v1/videos/{id}": {
            "get": _operation("retrieveVideo", retrieve, video, 404),
            "delete": _operation("deleteVideo", "Cancel and remove a video", deleted, 404),
        },
        "/v1/videos/{id}/remix": {"post": _creation("remixVideo", remix, REMIX, 404)},
        "/v1/videos/{id}/content": {
            "get": _operation("downloadVideo", content, _FILM_ANSWERS, 400, 404, 412, 416)
            | {"parameters": [_VARIANT]}
        },
        "/v1/videos/edits": {"post": _unoffered("edits")},
        "/v1/videos/extensions": {"post": _unoffered("extensions")},
        "/v1/videos/characters": {"post": _unoffered("characters")},
        "/v1/videos/characters/{id}": {"get": _unoffered("characters", "character")},
    }


def _operation(name: str, summary: str, answers: Node, *refusals: int) -> Node:
    """Describe one verb of a route."""
    refused = {str(status): _refusal(status) for status in (*refusals, 401, 403, 500)}
    return {"operationId": name, "summary": summary, "responses": answers | refused}


def _creation(name: str, summary: str, body: Mapping[str, type[BaseModel]], *more: int) -> Node:
    """Describe a verb that makes a video, and which verbs take the id of what it made."""
    answer = _gives(VideoObject, headers=_POLL_AFTER, links=_LINKS)
    content = {kind: {"schema": _ref(model)} for kind, model in body.items()}
    operation = _operation(name, summary, answer, 400, 408, 409, 413, 415, 429, 507, *more)
    return operation | {"parameters": [_KEY], "requestBody": {"required": True, "content": content}}


def _unoffered(verb: str, name: str = "") -> Node:
    """Describe a verb of the API that this server refuses."""
    return _operation(f"{name or verb}NotOffered", f"Not offered: {verb}", {}, 404)


def _gives(model: type[BaseModel] | None, **more: Node) -> Node:
    schema = _ref(model) if model else {"type": "object"}
    return {"200": {"description": "OK", "content": {JSON: {"schema": schema}}} | more}


def _refusal(status: int) -> Node:
    return {"description": _REASONS[status], "content": {JSON: {"schema": _ref(ErrorBody)}}}


def _ref(model: type[BaseModel]) -> Node:
    return {"$ref": _SCHEMAS.format(model=model.__name__)}
