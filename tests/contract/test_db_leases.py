"""Leases on both databases: one holder, nothing lost, nothing overwritten."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import describe, make_job
from trainwright.db.database import Database
from trainwright.domain.entities import Attempt, Event, Note, TaskState
from trainwright.domain.errors import AttemptClosed
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.ports.uow import PLATFORM, Claim, JobQuery, LeaseLost, Match, UnitOfWork

LEASE_MS = 100


def add(database: Database, *job_ids: str) -> None:
    with database.units(PLATFORM) as uow:
        for number, job_id in enumerate(job_ids):
            uow.jobs.add(make_job(job_id, f"obs://b/{job_id}/", created_at_ms=1000 + number, replicas=2))
        uow.commit()


def claim(
    database: Database, now_ms: int, *, job_id: str | None = None, owner: str = "here"
) -> tuple[Claim, ...]:
    with database.units(PLATFORM) as uow:
        names = None if job_id is None else [job_id]
        claims = uow.leases.claim_due(owner, now_ms, lease_ms=LEASE_MS, limit=10, job_ids=names)
        uow.commit()
        return claims


def release(database: Database, held: Claim, due_at_ms: int) -> None:
    with database.units(PLATFORM) as uow:
        uow.leases.release(held, due_at_ms)
        uow.commit()


def next_due_ms(database: Database) -> int | None:
    with database.units(PLATFORM, write=False) as uow:
        return uow.leases.next_due_ms()


def admit(database: Database, held: Claim) -> Claim:
    """Saves the job as Pending with its first attempt, as the reconciler does."""
    with database.units(PLATFORM) as uow:
        job = replace(held.job, phase=Phase.PENDING, attempt_number=1)
        attempt = Attempt(job.id, 1, created_at_ms=7)
        uow.leases.save(held, job, attempt, [Event(job.id, 7, "job_created")])
        fresh = uow.leases.reload(held)
        uow.commit()
        return fresh


def end(uow: UnitOfWork, held: Claim) -> None:
    job = replace(held.job, phase=Phase.COMPLETED, ended_at_ms=9, reason=Reason.COMPLETED)
    uow.leases.save(held, job, held.attempt, [])


def test_a_new_job_is_due_at_once_and_leased_once(database: Database) -> None:
    """Guards mutual exclusion in sequence: held, nobody else gets it, whether due or named."""
    add(database, "job-1", "job-2")
    first, second = claim(database, 0)
    assert (first.job.id, second.job.id) == ("job-1", "job-2")
    assert (first.attempt, first.tasks, first.until_ms) == (None, (), LEASE_MS)
    assert claim(database, LEASE_MS - 1) == ()
    assert claim(database, LEASE_MS - 1, job_id="job-1", owner="there") == ()


def test_no_more_than_asked_and_the_longest_due_first(database: Database) -> None:
    """Guards batches and fairness."""
    add(database, "job-1", "job-2", "job-3")
    for held in claim(database, 0):
        release(database, held, {"job-1": 30, "job-2": 10, "job-3": 20}[held.job.id])
    with database.units(PLATFORM) as uow:
        assert uow.leases.claim_due("here", 9, lease_ms=1, limit=10) == ()
        claims = uow.leases.claim_due("here", 25, lease_ms=1, limit=1)
        claims += uow.leases.claim_due("here", 25, lease_ms=1, limit=10)
    assert [held.job.id for held in claims] == ["job-2", "job-3"]


def test_a_named_job_is_leased_before_it_is_due(database: Database) -> None:
    """Guards wake-ups: they need not wait for the time to look; unknown names are nobody."""
    add(database, "job-1", "job-2")
    for held in claim(database, 0):
        release(database, held, 5000)
    assert claim(database, 10) == ()
    assert [held.job.id for held in claim(database, 10, job_id="job-2")] == ["job-2"]
    assert claim(database, 10, job_id="\x00") == ()


def test_a_lease_runs_out(database: Database) -> None:
    """Guards against a dead holder: another takes over, and the former one can do no harm."""
    add(database, "job-1")
    (old,) = claim(database, 0)
    (new,) = claim(database, LEASE_MS, owner="there")
    assert old.token != new.token
    with database.units(PLATFORM) as uow:
        with pytest.raises(LeaseLost):
            end(uow, old)
        with pytest.raises(LeaseLost):
            uow.leases.reload(old)
        uow.leases.release(old, 0)
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert uow.leases.reload(new).job == new.job
        assert uow.jobs.unfinished_writing_to(["obs://b/job-1/"]) is not None


def test_a_lost_lease_writes_nothing(database: Database) -> None:
    """Guards save: no event, no attempt, no phase of a holder that came too late."""
    add(database, "job-1")
    (old,) = claim(database, 0)
    claim(database, LEASE_MS)
    with database.units(PLATFORM) as uow:
        with pytest.raises(LeaseLost):
            job = replace(old.job, phase=Phase.PENDING, attempt_number=1)
            uow.leases.save(old, job, Attempt("job-1", 1, created_at_ms=1), [Event("job-1", 1, "x")])
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert uow.jobs.get("job-1") == old.job
        assert uow.attempts.list_of_job("job-1") == ()
        assert uow.events.list_of_job("job-1") == ()


def test_what_is_saved_is_what_is_reloaded(database: Database) -> None:
    """Guards every reconciler's column of job and attempt, and the task rows of a new attempt."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    held = admit(database, held)
    assert [(task.name, task.role, task.index) for task in held.tasks] == [
        ("worker-0", "worker", 0),
        ("worker-1", "worker", 1),
        ("ps-0", "ps", 0),
    ]
    job = replace(
        held.job,
        phase=Phase.TERMINATING,
        started_at_ms=11,
        reason=Reason.USER_EXIT,
        budget_used=1,
        free_used=2,
        pending=Note("queued", {"n": 1}),
        blocked="b",
        failures=3,
    )
    attempt = replace(
        held.attempt or Attempt("job-1", 1, 0),
        handle={"key": "k", "native": {"pid": 1}},
        up_at_ms=1,
        settled_at_ms=2,
        ended_at_ms=3,
        unseen_since_ms=4,
        end_reason=Reason.USER_EXIT,
        end_task="worker-1",
    )
    with database.units(PLATFORM) as uow:
        uow.leases.save(held, job, attempt, [])
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        fresh = uow.leases.reload(held)
    assert fresh == replace(held, job=job, attempt=attempt)


def test_the_description_is_not_the_reconcilers(database: Database) -> None:
    """Guards a user's edit during a lease against being overwritten by the older row."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    with database.units(PLATFORM) as uow:
        describe(uow, "job-1", "new")
        uow.commit()
    assert admit(database, held).job.description == "new"


def test_a_restart_makes_the_next_attempt_once(database: Database) -> None:
    """Guards attempts: a second save with the same number updates, a new number inserts and supersedes."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    held = admit(database, held)
    with database.units(PLATFORM) as uow:
        job = replace(held.job, attempt_number=2)
        second = Attempt("job-1", 2, created_at_ms=9)
        uow.leases.save(held, job, second, [])
        uow.leases.save(held, job, second, [])
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert [attempt.number for attempt in uow.attempts.list_of_job("job-1")] == [1, 2]
        assert uow.leases.reload(held).attempt == second
        assert uow.attempts.get_live(second.key)[1] == second
        with pytest.raises(AttemptClosed):
            uow.attempts.get_live("job-1-a1")
        assert uow.attempts.live_keys() == {"job-1-a1", "job-1-a2"}


def test_an_ended_job_is_never_due_again(database: Database) -> None:
    """Guards the loop and its folders: end phases leave the queue, free the outputs and close the attempt."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    held = admit(database, held)
    with database.units(PLATFORM) as uow:
        end(uow, held)
        uow.leases.release(held, 0)
        uow.commit()
    assert next_due_ms(database) is None
    assert claim(database, 10**12) == ()
    assert claim(database, 10**12, job_id="job-1") == ()
    with database.units(PLATFORM) as uow:
        assert not uow.jobs.request_stop("job-1", 1)
        assert uow.jobs.unfinished_writing_to(["obs://b/job-1/"]) is None
        with pytest.raises(AttemptClosed):
            uow.attempts.get_live("job-1-a1")
        uow.tasks.save(held.tasks[0], make_due=True)
        uow.commit()
    assert next_due_ms(database) is None


def test_a_stop_during_the_lease_is_kept(database: Database) -> None:
    """Guards a user's stop against a save that was planned before it; and the job is looked at again at once."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    held = admit(database, held)
    with database.units(PLATFORM) as uow:
        assert uow.jobs.request_stop("job-1", 55)
        uow.commit()
    with database.units(PLATFORM) as uow:
        settling = replace(held.job, phase=Phase.TERMINATING, reason=Reason.USER_EXIT)
        uow.leases.save(held, settling, held.attempt, [])
        uow.leases.release(held, 90_000)
        uow.commit()
    assert (next_due_ms(database) or 0) <= 55
    (again,) = claim(database, 60)
    assert (again.job.stop_requested_at_ms, again.job.stop_reason) == (55, Reason.STOPPED_BY_USER)


def test_of_two_stops_the_stored_one_stays(database: Database) -> None:
    """Guards the user's stop against the run-time limit noticed at the same time; alone, the limit is stored."""
    add(database, "job-1", "job-2")
    one, two = claim(database, 0)
    with database.units(PLATFORM) as uow:
        uow.jobs.request_stop("job-1", 55)
        for held in (one, two):
            limited = replace(held.job, stop_requested_at_ms=60, stop_reason=Reason.TIME_LIMIT)
            uow.leases.save(held, replace(limited, phase=Phase.TERMINATING), None, [])
        uow.commit()
        # Both are shown as Terminating, since both were asked to stop.
    with database.units(PLATFORM, write=False) as uow:
        stops = [uow.jobs.get(job_id).stop_reason for job_id in ("job-1", "job-2")]
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.TERMINATING,)),))).matches == 2
    assert stops == [Reason.STOPPED_BY_USER, Reason.TIME_LIMIT]


def test_what_settles_by_itself_is_shown_as_running(database: Database) -> None:
    """Guards the public phase in searches: before a stop Running, after it Terminating."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    with database.units(PLATFORM) as uow:
        uow.leases.save(held, replace(held.job, phase=Phase.TERMINATING), None, [])
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.RUNNING,)),))).matches == 1
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.TERMINATING,)),))).matches == 0
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.RUNNING,), "not"),))).matches == 0
        assert uow.jobs.request_stop("job-1", 5)
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.RUNNING,)),))).matches == 0
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.TERMINATING,)),))).matches == 1


def test_a_report_during_the_lease_is_not_postponed(database: Database) -> None:
    """Guards make_due: release keeps the job due; the next release, with nothing new, postpones it."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    held = admit(database, held)
    with database.units(PLATFORM) as uow:
        uow.tasks.save(replace(held.tasks[0], registered_at_ms=5), make_due=True)
        uow.commit()
    release(database, held, 90_000)
    (again,) = claim(database, 10)
    assert again.tasks[0].registered_at_ms == 5
    release(database, again, 90_000)
    assert claim(database, 20) == ()
    assert next_due_ms(database) == 90_000


def test_a_report_without_make_due_changes_no_time(database: Database) -> None:
    """Guards against looking at a job for every sample and heartbeat."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    held = admit(database, held)
    with database.units(PLATFORM) as uow:
        uow.tasks.save(replace(held.tasks[0], last_seen_ms=5), make_due=False)
        uow.commit()
    release(database, held, 90_000)
    assert next_due_ms(database) == 90_000


def test_next_due_counts_leases(database: Database) -> None:
    """Guards the loop against spinning on a job that is due but held."""
    assert next_due_ms(database) is None
    add(database, "job-1", "job-2")
    assert next_due_ms(database) == 0
    one, _two = claim(database, 50)
    assert next_due_ms(database) == 50 + LEASE_MS
    release(database, one, 120)
    assert next_due_ms(database) == 120
    (one,) = claim(database, 130)
    release(database, one, 500)
    assert next_due_ms(database) == 50 + LEASE_MS


def test_a_former_life_gives_its_leases_back(database: Database) -> None:
    """Guards the restart: our own leases are free at once, others' stay, and what was named stays due."""
    add(database, "job-1", "job-2", "job-3")
    for held in claim(database, 0):
        release(database, held, 5000)
    claim(database, 10, job_id="job-1", owner="here")
    claim(database, 10, job_id="job-2", owner="here")
    claim(database, 10, job_id="job-3", owner="there")
    with database.units(PLATFORM) as uow:
        assert uow.leases.release_owner("here") == 2
        assert uow.leases.release_owner("here") == 0
        uow.commit()
    assert [held.job.id for held in claim(database, 10)] == ["job-1", "job-2"]


def test_a_lease_is_on_one_job(database: Database) -> None:
    """Guards against writing another job under this one's lease."""
    add(database, "job-1", "job-2")
    one, two = claim(database, 0)
    with database.units(PLATFORM) as uow:
        for job, attempt, events in (
            (two.job, None, []),
            (one.job, Attempt("job-2", 1, 0), []),
            (one.job, None, [Event("job-2", 1, "x")]),
        ):
            with pytest.raises(ValueError, match="job-1"):
                uow.leases.save(one, job, attempt, events)


def test_a_result_is_written_once(database: Database) -> None:
    """Guards the first final report against repeated, late and contradicting ones; numbers never fall."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    task = admit(database, held).tasks[0]
    final = replace(
        task,
        registered_at_ms=1,
        started_at_ms=2,
        ended_at_ms=3,
        step="report",
        reason=Reason.USER_EXIT,
        exit_code=3,
        message="exit \x00\ud800",
        last_seq=9,
        last_seen_ms=10,
        ip="10.0.0.1",
        host="node",
        launcher="process",
    )
    later = replace(
        final, ended_at_ms=99, reason=Reason.COMPLETED, exit_code=0, message="", last_seq=4, step="linger"
    )
    with database.units(PLATFORM) as uow:
        uow.tasks.save(final, make_due=False)
        stored = replace(final, message="exit \ufffd?")
        assert uow.tasks.get(task.attempt_key, task.name) == stored
        uow.tasks.save(later, make_due=False)
        uow.tasks.save(replace(task, last_seen_ms=11, step="linger"), make_due=False)
        kept = uow.tasks.get(task.attempt_key, task.name)
        assert (kept.ended_at_ms, kept.reason, kept.exit_code, kept.message) == (3, *_result(stored))
        assert (kept.last_seq, kept.last_seen_ms, kept.step) == (9, 11, "linger")
        with pytest.raises(AttemptClosed):
            uow.tasks.save(replace(task, name="worker-9"), make_due=True)


def _result(task: TaskState) -> tuple[Reason | None, int | None, str]:
    return task.reason, task.exit_code, task.message
