"""The job's phases and the one table of moves between them.

    Creating ──admit──▶ Pending ──up──▶ Running
        │                 │  ▲             │
       stop        settle,│  │requeue      │settle,
        │            stop │  │             │ stop
        └───────────────▶ Terminating ◀────┘
                              │
        ┌─────────┬───────────┴──┬─────────────┐
     succeed     fail          halt        collapse
        ▼         ▼              ▼             ▼
    Completed   Failed      Terminated      Abnormal

Every attempt leaves through Terminating, and the four moves out of it into an end phase are made only when the
backend has said that nothing of the attempt is left. So "end phase ⇒ nothing runs" holds by construction.
Why a job waits (queue, quota, node shortage) is a note on Pending, not a phase.

Source: phases are those of the ModelArts v2 job API; see docs/reference/phases.md.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Phase(StrEnum):
    """Where a job stands. Values are the words of the REST contract."""

    CREATING = "Creating"
    PENDING = "Pending"
    RUNNING = "Running"
    TERMINATING = "Terminating"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"
    ABNORMAL = "Abnormal"

    @property
    def is_end(self) -> bool:
        """True for the four phases a job never leaves."""
        return self in END_PHASES


class Trigger(StrEnum):
    """What may move a job."""

    ADMIT = "admit"  # accepted for scheduling; the first attempt exists
    UP = "up"  # every task of the attempt has registered
    SETTLE = "settle"  # the attempt's result is known, or it is lost
    STOP = "stop"  # a user or the run-time limit wants it stopped
    REQUEUE = "requeue"  # nothing is left; another attempt follows
    SUCCEED = "succeed"
    FAIL = "fail"
    HALT = "halt"
    COLLAPSE = "collapse"  # ended by a platform fault


END_PHASES = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.TERMINATED, Phase.ABNORMAL})

TRANSITIONS: Mapping[tuple[Phase, Trigger], Phase] = MappingProxyType(
    {
        (Phase.CREATING, Trigger.ADMIT): Phase.PENDING,
        (Phase.CREATING, Trigger.STOP): Phase.TERMINATING,
        (Phase.PENDING, Trigger.UP): Phase.RUNNING,
        (Phase.PENDING, Trigger.SETTLE): Phase.TERMINATING,
        (Phase.PENDING, Trigger.STOP): Phase.TERMINATING,
        (Phase.RUNNING, Trigger.SETTLE): Phase.TERMINATING,
        (Phase.RUNNING, Trigger.STOP): Phase.TERMINATING,
        (Phase.TERMINATING, Trigger.REQUEUE): Phase.PENDING,
        (Phase.TERMINATING, Trigger.SUCCEED): Phase.COMPLETED,
        (Phase.TERMINATING, Trigger.FAIL): Phase.FAILED,
        (Phase.TERMINATING, Trigger.HALT): Phase.TERMINATED,
        (Phase.TERMINATING, Trigger.COLLAPSE): Phase.ABNORMAL,
    }
)


class IllegalTransition(Exception):
    """A move that the table does not have: a bug in the caller, never a user's mistake."""

    def __init__(self, phase: Phase, trigger: Trigger) -> None:
        super().__init__(f"no move {trigger!s} from {phase!s}")
        self.phase = phase
        self.trigger = trigger


def next_phase(phase: Phase, trigger: Trigger) -> Phase:
    """The phase `trigger` leads to from `phase`.

    Raises:
        IllegalTransition: the pair is not in the table.
    """
    try:
        return TRANSITIONS[phase, trigger]
    except KeyError:
        raise IllegalTransition(phase, trigger) from None


def public_phase(phase: Phase, *, stop_requested: bool) -> Phase:
    """The phase an API caller sees.

    The contract knows Running → Completed or Failed, and Terminating from the moment a stop was asked for. A job that
    settles by itself is therefore shown as Running until its end phase is reached.
    """
    if phase.is_end:
        return phase
    if stop_requested:
        return Phase.TERMINATING
    return Phase.RUNNING if phase is Phase.TERMINATING else phase
