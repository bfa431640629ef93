"""Recorded answers of the living servers."""

import json

import pytest
from multidict import CIMultiDict

from bot.videos.answer import Answer
from bot.videos.errors import Refused
from bot.videos.protocol import read_created

JOB = {"id": "video_123", "object": "video", "model": "sora-2", "status": "queued", "progress": 0}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

VLLM_OMNI_FAILED = {
    "id": "video_gen_0f3a", "object": "video", "model": "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
    "status": "failed", "progress": 0, "created_at": 1795000000, "seconds": "4", "size": None,
    "error": {"code": 400, "message": "Prompt blocked by guardrail"}, "quality": "default",
}  # fmt: skip
LITELLM_AROUND_IT = {
    "error": {
        "message": "litellm.BadRequestError: OpenAIException - " + json.dumps(VLLM_OMNI_FAILED),
        "type": None,
        "param": None,
        "code": "400",
    }
}
LITELLM_MODERATION = {
    "error": {
        "message": "litellm.BadRequestError: OpenAIException - "
        + json.dumps(
            {
                "error": {
                    "message": "Your request was blocked by our moderation system.",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": "moderation_blocked",
                }
            }
        ),
        "type": "invalid_request_error",
        "param": None,
        "code": "400",
    }
}
OPENAI_KEY = {
    "error": {
        "message": "Incorrect API key provided.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    }
}


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=CIMultiDict(named), body=payload)


def refusal(told: Answer) -> Refused:
    with pytest.raises(Refused) as caught:
        read_created(told)
    return caught.value
