"""One open transaction, seen through a scope. The project filter of all repositories is here and nowhere else.

Repositories build their statements once, at import, with named parameters: building one costs SQLAlchemy several times
what running it costs SQLite (measured 2026-11: 3 of the 4 ms of a submission).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, RowMapping
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql import Executable

from trainwright.db.dialects import WORDS, unindexed
from trainwright.db.schema import jobs, roles, workspace_members, workspaces
from trainwright.domain.access import BUILT_IN, Action, allowed_by
from trainwright.domain.errors import DatabaseUnavailable
from trainwright.ports.uow import Scope

_SCOPE = "scope_project"
_HIDDEN = "scope_hidden"


class ScopeBreach(Exception):
    """Something outside the scope was about to be written or asked for: a bug in the caller."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """A statement in the three forms a scope may need. Only `within`, `within_table` and `around` make one."""

    everywhere: Executable
    in_project: Executable
    in_seen_workspaces: Executable


def within(
    statement: sa.Select[Any] | sa.Update | sa.Delete,
    job_id: sa.ColumnElement[str] = jobs.c.id,
    *,
    by_ids: bool = False,
) -> Scoped:
    """`statement` with only the rows of the scope's jobs; `job_id` is its column that names the job.

    `by_ids` says that it names a few jobs by their ids, so that this is the way to find them.
    """
    project = sa.bindparam(_SCOPE, type_=WORDS)
    seen = jobs.c.workspace_id.not_in(_hidden())
    if job_id is jobs.c.id:
        column = unindexed(jobs.c.project_id) if by_ids else jobs.c.project_id
        mine = statement.where(column == project)
        return Scoped(statement, mine, mine.where(seen))
    own = sa.select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.project_id == project)
    return Scoped(
        statement,
        statement.where(own.correlate_except(jobs).exists()),
        statement.where(own.where(seen).correlate_except(jobs).exists()),
    )


def within_table(
    statement: sa.Select[Any] | sa.Update | sa.Delete,
    project_id: sa.ColumnElement[str],
    workspace_id: sa.ColumnElement[str] | None = None,
) -> Scoped:
    """`statement` with only the rows of the scope, for a table of its own that names project and workspace."""
    mine = statement.where(project_id == sa.bindparam(_SCOPE, type_=WORDS))
    seen = mine if workspace_id is None else mine.where(workspace_id.not_in(_hidden()))
    return Scoped(statement, mine, seen)


def around(scoped: Scoped, wrap: Callable[[sa.Select[Any]], sa.Select[Any]]) -> Scoped:
    """What `wrap` makes of a scoped SELECT, such as a count of its rows."""

    def wrapped(form: Executable) -> Executable:
        if not isinstance(form, sa.Select):
            raise TypeError("only a SELECT can be wrapped")
        return wrap(form)

    return Scoped(wrapped(scoped.everywhere), wrapped(scoped.in_project), wrapped(scoped.in_seen_workspaces))


def _hidden() -> sa.BindParameter[Any]:
    return sa.bindparam(_HIDDEN, expanding=True, type_=WORDS)


_READING = (":get", ":list")
_USER = sa.bindparam("user", type_=WORDS)
# Those that are hidden, and those that may be: where the user is a member by a role of its own.
_MAYBE_HIDDEN = (
    sa.select(
        workspaces.c.id,
        sa.or_(workspaces.c.auth_type == "PRIVATE", workspace_members.c.user_id.is_(None)).label("closed"),
        workspace_members.c.role,
        roles.c.actions,
    )
    .select_from(
        workspaces.outerjoin(
            workspace_members,
            sa.and_(
                workspace_members.c.workspace_id == workspaces.c.id, workspace_members.c.user_id == _USER
            ),
        ).outerjoin(
            roles,
            sa.and_(roles.c.project_id == workspaces.c.project_id, roles.c.name == workspace_members.c.role),
        )
    )
    .where(
        workspaces.c.project_id == sa.bindparam("project", type_=WORDS),
        workspaces.c.auth_type != "PUBLIC",
        workspaces.c.owner_id != _USER,
        sa.or_(
            workspaces.c.auth_type == "PRIVATE",
            workspace_members.c.user_id.is_(None),
            workspace_members.c.role != "",
        ),
    )
)


class Transaction:
    """Runs statements for one unit of work. `write` says whether rows read now may be changed later in it."""

    def __init__(self, connection: Connection, scope: Scope, *, write: bool) -> None:
        self._connection = connection
        self._scope = scope
        self._hidden: tuple[str, ...] | None = None
        self.write = write
        self.changes_jobs = False  # something in the log of changes is new
        self.dialect_name = connection.dialect.name

    @property
    def project_id(self) -> str | None:
        """The scope's project; None for the platform."""
        return self._scope.project_id

    @property
    def user_id(self) -> str:
        """The scope's user; empty for the platform."""
        return self._scope.user_id

    @property
    def hidden_workspaces(self) -> tuple[str, ...]:
        """Workspaces of the project that the scope does not see; usually none. Asked once a transaction."""
        if self._hidden is None:
            scope = self._scope
            if scope.project_id is None or scope.sees_all:
                self._hidden = ()
            else:
                found = self.rows(_MAYBE_HIDDEN, project=scope.project_id, user=scope.user_id)
                self._hidden = tuple(
                    row["id"] for row in found if row["closed"] or _keeps_from(scope.action, row)
                )
        return self._hidden

    def require_project(self, project_id: str) -> None:
        """Raises `ScopeBreach` when the scope does not reach `project_id`."""
        if self._scope.project_id not in (None, project_id):
            raise ScopeBreach(f"project {project_id} from a unit of project {self._scope.project_id}")

    def require_platform(self) -> None:
        """Raises `ScopeBreach` unless the scope is the platform's."""
        if self._scope.project_id is not None:
            raise ScopeBreach(f"platform data from a unit of project {self._scope.project_id}")

    def rows(self, statement: Executable | Scoped, **parameters: object) -> Sequence[RowMapping]:
        """All rows."""
        return self._run(statement, parameters).mappings().all()

    def row(self, statement: Executable | Scoped, **parameters: object) -> RowMapping | None:
        """The first row, if any."""
        return self._run(statement, parameters).mappings().first()

    def scalar(self, statement: Executable | Scoped, **parameters: object) -> Any:
        """The first column of the first row; None when there is no row."""
        return self._run(statement, parameters).scalar()

    def change(self, statement: Executable | Scoped, **parameters: object) -> int:
        """Run an INSERT, UPDATE or DELETE; how many rows it touched."""
        return self._run(statement, parameters).rowcount

    def change_or_clash(self, statement: Executable | Scoped, **parameters: object) -> int | None:
        """As `change`; None, with nothing changed, when a constraint forbids it. The unit goes on either way."""
        try:
            with self._connection.begin_nested():
                return self.change(statement, **parameters)
        except IntegrityError:
            return None

    def insert(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> Sequence[RowMapping]:
        """Insert `rows`; what the statement returns, if it does, in their order."""
        result = self._execute(statement, rows)
        return result.mappings().all() if result.returns_rows else ()

    def _run(self, statement: Executable | Scoped, parameters: dict[str, object]) -> CursorResult[Any]:
        if not isinstance(statement, Scoped):
            return self._execute(statement, parameters)
        if self._scope.project_id is None:
            return self._execute(statement.everywhere, parameters)
        parameters = parameters | {_SCOPE: self._scope.project_id}
        if not self.hidden_workspaces:
            return self._execute(statement.in_project, parameters)
        return self._execute(statement.in_seen_workspaces, parameters | {_HIDDEN: self.hidden_workspaces})

    def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> CursorResult[Any]:
        try:
            return self._connection.execute(statement, parameters)
        except (OperationalError, PoolTimeout) as exc:
            raise unavailable(exc) from exc


def _keeps_from(action: Action | None, member: RowMapping) -> bool:
    """Whether a member's role does not allow to read what they want to; that they may not change is said elsewhere."""
    if action is None or not action.endswith(_READING):
        return False
    patterns = BUILT_IN.get(member["role"])
    return action not in allowed_by(json.loads(member["actions"] or "[]") if patterns is None else patterns)


def unavailable(error: DBAPIError | PoolTimeout) -> DatabaseUnavailable:
    """What to raise when the database cannot be reached, is locked for too long or cannot write."""
    cause = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return DatabaseUnavailable(detail=cause.splitlines()[0] if cause else "no detail")
