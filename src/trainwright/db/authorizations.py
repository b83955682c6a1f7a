"""Authorisations and options of a project. Implements `ports.workspaces.AuthorizationRepository`."""

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, upserts
from trainwright.db.schema import authorizations, options
from trainwright.db.transaction import Transaction, within_table
from trainwright.ports.workspaces import Authorization

_COLUMNS = tuple(column.name for column in authorizations.columns)
_OWN = ("project_id", "user_id")
_PUT = upserts(
    authorizations,
    lambda insert: insert.on_conflict_do_update(
        index_elements=list(_OWN),
        set_={name: insert.excluded[name] for name in _COLUMNS if name not in _OWN},
    ),
)
_COUNT = within_table(sa.select(sa.func.count()).select_from(authorizations), authorizations.c.project_id)
_DELETE = within_table(
    sa.delete(authorizations).where(authorizations.c.user_id == sa.bindparam("user", type_=WORDS)),
    authorizations.c.project_id,
)
_DELETE_ALL = within_table(sa.delete(authorizations), authorizations.c.project_id)
_OPTION = within_table(
    sa.select(options.c.value).where(options.c.name == sa.bindparam("option", type_=WORDS)),
    options.c.project_id,
)
_SET_OPTION = upserts(
    options,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["project_id", "name"], set_={"value": insert.excluded.value}
    ),
)


class Authorizations:
    """See `ports.workspaces.AuthorizationRepository`; only for a project's scope."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, authorization: Authorization) -> None:
        """Insert it, or replace the user's. Raises `ScopeBreach`."""
        self._tx.require_project(authorization.project_id)
        values = {name: getattr(authorization, name) for name in _COLUMNS}
        self._tx.change(_PUT[self._tx.dialect_name], **values)

    def search(
        self, *, sort_by: str, descending: bool, offset: int, limit: int
    ) -> tuple[int, tuple[Authorization, ...]]:
        """How many there are, and one page; `ValueError` for another `sort_by`."""
        match sort_by:
            case "user_name":
                keys = [authorizations.c.user_name, authorizations.c.user_id]
            case "create_time":
                keys = [authorizations.c.created_at_ms, authorizations.c.user_id]
            case other:
                raise ValueError(f"cannot sort authorisations by {other}")
        order = [key.desc() if descending else key.asc() for key in keys]
        page = sa.select(authorizations).order_by(*order).limit(limit).offset(offset)
        rows = self._tx.rows(within_table(page, authorizations.c.project_id))
        found = tuple(Authorization(**{name: row[name] for name in _COLUMNS}) for row in rows)
        return int(self._tx.scalar(_COUNT)), found

    def delete(self, user_id: str) -> int:
        """Remove the user's, or all when `user_id` is empty; how many."""
        return self._tx.change(_DELETE, user=user_id) if user_id else self._tx.change(_DELETE_ALL)

    def option(self, name: str, default: str = "") -> str:
        """The project's option of that name."""
        stored = self._tx.scalar(_OPTION, option=name)
        return default if stored is None else str(stored)

    def set_option(self, name: str, value: str) -> None:
        """Write it."""
        self._tx.change(
            _SET_OPTION[self._tx.dialect_name],
            project_id=self._tx.project_id or "",
            name=name,
            value=value,
        )
