"""Users, their projects and tokens. Implements `ports.uow.PrincipalRepository`."""

import sqlalchemy as sa

from trainwright.db.dialects import upserts
from trainwright.db.schema import projects, tokens, users
from trainwright.db.transaction import Transaction
from trainwright.ports.uow import Principal

_OWNER = sa.select(users).join(tokens).where(tokens.c.hash == sa.bindparam("hash"), tokens.c.enabled)
_ADD_PROJECT = upserts(projects, lambda insert: insert.on_conflict_do_nothing(index_elements=["id"]))
_ADD_USER = sa.insert(users)
_ADD_TOKEN = sa.insert(tokens)
_ANY_USER = sa.select(users.c.id).limit(1)


class Principals:
    """See `ports.uow.PrincipalRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find_by_token(self, token_hash: str) -> Principal | None:
        """The owner of an enabled token; None for an owner outside the scope."""
        row = self._tx.row(_OWNER, hash=token_hash)
        if row is None or self._tx.project_id not in (None, row["project_id"]):
            return None
        return Principal(row["id"], row["name"], row["project_id"], row["is_admin"])

    def add_user(self, principal: Principal, token_hash: str, now_ms: int) -> None:
        """Insert user, project (when new) and token. Raises `ScopeBreach` for another project's user."""
        tx = self._tx
        tx.require_project(principal.project_id)
        tx.change(_ADD_PROJECT[tx.dialect_name], id=principal.project_id, created_at_ms=now_ms)
        tx.change(
            _ADD_USER,
            id=principal.user_id,
            name=principal.user_name,
            project_id=principal.project_id,
            is_admin=principal.is_admin,
            created_at_ms=now_ms,
        )
        tx.change(_ADD_TOKEN, hash=token_hash, user_id=principal.user_id, enabled=True, created_at_ms=now_ms)

    def has_users(self) -> bool:
        """Whether the scope has any user; False on the very first start."""
        if self._tx.project_id is None:
            return self._tx.scalar(_ANY_USER) is not None
        return self._tx.scalar(_ANY_USER.where(users.c.project_id == self._tx.project_id)) is not None
