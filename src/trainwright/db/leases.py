"""Leases on unfinished jobs, and all that is written under them. Implements `ports.uow.LeaseRepository`.

A lease is three columns of the job: owner, token, until. Taking it is an UPDATE that demands that it be free; writing
under it is an UPDATE that demands the token. A job made due while it is leased is marked `woken`, and giving the lease
back then leaves it due. Each of these is one statement, so that it is whole on both databases.
"""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from trainwright.db.dialects import WORDS, earlier, later
from trainwright.db.events import insert_events
from trainwright.db.job_changes import note_change
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
from trainwright.domain.lifecycle import public_phase
from trainwright.domain.specs import attempt_key
from trainwright.ports.uow import Claim, LeaseLost

_NOW = sa.bindparam("now", type_=sa.BigInteger)
_DUE = sa.bindparam("due", type_=sa.BigInteger)
_JOB: sa.BindParameter[str] = sa.bindparam("job")
_TOKEN: sa.BindParameter[str] = sa.bindparam("token")

_UNFINISHED = jobs.c.due_at_ms.is_not(None)
_FREE = jobs.c.lease_until_ms <= _NOW
_CANDIDATES: sa.Select[Any] = (
    sa.select(jobs.c.id)
    .where(_FREE)
    .order_by(jobs.c.due_at_ms, jobs.c.created_at_ms)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DUE_CANDIDATES = _CANDIDATES.where(jobs.c.due_at_ms <= _NOW)
_NAMED_CANDIDATES = _CANDIDATES.where(_UNFINISHED, jobs.c.id.in_(sa.bindparam("names", expanding=True)))
_CLAIM = (
    sa.update(jobs)
    .where(jobs.c.id.in_(sa.bindparam("found", expanding=True)), _FREE)
    .values(
        lease_owner=sa.bindparam("owner"),
        lease_token=_TOKEN,
        lease_until_ms=sa.bindparam("until"),
        # Should this process die, the job is due again as soon as the lease has run out.
        due_at_ms=earlier(jobs.c.due_at_ms, _NOW),
        woken=False,
    )
)
_LEASED: sa.Select[Any] = (
    sa.select(jobs, job_documents)
    .join(job_documents)
    .where(jobs.c.lease_token == _TOKEN, jobs.c.id.in_(sa.bindparam("jobs", expanding=True)))
    .order_by(jobs.c.created_at_ms, jobs.c.id)
)
_ATTEMPTS = sa.select(attempts).where(attempts.c.key.in_(sa.bindparam("keys", expanding=True)))
_TASKS = (
    sa.select(tasks)
    .where(tasks.c.attempt_key.in_(sa.bindparam("keys", expanding=True)))
    .order_by(tasks.c.attempt_key, tasks.c.position)
)

# Of two stop requests the stored one, which came first, stays.
_UNMARKED = jobs.c.stop_requested_at_ms == 0
_NEW_STOP = sa.bindparam("new_stop", type_=sa.BigInteger)
_SAVE = (
    sa.update(jobs)
    .where(jobs.c.id == _JOB, jobs.c.lease_token == _TOKEN)
    .values(
        stop_requested_at_ms=sa.case((_UNMARKED, _NEW_STOP), else_=jobs.c.stop_requested_at_ms),
        stop_reason=sa.case(
            (_UNMARKED, sa.bindparam("new_stop_reason", type_=WORDS)), else_=jobs.c.stop_reason
        ),
        public_phase=sa.case(
            (_UNMARKED, sa.bindparam("phase_by_itself", type_=WORDS)),
            else_=sa.bindparam("phase_when_stopped", type_=WORDS),
        ),
        due_at_ms=sa.case((sa.bindparam("ended", type_=sa.Boolean), sa.null()), else_=jobs.c.due_at_ms),
    )
)
_SAVE_ATTEMPT = sa.update(attempts).where(attempts.c.key == sa.bindparam("attempt_key"))
_ADD_ATTEMPT = sa.insert(attempts)
_ADD_TASKS = sa.insert(tasks)

_NO_LEASE = {"lease_owner": "", "lease_token": "", "lease_until_ms": 0, "woken": False}
_RELEASE = (
    sa.update(jobs)
    .where(jobs.c.id == _JOB, jobs.c.lease_token == _TOKEN)
    .values(
        **_NO_LEASE,
        due_at_ms=sa.case(
            (jobs.c.due_at_ms.is_(None), sa.null()),
            (jobs.c.woken, earlier(jobs.c.due_at_ms, _DUE)),
            else_=_DUE,
        ),
    )
)
_RELEASE_OWNER = (
    sa.update(jobs)
    .where(jobs.c.lease_owner == sa.bindparam("owner"), jobs.c.lease_token != "")
    .values(**_NO_LEASE)
)
_FIRST_FREE = (
    sa.select(jobs.c.due_at_ms)
    .where(_UNFINISHED, jobs.c.lease_until_ms == 0)
    .order_by(jobs.c.due_at_ms)
    .limit(1)
)
_CLAIMABLE_AT = sa.select(sa.func.min(later(jobs.c.due_at_ms, jobs.c.lease_until_ms))).where(_UNFINISHED)
_CLAIMABLE_BEFORE = _CLAIMABLE_AT.where(jobs.c.due_at_ms < _DUE)


class Leases:
    """See `ports.uow.LeaseRepository`."""

    def __init__(self, tx: Transaction) -> None:
        tx.require_platform()
        self._tx = tx

    def claim_due(
        self, owner: str, now_ms: int, *, lease_ms: int, limit: int, job_ids: Sequence[str] | None = None
    ) -> tuple[Claim, ...]:
        """Lease at most `limit` unfinished jobs nobody holds: those that are due, or those named, due or not.

        The longest due are taken first; the answer is by age. A job that another process is changing at this instant
        is passed over.
        """
        if job_ids is None:
            rows = self._tx.rows(_DUE_CANDIDATES, now=now_ms, most=limit)
        else:
            rows = self._tx.rows(_NAMED_CANDIDATES, now=now_ms, most=limit, names=list(job_ids))
        found = [row["id"] for row in rows]
        if not found:
            return ()
        token = uuid.uuid4().hex
        self._tx.change(_CLAIM, found=found, now=now_ms, owner=owner, token=token, until=now_ms + lease_ms)
        return self._claims(token, found)

    def save(self, claim: Claim, job: Job, attempt: Attempt | None, events: Sequence[Event]) -> None:
        """Write what the reconciler owns. An end phase also frees the job's output folders.

        Raises:
            LeaseLost: the lease is not ours any more; nothing was written.
            ValueError: `job`, `attempt` or one of `events` is not of the claim's job.
        """
        job_id = claim.job.id
        if {job_id} != {job.id, *(event.job_id for event in events), attempt.job_id if attempt else job_id}:
            raise ValueError(f"the lease is on job {job_id} only")
        marked = bool(job.stop_requested_at_ms)
        saved = self._tx.change(
            _SAVE,
            job=job_id,
            token=claim.token,
            new_stop=job.stop_requested_at_ms,
            new_stop_reason=job.stop_reason,
            phase_by_itself=public_phase(job.phase, stop_requested=marked),
            phase_when_stopped=public_phase(job.phase, stop_requested=True),
            ended=job.phase.is_end,
            **progress_values(job),
        )
        if not saved:
            raise LeaseLost
        if attempt is not None:
            self._save_attempt(attempt, job)
        if job.phase.is_end:
            drop_outputs(self._tx, job_id)
        insert_events(self._tx, events)
        if _shown(claim.job, claim.attempt) != _shown(job, attempt):
            note_change(self._tx, job_id, "changed")

    def release(self, claim: Claim, due_at_ms: int) -> None:
        """Give the lease back; nothing happens when it is lost."""
        self._tx.change(_RELEASE, job=claim.job.id, token=claim.token, due=due_at_ms)

    def reload(self, claim: Claim) -> Claim:
        """The same lease with fresh rows. Raises `LeaseLost`."""
        claims = self._claims(claim.token, [claim.job.id])
        if not claims:
            raise LeaseLost
        return claims[0]

    def next_due_ms(self) -> int | None:
        """When the next unfinished job can be claimed: it is due and its lease, if any, has run out."""
        # Two walks along the index of due times: the first ends at a free job, the second sees leased ones only.
        free: int | None = self._tx.scalar(_FIRST_FREE)
        leased: int | None = self._tx.scalar(_CLAIMABLE_AT) if free is None else None
        if free is not None:
            leased = self._tx.scalar(_CLAIMABLE_BEFORE, due=free)
        return min((at_ms for at_ms in (free, leased) if at_ms is not None), default=None)

    def release_owner(self, owner: str) -> int:
        """Free all leases of `owner`; the jobs stay due as they were when it took them."""
        return self._tx.change(_RELEASE_OWNER, owner=owner)

    def _claims(self, token: str, job_ids: Sequence[str]) -> tuple[Claim, ...]:
        rows = self._tx.rows(_LEASED, token=token, jobs=job_ids)
        current = self._current_attempts(rows)
        states = self._tasks([attempt.key for attempt in current.values()])
        return tuple(
            Claim(
                job=job_of(row),
                attempt=current.get(row["id"]),
                tasks=tuple(states.get(row["id"], ())),
                token=token,
                until_ms=row["lease_until_ms"],
            )
            for row in rows
        )

    def _current_attempts(self, rows: Sequence[RowMapping]) -> dict[str, Attempt]:
        keys = [attempt_key(row["id"], row["attempt_number"]) for row in rows if row["attempt_number"]]
        found = self._tx.rows(_ATTEMPTS, keys=keys) if keys else ()
        return {row["job_id"]: attempt_of(row) for row in found}

    def _tasks(self, keys: Sequence[str]) -> dict[str, list[TaskState]]:
        states: dict[str, list[TaskState]] = {}
        for row in self._tx.rows(_TASKS, keys=keys) if keys else ():
            states.setdefault(row["job_id"], []).append(task_of(row))
        return states

    def _save_attempt(self, attempt: Attempt, job: Job) -> None:
        if not self._tx.change(_SAVE_ATTEMPT, attempt_key=attempt.key, **attempt_values(attempt)):
            self._tx.change(_ADD_ATTEMPT, **new_attempt_values(attempt))
            self._tx.insert(_ADD_TASKS, new_task_values(attempt, job.launch))


def _shown(job: Job, attempt: Attempt | None) -> tuple[object, ...]:
    """What lists show of a job and the control loop changes. When it is expected to start is not among it: estimates
    move all the time.
    """
    pending = job.pending
    waits = None
    if pending is not None:
        waits = (pending.code, {key: slot for key, slot in pending.slots.items() if key != "starts_at_ms"})
    kept = (attempt.reserved_until_ms, attempt.hang_since_ms) if attempt is not None else (0, 0)
    stopped = bool(job.stop_requested_at_ms)
    return job.phase, stopped, job.reason, job.attempt_number, job.started_at_ms, job.blocked, waits, kept
