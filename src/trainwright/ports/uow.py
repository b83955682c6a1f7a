"""Storage of jobs and what belongs to them, as a unit of work: all of it or nothing, seen by one scope only.

Blocking; callers on the event loop go through the database's thread pool. Rows go in and out as the frozen views of
`domain.entities`. Lists are paged. Nothing here waits for anything but the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

from trainwright.domain.access import Action
from trainwright.domain.entities import Attempt, Event, Job, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.ports.algorithms import AlgorithmRepository, GalleryRepository
from trainwright.ports.audit import AuditRepository
from trainwright.ports.datasets import BucketRepository, DatasetRepository
from trainwright.ports.identity import PrincipalRepository
from trainwright.ports.job_changes import JobChangeRepository
from trainwright.ports.log_links import LogLinkRepository
from trainwright.ports.models import ModelRepository
from trainwright.ports.nodes import IsolationRepository, StacksRepository
from trainwright.ports.overview import OverviewRepository
from trainwright.ports.pools import PoolRepository
from trainwright.ports.training_metrics import CreationRepository, TrainingMetricRepository
from trainwright.ports.workspaces import (
    AuthorizationRepository,
    ExperimentRepository,
    QuotaRepository,
    TagRepository,
    WorkspaceRepository,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks. `project_id` None is the platform itself: every project.

    Of the project's workspaces they see the default one, public ones, their own, and those they are a member of;
    with `sees_all` every one. What lies in others does not exist for them. Nor, when `action` is a reading one (it ends
    in `:get` or `:list`), what lies where they are a member by a role that does not allow it.
    """

    project_id: str | None
    user_name: str = "platform"
    user_id: str = ""
    sees_all: bool = True
    action: Action | None = None


PLATFORM = Scope(project_id=None)


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on one of a job's texts: `in`: it is one of `values`; `not`: it is none of them; `like`: it contains
    the only one, case-sensitively. No values: no condition.

    Columns: id, name, phase (as an API caller sees it), kind, user_id, user_name, algorithm_id, algorithm_name,
    pool_id, experiment_id, engine_id, flavor_id.
    """

    column: str
    values: tuple[str, ...]
    how: Literal["in", "not", "like"] = "in"


@dataclass(frozen=True, slots=True)
class JobQuery:
    """A search. All conditions hold together; empty ones do not count."""

    matches: tuple[Match, ...] = ()
    tags: tuple[
        tuple[str, tuple[str, ...]], ...
    ] = ()  # of each key one of the values, or any when there are none
    host_ips: tuple[str, ...] = ()  # a task of any attempt ran on one of them
    created_from_ms: int = 0
    created_to_ms: int = 0  # inclusive; 0: no bound
    workspace_id: str = ""
    sort_by: str = "create_time"  # create_time, start_time, name, duration, status, user_name, priority
    descending: bool = True
    offset: int = 0
    limit: int = 10
    now_ms: int = 0  # ends the duration of jobs still running; only `duration` looks at it


@dataclass(frozen=True, slots=True)
class FolderJob:
    """An unfinished job and what it does with a folder. `phase` is the one a caller sees."""

    id: str
    name: str
    user_name: str
    phase: Phase
    reads: bool
    writes: bool


@dataclass(frozen=True, slots=True)
class JobPage:
    """`matches` counts all that match, `total` all of the scope (and workspace, when asked)."""

    jobs: tuple[Job, ...]
    matches: int
    total: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A job leased to this process. Only the holder of `token` may commit on it until `until_ms`."""

    job: Job
    attempt: Attempt | None
    tasks: tuple[TaskState, ...]
    token: str
    until_ms: int


class LeaseLost(Exception):
    """The lease ended or went to someone else: drop what was planned."""


class JobRepository(Protocol):
    """Jobs of the scope."""

    def add(self, job: Job) -> None:
        """Insert it, due at once. Raises `DuplicateJobName`."""
        ...

    def get(self, job_id: str) -> Job:
        """Raises `JobNotFound` (also for another project's job)."""
        ...

    def find_by_name(self, name: str) -> Job | None:
        """The project's job of that name."""
        ...

    def search(self, query: JobQuery) -> JobPage:
        """One page."""
        ...

    def get_to_change(self, job_id: str) -> Job:
        """As `get`; in a writing unit nobody else changes its documents until the unit ends."""
        ...

    def save_documents(self, job: Job) -> None:
        """Write description, request and launch; never touches what the reconciler owns. Raises `JobNotFound`."""
        ...

    def taken(self, names: Sequence[str]) -> frozenset[str]:
        """Those of `names` that jobs of the project have, also jobs in workspaces the scope does not see."""
        ...

    def request_stop(self, job_id: str, now_ms: int) -> bool:
        """Mark it to be stopped and make it due; False when it was marked before or has ended."""
        ...

    def delete(self, job_id: str) -> None:
        """Remove it with its attempts, tasks, events and metrics. The caller has checked that it has ended."""
        ...

    def existing(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Those of `job_ids` that are jobs of the scope."""
        ...

    def with_checkpoint_policy(self, *, ended_since_ms: int) -> tuple[Job, ...]:
        """Jobs of the scope whose launch says which checkpoints are kept: unfinished ones, and those that ended since
        then.
        """
        ...

    def unfinished_using(self, uri: str, *, besides: str) -> bool:
        """Whether an unfinished job of any project, but for job `besides`, reads or writes the folder `uri`, what lies
        in it, or a folder above it.
        """
        ...

    def list_using(self, uri: str) -> tuple[FolderJob, ...]:
        """The scope's unfinished jobs that read or write the folder `uri`, what lies in it, or a folder above it; the
        newest first.
        """
        ...

    def written_since(self, uri: str, *, besides: str, since_ms: int) -> bool:
        """Whether a job of any project, but for job `besides`, that is unfinished or ended at `since_ms` or later has
        an output there, below it, or in a folder above it.
        """
        ...

    def unfinished_writing_to(self, uris: Sequence[str]) -> tuple[str, str] | None:
        """(job id, uri) of an unfinished job of any project that writes to one of these output uris, if any."""
        ...


class LeaseRepository(Protocol):
    """What the reconciler uses; platform scope only. Works alike on SQLite and PostgreSQL: conditional UPDATEs."""

    def claim_due(
        self, owner: str, now_ms: int, *, lease_ms: int, limit: int, job_ids: Sequence[str] | None = None
    ) -> tuple[Claim, ...]:
        """Lease unfinished jobs that are due (or named by `job_ids`, due or not) and not leased to anyone."""
        ...

    def save(self, claim: Claim, job: Job, attempt: Attempt | None, events: Sequence[Event]) -> None:
        """Write the reconciler's columns of `job` and `attempt` (inserted when its number is new, with its task
        rows) and append `events`. A stop requested since the claim is kept.

        Raises:
            LeaseLost: the lease is not ours any more; nothing was written.
        """
        ...

    def release(self, claim: Claim, due_at_ms: int) -> None:
        """Give the lease back. Due at `due_at_ms`, or earlier when something made it due during the lease.
        Losing the lease is not an error.
        """
        ...

    def reload(self, claim: Claim) -> Claim:
        """The same lease with fresh rows. Raises `LeaseLost`."""
        ...

    def next_due_ms(self) -> int | None:
        """When the next unfinished job is due."""
        ...

    def release_owner(self, owner: str) -> int:
        """Free all leases of `owner` (a former life of this process); returns how many."""
        ...


class AttemptRepository(Protocol):
    """Attempts of the scope."""

    def list_of_job(self, job_id: str) -> tuple[Attempt, ...]:
        """Ascending by number."""
        ...

    def list_of_jobs(self, job_ids: Sequence[str]) -> dict[str, tuple[Attempt, ...]]:
        """The same of several jobs at once, by job; jobs without attempts are left out."""
        ...

    def get_live(self, attempt_key: str) -> tuple[Job, Attempt]:
        """The attempt of that key with its job, while it is the job's current one and has not ended.

        Raises:
            AttemptClosed: it is over, superseded or never existed.
        """
        ...

    def live_keys(self) -> frozenset[str]:
        """Keys of all attempts that have not ended, for the orphan sweep."""
        ...


class TaskRepository(Protocol):
    """Task rows of attempts."""

    def list_of_attempt(self, attempt_key: str) -> tuple[TaskState, ...]:
        """In the job's task order."""
        ...

    def list_of_jobs(self, job_ids: Sequence[str]) -> dict[str, tuple[TaskState, ...]]:
        """Of all attempts of several jobs, by attempt key, in the jobs' task order."""
        ...

    def get(self, attempt_key: str, name: str) -> TaskState:
        """Raises `AttemptClosed` when there is no such task."""
        ...

    def are_ready(self, attempt_key: str, number: int) -> bool:
        """Whether every task of the attempt is ready for rendezvous `number`, or beyond it."""
        ...

    def save(self, task: TaskState, *, make_due: bool) -> None:
        """Write it; `make_due` also makes the job due at once. A final result once stored is never overwritten."""
        ...


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Some of a job's events. Empty conditions do not count."""

    job_id: str
    codes: tuple[str, ...] = ()
    level: str = ""
    source: str = ""
    from_ms: int = 0
    to_ms: int = 0  # inclusive; 0: no bound
    descending: bool = False
    after_seq: int = 0  # only those behind it in the order asked; 0: all
    offset: int = 0
    limit: int = 1000


class EventRepository(Protocol):
    """The append-only history."""

    def append(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Store them in order; returned with their `seq`."""
        ...

    def list_of_job(self, job_id: str, *, after_seq: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Ascending by `seq`."""
        ...

    def search(self, query: EventQuery) -> tuple[Event, ...]:
        """One page, by `seq`."""
        ...

    def count(self, query: EventQuery) -> int:
        """How many match on all pages."""
        ...


@dataclass(frozen=True, slots=True)
class MetricBatch:
    """Samples of one task, `step_s` seconds apart, the first at `start_s` (UTC seconds).

    `values` maps a metric's name (`cpuUsage`, `memUsage`, `gpuUtil`, `gpuMemUsage`, `npuUtil`, `npuMemUsage`:
    percent; `networkReceive`, `networkSend`, `diskRead`, `diskWrite`: bytes per second; `memBytes`, `diskBytes`) to
    one number a step; -1 where there is no sample.
    """

    attempt_key: str
    task: str
    start_s: int
    step_s: int
    values: dict[str, list[float]]


class MetricRepository(Protocol):
    """Resource samples."""

    def add(self, batch: MetricBatch) -> None:
        """Store it. A batch of the same task, step and start is replaced, so that repeating is harmless."""
        ...

    def list_of_task(self, attempt_key: str, task: str, *, since_s: int = 0) -> tuple[MetricBatch, ...]:
        """Ascending by start."""
        ...

    def recent(
        self, tasks: Sequence[tuple[str, str]], names: Sequence[str], *, since_s: int
    ) -> dict[tuple[str, str], tuple[MetricBatch, ...]]:
        """About a sixth of the one-second batches that began at `since_s` or later, spread evenly, of several tasks
        (attempt key and name) at once, with the metrics of these names only: enough for a mean.
        """
        ...

    def compact(self, older_than_s: int) -> int:
        """Turn one-second batches that end before `older_than_s` into one-minute means; returns batches removed."""
        ...


class UnitOfWork(Protocol):
    """`with factory(scope) as uow: … uow.commit()`. Without `commit` everything is rolled back."""

    @property
    def jobs(self) -> JobRepository:
        """Jobs."""
        ...

    @property
    def leases(self) -> LeaseRepository:
        """The reconciler's view."""
        ...

    @property
    def attempts(self) -> AttemptRepository:
        """Attempts."""
        ...

    @property
    def tasks(self) -> TaskRepository:
        """Tasks."""
        ...

    @property
    def events(self) -> EventRepository:
        """History."""
        ...

    @property
    def job_changes(self) -> JobChangeRepository:
        """Which jobs have changed."""
        ...

    @property
    def overview(self) -> OverviewRepository:
        """Sums over jobs."""
        ...

    @property
    def log_links(self) -> LogLinkRepository:
        """Share links to logs."""
        ...

    @property
    def metrics(self) -> MetricRepository:
        """Resource samples."""
        ...

    @property
    def training_metrics(self) -> TrainingMetricRepository:
        """Training metrics."""
        ...

    @property
    def creations(self) -> CreationRepository:
        """Requests that made jobs."""
        ...

    @property
    def principals(self) -> PrincipalRepository:
        """Users and tokens."""
        ...

    @property
    def workspaces(self) -> WorkspaceRepository:
        """Workspaces and their members."""
        ...

    @property
    def quotas(self) -> QuotaRepository:
        """Limits of workspaces and users."""
        ...

    @property
    def experiments(self) -> ExperimentRepository:
        """Experiments."""
        ...

    @property
    def tags(self) -> TagRepository:
        """Tags of jobs."""
        ...

    @property
    def authorizations(self) -> AuthorizationRepository:
        """Authorisations and options."""
        ...

    @property
    def algorithms(self) -> AlgorithmRepository:
        """Saved algorithms."""
        ...

    @property
    def gallery(self) -> GalleryRepository:
        """Published algorithms and subscriptions."""
        ...

    @property
    def datasets(self) -> DatasetRepository:
        """Datasets and their versions."""
        ...

    @property
    def models(self) -> ModelRepository:
        """Registered models and their versions."""
        ...

    @property
    def buckets(self) -> BucketRepository:
        """Whose each bucket is."""
        ...

    @property
    def pools(self) -> PoolRepository:
        """Dedicated pools."""
        ...

    @property
    def isolations(self) -> IsolationRepository:
        """Isolated nodes."""
        ...

    @property
    def stacks(self) -> StacksRepository:
        """Dumps of stacks."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """Who did what."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None:
        """Make it durable. Calling it twice is an error of the caller."""
        ...


class UnitOfWorkFactory(Protocol):
    """Opens units of work."""

    def __call__(self, scope: Scope, *, write: bool = True) -> UnitOfWork:
        """A new one. `write=False` promises to change nothing and never waits for writers."""
        ...
