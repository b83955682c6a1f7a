"""Why a task ended, as it is shown: its own result, or that it was ended because of something else. Pure."""

from dataclasses import dataclass

from trainwright.domain.entities import Attempt, TaskState
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import Language, Text, reason_text

ENDED_WITH_JOB = "ended_with_job"
"""Shown, never stored: the reason of a task that was ended, or never ran, as its attempt was decided without it."""

_ENDED_WITH_JOB = Text("ended because the job was decided: {why}", "作业已有结果，任务随之结束：{why}")
_OWN = frozenset({Reason.STOPPED_BY_USER, Reason.TIME_LIMIT, Reason.HANGED})
"""Ends of an attempt that hit all its tasks alike."""


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """`reason`: a code of `Reason`, or `ENDED_WITH_JOB`; `text`: that code in words."""

    reason: str
    text: str


def task_end(row: TaskState, attempt: Attempt | None, language: Language) -> TaskEnd:
    """The end of a task that has its final result.

    A runner says `stopped_by_user` of every stop, whoever asked for it: what the attempt ended with tells who that was.
    """
    reason = row.reason or Reason.RUNNER_LOST
    if reason is Reason.STOPPED_BY_USER and attempt is not None and attempt.end_reason is not None:
        return ended_with(attempt.end_reason, attempt.end_task, language)
    return TaskEnd(reason.value, reason_text(reason, language))


def ended_with(reason: Reason, culprit: str, language: Language) -> TaskEnd:
    """The end of a task that has no result of its own, of an attempt that ended for `reason`, which task `culprit` (if
    any) is to blame for.
    """
    why = reason_text(reason, language)
    if reason in _OWN:
        return TaskEnd(reason.value, why)
    if culprit:
        why = f"{culprit}: {why}" if language is Language.EN else f"{culprit}：{why}"
    return TaskEnd(ENDED_WITH_JOB, _ENDED_WITH_JOB.render(language, {"why": why}))
