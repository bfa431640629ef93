"""Redacts a server's words for everybody to read.

Paths on its disk, addresses of its network, and whatever looks like a key are left out.
"""

import re
from typing import Final

LEFT_OUT: Final = "…"

_USER: Final = re.compile(r"(?<=://)[^\s/@]+@")
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # keys: named ones, those with a known beginning, and long ones
        r"\bbearer[\s:]+[^\s\"',;]+",
        r"(?<=key)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]{4,}",
        r"(?<=token|oauth)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]{4,}",
        r"(?<=password)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]+",
        r"(?<=secret)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]+",
        (r"\b(?:sk|pk|rk|xai|hf|r8|gsk|ghp|gho|fal|key|tok|nvapi|akia|aiza|eyj)[-_]?"
        r"(?=[\w*.-]*[\d*])[\w*.-]{8,}"),
        r"\b(?:sk|xai|hf|gsk|ghp|gho|nvapi|r8)[-_][\w*.-]{8,}",
        r"\b(?:key|token|secret|password)\b\W{1,3}(?=[\w-]*\d)[\w.+/=-]{8,}",
        r"\b(?=\w*\d)(?=\w*[a-z])[\w+]{24,}={0,2}",
        r"\b[0-9a-f]{24,}\b",
        r"(?<![\w.-])(?=[\w+-]*\d)[a-z0-9_+-]{40,}={0,2}(?![\w.-])",
        # addresses: of any kind inside, by number, by a name without a dot, by an inner ending
        (r"\b[a-z][a-z0-9+.-]*://(?:[^\s/@]+@)?(?:\[[0-9a-f:.%]+\]|[\d.]+|[\w-]+|[\w.-]+\."
        r"(?:local|internal|lan|svc|corp|home|arpa|intranet|private|test))(?![\w-]|\.\w)(?::\d+)?"
        r"(?:/[^\s\"'<>)]*)?"),
        r"\b(?:file|s3|gs|nfs|smb)://\S+",
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\w.]*\w)",
        (r"(?<![\w:])\[?(?=[0-9a-f:]*(?:::|[a-f][0-9a-f]*:|:[0-9a-f]*[a-f]))"
        r"(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:%\w+)?\]?(?::\d+)?"),
        r"\blocalhost(?::\d+)?(?:/\S*)?",
        r"\b[\w.-]+\.(?:local|internal|lan|svc|corp|intranet)\b(?::\d+)?(?:/\S*)?",
        r"(?<=host )[\w.-]+:\d+|(?<=host[=:])[\"']?[\w.-]+[\"']?",
        (r"(?<![\w.])(?!(?:code|error|errno|status|line|port|seed|step|frame|http)\b)"
        r"[a-z][\w-]*:\d{2,5}\b"),
        # paths
        r"(?<!\w)[a-z]:[\\/](?!/)[^\s\"'<>]+",
        r"(?<![\w/.<])(?:~|\.{1,2})?/(?!/)(?:[\w.@%+~-]+/)+[\w.@%+~-]*",
        r"(?<![\w/.<])/(?:home|srv|tmp|var|usr|etc|opt|root|mnt|data|models|workspace|app|run)\b\S*",
        r"\\\\[\w.$-]+\\[^\s\"'<>]+",
    )
)  # fmt: skip


def public(text: str) -> str:
    """Return a server's sentence, redacted for everybody in a channel."""
    text = _USER.sub("", text)
    for pattern in _PATTERNS:
        text = pattern.sub(LEFT_OUT, text)
    return text
