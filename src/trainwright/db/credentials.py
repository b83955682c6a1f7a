"""Tokens and access keys, and whose they are: the half of `db.principals.Principals` that proves who calls."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS
from trainwright.db.schema import access_keys, roles, tokens, users
from trainwright.db.transaction import Transaction, within_table
from trainwright.domain.access import BUILT_IN, allowed_by
from trainwright.domain.errors import CredentialNotFound, UserNotFound
from trainwright.ports.identity import (
    LOG_IN,
    AccessKey,
    Principal,
    Token,
    is_session_of_token,
    sessions_prefix,
)

_NOW = sa.bindparam("now", type_=sa.BigInteger)
_USER: sa.BindParameter[str] = sa.bindparam("user", type_=WORDS)
_ID: sa.BindParameter[str] = sa.bindparam("credential", type_=WORDS)
_WRITTEN = {
    "description": sa.bindparam("new_description", type_=WORDS),
    "enabled": sa.bindparam("new_enabled", type_=sa.Boolean),
    "expires_at_ms": sa.bindparam("new_expires_at_ms", type_=sa.BigInteger),
}


def _counts(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.enabled,
        users.c.enabled,
        sa.or_(table.c.expires_at_ms == 0, table.c.expires_at_ms > _NOW),
    )


def _project_of(table: sa.Table) -> sa.ColumnElement[str]:
    return sa.select(users.c.project_id).where(users.c.id == table.c.user_id).scalar_subquery()


def _page(table: sa.Table, newest_first: sa.ColumnElement[str]) -> sa.Select[Any]:
    return (
        sa.select(table)
        .where(table.c.user_id == _USER)
        .order_by(table.c.created_at_ms.desc(), newest_first)
        .offset(sa.bindparam("skip", type_=sa.BigInteger))
        .limit(sa.bindparam("most", type_=sa.BigInteger))
    )


_OF_TOKEN, _OF_KEY = _project_of(tokens), _project_of(access_keys)
_BY_TOKEN = within_table(
    sa.select(users).join(tokens).where(tokens.c.hash == sa.bindparam("hash", type_=WORDS), _counts(tokens)),
    users.c.project_id,
)
_BY_KEY = within_table(
    sa.select(
        users,
        access_keys.c.access_key,
        access_keys.c.sealed_secret,
        access_keys.c.description,
        access_keys.c.enabled.label("key_enabled"),
        access_keys.c.created_at_ms.label("key_created_at_ms"),
        access_keys.c.expires_at_ms,
    )
    .join(access_keys)
    .where(access_keys.c.access_key == _ID, _counts(access_keys)),
    users.c.project_id,
)
_OWNER = within_table(sa.select(users).where(users.c.id == _USER, users.c.enabled), users.c.project_id)
_ROLES = sa.select(roles.c.name, roles.c.actions).where(roles.c.project_id == sa.bindparam("project"))
_USER_EXISTS = within_table(sa.select(users.c.id).where(users.c.id == _USER), users.c.project_id)

_OLDER = tokens.alias()
_ADD_TOKEN = sa.insert(tokens)
_HASHED = within_table(sa.select(tokens).where(tokens.c.hash == sa.bindparam("hash", type_=WORDS)), _OF_TOKEN)
_TOKEN = within_table(sa.select(tokens).where(tokens.c.id == _ID), _OF_TOKEN)
_TOKENS = within_table(_page(tokens, tokens.c.id), _OF_TOKEN)
_COUNT_TOKENS = within_table(
    sa.select(sa.func.count()).select_from(tokens).where(tokens.c.user_id == _USER), _OF_TOKEN
)
_COUNT_ISSUED = within_table(
    sa.select(sa.func.count())
    .select_from(tokens)
    .where(tokens.c.user_id == _USER, sa.not_(tokens.c.id.startswith(LOG_IN))),
    _OF_TOKEN,
)
_SAVE_TOKEN = within_table(sa.update(tokens).where(tokens.c.id == _ID).values(_WRITTEN), _OF_TOKEN)
_DELETE_TOKEN = within_table(sa.delete(tokens).where(tokens.c.id == _ID), _OF_TOKEN)
_EXPIRED_TOKENS = within_table(
    sa.delete(tokens).where(
        tokens.c.user_id == _USER, tokens.c.expires_at_ms > 0, tokens.c.expires_at_ms <= _NOW
    ),
    _OF_TOKEN,
)
_PREFIX: sa.BindParameter[str] = sa.bindparam("prefix", type_=WORDS)
_SESSIONS_OF = within_table(
    sa.delete(tokens).where(sa.func.substr(tokens.c.id, 1, sa.func.length(_PREFIX)) == _PREFIX), _OF_TOKEN
)
_OLD_LOG_INS = within_table(
    sa.delete(tokens).where(
        tokens.c.id.in_(
            sa.select(_OLDER.c.id)
            .where(_OLDER.c.user_id == _USER, _OLDER.c.id.startswith(LOG_IN))
            .order_by(_OLDER.c.created_at_ms.desc(), _OLDER.c.id)
            .offset(sa.bindparam("keep", type_=sa.BigInteger))
            .limit(1000)  # SQLite takes no OFFSET without a LIMIT
        )
    ),
    _OF_TOKEN,
)

_ADD_KEY = sa.insert(access_keys)
_KEY = within_table(sa.select(access_keys).where(access_keys.c.access_key == _ID), _OF_KEY)
_KEYS = within_table(_page(access_keys, access_keys.c.access_key), _OF_KEY)
_COUNT_KEYS = within_table(
    sa.select(sa.func.count()).select_from(access_keys).where(access_keys.c.user_id == _USER), _OF_KEY
)
_SAVE_KEY = within_table(
    sa.update(access_keys).where(access_keys.c.access_key == _ID).values(_WRITTEN), _OF_KEY
)
_DELETE_KEY = within_table(sa.delete(access_keys).where(access_keys.c.access_key == _ID), _OF_KEY)
_EXPIRED_KEYS = within_table(
    sa.delete(access_keys).where(
        access_keys.c.user_id == _USER,
        access_keys.c.expires_at_ms > 0,
        access_keys.c.expires_at_ms <= _NOW,
    ),
    _OF_KEY,
)


class Credentials:
    """See `ports.identity.PrincipalRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find_by_token(self, token_hash: str, now_ms: int) -> Principal | None:
        """The owner of a token that counts; None for an owner outside the scope."""
        row = self._tx.row(_BY_TOKEN, hash=token_hash, now=now_ms)
        return None if row is None else self._principal(row)

    def find_token(self, token_hash: str, now_ms: int) -> tuple[Principal, Token] | None:
        """The owner of a token that counts, and the token; None for an owner outside the scope."""
        owner = self.find_by_token(token_hash, now_ms)
        row = self._tx.row(_HASHED, hash=token_hash)
        return None if owner is None or row is None else (owner, _token_of(row))

    def find_owner(self, user_id: str) -> Principal | None:
        """That user, enabled; None for one outside the scope."""
        row = self._tx.row(_OWNER, user=user_id)
        return None if row is None else self._principal(row)

    def find_by_access_key(self, access_key: str, now_ms: int) -> tuple[Principal, AccessKey] | None:
        """The owner of an access key that counts, and the key; None for an owner outside the scope."""
        row = self._tx.row(_BY_KEY, credential=access_key, now=now_ms)
        if row is None:
            return None
        key = AccessKey(
            access_key=row["access_key"],
            user_id=row["id"],
            sealed_secret=row["sealed_secret"],
            description=row["description"],
            enabled=row["key_enabled"],
            created_at_ms=row["key_created_at_ms"],
            expires_at_ms=row["expires_at_ms"],
        )
        return self._principal(row), key

    def add_token(self, token: Token, token_hash: str) -> None:
        """Insert it. Raises `UserNotFound`."""
        self._require_user(token.user_id)
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

    def get_token(self, token_id: str) -> Token:
        """Raises `CredentialNotFound`."""
        row = self._tx.row(_TOKEN, credential=token_id)
        if row is None:
            raise CredentialNotFound(id=token_id)
        return _token_of(row)

    def list_tokens(
        self, user_id: str, *, offset: int = 0, limit: int = 100
    ) -> tuple[int, tuple[Token, ...]]:
        """How many, and one page, newest first."""
        rows = self._tx.rows(_TOKENS, user=user_id, skip=offset, most=limit)
        return int(self._tx.scalar(_COUNT_TOKENS, user=user_id)), tuple(map(_token_of, rows))

    def count_tokens(self, user_id: str) -> int:
        """How many were issued; those of log-ins do not count."""
        return int(self._tx.scalar(_COUNT_ISSUED, user=user_id))

    def save_token(self, token: Token) -> None:
        """Write description, enabled, expiry. Raises `CredentialNotFound`."""
        if not self._tx.change(_SAVE_TOKEN, credential=token.id, **_written(token)):
            raise CredentialNotFound(id=token.id)

    def delete_token(self, token_id: str) -> None:
        """Raises `CredentialNotFound`, also when called twice."""
        if not self._tx.change(_DELETE_TOKEN, credential=token_id):
            raise CredentialNotFound(id=token_id)

    def drop_sessions(self, token_id: str) -> None:
        """Delete the sessions that were opened with that token; none for a session's own."""
        if not is_session_of_token(token_id):
            self._tx.change(_SESSIONS_OF, prefix=sessions_prefix(token_id))

    def drop_log_ins(self, user_id: str, *, keep: int) -> None:
        """Delete the user's tokens of log-ins but the newest `keep`; at most 1,000 in one call."""
        self._tx.change(_OLD_LOG_INS, user=user_id, keep=keep)

    def add_access_key(self, key: AccessKey) -> None:
        """Insert it. Raises `UserNotFound`."""
        self._require_user(key.user_id)
        self._tx.change(
            _ADD_KEY,
            access_key=key.access_key,
            user_id=key.user_id,
            sealed_secret=key.sealed_secret,
            description=key.description,
            enabled=key.enabled,
            created_at_ms=key.created_at_ms,
            expires_at_ms=key.expires_at_ms,
        )

    def get_access_key(self, access_key: str) -> AccessKey:
        """Raises `CredentialNotFound`."""
        row = self._tx.row(_KEY, credential=access_key)
        if row is None:
            raise CredentialNotFound(id=access_key)
        return _key_of(row)

    def list_access_keys(
        self, user_id: str, *, offset: int = 0, limit: int = 100
    ) -> tuple[int, tuple[AccessKey, ...]]:
        """How many, and one page, newest first."""
        rows = self._tx.rows(_KEYS, user=user_id, skip=offset, most=limit)
        return int(self._tx.scalar(_COUNT_KEYS, user=user_id)), tuple(map(_key_of, rows))

    def save_access_key(self, key: AccessKey) -> None:
        """Write description, enabled, expiry. Raises `CredentialNotFound`."""
        if not self._tx.change(_SAVE_KEY, credential=key.access_key, **_written(key)):
            raise CredentialNotFound(id=key.access_key)

    def delete_access_key(self, access_key: str) -> None:
        """Raises `CredentialNotFound`, also when called twice."""
        if not self._tx.change(_DELETE_KEY, credential=access_key):
            raise CredentialNotFound(id=access_key)

    def drop_expired(self, user_id: str, now_ms: int) -> None:
        """Delete the user's tokens and access keys that have expired."""
        self._tx.change(_EXPIRED_TOKENS, user=user_id, now=now_ms)
        self._tx.change(_EXPIRED_KEYS, user=user_id, now=now_ms)

    def _require_user(self, user_id: str) -> None:
        if self._tx.scalar(_USER_EXISTS, user=user_id) is None:
            raise UserNotFound(user=user_id)

    def _principal(self, row: RowMapping) -> Principal:
        names: list[str] = json.loads(row["roles"])
        known: dict[str, Sequence[str]] = dict(BUILT_IN)
        if not known.keys() >= set(names):
            for each in self._tx.rows(_ROLES, project=row["project_id"]):
                known.setdefault(each["name"], json.loads(each["actions"]))
        patterns = [pattern for name in names for pattern in known.get(name, ())]
        return Principal(row["id"], row["name"], row["project_id"], row["is_admin"], allowed_by(patterns))


def _written(credential: Token | AccessKey) -> dict[str, object]:
    return {
        "new_description": credential.description,
        "new_enabled": credential.enabled,
        "new_expires_at_ms": credential.expires_at_ms,
    }


def _token_of(row: RowMapping) -> Token:
    return Token(
        id=row["id"],
        user_id=row["user_id"],
        description=row["description"],
        enabled=row["enabled"],
        created_at_ms=row["created_at_ms"],
        expires_at_ms=row["expires_at_ms"],
    )


def _key_of(row: RowMapping) -> AccessKey:
    return AccessKey(
        access_key=row["access_key"],
        user_id=row["user_id"],
        sealed_secret=row["sealed_secret"],
        description=row["description"],
        enabled=row["enabled"],
        created_at_ms=row["created_at_ms"],
        expires_at_ms=row["expires_at_ms"],
    )
