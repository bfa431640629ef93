"""Programs written for the API, unchanged but for the address: SDKs and curl."""

# The SDK marks the hosted API's verbs deprecated; the contract lives on in servers like ours.
# pyright: reportDeprecated=false

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import openai
import pytest

from tests.media.images import picture
from tests.processes import VideosServer
from tests.server.support import PATIENCE

PROGRAM = """
from openai import OpenAI

client = OpenAI()
video = client.videos.create(
    prompt="A calico cat playing a piano on stage",
)
print(video.id)
"""


@pytest.fixture
def client(server: VideosServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_the_python_sdk_makes_polls_lists_downloads_and_deletes(client: openai.OpenAI) -> None:
    videos = client.videos
    made = videos.create(
        prompt="A calico cat playing a piano on stage",
        model="sora-2",
        seconds="4",
        size="720x1280",
        input_reference=("cat.png", picture(), "image/png"),
    )
    done = videos.poll(made.id)
    film = videos.download_content(made.id).read()
    thumbnail = videos.download_content(made.id, variant="thumbnail").read()
    listed = [video.id for video in videos.list(limit=1)]
    deleted = videos.delete(made.id)

    assert (made.status, made.model, made.seconds) == ("queued", "sora-2", "4")
    assert (done.id, done.status, done.progress, done.error) == (made.id, "completed", 100, None)
    assert film[4:8] == b"ftyp"
    assert thumbnail[:3] == b"\xff\xd8\xff"
    assert listed == [made.id]
    assert (deleted.id, deleted.deleted) == (made.id, True)
    with pytest.raises(openai.NotFoundError) as missing:
        videos.retrieve(made.id)
    assert missing.value.code == "video_not_found"


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_the_python_sdk_reads_a_refusal(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        client.videos.create(prompt=" ")

    assert (refusal.value.param, refusal.value.type) == ("prompt", "invalid_request_error")


def test_the_references_python_program(server: VideosServer) -> None:
    environment = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert [job["id"] for job in server.jobs()] == [done.stdout.strip()]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_references_curl_program(server: VideosServer, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(picture())
    made = _curl(
        f"{server.base_url}/videos",
        "-H", "Authorization: Bearer none",
        "-F", "model=sora-2",
        "-F", "prompt=A calico cat playing a piano on stage",
        "-F", f"input_reference=@{tmp_path / 'cat.png'};type=image/png",
    )  # fmt: skip

    with urlopen(f"{server.base_url}/videos/{made['id']}", timeout=PATIENCE) as answer:
        job = json.load(answer)

    assert (made["object"], made["model"], made["status"]) == ("video", "sora-2", "queued")
    assert job["prompt"] == "A calico cat playing a piano on stage"


def _curl(*arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [shutil.which("curl") or "curl", "--silent", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(done.stdout)
