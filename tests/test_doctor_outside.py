"""The doctor in front of servers that are no Videos API or not Discord; it creates no file."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bot.runtime.addresses import quoted
from tests.listening import Handler, answering
from tests.loopback.driver import loopback

TOKEN = "MTIz.this-is-a-secret.token"
ROOT = Path(__file__).parent.parent
CLOSED = "http://127.0.0.1:9"


async def doctor(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Return its exit code and all it printed, started in an empty folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "doctor", *words,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        | {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": f"{CLOSED}/api/v10"} | environment,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


def check(told: str, what: str) -> dict[str, str]:
    return next(each for each in json.loads(told) if each["what"] == what)


async def lost(_: web.Request) -> web.Response:
    return web.Response(status=404, text="404: Not Found")


async def page(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>Welcome</title>", content_type="text/html")


async def chats(request: web.Request) -> web.Response:
    """Answer as a server of language models: a list of models, and FastAPI's 404 elsewhere."""
    if request.path == "/v1/models":
        models = [{"id": "qwen", "object": "model", "owned_by": "vllm"}]
        return web.json_response({"object": "list", "data": models})
    return web.json_response({"detail": "Not Found"}, status=404)


async def quotes(request: web.Request) -> web.Response:
    error = {"message": f"Invalid URL (GET {request.path})", "type": "invalid_request_error"}
    return web.json_response({"error": error}, status=404)


@pytest.mark.parametrize("handler", [lost, page, chats, quotes])
async def test_a_server_without_a_videos_api_is_reported(handler: Handler, tmp_path: Path) -> None:
    async with answering(handler) as url:
        code, told = await doctor(tmp_path, "--json", VIDEOS_BASE_URL=f"{url}/v1")
    assert code == 1
    found = check(told, "Videos server")
    assert found["mark"] == "bad"
    assert found["found"].startswith("no Videos API here")
    assert "VIDEOS_BASE_URL" in found["fix"]


async def test_a_server_that_knows_no_such_job_has_a_videos_api(tmp_path: Path) -> None:
    async def gateway(request: web.Request) -> web.Response:
        if request.path.startswith("/v1/videos/"):
            return web.json_response({"code": "task_not_exist", "message": "no"}, status=400)
        return web.json_response({"detail": "Not Found"}, status=404)

    async with answering(gateway) as url:
        _, told = await doctor(tmp_path, "--json", VIDEOS_BASE_URL=f"{url}/v1")
    assert check(told, "Videos server")["mark"] == "ok"


async def test_a_query_of_the_base_is_sent_with_every_request(tmp_path: Path) -> None:
    asked = list[str]()

    async def azure(request: web.Request) -> web.Response:
        asked.append(request.query.get("api-version", "none"))
        return web.json_response({"object": "list", "data": []})

    async with answering(azure) as url:
        base = f"{url}/openai/v1/videos?api-version=preview"
        _, told = await doctor(tmp_path, "--json", VIDEOS_BASE_URL=base)
    assert check(told, "Videos server")["mark"] == "ok"
    assert set(asked) == {"preview"}


@pytest.mark.parametrize("handler", [lost, page])
async def test_a_server_that_is_not_discord_is_reported_without_a_traceback(
    handler: Handler, tmp_path: Path
) -> None:
    async with answering(handler) as url:
        code, told = await doctor(tmp_path, DISCORD_API_URL=f"{url}/api/v10")
    assert code == 1
    assert "does not answer as Discord does" in " ".join(told.split())
    assert "Traceback" not in told
    assert TOKEN not in told


async def test_the_doctor_creates_no_file_and_names_no_exception(tmp_path: Path) -> None:
    code, told = await doctor(tmp_path, VIDEOS_BASE_URL=f"{CLOSED}/v1", DATA_DIR="not/there")
    assert code == 1
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib's would count as blocking
    assert "not there yet" in told
    assert "Error" not in told
    assert told.count("how to fix:") >= 2


async def test_the_report_fits_a_terminal_and_cuts_no_address(tmp_path: Path) -> None:
    long = f"{CLOSED}/{'a-long-way/' * 12}v1"
    _, told = await doctor(tmp_path, DISCORD_API_URL=long, VIDEOS_BASE_URL=long)
    assert max(map(len, told.splitlines())) <= 80
    assert long.replace("/", "") in "".join(told.split()).replace("/", "")


async def test_the_proxy_is_named_without_its_password(tmp_path: Path) -> None:
    seen = list[str]()

    async def proxy(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response(status=502)

    async with answering(proxy) as url:
        named = url.replace("//", "//ada:s3cret@")
        code, told = await doctor(
            tmp_path, "--json",
            HTTP_PROXY=named, DISCORD_API_URL="http://discord.example.org/api/v10",
            VIDEOS_BASE_URL="http://gpu.example.org/v1", NO_PROXY="gpu.example.org",
        )  # fmt: skip
    assert code == 1
    assert check(told, "proxy")["found"] == f"Discord is reached through {url}"
    assert "s3cret" not in told
    assert "http://discord.example.org/api/v10/users/@me" in seen


async def test_a_misspelt_setting_is_found(tmp_path: Path) -> None:
    async with loopback() as discord:
        _, told = await doctor(
            tmp_path, "--json", DISCORD_TOKEN=discord.token, DISCORD_API_URL=discord.api_url,
            VIDEO_BASE_URL="http://gpu/v1",
        )  # fmt: skip
    assert "did you mean VIDEOS_BASE_URL?" in check(told, "settings")["found"]


@pytest.mark.parametrize(
    "address", ["http://u:p@h/x", "u:p@h", "//u:p/q@h", "http://h/?key=p", "http://u:p@h@i/?p"]
)
def test_secrets_of_an_address_are_redacted(address: str) -> None:
    text = quoted(address)
    assert "p" not in text.replace("http", "")
    assert "***" in text
