"""Whose fault it was: what tasks say first, and what the backend or another task makes of it later. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainwright.domain.completion import Decision
from trainwright.domain.entities import Job, TaskState
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.planning import Isolate, Snapshot
from trainwright.domain.reasons import ISOLATING, NODE_FAULTS, Reason

AVOID_MAX = 256
ISOLATED_MAX = 3  # nodes that one job's reports take out of use within the time below
ISOLATED_WITHIN_MS = 86_400_000
SEALED = "sandbox"  # the launcher under which a job cannot read its runner's token
DISK_ITEM = "disk-size "  # how the runner's items about room on a disk begin (`runner.checks`)
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


@dataclass(frozen=True, slots=True)
class Blamed:
    """Nodes that tasks of an attempt blame: those to be isolated, and those that stay in use all the same."""

    isolated: tuple[Isolate, ...]
    kept: tuple[Isolate, ...]


def blamed_nodes(s: Snapshot) -> Blamed:
    """The nodes on which a check failed or hardware broke, each once, in the order in which it was told.

    A job that can read its runner's token can say so of a healthy node. That costs the platform no more than one node
    an attempt and `ISOLATED_MAX` a day, and no node that the backend does not know. A disk that is too full is nothing
    that gets better by isolating the only node there is: jobs that need less could run on, and make room.
    """
    accused: dict[str, list[TaskState]] = {}
    for task in sorted(s.tasks, key=lambda task: (task.ended_at_ms, task.index)):
        if task.node and task.reason in ISOLATING:
            accused.setdefault(task.node, []).append(task)
    isolated: list[Isolate] = []
    kept: list[Isolate] = []
    doubtful = 0
    for node, tasks in accused.items():
        sure = any(task.launcher == SEALED for task in tasks)
        full = s.nodes is not None and len(s.nodes) == 1 and all(_is_only_full(task) for task in tasks)
        known = s.nodes is None or node in s.nodes
        granted = sure or (doubtful == 0 and s.isolated_lately < ISOLATED_MAX)
        goes = known and granted and not full
        doubtful += goes and not sure
        (isolated if goes else kept).append(
            Isolate(node, tasks[0].reason or Reason.HARDWARE_FAULT, tasks[0].message)
        )
    return Blamed(tuple(isolated), tuple(kept))


def shunned(s: Snapshot, blamed: Blamed) -> tuple[str, ...]:
    """The nodes that the next attempt is to avoid, with those that stay in use: unless there is no other."""
    if s.nodes is None or len(s.nodes) < 2:
        return s.job.avoid
    kept = [out.node for out in blamed.kept if out.node in s.nodes]
    return tuple(dict.fromkeys((*s.job.avoid, *kept)))[-AVOID_MAX:]


def _is_only_full(task: TaskState) -> bool:
    """Whether nothing but room on its disk was missing."""
    items = task.message.split("; ")
    return task.reason is Reason.PRECHECK_FAILED and all(item.startswith(DISK_ITEM) for item in items)
