"""Datasets and their versions. Implements `ports.datasets.DatasetRepository`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from trainwright.db.dialects import contains, unindexed, upserts
from trainwright.db.schema import job_documents, jobs
from trainwright.db.shelves import dataset_objects, dataset_versions, datasets
from trainwright.db.transaction import Scoped, Transaction, within_table
from trainwright.domain.errors import (
    DatasetNotFound,
    DatasetVersionNotFound,
    DuplicateDatasetName,
    DuplicateDatasetVersion,
)
from trainwright.ports.datasets import Dataset, DatasetVersion, ManifestEntry

CREATING, READY = "creating", "ready"
_NUMBERED_SHOWN = 50  # names that begin like a number but are none may stand before the highest number
_NUMBERED_LENGTH_MAX = 10
_PATHS_AT_ONCE = 500

_DATASET: sa.BindParameter[str] = sa.bindparam("dataset")
_VERSION: sa.BindParameter[str] = sa.bindparam("version")
_ROWS: sa.Select[Any] = sa.select(datasets)
_VERSIONS: sa.Select[Any] = sa.select(dataset_versions).join(datasets)
_OF_DATASET = dataset_versions.c.dataset_id == _DATASET
_RECENT = (dataset_versions.c.created_at_ms.desc(), dataset_versions.c.id.desc())


def _within(statement: sa.Select[Any] | sa.Update | sa.Delete) -> Scoped:
    return within_table(statement, datasets.c.project_id, datasets.c.workspace_id)


_ADD = upserts(
    datasets,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(
        datasets.c.id
    ),
)
_GET = _within(_ROWS.where(datasets.c.id == _DATASET))
_HOLD = _within(_ROWS.where(datasets.c.id == _DATASET).with_for_update())
_SAVE = _within(
    sa.update(datasets)
    .where(datasets.c.id == _DATASET)
    .values({name: sa.bindparam(f"new_{name}") for name in ("name", "description", "updated_at_ms")})
)
_NAMESAKE = sa.select(datasets.c.id).where(
    datasets.c.project_id == sa.bindparam("project"),
    datasets.c.name == sa.bindparam("name"),
    datasets.c.id != _DATASET,
)
_DELETE = _within(sa.delete(datasets).where(datasets.c.id == _DATASET))
_ADD_VERSION = upserts(
    dataset_versions,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["dataset_id", "name"]).returning(
        dataset_versions.c.id
    ),
)
_GET_VERSION = _within(_VERSIONS.where(_OF_DATASET, dataset_versions.c.id == _VERSION))
_HOLD_VERSION = _within(
    _VERSIONS.where(_OF_DATASET, dataset_versions.c.id == _VERSION).with_for_update(
        of=dataset_versions, read=True
    )
)
_TAKE_VERSION = _within(
    _VERSIONS.where(_OF_DATASET, dataset_versions.c.id == _VERSION).with_for_update(of=dataset_versions)
)
_TAKE_VERSIONS = _within(_VERSIONS.where(_OF_DATASET).with_for_update(of=dataset_versions))
_ANY_VERSION = sa.select(dataset_versions).where(dataset_versions.c.id == _VERSION)
_NEWEST = _within(
    _VERSIONS.where(_OF_DATASET, dataset_versions.c.state == sa.bindparam("state"))
    .order_by(*_RECENT)
    .limit(1)
)
_PAGE = _within(
    _VERSIONS.where(_OF_DATASET)
    .order_by(*_RECENT)
    .offset(sa.bindparam("skipped", type_=sa.BigInteger))
    .limit(sa.bindparam("wanted", type_=sa.BigInteger))
)
_COUNT = _within(sa.select(sa.func.count()).select_from(dataset_versions.join(datasets)).where(_OF_DATASET))
_NUMBERED = _within(
    sa.select(dataset_versions.c.name)
    .join(datasets)
    .where(
        _OF_DATASET,
        dataset_versions.c.name >= "V0",
        dataset_versions.c.name < "V:",
        sa.func.length(dataset_versions.c.name) <= _NUMBERED_LENGTH_MAX,
    )
    .order_by(sa.func.length(dataset_versions.c.name).desc(), dataset_versions.c.name.desc())
    .limit(_NUMBERED_SHOWN)
)
_STATE = sa.select(dataset_versions.c.state).where(dataset_versions.c.id == _VERSION).with_for_update()
_CHANGEABLE = ("state", "message", "objects", "bytes", "done_objects", "ready_at_ms")
_SAVE_VERSION = (
    sa.update(dataset_versions)
    .where(dataset_versions.c.id == _VERSION)
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_DELETE_VERSION = sa.delete(dataset_versions).where(_OF_DATASET, dataset_versions.c.id == _VERSION)
_OLDEST = (dataset_versions.c.created_at_ms, dataset_versions.c.id)
_TURN = sa.func.row_number().over(partition_by=datasets.c.project_id, order_by=_OLDEST)
_UNFINISHED = (
    sa.select(dataset_versions, datasets.c.project_id)
    .join(datasets)
    .where(dataset_versions.c.state == CREATING)
    .order_by(_TURN, *_OLDEST)
    .limit(sa.bindparam("wanted", type_=sa.BigInteger))
)
_COUNT_UNFINISHED = (
    sa.select(sa.func.count())
    .select_from(dataset_versions.join(datasets))
    .where(dataset_versions.c.state == CREATING, datasets.c.project_id == sa.bindparam("project"))
)
_ADD_ENTRIES = upserts(
    dataset_objects,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["version_id", "path"],
        set_={name: insert.excluded[name] for name in ("size", "sha256", "etag")},
    ),
)
_DROP_ENTRIES = sa.delete(dataset_objects).where(
    dataset_objects.c.version_id == _VERSION,
    dataset_objects.c.path.in_(sa.bindparam("paths", expanding=True)),
)
_ENTRIES = (
    sa.select(dataset_objects)
    .where(dataset_objects.c.version_id == _VERSION, dataset_objects.c.path > sa.bindparam("after"))
    .order_by(dataset_objects.c.path)
    .limit(sa.bindparam("wanted", type_=sa.BigInteger))
)
_ENTRY = sa.select(dataset_objects).where(
    dataset_objects.c.version_id == _VERSION, dataset_objects.c.path == sa.bindparam("path")
)
_TOTALS = sa.select(
    sa.func.count().label("objects"),
    sa.cast(sa.func.coalesce(sa.func.sum(dataset_objects.c.size), 0), sa.BigInteger).label("bytes"),
).where(dataset_objects.c.version_id == _VERSION)
# No index on the launch: unfinished jobs are few.
_USED = (
    sa.select(jobs.c.id)
    .join(job_documents)
    .where(jobs.c.due_at_ms.is_not(None), contains(job_documents.c.launch, sa.bindparam("quoted")))
    .limit(1)
)


class Datasets:
    """See `ports.datasets.DatasetRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, dataset: Dataset) -> None:
        """Insert it. Raises `DuplicateDatasetName`, `ScopeBreach`."""
        tx = self._tx
        tx.require_project(dataset.project_id)
        if tx.scalar(_ADD[tx.dialect_name], **asdict(dataset)) is None:
            raise DuplicateDatasetName(name=dataset.name)

    def get(self, dataset_id: str) -> Dataset:
        """Raises `DatasetNotFound`."""
        row = self._tx.row(_GET, dataset=dataset_id)
        if row is None:
            raise DatasetNotFound(dataset=dataset_id)
        return _dataset(row)

    def hold(self, dataset_id: str) -> Dataset:
        """Raises `DatasetNotFound`."""
        row = self._tx.row(_HOLD, dataset=dataset_id)
        if row is None:
            raise DatasetNotFound(dataset=dataset_id)
        return _dataset(row)

    def search(
        self, *, name_like: str, workspace_id: str, sort_by: str, descending: bool, offset: int, limit: int
    ) -> tuple[int, tuple[Dataset, ...]]:
        """How many match, and one page. Equal keys are ordered by creation time, then id."""
        matching = _ROWS
        if name_like:
            matching = matching.where(contains(datasets.c.name, sa.bindparam("name_like", name_like)))
        if workspace_id:
            matching = matching.where(datasets.c.workspace_id == workspace_id)
        keys: list[sa.ColumnElement[Any]] = [datasets.c.created_at_ms, datasets.c.id]
        if sort_by == "name":
            keys.insert(0, unindexed(datasets.c.name))
        elif sort_by != "create_time":
            raise ValueError(f"cannot sort datasets by {sort_by}")
        ordered = matching.order_by(*(key.desc() if descending else key.asc() for key in keys))
        counted = matching.with_only_columns(sa.func.count(), maintain_column_froms=True)
        found = self._tx.rows(_within(ordered.offset(offset).limit(limit)))
        return int(self._tx.scalar(_within(counted))), tuple(map(_dataset, found))

    def save(self, dataset: Dataset) -> None:
        """Write name, description, update time. Raises `DatasetNotFound`, `DuplicateDatasetName`."""
        tx = self._tx
        project_id = self.get(dataset.id).project_id
        if tx.scalar(_NAMESAKE, project=project_id, name=dataset.name, dataset=dataset.id):
            raise DuplicateDatasetName(name=dataset.name)
        try:
            changed = tx.change(
                _SAVE,
                dataset=dataset.id,
                new_name=dataset.name,
                new_description=dataset.description,
                new_updated_at_ms=dataset.updated_at_ms,
            )
        except IntegrityError as exc:  # another took the name at this very moment
            raise DuplicateDatasetName(name=dataset.name) from exc
        if not changed:
            raise DatasetNotFound(dataset=dataset.id)

    def delete(self, dataset_id: str) -> None:
        """With its versions and their manifests. Raises `DatasetNotFound`."""
        if not self._tx.change(_DELETE, dataset=dataset_id):
            raise DatasetNotFound(dataset=dataset_id)

    def add_version(self, version: DatasetVersion) -> None:
        """Raises `DatasetNotFound`, `DuplicateDatasetVersion`."""
        tx = self._tx
        self.get(version.dataset_id)
        if tx.scalar(_ADD_VERSION[tx.dialect_name], **asdict(version)) is None:
            raise DuplicateDatasetVersion(name=version.name)

    def get_version(self, dataset_id: str, version_id: str) -> DatasetVersion:
        """Raises `DatasetNotFound`, `DatasetVersionNotFound`. In a writing unit nobody can delete it meanwhile."""
        return self._version(_HOLD_VERSION if self._tx.write else _GET_VERSION, dataset_id, version_id)

    def take_version(self, dataset_id: str, version_id: str) -> DatasetVersion:
        """Raises `DatasetNotFound`, `DatasetVersionNotFound`."""
        return self._version(_TAKE_VERSION, dataset_id, version_id)

    def get_any_version(self, version_id: str) -> DatasetVersion:
        """Raises `DatasetVersionNotFound`, and `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        row = self._tx.row(_ANY_VERSION, version=version_id)
        if row is None:
            raise DatasetVersionNotFound(version=version_id, dataset="?")
        return _version(row)

    def take_versions(self, dataset_id: str) -> tuple[DatasetVersion, ...]:
        """All of them."""
        return tuple(map(_version, self._tx.rows(_TAKE_VERSIONS, dataset=dataset_id)))

    def find_newest(self, dataset_id: str, state: str) -> DatasetVersion | None:
        """The newest version in that state. Raises `DatasetNotFound`."""
        self.get(dataset_id)
        row = self._tx.row(_NEWEST, dataset=dataset_id, state=state)
        return None if row is None else _version(row)

    def list_versions(
        self, dataset_id: str, *, offset: int, limit: int
    ) -> tuple[int, tuple[DatasetVersion, ...]]:
        """How many there are, and one page, newest first. Raises `DatasetNotFound`."""
        self.get(dataset_id)
        found = self._tx.rows(_PAGE, dataset=dataset_id, skipped=offset, wanted=limit)
        return int(self._tx.scalar(_COUNT, dataset=dataset_id)), tuple(map(_version, found))

    def last_number(self, dataset_id: str) -> int:
        """The highest n of its versions called V<n>, with at most 9 digits; 0 when there is none."""
        names = (row["name"][1:] for row in self._tx.rows(_NUMBERED, dataset=dataset_id))
        return max((int(digits) for digits in names if digits.isascii() and digits.isdecimal()), default=0)

    def save_version(self, version: DatasetVersion) -> bool:
        """Write state, message, counts while it is being made. Raises `DatasetVersionNotFound`."""
        if self._held(version.id) != CREATING:
            return False
        values = {f"new_{name}": getattr(version, name) for name in _CHANGEABLE}
        return self._tx.change(_SAVE_VERSION, version=version.id, **values) == 1

    def delete_version(self, dataset_id: str, version_id: str) -> None:
        """Raises `DatasetNotFound`, `DatasetVersionNotFound`."""
        self.take_version(dataset_id, version_id)
        self._tx.change(_DELETE_VERSION, dataset=dataset_id, version=version_id)

    def find_user(self, version_id: str) -> str | None:
        """The id of an unfinished job, of any workspace, that reads the version."""
        found = self._tx.scalar(_USED, quoted=f'"dataset_version_id":"{version_id}"')
        return None if found is None else str(found)

    def count_unfinished(self) -> int:
        """How many of the scope's project are being made, in whichever workspace."""
        return int(self._tx.scalar(_COUNT_UNFINISHED, project=self._tx.project_id or ""))

    def unfinished_versions(self, *, limit: int = 10) -> tuple[tuple[str, DatasetVersion], ...]:
        """Those being made, the projects in turn. Raises `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        return tuple((row["project_id"], _version(row)) for row in self._tx.rows(_UNFINISHED, wanted=limit))

    def change_entries(
        self, version_id: str, entries: Sequence[ManifestEntry], *, without: Sequence[str] = ()
    ) -> bool:
        """Insert or replace by path, and drop the paths `without`. Raises `DatasetVersionNotFound`."""
        tx = self._tx
        if self._held(version_id) != CREATING:
            return False
        if entries:
            rows = [{"version_id": version_id, **asdict(entry)} for entry in entries]
            tx.insert(_ADD_ENTRIES[tx.dialect_name], rows)
        for begin in range(0, len(without), _PATHS_AT_ONCE):
            tx.change(_DROP_ENTRIES, version=version_id, paths=list(without[begin : begin + _PATHS_AT_ONCE]))
        return True

    def list_entries(
        self, version_id: str, *, after: str = "", limit: int = 1000
    ) -> tuple[ManifestEntry, ...]:
        """One page, paths ascending. The caller has found the version in its scope."""
        found = self._tx.rows(_ENTRIES, version=version_id, after=after, wanted=limit)
        return tuple(map(_entry, found))

    def find_entry(self, version_id: str, path: str) -> ManifestEntry | None:
        """The entry of that path. The caller has found the version in its scope."""
        row = self._tx.row(_ENTRY, version=version_id, path=path)
        return None if row is None else _entry(row)

    def totals(self, version_id: str) -> tuple[int, int]:
        """How many entries it has so far, and their bytes."""
        row = self._tx.row(_TOTALS, version=version_id)
        return (0, 0) if row is None else (int(row["objects"]), int(row["bytes"]))

    def _version(self, statement: Scoped, dataset_id: str, version_id: str) -> DatasetVersion:
        row = self._tx.row(statement, dataset=dataset_id, version=version_id)
        if row is None:
            self.get(dataset_id)
            raise DatasetVersionNotFound(version=version_id, dataset=dataset_id)
        return _version(row)

    def _held(self, version_id: str) -> str:
        """Its state, which nobody else changes until the unit ends: a version that is ready stays as it is."""
        state = self._tx.scalar(_STATE, version=version_id)
        if state is None:
            raise DatasetVersionNotFound(version=version_id, dataset="?")
        return str(state)


def _dataset(row: RowMapping) -> Dataset:
    return Dataset(**{name: row[name] for name in Dataset.__slots__})


def _version(row: RowMapping) -> DatasetVersion:
    return DatasetVersion(**{name: row[name] for name in DatasetVersion.__slots__})


def _entry(row: RowMapping) -> ManifestEntry:
    return ManifestEntry(**{name: row[name] for name in ManifestEntry.__slots__})
