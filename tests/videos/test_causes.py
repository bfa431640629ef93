"""Causes recognised in a server's words, and these words redacted for everybody."""

import pytest

from bot.videos.causes import Cause, cause_of
from bot.videos.public_words import public

MODERATION = (
    "moderation_blocked", "sentinel_block", "content_policy_violation", "content_filter",
    "sensitive_words_detected", "DataInspectionFailed", "OutputVideoSensitiveContentDetected",
    "InputImageRiskDetection", "ResponsibleAIPolicyViolation", "prompt_blocked", "safety_violation",
    "IMAGE_SAFETY", "PROHIBITED_CONTENT", "risk_not_pass", "unsafe_content", "nsfw_detected",
    "public_error_unsafe_generation", "output_moderation", "内容违规",
    "RAI_FILTERED", "IPInfringementSuspect", "media_generation_blocked", "request_flagged",
    "usage_policy", "similar to third-party content", "色情", "敏感词",
)  # fmt: skip


@pytest.mark.parametrize("code", MODERATION)
def test_moderation_is_recognised_in_every_vendors_words(code: str) -> None:
    assert cause_of(code, None) is Cause.MODERATION
    assert cause_of("400", code) is Cause.MODERATION


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ("CUDA out of memory. Tried to allocate 2 GiB", Cause.MEMORY),
        ("HIP out of memory", Cause.MEMORY),
        ("std::bad_alloc", Cause.MEMORY),
        ("cuda_oom", Cause.MEMORY),
        ("organization_not_verified", Cause.VERIFICATION),
        ("You have 0 credits", Cause.QUOTA),
        ("monthly spend limit reached", Cause.QUOTA),
        ("no available GPU", Cause.BUSY),
        ("prompt is too long", Cause.PROMPT),
        ("failed to decode image", Cause.IMAGE),
        ("height must be a multiple of 16", Cause.SIZE),
        ("num_frames must be 81", Cause.SECONDS),
        ("无可用渠道", Cause.MODEL),
        ("segmentation violation", None),
        ("foreign key violation", None),
        ("explicit conversion of block size 16", None),
        ("Insufficient credits", Cause.QUOTA),
        ("余额不足", Cause.QUOTA),
        ("You exceeded your current quota", Cause.QUOTA),
        ("Rate limit: quota exceeded per minute", Cause.BUSY),
        ("Your organization must be verified to use the model `sora-2`", Cause.VERIFICATION),
        ("Engine timed out", Cause.TIMEOUT),
        ("model 'x' does not exist", Cause.MODEL),
        ("Invalid value: '3'. seconds must be one of 4, 8", Cause.SECONDS),
        ("size 3x3 is not supported", Cause.SIZE),
        ("Inpaint image must match the requested width and height", Cause.IMAGE),
        ("KeyError: 'latents'", None),
        ("Incorrect API key provided", None),
        ("the name is case-sensitive", None),
        (None, None),
    ],
)
def test_a_sentence_has_the_cause_that_it_names(told: str | None, cause: Cause | None) -> None:
    assert cause_of(None, told) is cause


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("File '/srv/models/wan.safetensors' not found", "File '…' not found"),
        ("Permission denied: '/home/me/.cache/x'", "Permission denied: '…'"),
        ("C:\\Users\\me\\wan.py failed", "… failed"),
        ("D:/models/x is missing", "… is missing"),
        ("see https://user:pw@host.example.com/x", "see https://host.example.com/x"),
        ("postgres://u:p@db/x", "…"),
        ("s3://bucket/key/x.mp4", "…"),
        ("key sk-proj-abcdefghijklmnop is bad", "key … is bad"),
        ("used deadbeefdeadbeefdeadbeefdead", "used …"),
        ("http://10.1.2.3:8000/v1 failed", "… failed"),
        ("http://gpu-box:8000/v1/x failed", "… failed"),
        ("connect to videos.internal:80", "connect to …"),
        ("cannot connect to host gpu-box:8000 ssl", "cannot connect to host … ssl"),
        ("[fe80::1]:80 is away", "… is away"),
        ("Incorrect API key: sk-abc1234567xyz", "Incorrect API key…"),
        ("Bearer abc.def is wrong", "… is wrong"),
        ("used 0123456789abcdef0123456789abcdef", "used …"),
    ],
)
def test_public_words_leave_out_paths_addresses_and_keys(said: str, kept: str) -> None:
    assert public(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "size must be 720x1280 and/or 1280x720", "seconds must be 4, 8 or 12", "ratio 16:9",
        "see https://platform.example.com/docs/x for more", "error at 12:30:45",
        "Model Wan-AI/Wan2.2-T2V-A14B-Diffusers is missing", "CUDA out of memory",
        "Your request was blocked by our moderation system.", "内容违规", "code:1001",
    ],
)  # fmt: skip
def test_public_words_keep_what_helps(said: str) -> None:
    assert public(said) == said
