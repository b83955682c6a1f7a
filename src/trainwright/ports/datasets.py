"""Registered datasets with immutable versions, and whose each bucket is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named source of versions. `uri` is the folder that new versions are made of."""

    id: str
    project_id: str
    workspace_id: str
    name: str
    description: str
    type: str
    uri: str
    user_id: str
    user_name: str
    created_at_ms: int = 0
    updated_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """What lay in the folder when it was made: a manifest. `state` creating, ready or failed; only a ready one can
    be an input. It never changes once ready.
    """

    id: str
    dataset_id: str
    name: str
    description: str
    uri: str
    state: str = "creating"
    message: str = ""
    objects: int = 0
    bytes: int = 0
    done_objects: int = 0
    created_at_ms: int = 0
    ready_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One object of a version. `path` is relative to the version's folder, `sha256` lower-case hex."""

    path: str
    size: int
    sha256: str
    etag: str = ""


class DatasetRepository(Protocol):
    """Datasets in workspaces that the scope sees, and their versions."""

    def add(self, dataset: Dataset) -> None:
        """Insert it. Raises `DuplicateDatasetName` (per project)."""
        ...

    def get(self, dataset_id: str) -> Dataset:
        """Raises `DatasetNotFound`."""
        ...

    def hold(self, dataset_id: str) -> Dataset:
        """The same; nobody else changes it or adds versions with `hold` until the unit ends."""
        ...

    def search(
        self, *, name_like: str, workspace_id: str, sort_by: str, descending: bool, offset: int, limit: int
    ) -> tuple[int, tuple[Dataset, ...]]:
        """How many match, and one page; `sort_by` create_time or name."""
        ...

    def save(self, dataset: Dataset) -> None:
        """Write name, description, update time. Raises `DatasetNotFound`, `DuplicateDatasetName`."""
        ...

    def delete(self, dataset_id: str) -> None:
        """With its versions; the objects stay. Raises `DatasetNotFound`."""
        ...

    def add_version(self, version: DatasetVersion) -> None:
        """Raises `DatasetNotFound`, `DuplicateDatasetVersion`."""
        ...

    def get_version(self, dataset_id: str, version_id: str) -> DatasetVersion:
        """Raises `DatasetNotFound`, `DatasetVersionNotFound`. In a writing unit nobody deletes it until the unit ends:
        a job may be made of it.
        """
        ...

    def take_version(self, dataset_id: str, version_id: str) -> DatasetVersion:
        """The same, to delete it: no job can be made of it until the unit ends."""
        ...

    def get_any_version(self, version_id: str) -> DatasetVersion:
        """The version, whatever dataset it is of; platform scope only. Raises `DatasetVersionNotFound`."""
        ...

    def take_versions(self, dataset_id: str) -> tuple[DatasetVersion, ...]:
        """All versions, in the same sense."""
        ...

    def find_newest(self, dataset_id: str, state: str) -> DatasetVersion | None:
        """The newest version in that state. Raises `DatasetNotFound`."""
        ...

    def last_number(self, dataset_id: str) -> int:
        """The highest n of its versions called V<n>, with at most 9 digits; 0 when there is none."""
        ...

    def list_versions(
        self, dataset_id: str, *, offset: int, limit: int
    ) -> tuple[int, tuple[DatasetVersion, ...]]:
        """How many there are, and one page, newest first. Raises `DatasetNotFound`."""
        ...

    def save_version(self, version: DatasetVersion) -> bool:
        """Write state, message, counts while it is being made; False when it was ready or failed already: then it
        never changes. Raises `DatasetVersionNotFound`.
        """
        ...

    def delete_version(self, dataset_id: str, version_id: str) -> None:
        """Raises `DatasetNotFound`, `DatasetVersionNotFound`."""
        ...

    def find_user(self, version_id: str) -> str | None:
        """The id of an unfinished job, of any workspace, that reads the version."""
        ...

    def count_unfinished(self) -> int:
        """How many versions of the scope's project are being made, in whichever workspace."""
        ...

    def unfinished_versions(self, *, limit: int = 10) -> tuple[tuple[str, DatasetVersion], ...]:
        """Those being made with their project's id: the oldest of each project, then the second of each, and so on.
        Platform scope only.
        """
        ...

    def change_entries(
        self, version_id: str, entries: Sequence[ManifestEntry], *, without: Sequence[str] = ()
    ) -> bool:
        """Insert or replace by path, and drop the paths `without`, while the version is being made; False when it is
        not any more. Raises `DatasetVersionNotFound`.
        """
        ...

    def list_entries(
        self, version_id: str, *, after: str = "", limit: int = 1000
    ) -> tuple[ManifestEntry, ...]:
        """One page, paths ascending. The caller has found the version in its scope."""
        ...

    def find_entry(self, version_id: str, path: str) -> ManifestEntry | None:
        """The entry of that path. The caller has found the version in its scope."""
        ...

    def totals(self, version_id: str) -> tuple[int, int]:
        """How many entries it has so far, and their bytes."""
        ...


class BucketRepository(Protocol):
    """Whose a bucket is; asked across projects. A bucket without a row belongs to the first project."""

    def owner(self, bucket: str) -> str:
        """The id of the project it belongs to, whether it exists or not."""
        ...

    def owners(self, buckets: Sequence[str]) -> dict[str, str]:
        """The same of several."""
        ...

    def claim(self, bucket: str, project_id: str, now_ms: int) -> bool:
        """Make it the project's; False when it is another's."""
        ...

    def release(self, bucket: str) -> None:
        """Forget whose it is."""
        ...
