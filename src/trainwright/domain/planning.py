"""What `plan` is given and what it answers, and what its parts share."""

from dataclasses import dataclass

from trainwright.domain.entities import Attempt, Event, Job, Note, Slots, TaskState
from trainwright.domain.lifecycle import Phase, Trigger
from trainwright.domain.observation import Observation
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import make_event

POLL_PENDING_MS = 2_000
POLL_PLACE_MS = 200  # more for every place in the queue: far behind, the place need not be told to the second
POLL_PENDING_MAX_MS = 300_000
POLL_RUNNING_MS = 15_000  # ends come as hints; this is for the hint that got lost
POLL_TERMINATING_MS = 500
URGENT_WAIT_MS = 1_800_000  # so long an attempt after a node's fault waits for a healthy one


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the current attempt to the backend. Repeating it is harmless."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask the backend to end the current attempt; after `grace_s` seconds it is killed."""

    grace_s: int


@dataclass(frozen=True, slots=True)
class Reap:
    """Remove what the current attempt left on the backend."""


Effect = Submit | Stop | Reap


@dataclass(frozen=True, slots=True)
class Isolate:
    """Take a node out of use until an administrator returns it."""

    node: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of a job. `observation` None means the backend did not answer: unknown, not gone.

    `nodes`: names of the backend's nodes; None where nobody has asked. `isolated_lately`: how many of them this job's
    reports took out of use within `faults.ISOLATED_WITHIN_MS`.
    """

    job: Job
    attempt: Attempt | None
    tasks: tuple[TaskState, ...]
    observation: Observation | None
    nodes: frozenset[str] | None = None
    isolated_lately: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to commit (job, attempt, events, isolated nodes) and then to do (effects), and when to look again.

    `job` and `attempt` are the rows after the commit; equal to the snapshot's when nothing changes.
    An attempt with a number not stored yet is to be inserted; `closed` is then the one that it follows, as it ended.
    """

    job: Job
    attempt: Attempt | None
    trigger: Trigger | None = None
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    due_at_ms: int = 0
    closed: Attempt | None = None
    isolated: tuple[Isolate, ...] = ()


def ran_ms(attempt: Attempt, now_ms: int) -> int:
    """How long the job has run: this attempt from when all its tasks were there till its result, and those before."""
    here = (attempt.settled_at_ms or now_ms) - attempt.up_at_ms if attempt.up_at_ms else 0
    return attempt.ran_before_ms + max(here, 0)


def limit_at_ms(job: Job, attempt: Attempt) -> int:
    """When the run-time limit is reached if the attempt runs on; 0: never."""
    if not (job.launch.max_run_s and attempt.up_at_ms):
        return 0
    return attempt.up_at_ms + max(0, job.launch.max_run_s * 1000 - attempt.ran_before_ms)


def next_look_ms(job: Job, attempt: Attempt, now_ms: int) -> int:
    """When to look again at a job that waits or runs."""
    if job.phase is Phase.PENDING:
        place = job.pending.slots.get("position", 0) if job.pending else 0
        behind = POLL_PLACE_MS * int(place)
        return now_ms + min(POLL_PENDING_MS + behind, POLL_PENDING_MAX_MS)
    look = now_ms + POLL_RUNNING_MS
    return min(look, limit_at_ms(job, attempt) or look)


def job_event(s: Snapshot, now_ms: int, code: str, slots: Slots | None = None) -> Event:
    """An event of the job in its current attempt."""
    return make_event(s.job.id, now_ms, code, slots or {}, attempt=s.job.attempt_number)


def note_event(s: Snapshot, now_ms: int, note: Note) -> Event:
    """The event of a pending note."""
    return make_event(s.job.id, now_ms, note.code, note.slots, attempt=s.job.attempt_number)
