"""Isolated nodes and dumps of stacks. Implements `ports.nodes`."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import upserts
from trainwright.db.schema import attempts, isolations, stacks
from trainwright.db.transaction import Transaction, within
from trainwright.ports.nodes import Isolation, Stacks

_ISOLATIONS_MAX = 10_000
_ISOLATION = ("node", "reason", "detail", "since_ms", "job_id", "by")
_ADD = upserts(
    isolations,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["node"]).returning(isolations.c.node),
)
_REMOVE = sa.delete(isolations).where(isolations.c.node == sa.bindparam("node"))
_ALL = sa.select(isolations).order_by(isolations.c.node).limit(_ISOLATIONS_MAX)

_PUT = upserts(
    stacks,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["attempt_key", "task", "number"],
        set_={"at_ms": insert.excluded.at_ms, "text": insert.excluded.text},
    ),
)
_OF_JOB = within(
    sa.select(stacks, attempts.c.number.label("attempt"))
    .join(attempts, attempts.c.key == stacks.c.attempt_key)
    .where(stacks.c.job_id == sa.bindparam("job"))
    .order_by(attempts.c.number.desc(), stacks.c.number.desc(), stacks.c.task)
    .offset(sa.bindparam("skip", type_=sa.BigInteger))
    .limit(sa.bindparam("most", type_=sa.BigInteger)),
    stacks.c.job_id,
)
_OF_DUMP = within(
    sa.select(stacks)
    .where(stacks.c.attempt_key == sa.bindparam("attempt"), stacks.c.number == sa.bindparam("dump"))
    .order_by(stacks.c.task),
    stacks.c.job_id,
)
_TASKS_OF_DUMP = within(
    sa.select(stacks.c.task).where(
        stacks.c.attempt_key == sa.bindparam("attempt"), stacks.c.number == sa.bindparam("dump")
    ),
    stacks.c.job_id,
)
_DROP = within(
    sa.delete(stacks).where(
        stacks.c.attempt_key == sa.bindparam("attempt"), stacks.c.number <= sa.bindparam("dump")
    ),
    stacks.c.job_id,
)
_JOB_OF: sa.Select[Any] = sa.select(attempts.c.job_id).where(attempts.c.key == sa.bindparam("attempt"))


class Isolations:
    """See `ports.nodes.IsolationRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, isolation: Isolation) -> bool:
        """Isolate the node; False when it is isolated already, which is left as it is."""
        values = {name: getattr(isolation, name) for name in _ISOLATION}
        return self._tx.row(_ADD[self._tx.dialect_name], **values) is not None

    def remove(self, node: str) -> bool:
        """Return the node; False when it was not isolated."""
        return bool(self._tx.change(_REMOVE, node=node))

    def list_all(self) -> tuple[Isolation, ...]:
        """By node; at most 10,000."""
        return tuple(Isolation(**dict(row)) for row in self._tx.rows(_ALL))


class StackDumps:
    """See `ports.nodes.StacksRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, dump: Stacks) -> None:
        """Store it. The same number of the same task is replaced; one of an attempt that is gone is dropped."""
        found = self._tx.row(_JOB_OF, attempt=dump.attempt_key)
        if found is not None:
            values = {
                name: getattr(dump, name) for name in ("attempt_key", "task", "number", "at_ms", "text")
            }
            self._tx.change(_PUT[self._tx.dialect_name], job_id=found["job_id"], **values)

    def list_of_job(self, job_id: str, *, offset: int = 0, limit: int = 50) -> tuple[Stacks, ...]:
        """Newest number of the newest attempt first, then by task."""
        return tuple(_stacks_of(row) for row in self._tx.rows(_OF_JOB, job=job_id, skip=offset, most=limit))

    def tasks_of_dump(self, attempt_key: str, number: int) -> frozenset[str]:
        """The tasks that one dump has, without their texts."""
        found = self._tx.rows(_TASKS_OF_DUMP, attempt=attempt_key, dump=number)
        return frozenset(row["task"] for row in found)

    def drop(self, attempt_key: str, *, up_to: int) -> None:
        """Remove the dumps of the attempt with this number or a lower one."""
        if up_to > 0:
            self._tx.change(_DROP, attempt=attempt_key, dump=up_to)

    def list_of_dump(self, attempt_key: str, number: int) -> tuple[Stacks, ...]:
        """One dump of all tasks, by task."""
        return tuple(_stacks_of(row) for row in self._tx.rows(_OF_DUMP, attempt=attempt_key, dump=number))


def _stacks_of(row: RowMapping) -> Stacks:
    return Stacks(row["attempt_key"], row["task"], row["number"], row["at_ms"], row["text"])
