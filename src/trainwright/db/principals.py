"""Users, their projects and tokens. Implements `ports.uow.PrincipalRepository`."""

import sqlalchemy as sa

from trainwright.db.dialects import upsert_into
from trainwright.db.schema import projects, tokens, users
from trainwright.db.transaction import Transaction
from trainwright.ports.uow import Principal


class Principals:
    """See `ports.uow.PrincipalRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find_by_token(self, token_hash: str) -> Principal | None:
        """The owner of an enabled token; None for an owner outside the scope."""
        owner = sa.select(users).join(tokens).where(tokens.c.hash == token_hash, tokens.c.enabled)
        row = self._tx.row(owner)
        if row is None or self._tx.project_id not in (None, row["project_id"]):
            return None
        return Principal(row["id"], row["name"], row["project_id"], row["is_admin"])

    def add_user(self, principal: Principal, token_hash: str, now_ms: int) -> None:
        """Insert user, project (when new) and token. Raises `ScopeBreach` for another project's user."""
        self._tx.require_project(principal.project_id)
        project = upsert_into(projects, self._tx.dialect_name).values(
            id=principal.project_id, created_at_ms=now_ms
        )
        self._tx.change(project.on_conflict_do_nothing(index_elements=["id"]))
        user = {
            "id": principal.user_id,
            "name": principal.user_name,
            "project_id": principal.project_id,
            "is_admin": principal.is_admin,
            "created_at_ms": now_ms,
        }
        self._tx.change(sa.insert(users).values(user))
        token = {"hash": token_hash, "user_id": principal.user_id, "enabled": True, "created_at_ms": now_ms}
        self._tx.change(sa.insert(tokens).values(token))

    def has_users(self) -> bool:
        """Whether the scope has any user; False on the very first start."""
        some = sa.select(users.c.id).limit(1)
        if self._tx.project_id is not None:
            some = some.where(users.c.project_id == self._tx.project_id)
        return self._tx.scalar(some) is not None
