"""Restarts in place: who may have one, and which tasks wait to hear about it. Pure.

An attempt's `wanted_starts` says how often its tasks are to start their processes again; every task whose own number
is lower ends its processes and meets the others for that number. A failed command is final only once it is clear that
no such restart follows.
"""

from collections.abc import Sequence

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import VERDICTS, Reason, Retry


def failed_now(attempt: Attempt, tasks: Sequence[TaskState]) -> tuple[TaskState, ...]:
    """Tasks whose command failed at the present start, and that wait for the verdict."""
    return tuple(task for task in tasks if not task.is_final and task.failed_round >= attempt.wanted_starts)


def may_start_again(job: Job, attempt: Attempt, tasks: Sequence[TaskState]) -> bool:
    """Whether the processes of all tasks may be started again after what has failed now.

    Once it is False it stays so within an attempt: a task that was told that its failure is final can rely on it.
    """
    return (
        job.phase in (Phase.PENDING, Phase.RUNNING)
        and not job.stop_requested_at_ms
        and attempt.process_restarts < job.launch.process_retries
        and not any(task.is_final for task in tasks)  # its runner is gone: only a new attempt brings it back
        and all(_of_the_process(task.failure) for task in failed_now(attempt, tasks))
    )


def has_all_ready(tasks: Sequence[TaskState], number: int) -> bool:
    """Whether every task is ready for rendezvous `number`, or beyond it."""
    return bool(tasks) and all(task.round >= number for task in tasks)


def _of_the_process(reason: Reason | None) -> bool:
    return reason is not None and VERDICTS[reason].retry is Retry.BUDGET
