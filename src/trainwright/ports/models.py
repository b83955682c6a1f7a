"""The model registry: named models and their immutable versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trainwright.domain.entities import Job

TOLD = (
    "model_kept",
    "model_not_kept",
    "model_empty",
    "model_gone",
    "model_too_many",
    "model_restless",
    "model_taken",
    "model_deleted",
)
"""Events of a job that say what became of its model; one of them closes the matter."""


@dataclass(frozen=True, slots=True)
class Model:
    """A named model of a project, in a workspace."""

    id: str
    project_id: str
    workspace_id: str
    name: str
    description: str
    user_id: str
    user_name: str
    created_at_ms: int
    updated_at_ms: int
    last_version: int = 0  # the highest number ever given


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """What a job left at `/model`, copied: never changed afterwards. `uri`: its own folder in the platform's bucket."""

    id: str
    model_id: str
    number: int  # 1, 2, …
    uri: str
    job_id: str
    job_name: str
    objects: int
    bytes: int
    created_at_ms: int
    document: dict[str, Any]  # what it was made with: engine, parameters, inputs
    ready: bool = False  # all of it is copied


class ModelRepository(Protocol):
    """Models of the scope; those in workspaces it does not see do not exist."""

    def add(self, model: Model) -> None:
        """Insert it. Raises `DuplicateModelName`."""
        ...

    def get(self, model_id: str) -> Model:
        """Raises `ModelNotFound`. In a writing unit nobody else changes it until the unit ends."""
        ...

    def find_by_name(self, name: str) -> Model | None:
        """The project's model of that name."""
        ...

    def find_in_project(self, project_id: str, name: str) -> Model | None:
        """The model of that name of any project, in whatever workspace; platform scope only."""
        ...

    def list_page(
        self, *, workspace_id: str = "", name_like: str = "", offset: int = 0, limit: int = 10
    ) -> tuple[tuple[Model, ...], int]:
        """One page, newest first, and how many there are."""
        ...

    def save(self, model: Model) -> None:
        """Write name, description, last version and time of change. Raises `ModelNotFound`, `DuplicateModelName`."""
        ...

    def delete(self, model_id: str) -> None:
        """With its versions. Raises `ModelNotFound`."""
        ...

    def add_version(self, version: ModelVersion) -> None:
        """Insert it. Raises `DuplicateModelVersion` when the job has given this model a version already."""
        ...

    def get_version(self, model_id: str, version_id: str) -> ModelVersion:
        """Raises `ModelVersionNotFound`."""
        ...

    def list_versions(
        self, model_id: str, *, offset: int = 0, limit: int = 10
    ) -> tuple[tuple[ModelVersion, ...], int]:
        """One page, highest number first, and how many there are. Only ready ones."""
        ...

    def count_versions(self, model_ids: Sequence[str]) -> dict[str, int]:
        """How many ready versions each has; those without are left out."""
        ...

    def save_version(self, version: ModelVersion) -> None:
        """Write objects, bytes and `ready`. Raises `ModelVersionNotFound`."""
        ...

    def delete_version(self, model_id: str, version_id: str) -> None:
        """Raises `ModelVersionNotFound`."""
        ...

    def unready(self, *, limit: int = 100) -> tuple[ModelVersion, ...]:
        """Versions still being copied, oldest first, of all projects; platform scope only."""
        ...

    def unready_of(self, model_id: str) -> tuple[ModelVersion, ...]:
        """Versions of a model still being copied."""
        ...

    def jobs_to_keep(self, *, ended_since_ms: int, after_seq: int = 0, limit: int = 100) -> tuple[Job, ...]:
        """Jobs that ended since then by success or stop, are to keep a model, and of which neither a version nor an
        event of `TOLD` says what became of it; the earliest end first. `after_seq`: only those with an event of their
        end behind it, which costs nothing when there are none. Platform scope only.
        """
        ...

    def last_event_seq(self) -> int:
        """The highest number given to an event of any job; platform scope only."""
        ...

    def find_version_of_job(self, job_id: str) -> ModelVersion | None:
        """The version a job has given to any model, ready or not; platform scope only."""
        ...

    def existing_versions(self, version_ids: Sequence[str]) -> frozenset[str]:
        """Those of `version_ids` that are there, ready or not; platform scope only."""
        ...

    def is_read(self, uri: str) -> bool:
        """Whether an unfinished job of any project reads what lies at `uri` or below."""
        ...
