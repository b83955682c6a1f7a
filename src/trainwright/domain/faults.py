"""Whose fault it was: what tasks say first, and what the backend or another task makes of it later. Pure."""

from collections.abc import Sequence

from trainwright.domain.completion import Decision
from trainwright.domain.entities import Job, TaskState
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.planning import Isolate
from trainwright.domain.reasons import ISOLATING, NODE_FAULTS, Reason

AVOID_MAX = 256
_COARSE = frozenset({Reason.PREEMPTED, Reason.RUNNER_LOST, Reason.USER_EXIT, Reason.USER_SIGNAL})
"""What a runner or a rank says when it was only hit by it: a better informed word replaces it."""

_OVER = (RunState.EXITED, RunState.GONE)


def refined(decision: Decision, tasks: Sequence[TaskState], seen: Observation | None) -> Decision:
    """The decision in the light of all that is known now. Refining it again gives the same."""
    if decision.reason not in _COARSE:
        return decision
    faulty = [task for task in tasks if task.reason in NODE_FAULTS]
    if faulty:
        first = min(faulty, key=lambda task: (task.ended_at_ms, task.index))
        return Decision(first.reason or decision.reason, first.name)
    told = seen.reason if seen is not None and seen.state in _OVER else None
    if (
        told is None
        or told is Reason.RUNNER_LOST
        or (told is decision.reason and told is not Reason.PREEMPTED)
    ):
        return decision
    return Decision(told)


def believed(reason: Reason, task: str) -> Reason:
    """The reason that counts in the end. Only the backend knows that it pre-empted an attempt, and then no task is
    named: a runner that says so was sent away by somebody else, or is none of ours, and its retries are counted.
    """
    return Reason.RUNNER_LOST if reason is Reason.PREEMPTED and task else reason


def avoided(
    job: Job, reason: Reason, tasks: Sequence[TaskState], seen: Observation | None
) -> tuple[str, ...]:
    """The nodes that the next attempt is to avoid: those before, and those that are to blame for `reason`.

    Isolated ones are not among them: they are nobody's until they are returned, and then they are good for this job.
    """
    if reason not in NODE_FAULTS or reason in ISOLATING:
        return job.avoid
    blamed = [task.node for task in tasks if task.reason in NODE_FAULTS and task.reason not in ISOLATING]
    blamed += seen.nodes if seen is not None else ()
    if not any(blamed):
        used = {task.node for task in tasks if task.node}
        blamed = list(used) if len(used) == 1 else []  # of several nodes nobody knows which one it was
    return tuple(dict.fromkeys(node for node in (*job.avoid, *blamed) if node))[-AVOID_MAX:]


def isolations(tasks: Sequence[TaskState]) -> tuple[Isolate, ...]:
    """The nodes on which a check failed or hardware broke, each once."""
    found = {
        task.node: Isolate(task.node, task.reason, task.message)
        for task in tasks
        if task.node and task.reason in ISOLATING and task.reason is not None
    }
    return tuple(found.values())
