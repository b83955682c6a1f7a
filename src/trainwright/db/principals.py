"""Users, their projects and roles. With `db.credentials` implements `ports.identity.PrincipalRepository`."""

import json

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.credentials import Credentials
from trainwright.db.dialects import WORDS, contains, upserts
from trainwright.db.schema import projects, roles, training_quotas, users, workspace_members, workspaces
from trainwright.db.transaction import within_table
from trainwright.domain.access import ADMINISTRATOR
from trainwright.domain.errors import (
    DuplicateProjectName,
    DuplicateUserName,
    ProjectNotFound,
    RoleInUse,
    RoleNotFound,
    UserNotFound,
)
from trainwright.ports.identity import Project, Role, User

_ROLES_LISTED = 100
_PROJECT: sa.BindParameter[str] = sa.bindparam("project", type_=WORDS)
_USER: sa.BindParameter[str] = sa.bindparam("user", type_=WORDS)
_NAME: sa.BindParameter[str] = sa.bindparam("name", type_=WORDS)
_SKIP = sa.bindparam("skip", type_=sa.BigInteger)
_MOST = sa.bindparam("most", type_=sa.BigInteger)
# A role's name as it stands in the JSON list of a user: quoted, so that `a` is not found in `ab`.
_QUOTED: sa.BindParameter[str] = sa.bindparam("quoted", type_=WORDS)

# Not errors caught afterwards: PostgreSQL would give up the whole transaction.
_ADD_PROJECT = upserts(projects, lambda insert: insert.on_conflict_do_nothing().returning(projects.c.id))
_ADD_USER = upserts(
    users,
    lambda insert: insert.on_conflict_do_nothing(index_elements=["project_id", "name"]).returning(users.c.id),
)
_GET_PROJECT = within_table(sa.select(projects).where(projects.c.id == _PROJECT), projects.c.id)
_HOLD_PROJECT = within_table(
    # Rows of other tables may still be made that refer to the project.
    sa.select(projects).where(projects.c.id == _PROJECT).with_for_update(key_share=True),
    projects.c.id,
)
_FIRST_PROJECT = sa.select(projects.c.id).order_by(projects.c.created_at_ms, projects.c.id).limit(1)
_PROJECTS = within_table(
    sa.select(projects).order_by(projects.c.name, projects.c.id).offset(_SKIP).limit(_MOST), projects.c.id
)
_COUNT_PROJECTS = within_table(sa.select(sa.func.count()).select_from(projects), projects.c.id)

_ANY_USER = within_table(sa.select(users.c.id).limit(1), users.c.project_id)
_ANY_PASSWORD = within_table(
    sa.select(users.c.id).where(users.c.password_hash != "").limit(1), users.c.project_id
)
_GET_USER = within_table(sa.select(users).where(users.c.id == _USER), users.c.project_id)
_FIND_USER = within_table(
    sa.select(users).join(projects).where(projects.c.name == _PROJECT, users.c.name == _NAME),
    users.c.project_id,
)
_NAMED = within_table(
    sa.select(users.c.id).where(
        users.c.name == _NAME,
        users.c.id != _USER,
        users.c.project_id
        == sa.select(users.c.project_id).where(users.c.id == _USER).correlate(None).scalar_subquery(),
    ),
    users.c.project_id,
)
_USERS = within_table(
    sa.select(users).order_by(users.c.name, users.c.id).offset(_SKIP).limit(_MOST), users.c.project_id
)
_COUNT_USERS = within_table(sa.select(sa.func.count()).select_from(users), users.c.project_id)
_SAVE_USER = within_table(
    sa.update(users)
    .where(users.c.id == _USER)
    .values(
        name=sa.bindparam("new_name"),
        enabled=sa.bindparam("new_enabled"),
        roles=sa.bindparam("new_roles"),
        password_hash=sa.bindparam("new_password_hash"),
    ),
    users.c.project_id,
)
_DELETE_USER = within_table(sa.delete(users).where(users.c.id == _USER), users.c.project_id)
_DELETE_MEMBER = sa.delete(workspace_members).where(workspace_members.c.user_id == _USER)
_DELETE_QUOTAS = sa.delete(training_quotas).where(training_quotas.c.user_id == _USER)
_ADMINISTRATORS = within_table(
    sa.select(users.c.id)
    .where(
        users.c.enabled,
        users.c.id != _USER,
        contains(users.c.roles, sa.literal(json.dumps(ADMINISTRATOR), WORDS)),
        users.c.project_id
        == sa.select(users.c.project_id).where(users.c.id == _USER).correlate(None).scalar_subquery(),
    )
    .limit(1),
    users.c.project_id,
)

_LIST_ROLES = within_table(sa.select(roles).order_by(roles.c.name).limit(_ROLES_LISTED), roles.c.project_id)
_SAVE_ROLE = upserts(
    roles,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["project_id", "name"],
        set_={
            "description": insert.excluded.description,
            "actions": insert.excluded.actions,
            "updated_at_ms": insert.excluded.updated_at_ms,
        },
    ),
)
_USERS_WITH = within_table(
    sa.select(users.c.id).where(contains(users.c.roles, _QUOTED)).limit(1), users.c.project_id
)
_MEMBERS_WITH = within_table(
    sa.select(workspace_members.c.user_id).join(workspaces).where(workspace_members.c.role == _NAME).limit(1),
    workspaces.c.project_id,
)
_DELETE_ROLE = within_table(sa.delete(roles).where(roles.c.name == _NAME), roles.c.project_id)


class Principals(Credentials):
    """See `ports.identity.PrincipalRepository`; what is said here is only what is not said there."""

    def add_project(self, project: Project) -> None:
        """Insert it. Raises `DuplicateProjectName`, and `ScopeBreach` unless the scope is the platform's."""
        tx = self._tx
        tx.require_platform()
        if tx.scalar(_ADD_PROJECT[tx.dialect_name], **_project_values(project)) is None:
            raise DuplicateProjectName(name=project.name)

    def hold_project(self, project_id: str) -> Project:
        """It, locked on PostgreSQL; on SQLite a writing unit is alone anyway. Raises `ProjectNotFound`."""
        row = self._tx.row(_HOLD_PROJECT, project=project_id)
        if row is None:
            raise ProjectNotFound(project=project_id)
        return _project_of(row)

    def get_project(self, project_id: str) -> Project:
        """Raises `ProjectNotFound`."""
        row = self._tx.row(_GET_PROJECT, project=project_id)
        if row is None:
            raise ProjectNotFound(project=project_id)
        return _project_of(row)

    def first_project_id(self) -> str:
        """The oldest project, whatever the scope; empty before there is one."""
        return str(self._tx.scalar(_FIRST_PROJECT) or "")

    def list_projects(self, *, offset: int = 0, limit: int = 100) -> tuple[int, tuple[Project, ...]]:
        """How many, and one page by name."""
        rows = self._tx.rows(_PROJECTS, skip=offset, most=limit)
        return int(self._tx.scalar(_COUNT_PROJECTS)), tuple(map(_project_of, rows))

    def add_user(self, user: User, now_ms: int, *, project_name: str = "") -> None:
        """Insert it, and its project when that is new.

        Raises:
            DuplicateUserName: the project has a user of that name.
            DuplicateProjectName: the project is new, and another has its name.
            ScopeBreach: the user is of another project.
        """
        tx = self._tx
        tx.require_project(user.project_id)
        project = Project(user.project_id, project_name or user.project_id, now_ms)
        made = tx.scalar(_ADD_PROJECT[tx.dialect_name], **_project_values(project))
        if made is None and tx.row(_GET_PROJECT, project=project.id) is None:
            raise DuplicateProjectName(name=project.name)
        added = tx.scalar(
            _ADD_USER[tx.dialect_name],
            id=user.id,
            name=user.name,
            project_id=user.project_id,
            is_admin=user.is_admin,
            enabled=user.enabled,
            roles=json.dumps(user.roles),
            password_hash=user.password_hash,
            created_at_ms=now_ms,
        )
        if added is None:
            raise DuplicateUserName(name=user.name)

    def has_users(self) -> bool:
        """Whether the scope has any user; False on the very first start."""
        return self._tx.scalar(_ANY_USER) is not None

    def has_passwords(self) -> bool:
        """Whether any user of the scope can log in with a password."""
        return self._tx.scalar(_ANY_PASSWORD) is not None

    def get_user(self, user_id: str) -> User:
        """Raises `UserNotFound`, for any text that is not the id of a user of the scope."""
        row = self._tx.row(_GET_USER, user=user_id)
        if row is None:
            raise UserNotFound(user=user_id)
        return _user_of(row)

    def find_user(self, project_name: str, user_name: str) -> User | None:
        """The user of that name in the project of that name, enabled or not."""
        row = self._tx.row(_FIND_USER, project=project_name, name=user_name)
        return None if row is None else _user_of(row)

    def list_users(self, *, offset: int = 0, limit: int = 100) -> tuple[int, tuple[User, ...]]:
        """How many, and one page by name."""
        rows = self._tx.rows(_USERS, skip=offset, most=limit)
        return int(self._tx.scalar(_COUNT_USERS)), tuple(map(_user_of, rows))

    def save_user(self, user: User) -> None:
        """Write name, enabled, roles and password. Raises `UserNotFound`, `DuplicateUserName`.

        The project must be held, or two users may be given one name at the same time: the later of them fails.
        """
        tx = self._tx
        if tx.scalar(_NAMED, user=user.id, name=user.name) is not None:
            raise DuplicateUserName(name=user.name)
        changed = tx.change(
            _SAVE_USER,
            user=user.id,
            new_name=user.name,
            new_enabled=user.enabled,
            new_roles=json.dumps(user.roles),
            new_password_hash=user.password_hash,
        )
        if not changed:
            raise UserNotFound(user=user.id)

    def delete_user(self, user_id: str) -> None:
        """With tokens, keys, memberships and quotas. Raises `UserNotFound`, also when called twice."""
        if not self._tx.change(_DELETE_USER, user=user_id):
            raise UserNotFound(user=user_id)
        self._tx.change(_DELETE_MEMBER, user=user_id)
        self._tx.change(_DELETE_QUOTAS, user=user_id)

    def other_administrators(self, user_id: str) -> bool:
        """Whether somebody else of that user's project is enabled and has the role `administrator`."""
        return self._tx.scalar(_ADMINISTRATORS, user=user_id) is not None

    def list_roles(self) -> tuple[Role, ...]:
        """By name; at most 100."""
        return tuple(map(_role_of, self._tx.rows(_LIST_ROLES)))

    def save_role(self, role: Role, project_id: str) -> None:
        """Insert or replace it. Raises `ScopeBreach` for another project's role."""
        tx = self._tx
        tx.require_project(project_id)
        tx.change(
            _SAVE_ROLE[tx.dialect_name],
            project_id=project_id,
            name=role.name,
            description=role.description,
            actions=json.dumps(role.actions),
            created_at_ms=role.created_at_ms,
            updated_at_ms=role.updated_at_ms,
        )

    def delete_role(self, name: str) -> None:
        """Raises `RoleNotFound`, `RoleInUse`. The project must be held, or a user may be given it meanwhile."""
        tx = self._tx
        used = tx.scalar(_USERS_WITH, quoted=json.dumps(name)), tx.scalar(_MEMBERS_WITH, name=name)
        if any(one is not None for one in used):
            raise RoleInUse(name=name)
        if not tx.change(_DELETE_ROLE, name=name):
            raise RoleNotFound(name=name)


def _project_values(project: Project) -> dict[str, object]:
    return {"id": project.id, "name": project.name, "created_at_ms": project.created_at_ms}


def _project_of(row: RowMapping) -> Project:
    return Project(id=row["id"], name=row["name"], created_at_ms=row["created_at_ms"])


def _user_of(row: RowMapping) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        project_id=row["project_id"],
        is_admin=row["is_admin"],
        enabled=row["enabled"],
        roles=tuple(json.loads(row["roles"])),
        password_hash=row["password_hash"],
        created_at_ms=row["created_at_ms"],
    )


def _role_of(row: RowMapping) -> Role:
    return Role(
        name=row["name"],
        description=row["description"],
        actions=tuple(json.loads(row["actions"])),
        created_at_ms=row["created_at_ms"],
        updated_at_ms=row["updated_at_ms"],
    )
