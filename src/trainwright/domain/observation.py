"""What a backend says about an attempt. A key missing from its answer is *unknown* and changes nothing."""

from dataclasses import dataclass
from enum import StrEnum

from trainwright.domain.entities import Note
from trainwright.domain.reasons import Reason


class RunState(StrEnum):
    """Where an attempt stands on its backend."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    EXITED = "exited"  # no process is left, but traces to reap are
    GONE = "gone"  # the backend knows nothing of it


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer of a backend. `wait` says why it is queued (slot `starts_at_ms`: when it is expected to start, where
    that can be told); `reason` is set when the backend knows the cause, `nodes` those that are to blame.
    """

    state: RunState
    wait: Note | None = None
    reason: Reason | None = None
    detail: str = ""
    nodes: tuple[str, ...] = ()
