"""Does a job hang? Runners say since when each task is quiet; here it is judged over all of them. Pure.

A job of one task is suspected when that is quiet for the whole limit. Of several, none of which moves, half of it is
enough: one task that works (a long evaluation, a checkpoint being written) clears all that wait for it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from trainwright.domain.entities import Attempt, TaskState

FRESH_MS = 120_000  # a task not heard of for longer is unknown, not quiet
STACKS_WAIT_MS = 30_000  # between asking for stacks and ending what they are taken of
RESTARTS_MAX = 3  # in a row
CALM_MS = 3_600_000  # moving for so long after a restart, the next hang is the first of a new row
TASKS_SHOWN = 16
SLEEP = "sleep"  # measure of a task that only sleeps: quiet because it wants to be


@dataclass(frozen=True, slots=True)
class HangRule:
    """`after_ms`: how long a task must be quiet."""

    after_ms: int


@dataclass(frozen=True, slots=True)
class Hang:
    """A suspicion, in the words of the event."""

    measure: str
    minutes: int
    tasks: str


def suspect(rule: HangRule, attempt: Attempt, tasks: Sequence[TaskState], now_ms: int) -> Hang | None:
    """The suspicion that the attempt hangs, if there is one now."""
    at_ms = suspect_at_ms(rule, attempt, tasks, now_ms)
    if at_ms is None or now_ms < at_ms:
        return None
    live = [task for task in tasks if not task.is_final]
    names = [task.name for task in live]
    more = f" +{len(names) - TASKS_SHOWN}" if len(names) > TASKS_SHOWN else ""
    measure, _ = Counter(task.quiet_measure for task in live if task.quiet_measure != SLEEP).most_common(1)[0]
    quiet_ms = now_ms - max(task.quiet_since_ms for task in live)
    return Hang(measure or "cpu", quiet_ms // 60_000, ", ".join(names[:TASKS_SHOWN]) + more)


def suspect_at_ms(rule: HangRule, attempt: Attempt, tasks: Sequence[TaskState], now_ms: int) -> int | None:
    """When there is a suspicion if nothing moves until then; None: something moves, is not known, or all only sleep
    (the manual's `cmd || sleep 5h`). One that sleeps while others wait for it does not clear them. The end of a task
    is a movement of the job: those that waited for it all the time are given the time to notice.
    """
    live = [task for task in tasks if not task.is_final]
    if not live or not all(_is_quiet(task, attempt, now_ms) for task in live):
        return None
    if all(task.quiet_measure == SLEEP for task in live):
        return None
    wait_ms = rule.after_ms if len(live) == 1 else rule.after_ms // 2
    last_end_ms = max((task.ended_at_ms for task in tasks if task.is_final), default=0)
    return max(last_end_ms, *(task.quiet_since_ms for task in live)) + wait_ms


def moves(tasks: Sequence[TaskState]) -> bool:
    """Whether a task is known to move: the end of a suspicion."""
    return any(not task.is_final and not task.quiet_since_ms for task in tasks)


def restarts_in_a_row(attempt: Attempt, tasks: Sequence[TaskState]) -> int:
    """How many restarts in place for a hang came right before this one."""
    quiet_since = max((task.quiet_since_ms for task in tasks if not task.is_final), default=0)
    calm = quiet_since - attempt.restarted_at_ms >= CALM_MS
    return 0 if calm else attempt.hang_restarts


def _is_quiet(task: TaskState, attempt: Attempt, now_ms: int) -> bool:
    there = not attempt.wanted_starts or task.round >= attempt.wanted_starts
    return bool(
        task.quiet_since_ms and task.started_at_ms and there and now_ms - task.last_seen_ms <= FRESH_MS
    )
