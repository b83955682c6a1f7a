"""Models and their versions. Implements `ports.models.ModelRepository`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, contains, upserts
from trainwright.db.rows import job_of
from trainwright.db.schema import events, job_documents, jobs
from trainwright.db.shelves import model_versions, models
from trainwright.db.transaction import Scoped, Transaction, within_table
from trainwright.domain.entities import Job
from trainwright.domain.errors import (
    DuplicateModelName,
    DuplicateModelVersion,
    ModelNotFound,
    ModelVersionNotFound,
)
from trainwright.domain.lifecycle import Phase
from trainwright.ports.models import TOLD, Model, ModelVersion

_MODEL: sa.BindParameter[str] = sa.bindparam("model", type_=WORDS)
_VERSION: sa.BindParameter[str] = sa.bindparam("version", type_=WORDS)
_NAME: sa.BindParameter[str] = sa.bindparam("wanted_name", type_=WORDS)
_SKIPPED = sa.bindparam("skipped", type_=sa.BigInteger)
_WANTED = sa.bindparam("wanted", type_=sa.BigInteger)
_ROWS: sa.Select[Any] = sa.select(models)
_VERSIONS: sa.Select[Any] = sa.select(model_versions).join(models)
_OF_MODEL = model_versions.c.model_id == _MODEL
_THIS_VERSION = sa.and_(_OF_MODEL, model_versions.c.id == _VERSION)


def _within(statement: sa.Select[Any] | sa.Update | sa.Delete) -> Scoped:
    return within_table(statement, models.c.project_id, models.c.workspace_id)


_ADD = upserts(
    models,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(
        models.c.id
    ),
)
_GET = _within(_ROWS.where(models.c.id == _MODEL))
_HOLD = _within(_ROWS.where(models.c.id == _MODEL).with_for_update())
_NAMED = _within(_ROWS.where(models.c.name == _NAME).order_by(models.c.created_at_ms).limit(1))
_SAVE = _within(
    sa.update(models)
    .where(models.c.id == _MODEL)
    .values(
        name=_NAME,
        description=sa.bindparam("new_description", type_=WORDS),
        last_version=sa.bindparam("new_last_version", type_=sa.BigInteger),
        updated_at_ms=sa.bindparam("new_updated_at_ms", type_=sa.BigInteger),
    )
)
_DELETE = _within(sa.delete(models).where(models.c.id == _MODEL))
_ADD_VERSION = upserts(
    model_versions,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["model_id", "job_id"]).returning(
        model_versions.c.id
    ),
)
_GET_VERSION = _within(_VERSIONS.where(_THIS_VERSION))
_HOLD_VERSION = _within(_VERSIONS.where(_THIS_VERSION).with_for_update(of=model_versions))
_PAGE = _within(
    _VERSIONS.where(_OF_MODEL, model_versions.c.ready.is_(True))
    .order_by(model_versions.c.number.desc())
    .offset(_SKIPPED)
    .limit(_WANTED)
)
_COUNT = _within(
    sa.select(sa.func.count())
    .select_from(model_versions.join(models))
    .where(_OF_MODEL, model_versions.c.ready.is_(True))
)
_COUNTS = (
    sa.select(model_versions.c.model_id, sa.func.count().label("versions"))
    .where(
        model_versions.c.model_id.in_(sa.bindparam("ids", expanding=True, type_=WORDS)),
        model_versions.c.ready.is_(True),
    )
    .group_by(model_versions.c.model_id)
)
_SAVE_VERSION = (
    sa.update(model_versions)
    .where(_THIS_VERSION)
    .values(
        objects=sa.bindparam("new_objects", type_=sa.BigInteger),
        bytes=sa.bindparam("new_bytes", type_=sa.BigInteger),
        ready=sa.bindparam("new_ready", type_=sa.Boolean),
    )
)
_DELETE_VERSION = sa.delete(model_versions).where(_THIS_VERSION)
_UNREADY = (
    sa.select(model_versions)
    .where(model_versions.c.ready.is_(False))
    .order_by(model_versions.c.created_at_ms, model_versions.c.id)
    .limit(_WANTED)
)
_UNREADY_OF = sa.select(model_versions).where(_OF_MODEL, model_versions.c.ready.is_(False))
_EXISTING = sa.select(model_versions.c.id).where(
    model_versions.c.id.in_(sa.bindparam("ids", expanding=True, type_=WORDS))
)
_OF_JOB = (
    sa.select(model_versions).where(model_versions.c.job_id == sa.bindparam("job", type_=WORDS)).limit(1)
)
# The launch of every job names the field; of those without a model it holds nothing.
_NAMELESS, _NAMED_MODEL = '"model_name":""', '"model_name":"'
_TOLD = sa.select(events.c.seq).where(events.c.job_id == jobs.c.id, events.c.code.in_(TOLD)).exists()
_BEGUN = sa.select(model_versions.c.id).where(model_versions.c.job_id == jobs.c.id).exists()
_TO_KEEP = (
    sa.select(jobs, job_documents)
    .join(job_documents)
    .where(
        jobs.c.due_at_ms.is_(None),
        jobs.c.phase.in_([Phase.COMPLETED.value, Phase.TERMINATED.value]),
        jobs.c.ended_at_ms >= sa.bindparam("since", type_=sa.BigInteger),
        contains(
            sa.func.replace(
                job_documents.c.launch, sa.literal(_NAMELESS, WORDS), sa.literal("", WORDS), type_=WORDS
            ),
            sa.literal(_NAMED_MODEL, WORDS),
        ),
        ~_BEGUN,
        ~_TOLD,
    )
    .order_by(jobs.c.ended_at_ms, jobs.c.id)
    .limit(_WANTED)
)
_ENDED_AFTER = sa.select(events.c.job_id).where(
    events.c.seq > sa.bindparam("after", type_=sa.BigInteger),
    events.c.code.in_(["job_completed", "job_stopped"]),
)
_TO_KEEP_AFTER = _TO_KEEP.where(jobs.c.id.in_(_ENDED_AFTER))
_LAST_SEQ = sa.select(sa.func.max(events.c.seq))
# No index on the launch: unfinished jobs are few.
_USED = (
    sa.select(jobs.c.id)
    .join(job_documents)
    .where(
        jobs.c.due_at_ms.is_not(None),
        contains(job_documents.c.launch, sa.bindparam("quoted", type_=WORDS)),
    )
    .limit(1)
)


class Models:
    """See `ports.models.ModelRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, model: Model) -> None:
        """Insert it. Raises `DuplicateModelName`, `ScopeBreach`."""
        tx = self._tx
        tx.require_project(model.project_id)
        if tx.scalar(_ADD[tx.dialect_name], **asdict(model)) is None:
            raise DuplicateModelName(name=model.name)

    def get(self, model_id: str) -> Model:
        """Raises `ModelNotFound`."""
        row = self._tx.row(_HOLD if self._tx.write else _GET, model=model_id)
        if row is None:
            raise ModelNotFound(model=model_id)
        return _model(row)

    def find_by_name(self, name: str) -> Model | None:
        """The project's model of that name, where the scope sees it."""
        row = self._tx.row(_NAMED, wanted_name=name)
        return None if row is None else _model(row)

    def find_in_project(self, project_id: str, name: str) -> Model | None:
        """Raises `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        statement = _ROWS.where(models.c.project_id == project_id, models.c.name == name)
        row = self._tx.row(statement.with_for_update())
        return None if row is None else _model(row)

    def list_page(
        self, *, workspace_id: str = "", name_like: str = "", offset: int = 0, limit: int = 10
    ) -> tuple[tuple[Model, ...], int]:
        """One page, newest first, and how many there are."""
        matching = _ROWS
        if name_like:
            matching = matching.where(contains(models.c.name, sa.bindparam("name_like", name_like, WORDS)))
        if workspace_id:
            matching = matching.where(models.c.workspace_id == workspace_id)
        counted = matching.with_only_columns(sa.func.count(), maintain_column_froms=True)
        page = matching.order_by(models.c.created_at_ms.desc(), models.c.id.desc())
        found = self._tx.rows(_within(page.offset(offset).limit(limit)))
        return tuple(map(_model, found)), int(self._tx.scalar(_within(counted)))

    def save(self, model: Model) -> None:
        """Write name, description, last version, time of change. Raises `ModelNotFound`, `DuplicateModelName`."""
        changed = self._tx.change_or_clash(
            _SAVE,
            model=model.id,
            wanted_name=model.name,
            new_description=model.description,
            new_last_version=model.last_version,
            new_updated_at_ms=model.updated_at_ms,
        )
        if changed is None:
            raise DuplicateModelName(name=model.name)
        if not changed:
            raise ModelNotFound(model=model.id)

    def delete(self, model_id: str) -> None:
        """With its versions. Raises `ModelNotFound`."""
        if not self._tx.change(_DELETE, model=model_id):
            raise ModelNotFound(model=model_id)

    def add_version(self, version: ModelVersion) -> None:
        """Raises `ModelNotFound`, `DuplicateModelVersion`."""
        tx = self._tx
        self.get(version.model_id)
        values = asdict(version) | {"document": json.dumps(version.document, ensure_ascii=False)}
        if tx.scalar(_ADD_VERSION[tx.dialect_name], **values) is None:
            raise DuplicateModelVersion(job=version.job_id)

    def get_version(self, model_id: str, version_id: str) -> ModelVersion:
        """Raises `ModelNotFound`, `ModelVersionNotFound`. In a writing unit nobody can change it meanwhile."""
        statement = _HOLD_VERSION if self._tx.write else _GET_VERSION
        row = self._tx.row(statement, model=model_id, version=version_id)
        if row is None:
            self.get(model_id)
            raise ModelVersionNotFound(version=version_id, model=model_id)
        return _version(row)

    def list_versions(
        self, model_id: str, *, offset: int = 0, limit: int = 10
    ) -> tuple[tuple[ModelVersion, ...], int]:
        """One page, highest number first, and how many there are. Raises `ModelNotFound`."""
        self.get(model_id)
        found = self._tx.rows(_PAGE, model=model_id, skipped=offset, wanted=limit)
        return tuple(map(_version, found)), int(self._tx.scalar(_COUNT, model=model_id))

    def count_versions(self, model_ids: Sequence[str]) -> dict[str, int]:
        """The caller has found the models in its scope."""
        rows = self._tx.rows(_COUNTS, ids=list(model_ids)) if model_ids else ()
        return {row["model_id"]: int(row["versions"]) for row in rows}

    def save_version(self, version: ModelVersion) -> None:
        """Write objects, bytes, `ready`. Raises `ModelVersionNotFound`."""
        changed = self._tx.change(
            _SAVE_VERSION,
            model=version.model_id,
            version=version.id,
            new_objects=version.objects,
            new_bytes=version.bytes,
            new_ready=version.ready,
        )
        if not changed:
            raise ModelVersionNotFound(version=version.id, model=version.model_id)

    def delete_version(self, model_id: str, version_id: str) -> None:
        """Raises `ModelNotFound`, `ModelVersionNotFound`."""
        self.get_version(model_id, version_id)
        self._tx.change(_DELETE_VERSION, model=model_id, version=version_id)

    def unready(self, *, limit: int = 100) -> tuple[ModelVersion, ...]:
        """Raises `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        return tuple(map(_version, self._tx.rows(_UNREADY, wanted=limit)))

    def unready_of(self, model_id: str) -> tuple[ModelVersion, ...]:
        """The caller has found the model in its scope."""
        return tuple(map(_version, self._tx.rows(_UNREADY_OF, model=model_id)))

    def jobs_to_keep(self, *, ended_since_ms: int, after_seq: int = 0, limit: int = 100) -> tuple[Job, ...]:
        """Raises `ScopeBreach` but in the platform's scope."""
        tx = self._tx
        tx.require_platform()
        if after_seq:
            rows = tx.rows(_TO_KEEP_AFTER, since=ended_since_ms, after=after_seq, wanted=limit)
        else:
            rows = tx.rows(_TO_KEEP, since=ended_since_ms, wanted=limit)
        return tuple(job for job in map(job_of, rows) if job.launch.model_name)

    def last_event_seq(self) -> int:
        """Raises `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        return int(self._tx.scalar(_LAST_SEQ) or 0)

    def find_version_of_job(self, job_id: str) -> ModelVersion | None:
        """Raises `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        row = self._tx.row(_OF_JOB, job=job_id)
        return None if row is None else _version(row)

    def existing_versions(self, version_ids: Sequence[str]) -> frozenset[str]:
        """Raises `ScopeBreach` but in the platform's scope."""
        self._tx.require_platform()
        return frozenset(row["id"] for row in self._tx.rows(_EXISTING, ids=list(version_ids)))

    def is_read(self, uri: str) -> bool:
        """Looks at unfinished jobs of all projects."""
        return self._tx.scalar(_USED, quoted=f'"{uri}') is not None


def _model(row: RowMapping) -> Model:
    return Model(**{name: row[name] for name in Model.__slots__})


def _version(row: RowMapping) -> ModelVersion:
    values = {name: row[name] for name in ModelVersion.__slots__}
    return ModelVersion(**values | {"document": json.loads(row["document"])})
