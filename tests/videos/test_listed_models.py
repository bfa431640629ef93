"""The models of a server's list that make films, by the lists of the living servers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.videos.dialects import BY_NAME, DIALECTS
from bot.videos.listed_models import NAME_LIMIT, film_models


def listed(*names: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


@pytest.mark.parametrize(
    ("dialect", "body", "names"),
    [
        ("sglang", listed("Wan-AI/Wan2.2", "a"), ("Wan-AI/Wan2.2", "a")),
        ("openai", listed("gpt-5", "sora-2", "sora-2-pro"), ("sora-2", "sora-2-pro")),
        ("openai", listed("model-a", "model-b"), ("model-a", "model-b")),
        ("openai", listed(*(f"chat-{number}" for number in range(300))), ()),
        ("openai", listed("veo-3.1", "swan-7b", "taiwan-llm", "kling-v3"), ("veo-3.1", "kling-v3")),
        ("reseller", listed("minimax-hailuo", "HunyuanVideo", "i2v-01"),
         ("minimax-hailuo", "HunyuanVideo", "i2v-01")),
        ("litellm", listed("sora-2"), ()),
        ("litellm", {"data": [{"model_name": "s", "model_info": {"mode": "video_generation"}}]},
         ("s",)),
        ("new-api", {"data": [{"id": "k", "supported_endpoint_types": ["openai-video"]},
                              {"id": "g", "supported_endpoint_types": ["openai"]}]}, ("k",)),
        ("openai", [{"id": "Wan", "type": "video"}, {"id": "Llama", "type": "chat"}], ("Wan",)),
        ("openrouter", {"data": [{"id": "google/veo-3.1"}, {"id": "x/y"}]},
         ("google/veo-3.1", "x/y")),
        ("openrouter", {"data": [{"id": "v", "architecture": {"output_modalities": ["video"]}},
                                 {"id": "w", "architecture": {"output_modalities": ["text"]}}]},
         ("v",)),
        ("azure", listed("sora-2"), ()),
        ("sglang", listed("x" * (NAME_LIMIT + 1), ""), ()),
        ("sglang", {"data": [None, 3, {"id": 4}]}, ()),
        ("openai", None, ()),
    ],
)  # fmt: skip
def test_film_models_are_found_in_a_list(
    dialect: str, body: object, names: tuple[str, ...]
) -> None:
    assert film_models(body, BY_NAME[dialect]) == names


KEYS = st.sampled_from(["data", "id", "mode", "type", "model_info", "architecture", "name"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(body=ANYTHING, dialect=st.sampled_from(DIALECTS))
def test_any_list_gives_names_that_can_be_choices(body: object, dialect: Any) -> None:  # noqa: ANN401
    assert all(1 <= len(name) <= NAME_LIMIT for name in film_models(body, dialect))
