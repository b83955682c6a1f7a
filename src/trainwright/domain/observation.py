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
    """One answer of a backend. `wait` says why it is queued; `reason` is set when the backend knows the cause."""

    state: RunState
    wait: Note | None = None
    reason: Reason | None = None
    detail: str = ""
