"""Quotas on both databases: whose count, what counts against them, and that no two creators slip under one."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job, make_launch
from tests.contract.test_db_concurrency import THREADS, at_once
from tests.contract.workspace_fixtures import OPEN, OUTSIDER, OWN, OWNER, RULER, STRANGER, add_workspaces
from trainwright.db import migrate
from trainwright.db.database import Database
from trainwright.db.engines import open_migrator
from trainwright.db.rows import document_values, new_job_values
from trainwright.db.urls import database_url
from trainwright.domain.demand import Demand
from trainwright.domain.errors import QuotaExceeded
from trainwright.domain.lifecycle import Phase
from trainwright.ports.identity import Principal
from trainwright.ports.uow import PLATFORM
from trainwright.services.quotas import check_quotas

ANN = Principal("u-ann", "ann", PROJECT, is_admin=False)
EVE = Principal("u-eve", "eve", PROJECT, is_admin=False)
UNLEASED = {"woken": False, "lease_owner": "", "lease_token": "", "lease_until_ms": 0}
LAUNCH = make_launch("new", PROJECT)  # two tasks: 2 CPUs, 1024 MiB


def add_job(
    database: Database, job_id: str, *, place: str = OPEN, user: str = "u-ann", ended: bool = False
) -> None:
    """A job of 2 CPUs and 1024 MiB."""
    job = make_job(job_id, phase=Phase.COMPLETED if ended else Phase.RUNNING)
    with database.units(PLATFORM) as uow:
        uow.jobs.add(replace(job, workspace_id=place, user_id=user))
        uow.commit()


def set_quotas(database: Database, **quotas: int) -> None:
    """Quotas of the public workspace, by the second half of their names."""
    with database.units(RULER) as uow:
        uow.quotas.set_of_workspace(OPEN, {f"train_job.{name}": quotas[name] for name in quotas}, 7)
        uow.commit()


def may_create(database: Database, who: Principal = ANN, place: str = OPEN) -> bool:
    """Whether one more job fits."""
    with database.units(OWNER) as uow:
        try:
            check_quotas(uow, who, place, LAUNCH)
        except QuotaExceeded:
            return False
        return True


def test_quotas_come_out_as_they_went_in(database: Database) -> None:
    """Guards that those not named stay, that a user's own replace everyone's, and that projects do not mix."""
    add_workspaces(database)
    with database.units(OWNER) as uow:
        uow.quotas.set_of_workspace(OPEN, {"a": 1, "b": 2}, 5)
        uow.quotas.set_of_workspace(OPEN, {"b": -1}, 6)
        uow.quotas.set_of_user("", {"job-num": (9, ""), "other": (1, "")})
        uow.quotas.set_of_user("u-ann", {"job-num": (3, "urn")})
        uow.commit()
    with database.units(OUTSIDER, write=False) as uow:
        assert uow.quotas.of_workspace(OPEN) == {"a": (1, 5), "b": (-1, 6)}
        assert uow.quotas.of_workspace("0") == {}
        assert uow.quotas.of_user("u-ann") == {"job-num": (3, "urn"), "other": (1, "")}
        assert uow.quotas.of_user("u-eve") == {"job-num": (9, ""), "other": (1, "")}
    with database.units(STRANGER, write=False) as uow:
        assert uow.quotas.of_workspace(OPEN) == {}
        assert uow.quotas.of_user("u-ann") == {}


@pytest.mark.parametrize(
    ("resource", "enough"), [("count", 2), ("cpu", 4), ("memory", 2), ("accelerator", 0)]
)
def test_each_resource_counts(database: Database, resource: str, enough: int) -> None:
    """Guards units (cores, GB) and that a job that just fits is taken, one unit less not."""
    add_workspaces(database)
    add_job(database, "job-1")
    set_quotas(database, **{resource: enough})
    assert may_create(database)
    if enough:
        set_quotas(database, **{resource: enough - 1})
        assert not may_create(database)
        set_quotas(database, **{resource: -1})
        assert may_create(database)


def test_only_unfinished_jobs_of_the_workspace_count(database: Database) -> None:
    """Guards against counting what has ended, what lies elsewhere, and other projects."""
    add_workspaces(database)
    set_quotas(database, count=1)
    add_job(database, "job-1", ended=True)
    add_job(database, "job-2", place=OWN)
    with database.units(PLATFORM) as uow:
        uow.jobs.add(replace(make_job("job-3", project_id=OTHER_PROJECT), workspace_id=OPEN))
        uow.commit()
    assert may_create(database)
    add_job(database, "job-4")
    assert not may_create(database)
    assert may_create(database, place="0")


def test_a_user_s_jobs_count_wherever_they_are(database: Database) -> None:
    """Guards job-num: all workspaces together, also those the user sees no more; others' jobs do not count."""
    add_workspaces(database)
    with database.units(RULER) as uow:
        uow.quotas.set_of_user("", {"job-num": (1, "")})
        uow.commit()
    add_job(database, "job-1", place=OWN, user="u-eve")
    add_job(database, "job-2", user="u-ann", ended=True)
    with database.units(OUTSIDER) as uow, pytest.raises(QuotaExceeded):
        check_quotas(uow, EVE, OPEN, LAUNCH)
    assert may_create(database)


def test_creators_at_once_do_not_slip_under(database: Database) -> None:
    """Guards both quotas under a race: of many who find room for two jobs, two create one."""
    add_workspaces(database)
    for by_user in (False, True):
        place = OPEN if by_user else "0"
        with database.units(RULER) as uow:
            if by_user:
                uow.quotas.set_of_user("", {"job-num": (4, "")})
            else:
                uow.quotas.set_of_workspace(place, {"train_job.cpu": 4}, 7)
            uow.commit()

        def work(number: int, place: str = place) -> bool:
            job = replace(make_job(f"{place}-{number}"), workspace_id=place, user_id="u-ann")
            try:
                with database.units(OWNER) as uow:
                    check_quotas(uow, ANN, place, LAUNCH)
                    uow.jobs.add(job)
                    uow.commit()
            except QuotaExceeded:
                return False
            return True

        assert at_once(work).count(True) == 2 < THREADS


def test_jobs_of_the_first_release_count(empty_url: str) -> None:
    """Guards unfinished jobs that were there before quotas: what they take is read from their launches once."""
    job = replace(make_job("old"), workspace_id="0")
    old_values = {"jobs": new_job_values(job), "job_documents": document_values(job)}
    with open_migrator(database_url(empty_url)).begin() as connection:
        command.upgrade(migrate.alembic_config(connection), "0001")
        for name, values in old_values.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            known = {key: value for key, value in (UNLEASED | values).items() if key in table.columns}
            connection.execute(sa.insert(table), known)
    migrate.upgrade(empty_url)
    database = Database.open(empty_url)
    with database.units(OWNER, write=False) as uow:
        assert uow.quotas.unfinished_in("0") == (1, Demand(2000, 1024))
    database.close()
