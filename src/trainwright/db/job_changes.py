"""The log of changes of jobs. Implements `ports.job_changes.JobChangeRepository`.

Readers go on from the last place they saw, so nothing may be committed before it later. SQLite has one writer: numbers
are in the order of commits. PostgreSQL gives numbers long before: there rows are ordered by the transaction that wrote
them, and only those are read that are older than every transaction still under way.
"""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.changes_log import job_changes
from trainwright.db.dialects import WORDS
from trainwright.db.schema import attempts, jobs
from trainwright.db.transaction import Transaction, within, within_table
from trainwright.domain.entities import Note
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.ports.job_changes import ChangeKind, JobChange, JobState, Position

# Numbers are given before the commit: beside a kept row there may be one of a smaller number that was kept no more.
_MARGIN = 1000

_LOG = job_changes.c
_JOB = sa.bindparam("job", type_=WORDS)
_KIND = sa.bindparam("change", type_=WORDS)
_COPIED = ("txid", "project_id", "workspace_id", "job_id", "kind")


def _number_of(function: sa.sql.functions.Function[object]) -> sa.ColumnElement[int]:
    return sa.cast(sa.cast(function, sa.Text), sa.BigInteger)  # the type xid8 has no other way


def _noting(txid: sa.ColumnElement[int]) -> sa.Insert:
    place = sa.select(txid, jobs.c.project_id, jobs.c.workspace_id, jobs.c.id, _KIND).where(jobs.c.id == _JOB)
    return sa.insert(job_changes).from_select(_COPIED, place)


_NOTE: Mapping[str, sa.Insert] = {
    "sqlite": _noting(sa.literal(0, sa.BigInteger)),
    "postgresql": _noting(_number_of(sa.func.pg_current_xact_id())),
}
_LAST = sa.select(_LOG.txid, _LOG.seq).order_by(_LOG.txid.desc(), _LOG.seq.desc()).limit(1)
_NEWEST: Mapping[str, sa.Select[tuple[int, int]]] = {
    "sqlite": _LAST,
    "postgresql": _LAST.where(
        _LOG.txid < _number_of(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot()))
    ),
}
_OLDEST = sa.select(sa.func.min(_LOG.seq))
_NUMBERS = {
    name: sa.bindparam(name, type_=sa.BigInteger)
    for name in ("after_txid", "after_seq", "upto_txid", "upto_seq")
}
_BETWEEN = within_table(
    sa.select(_LOG.txid, _LOG.seq, _LOG.job_id, _LOG.kind)
    .where(
        sa.tuple_(_LOG.txid, _LOG.seq) > sa.tuple_(_NUMBERS["after_txid"], _NUMBERS["after_seq"]),
        sa.tuple_(_LOG.txid, _LOG.seq) <= sa.tuple_(_NUMBERS["upto_txid"], _NUMBERS["upto_seq"]),
    )
    .order_by(_LOG.txid, _LOG.seq)
    .limit(sa.bindparam("most")),
    _LOG.project_id,
    _LOG.workspace_id,
)
_STATES = within(
    sa.select(
        *(
            jobs.c[name]
            for name in (
                "id",
                "workspace_id",
                "name",
                "user_id",
                "user_name",
                "phase",
                "public_phase",
                "reason",
                "pending",
                "priority",
                "created_at_ms",
                "started_at_ms",
                "ended_at_ms",
                "attempt_number",
                "blocked",
            )
        ),
        sa.func.coalesce(attempts.c.reserved_until_ms, 0).label("reserved_until_ms"),
        sa.func.coalesce(attempts.c.hang_since_ms, 0).label("hang_since_ms"),
    )
    .select_from(
        jobs.outerjoin(
            attempts,
            sa.and_(attempts.c.job_id == jobs.c.id, attempts.c.number == jobs.c.attempt_number),
        )
    )
    .where(jobs.c.id.in_(sa.bindparam("jobs", expanding=True, type_=WORDS))),
    by_ids=True,
)
_PRUNE = sa.delete(job_changes).where(
    _LOG.seq <= sa.select(sa.func.max(_LOG.seq)).scalar_subquery() - sa.bindparam("keep", type_=sa.BigInteger)
)


def note_change(tx: Transaction, job_id: str, kind: ChangeKind) -> None:
    """Say that the job, which is there now, is changed in this transaction; nothing happens when it is not there."""
    tx.change(_NOTE[tx.dialect_name], job=job_id, change=kind)
    tx.changes_jobs = True


class JobChanges:
    """See `ports.job_changes.JobChangeRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def newest(self) -> Position:
        """Of all projects, not of the scope only."""
        row = self._tx.row(_NEWEST[self._tx.dialect_name])
        return Position() if row is None else Position(row["txid"], row["seq"])

    def is_kept(self, position: Position, newest: Position) -> bool:
        """Not so for a place beyond the newest: then the database is not the one it was."""
        if position > newest:
            return False
        oldest: int | None = self._tx.scalar(_OLDEST)
        if oldest is None or oldest == 1:
            return True
        return position.seq >= oldest + (_MARGIN if newest.txid else -1)

    def list_between(self, after: Position, upto: Position, *, limit: int) -> tuple[JobChange, ...]:
        """In order."""
        rows = self._tx.rows(
            _BETWEEN,
            after_txid=after.txid,
            after_seq=after.seq,
            upto_txid=upto.txid,
            upto_seq=upto.seq,
            most=limit,
        )
        return tuple(JobChange(Position(row["txid"], row["seq"]), row["job_id"], row["kind"]) for row in rows)

    def states(self, job_ids: Sequence[str]) -> dict[str, JobState]:
        """By the job's id."""
        rows = self._tx.rows(_STATES, jobs=list(job_ids)) if job_ids else ()
        return {row["id"]: _state_of(row) for row in rows}

    def prune(self, keep: int) -> int:
        """How many went."""
        self._tx.require_platform()
        return self._tx.change(_PRUNE, keep=keep)


def _state_of(row: RowMapping) -> JobState:
    pending = json.loads(row["pending"]) if row["pending"] is not None else None
    return JobState(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        phase=Phase(row["phase"]),
        shown=Phase(row["public_phase"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        pending=None if pending is None else Note(pending["code"], pending["slots"]),
        priority=row["priority"],
        created_at_ms=row["created_at_ms"],
        started_at_ms=row["started_at_ms"],
        ended_at_ms=row["ended_at_ms"],
        attempt=row["attempt_number"],
        blocked=row["blocked"],
        reserved_until_ms=row["reserved_until_ms"],
        hang_since_ms=row["hang_since_ms"],
    )
