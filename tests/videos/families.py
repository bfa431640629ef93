"""The answers of each family of servers, from a create to the film, by its source or its wire.

`{at}` in a body stands for the address of the server itself, `{store}` for another host that keeps
films, `{film}` for a film as base64. A film is served where an answer is FILM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FILM: Final = "a film"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer: its status, its JSON (or FILM), and its headers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Family:
    """One server: its answers by route; those to polls in turn, the last one repeated."""

    name: str
    case: str = ""
    """Another way of the same family."""
    models: Said
    info: Said = Said(status=404)
    """The answer to `/model/info` (LiteLLM)."""
    remix: Said = Said(status=404)
    """The answer to a GET of the route for remixes."""
    jobs: Said
    created: Said
    polls: tuple[Said, ...]
    content: Said
    stored: Said = Said(status=404)
    """The other host's answer to `/stored`."""
    by_hand: bool = False
    """Whether VIDEOS_DIALECT has to name its dialect, since no answer shows it."""
    is_json: bool = False
    makes: tuple[str, ...] = ()
    """Its models that make films, as far as its list says."""
    sends: Mapping[str, object] = field(default_factory=dict[str, object])
    """The fields of a create of 4 seconds."""
    has_key: str = "Authorization"

    def __str__(self) -> str:
        return f"{self.name} {self.case}".strip()


def models(owner: str, *names: str) -> Said:
    entries = [{"id": name, "object": "model", "owned_by": owner} for name in names]
    return Said(body={"object": "list", "data": entries})


NOT_FOUND: Final = Said(status=404, body={"detail": "Not Found"})
_VLLM: Final = {
    "id": "video_gen_0a1b", "object": "video", "model": "Wan-AI/Wan2.2", "prompt": "a cat",
    "seconds": "4", "size": "832x480", "quality": "default", "created_at": 1795000000,
    "fps": 16.0, "num_frames": 64, "inference_time_s": None, "expires_at": None, "error": None,
}  # fmt: skip
_SGLANG: Final = {
    "id": "7d4c1f5e-0b43-4c7c-8a50-1a3a3b1f7d11", "object": "video", "model": "wan",
    "seconds": "4", "size": "832x480", "quality": "standard", "created_at": 1795000000,
    "url": None, "file_path": "/srv/outputs/7d4c.mp4", "peak_memory_mb": 20123.5,
}  # fmt: skip
_LITELLM_ID: Final = "video_" + "bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTs" * 5 + "=="
_LITELLM: Final = {
    "object": "video", "model": "sora", "created_at": 1795000000, "seconds": "4",
    "size": "720x1280", "error": None,
}  # fmt: skip
_NEW_API: Final = {"object": "video", "model": "sora-2", "created_at": 1795000000}

FAMILIES: Final = (
    Family(
        name="vllm-omni",
        makes=("Wan-AI/Wan2.2",),
        models=models("vllm", "Wan-AI/Wan2.2"),
        jobs=Said(body={"object": "list", "data": [], "has_more": False}),
        created=Said(body=_VLLM | {"status": "queued", "progress": 0}),
        polls=(
            Said(body=_VLLM | {"status": "in_progress", "progress": 0}),
            Said(body=_VLLM | {"status": "completed", "progress": 100, "duration_s": 2.0}),
        ),
        content=Said(body=FILM, headers={"Accept-Ranges": "bytes"}),
    ),
    Family(
        name="sglang",
        makes=("wan",),
        models=models("sglang", "wan"),
        jobs=Said(body={"object": "list", "data": []}),
        created=Said(body=_SGLANG | {"status": "queued", "progress": 0}),
        polls=(
            Said(body=_SGLANG | {"status": "in_progress", "progress": 41}),
            Said(body=_SGLANG | {"status": "completed", "progress": 100, "url": "{store}/stored"}),
        ),
        content=Said(
            status=400,
            body={
                "detail": "Video has been uploaded to cloud storage. Please use the cloud URL: "
                "{store}/stored"
            },
        ),
        stored=Said(body=FILM),
    ),
    Family(
        name="fastvideo",
        makes=("FastWan2.1",),
        models=models("fastvideo", "FastWan2.1"),
        jobs=Said(body={"data": []}),
        created=Said(body=_SGLANG | {"status": "queued", "progress": 0}),
        polls=(Said(body=_SGLANG | {"status": "completed", "progress": 100}),),
        content=Said(body=FILM),
    ),
    Family(
        name="tensorrt-llm",
        makes=("Wan2.2",),
        models=models("tensorrt_llm", "Wan2.2"),
        jobs=Said(body={"data": []}),
        created=Said(
            status=202,
            body={"id": "video_t", "status": "queued", "progress": None, "duration": 4.0},
        ),
        polls=(
            Said(body={"id": "video_t", "status": "generating", "progress": None, "error": None}),
            Said(body={"id": "video_t", "status": "postprocessing", "fps": 24.0}),
            Said(body={"id": "video_t", "status": "completed", "duration": 4.0}),
        ),
        content=Said(body=FILM),
    ),
    Family(
        name="dynamo",
        makes=("wan",),
        models=models("nvidia", "wan"),
        jobs=NOT_FOUND,
        created=Said(
            body={
                "id": "vid_d", "object": "video", "model": "wan", "status": "completed",
                "progress": 100, "created": 1795000000, "error": None, "inference_time_s": 3.5,
                "data": [{"url": "{store}/stored", "output_format": "mp4", "fps": 16}],
            },
        ),
        polls=(NOT_FOUND,),
        content=NOT_FOUND,
        stored=Said(body=FILM),
        is_json=True,
        sends={"seconds": 4},
    ),
    Family(
        name="dynamo",
        case="with the film inside",
        models=models("nvidia", "meta/llama-4", "Wan-AI/Wan2.2-T2V"),
        makes=("Wan-AI/Wan2.2-T2V",),
        jobs=NOT_FOUND,
        created=Said(
            body={
                "id": "vid_b", "object": "video", "status": "completed", "created": 1795000000,
                "data": [{"b64_json": "{film}", "output_format": "mp4", "fps": 16}],
            },
        ),
        polls=(NOT_FOUND,),
        content=NOT_FOUND,
        is_json=True,
        sends={"seconds": 4},
    ),
    Family(
        name="litellm",
        makes=("sora",),
        models=Said(
            body={
                "data": [
                    {"id": "gpt-5", "object": "model", "owned_by": "openai"},
                    {"id": "sora", "object": "model", "owned_by": "openai"},
                ]
            },
            headers={"x-litellm-version": "1.109.1"},
        ),
        info=Said(
            body={
                "data": [
                    {"model_name": "gpt-5", "model_info": {"id": "a1", "mode": "chat"}},
                    {"model_name": "sora", "model_info": {"id": "b2", "mode": "video_generation"}},
                    {"model_name": "mine", "model_info": {"id": "c3", "mode": None}},
                ]
            },
        ),
        jobs=Said(
            status=400,
            body={"error": {"message": "custom_llm_provider is required", "code": "400"}},
            headers={"x-litellm-call-id": "c1"},
        ),
        created=Said(
            body=_LITELLM | {"id": _LITELLM_ID, "status": "queued", "progress": 0,
                             "usage": {"duration_seconds": 4.0}},
        ),
        polls=(
            Said(body=_LITELLM | {"id": "video_other", "status": "processing"}),
            Said(body=_LITELLM | {"id": "video_other", "status": "completed", "progress": 100}),
        ),
        content=Said(body=FILM),
    ),
    Family(
        name="new-api",
        makes=("sora-2",),
        models=Said(
            body={
                "data": [
                    {"id": "gpt-5", "object": "model", "owned_by": "openai",
                     "supported_endpoint_types": ["openai"]},
                    {"id": "sora-2", "object": "model", "owned_by": "openai",
                     "supported_endpoint_types": ["openai-video"]},
                ]
            },
            headers={"X-Oneapi-Request-Id": "20261123"},
        ),
        jobs=Said(status=404, body={"error": {"message": "Invalid URL (GET /v1/videos)"}}),
        created=Said(body=_NEW_API | {"id": "task_1", "task_id": "task_1", "status": "unknown"}),
        polls=(
            Said(body=_NEW_API | {"id": "task_1", "status": "NOT_START"}),
            Said(body=_NEW_API | {"id": "task_1", "status": "in_progress", "progress": 30}),
            Said(body=_NEW_API | {"id": "task_1", "status": "completed",
                                  "metadata": {"url": "{store}/nowhere"}}),
        ),
        content=Said(body=FILM, headers={"Cache-Control": "public"}),
    ),
    Family(
        name="azure",
        models=Said(status=404, body={"error": {"code": "404", "message": "Resource not found"}}),
        jobs=Said(body={"object": "list", "data": [], "has_more": False}),
        created=Said(body={"id": "video_a", "object": "video", "status": "queued"}),
        polls=(Said(body={"id": "video_a", "status": "completed", "progress": 100}),),
        content=Said(body=FILM),
        by_hand=True,
        has_key="api-key",
    ),
    Family(
        name="openrouter",
        models=Said(status=404, body={"error": {"code": 404, "message": "Not Found"}}),
        jobs=Said(status=404, body={"error": {"code": 404, "message": "Not Found"}}),
        created=Said(
            status=202,
            body={"id": "gen-vid-1", "polling_url": "{at}/videos/gen-vid-1", "status": "pending"},
        ),
        polls=(
            Said(body={"id": "gen-vid-1", "status": "in_progress"}),
            Said(
                body={
                    "id": "gen-vid-1", "status": "completed", "usage": {"cost": 0.4},
                    "unsigned_urls": ["{at}/videos/gen-vid-1/content?index=0"],
                },
            ),
        ),
        content=Said(body=FILM),
        by_hand=True,
        is_json=True,
        sends={"duration": 4},
    ),
    Family(
        name="together",
        models=NOT_FOUND,
        jobs=NOT_FOUND,
        created=Said(body={"id": "vid_g", "status": "queued", "created_at": "2026-11-22"}),
        polls=(
            Said(body={"id": "vid_g", "status": "in_progress", "seconds": "4", "error": None}),
            Said(body={"id": "vid_g", "status": "completed",
                       "outputs": {"cost": 0.8, "video_url": "{store}/stored"}}),
        ),
        content=NOT_FOUND,
        stored=Said(body=FILM),
        by_hand=True,
        is_json=True,
        sends={"width": 832, "height": 480, "seconds": "4"},
    ),
    Family(
        name="reseller",
        models=NOT_FOUND,
        jobs=NOT_FOUND,
        created=Said(
            body={"task_id": "r1", "object": "video.generation", "status": "processing"},
        ),
        polls=(
            Said(
                body={"task_id": "r1", "status": "succeeded", "seconds": "3.4",
                      "outputs": {"video_url": "{store}/stored"}},
            ),
        ),
        content=NOT_FOUND,
        stored=Said(status=302, headers={"Location": "{store}/signed"}),
        by_hand=True,
    ),
    Family(
        name="openai",
        models=NOT_FOUND,
        jobs=NOT_FOUND,
        remix=Said(status=405, headers={"Allow": "POST"}),
        created=Said(body={"id": "r2", "status": "queued"}),
        polls=(Said(body={"id": "r2", "status": "success"}),),
        content=Said(body={"data": {"url": "{store}/stored"}}),
        stored=Said(body=FILM),
    ),
    Family(
        name="openai",
        case="behind a relay",
        models=NOT_FOUND,
        jobs=NOT_FOUND,
        created=Said(
            body={"code": "success", "data": {"task_id": "t1", "status": "SUBMITTED"}},
        ),
        polls=(
            Said(body={"code": "success", "data": {"task_id": "t1", "status": "IN_PROGRESS",
                                                   "progress": "30%"}}),
            Said(body={"code": "success", "data": {"task_id": "t1", "status": "SUCCESS",
                                                   "progress": "100%",
                                                   "result_url": "{store}/stored"}}),
        ),
        content=Said(status=404, body={"error": {"message": "Not found"}}),
        stored=Said(body=FILM),
    ),
    Family(
        name="openai",
        case="with an id alone",
        models=NOT_FOUND,
        jobs=NOT_FOUND,
        created=Said(body={"id": "v7", "object": "video"}),
        polls=(Said(body={"id": "v7", "status": "succeed"}),),
        content=Said(body=FILM),
    ),
    Family(
        name="xai",
        models=NOT_FOUND,
        jobs=NOT_FOUND,
        created=Said(body={"request_id": "9f3c"}),
        polls=(
            Said(status=202, body={"status": "pending"}),
            Said(body={"status": "done", "model": "grok-imagine-video",
                       "video": {"url": "{store}/stored", "duration": 4}}),
        ),
        content=NOT_FOUND,
        stored=Said(body=FILM),
        by_hand=True,
        is_json=True,
        sends={"duration": 4, "aspect_ratio": "16:9"},
    ),
    Family(
        name="rushes",
        models=models("rushes", "preview"),
        makes=("preview",),
        jobs=Said(body={"object": "list", "data": [], "has_more": False}),
        created=Said(body={"id": "video_r", "object": "video", "status": "queued"}),
        polls=(Said(body={"id": "video_r", "status": "completed"}),),
        content=Said(body=FILM),
    ),
)  # fmt: skip
"""`openai` answers like docs.anyfast.ai: /content is JSON with an address."""


def family(name: str) -> Family:
    """Return the first entry of a family."""
    return next(each for each in FAMILIES if each.name == name)
