"""Tags of jobs. Implements `ports.workspaces.TagRepository`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, unindexed, upserts
from trainwright.db.schema import job_tags, jobs
from trainwright.db.tag_search import count_tagged, search_tagged
from trainwright.db.transaction import Transaction, around, within, within_table
from trainwright.domain.errors import JobNotFound
from trainwright.ports.workspaces import TAG_VALUES_MAX, TaggedJob, TagQuery

_AT_ONCE = 500  # ids in one statement

_JOB: sa.BindParameter[str] = sa.bindparam("job", type_=WORDS)
_PLACE = (job_tags.c.project_id, job_tags.c.workspace_id)
# Locked, so that of two that add at the same time the second counts what the first has added.
_LOCK = within(
    sa.select(jobs.c.project_id, jobs.c.workspace_id)
    .where(jobs.c.id == _JOB)
    .with_for_update(key_share=True),
    by_ids=True,
)
_OF_JOBS = within_table(
    sa.select(job_tags.c.job_id, job_tags.c.key, job_tags.c.value)
    .where(job_tags.c.job_id.in_(sa.bindparam("jobs", expanding=True, type_=WORDS)))
    .order_by(job_tags.c.job_id, job_tags.c.key),
    unindexed(job_tags.c.project_id),
    job_tags.c.workspace_id,
)
_PUT = upserts(
    job_tags,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["job_id", "key"], set_={"value": insert.excluded.value}
    ),
)
_REMOVE = sa.delete(job_tags).where(
    job_tags.c.job_id == _JOB, job_tags.c.key.in_(sa.bindparam("keys", expanding=True, type_=WORDS))
)
_KEYS = within_table(sa.select(job_tags.c.key).distinct(), *_PLACE)
_COUNT_KEYS = around(_KEYS, lambda keys: sa.select(sa.func.count()).select_from(keys.subquery()))
_PAGE_OF_KEYS = around(
    _KEYS,
    lambda keys: keys.order_by(job_tags.c.key).limit(sa.bindparam("most")).offset(sa.bindparam("skipped")),
)


def _first_values(pairs: sa.Select[Any]) -> sa.Select[Any]:
    pair = pairs.subquery()
    place = sa.func.row_number().over(partition_by=pair.c.key, order_by=pair.c.value).label("place")
    numbered = sa.select(pair.c.key, pair.c.value, place).subquery()
    shown = sa.select(numbered.c.key, numbered.c.value).where(numbered.c.place <= TAG_VALUES_MAX)
    return shown.order_by(numbered.c.key, numbered.c.value)


_VALUES = around(
    within_table(
        sa.select(job_tags.c.key, job_tags.c.value)
        .distinct()
        .where(job_tags.c.key.between(sa.bindparam("first", type_=WORDS), sa.bindparam("last", type_=WORDS))),
        *_PLACE,
    ),
    _first_values,
)


class Tags:
    """See `ports.workspaces.TagRepository`; what is said here is only what is not said there."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of_job(self, job_id: str) -> dict[str, str]:
        """Key to value, keys ascending; empty for an unknown job."""
        return self.of_jobs([job_id]).get(job_id, {})

    def of_jobs(self, job_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """The same of several jobs at once; jobs without tags are left out."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for start in range(0, len(job_ids), _AT_ONCE):
            for row in self._tx.rows(_OF_JOBS, jobs=list(job_ids[start : start + _AT_ONCE])):
                found[row["job_id"]][row["key"]] = row["value"]
        return dict(found)

    def lock(self, job_id: str) -> None:
        """Nobody else tags the job before the unit ends. Raises `JobNotFound`."""
        self._locked(job_id)

    def put(self, job_id: str, tags: Mapping[str, str]) -> None:
        """Insert or replace by key. Raises `JobNotFound`."""
        place = {"job_id": job_id, **self._locked(job_id)}
        rows = [{**place, "key": key, "value": value} for key, value in sorted(tags.items())]
        if rows:
            self._tx.insert(_PUT[self._tx.dialect_name], rows)

    def remove(self, job_id: str, keys: Sequence[str]) -> None:
        """Remove those keys; missing is success. Raises `JobNotFound`."""
        self._locked(job_id)
        self._tx.change(_REMOVE, job=job_id, keys=list(keys))

    def of_project(
        self, *, offset: int = 0, limit: int = 1000
    ) -> tuple[int, tuple[tuple[str, tuple[str, ...]], ...]]:
        """How many keys are in use, and one page of (key, its first values), both ascending."""
        keys = [row["key"] for row in self._tx.rows(_PAGE_OF_KEYS, most=limit, skipped=offset)]
        total = int(self._tx.scalar(_COUNT_KEYS))
        if not keys:
            return total, ()
        values: dict[str, list[str]] = {key: [] for key in keys}
        for row in self._tx.rows(_VALUES, first=keys[0], last=keys[-1]):
            values[row["key"]].append(row["value"])
        return total, tuple((key, tuple(found)) for key, found in values.items())

    def count(self, query: TagQuery) -> int:
        """How many jobs match."""
        return count_tagged(self._tx, query)

    def search(self, query: TagQuery) -> tuple[int, tuple[TaggedJob, ...]]:
        """How many jobs match, and one page, newest first."""
        total = count_tagged(self._tx, query)
        rows = search_tagged(self._tx, query, total)
        tags = self.of_jobs([row["id"] for row in rows])
        return total, tuple(
            TaggedJob(row["id"], row["name"], row["workspace_id"], tags.get(row["id"], {})) for row in rows
        )

    def _locked(self, job_id: str) -> RowMapping:
        row = self._tx.row(_LOCK, job=job_id)
        if row is None:
            raise JobNotFound(job=job_id)
        return row
