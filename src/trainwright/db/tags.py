"""Tags of jobs. Implements `ports.workspaces.TagRepository`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, unindexed, upserts
from trainwright.db.job_changes import note_change
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
# One row of the scope's tags: what the steps below are made of. Each finds the next key, or the next value of a key, in
# the index: a list of 1,000 tags takes 1,000 looks, not one at every tag of every job.
_ANY = within_table(sa.select(job_tags.c.key).limit(1), *_PLACE)


def _keys(any_tag: sa.Select[Any]) -> sa.CTE:
    in_order = any_tag.order_by(job_tags.c.key)
    keys = sa.select(in_order.scalar_subquery().label("key")).cte("keys", recursive=True)
    following = in_order.where(job_tags.c.key > keys.c.key).scalar_subquery()
    return keys.union_all(sa.select(following).select_from(keys).where(keys.c.key.is_not(None)))


def _count_keys(any_tag: sa.Select[Any]) -> sa.Select[Any]:
    return sa.select(sa.func.count(_keys(any_tag).c.key))


def _page_of_pairs(any_tag: sa.Select[Any]) -> sa.Select[Any]:
    keys = _keys(any_tag)
    page = (
        sa.select(keys.c.key)
        .where(keys.c.key.is_not(None))
        .order_by(keys.c.key)
        .limit(sa.bindparam("most"))
        .offset(sa.bindparam("skipped"))
        .cte("page")
    )
    in_order = any_tag.with_only_columns(job_tags.c.value).order_by(job_tags.c.value)
    first = in_order.where(job_tags.c.key == page.c.key).scalar_subquery()
    pairs = sa.select(page.c.key, first.label("value"), sa.literal(1).label("place")).cte(
        "pairs", recursive=True
    )
    following = in_order.where(
        job_tags.c.key == pairs.c.key, job_tags.c.value > pairs.c.value
    ).scalar_subquery()
    more = sa.select(pairs.c.key, following, pairs.c.place + 1).where(
        pairs.c.value.is_not(None), pairs.c.place < TAG_VALUES_MAX
    )
    pairs = pairs.union_all(more)
    found = sa.select(pairs.c.key, pairs.c.value).where(pairs.c.value.is_not(None))
    return found.order_by(pairs.c.key, pairs.c.value)


_COUNT_KEYS = around(_ANY, _count_keys)
_PAIRS = around(_ANY, _page_of_pairs)


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
            note_change(self._tx, job_id, "changed")

    def remove(self, job_id: str, keys: Sequence[str]) -> None:
        """Remove those keys; missing is success. Raises `JobNotFound`."""
        self._locked(job_id)
        if self._tx.change(_REMOVE, job=job_id, keys=list(keys)):
            note_change(self._tx, job_id, "changed")

    def of_project(
        self, *, offset: int = 0, limit: int = 1000
    ) -> tuple[int, tuple[tuple[str, tuple[str, ...]], ...]]:
        """How many keys are in use, and one page of (key, its first values), both ascending."""
        values: dict[str, list[str]] = defaultdict(list)
        for row in self._tx.rows(_PAIRS, most=limit, skipped=offset):
            values[row["key"]].append(row["value"])
        total = int(self._tx.scalar(_COUNT_KEYS))
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
