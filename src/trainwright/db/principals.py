"""Users, their projects, roles and credentials. Implements `ports.identity.PrincipalRepository`."""

import json

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import upserts
from trainwright.db.schema import projects, roles, tokens, users
from trainwright.db.transaction import Transaction
from trainwright.domain.access import BUILT_IN, allowed_by
from trainwright.ports.identity import Principal, Token, User

_OWNER = (
    sa.select(users)
    .join(tokens)
    .where(
        tokens.c.hash == sa.bindparam("hash"),
        tokens.c.enabled,
        users.c.enabled,
        sa.or_(tokens.c.expires_at_ms == 0, tokens.c.expires_at_ms > sa.bindparam("now")),
    )
)
_ADD_PROJECT = upserts(projects, lambda insert: insert.on_conflict_do_nothing(index_elements=["id"]))
_ADD_USER = sa.insert(users)
_ADD_TOKEN = sa.insert(tokens)
_ANY_USER = sa.select(users.c.id).limit(1)
_ROLES = sa.select(roles.c.name, roles.c.actions).where(roles.c.project_id == sa.bindparam("project"))
_FIRST_PROJECT = sa.select(projects.c.id).order_by(projects.c.created_at_ms, projects.c.id).limit(1)


class Principals:
    """See `ports.identity.PrincipalRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find_by_token(self, token_hash: str, now_ms: int) -> Principal | None:
        """The owner of a token that counts; None for an owner outside the scope."""
        row = self._tx.row(_OWNER, hash=token_hash, now=now_ms)
        if row is None or self._tx.project_id not in (None, row["project_id"]):
            return None
        return self._principal(row)

    def add_user(self, user: User, now_ms: int, *, project_name: str = "") -> None:
        """Insert it, and its project when that is new. Raises `ScopeBreach` for another project's user."""
        tx = self._tx
        tx.require_project(user.project_id)
        tx.change(
            _ADD_PROJECT[tx.dialect_name],
            id=user.project_id,
            name=project_name or user.project_id,
            created_at_ms=now_ms,
        )
        tx.change(
            _ADD_USER,
            id=user.id,
            name=user.name,
            project_id=user.project_id,
            is_admin=user.is_admin,
            enabled=user.enabled,
            roles=json.dumps(user.roles),
            password_hash=user.password_hash,
            created_at_ms=now_ms,
        )

    def has_users(self) -> bool:
        """Whether the scope has any user; False on the very first start."""
        if self._tx.project_id is None:
            return self._tx.scalar(_ANY_USER) is not None
        return self._tx.scalar(_ANY_USER.where(users.c.project_id == self._tx.project_id)) is not None

    def first_project_id(self) -> str:
        """The oldest project, whatever the scope; empty before there is one."""
        return str(self._tx.scalar(_FIRST_PROJECT) or "")

    def add_token(self, token: Token, token_hash: str) -> None:
        """Insert it."""
        self._tx.change(
            _ADD_TOKEN,
            hash=token_hash,
            id=token.id,
            user_id=token.user_id,
            description=token.description,
            enabled=token.enabled,
            created_at_ms=token.created_at_ms,
            expires_at_ms=token.expires_at_ms,
        )

    def _principal(self, row: RowMapping) -> Principal:
        composed = {
            each["name"]: json.loads(each["actions"])
            for each in self._tx.rows(_ROLES, project=row["project_id"])
        }
        patterns = [
            pattern
            for name in json.loads(row["roles"])
            for pattern in BUILT_IN.get(name) or composed.get(name, ())
        ]
        return Principal(row["id"], row["name"], row["project_id"], row["is_admin"], allowed_by(patterns))
