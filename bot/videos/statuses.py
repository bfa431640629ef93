"""Reads the words that servers use for a job's status.

Sources: the contract's four words ("Create video"), and what the living servers say instead: Veo
(processing), TensorRT-LLM (generating, postprocessing), New API (NOT_START, SUBMITTED), OpenRouter
(pending, expired), Runway (RUNNING, SUCCEEDED), Kling (succeed), xAI (done), Novita
(TASK_STATUS_SUCCEED).
"""

import re
from typing import Final

from bot.videos.contract import VideoStatus

_NOT_LETTERS: Final = re.compile(r"[\W\d_]+")
_NOT_YET: Final = re.compile(r"^(?:not|un|yetto|await|pre)(?!known|success)|notyet|ready(?:to|for)")
_WAITS: Final = re.compile(
    r"queu|pend|wait|submit|sched|creat|accept|receiv|init|prepar|start|hold|unknown|enqueue"
    r"|provision|throttl|idle|排队|排隊|等待|待ち"
)
_WORKS: Final = re.compile(
    r"progress|process|run|render|generat|work|active|execut|encod|upload|flight|(?<!排队)(?<!排隊)中$"
)
_ENDS: Final = (
    (VideoStatus.FAILED, re.compile(
        r"fail|error|reject|refus|block|invalid|crash|(?:un|not?)succe|violat|denied|moderated|flagged"
        r"|nsfw|fault|panic|aborted(?:by)?policy|filter|banned|outofmemory|^oom|insufficient|dead$"
        r"|失败|失敗|错误|エラー"
    )),
    (VideoStatus.CANCELLED, re.compile(
        r"cancel|abort|delet|remov|revok|terminat|kill|stopped|interrupt|取消|キャンセル"
    )),
    (VideoStatus.EXPIRED, re.compile(r"expir|timeout|timedout|overdue|超时|过期")),
    (VideoStatus.COMPLETED, re.compile(
        r"(?<!un)(?<!no)(?<!not)succe|(?<!in)complet|(?<!un)finish|done|ready|available|fulfil"
        r"|generated$|rendered$|processed$|(?<!未)完成|成功|完了"
    )),
)  # fmt: skip


def read_status(value: object) -> VideoStatus | None:
    """Read a status word, however it is spelt; None where it is unknown.

    A word for something that goes on ("finalizing") is no end; a word that names two different ends
    ("completed_with_errors") counts as unknown.
    """
    if not isinstance(value, str):
        return None
    word = _NOT_LETTERS.sub("", value.casefold())
    goes_on = word.endswith(("ing", "中")) or _NOT_YET.search(word) is not None
    ends = [] if goes_on else [status for status, stems in _ENDS if stems.search(word)]
    if ends:
        return ends[0] if len(ends) == 1 else None
    if _NOT_YET.search(word):
        return VideoStatus.QUEUED
    if _WORKS.search(word) or (word.endswith("ing") and not _WAITS.search(word)):
        return VideoStatus.IN_PROGRESS
    return VideoStatus.QUEUED if _WAITS.search(word) else None
