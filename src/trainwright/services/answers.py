"""What a runner's report is answered, from stored state only: repeated, late and overtaken reports get the same."""

from dataclasses import dataclass

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.starts import has_all_ready, may_start_again
from trainwright.ports.uow import UnitOfWork
from trainwright.wire.runner import Peer, Ready, ReportAnswer


@dataclass(frozen=True, slots=True)
class Meeting:
    """Rendezvous `number` of an attempt, once all its tasks are there."""

    job: Job
    attempt: Attempt
    number: int
    role: str  # of the task that asks
    peers: tuple[Peer, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that still lacks its `go` when all tasks have met."""

    answer: ReportAnswer
    meeting: Meeting | None = None


def answer_of(
    uow: UnitOfWork, job: Job, attempt: Attempt, row: TaskState, ready: Ready | None, *, now_ms: int
) -> Answered:
    """The answer to the task whose state is `row` after its report was taken."""
    ending = bool(job.stop_requested_at_ms) or job.phase is Phase.TERMINATING
    answer = ReportAnswer(
        acked_seq=row.last_seq,
        stop_grace_s=job.launch.grace_s if ending and not row.is_final else None,
        starts=attempt.wanted_starts,
        stacks=attempt.wanted_stacks,
        finish=_is_final_failure(uow, job, attempt, row),
        release=ending and _is_released(job, attempt, now_ms),
    )
    return Answered(answer, None if ending else _meeting(uow, job, attempt, row, ready))


def _is_final_failure(uow: UnitOfWork, job: Job, attempt: Attempt, row: TaskState) -> bool:
    if row.is_final or row.failed_round < max(attempt.wanted_starts, 0):
        return False
    return not may_start_again(job, attempt, uow.tasks.list_of_attempt(attempt.key))


def _is_released(job: Job, attempt: Attempt, now_ms: int) -> bool:
    """Whether the tasks of a job that ends need not keep their environments, or no more."""
    return bool(job.stop_requested_at_ms) or now_ms >= attempt.reserved_until_ms


def _meeting(
    uow: UnitOfWork, job: Job, attempt: Attempt, row: TaskState, ready: Ready | None
) -> Meeting | None:
    number = attempt.wanted_starts
    if ready is None or ready.round != number or row.is_final:
        return None
    if not uow.tasks.are_ready(attempt.key, number):  # asked five times a second by each: no rows, one bit
        return None
    tasks = uow.tasks.list_of_attempt(attempt.key)
    if not has_all_ready(tasks, number):
        return None
    return Meeting(
        job, attempt, number, row.role, tuple(Peer(task=t.name, ip=t.ip, port=t.port) for t in tasks)
    )
