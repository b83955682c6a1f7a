"""Experiments on both databases."""

from dataclasses import replace

import pytest

from tests.contract.db_fixtures import PROJECT, make_job
from tests.contract.test_db_concurrency import THREADS, at_once
from tests.contract.workspace_fixtures import OPEN, OUTSIDER, OWN, OWNER, STRANGER, add_workspaces
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.errors import DuplicateExperimentName, ExperimentNotFound
from trainwright.ports.identity import Principal
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Experiment, ExperimentQuery
from trainwright.services.experiments import join
from trainwright.wire.experiments import ExperimentReference

ANN = Principal("u-ann", "ann", PROJECT, is_admin=True)


def make(number: int, place: str = "0", name: str = "") -> Experiment:
    """An experiment made at second `number`, changed in the opposite order."""
    return Experiment(
        id=f"e-{number}",
        project_id=PROJECT,
        workspace_id=place,
        name=name or f"name {number}",
        description="tries",
        created_at_ms=1000 * number,
        updated_at_ms=9000 - 1000 * number,
    )


def test_an_experiment_comes_out_as_it_went_in(database: Database) -> None:
    """Guards every column, the count of jobs, and what a change may change."""
    add_workspaces(database)
    with database.units(OWNER) as uow:
        uow.experiments.add(make(1, OPEN))
        uow.jobs.add(replace(make_job("job-1"), workspace_id=OPEN, experiment_id="e-1", experiment_serial=1))
        assert uow.experiments.get("e-1") == replace(make(1, OPEN), job_count=1)
        uow.experiments.save(replace(make(1, OPEN), name="new", description="", updated_at_ms=9))
        uow.commit()
    with database.units(OUTSIDER, write=False) as uow:
        found = uow.experiments.find_by_name("new")
        assert found is not None and (found.id, found.description, found.updated_at_ms) == ("e-1", "", 9)
        assert uow.experiments.names(["e-1", "none"]) == {"e-1": "new"}


def test_lists_are_sorted_and_paged(database: Database) -> None:
    """Guards each key in both directions, the page and the workspace."""
    add_workspaces(database)
    with database.units(OWNER) as uow:
        for number, place in ((1, "0"), (2, OPEN), (3, "0")):
            uow.experiments.add(make(number, place, name=f"n{(number * 2) % 3}"))
        uow.commit()
    with database.units(OUTSIDER, write=False) as uow:

        def found(query: ExperimentQuery) -> list[str]:
            return [experiment.id for experiment in uow.experiments.search(query)[1]]

        assert found(ExperimentQuery()) == ["e-3", "e-2", "e-1"]
        assert found(ExperimentQuery(sort_by="update_time")) == ["e-1", "e-2", "e-3"]
        assert found(ExperimentQuery(sort_by="name", descending=False)) == ["e-3", "e-2", "e-1"]
        assert found(ExperimentQuery(offset=1, limit=1)) == ["e-2"]
        assert uow.experiments.search(ExperimentQuery(workspace_id="0", limit=1))[0] == 2


def test_names_count_once_in_a_project_seen_or_not(database: Database) -> None:
    """Guards new and changed names; the unit that met a taken one goes on."""
    add_workspaces(database)
    with database.units(OWNER) as uow:
        uow.experiments.add(make(1, OWN, name="secret"))
        uow.experiments.add(make(2, OPEN))
        uow.commit()
    with database.units(OUTSIDER) as uow:
        with pytest.raises(DuplicateExperimentName):
            uow.experiments.add(make(3, name="secret"))
        with pytest.raises(DuplicateExperimentName):
            uow.experiments.save(make(2, name="secret"))
        assert uow.experiments.is_taken("secret")
        assert not uow.experiments.is_taken("Secret")
        uow.experiments.save(make(2))
    with database.units(STRANGER) as uow:
        assert not uow.experiments.is_taken("secret")
        with pytest.raises(ExperimentNotFound):
            uow.experiments.get("e-2")
        with pytest.raises(ScopeBreach):
            uow.experiments.add(make(9))


def test_deleting_one_leaves_its_jobs(database: Database) -> None:
    """Guards the jobs of an experiment that is deleted, and that it is deleted once."""
    add_workspaces(database)
    with database.units(OWNER) as uow:
        uow.experiments.add(make(1))
        uow.jobs.add(replace(make_job("job-1"), experiment_id="e-1", experiment_serial=1))
        uow.experiments.delete("e-1")
        job = uow.jobs.get("job-1")
        assert (job.experiment_id, job.experiment_serial) == ("", 0)
        with pytest.raises(ExperimentNotFound):
            uow.experiments.delete("e-1")


def test_numbers_never_repeat(database: Database) -> None:
    """Guards serial numbers: under a race, and after a job was deleted."""
    add_workspaces(database)

    def work(number: int) -> tuple[str, int]:
        with database.units(OWNER) as uow:
            found = join(uow, ANN, ExperimentReference(name="tries"), "0", 5)
            job = replace(make_job(f"job-{number}"), experiment_id=found[0], experiment_serial=found[1])
            uow.jobs.add(job)
            uow.commit()
        return found

    joined = at_once(work)
    assert len({place[0] for place in joined if isinstance(place, tuple)}) == 1
    assert sorted(place[1] for place in joined if isinstance(place, tuple)) == [*range(1, THREADS + 1)]
    with database.units(PLATFORM) as uow:
        uow.jobs.delete("job-0")
        uow.commit()
    assert work(99)[1] == THREADS + 1
