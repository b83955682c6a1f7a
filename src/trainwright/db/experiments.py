"""Experiments. Implements `ports.workspaces.ExperimentRepository`."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, upserts
from trainwright.db.schema import experiments, jobs
from trainwright.db.transaction import Transaction, within_table
from trainwright.domain.errors import DuplicateExperimentName, ExperimentNotFound
from trainwright.ports.workspaces import Experiment, ExperimentQuery

_EXPERIMENT: sa.BindParameter[str] = sa.bindparam("experiment", type_=WORDS)
_NAME = sa.bindparam("wanted", type_=WORDS)
_PLACE = (experiments.c.project_id, experiments.c.workspace_id)
_COUNTED = sa.select(
    experiments,
    sa.select(sa.func.count())
    .select_from(jobs)
    .where(jobs.c.experiment_id == experiments.c.id)
    .scalar_subquery()
    .label("job_count"),
)

_GET = within_table(_COUNTED.where(experiments.c.id == _EXPERIMENT), *_PLACE)
_NAMED = within_table(_COUNTED.where(experiments.c.name == _NAME), *_PLACE)
_NAMES = within_table(
    sa.select(experiments.c.id, experiments.c.name).where(
        experiments.c.id.in_(sa.bindparam("ids", expanding=True))
    ),
    *_PLACE,
)
_TAKEN = within_table(
    sa.select(experiments.c.id).where(experiments.c.name == _NAME), experiments.c.project_id
)
_ADD = upserts(
    experiments,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(
        experiments.c.id
    ),
)
_SAVE = within_table(
    sa.update(experiments)
    .where(experiments.c.id == _EXPERIMENT)
    .values(
        name=_NAME,
        description=sa.bindparam("new_description", type_=WORDS),
        updated_at_ms=sa.bindparam("now", type_=sa.BigInteger),
    ),
    *_PLACE,
)
_DELETE = within_table(sa.delete(experiments).where(experiments.c.id == _EXPERIMENT), *_PLACE)
_LEAVE = (
    sa.update(jobs).where(jobs.c.experiment_id == _EXPERIMENT).values(experiment_id="", experiment_serial=0)
)
_COUNT_IN = within_table(
    sa.update(experiments)
    .where(experiments.c.id == _EXPERIMENT)
    .values(last_serial=experiments.c.last_serial + 1)
    .returning(experiments.c.last_serial),
    *_PLACE,
)


class Experiments:
    """See `ports.workspaces.ExperimentRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, experiment: Experiment) -> None:
        """Insert it. Raises `DuplicateExperimentName`, `ScopeBreach`."""
        tx = self._tx
        tx.require_project(experiment.project_id)
        added = tx.scalar(
            _ADD[tx.dialect_name],
            id=experiment.id,
            project_id=experiment.project_id,
            workspace_id=experiment.workspace_id,
            name=experiment.name,
            description=experiment.description,
            last_serial=0,
            created_at_ms=experiment.created_at_ms,
            updated_at_ms=experiment.updated_at_ms,
        )
        if added is None:
            raise DuplicateExperimentName(name=experiment.name)

    def get(self, experiment_id: str) -> Experiment:
        """Raises `ExperimentNotFound`."""
        row = self._tx.row(_GET, experiment=experiment_id)
        if row is None:
            raise ExperimentNotFound(experiment=experiment_id)
        return _experiment_of(row)

    def find_by_name(self, name: str) -> Experiment | None:
        """The project's experiment of that name, where the scope sees it."""
        row = self._tx.row(_NAMED, wanted=name)
        return None if row is None else _experiment_of(row)

    def is_taken(self, name: str) -> bool:
        """Whether the project has one of that name, seen or not."""
        return self._tx.scalar(_TAKEN, wanted=name) is not None

    def search(self, query: ExperimentQuery) -> tuple[int, tuple[Experiment, ...]]:
        """How many match, and one page. `ValueError` for another `sort_by`."""
        conditions = [experiments.c.workspace_id == query.workspace_id] if query.workspace_id else []
        counted = sa.select(sa.func.count()).select_from(experiments).where(*conditions)
        keys = [key.desc() if query.descending else key.asc() for key in _sort_keys(query.sort_by)]
        page = _COUNTED.where(*conditions).order_by(*keys).limit(query.limit).offset(query.offset)
        count = self._tx.scalar(within_table(counted, *_PLACE))
        rows = self._tx.rows(within_table(page, *_PLACE))
        return int(count), tuple(_experiment_of(row) for row in rows)

    def names(self, experiment_ids: Sequence[str]) -> dict[str, str]:
        """Names by id."""
        return {row["id"]: row["name"] for row in self._tx.rows(_NAMES, ids=list(experiment_ids))}

    def save(self, experiment: Experiment) -> None:
        """Write name, description, update time. Raises `ExperimentNotFound`, `DuplicateExperimentName`."""
        changed = self._tx.change_or_clash(
            _SAVE,
            experiment=experiment.id,
            wanted=experiment.name,
            new_description=experiment.description,
            now=experiment.updated_at_ms,
        )
        if changed is None:
            raise DuplicateExperimentName(name=experiment.name)
        if not changed:
            raise ExperimentNotFound(experiment=experiment.id)

    def delete(self, experiment_id: str) -> None:
        """Its jobs stay and are in none afterwards. Raises `ExperimentNotFound`."""
        # The row first: a job about to join waits for it, and is not left in an experiment that is gone.
        if not self._tx.change(_DELETE, experiment=experiment_id):
            raise ExperimentNotFound(experiment=experiment_id)
        self._tx.change(_LEAVE, experiment=experiment_id)

    def next_serial(self, experiment_id: str) -> int:
        """Count one job in; its number, from 1, never given again. Raises `ExperimentNotFound`."""
        serial = self._tx.scalar(_COUNT_IN, experiment=experiment_id)
        if serial is None:
            raise ExperimentNotFound(experiment=experiment_id)
        return int(serial)


def _sort_keys(sort_by: str) -> list[sa.ColumnElement[Any]]:
    match sort_by:
        case "create_time":
            return [experiments.c.created_at_ms, experiments.c.id]
        case "update_time":
            return [experiments.c.updated_at_ms, experiments.c.id]
        case "name":
            return [experiments.c.name]
        case other:
            raise ValueError(f"cannot sort experiments by {other}")


def _experiment_of(row: RowMapping) -> Experiment:
    return Experiment(
        id=row["id"],
        project_id=row["project_id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        description=row["description"],
        created_at_ms=row["created_at_ms"],
        updated_at_ms=row["updated_at_ms"],
        job_count=row["job_count"],
    )
