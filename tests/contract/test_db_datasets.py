"""Datasets, versions and manifests on both databases."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.errors import (
    DatasetNotFound,
    DatasetVersionNotFound,
    DuplicateDatasetName,
    DuplicateDatasetVersion,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.specs import Channel
from trainwright.ports.datasets import Dataset, DatasetVersion, ManifestEntry
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork

MINE = Scope(PROJECT, "ann", "u1")
THEIRS = Scope(OTHER_PROJECT, "bob", "u2")
GARBAGE = ("", " ", "\x00", "\ud800", "'; DROP TABLE datasets; --", "%", "\u4e2d" * 5000)
DATASET = Dataset("d1", PROJECT, "0", "digits", "what", "image", "obs://b/d/", "u1", "ann", 5, 6)
VERSION = DatasetVersion("v1", "d1", "V001", "first", "obs://b/d/", created_at_ms=7)


def entry(path: str, size: int = 3) -> ManifestEntry:
    return ManifestEntry(path, size, f"{size:064x}", f"e-{path}")


@pytest.fixture
def filled(database: Database) -> Database:
    """Two projects; a dataset of ours with one version that is being made."""
    with database.units(PLATFORM) as uow:
        uow.principals.add_user(User("u1", "ann", PROJECT, is_admin=False), 1)
        uow.principals.add_user(User("u2", "bob", OTHER_PROJECT, is_admin=False), 2)
        uow.datasets.add(DATASET)
        uow.datasets.add_version(VERSION)
        uow.commit()
    return database


def test_what_goes_in_comes_out(filled: Database) -> None:
    """Guards every column of datasets and versions against being dropped or mixed up."""
    ready = replace(
        VERSION, state="ready", message="m", objects=2**40, bytes=2**50, done_objects=3, ready_at_ms=9
    )
    renamed = replace(DATASET, name="renamed", description="more", updated_at_ms=10)
    with filled.units(MINE) as uow:
        assert uow.datasets.get("d1") == uow.datasets.hold("d1") == DATASET
        assert uow.datasets.get_version("d1", "v1") == uow.datasets.take_version("d1", "v1") == VERSION
        assert uow.datasets.save_version(ready)
        uow.datasets.save(renamed)
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        assert uow.datasets.get("d1") == renamed
        assert uow.datasets.get_version("d1", "v1") == ready


Ask = Callable[[UnitOfWork, str], object]
ASKS: tuple[Ask, ...] = (
    lambda uow, dataset: uow.datasets.get(dataset),
    lambda uow, dataset: uow.datasets.hold(dataset),
    lambda uow, dataset: uow.datasets.save(replace(DATASET, id=dataset)),
    lambda uow, dataset: uow.datasets.delete(dataset),
    lambda uow, dataset: uow.datasets.add_version(replace(VERSION, id="v2", name="n", dataset_id=dataset)),
    lambda uow, dataset: uow.datasets.get_version(dataset, "v1"),
    lambda uow, dataset: uow.datasets.take_version(dataset, "v1"),
    lambda uow, dataset: uow.datasets.delete_version(dataset, "v1"),
    lambda uow, dataset: uow.datasets.find_newest(dataset, "ready"),
    lambda uow, dataset: uow.datasets.list_versions(dataset, offset=0, limit=10),
)


@pytest.mark.parametrize("ask", ASKS)
def test_nobody_reaches_anothers_dataset(filled: Database, ask: Ask) -> None:
    """Guards the project scope: another's dataset, and garbage as an id, look exactly like none."""
    for scope, dataset in ((THEIRS, "d1"), *((MINE, garbage) for garbage in GARBAGE)):
        with filled.units(scope) as uow, pytest.raises(DatasetNotFound) as caught:
            ask(uow, dataset)
        assert caught.value.slots == {"dataset": dataset}
    with filled.units(MINE, write=False) as uow:
        assert uow.datasets.get_version("d1", "v1") == VERSION


def test_versions_are_found_in_their_own_dataset_only(filled: Database) -> None:
    """Guards ids of versions under another dataset, and garbage."""
    with filled.units(MINE) as uow:
        uow.datasets.add(replace(DATASET, id="d2", name="other"))
        for dataset, version in (("d2", "v1"), *(("d1", garbage) for garbage in GARBAGE)):
            for ask in (uow.datasets.get_version, uow.datasets.take_version, uow.datasets.delete_version):
                with pytest.raises(DatasetVersionNotFound):
                    ask(dataset, version)


def test_names_are_unique_in_a_project(filled: Database) -> None:
    """Guards names of datasets per project and of versions per dataset, also when one is renamed."""
    with filled.units(MINE) as uow:
        with pytest.raises(DuplicateDatasetName):
            uow.datasets.add(replace(DATASET, id="d2"))
        uow.datasets.add(replace(DATASET, id="d2", name="other"))
        with pytest.raises(DuplicateDatasetName):
            uow.datasets.save(replace(DATASET, id="d2", name="digits"))
        uow.datasets.save(replace(DATASET, id="d2", name="other", description="the same name is no clash"))
        with pytest.raises(DuplicateDatasetVersion):
            uow.datasets.add_version(replace(VERSION, id="v2"))
        uow.datasets.add_version(replace(VERSION, id="v2", dataset_id="d2"))
        with pytest.raises(ScopeBreach):
            uow.datasets.add(replace(DATASET, id="d3", name="third", project_id=OTHER_PROJECT))
    with filled.units(THEIRS) as uow:
        uow.datasets.add(replace(DATASET, id="d2", project_id=OTHER_PROJECT))


def test_search_pages_sorts_and_filters(filled: Database) -> None:
    """Guards the keys, the order of equal ones, and that counts and pages see the scope only."""
    with filled.units(PLATFORM) as uow:
        for number, name in enumerate(("b_Digits", "a", "c%", "letters")):
            made = replace(DATASET, id=f"n{number}", name=name, created_at_ms=100, workspace_id="0")
            uow.datasets.add(made)
        uow.datasets.add(replace(DATASET, id="t", name="digits", project_id=OTHER_PROJECT))
        uow.commit()

    def ids(**changes: Any) -> tuple[int, list[str]]:
        asked: dict[str, Any] = {"name_like": "", "workspace_id": "", "sort_by": "create_time"}
        asked |= {"descending": True, "offset": 0, "limit": 10} | changes
        with filled.units(MINE, write=False) as uow:
            total, found = uow.datasets.search(**asked)
        return total, [dataset.id for dataset in found]

    assert ids() == (5, ["n3", "n2", "n1", "n0", "d1"])
    assert ids(descending=False, offset=1, limit=2) == (5, ["n0", "n1"])
    assert ids(sort_by="name", descending=False) == (5, ["n1", "n0", "n2", "d1", "n3"])
    assert ids(name_like="igits") == (2, ["n0", "d1"])
    assert ids(name_like="%") == (1, ["n2"])
    assert ids(workspace_id="w") == (0, [])
    assert ids(offset=2**40) == (5, [])
    with filled.units(MINE, write=False) as uow, pytest.raises(ValueError, match="sort"):
        uow.datasets.search(name_like="", workspace_id="", sort_by="size", descending=True, offset=0, limit=1)


def test_versions_newest_first_and_their_numbers(filled: Database) -> None:
    """Guards the page, the newest of a state, and the number the next default name is made of."""
    with filled.units(MINE) as uow:
        assert uow.datasets.last_number("d1") == 1
        for number, name in enumerate(("V007", "V1000", "V12x", "Vega", "v2000", "V٣", "V1" + "0" * 30)):
            state = "ready" if number < 2 else "failed"
            made = replace(VERSION, id=f"n{number}", name=name, created_at_ms=100 + number, state=state)
            uow.datasets.add_version(made)
        assert uow.datasets.last_number("d1") == 1000
        assert uow.datasets.last_number("none") == 0
        total, page = uow.datasets.list_versions("d1", offset=1, limit=2)
        assert (total, [version.id for version in page]) == (8, ["n5", "n4"])
        newest = [uow.datasets.find_newest("d1", state) for state in ("ready", "failed", "creating")]
        assert [version.id if version else None for version in newest] == ["n1", "n6", "v1"]
        uow.datasets.delete_version("d1", "v1")
        assert uow.datasets.find_newest("d1", "creating") is None


@pytest.mark.parametrize("state", ["ready", "failed"])
def test_what_has_been_made_never_changes(filled: Database, state: str) -> None:
    """Guards the promise of a version: neither its row nor its manifest is touched once it is ready (or failed)."""
    made = replace(VERSION, state=state, objects=1, ready_at_ms=9)
    with filled.units(PLATFORM) as uow:
        assert uow.datasets.change_entries("v1", [entry("a")])
        assert uow.datasets.save_version(made)
        assert not uow.datasets.save_version(replace(made, state="creating", objects=2))
        assert not uow.datasets.change_entries("v1", [entry("b")], without=["a"])
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        assert uow.datasets.get_version("d1", "v1") == made
        assert uow.datasets.list_entries("v1") == (entry("a"),)


def test_the_manifest_is_kept_by_path(filled: Database) -> None:
    """Guards replacing, dropping, paging and adding up entries, in the order of code points."""
    paths = ["a", "a/b", "a0", "\uff5e", "\U0001f600"]
    with filled.units(PLATFORM) as uow:
        assert uow.datasets.totals("v1") == (0, 0)
        uow.datasets.change_entries("v1", [entry(path) for path in reversed(paths)])
        uow.datasets.change_entries("v1", [entry("a", 2**41)], without=["a0", "none"])
        assert uow.datasets.totals("v1") == (4, 2**41 + 9)
        first = uow.datasets.list_entries("v1", limit=2)
        assert first == (entry("a", 2**41), entry("a/b"))
        assert uow.datasets.list_entries("v1", after="a/b") == (entry("\uff5e"), entry("\U0001f600"))
        assert uow.datasets.find_entry("v1", "a/b") == entry("a/b")
        assert uow.datasets.find_entry("v1", "a0") is None
        with pytest.raises(DatasetVersionNotFound):
            uow.datasets.change_entries("gone", [])
        with pytest.raises(DatasetVersionNotFound):
            uow.datasets.save_version(replace(VERSION, id="gone"))


def test_versions_being_made_are_the_platforms_to_ask_for(filled: Database) -> None:
    """Guards the queue of the builder, projects in turn and their oldest first, and that no project sees it."""
    with filled.units(PLATFORM) as uow:
        uow.datasets.add_version(replace(VERSION, id="v0", name="V002", created_at_ms=1))
        uow.datasets.add_version(replace(VERSION, id="v3", name="V003", state="failed"))
        uow.datasets.add(replace(DATASET, id="d2", project_id=OTHER_PROJECT))
        for number in (2, 3, 9):
            theirs = replace(
                VERSION, id=f"t{number}", dataset_id="d2", name=f"V{number}", created_at_ms=number
            )
            uow.datasets.add_version(theirs)
        found = uow.datasets.unfinished_versions()
        assert [version.id for _, version in found] == ["v0", "t2", "t3", "v1", "t9"]
        assert {project for project, version in found if version.dataset_id == "d2"} == {OTHER_PROJECT}
        assert [version.id for _, version in uow.datasets.unfinished_versions(limit=1)] == ["v0"]
        uow.commit()
    with filled.units(MINE) as uow:
        assert uow.datasets.count_unfinished() == 2
        with pytest.raises(ScopeBreach):
            uow.datasets.unfinished_versions()


def test_deleting_a_dataset_takes_all_of_it(filled: Database) -> None:
    """Guards against manifests that nobody can reach any more."""
    with filled.units(PLATFORM) as uow:
        uow.datasets.change_entries("v1", [entry("a")])
        uow.datasets.delete("d1")
        assert uow.datasets.totals("v1") == (0, 0)
        assert uow.datasets.unfinished_versions() == ()
        with pytest.raises(DatasetNotFound):
            uow.datasets.get("d1")


def test_unfinished_jobs_that_read_a_version_are_found(filled: Database) -> None:
    """Guards what keeps a version from being deleted: jobs of its manifest, until they end."""
    channel = Channel(name="data", uri="obs://b/d/", local_path="/data", dataset_version_id="v1")
    with filled.units(PLATFORM) as uow:
        for job_id, phase in (("ended", Phase.COMPLETED), ("other", Phase.CREATING)):
            uow.jobs.add(make_job(job_id, phase=phase))
        assert uow.datasets.find_user("v1") is None
        job = make_job("reader")
        uow.jobs.add(replace(job, launch=job.launch.model_copy(update={"inputs": (channel,)})))
        assert uow.datasets.find_user("v1") == "reader"
        assert uow.datasets.find_user("v") is None
        done = make_job("done", phase=Phase.COMPLETED)
        other = channel.model_copy(update={"dataset_version_id": "v2"})
        uow.jobs.add(replace(done, launch=done.launch.model_copy(update={"inputs": (other,)})))
        assert uow.datasets.find_user("v2") is None
