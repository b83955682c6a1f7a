"""Share links to logs. Implements `ports.uow.LogLinkRepository`."""

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.schema import jobs, log_links
from trainwright.db.transaction import Transaction, within
from trainwright.domain.errors import JobNotFound
from trainwright.ports.log_links import LogPermit

_JOB: sa.BindParameter[str] = sa.bindparam("job")
_NOW = sa.bindparam("now", type_=sa.BigInteger)
_ADD = sa.insert(log_links)
_EXISTS = within(sa.select(jobs.c.id).where(jobs.c.id == _JOB))
_FIND = within(sa.select(log_links).where(log_links.c.id == sa.bindparam("permit")), log_links.c.job_id)
_VALID = (log_links.c.job_id == _JOB, log_links.c.expires_at_ms > _NOW)
_COUNT = within(sa.select(sa.func.count()).select_from(log_links).where(*_VALID), log_links.c.job_id)
_PAGE = within(
    sa.select(log_links)
    .where(*_VALID)
    .order_by(log_links.c.created_at_ms.desc(), log_links.c.id)
    .limit(sa.bindparam("most"))
    .offset(sa.bindparam("first")),
    log_links.c.job_id,
)
_DELETE = within(
    sa.delete(log_links).where(log_links.c.job_id == _JOB, log_links.c.id == sa.bindparam("permit")),
    log_links.c.job_id,
)
_DELETE_EXPIRED = within(sa.delete(log_links).where(log_links.c.expires_at_ms <= _NOW), log_links.c.job_id)


class LogLinks:
    """See `ports.uow.LogLinkRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, permit: LogPermit) -> None:
        """Insert it. Raises `JobNotFound`."""
        if self._tx.scalar(_EXISTS, job=permit.job_id) is None:
            raise JobNotFound(job=permit.job_id)
        self._tx.change(
            _ADD,
            id=permit.id,
            job_id=permit.job_id,
            task=permit.task,
            attempt=permit.attempt,
            download=permit.download,
            user_id=permit.user_id,
            user_name=permit.user_name,
            created_at_ms=permit.created_at_ms,
            expires_at_ms=permit.expires_at_ms,
        )

    def find(self, permit_id: str) -> LogPermit | None:
        """The one of that id, expired or not."""
        row = self._tx.row(_FIND, permit=permit_id)
        return None if row is None else _permit_of(row)

    def list_of_job(
        self, job_id: str, now_ms: int, *, offset: int, limit: int
    ) -> tuple[int, tuple[LogPermit, ...]]:
        """How many have not expired, and one page of them, newest first."""
        count = int(self._tx.scalar(_COUNT, job=job_id, now=now_ms))
        rows = self._tx.rows(_PAGE, job=job_id, now=now_ms, first=offset, most=limit)
        return count, tuple(_permit_of(row) for row in rows)

    def delete(self, job_id: str, permit_id: str) -> bool:
        """Revoke it; False when the job has none of that id."""
        return bool(self._tx.change(_DELETE, job=job_id, permit=permit_id))

    def delete_expired(self, now_ms: int) -> int:
        """Remove those that have expired; how many."""
        return self._tx.change(_DELETE_EXPIRED, now=now_ms)


def _permit_of(row: RowMapping) -> LogPermit:
    return LogPermit(
        id=row["id"],
        job_id=row["job_id"],
        task=row["task"],
        attempt=row["attempt"],
        download=row["download"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        created_at_ms=row["created_at_ms"],
        expires_at_ms=row["expires_at_ms"],
    )
