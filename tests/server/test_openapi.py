"""The document that the server gives of itself, held against what the server does."""

import json
from typing import Any
from urllib.request import urlopen

from tests.processes import VideosServer


def document(server: VideosServer) -> dict[str, Any]:
    origin = server.base_url.removesuffix("/v1")
    with urlopen(f"{origin}/openapi.json") as answer:
        return json.loads(answer.read())


def test_it_names_every_verb_of_the_contract(server: VideosServer) -> None:
    told = document(server)
    assert told["openapi"].startswith("3.1")
    verbs = {(path, verb) for path, entry in told["paths"].items() for verb in entry}
    assert verbs >= {
        ("/v1/videos", "post"),
        ("/v1/videos", "get"),
        ("/v1/videos/{id}", "get"),
        ("/v1/videos/{id}", "delete"),
        ("/v1/videos/{id}/content", "get"),
        ("/v1/videos/{id}/remix", "post"),
    }


def test_every_reference_in_it_leads_somewhere(server: VideosServer) -> None:
    told = document(server)
    text = json.dumps(told)
    names = {part.split('"')[0] for part in text.split('"#/components/')[1:]}
    assert names
    for name in names:
        kind, _, entry = name.partition("/")
        assert entry in told["components"][kind], name
