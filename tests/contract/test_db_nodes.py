"""Isolated nodes, stacks and rendezvous on both databases."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.domain.entities import Attempt
from trainwright.domain.reasons import Reason
from trainwright.ports.nodes import Isolation, Stacks
from trainwright.ports.uow import PLATFORM, Scope


def begin(database: Database, job_id: str = "job-1", *, attempts: int = 1, replicas: int = 1) -> None:
    """A job with so many attempts."""
    with database.units(PLATFORM) as uow:
        job = make_job(job_id)
        role = job.launch.roles[0].model_copy(update={"replicas": replicas})
        uow.jobs.add(replace(job, launch=job.launch.model_copy(update={"roles": (role,)})))
        (held,) = uow.leases.claim_due("here", 0, lease_ms=1, limit=1, job_ids=[job_id])
        for number in range(1, attempts + 1):
            uow.leases.save(
                held, replace(held.job, attempt_number=number), Attempt(job_id, number, created_at_ms=1), []
            )
        uow.leases.release(held, 0)
        uow.commit()


def test_a_node_is_isolated_once_and_returned_once(database: Database) -> None:
    """Guards the first reason against later ones, and the order of the list."""
    first = Isolation("n2", "precheck_failed", "no GPU", 5, job_id="job-1")
    with database.units(PLATFORM) as uow:
        assert uow.isolations.add(first)
        assert not uow.isolations.add(Isolation("n2", "admin", "", 6, by="root"))
        assert uow.isolations.add(Isolation("n1", "admin", "", 7, by="root"))
        uow.commit()
    with database.units(PLATFORM) as uow:
        assert [each.node for each in uow.isolations.list_all()] == ["n1", "n2"]
        assert uow.isolations.list_all()[1] == first
        assert uow.isolations.remove("n2")
        assert not uow.isolations.remove("n2")
        assert [each.node for each in uow.isolations.list_all()] == ["n1"]


def test_dumps_come_newest_first_and_go_with_their_job(database: Database) -> None:
    """Guards order, pages, replacement, and other projects."""
    begin(database, attempts=2)
    with database.units(PLATFORM) as uow:
        for key, task, number in (
            ("job-1-a1", "worker-0", 2),
            ("job-1-a2", "worker-1", 1),
            ("job-1-a2", "worker-0", 1),
        ):
            uow.stacks.put(Stacks(key, task, number, 1, "old"))
            uow.stacks.put(Stacks(key, task, number, 2, f"{key} {task}"))
        uow.stacks.put(Stacks("job-9-a1", "worker-0", 1, 1, "of no attempt"))
        uow.commit()
    with database.units(Scope(PROJECT), write=False) as uow:
        found = uow.stacks.list_of_job("job-1")
        assert [dump.text for dump in found] == [
            "job-1-a2 worker-0",
            "job-1-a2 worker-1",
            "job-1-a1 worker-0",
        ]
        assert uow.stacks.list_of_job("job-1", offset=1, limit=1) == found[1:2]
        assert [dump.task for dump in uow.stacks.list_of_dump("job-1-a2", 1)] == ["worker-0", "worker-1"]
    with database.units(Scope(OTHER_PROJECT), write=False) as uow:
        assert uow.stacks.list_of_job("job-1") == ()
        assert uow.stacks.list_of_dump("job-1-a2", 1) == ()
    with database.units(PLATFORM) as uow:
        uow.jobs.delete("job-1")
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert uow.stacks.list_of_dump("job-1-a2", 1) == ()


def test_old_dumps_of_an_attempt_are_dropped(database: Database) -> None:
    """Guards the bound on what one attempt keeps; other attempts and projects lose nothing."""
    begin(database, attempts=2)
    with database.units(PLATFORM) as uow:
        for number in (1, 2, 3):
            uow.stacks.put(Stacks("job-1-a1", "worker-0", number, 1, "text"))
        uow.stacks.put(Stacks("job-1-a2", "worker-0", 1, 1, "text"))
        assert uow.stacks.tasks_of_dump("job-1-a1", 2) == {"worker-0"}
        uow.stacks.drop("job-1-a1", up_to=0)
        uow.stacks.drop("job-1-a1", up_to=2)
        uow.commit()
    with database.units(Scope(OTHER_PROJECT)) as uow:
        uow.stacks.drop("job-1-a1", up_to=3)
        assert uow.stacks.tasks_of_dump("job-1-a1", 3) == frozenset()
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        left = [(dump.attempt_key, dump.number) for dump in uow.stacks.list_of_job("job-1")]
        assert left == [("job-1-a2", 1), ("job-1-a1", 3)]


@pytest.mark.parametrize("number", [0, 2])
def test_all_are_ready_once_the_last_one_is(database: Database, number: int) -> None:
    """Guards the barrier's question: rounds beyond count, a task that has said nothing does not."""
    begin(database, replicas=3)
    key = "job-1-a1"
    for index, ready in ((0, number), (2, number + 1), (1, number)):
        with database.units(PLATFORM) as uow:
            assert not uow.tasks.are_ready(key, number)
            task = uow.tasks.get(key, f"worker-{index}")
            uow.tasks.save(replace(task, round=ready, port=5000 + index), make_due=False)
            uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert uow.tasks.are_ready(key, number)
        assert not uow.tasks.are_ready(key, number + 1)


def test_what_attempts_and_tasks_remember_of_faults_comes_back(database: Database) -> None:
    """Guards every column of recovery."""
    begin(database)
    with database.units(PLATFORM) as uow:
        (held,) = uow.leases.claim_due("here", 9, lease_ms=1, limit=1)
        attempt = Attempt(
            "job-1",
            1,
            created_at_ms=1,
            urgent=True,
            wanted_starts=4,
            hang_restarts=3,
            hang_since_ms=5,
            wanted_stacks=2,
            reserved_until_ms=6,
            restarted_at_ms=7,
            process_restarts=1,
            ran_before_ms=8,
        )
        uow.leases.save(held, replace(held.job, avoid=("n1", "n2")), attempt, [])
        task = replace(
            uow.tasks.get("job-1-a1", "worker-0"),
            node="n1",
            round=4,
            port=5,
            quiet_since_ms=6,
            quiet_measure="gpu",
            failed_round=3,
            failure=Reason.USER_SIGNAL,
        )
        uow.tasks.save(task, make_due=False)
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        job, stored = uow.attempts.get_live("job-1-a1")
        assert (stored, job.avoid) == (attempt, ("n1", "n2"))
        assert uow.tasks.get("job-1-a1", "worker-0") == task
