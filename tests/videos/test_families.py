"""Every family of servers, from detecting its dialect to the film on disk."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.media.input_reference import InputReference
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME, by_host
from bot.videos.models import CreateVideo, VideoStatus
from tests.media import films
from tests.videos.connecting import KEY, connected
from tests.videos.families import FAMILIES, Family
from tests.videos.imitation import Imitation, imitated

ALL = pytest.mark.parametrize("family", FAMILIES, ids=str)
WANTED = CreateVideo(prompt="a cat", size="832x480", seconds="4")


def speaking_to(server: Imitation) -> AbstractAsyncContextManager[VideosClient]:
    family = server.family
    dialect = family.name if family.by_hand else None
    return connected(server.base_url, dialect=dialect, film_hosts=[server.store])


@ALL
async def test_every_family_leads_from_the_create_to_the_film(
    family: Family, tmp_path: Path
) -> None:
    async with imitated(family) as server, speaking_to(server) as client:
        await client.find_out()
        target = tmp_path / "film"
        reading = await client.create(WANTED, target)
        looked = created = reading.video
        for _ in range(5):
            if looked.status is VideoStatus.COMPLETED:
                break
            looked = (await client.retrieve(created.id)).video
        assert looked.status is VideoStatus.COMPLETED
        if reading.film is None:
            await client.download(created.id, target, film_url=created.film_url)

    assert target.read_bytes() == films.mp4()
    (sent,) = server.created
    size = {} if {"width", "aspect_ratio"} & family.sends.keys() else {"size": "832x480"}
    assert sent == sent | {"prompt": "a cat", **size, **family.sends}
    assert "model" not in sent
    assert all(key is not None and KEY in key for key in server.keys)
    assert server.keys_at_store == [None] * len(server.keys_at_store)


@ALL
async def test_the_dialect_is_detected_where_it_can_be(family: Family) -> None:
    async with imitated(family) as server, connected(server.base_url) as client:
        await client.find_out()
    assert client.dialect.name == ("openai" if family.by_hand else family.name)
    assert client.dialect.lists is (family.jobs.status == 200)
    assert client.models == family.makes


@ALL
async def test_a_remix_is_offered_where_the_server_surely_does_one(family: Family) -> None:
    async with imitated(family) as server, connected(server.base_url) as client:
        assert not client.dialect.remixes, "nothing is known before it was asked"
        await client.find_out()
    known = BY_NAME[client.dialect.name]
    asked = family.remix.status == 405 if known.name == "openai" else known.remixes
    assert client.dialect.remixes is asked


async def test_a_configured_dialect_is_used_and_its_models_are_requested() -> None:
    (family,) = [each for each in FAMILIES if each.name == "vllm-omni"]
    async with imitated(family) as server, connected(server.base_url, dialect="litellm") as client:
        await client.find_out()
    assert client.dialect is BY_NAME["litellm"]
    assert client.models == ()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("studio.openai.azure.com", "azure"),
        ("studio.services.ai.azure.com", "azure"),
        ("openrouter.ai", "openrouter"),
        ("api.together.xyz", "together"),
    ],
)
def test_some_hosts_are_recognised_by_name(host: str, name: str) -> None:
    known = by_host(host)
    assert known is not None
    assert known.name == name
    assert by_host(f"not{host}.example.org") is None


@pytest.mark.parametrize("name", ["dynamo", "openrouter", "together"])
async def test_json_servers_get_the_image_as_a_data_url(name: str) -> None:
    family = next(each for each in FAMILIES if each.name == name)
    image = InputReference(data=b"png", filename="a.png", content_type="image/png")
    async with imitated(family) as server, speaking_to(server) as client:
        await client.find_out()
        await client.create(WANTED.model_copy(update={"input_reference": image}))
    assert "data:image/png;base64,cG5n" in str(server.created)


def test_there_is_an_imitation_of_every_dialect() -> None:
    assert {family.name for family in FAMILIES} == set(BY_NAME)
