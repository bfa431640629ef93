"""What kind of thing went wrong, by what a server's code and sentence say in any vendor's words.

Codes seen in the field: moderation_blocked, sentinel_block (OpenAI), content_filter (Azure),
sensitive_words_detected, insufficient_user_quota (New API), DataInspectionFailed (DashScope),
OutputVideoSensitiveContentDetected (Ark), insufficient_quota, billing_hard_limit_reached,
rate_limit_exceeded, model_not_found, invalid_size.
"""

import re
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """Kinds of failures that call for different advice."""

    MEMORY = "memory"
    VERIFICATION = "verification"
    QUOTA = "quota"
    MODERATION = "moderation"
    MODEL = "model"
    SIZE = "size"
    SECONDS = "seconds"
    IMAGE = "image"
    BUSY = "busy"
    TIMEOUT = "timeout"


_SIGNS: Final = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        (Cause.MEMORY,
         (r"out.?of.?memory|\boom\b|memory.?error|alloc\w* .{0,40}memory|(?:not enough|insufficient"
         r") (?:\w+ )?(?:memory|vram)|cublas_status_alloc|显存|内存不足|メモリ不足")),
        (Cause.VERIFICATION,
         (r"(?:organi[sz]ation|account|identity)\b.{0,40}verif|verify.{0,40}(?:organi[sz]ation|account"
         r"|identity)|unverified|实名")),
        (Cause.BUSY, r"per.?(?:minute|second|hour)|rate.?limit|too.?many.?(?:requests|tasks|jobs)"),
        (Cause.QUOTA,
         (r"insufficient.{0,12}(?:quota|credit|balance|fund)|quota.{0,30}(?:exceed|used|exhaust|reach)"
         r"|exceed.{0,30}quota|billing|(?:out of|not enough|no(?: more)?|used up.{0,20}) "
         r"?(?:credit|balance|quota|fund|point)|payment.?required|arrear|overdue"
         r"|(?:credit|balance)s?\b.{0,30}(?:insufficient|not enough|too low|exhaust|deplet|used up)"
         r"|spending.?limit|recharge|top.?up|余额|欠费|额度|残高|^402\b")),
        (Cause.MODERATION,
         (r"moderat|content.{0,4}(?:polic|filter|safety|violat|review|audit|risk|check|security|secur)"
         r"|(?<!case.)(?<!case)sensitive|safety|unsafe|nsfw|sexual|^\W*blocked|guardrail|inappropriate"
         r"|inspection|prohibit|violat|sentinel|risk.?(?:control|not|word|detect)|responsible.?ai"
         r"|raifilter|blocklist|(?:prompt|request|content|image|input|output).{0,20}block"
         r"|banned|harmful|copyright|celebrit|public.?figure|recitation|offensive|explicit"
         r"|敏感|违规|审核|不合规|内容安全|风控|违反|不当|規約|不適切|コンテンツポリシー")),
        (Cause.MODEL,
         (r"(?:no such|unknown|invalid|unsupported).{0,3}model|model.{0,60}(?:not.?(?:found|exist"
         r"|support|avail)|does not exist|mismatch|unknown|unavailable)|模型不存在")),
        (Cause.SIZE,
         (r"(?:invalid|unsupported|unknown).{0,12}(?:size|resolution|aspect|dimension)|(?:\bsize"
         r"|resolution|aspect.?ratio|width|height)\b.{0,40}(?:invalid|not.?support|unsupported|must"
         r"|should|allowed|not.?valid)")),
        (Cause.SECONDS,
         (r"(?:invalid|unsupported).{0,12}(?:second|duration|length)|(?:seconds|duration)\b.{0,40}"
         r"(?:invalid|not.?support|unsupported|must|should|allowed|between|exceed|not.?valid)")),
        (Cause.IMAGE,
         (r"(?:invalid|unsupported|corrupt\w*|bad).{0,12}(?:image|picture|input_reference)|(?:image"
         r"|picture|input_reference)\b.{0,60}(?:invalid|must|not.?support|unsupported|corrupt|decode"
         r"|identif|download|too (?:large|small|big)|cannot|could not|format)")),
        (Cause.BUSY,
         (r"overload|\bbusy\b|capacity|concurren.{0,30}(?:limit|exceed|max)|throttl|queue.{0,12}full"
         r"|(?:server|service).{0,20}unavailable|try again later|繁忙|限流|频繁|混雑")),
        (Cause.TIMEOUT, r"time.?out|timed.?out|deadline.?exceeded|too long|超时|タイムアウト"),
    )
)  # fmt: skip


def cause_of(code: str | None, message: str | None) -> Cause | None:
    """Return what a server's code and sentence speak of, or None where that is not known."""
    told = f"{code or ''} {message or ''}".strip()
    return next((cause for cause, sign in _SIGNS if sign.search(told)), None)
