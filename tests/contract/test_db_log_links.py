"""Share links and the event search on both databases."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.domain.entities import Event, Level, Source
from trainwright.domain.errors import JobNotFound
from trainwright.ports.identity import Project
from trainwright.ports.log_links import LogPermit
from trainwright.ports.uow import PLATFORM, EventQuery, Scope
from trainwright.ports.workspaces import Workspace

MINE, THEIRS = Scope(PROJECT), Scope(OTHER_PROJECT)
PERMIT = LogPermit("a" * 64, "job-1", "worker-0", 1, True, "u-ann", "ann", created_at_ms=10, expires_at_ms=20)


@pytest.fixture
def filled(database: Database) -> Database:
    """A job of each project, the first with three links."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1"))
        uow.jobs.add(make_job("job-2", project_id=OTHER_PROJECT))
        for number, name in enumerate("abc"):
            uow.log_links.add(
                replace(PERMIT, id=name * 64, created_at_ms=10 + number, expires_at_ms=20 + number)
            )
        uow.commit()
    return database


def test_links_are_listed_newest_first_until_they_expire(filled: Database) -> None:
    """Guards the list, its pages and its count."""
    with filled.units(MINE, write=False) as uow:
        assert uow.log_links.find(PERMIT.id) == PERMIT
        total, links = uow.log_links.list_of_job("job-1", 19, offset=0, limit=2)
        assert (total, [link.id[0] for link in links]) == (3, ["c", "b"])
        total, links = uow.log_links.list_of_job("job-1", 20, offset=1, limit=2)
        assert (total, [link.id[0] for link in links]) == (2, ["b"])


def test_links_of_other_projects_do_not_exist(filled: Database) -> None:
    """Guards against reading, making or revoking a link to another project's log."""
    with filled.units(THEIRS) as uow:
        assert uow.log_links.find(PERMIT.id) is None
        assert uow.log_links.list_of_job("job-1", 0, offset=0, limit=9) == (0, ())
        assert not uow.log_links.delete("job-1", PERMIT.id)
        with pytest.raises(JobNotFound):
            uow.log_links.add(replace(PERMIT, id="d" * 64))


def test_links_go_one_by_one_or_when_expired_or_with_their_job(filled: Database) -> None:
    """Guards revocation, the sweep, and that no link outlives its job."""
    with filled.units(MINE) as uow:
        assert not uow.log_links.delete("job-2", PERMIT.id)
        assert uow.log_links.delete("job-1", PERMIT.id)
        assert not uow.log_links.delete("job-1", PERMIT.id)
        uow.commit()
    with filled.units(PLATFORM) as uow:
        assert uow.log_links.delete_expired(21) == 1
        uow.jobs.delete("job-1")
        assert uow.log_links.find("c" * 64) is None


def test_existing_jobs_are_those_of_the_scope(filled: Database) -> None:
    """Guards the sweep of logs against taking a living job's log."""
    with filled.units(PLATFORM, write=False) as uow:
        assert uow.jobs.existing(["job-1", "job-2", "job-3"]) == {"job-1", "job-2"}
        assert uow.jobs.existing([]) == frozenset()
    with filled.units(MINE, write=False) as uow:
        assert uow.jobs.existing(["job-1", "job-2"]) == {"job-1"}


def test_events_are_filtered_counted_and_paged(filled: Database) -> None:
    """Guards every condition of the event search, both orders, and going on behind an event."""
    with filled.units(MINE) as uow:
        uow.events.append(
            [
                Event("job-1", 10, "one", level=Level.INFO, source=Source.JOB),
                Event("job-1", 20, "two", level=Level.ERROR, source=Source.TASK, task="worker-0"),
                Event("job-1", 30, "three", level=Level.INFO, source=Source.TASK, task="worker-0"),
                Event("job-1", 30, "one", level=Level.WARNING, source=Source.JOB),
            ]
        )
        uow.commit()

    def codes(query: EventQuery, scope: Scope = MINE) -> tuple[int, list[str]]:
        with filled.units(scope, write=False) as uow:
            return uow.events.count(query), [event.code for event in uow.events.search(query)]

    everything = EventQuery("job-1")
    assert codes(everything) == (4, ["one", "two", "three", "one"])
    assert codes(replace(everything, descending=True, limit=2)) == (4, ["one", "three"])
    assert codes(replace(everything, offset=1, limit=2)) == (4, ["two", "three"])
    assert codes(replace(everything, level=Level.INFO)) == (2, ["one", "three"])
    assert codes(replace(everything, source=Source.TASK, level=Level.ERROR)) == (1, ["two"])
    assert codes(replace(everything, from_ms=20)) == (3, ["two", "three", "one"])
    assert codes(replace(everything, from_ms=10, to_ms=20)) == (2, ["one", "two"])
    assert codes(replace(everything, codes=("one", "three"))) == (3, ["one", "three", "one"])
    assert codes(everything, THEIRS) == (0, [])
    with filled.units(MINE, write=False) as uow:
        second = uow.events.list_of_job("job-1")[1].seq
    assert codes(replace(everything, after_seq=second))[1] == ["three", "one"]
    assert codes(replace(everything, after_seq=second, descending=True))[1] == ["one"]


def test_what_hangs_on_a_job_of_a_hidden_workspace_is_hidden(filled: Database) -> None:
    """Guards events and links, which name no workspace of their own."""
    with filled.units(PLATFORM) as uow:
        uow.principals.add_project(Project(PROJECT, "mine", 0))
        uow.workspaces.add(Workspace("w" * 32, PROJECT, "hidden", owner_id="owner", auth_type="PRIVATE"))
        uow.jobs.add(replace(make_job("job-3"), workspace_id="w" * 32))
        uow.log_links.add(replace(PERMIT, id="e" * 64, job_id="job-3"))
        uow.events.append([Event("job-3", 10, "one")])
        uow.commit()
    with filled.units(Scope(PROJECT, user_id="other", sees_all=False), write=False) as uow:
        assert uow.log_links.find("e" * 64) is None
        assert uow.log_links.list_of_job("job-3", 0, offset=0, limit=9) == (0, ())
        assert uow.events.count(EventQuery("job-3")) == 0
        assert uow.jobs.existing(["job-1", "job-3"]) == {"job-1"}
