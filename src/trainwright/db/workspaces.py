"""Workspaces and their members. Implements `ports.workspaces.WorkspaceRepository`.

The default workspace has no row: it is made of the scope's project, so that it is listed, sorted and found as others.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, contains, upserts
from trainwright.db.schema import (
    experiments,
    job_totals,
    pools,
    projects,
    workspace_members,
    workspace_quotas,
    workspaces,
)
from trainwright.db.shelves import algorithms, datasets
from trainwright.db.transaction import Scoped, Transaction, within_table
from trainwright.domain.errors import DuplicateWorkspaceName, WorkspaceNotEmpty, WorkspaceNotFound
from trainwright.ports.workspaces import (
    DEFAULT_WORKSPACE,
    DEFAULT_WORKSPACE_NAME,
    Member,
    Workspace,
    WorkspaceQuery,
)

_WORKSPACE: sa.BindParameter[str] = sa.bindparam("workspace", type_=WORDS)
_PROJECT = sa.bindparam("project", type_=WORDS)
_COLUMNS = tuple(column.name for column in workspaces.columns)


def _of_project(column: sa.ColumnElement[Any], missing: object) -> sa.ColumnElement[Any]:
    own = sa.select(column).where(projects.c.id == _PROJECT).scalar_subquery()
    return sa.func.coalesce(own, missing)


def _words(text: str) -> sa.ColumnElement[str]:
    return sa.literal(text, WORDS)


_DEFAULT = sa.select(
    _words(DEFAULT_WORKSPACE).label("id"),
    sa.cast(_PROJECT, WORDS).label("project_id"),
    _words(DEFAULT_WORKSPACE_NAME).label("name"),
    _words("").label("description"),
    _words("").label("owner_id"),
    _of_project(projects.c.name, "").label("owner_name"),
    _words("PUBLIC").label("auth_type"),
    _words("0").label("enterprise_project_id"),
    _of_project(projects.c.created_at_ms, 0).label("created_at_ms"),
    _of_project(projects.c.created_at_ms, 0).label("updated_at_ms"),
)
_ALL = sa.union_all(_DEFAULT, sa.select(*(workspaces.c[name] for name in _COLUMNS))).subquery("every")

_MINE = sa.select(workspaces).where(workspaces.c.id == _WORKSPACE)
_COUNT = sa.select(sa.func.count()).select_from(workspaces).where(workspaces.c.project_id == _PROJECT)
_GET = within_table(sa.select(_ALL).where(_ALL.c.id == _WORKSPACE), _ALL.c.project_id, _ALL.c.id)
# Whoever puts something into it holds this lock until their commit; whoever deletes it waits for them.
_HOLD = within_table(
    _MINE.with_for_update(read=True, key_share=True), workspaces.c.project_id, workspaces.c.id
)
_TAKE = within_table(_MINE.with_for_update(), workspaces.c.project_id, workspaces.c.id)
_ADD = upserts(
    workspaces,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(
        workspaces.c.id
    ),
)
_SAVE = sa.update(workspaces).where(workspaces.c.id == _WORKSPACE)
_DELETE = sa.delete(workspaces).where(workspaces.c.id == _WORKSPACE)
_DELETE_QUOTAS = sa.delete(workspace_quotas).where(
    workspace_quotas.c.project_id == _PROJECT, workspace_quotas.c.workspace_id == _WORKSPACE
)
_MEMBERS = (
    sa.select(workspace_members)
    .where(workspace_members.c.workspace_id == _WORKSPACE)
    .order_by(workspace_members.c.user_name, workspace_members.c.user_id)
)
_ADD_MEMBERS = sa.insert(workspace_members)
_DROP_MEMBERS = sa.delete(workspace_members).where(workspace_members.c.workspace_id == _WORKSPACE)
_USER = sa.bindparam("user", type_=WORDS)
_ROLE = (
    sa.select(workspace_members.c.role)
    .join(workspaces)
    .where(
        workspace_members.c.workspace_id == _WORKSPACE,
        workspace_members.c.user_id == _USER,
        workspaces.c.owner_id != _USER,
    )
)


def _anything_of(table: sa.Table) -> sa.ColumnElement[bool]:
    found = sa.select(table.c.workspace_id).where(
        table.c.project_id == _PROJECT, table.c.workspace_id == _WORKSPACE
    )
    return (found.where(table.c.jobs > 0) if table is job_totals else found).exists()


_IN_USE = sa.select(
    sa.or_(*(_anything_of(table) for table in (job_totals, algorithms, experiments, datasets, pools)))
)


class Workspaces:
    """See `ports.workspaces.WorkspaceRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, workspace: Workspace) -> None:
        """Insert it with its members. Raises `DuplicateWorkspaceName`, `ScopeBreach`."""
        tx = self._tx
        tx.require_project(workspace.project_id)
        values = {name: getattr(workspace, name) for name in _COLUMNS}
        if tx.scalar(_ADD[tx.dialect_name], **values) is None:
            raise DuplicateWorkspaceName(name=workspace.name)
        self._add_members(workspace)

    def get(self, workspace_id: str) -> Workspace:
        """With its members. Raises `WorkspaceNotFound`."""
        if self._tx.write and workspace_id != DEFAULT_WORKSPACE:
            return self._found(_HOLD, workspace_id)
        return self._found(_GET, workspace_id)

    def take(self, workspace_id: str) -> Workspace:
        """As `get`, alone with it until the unit ends."""
        return self._found(_GET if workspace_id == DEFAULT_WORKSPACE else _TAKE, workspace_id)

    def search(self, query: WorkspaceQuery) -> tuple[int, tuple[Workspace, ...]]:
        """How many match, and one page, without their members."""
        conditions = _conditions(query)
        counted = sa.select(sa.func.count()).select_from(_ALL).where(*conditions)
        keys = [key.desc() if query.descending else key.asc() for key in _sort_keys(query.sort_by)]
        page = sa.select(_ALL).where(*conditions).order_by(*keys).limit(query.limit).offset(query.offset)
        project = self._project()
        rows = self._tx.rows(within_table(page, _ALL.c.project_id, _ALL.c.id), project=project)
        count = self._tx.scalar(within_table(counted, _ALL.c.project_id, _ALL.c.id), project=project)
        return int(count), tuple(_workspace_of(row, ()) for row in rows)

    def count(self) -> int:
        """How many rows the project has."""
        return int(self._tx.scalar(_COUNT, project=self._project()))

    def save(self, workspace: Workspace) -> None:
        """Replace it with its members. Raises `WorkspaceNotFound`, `DuplicateWorkspaceName`."""
        tx = self._tx
        self._found(_TAKE, workspace.id)
        changed = {
            name: getattr(workspace, name) for name in ("name", "description", "auth_type", "updated_at_ms")
        }
        if tx.change_or_clash(_SAVE.values(**changed), workspace=workspace.id) is None:
            raise DuplicateWorkspaceName(name=workspace.name)
        tx.change(_DROP_MEMBERS, workspace=workspace.id)
        self._add_members(workspace)

    def delete(self, workspace_id: str) -> None:
        """Remove it with members and quotas. Raises `WorkspaceNotFound`, `WorkspaceNotEmpty`."""
        tx = self._tx
        project = self._found(_TAKE, workspace_id).project_id
        if tx.scalar(_IN_USE, project=project, workspace=workspace_id):
            raise WorkspaceNotEmpty(workspace=workspace_id)
        tx.change(_DELETE_QUOTAS, project=project, workspace=workspace_id)
        tx.change(_DELETE, workspace=workspace_id)

    def role_in(self, workspace_id: str) -> str:
        """The role the scope's user was given in it; empty: none of its own, or it is theirs."""
        return str(self._tx.scalar(_ROLE, workspace=workspace_id, user=self._tx.user_id) or "")

    def _found(self, statement: Scoped, workspace_id: str) -> Workspace:
        asked = {"workspace": workspace_id}
        if statement is _GET:
            asked["project"] = self._project()
        row = self._tx.row(statement, **asked)
        if row is None:
            raise WorkspaceNotFound(workspace=workspace_id)
        return _workspace_of(row, self._tx.rows(_MEMBERS, workspace=workspace_id))

    def _add_members(self, workspace: Workspace) -> None:
        rows = [
            {
                "workspace_id": workspace.id,
                "user_id": member.user_id,
                "user_name": member.user_name,
                "user_type": member.user_type,
                "role": member.role,
            }
            for member in workspace.members
        ]
        if rows:
            self._tx.insert(_ADD_MEMBERS, rows)

    def _project(self) -> str:
        return self._tx.project_id or ""


def _conditions(query: WorkspaceQuery) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.name_like:
        conditions.append(contains(_ALL.c.name, sa.literal(query.name_like, WORDS)))
    if query.enterprise_project_id:
        conditions.append(_ALL.c.enterprise_project_id == query.enterprise_project_id)
    return conditions


def _sort_keys(sort_by: str) -> list[sa.ColumnElement[Any]]:
    match sort_by:
        case "name" | "status":  # all have the same status
            return [_ALL.c.name, _ALL.c.id]
        case "update_time":
            return [_ALL.c.updated_at_ms, _ALL.c.name, _ALL.c.id]
        case other:
            raise ValueError(f"cannot sort workspaces by {other}")


def _workspace_of(row: RowMapping, members: Sequence[RowMapping]) -> Workspace:
    return Workspace(
        **{name: row[name] for name in _COLUMNS},
        members=tuple(
            Member(
                user_id=member["user_id"],
                user_name=member["user_name"],
                user_type=member["user_type"],
                role=member["role"],
            )
            for member in members
        ),
    )
