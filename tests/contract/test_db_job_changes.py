"""The log of changes of jobs, on both databases: complete, in order, of the scope, and never passed over."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, describe, make_job
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.entities import Attempt, Note
from trainwright.domain.lifecycle import Phase
from trainwright.ports.identity import Project
from trainwright.ports.job_changes import Position
from trainwright.ports.uow import PLATFORM, Claim, Scope, UnitOfWork
from trainwright.ports.workspaces import Workspace

MINE = Scope(PROJECT)


def add(database: Database, *job_ids: str, project_id: str = PROJECT, workspace_id: str = "0") -> None:
    with database.units(PLATFORM) as uow:
        for job_id in job_ids:
            job = make_job(job_id, project_id=project_id)
            uow.jobs.add(replace(job, workspace_id=workspace_id))
        uow.commit()


def newest(database: Database) -> Position:
    with database.units(MINE, write=False) as uow:
        return uow.job_changes.newest()


def changes(database: Database, after: Position, scope: Scope = MINE) -> list[tuple[str, str]]:
    with database.units(scope, write=False) as uow:
        upto = uow.job_changes.newest()
        return [
            (change.job_id, change.kind) for change in uow.job_changes.list_between(after, upto, limit=100)
        ]


def claim_of(uow: UnitOfWork, job_id: str) -> Claim:
    (claim,) = uow.leases.claim_due("test", 5000, lease_ms=60_000, limit=1, job_ids=[job_id])
    return claim


def test_what_lists_show_is_told(database: Database) -> None:
    """Guards every way in which a job changes; what lists do not show is not told."""
    start = newest(database)
    assert start == Position()
    add(database, "a")
    assert changes(database, start) == [("a", "created")]

    begun = newest(database)
    with database.units(PLATFORM) as uow:
        claim = claim_of(uow, "a")
        uow.leases.save(claim, claim.job, None, ())
        uow.commit()
    assert changes(database, begun) == []  # a look that changes nothing

    with database.units(PLATFORM) as uow:
        claim = uow.leases.reload(claim)
        waiting = replace(
            claim.job, phase=Phase.PENDING, attempt_number=1, pending=Note("queued", {"position": 2})
        )
        uow.leases.save(claim, waiting, Attempt("a", 1, 6000), ())
        uow.commit()
    assert changes(database, begun) == [("a", "changed")]

    begun = newest(database)
    with database.units(PLATFORM) as uow:
        claim = uow.leases.reload(claim)
        later = replace(claim.job, pending=Note("queued", {"position": 2, "starts_at_ms": 9000}))
        uow.leases.save(claim, later, claim.attempt, ())
        uow.leases.release(claim, 7000)
        uow.commit()
    assert changes(database, begun) == []

    with database.units(MINE) as uow:
        describe(uow, "a", "else")
        uow.tags.put("a", {"k": "v"})
        uow.tags.remove("a", ["none"])
        uow.tags.remove("a", ["k"])
        assert uow.jobs.request_stop("a", 8000)
        assert not uow.jobs.request_stop("a", 8000)
        uow.jobs.delete("a")
        uow.commit()
    assert changes(database, begun) == [("a", "changed")] * 4 + [("a", "deleted")]


def test_states_are_those_of_now(database: Database) -> None:
    """Guards what followers are told of a job, before and after its first attempt, and after its end."""
    add(database, "a", "b")
    with database.units(PLATFORM) as uow:
        claim = claim_of(uow, "a")
        job = replace(claim.job, phase=Phase.RUNNING, attempt_number=1, started_at_ms=50)
        uow.leases.save(claim, job, Attempt("a", 1, 6000, hang_since_ms=70), ())
        uow.commit()
    with database.units(MINE) as uow:
        uow.jobs.request_stop("a", 8000)
        uow.commit()
    with database.units(MINE, write=False) as uow:
        found = uow.job_changes.states(["a", "b", "none"])
        assert uow.job_changes.states([]) == {}
    assert sorted(found) == ["a", "b"]
    assert (found["a"].phase, found["a"].shown) == (Phase.RUNNING, Phase.TERMINATING)
    assert (found["a"].attempt, found["a"].hang_since_ms, found["a"].started_at_ms) == (1, 70, 50)
    assert (found["b"].attempt, found["b"].hang_since_ms, found["b"].priority) == (0, 0, 1)


def test_only_what_the_scope_sees(database: Database) -> None:
    """Guards that another project's jobs, and those of hidden workspaces, are not even hinted at, deleted or not."""
    with database.units(PLATFORM) as uow:
        uow.principals.add_project(Project(PROJECT, "one", 1))
        uow.principals.add_project(Project(OTHER_PROJECT, "other", 1))
        uow.commit()
    with database.units(MINE) as uow:
        place = Workspace("w", PROJECT, "w", auth_type="PRIVATE", owner_id="olga")
        uow.workspaces.add(place)
        uow.commit()
    start = newest(database)
    add(database, "mine")
    add(database, "hidden", workspace_id="w")
    add(database, "theirs", project_id=OTHER_PROJECT)
    eve = Scope(PROJECT, "eve", "eve", sees_all=False)
    with database.units(MINE) as uow:
        uow.jobs.delete("hidden")
        uow.commit()
    assert changes(database, start, eve) == [("mine", "created")]
    assert changes(database, start, Scope(OTHER_PROJECT)) == [("theirs", "created")]
    assert [job for job, _ in changes(database, start)] == ["mine", "hidden", "hidden"]
    with database.units(eve, write=False) as uow:
        assert list(uow.job_changes.states(["mine", "hidden", "theirs"])) == ["mine"]


def test_nothing_is_committed_before_a_place_that_was_read(database: Database) -> None:
    """Guards followers against a transaction that began first and ends last, where the database has such."""
    add(database, "slow", "quick")
    if database_kind(database) == "sqlite":
        return  # one writer: the second would wait for the first
    begun = newest(database)
    with database.units(PLATFORM) as slow:
        describe(slow, "slow", "begun first")
        with database.units(PLATFORM) as quick:
            describe(quick, "quick", "ended first")
            quick.commit()
        assert newest(database) == begun
        assert changes(database, begun) == []
        slow.commit()
    assert sorted(changes(database, begun)) == [("quick", "changed"), ("slow", "changed")]


def test_the_log_is_bounded_and_says_so(database: Database) -> None:
    """Guards that a place whose followers have gone is told from one from which nothing is lost."""
    add(database, "a")
    old = newest(database)
    add(database, *(f"b{number}" for number in range(1500)))
    new = newest(database)
    with database.units(MINE) as uow, pytest.raises(ScopeBreach):
        uow.job_changes.prune(1200)
    with database.units(PLATFORM) as uow:
        assert uow.job_changes.is_kept(old, new)
        assert uow.job_changes.prune(1200) == 301
        assert not uow.job_changes.is_kept(old, new)
        assert uow.job_changes.is_kept(new, new)
        assert not uow.job_changes.is_kept(Position(new.txid, new.seq + 1), new)
        assert not uow.job_changes.is_kept(Position(), new)
        uow.commit()


def test_commits_that_change_jobs_are_told_at_once(database: Database) -> None:
    """Guards the hint: after the commit, once, and not for what was rolled back or changes no job."""
    told: list[int] = []
    database.tell_of_jobs(lambda: told.append(len(changes(database, Position()))))
    add(database, "a", "b")
    assert told == [2]
    with database.units(MINE) as uow:
        uow.jobs.request_stop("a", 5)
    with database.units(PLATFORM) as uow:
        uow.principals.add_project(Project("p", "p", 1))
        uow.commit()
    assert told == [2]


def database_kind(database: Database) -> str:
    with database.units(MINE, write=False) as uow:
        return "postgresql" if uow.job_changes.newest().txid else "sqlite"
