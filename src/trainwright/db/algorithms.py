"""Saved algorithms. Implements `ports.algorithms.AlgorithmRepository`."""

import json
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, contains, upserts
from trainwright.db.shelves import algorithms
from trainwright.db.transaction import Scoped, Transaction, within_table
from trainwright.domain.errors import AlgorithmNotFound, DuplicateAlgorithmName
from trainwright.ports.algorithms import Algorithm, AlgorithmQuery

_MOST = 2**62  # beyond any time or count; both databases refuse numbers of more than 64 bits
_CHANGING = (
    "workspace_id",
    "name",
    "description",
    "engine",
    "code_dir",
    "document",
    "code_bytes",
    "code_tree",
    "version",
    "updated_at_ms",
)
_CONTAINED = {name: algorithms.c[name] for name in ("name", "description", "engine", "code_dir")}
_SORTED = {
    "create_time": algorithms.c.created_at_ms,
    "update_time": algorithms.c.updated_at_ms,
    "name": algorithms.c.name,
}

_ALGORITHM: sa.BindParameter[str] = sa.bindparam("algorithm")
_ROWS: sa.Select[Any] = sa.select(algorithms)


def _within(statement: sa.Select[Any] | sa.Update | sa.Delete) -> Scoped:
    return within_table(statement, algorithms.c.project_id, algorithms.c.workspace_id)


_ADD = upserts(
    algorithms,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(
        algorithms.c.id
    ),
)
_GET = _within(_ROWS.where(algorithms.c.id == _ALGORITHM))
_HOLD = _within(_ROWS.where(algorithms.c.id == _ALGORITHM).with_for_update())
_SAVE = _within(
    sa.update(algorithms)
    .where(algorithms.c.id == _ALGORITHM)
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGING})
)
_DELETE = _within(sa.delete(algorithms).where(algorithms.c.id == _ALGORITHM))


class Algorithms:
    """See `ports.algorithms.AlgorithmRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, algorithm: Algorithm) -> None:
        """Insert it.

        Raises:
            DuplicateAlgorithmName: the project has one of that name.
            ScopeBreach: it is of another project.
        """
        tx = self._tx
        tx.require_project(algorithm.project_id)
        if tx.scalar(_ADD[tx.dialect_name], **_values(algorithm)) is None:
            raise DuplicateAlgorithmName(name=algorithm.name)

    def get(self, algorithm_id: str) -> Algorithm:
        """Held until the end of a writing unit. Raises `AlgorithmNotFound`."""
        row = self._tx.row(_HOLD if self._tx.write else _GET, algorithm=algorithm_id)
        if row is None:
            raise AlgorithmNotFound(algorithm=algorithm_id)
        return _algorithm_of(row)

    def search(self, query: AlgorithmQuery) -> tuple[int, int, tuple[Algorithm, ...]]:
        """How many there are (of the workspace), how many match, and one page. `ValueError` for another `sort_by`."""
        key = _SORTED.get(query.sort_by)
        if key is None:
            raise ValueError(f"cannot sort algorithms by {query.sort_by}")
        here = [algorithms.c.workspace_id == query.workspace_id] if query.workspace_id else []
        wanted = [*here, *_conditions(query)]
        total = self._count(here)
        matches = total if wanted == here else self._count(wanted)
        keys = (key, algorithms.c.created_at_ms, algorithms.c.id)
        page = (
            _ROWS.where(*wanted)
            .order_by(*((key.desc() if query.descending else key.asc()) for key in keys))
            .limit(min(query.limit, _MOST))
            .offset(min(query.offset, _MOST))
        )
        return total, matches, tuple(_algorithm_of(row) for row in self._tx.rows(_within(page)))

    def save(self, algorithm: Algorithm) -> None:
        """Replace what may change. Raises `AlgorithmNotFound`, `DuplicateAlgorithmName`."""
        values = _values(algorithm)
        new = {f"new_{name}": values[name] for name in _CHANGING}
        changed = self._tx.change_or_clash(_SAVE, algorithm=algorithm.id, **new)
        if changed is None:
            raise DuplicateAlgorithmName(name=algorithm.name)
        if not changed:
            raise AlgorithmNotFound(algorithm=algorithm.id)

    def delete(self, algorithm_id: str) -> None:
        """Raises `AlgorithmNotFound`, also when called twice."""
        if not self._tx.change(_DELETE, algorithm=algorithm_id):
            raise AlgorithmNotFound(algorithm=algorithm_id)

    def _count(self, conditions: list[sa.ColumnElement[bool]]) -> int:
        counted = sa.select(sa.func.count()).select_from(algorithms).where(*conditions)
        return int(self._tx.scalar(_within(counted)))


def _conditions(query: AlgorithmQuery) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = [
        contains(_CONTAINED[name], sa.literal(text, WORDS)) for name, text in query.contains.items() if text
    ]
    if query.created_from_ms:
        wanted.append(algorithms.c.created_at_ms >= min(query.created_from_ms, _MOST))
    if query.created_to_ms:
        wanted.append(algorithms.c.created_at_ms <= min(query.created_to_ms, _MOST))
    return wanted


def _algorithm_of(row: RowMapping) -> Algorithm:
    values = dict(row)
    tree = json.loads(values["code_tree"]) if values["code_tree"] else {}
    return Algorithm(**{**values, "document": json.loads(values["document"]), "code_tree": tree})


def _values(algorithm: Algorithm) -> dict[str, Any]:
    values = asdict(algorithm)
    tree = json.dumps(algorithm.code_tree) if algorithm.code_tree else ""
    return {**values, "document": json.dumps(algorithm.document), "code_tree": tree}
