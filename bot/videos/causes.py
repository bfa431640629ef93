"""The cause of a failure, recognised in a server's code and sentence, in any vendor's words.

Codes seen in the field: moderation_blocked, sentinel_block (OpenAI), content_filter (Azure),
sensitive_words_detected, insufficient_user_quota (New API), DataInspectionFailed (DashScope),
OutputVideoSensitiveContentDetected (Ark), insufficient_quota, billing_hard_limit_reached,
rate_limit_exceeded, model_not_found, invalid_size.
"""

import re
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """Causes of failures that call for different advice."""

    MEMORY = "memory"
    VERIFICATION = "verification"
    QUOTA = "quota"
    MODERATION = "moderation"
    MODEL = "model"
    PROMPT = "prompt"
    SIZE = "size"
    SECONDS = "seconds"
    IMAGE = "image"
    BUSY = "busy"
    TIMEOUT = "timeout"


_NO: Final = r"(?:invalid|unsupported|unknown|not.?support|must|should|allowed|not.?valid|exceed)"
_SIGNS: Final = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        (Cause.MEMORY,
         (r"out.?of.?memory|(?<![a-z])oom(?:.?kill\w*)?(?![a-z])|memory.?(?:error|limit)"
          r"|bad.?alloc|enomem|alloc\w* .{0,40}memory|memory ?allocation|exceed.{0,30}memory"
          r"|(?:not enough|insufficient) (?:\w+ )?(?:memory|vram)|cublas.status.alloc|显存"
          r"|内存不足|メモリ不足")),
        (Cause.VERIFICATION,
         (r"(?:organi[sz]ation|account|identity)\b.{0,40}verif"
          r"|verif(?:y|ied)\b.{0,40}(?:organi[sz]ation|account|identity)"
          r"|(?:must be|not|needs? to be) verified|verification required|unverified|实名")),
        (Cause.BUSY, r"per.?(?:minute|second|hour)|rate.?limit|too.?many.?(?:requests|tasks|jobs)"),
        (Cause.QUOTA,
         (r"insufficient.{0,12}(?:quota|credit|balance|fund)"
          r"|quota.{0,30}(?:exceed|used|exhaust|reach|fail|not enough)|exceed.{0,30}quota|quota$"
          r"|billing|(?:out of|not enough|no(?: more)?|used up.{0,20}) ?(?:credit|balance|quota"
          r"|fund|point)|\b0 (?:credit|balance|point)|payment.?required|arrear|account overdue"
          r"|overdue.?(?:payment|balance|bill)|(?:credit|balance)s?\b.{0,30}(?:insufficient"
          r"|not enough|too low|exhaust|deplet|used up)"
          r"|(?:credit|spend(?:ing)?|usage|monthly|budget).{0,3}limit"
          r"|(?:free.?tier|trial|subscription|plan)\b.{0,30}(?:end|expire|exhaust|only)|recharge"
          r"|top.?up|add (?:funds|credit)|余额|欠费|额度|残高|^402\b")),
        (Cause.MODERATION,
         (r"moderat|content.{0,4}(?:filter|safety|violat|review|audit|risk|check|security)"
          r"|\bfilter(?:s|ed)?\b|(?:content|usage|safety|our|community|acceptable.?use"
          r"|responsible.?ai)\W{0,3}(?:use )?polic|guideline|terms of (?:service|use)"
          r"|(?<!case.)(?<!case)(?<!time.)sensitive|safety|unsafe|nsfw|sexual|^\W*blocked"
          r"|guardrail|inappropriate|inspection|prohibit"
          r"|(?<!constraint )(?<!key )(?<!segmentation )(?<!access )violati(?:on|ng)|violates"
          r"|sentinel|risk.?(?:control|not|word|detect)|(?:text|image|content|prompt) risk"
          r"|responsible.?ai|\brai\b|blocklist"
          r"|(?:prompt|request|content|image|input|output|generation|media|video)\b.{0,20}blocked"
          r"|banned|harmful|copyright|trademark|infring|celebrit|public.?figure"
          r"|real (?:person|people)|likeness|face detected|third.?party|recitation|offensive"
          r"|explicit content|flagged|violence|violent|\bhate|self.?harm|\bnud(?:e|ity)|porn"
          r"|adult|illegal|censor|\bminors?\b|audit|green.?net|(?:prompt|input) reject"
          r"|reject\w*.{0,20}(?:prompt|input)|敏感|违规|违禁|审核|不合规|内容安全|安全策略|风控"
          r"|违反|不当|涉黄|涉政|色情|暴力|規約|不適切|コンテンツポリシー")),
        (Cause.MODEL,
         (r"(?:no such|unknown|invalid|unsupported).{0,3}model|model.{0,60}(?:not.?(?:found|exist"
          r"|support|avail|loaded)|does not exist|mismatch|unknown|unavailable|deprecated)"
          r"|no available channel|模型不存在|无可用渠道")),
        (Cause.PROMPT,
         (r"prompt.{0,20}too long|prompt.{0,20}exceed"
          r"|(?:prompt|text).{0,40}(?:at most|maximum|max|limit).{0,20}(?:character|token|word)"
          r"|(?:maximum|max) .{0,20}prompt|提示词过长")),
        (Cause.IMAGE,
         (r"(?:invalid|unsupported|corrupt\w*|bad).{0,12}(?:image|picture|input.?reference)"
          r"|(?:image|picture|input.?reference)\b.{0,60}(?:invalid|must|not.?support|unsupported"
          r"|corrupt|decode|identif|download|too (?:large|small|big)|cannot|could not|format)"
          r"|(?:decode|identify|process|fetch|open|load|download|read)(?: \w+){0,2} (?:image"
          r"|picture)|图片|画像")),
        (Cause.SIZE,
         (rf"(?:invalid|unsupported|unknown).{{0,20}}(?:\bsize|resolution|aspect|dimension)"
          rf"|(?:\bsize|resolution|aspect.?ratio|width|height|dimensions?)\b.{{0,40}}{_NO}|分辨率"
          rf"|尺寸|解像度")),
        (Cause.SECONDS,
         (rf"(?:invalid|unsupported).{{0,20}}(?:seconds?|duration|length)\b|(?:seconds|duration"
          rf"|num.?frames|frames)\b.{{0,40}}(?:{_NO}|between|too (?:long|short))|too many frames"
          rf"|video.{{0,12}}too (?:long|short)|时长")),
        (Cause.BUSY,
         (r"overload|\bbusy\b|capacity|concurren.{0,30}(?:limit|exceed|max)|throttl"
          r"|queue.{0,12}full|(?:server|service|temporarily).{0,20}unavailable"
          r"|resource.?exhausted|try again later|(?:heavy|high) (?:load|demand|traffic)"
          r"|\bno (?:available |free |idle )?(?:gpu|worker|instance|slot|node)|繁忙|限流|频繁"
          r"|混雑")),
        (Cause.TIMEOUT,
         (r"time.?out|timed.?out|deadline.?exceeded|(?:took|taking|takes) too long|time limit"
          r"|maximum time|超时|タイムアウト")),
    )
)  # fmt: skip
_JOINTS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


def cause_of(code: str | None, message: str | None) -> Cause | None:
    """Return the cause that a server's code and sentence name, or None where they name none."""
    words = _JOINTS.sub(" ", f"{code or ''} {message or ''}".strip())
    return next((cause for cause, sign in _SIGNS if sign.search(words)), None)
