"""What is stored: frozen views that cross every boundary. Times are integer milliseconds UTC, 0 = not yet."""

from dataclasses import dataclass, field
from typing import Any

from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import LaunchSpec, attempt_key

Slots = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence to be rendered in the reader's language: a code of `domain.texts` and its slots."""

    code: str
    slots: Slots = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `request` is the creation body as given (unknown fields kept), with what was changed of it since;
    `launch` what was made of it. `filled` is `request["algorithm"]` as the saved algorithm completed it.
    """

    id: str
    project_id: str
    workspace_id: str
    name: str
    description: str
    user_name: str
    kind: str
    request: dict[str, Any]
    launch: LaunchSpec
    phase: Phase
    created_at_ms: int
    started_at_ms: int = 0
    ended_at_ms: int = 0
    reason: Reason | None = None  # why the last attempt is ending or ended
    stop_requested_at_ms: int = 0
    stop_reason: Reason | None = None  # STOPPED_BY_USER or TIME_LIMIT
    attempt_number: int = 0  # 0: none yet
    budget_used: int = 0
    free_used: int = 0
    pending: Note | None = None  # why it waits
    blocked: str = ""  # set when reconciling it keeps failing: what an admin must look at
    failures: int = 0  # consecutive failed reconcile passes
    user_id: str = ""
    algorithm_id: str = ""  # the saved algorithm, or the subscription, it was made of
    algorithm_name: str = ""
    pool_id: str = ""  # empty: the public pool
    experiment_id: str = ""
    experiment_serial: int = 0  # its number in the experiment, from 1
    kept: bool = False  # never removed for its age
    filled: dict[str, Any] | None = None
    avoid: tuple[str, ...] = ()  # nodes that failed it


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a whole job. `handle` is the backend's own JSON; None until `submit` answered."""

    job_id: str
    number: int
    created_at_ms: int
    handle: dict[str, Any] | None = None
    up_at_ms: int = 0
    settled_at_ms: int = 0  # when its result was known; the hand-over to Terminating
    ended_at_ms: int = 0  # nothing left on the backend
    unseen_since_ms: int = 0  # backend says exited or gone, reports are missing: since when
    end_reason: Reason | None = None
    end_task: str = ""
    urgent: bool = False  # queued at first priority after a node's fault, and not for ever
    wanted_starts: int = 0  # restarts in place so far: how often its tasks are to start their processes again
    hang_restarts: int = 0  # those of them in a row that were for a hang
    hang_since_ms: int = 0  # suspected to hang since then
    wanted_stacks: int = 0  # number of the dump of stacks asked for last
    reserved_until_ms: int = 0  # its environment is kept till then
    restarted_at_ms: int = 0  # the last restart in place
    process_restarts: int = 0  # restarts in place after a failed command
    ran_before_ms: int = 0  # how long the attempts before it ran

    @property
    def key(self) -> str:
        """See `attempt_key`."""
        return attempt_key(self.job_id, self.number)


@dataclass(frozen=True, slots=True)
class TaskState:
    """What is known of one task of one attempt, from its runner's reports."""

    attempt_key: str
    name: str
    role: str
    index: int
    registered_at_ms: int = 0
    started_at_ms: int = 0  # the user's command was started
    ended_at_ms: int = 0  # final report accepted
    step: str = ""  # the runner's current step
    reason: Reason | None = None  # set by the final report only
    exit_code: int | None = None
    message: str = ""
    last_seq: int = 0  # highest event sequence number accepted
    last_seen_ms: int = 0
    ip: str = ""
    host: str = ""
    launcher: str = ""  # process or sandbox
    node: str = ""  # the backend's name of the machine
    round: int = -1  # rendezvous for which it is ready: 0 the first, n after the n-th restart in place
    port: int = 0  # free on its machine when it said that it was ready, for the others to meet at
    quiet_since_ms: int = 0  # neither I/O nor device (or CPU) has moved since; 0: it is active
    quiet_measure: str = ""  # what did not move: cpu, gpu or npu
    failed_round: int = -1  # the process start that failed and waits for the verdict: again, or the end
    failure: Reason | None = None  # why it failed

    @property
    def is_final(self) -> bool:
        """True once its final report was accepted."""
        return self.reason is not None


class Level:
    """Event levels of the contract."""

    INFO = "Info"
    WARNING = "Warning"
    ERROR = "Error"


class Source:
    """Event sources of the contract; `K8S` is kept for backends' own events."""

    JOB = "Job"
    TASK = "Task"
    BACKEND = "K8S"


@dataclass(frozen=True, slots=True)
class Event:
    """An append-only fact about a job. `seq` is given by the store and grows over all jobs; 0 = not stored yet."""

    job_id: str
    at_ms: int
    code: str
    slots: Slots = field(default_factory=dict)
    level: str = Level.INFO
    source: str = Source.JOB
    attempt: int = 0
    task: str = ""
    seq: int = 0
