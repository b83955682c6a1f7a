"""Slurm's states and reasons in our words. One table; what is not in it is unknown, and unknown changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from trainwright.backends.slurm.parsing import QueueRow
from trainwright.domain.reasons import Reason


class Stage(StrEnum):
    """Where a job of Slurm stands."""

    QUEUED = "queued"
    HELD = "held"  # queued until someone releases it
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a state means. `reason` None: Slurm knows no cause, the tasks' own results count.

    `is_sure`: nothing of it runs any more, whatever the shared folder looks like.
    """

    stage: Stage
    reason: Reason | None = None
    is_sure: bool = True


_Q, _H, _R = Meaning(Stage.QUEUED), Meaning(Stage.HELD), Meaning(Stage.RUNNING)

STATES: Mapping[str, Meaning] = MappingProxyType(
    {
        "PENDING": _Q,
        "CONFIGURING": _Q,
        "REQUEUED": _Q,
        "REQUEUE_FED": _Q,
        "RESV_DEL_HOLD": _Q,
        "SPECIAL_EXIT": _H,
        "REQUEUE_HOLD": _H,
        "RUNNING": _R,
        "STAGE_OUT": _R,
        "SIGNALING": _R,
        "RESIZING": _R,
        "SUSPENDED": _R,
        "STOPPED": _R,
        "COMPLETING": _R,
        "COMPLETED": Meaning(Stage.OVER, None, is_sure=False),
        "FAILED": Meaning(Stage.OVER, Reason.RUNNER_LOST, is_sure=False),
        "BOOT_FAIL": Meaning(Stage.OVER, Reason.NODE_LOST),
        "NODE_FAIL": Meaning(Stage.OVER, Reason.NODE_LOST),
        "DEADLINE": Meaning(Stage.OVER, Reason.TIME_LIMIT),
        "TIMEOUT": Meaning(Stage.OVER, Reason.TIME_LIMIT),
        "OUT_OF_MEMORY": Meaning(Stage.OVER, Reason.OUT_OF_MEMORY),
        "PREEMPTED": Meaning(Stage.OVER, Reason.PREEMPTED),
        "REVOKED": Meaning(Stage.OVER, Reason.PREEMPTED),
        "CANCELLED": Meaning(Stage.OVER, Reason.STOPPED_BY_USER),
    }
)
_HOLDS = ("JobHeld", "held", "Held")
# Of several parts of one job the first of these that one of them is in names the cause.
_CAUSES = (
    *("NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "TIMEOUT", "DEADLINE", "PREEMPTED", "REVOKED", "CANCELLED"),
    *("FAILED", "COMPLETED"),
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "None": "waiting for the scheduler",
        "Resources": "waiting for resources",
        "Priority": "jobs of higher priority are ahead",
        "Dependency": "waiting for another job",
        "BeginTime": "waiting for its begin time",
        "PartitionDown": "the partition is down",
        "PartitionInactive": "the partition is inactive",
        "PartitionNodeLimit": "more nodes than the partition allows",
        "PartitionTimeLimit": "a longer time than the partition allows",
        "PartitionConfig": "the partition cannot hold it",
        "Reservation": "waiting for its reservation",
        "ReqNodeNotAvail": "nodes it needs are not available",
        "BadConstraints": "no node meets its constraints",
        "Licenses": "waiting for a licence",
        "JobHeldUser": "held by its user",
        "JobHeldAdmin": "held by an administrator",
        "JobArrayTaskLimit": "limit of running array tasks",
        "Prolog": "preparing the node",
        "NodeDown": "a node it needs is down",
        "QOSGrpCpuLimit": "the QOS has no CPUs left",
        "QOSMaxJobsPerUserLimit": "the QOS allows no more jobs of this user",
        "QOSMaxCpuPerUserLimit": "the QOS allows no more CPUs of this user",
        "AssocGrpCpuLimit": "the account has no CPUs left",
        "AssocMaxJobsLimit": "the account allows no more jobs",
    }
)


def meaning_of(state: str, reason: str = "") -> Meaning | None:
    """What `state` (also `CANCELLED by 0`, `NODE_FAIL+`) means; None for one that we do not know."""
    words = state.replace("+", " ").split()
    found = STATES.get(words[0].upper()) if words else None
    if found is not None and found.stage is Stage.QUEUED and any(hold in reason for hold in _HOLDS):
        return _H
    return found


def whole_of(rows: Sequence[QueueRow]) -> QueueRow | None:
    """The parts of one job as one row: it lives while one of them does; then the gravest end counts."""
    if not rows:
        return None
    living = [row for row in rows if _stage(row) is not Stage.OVER]
    if living:
        queued = [row for row in living if _stage(row) in (Stage.QUEUED, Stage.HELD)]
        return (queued or living)[0]
    return min(rows, key=_gravity)


def words_for(reason: str) -> str:
    """Slurm's reason in words, its own name after it."""
    name = reason.split(",")[0].split(":")[0].strip()
    words = WORDS.get(name)
    if words is None:
        return reason or WORDS["None"]
    return words if name == "None" else f"{words}: {reason}"


def _stage(row: QueueRow) -> Stage | None:
    meaning = meaning_of(row.state, row.reason)
    return None if meaning is None else meaning.stage


def _gravity(row: QueueRow) -> int:
    word = row.state.split()[0]
    return _CAUSES.index(word) if word in _CAUSES else len(_CAUSES)
