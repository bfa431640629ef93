"""What the server's tests share: a thin client that hides nothing, and pictures."""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

import aiohttp

PATIENCE = 120.0
"""Seconds until a test gives up waiting."""


class Videos:
    """The API as (status, body) pairs."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def call(
        self,
        method: str,
        path: str,
        **how: Any,  # noqa: ANN401 - aiohttp's own keywords
    ) -> tuple[int, dict[str, Any]]:
        async with self.session.request(method, path, **how) as answer:
            return answer.status, await answer.json()

    async def create(self, prompt: str, **fields: object) -> str:
        status, body = await self.call("POST", "videos", json={"prompt": prompt, **fields})
        assert status == 200, body
        return body["id"]

    async def job(self, job_id: str) -> dict[str, Any]:
        status, body = await self.call("GET", f"videos/{job_id}")
        assert status == 200, body
        return body

    async def until(self, job_id: str, *statuses: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while (job := await self.job(job_id))["status"] not in statuses:
            assert time.monotonic() < deadline, job
            await asyncio.sleep(0.02)
        return job


async def eventually(fact: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


def data_url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


async def refused(
    videos: Videos,
    **how: Any,  # noqa: ANN401 - aiohttp's own keywords
) -> tuple[int, dict[str, Any]]:
    status, body = await videos.call("POST", "videos", **how)
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].endswith(".")
    assert error["type"] == "invalid_request_error"
    return status, error
