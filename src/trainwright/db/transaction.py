"""One open transaction, seen through a scope. The project filter of all repositories is here and nowhere else."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, RowMapping
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trainwright.db.schema import jobs
from trainwright.domain.errors import DatabaseUnavailable
from trainwright.ports.uow import Scope

Statement = TypeVar("Statement", sa.Select[Any], sa.Update, sa.Delete)
Executable = sa.sql.Executable


class ScopeBreach(Exception):
    """Something outside the scope was about to be written or asked for: a bug in the caller."""


class Transaction:
    """Runs statements for one unit of work. `write` says whether rows read now may be changed later in it."""

    def __init__(self, connection: Connection, scope: Scope, *, write: bool) -> None:
        self._connection = connection
        self._scope = scope
        self.write = write
        self.dialect_name = connection.dialect.name

    @property
    def project_id(self) -> str | None:
        """The scope's project; None for the platform."""
        return self._scope.project_id

    def within(self, statement: Statement, job_id: sa.ColumnElement[str] = jobs.c.id) -> Statement:
        """`statement` with only the rows of the scope's jobs; `job_id` is its column that names the job."""
        if self._scope.project_id is None:
            return statement
        if job_id is jobs.c.id:
            return statement.where(jobs.c.project_id == self._scope.project_id)
        mine = sa.select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.project_id == self._scope.project_id)
        return statement.where(mine.correlate_except(jobs).exists())

    def require_project(self, project_id: str) -> None:
        """Raises `ScopeBreach` when the scope does not reach `project_id`."""
        if self._scope.project_id not in (None, project_id):
            raise ScopeBreach(f"project {project_id} from a unit of project {self._scope.project_id}")

    def require_platform(self) -> None:
        """Raises `ScopeBreach` unless the scope is the platform's."""
        if self._scope.project_id is not None:
            raise ScopeBreach(f"platform data from a unit of project {self._scope.project_id}")

    def rows(self, statement: Executable) -> Sequence[RowMapping]:
        """All rows."""
        return self._execute(statement).mappings().all()

    def row(self, statement: Executable) -> RowMapping | None:
        """The first row, if any."""
        return self._execute(statement).mappings().first()

    def scalar(self, statement: Executable) -> Any:
        """The first column of the first row; None when there is no row."""
        return self._execute(statement).scalar()

    def change(self, statement: Executable) -> int:
        """Run an INSERT, UPDATE or DELETE; how many rows it touched."""
        return self._execute(statement).rowcount

    def insert(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> Sequence[RowMapping]:
        """Insert `rows`; what the statement returns, if it does, in their order."""
        result = self._execute(statement, rows)
        return result.mappings().all() if result.returns_rows else ()

    def _execute(
        self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        try:
            return self._connection.execute(statement, rows)
        except (OperationalError, PoolTimeout) as exc:
            raise unavailable(exc) from exc


def unavailable(error: DBAPIError | PoolTimeout) -> DatabaseUnavailable:
    """What to raise when the database cannot be reached, is locked for too long or cannot write."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return DatabaseUnavailable(
        detail=str(cause).strip().splitlines()[0] if str(cause).strip() else "no detail"
    )
