"""Models, their versions, and the jobs that are to give one, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.errors import (
    DuplicateModelName,
    DuplicateModelVersion,
    ModelNotFound,
    ModelVersionNotFound,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import Channel, CheckpointPolicy
from trainwright.domain.texts import make_event
from trainwright.ports.identity import User
from trainwright.ports.models import Model, ModelVersion
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork

MINE = Scope(PROJECT, "ann", "u1")
THEIRS = Scope(OTHER_PROJECT, "bob", "u2")
GARBAGE = ("", " ", "\x00", "\ud800", "'; DROP TABLE models; --", "%", "\u4e2d" * 5000)
MODEL = Model("m1", PROJECT, "0", "digits", "what", "u1", "ann", 5, 6, last_version=1)
VERSION = ModelVersion("v1", "m1", 1, "obs://bbb/m1/v1/", "j1", "first", 2**40, 2**50, 7, {"a": ["文", 1]})


@pytest.fixture
def filled(database: Database) -> Database:
    """Two projects; a model of ours with one version that is being copied."""
    with database.units(PLATFORM) as uow:
        uow.principals.add_user(User("u1", "ann", PROJECT, is_admin=False), 1)
        uow.principals.add_user(User("u2", "bob", OTHER_PROJECT, is_admin=False), 2)
        uow.models.add(MODEL)
        uow.models.add_version(VERSION)
        uow.commit()
    return database


def test_what_goes_in_comes_out(filled: Database) -> None:
    """Guards every column of models and versions."""
    renamed = replace(MODEL, name="renamed", description="more", last_version=9, updated_at_ms=10)
    ready = replace(VERSION, objects=3, bytes=4, ready=True)
    with filled.units(MINE) as uow:
        assert uow.models.get("m1") == uow.models.find_by_name("digits") == MODEL
        assert uow.models.get_version("m1", "v1") == VERSION
        assert uow.models.list_versions("m1") == ((), 0)
        assert uow.models.unready_of("m1") == (VERSION,)
        uow.models.save_version(ready)
        uow.models.save(renamed)
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        assert uow.models.get("m1") == renamed
        assert uow.models.get_version("m1", "v1") == ready
        assert uow.models.list_versions("m1") == ((ready,), 1)
        assert uow.models.count_versions(["m1", "x"]) == {"m1": 1}
        assert uow.models.unready_of("m1") == ()


def test_names_jobs_and_numbers_are_taken_once(filled: Database) -> None:
    """Guards what the keeper relies on: a second version of a job, or a namesake, cannot be."""
    with filled.units(MINE) as uow, pytest.raises(DuplicateModelName):
        uow.models.add(replace(MODEL, id="m2"))
    with filled.units(MINE) as uow, pytest.raises(DuplicateModelVersion):
        uow.models.add_version(replace(VERSION, id="v2", number=2))
    with filled.units(MINE) as uow:
        uow.models.add(replace(MODEL, id="m2", name="other"))
        with pytest.raises(DuplicateModelName):
            uow.models.save(replace(MODEL, id="m2", name="digits"))
    with filled.units(THEIRS) as uow:
        uow.models.add(replace(MODEL, id="m3", project_id=OTHER_PROJECT))


Ask = Callable[[UnitOfWork, str], object]
ASKS: tuple[Ask, ...] = (
    lambda uow, model: uow.models.get(model),
    lambda uow, model: uow.models.save(replace(MODEL, id=model)),
    lambda uow, model: uow.models.delete(model),
    lambda uow, model: uow.models.add_version(replace(VERSION, id="v2", job_id="j2", model_id=model)),
    lambda uow, model: uow.models.get_version(model, "v1"),
    lambda uow, model: uow.models.delete_version(model, "v1"),
    lambda uow, model: uow.models.list_versions(model),
)


@pytest.mark.parametrize("ask", ASKS)
def test_nobody_reaches_anothers_model(filled: Database, ask: Ask) -> None:
    """Guards the project scope: another's model, and garbage as an id, look exactly like none."""
    for scope, model in ((THEIRS, "m1"), *((MINE, garbage) for garbage in GARBAGE)):
        with filled.units(scope) as uow, pytest.raises(ModelNotFound):
            ask(uow, model)
    with filled.units(MINE) as uow, pytest.raises(ModelVersionNotFound):
        uow.models.get_version("m1", "\x00")
    with filled.units(MINE, write=False) as uow:
        assert uow.models.get_version("m1", "v1") == VERSION


def test_pages(filled: Database) -> None:
    """Guards order, names and counts."""
    with filled.units(PLATFORM) as uow:
        for number in range(2, 6):
            uow.models.add(replace(MODEL, id=f"m{number}", name=f"x{number}%", created_at_ms=number * 10))
        for number in (2, 3):
            uow.models.add_version(
                replace(VERSION, id=f"v{number}", number=number, job_id=f"j{number}", ready=True)
            )
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        found, total = uow.models.list_page(limit=2, offset=1)
        assert (total, [model.id for model in found]) == (5, ["m4", "m3"])
        assert uow.models.list_page(name_like="X")[1] == 0
        assert uow.models.list_page(name_like="%")[1] == 4
        assert uow.models.list_page(workspace_id="w")[1] == 0
        versions, count = uow.models.list_versions("m1", limit=1)
        assert (count, [version.number for version in versions]) == (2, [3])
    with filled.units(THEIRS, write=False) as uow:
        assert uow.models.list_page() == ((), 0)


def test_deleting_takes_the_versions_along(filled: Database) -> None:
    """Guards what the sweep asks."""
    with filled.units(PLATFORM, write=False) as uow:
        assert uow.models.unready() == (VERSION,)
        assert uow.models.find_version_of_job("j1") == VERSION
        assert uow.models.existing_versions(["v1", "v2"]) == {"v1"}
    with filled.units(MINE) as uow:
        uow.models.delete("m1")
        uow.commit()
    with filled.units(PLATFORM, write=False) as uow:
        assert uow.models.existing_versions(["v1"]) == frozenset()


def test_the_platforms_questions_are_the_platforms(filled: Database) -> None:
    """Guards what reaches over projects."""
    asks: tuple[Callable[[UnitOfWork], object], ...] = (
        lambda uow: uow.models.unready(),
        lambda uow: uow.models.jobs_to_keep(ended_since_ms=0),
        lambda uow: uow.models.find_version_of_job("j1"),
        lambda uow: uow.models.existing_versions(["v1"]),
        lambda uow: uow.models.find_in_project(PROJECT, "digits"),
        lambda uow: uow.models.last_event_seq(),
    )
    for ask in asks:
        with filled.units(MINE, write=False) as uow, pytest.raises(ScopeBreach):
            ask(uow)


def add(uow: UnitOfWork, job_id: str, phase: Phase, *, launch: dict[str, Any], **changes: Any) -> None:
    job = replace(make_job(job_id), id=job_id, name=job_id)
    made = job.launch.model_copy(update=launch)
    uow.jobs.add(replace(job, phase=phase, launch=made, **changes))


def test_which_jobs_are_to_give_a_model(filled: Database) -> None:
    """Guards the keeper's question: ended well or stopped, asked for, lately, and not told of yet."""
    named = {"model_name": "digits"}
    with filled.units(PLATFORM) as uow:
        add(uow, "done", Phase.COMPLETED, launch=named, ended_at_ms=1000)
        add(uow, "stopped", Phase.TERMINATED, launch=named, ended_at_ms=2000)
        add(uow, "failed", Phase.FAILED, launch=named, ended_at_ms=1000)
        add(uow, "running", Phase.RUNNING, launch=named)
        add(uow, "old", Phase.COMPLETED, launch=named, ended_at_ms=10)
        add(uow, "plain", Phase.COMPLETED, launch={}, ended_at_ms=1000)
        add(uow, "sly", Phase.COMPLETED, launch={"environment": {"model_name": "x"}}, ended_at_ms=1000)
        add(uow, "told", Phase.COMPLETED, launch=named, ended_at_ms=1000)
        add(uow, "j1", Phase.COMPLETED, launch=named, ended_at_ms=1000)
        uow.events.append([make_event("told", 5, "model_empty", {})])
        uow.commit()
    with filled.units(PLATFORM, write=False) as uow:
        found = uow.models.jobs_to_keep(ended_since_ms=500)
        assert [job.id for job in found] == ["done", "stopped"]
        seq = uow.models.last_event_seq()
        assert seq > 0
        assert uow.models.jobs_to_keep(ended_since_ms=500, after_seq=seq) == ()
    with filled.units(PLATFORM) as uow:
        uow.events.append([make_event("stopped", 6, "job_stopped", {})])
        uow.commit()
    with filled.units(PLATFORM, write=False) as uow:
        assert [job.id for job in uow.models.jobs_to_keep(ended_since_ms=500, after_seq=seq)] == ["stopped"]


def test_who_uses_a_folder(filled: Database) -> None:
    """Guards retention and deletion: folders above, below and the same count, of unfinished jobs only."""
    reading = Channel(name="i", uri="obs://bbb/m1/v1/", local_path="/i")
    with filled.units(PLATFORM) as uow:
        add(uow, "reader", Phase.RUNNING, launch={"inputs": (reading,)})
        add(
            uow,
            "ended",
            Phase.COMPLETED,
            launch={"inputs": (reading.model_copy(update={"uri": "obs://ccc/x/"}),)},
        )
        written = reading.model_copy(update={"uri": "obs://ddd/out/"})
        add(uow, "wrote", Phase.FAILED, launch={"outputs": (written,)}, ended_at_ms=200)
        policy = CheckpointPolicy(keep_last=2)
        add(uow, "thin", Phase.RUNNING, launch={"checkpoints": policy})
        add(uow, "thinned", Phase.COMPLETED, launch={"checkpoints": policy}, ended_at_ms=100)
        uow.commit()
    with filled.units(PLATFORM, write=False) as uow:
        assert uow.models.is_read("obs://bbb/m1/")
        assert not uow.models.is_read("obs://bbb/m2/")
        for uri in ("obs://bbb/m1/v1/", "obs://bbb/m1/", "obs://bbb/m1/v1/deep/"):
            assert uow.jobs.unfinished_using(uri, besides="x")
            assert not uow.jobs.unfinished_using(uri, besides="reader")
        for uri in ("obs://bbb/m1/v2/", "obs://ccc/x/", "obs://bbb/m1/v"):
            assert not uow.jobs.unfinished_using(uri, besides="x")
        assert not uow.jobs.written_since("obs://bbb/m1/", besides="x", since_ms=0)  # it is only read
        for uri in ("obs://ddd/out/", "obs://ddd/", "obs://ddd/out/deep/"):
            assert uow.jobs.written_since(uri, besides="x", since_ms=200)
            assert not uow.jobs.written_since(uri, besides="x", since_ms=201)
            assert not uow.jobs.written_since(uri, besides="wrote", since_ms=0)
        assert not uow.jobs.written_since("obs://ddd/other/", besides="x", since_ms=0)
        assert [job.id for job in uow.jobs.with_checkpoint_policy(ended_since_ms=101)] == ["thin"]
        assert {job.id for job in uow.jobs.with_checkpoint_policy(ended_since_ms=100)} == {"thin", "thinned"}
