"""A film's policy in a real browser: the film plays, and no page of strangers plays it."""

import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from bot.http.web import FILM_HEADERS
from bot.serving.files import send_file
from bot.serving.limits import LIMITS
from bot.serving.listening import listening
from tests.browser import QUIET, chromium
from tests.videos_server.embedded import render_template

STATE = """async () => {
    const video = document.querySelector("video");
    await new Promise(done => {
        if (video.error || video.readyState >= 2) done();
        video.addEventListener("error", done);
        video.addEventListener("loadeddata", done);
    });
    return video.error ? 0 : video.videoWidth;
}"""
"""The width of the film that a page shows, 0 where it shows none."""


@pytest.fixture
async def port(tmp_path: Path) -> AsyncGenerator[int]:
    """A server of one film, and of a page that shows it by its address on 127.0.0.1."""
    film = render_template(tmp_path)

    async def send(request: web.Request) -> web.StreamResponse:
        return await send_file(request, film, headers=FILM_HEADERS | {"Content-Type": "video/mp4"})

    async def show(request: web.Request) -> web.StreamResponse:
        source = f"http://127.0.0.1:{request.url.port}/film.mp4"
        return web.Response(text=f"<video src={source}></video>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/film.mp4", send), web.get("/page", show)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    async with listening(runner, listener, LIMITS):
        yield listener.getsockname()[1]
    await runner.cleanup()


@pytest.mark.parametrize(
    ("address", "width"),
    [
        ("http://127.0.0.1:{}/film.mp4", 320),
        ("http://127.0.0.1:{}/page", 320),
        ("http://localhost:{}/page", 0),
    ],
    ids=["its link", "a page of the same site", "a page of strangers"],
)
async def test_who_plays_a_film(port: int, address: str, width: int) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        page: Page = await browser.new_page()
        await page.goto(address.format(port))
        shown: Any = await page.evaluate(STATE)
        await browser.close()
    assert shown == width
