"""Whose each bucket is. Implements `ports.datasets.BucketRepository`.

Asked across projects on purpose: names of buckets are global, and services decide by the answer what a caller sees.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from trainwright.db.dialects import upserts
from trainwright.db.principals import Principals
from trainwright.db.schema import buckets
from trainwright.db.transaction import Transaction

_AT_ONCE = 500  # names in one statement

_OWNER = sa.select(buckets.c.project_id).where(buckets.c.name == sa.bindparam("bucket"))
_OWNERS = sa.select(buckets.c.name, buckets.c.project_id).where(
    buckets.c.name.in_(sa.bindparam("names", expanding=True))
)
_CLAIM = upserts(buckets, lambda insert: insert.on_conflict_do_nothing(index_elements=["name"]))
_RELEASE = sa.delete(buckets).where(buckets.c.name == sa.bindparam("bucket"))


class Buckets:
    """See `ports.datasets.BucketRepository`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def owner(self, bucket: str) -> str:
        """The id of the project it belongs to; empty when no project exists yet."""
        owner = self._tx.scalar(_OWNER, bucket=bucket)
        return self._first() if owner is None else str(owner)

    def owners(self, buckets: Sequence[str]) -> dict[str, str]:
        """The same of several, in one query for every 500."""
        first = self._first()
        owners = dict.fromkeys(buckets, first)
        for begin in range(0, len(buckets), _AT_ONCE):
            for row in self._tx.rows(_OWNERS, names=list(buckets[begin : begin + _AT_ONCE])):
                owners[row["name"]] = row["project_id"]
        return owners

    def claim(self, bucket: str, project_id: str, now_ms: int) -> bool:
        """Make it the project's, unless there is a row that says otherwise. Raises `ScopeBreach`."""
        tx = self._tx
        tx.require_project(project_id)
        tx.change(_CLAIM[tx.dialect_name], name=bucket, project_id=project_id, created_at_ms=now_ms)
        return bool(tx.scalar(_OWNER, bucket=bucket) == project_id)

    def release(self, bucket: str) -> None:
        """Forget whose it is. Repeating it is harmless."""
        self._tx.change(_RELEASE, bucket=bucket)

    def _first(self) -> str:
        return Principals(self._tx).first_project_id()
