"""A server's words for everybody to read: without what is only its operator's business.

Paths of its disk, addresses of its inside, and whatever looks like a key are left out.
"""

import re
from typing import Final

LEFT_OUT: Final = "…"

_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # keys: named ones, those with a known beginning, and long ones
        r"\bbearer\s+[^\s\"',;]+",
        r"(?<=key)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]{4,}",
        r"(?<=token|oauth)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]{4,}",
        r"(?<=password)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]+",
        r"(?<=secret)[\"']?\s*[=:]\s*[\"']?[^\s\"',;]+",
        (r"\b(?:sk|pk|rk|xai|hf|r8|gsk|ghp|gho|fal|key|tok|nvapi|akia|aiza|eyj)[-_]?"
        r"(?=[\w*.-]*[\d*])[\w*.-]{8,}"),
        r"\b(?=\w*\d)(?=\w*[a-z])[\w+]{24,}={0,2}",
        # addresses: of any kind inside, by number, by a name without a dot, by an inner ending
        (r"\b[a-z]+://(?:[^\s/@]+@)?(?:\[[0-9a-f:.%]+\]|[\d.]+|[\w-]+|[\w.-]+\."
        r"(?:local|internal|lan|svc|corp|home|arpa|intranet|private|test))(?![\w-]|\.\w)(?::\d+)?"
        r"(?:/[^\s\"'<>)]*)?"),
        r"\bfile://\S+",
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\w.]*\w)",
        (r"(?<![\w:])\[?(?=[0-9a-f:]*(?:::|[a-f][0-9a-f]*:|:[0-9a-f]*[a-f]))"
        r"(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:%\w+)?\]?(?::\d+)?"),
        r"\blocalhost(?::\d+)?(?:/\S*)?",
        r"\b[\w.-]+\.(?:local|internal|lan|svc|corp|intranet)\b(?::\d+)?(?:/\S*)?",
        r"(?<=host )[\w.-]+:\d+|(?<=host[=:])[\"']?[\w.-]+[\"']?",
        (r"(?<![\w.])(?!(?:code|error|errno|status|line|port|seed|step|frame|http)\b)"
        r"[a-z][\w-]*:\d{2,5}\b"),
        # paths
        r"(?<![\w/:.<])(?:~|\.{1,2})?/(?:[\w.@%+~-]+/)+[\w.@%+~-]*",
        r"(?<![\w/:.<])/(?:home|srv|tmp|var|usr|etc|opt|root|mnt|data|models|workspace|app|run)\b\S*",
        r"(?<![\w])[a-z]:[\\/][^\s\"'<>]+",
        r"\\\\[\w.$-]+\\[^\s\"'<>]+",
    )
)  # fmt: skip


def public(text: str) -> str:
    """Return a server's sentence as it may be shown to everybody in a channel."""
    for pattern in _PATTERNS:
        text = pattern.sub(LEFT_OUT, text)
    return text
