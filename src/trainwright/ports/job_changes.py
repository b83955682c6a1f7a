"""Which jobs have changed, one change after the other: what followers of a project read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from trainwright.domain.entities import Note
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason

ChangeKind = Literal["created", "changed", "deleted"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the log of changes. What is committed later never lies before a place that was read before.

    `txid`: the transaction's number where the database has one, else 0; `seq`: the row's.
    """

    txid: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class JobChange:
    """One row of the log."""

    position: Position
    job_id: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job stands, as far as lists show it. `phase` is the platform's own, `shown` what a caller sees; the last
    two are of its latest attempt.
    """

    id: str
    workspace_id: str
    name: str
    user_id: str
    user_name: str
    phase: Phase
    shown: Phase
    reason: Reason | None
    pending: Note | None
    priority: int
    created_at_ms: int
    started_at_ms: int
    ended_at_ms: int
    attempt: int
    blocked: str
    reserved_until_ms: int = 0
    hang_since_ms: int = 0


class JobChangeRepository(Protocol):
    """The log of changes. Only its newest rows are kept."""

    def newest(self) -> Position:
        """Of all projects: nothing at or before it is still to be committed. `Position()` while there is none."""
        ...

    def is_kept(self, position: Position, newest: Position) -> bool:
        """Whether all rows behind `position` are still there; `newest` is what the call of that name gave."""
        ...

    def list_between(self, after: Position, upto: Position, *, limit: int) -> tuple[JobChange, ...]:
        """The scope's changes behind `after`, up to and with `upto`, in order; at most `limit`."""
        ...

    def states(self, job_ids: Sequence[str]) -> dict[str, JobState]:
        """Where these jobs of the scope stand now; those that are not there are left out."""
        ...

    def prune(self, keep: int) -> int:
        """Remove all but about the newest `keep` rows of all projects; how many went. Platform scope only."""
        ...
