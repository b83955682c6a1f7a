"""Tags on both databases."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import make_job
from tests.contract.workspace_fixtures import MEMBER, OPEN, OWN, OWNER, TEAM, add_workspaces
from trainwright.db.database import Database
from trainwright.domain.errors import JobNotFound
from trainwright.ports.uow import PLATFORM, UnitOfWork
from trainwright.ports.workspaces import TaggedJob, TagQuery

TAGS: dict[str, dict[str, str]] = {
    "j1": {"team": "vision", "stage": "final"},
    "j2": {"team": "speech", "stage": "draft"},
    "j3": {"team": "vision"},
    "j4": {},
}


def seed(database: Database) -> None:
    """Four jobs, the last the newest, in the default workspace."""
    add_workspaces(database)
    with database.units(PLATFORM) as uow:
        for number, (job_id, tags) in enumerate(TAGS.items()):
            uow.jobs.add(make_job(job_id, name=f"name-{job_id}", created_at_ms=1000 + number))
            uow.tags.put(job_id, tags)
        uow.commit()


def found(uow: UnitOfWork, query: TagQuery) -> list[str]:
    """Ids of the page; the count says the same."""
    total, page = uow.tags.search(query)
    assert total == uow.tags.count(query)
    return [job.id for job in page]


def where(**tags: str | list[str]) -> TagQuery:
    """Jobs by tags; an empty list means the key alone."""
    return TagQuery(
        tags=tuple((key, (value,) if isinstance(value, str) else tuple(value)) for key, value in tags.items())
    )


def test_tags_are_put_and_removed(database: Database) -> None:
    """Guards replacing by key, order, removing what is not there, and unknown jobs."""
    seed(database)
    with database.units(OWNER) as uow:
        uow.tags.put("j1", {"stage": "shown", "a": ""})
        assert list(uow.tags.of_job("j1").items()) == [("a", ""), ("stage", "shown"), ("team", "vision")]
        uow.tags.remove("j1", ["team", "none"])
        assert uow.tags.of_jobs(["j1", "j3", "j4", "none"]) == {
            "j1": {"a": "", "stage": "shown"},
            "j3": {"team": "vision"},
        }
        with pytest.raises(JobNotFound):
            uow.tags.put("none", {})
        with pytest.raises(JobNotFound):
            uow.tags.remove("none", ["a"])
        with pytest.raises(JobNotFound):
            uow.tags.lock("none")


def test_tags_go_with_their_job(database: Database) -> None:
    """Guards lists against tags of a job that is gone."""
    seed(database)
    with database.units(OWNER) as uow:
        uow.jobs.delete("j2")
        assert uow.tags.of_project() == (2, (("stage", ("final",)), ("team", ("vision",))))


def test_jobs_are_found_by_tags(database: Database) -> None:
    """Guards: values of a key are alternatives, keys hold together, no values is the key alone; newest first."""
    seed(database)
    with database.units(OWNER, write=False) as uow:
        assert found(uow, TagQuery()) == ["j4", "j3", "j2", "j1"]
        assert found(uow, where(team="vision")) == ["j3", "j1"]
        assert found(uow, where(team=["vision", "speech", "none"])) == ["j3", "j2", "j1"]
        assert found(uow, where(team="vision", stage=[])) == ["j1"]
        assert found(uow, where(stage=[], team=[])) == ["j2", "j1"]
        assert found(uow, where(team="none")) == []
        assert found(uow, where(vision="team")) == []
        assert found(uow, TagQuery(without_any=True)) == ["j4"]
        assert found(uow, replace(where(team="vision"), without_any=True)) == ["j4"]
        assert found(uow, TagQuery(name="e-j3")) == ["j3"]
        assert found(uow, replace(where(team="vision"), name="j1")) == ["j1"]
        assert found(uow, TagQuery(name="J3")) == []
        assert found(uow, TagQuery(workspace_id="0")) == ["j4", "j3", "j2", "j1"]
        assert found(uow, replace(where(team=[]), workspace_id=OPEN)) == []
        job = uow.tags.search(where(stage="final"))[1][0]
        assert job == TaggedJob("j1", "name-j1", "0", TAGS["j1"])


def test_pages_are_cut_from_all_that_match(database: Database) -> None:
    """Guards offset, limit and the total, also far behind the end."""
    seed(database)
    with database.units(OWNER, write=False) as uow:
        query = replace(where(team=[]), offset=1, limit=1)
        assert found(uow, query) == ["j2"]
        assert uow.tags.search(query)[0] == 3
        assert found(uow, replace(query, offset=2**31)) == []
        assert uow.tags.of_project(offset=1, limit=1) == (2, (("team", ("speech", "vision")),))
        assert uow.tags.of_project(offset=9) == (2, ())


def test_rare_and_common_tags_give_the_same_pages(database: Database) -> None:
    """Guards both ways a page is read: from the tags' index for a rare tag, from the newest jobs for a common one."""
    add_workspaces(database)
    with database.units(PLATFORM) as uow:
        for number in range(60):
            place = (OWN, "0", TEAM)[number % 3]
            job = replace(make_job(f"j{number:02}", created_at_ms=number), workspace_id=place)
            uow.jobs.add(job)
            uow.tags.put(job.id, {"common": "x", **({"rare": "y", "rarer": "z"} if number in (6, 7) else {})})
        uow.commit()
    with database.units(OWNER, write=False) as uow:
        assert found(uow, replace(where(common="x"), limit=2, offset=1)) == ["j58", "j57"]
        assert found(uow, where(rare="y")) == ["j07", "j06"]
        assert found(uow, where(common="x", rare="y", rarer=[])) == ["j07", "j06"]
        assert found(uow, replace(where(rare="y"), workspace_id=OWN)) == ["j06"]
    with database.units(MEMBER, write=False) as uow:
        assert found(uow, where(rare="y")) == ["j07"]
        assert len(found(uow, where(common="x"))) == 40


def test_a_key_shows_at_most_a_thousand_values(database: Database) -> None:
    """Guards the size of the project's list."""
    add_workspaces(database)
    with database.units(PLATFORM) as uow:
        for number in range(1005):
            uow.jobs.add(make_job(f"j{number:04}"))
            uow.tags.put(f"j{number:04}", {"run": f"{number:04}", "same": "x"})
        uow.commit()
    with database.units(OWNER, write=False) as uow:
        total, ((key, values), other) = uow.tags.of_project()
        assert (total, key, other) == (2, "run", ("same", ("x",)))
        assert values == tuple(f"{number:04}" for number in range(1000))
