"""Dedicated pools: named shares of what the backend has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trainwright.domain.demand import Demand
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase

PUBLIC_POOL = "pool-public"
"""What the public pool is called in answers. It has no row; jobs in it carry no pool id."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A dedicated pool of one project. The amounts are its share, taken away from the public pool."""

    id: str
    project_id: str
    workspace_id: str  # empty: any
    name: str
    document: dict[str, Any]
    millicpus: int
    memory_mib: int
    accelerators: int
    created_at_ms: int = 0
    updated_at_ms: int = 0

    @property
    def share(self) -> Demand:
        """What it has."""
        return Demand(self.millicpus, self.memory_mib, self.accelerators)

    @property
    def job_flavors(self) -> tuple[str, ...]:
        """The flavors that jobs in it may have; empty: any."""
        return tuple(self.document.get("spec", {}).get("jobFlavors") or ())


@dataclass(frozen=True, slots=True)
class WorkloadQuery:
    """Which unfinished jobs of a pool; `pool_id` empty: the public one, `phases` empty: any, as a caller sees them.

    `queues`: whether they wait for something; `host_ips`: a task of their present attempt is on one of these.
    """

    pool_id: str
    phases: tuple[Phase, ...] = ()
    queues: bool | None = None
    host_ips: tuple[str, ...] = ()
    descending: bool = True
    offset: int = 0
    limit: int = 500


class PoolRepository(Protocol):
    """Dedicated pools of the scope's project."""

    def add(self, pool: Pool) -> None:
        """Insert it. Raises `DuplicatePoolName` (display name, per project)."""
        ...

    def get(self, pool_id: str) -> Pool:
        """Raises `PoolNotFound`. In a writing unit it stays as it is until the unit ends: a job may be put into it."""
        ...

    def get_to_change(self, pool_id: str) -> Pool:
        """Raises `PoolNotFound`. No job can be put into it until the unit ends."""
        ...

    def list_all(self, *, workspace_id: str = "") -> tuple[Pool, ...]:
        """All, oldest first; at most 1,000. Of every project in the platform's scope. Asked for a workspace, those
        that serve every workspace are among them: of none, and of the default one.
        """
        ...

    def list_preempting(self) -> tuple[str, ...]:
        """Ids of the pools of all projects in which jobs may pre-empt others; platform scope only."""
        ...

    def list_shares(self) -> dict[str, Demand]:
        """What every pool of every project has, by id, oldest first; platform scope only."""
        ...

    def lock_shares(self) -> Demand:
        """What all pools of all projects have together. In a writing unit nobody else's such call returns until the
        unit ends: whoever adds or changes a pool calls it first.
        """
        ...

    def names(self, pool_ids: Sequence[str]) -> dict[str, str]:
        """Display names by id; those that are not there are left out."""
        ...

    def save(self, pool: Pool) -> None:
        """Write name, document, share and time of change. Raises `PoolNotFound`, `DuplicatePoolName`."""
        ...

    def delete(self, pool_id: str) -> None:
        """Raises `PoolNotFound`. The caller has checked that no unfinished job is in it."""
        ...

    def count_unfinished(self, pool_id: str) -> int:
        """How many unfinished jobs are in it, also those in workspaces the scope does not see. Raises `PoolNotFound`.
        After `get_to_change` in a writing unit none can come in.
        """
        ...

    def list_unfinished(self, pool_id: str, *, after: str = "", limit: int = 500) -> tuple[Job, ...]:
        """Unfinished jobs in it by id, from behind the id `after`, as in `count_unfinished`."""
        ...

    def list_workloads(self, query: WorkloadQuery) -> tuple[Job, ...]:
        """Unfinished jobs of the scope in a pool: one page, by time of creation."""
        ...

    def count_workloads(self, pool_id: str) -> dict[tuple[Phase, bool], int]:
        """Unfinished jobs of the scope in it, by the phase that an API caller sees and by whether they queue."""
        ...

    def hosts_of(self, jobs: Sequence[Job]) -> dict[str, tuple[tuple[str, str], ...]]:
        """Where the tasks of their present attempts are: (task, ip) by the job's id; tasks not yet there left out."""
        ...
