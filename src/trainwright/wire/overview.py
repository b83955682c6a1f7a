"""What a first page shows of a project (ours, beside the contract). Times are ms, 0 when not yet."""

from trainwright.wire.model import AnswerModel


class JobCause(AnswerModel):
    """What ended a job: the task that was first, and what is known of its end. `exit_code` -1: it never gave one."""

    task: str
    exit_code: int
    reason: str
    message: str


class JobBrief(AnswerModel):
    """A job in one line. `position` in its queue is from 1, 0 where that is not known; `starts_at`: when it is expected
    to start. `cause`: of one that failed.
    """

    id: str
    name: str
    workspace_id: str
    user_id: str
    user_name: str
    phase: str
    secondary_phase: str
    priority: int
    pool_id: str
    flavor_id: str
    create_time: int
    start_time: int = 0
    end_time: int = 0
    reason: str = ""
    reason_message: str = ""
    pending_message: str = ""
    pending_reason: str = ""
    position: int = 0
    starts_at: int = 0
    cause: JobCause | None = None


class PoolAmounts(AnswerModel):
    """Amounts of a pool."""

    cpus: float
    memory_mib: int
    accelerators: int


class FlavorRoom(AnswerModel):
    """How many nodes of a flavor a pool has, and how many are free now. `expected_wait_s` of a job of one node: 0 when
    it could start at once; null where nobody can tell.
    """

    flavor_id: str
    nodes: int
    free_nodes: int
    expected_wait_s: int | None = None


class PoolRoom(AnswerModel):
    """How full a pool is. `waiting` and `running` count the jobs of everybody. `used` may be more than `capacity` while
    a pool that was made smaller still runs full; nothing is `free` while the pool's nodes are out of use.
    """

    pool_id: str
    pool_name: str
    accelerator_kind: str
    capacity: PoolAmounts
    used: PoolAmounts
    free: PoolAmounts
    waiting: int
    running: int
    flavors: list[FlavorRoom]


class PoolRooms(AnswerModel):
    """All pools that the caller sees, the public one first."""

    pools: list[PoolRoom]


class OwnerUsage(AnswerModel):
    """What a user's jobs had of a pool on the average of each span of time, the earliest first. An empty user: all
    others.
    """

    user_id: str
    user_name: str
    cpus: list[float]
    memory_mib: list[float]
    accelerators: list[float]


class PoolUsage(AnswerModel):
    """The caller's project's use of a pool, by owner: those who had most come first."""

    pool_id: str
    owners: list[OwnerUsage]


class UsageHistory(AnswerModel):
    """`start`: of the first span, each is `span` ms long. `complete`: false when there were too many attempts to look
    at all of them.
    """

    start: int
    span: int
    spans: int
    complete: bool
    pools: list[PoolUsage]


class QuotaUse(AnswerModel):
    """What the caller may have of something, -1 for as much as they want, and has."""

    resource: str
    quota: int
    used: int


class FailedJobs(AnswerModel):
    """Jobs that ended Failed or Abnormal at `since` or later: how many, and the latest."""

    since: int
    count: int
    jobs: list[JobBrief]


class WaitingJobs(AnswerModel):
    """Jobs that wait: how many, and those that have waited longest."""

    count: int
    jobs: list[JobBrief]


class Overview(AnswerModel):
    """All of it. `counts` and `my_counts`: jobs by phase. `pools` is left out when the backend does not answer
    (`pools_unavailable` says why), or when the caller may not list pools; `quotas` when they may not read those.
    """

    time: int
    counts: dict[str, int]
    my_counts: dict[str, int]
    latest: list[JobBrief]
    failed: FailedJobs
    waiting: WaitingJobs
    usage: UsageHistory
    pools: list[PoolRoom] | None = None
    pools_unavailable: str = ""
    quotas: list[QuotaUse] | None = None
