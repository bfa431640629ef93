"""The routes: the Videos API over HTTP, on top of the queue.

Source of the routes: the "Videos" pages of the API reference, and what the SDKs send.
"""

import json
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NoReturn

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.server.bodies import MODELS, CreateRequest, read_create, read_idempotency_key, read_remix
from bot.server.config import ServerConfig
from bot.server.connection import ApiConnection
from bot.server.errors import BODY_LIMIT, ApiError, shape_errors, storage_error
from bot.server.guard import refuse_strangers, require_key
from bot.server.job import VideoJob
from bot.server.objects import DeletedVideo, Health, ListedModels, ListedVideos, ModelObject, answer
from bot.server.openapi import OPEN_PATHS, PAGE_DEFAULT, PAGE_MOST, VARIANTS, document
from bot.server.queue import RenderQueue
from bot.server.render_process import RENDERER
from bot.serving.files import FileRefusedError, send_file
from bot.serving.limits import Limits
from bot.serving.listening import listening
from bot.videos.contract import VideoStatus

QUEUE: Final = web.AppKey("queue", RenderQueue)
_LIMITS: Final = web.AppKey("limits", Limits)
_DOCUMENT: Final = web.AppKey("document", str)

_VERBS: Final = "edits|extensions|characters"
_ID: Final = f"{{id:(?!(?:{_VERBS})$)[^/]+}}"
"""A path segment that is an id and not one of the verbs."""

_SHUTDOWN_SECONDS: Final = 1.0
"""Seconds that open connections get when the server stops; a download can be resumed later."""


def create_app(config: ServerConfig, *, command: Sequence[str] = RENDERER) -> web.Application:
    """Build the application; its queue starts and stops with it.

    Starting raises OSError when the folder cannot be used. `command` is the renderer's program.
    """
    middlewares: list[Middleware] = [shape_errors, refuse_strangers(config.names)]
    if config.api_key:
        middlewares.append(require_key(config.api_key, but=OPEN_PATHS))
    app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT)
    app[_LIMITS] = config.limits
    app[_DOCUMENT] = json.dumps(document(asks_key=config.api_key is not None))

    async def run_queue(app: web.Application) -> AsyncIterator[None]:
        queue = RenderQueue(config, command)
        await queue.start()
        app[QUEUE] = queue
        yield
        await queue.stop()

    app.cleanup_ctx.append(run_queue)
    app.add_routes(_routes())
    return app


def _routes() -> list[web.RouteDef]:
    return [
        web.get("/health", _health),
        web.get("/openapi.json", _describe),
        web.get("/v1/models", _list_models),
        web.post("/v1/videos", _create, expect_handler=_invite),
        web.get("/v1/videos", _list),
        web.post(f"/v1/videos/{{verb:{_VERBS}}}", _not_offered),
        web.get("/v1/videos/characters/{id}", _not_offered),
        web.post(f"/v1/videos/{_ID}/remix", _remix, expect_handler=_invite),
        web.get(f"/v1/videos/{_ID}", _retrieve),
        web.delete(f"/v1/videos/{_ID}", _delete),
        web.get(f"/v1/videos/{_ID}/content", _content),
    ]


@asynccontextmanager
async def running(
    config: ServerConfig,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    command: Sequence[str] = RENDERER,
) -> AsyncGenerator[str]:
    """Serve until the block ends; yields the base URL, `http://HOST:PORT/v1`.

    Raises OSError when the port is taken or the folder cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Bound before anything else: a second server must fail before it touches a job.
    with socket.create_server((host, port), family=family) as listener:
        app = create_app(config, command=command)
        runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_SECONDS)
        try:
            await runner.setup()
            async with listening(runner, listener, config.limits, ApiConnection):
                name = f"[{host}]" if family == socket.AF_INET6 else host
                yield f"http://{name}:{listener.getsockname()[1]}/v1"
        finally:
            await runner.cleanup()


async def _invite(request: web.Request) -> web.StreamResponse | None:
    """Let a client that asks first (`Expect: 100-continue`) send its body, unless too large."""
    if (request.content_length or 0) > BODY_LIMIT:
        return ApiError("request_too_large").response()
    if request.headers["Expect"].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # This was no answer yet: an error may still be answered.
        request.writer.output_size = 0
    return None


async def _health(request: web.Request) -> web.Response:
    queue = request.app[QUEUE]
    return answer(Health(queued=queue.waiting, in_progress=queue.rendering))


async def _describe(request: web.Request) -> web.Response:
    return web.Response(text=request.app[_DOCUMENT], content_type="application/json")


async def _create(request: web.Request) -> web.Response:
    return await _add(request, read_create(request, within=request.app[_LIMITS].body))


async def _remix(request: web.Request) -> web.Response:
    source = _find(request)
    _require_film(source)
    reading = read_remix(request, source, within=request.app[_LIMITS].body)
    return await _add(request, reading)


async def _add(request: web.Request, reading: Awaitable[CreateRequest]) -> web.Response:
    # Large uploads pass through the disk too, so reading one may fail as storing may.
    try:
        wanted = await reading
        job = await request.app[QUEUE].add(wanted, read_idempotency_key(request))
    except OSError as error:
        raise storage_error(error) from error
    # 200 and nothing else: New API takes 201 and 202 for failures.
    return _video(request, job)


async def _retrieve(request: web.Request) -> web.Response:
    return _video(request, _find(request))


async def _list(request: web.Request) -> web.Response:
    """Return a page of jobs: `after` (an id), `limit` (1 to 100) and `order` (asc or desc)."""
    limit = _limit(request.query.get("limit", str(PAGE_DEFAULT)))
    order = request.query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise ApiError(message="order must be asc or desc.", param="order")
    queue = request.app[QUEUE]
    last = None
    if (after := request.query.get("after")) and (last := queue.get(after)) is None:
        message = "There is no video with the id in after."
        raise ApiError("video_not_found", message, param="after")
    page = queue.page(after=last, count=limit + 1, newest_first=order == "desc")
    data = [job.shown() for job in page[:limit]]
    return answer(
        ListedVideos(
            data=data,
            first_id=data[0].id if data else None,
            last_id=data[-1].id if data else None,
            has_more=len(page) > limit,
        )
    )


async def _delete(request: web.Request) -> web.Response:
    job = _find(request)
    try:
        removed = await request.app[QUEUE].remove(job.id)
    except OSError as error:
        message = "The video was cancelled, but its files could not be removed from the disk."
        raise ApiError("storage_error", message) from error
    if not removed:
        raise ApiError("video_not_found")
    return answer(DeletedVideo(id=job.id))


async def _content(request: web.Request) -> web.StreamResponse:
    """Send the film, its thumbnail or its spritesheet, whole or by Range."""
    job = _find(request)
    variant = request.query.get("variant") or "video"
    if variant not in VARIANTS:
        message = f"variant must be one of {', '.join(VARIANTS)}."
        raise ApiError(message=message, param="variant")
    _require_film(job)
    files = request.app[QUEUE].files(job)
    path = {"thumbnail": files.thumbnail, "spritesheet": files.spritesheet}.get(variant, files.film)
    headers = {
        "Content-Type": "video/mp4" if path == files.film else "image/jpeg",
        "Content-Disposition": f'inline; filename="{job.id}{path.suffix}"',
    }
    try:
        return await send_file(request, path, headers=headers)
    except FileRefusedError as error:
        raise ApiError(
            error.code, error.message, status=error.status, headers=error.headers
        ) from None


async def _list_models(_request: web.Request) -> web.Response:
    return answer(ListedModels(data=[ModelObject(id=name) for name in MODELS]))


async def _not_offered(request: web.Request) -> NoReturn:
    verb = request.match_info.get("verb", "characters")
    message = f"This server renders new videos only; it does not offer {verb}."
    raise ApiError("not_offered", message, status=404)


def _video(request: web.Request, job: VideoJob) -> web.Response:
    # The SDKs' poll helpers use it.
    pause = request.app[QUEUE].poll_after(job)
    headers = None if pause is None else {"openai-poll-after-ms": str(round(pause * 1000))}
    return answer(job.shown(), headers=headers)


def _find(request: web.Request) -> VideoJob:
    if job := request.app[QUEUE].get(request.match_info["id"]):
        return job
    raise ApiError("video_not_found")


def _require_film(job: VideoJob) -> None:
    """Raise 404 with the reason why there is no film, as other servers of the API answer."""
    match job.status:
        case VideoStatus.COMPLETED if job.has_film and not job.is_expired(time.time()):
            return
        case VideoStatus.COMPLETED:
            raise ApiError("video_expired")
        case VideoStatus.FAILED:
            raise ApiError("video_failed")
        case _:
            raise ApiError("video_not_ready")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= PAGE_MOST):
        raise ApiError(message=f"limit must be from 1 to {PAGE_MOST}.", param="limit")
    return int(text)
