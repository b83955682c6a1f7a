"""Leases on unfinished jobs, and all that is written under them. Implements `ports.uow.LeaseRepository`.

A lease is three columns of the job: owner, token, until. Taking it is an UPDATE that demands that it be free; writing
under it is an UPDATE that demands the token. A job made due while it is leased is marked `woken`, and giving the lease
back then leaves it due. Each of these is one statement, so that it is whole on both databases.
"""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import Words, earlier
from trainwright.db.events import insert_events
from trainwright.db.outputs import drop_outputs
from trainwright.db.rows import (
    attempt_of,
    attempt_values,
    job_of,
    new_attempt_values,
    new_task_values,
    progress_values,
    task_of,
)
from trainwright.db.schema import attempts, job_documents, jobs, tasks
from trainwright.db.transaction import Transaction
from trainwright.domain.entities import Attempt, Event, Job, TaskState
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import attempt_key
from trainwright.ports.uow import Claim, LeaseLost


class Leases:
    """See `ports.uow.LeaseRepository`."""

    def __init__(self, tx: Transaction) -> None:
        tx.require_platform()
        self._tx = tx

    def claim_due(
        self, owner: str, now_ms: int, *, lease_ms: int, limit: int, job_ids: Sequence[str] | None = None
    ) -> tuple[Claim, ...]:
        """Lease at most `limit` unfinished jobs nobody holds: those that are due, or those named, due or not.

        The longest due come first. A job that another process is changing at this instant is passed over.
        """
        free = jobs.c.lease_until_ms <= now_ms
        wanted = jobs.c.due_at_ms <= now_ms if job_ids is None else _unfinished() & jobs.c.id.in_(job_ids)
        candidates = (
            sa.select(jobs.c.id)
            .where(wanted, free)
            .order_by(jobs.c.due_at_ms, jobs.c.created_at_ms)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        found = [row["id"] for row in self._tx.rows(candidates)]
        if not found:
            return ()
        token, until_ms = uuid.uuid4().hex, now_ms + lease_ms
        self._tx.change(
            sa.update(jobs)
            .where(jobs.c.id.in_(found), free)
            .values(
                lease_owner=owner,
                lease_token=token,
                lease_until_ms=until_ms,
                # Should this process die, the job is due again as soon as the lease has run out.
                due_at_ms=earlier(jobs.c.due_at_ms, sa.literal(now_ms, sa.BigInteger)),
                woken=False,
            )
        )
        return self._claims(token)

    def save(self, claim: Claim, job: Job, attempt: Attempt | None, events: Sequence[Event]) -> None:
        """Write what the reconciler owns. An end phase also frees the job's output folders.

        Raises:
            LeaseLost: the lease is not ours any more; nothing was written.
            ValueError: `job` or `attempt` is not the claim's job.
        """
        if job.id != claim.job.id or (attempt and attempt.job_id != job.id):
            raise ValueError(f"the lease is on job {claim.job.id}")
        guarded = sa.update(jobs).where(jobs.c.id == job.id, jobs.c.lease_token == claim.token)
        if not self._tx.change(guarded.values(_progress(job))):
            raise LeaseLost
        if attempt is not None:
            self._save_attempt(attempt, job)
        if job.phase.is_end:
            drop_outputs(self._tx, job.id)
        insert_events(self._tx, events)

    def release(self, claim: Claim, due_at_ms: int) -> None:
        """Give the lease back; nothing happens when it is lost."""
        due = sa.literal(due_at_ms, sa.BigInteger)
        self._tx.change(
            sa.update(jobs)
            .where(jobs.c.id == claim.job.id, jobs.c.lease_token == claim.token)
            .values(
                _no_lease()
                | {
                    "due_at_ms": sa.case(
                        (jobs.c.due_at_ms.is_(None), sa.null()),
                        (jobs.c.woken, earlier(jobs.c.due_at_ms, due)),
                        else_=due,
                    )
                }
            )
        )

    def reload(self, claim: Claim) -> Claim:
        """The same lease with fresh rows. Raises `LeaseLost`."""
        claims = self._claims(claim.token, claim.job.id)
        if not claims:
            raise LeaseLost
        return claims[0]

    def next_due_ms(self) -> int | None:
        """When the next unfinished job can be claimed: it is due and its lease, if any, has run out."""
        claimable = sa.case(
            (jobs.c.lease_until_ms > jobs.c.due_at_ms, jobs.c.lease_until_ms), else_=jobs.c.due_at_ms
        )
        due: int | None = self._tx.scalar(sa.select(sa.func.min(claimable)).where(_unfinished()))
        return due

    def release_owner(self, owner: str) -> int:
        """Free all leases of `owner`; the jobs stay due as they were when it took them."""
        return self._tx.change(
            sa.update(jobs).where(jobs.c.lease_owner == owner, jobs.c.lease_token != "").values(_no_lease())
        )

    def _claims(self, token: str, job_id: str | None = None) -> tuple[Claim, ...]:
        leased = sa.select(jobs, job_documents).join(job_documents).where(jobs.c.lease_token == token)
        if job_id is not None:
            leased = leased.where(jobs.c.id == job_id)
        rows = self._tx.rows(leased.order_by(jobs.c.created_at_ms, jobs.c.id))
        current = self._current_attempts(rows)
        of_attempt = self._tasks([attempt.key for attempt in current.values()])
        claims = []
        for row in rows:
            attempt = current.get(row["id"])
            states = of_attempt.get(attempt.key, ()) if attempt else ()
            claims.append(Claim(job_of(row), attempt, tuple(states), token, row["lease_until_ms"]))
        return tuple(claims)

    def _current_attempts(self, rows: Sequence[RowMapping]) -> dict[str, Attempt]:
        keys = [attempt_key(row["id"], row["attempt_number"]) for row in rows if row["attempt_number"]]
        if not keys:
            return {}
        found = self._tx.rows(sa.select(attempts).where(attempts.c.key.in_(keys)))
        return {row["job_id"]: attempt_of(row) for row in found}

    def _tasks(self, keys: Sequence[str]) -> dict[str, list[TaskState]]:
        grouped: dict[str, list[TaskState]] = {}
        if keys:
            statement = sa.select(tasks).where(tasks.c.attempt_key.in_(keys))
            for row in self._tx.rows(statement.order_by(tasks.c.attempt_key, tasks.c.position)):
                grouped.setdefault(row["attempt_key"], []).append(task_of(row))
        return grouped

    def _save_attempt(self, attempt: Attempt, job: Job) -> None:
        known = sa.update(attempts).where(attempts.c.key == attempt.key)
        if self._tx.change(known.values(attempt_values(attempt))):
            return
        self._tx.change(sa.insert(attempts).values(new_attempt_values(attempt)))
        self._tx.insert(sa.insert(tasks), new_task_values(attempt, job.launch))


def _unfinished() -> sa.ColumnElement[bool]:
    return jobs.c.due_at_ms.is_not(None)


def _progress(job: Job) -> dict[str, object]:
    """Columns of `jobs` as `job` has them; of two stop requests the stored one, which came first, stays."""
    unmarked = jobs.c.stop_requested_at_ms == 0
    values: dict[str, object] = {
        **progress_values(job),
        "stop_requested_at_ms": sa.case(
            (unmarked, sa.literal(job.stop_requested_at_ms, sa.BigInteger)), else_=jobs.c.stop_requested_at_ms
        ),
        "stop_reason": sa.case((unmarked, sa.literal(job.stop_reason, Words)), else_=jobs.c.stop_reason),
        "public_phase": job.phase,
    }
    if job.phase is Phase.TERMINATING and not job.stop_requested_at_ms:
        values["public_phase"] = sa.case(
            (unmarked, sa.literal(Phase.RUNNING, Words)), else_=sa.literal(Phase.TERMINATING, Words)
        )
    if job.phase.is_end:
        values["due_at_ms"] = sa.null()
    return values


def _no_lease() -> dict[str, object]:
    return {"lease_owner": "", "lease_token": "", "lease_until_ms": 0, "woken": False}
