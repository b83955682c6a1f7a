"""Workspaces and what is kept per workspace or user: members, quotas, experiments, tags, authorisations, options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trainwright.domain.demand import Demand

DEFAULT_WORKSPACE = "0"
DEFAULT_WORKSPACE_NAME = "default"
TAG_VALUES_MAX = 1000
"""Values of one key that a list of the project's tags shows."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who may enter an INTERNAL workspace. `role` empty: they may do there what they may do anywhere."""

    user_id: str
    user_name: str = ""
    user_type: str = "IAM"
    role: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A group inside a project. PUBLIC: everyone of the project; PRIVATE: the owner; INTERNAL: owner and members.

    Whoever may `WORKSPACE_SEE_ALL` enters each. The default workspace `0` is public and has no row.
    """

    id: str
    project_id: str
    name: str
    description: str = ""
    owner_id: str = ""
    owner_name: str = ""
    auth_type: str = "PUBLIC"
    enterprise_project_id: str = "0"
    created_at_ms: int = 0
    updated_at_ms: int = 0
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceQuery:
    """One page of the workspaces that the scope sees."""

    name_like: str = ""
    enterprise_project_id: str = ""
    sort_by: str = "name"  # name, update_time or status
    descending: bool = False
    offset: int = 0
    limit: int = 1000


class WorkspaceRepository(Protocol):
    """Workspaces that the scope sees, the default one among them, as the project's first."""

    def add(self, workspace: Workspace) -> None:
        """Insert it with its members. Raises `DuplicateWorkspaceName`."""
        ...

    def get(self, workspace_id: str) -> Workspace:
        """With its members. In a writing unit it is not deleted before the unit ends.

        Raises:
            WorkspaceNotFound: there is none, or the scope does not see it.
        """
        ...

    def take(self, workspace_id: str) -> Workspace:
        """As `get`, to change or delete it: nothing is put into it before the unit ends."""
        ...

    def search(self, query: WorkspaceQuery) -> tuple[int, tuple[Workspace, ...]]:
        """How many match, and one page, without their members."""
        ...

    def count(self) -> int:
        """How many the project has, seen or not, without the default one."""
        ...

    def save(self, workspace: Workspace) -> None:
        """Replace name, description, kind and members. Raises `WorkspaceNotFound`, `DuplicateWorkspaceName`."""
        ...

    def delete(self, workspace_id: str) -> None:
        """Remove it with members and quotas.

        Raises:
            WorkspaceNotFound: there is none, or the scope does not see it.
            WorkspaceNotEmpty: a job, algorithm, experiment, dataset or pool lies in it.
        """
        ...

    def role_in(self, workspace_id: str) -> str:
        """The role the scope's user was given in it; empty: none of its own, or it is theirs."""
        ...


class QuotaRepository(Protocol):
    """Limits of workspaces and of users, and what counts against them. -1: unlimited.

    Limits read in a writing unit are locked until it ends: of two units that read one limit, count and add, the second
    counts what the first has added.
    """

    def of_workspace(self, workspace_id: str) -> Mapping[str, tuple[int, int]]:
        """Resource -> (quota, when set, ms); only those set."""
        ...

    def set_of_workspace(self, workspace_id: str, quotas: Mapping[str, int], now_ms: int) -> None:
        """Write those given."""
        ...

    def of_user(self, user_id: str) -> Mapping[str, tuple[int, str]]:
        """Resource -> (quota, extra_info): the user's own, else those for everyone (empty user id)."""
        ...

    def set_of_user(self, user_id: str, quotas: Mapping[str, tuple[int, str]]) -> None:
        """Write those given; an empty user id is everyone who has none of their own."""
        ...

    def unfinished_in(self, workspace_id: str) -> tuple[int, Demand]:
        """How many unfinished jobs the workspace has, and what they take together."""
        ...

    def unfinished_of(self, user_id: str) -> int:
        """How many unfinished jobs the user has, in whichever workspace."""
        ...


@dataclass(frozen=True, slots=True)
class Experiment:
    """A named group of jobs. `job_count` is counted when read."""

    id: str
    project_id: str
    workspace_id: str
    name: str
    description: str = ""
    created_at_ms: int = 0
    updated_at_ms: int = 0
    job_count: int = 0


@dataclass(frozen=True, slots=True)
class ExperimentQuery:
    """One page of experiments."""

    workspace_id: str = ""
    sort_by: str = "create_time"  # update_time, name or create_time
    descending: bool = True
    offset: int = 0
    limit: int = 10


class ExperimentRepository(Protocol):
    """Experiments in workspaces that the scope sees."""

    def add(self, experiment: Experiment) -> None:
        """Insert it. Raises `DuplicateExperimentName` (per project)."""
        ...

    def get(self, experiment_id: str) -> Experiment:
        """Raises `ExperimentNotFound`."""
        ...

    def find_by_name(self, name: str) -> Experiment | None:
        """The project's experiment of that name, where the scope sees it."""
        ...

    def is_taken(self, name: str) -> bool:
        """Whether the project has one of that name, seen or not."""
        ...

    def search(self, query: ExperimentQuery) -> tuple[int, tuple[Experiment, ...]]:
        """How many match, and one page."""
        ...

    def names(self, experiment_ids: Sequence[str]) -> dict[str, str]:
        """Names by id; those that are not there are left out."""
        ...

    def save(self, experiment: Experiment) -> None:
        """Write name, description, update time. Raises `ExperimentNotFound`, `DuplicateExperimentName`."""
        ...

    def delete(self, experiment_id: str) -> None:
        """Its jobs stay and are in none afterwards. Raises `ExperimentNotFound`."""
        ...

    def next_serial(self, experiment_id: str) -> int:
        """Count one job in; its number, from 1, never given again. Raises `ExperimentNotFound`."""
        ...


@dataclass(frozen=True, slots=True)
class TagQuery:
    """Jobs by their tags: values of a key are alternatives, keys hold together, no values means the key alone."""

    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    without_any: bool = False
    name: str = ""  # matches resource_name: substring
    workspace_id: str = ""
    offset: int = 0
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class TaggedJob:
    """A job as searches by tag show it."""

    id: str
    name: str
    workspace_id: str
    tags: Mapping[str, str]


class TagRepository(Protocol):
    """Tags of the jobs that the scope sees."""

    def of_job(self, job_id: str) -> dict[str, str]:
        """Key to value, keys ascending; empty for an unknown job."""
        ...

    def of_jobs(self, job_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """The same of several jobs at once; jobs without tags are left out."""
        ...

    def lock(self, job_id: str) -> None:
        """Nobody else tags the job before the unit ends. Raises `JobNotFound`."""
        ...

    def put(self, job_id: str, tags: Mapping[str, str]) -> None:
        """Insert or replace by key. Raises `JobNotFound`."""
        ...

    def remove(self, job_id: str, keys: Sequence[str]) -> None:
        """Remove those keys; missing is success. Raises `JobNotFound`."""
        ...

    def of_project(
        self, *, offset: int = 0, limit: int = 1000
    ) -> tuple[int, tuple[tuple[str, tuple[str, ...]], ...]]:
        """How many keys are in use, and one page of (key, its first `TAG_VALUES_MAX` values), both ascending."""
        ...

    def count(self, query: TagQuery) -> int:
        """How many jobs match."""
        ...

    def search(self, query: TagQuery) -> tuple[int, tuple[TaggedJob, ...]]:
        """How many jobs match, and one page, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a user lets the platform act with: an agency's name, or an AK whose secret is sealed."""

    project_id: str
    user_id: str  # or all-users
    user_name: str = ""
    user_type: str = ""
    type: str = "agency"
    content: str = ""
    sealed_secret: str = field(default="", repr=False)
    created_at_ms: int = 0


class AuthorizationRepository(Protocol):
    """Authorisations of the project, and options set through the API."""

    def put(self, authorization: Authorization) -> None:
        """Insert it, or replace the user's."""
        ...

    def search(
        self, *, sort_by: str, descending: bool, offset: int, limit: int
    ) -> tuple[int, tuple[Authorization, ...]]:
        """How many there are, and one page; `sort_by` user_name or create_time."""
        ...

    def delete(self, user_id: str) -> int:
        """Remove the user's, or all when `user_id` is empty; how many."""
        ...

    def option(self, name: str, default: str = "") -> str:
        """The project's option of that name."""
        ...

    def set_option(self, name: str, value: str) -> None:
        """Write it."""
        ...
