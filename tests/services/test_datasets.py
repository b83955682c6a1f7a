"""Datasets and versions as use cases: who sees them, what is refused, what a job may read."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, World
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import (
    ActionDenied,
    DatasetInUse,
    DatasetNotFound,
    DatasetVersionNotFound,
    DatasetVersionNotReady,
    DuplicateDatasetName,
    DuplicateDatasetVersion,
    InvalidObsPath,
    InvalidParam,
    NotOffered,
    TooManyVersionsBegun,
    TrainwrightError,
    WorkspaceNotFound,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import Channel
from trainwright.ports.identity import Principal, User
from trainwright.ports.workspaces import Member, Workspace
from trainwright.services import datasets
from trainwright.services.dataset_builder import DatasetBuilder
from trainwright.services.datasets import VERSIONS_BEGUN_MAX, DatasetQuery, find_version
from trainwright.services.ownership import owned_objects
from trainwright.services.reading import scope_of
from trainwright.wire.datasets import DatasetItem

pytestmark = pytest.mark.anyio

WORKSPACE = Workspace("w1", ALICE.project_id, "w", owner_id="u1", owner_name="alice", auth_type="INTERNAL")


def body(**changes: Any) -> dict[str, Any]:
    return {"dataset_name": "digits", "data_source": {"data_path": "obs://bucket/data/"}, **changes}


async def make(world: World, who: Principal = ALICE, **changes: Any) -> DatasetItem:
    return await datasets.create(world.ctx, who, body(**changes))


async def make_version(world: World, dataset_id: str, *, build: bool = True, **changes: Any) -> str:
    version = await datasets.create_version(world.ctx, ALICE, dataset_id, changes, EN)
    if build:
        await DatasetBuilder(world.ctx).run(until_idle=True)
    return version.version_id


async def test_a_dataset_is_shown_as_it_was_registered(world: World) -> None:
    """Guards fields, defaults, and the folder's form whatever way it was written."""
    made = await make(
        world, description="what", dataset_type=0, data_source={"data_path": "s3://bucket/data"}, extra=1
    )
    assert made == await datasets.show(world.ctx, ALICE, made.dataset_id)
    assert made.model_dump() == {
        "dataset_id": made.dataset_id,
        "dataset_name": "digits",
        "description": "what",
        "dataset_type": 0,
        "data_source": {"data_path": "obs://bucket/data/", "data_type": 0},
        "workspace_id": "0",
        "create_time": world.clock.ms,
        "update_time": world.clock.ms,
        "next_version_num": 1,
        "user_id": "u1",
        "user_name": "alice",
    }
    assert (await make(world, dataset_name="any")).dataset_type == 900


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"dataset_name": ""}, InvalidParam, "dataset_name"),
        ({"dataset_name": "a b"}, InvalidParam, "dataset_name"),
        ({"dataset_name": "x" * 101}, InvalidParam, "dataset_name"),
        ({"dataset_name": 5}, InvalidParam, "dataset_name"),
        ({"description": "x" * 257}, InvalidParam, "description"),
        ({"dataset_type": 7}, InvalidParam, "dataset_type"),
        ({"dataset_type": "0"}, InvalidParam, "dataset_type"),
        ({"data_source": {}}, InvalidParam, "data_source.data_path"),
        ({"data_source": {"data_path": "bucket/data"}}, InvalidObsPath, "data_source.data_path"),
        ({"data_source": {"data_path": "obs://bucket/../x/"}}, InvalidObsPath, "data_source.data_path"),
        ({"data_source": {"data_path": "obs://missing/"}}, InvalidObsPath, "data_source.data_path"),
        ({"data_source": {"data_path": "obs://trainwright-x/"}}, InvalidObsPath, "data_source.data_path"),
        (
            {"data_source": {"data_path": "obs://bucket/", "data_type": 1}},
            NotOffered,
            "data_source.data_type",
        ),
    ],
)
async def test_a_dataset_that_cannot_be(
    world: World, changes: dict[str, Any], error: type[TrainwrightError], field: str
) -> None:
    """Guards validation, with the field named."""
    with pytest.raises(error) as caught:
        await make(world, **changes)
    assert caught.value.slots["field"] == field


async def test_names_are_taken_once_in_a_project(world: World) -> None:
    """Guards names of datasets, at creation and change, and that other projects do not matter."""
    await make(world)
    other = await make(world, dataset_name="数据-2.0_x")
    with pytest.raises(DuplicateDatasetName):
        await make(world)
    with pytest.raises(DuplicateDatasetName):
        await datasets.change(world.ctx, ALICE, other.dataset_id, {"dataset_name": "digits"})
    await owned_objects(world.ctx, BOB).create_bucket("bobs")
    await make(world, BOB, data_source={"data_path": "obs://bobs/"})


async def test_another_projects_folder_cannot_be_registered(world: World) -> None:
    """Guards buckets of others: they look like none."""
    with pytest.raises(InvalidObsPath) as theirs:
        await make(world, BOB)
    with pytest.raises(InvalidObsPath) as none:
        await make(world, BOB, data_source={"data_path": "obs://missing/data/"})
    assert str(theirs.value) == str(none.value).replace("missing", "bucket")


async def test_changes_and_listing(world: World) -> None:
    """Guards what a change keeps, when it counts as one, and pages of what is found."""
    first = await make(world, description="what")
    world.clock.ms += 5
    second = await make(world, dataset_name="letters")
    world.clock.ms += 5
    changed = await datasets.change(world.ctx, ALICE, first.dataset_id, {"dataset_name": "numbers"})
    assert (changed.dataset_name, changed.description) == ("numbers", "what")
    assert changed.update_time == changed.create_time + 10
    world.clock.ms += 5
    assert await datasets.change(world.ctx, ALICE, first.dataset_id, {}) == changed
    emptied = await datasets.change(world.ctx, ALICE, first.dataset_id, {"description": ""})
    assert (emptied.dataset_name, emptied.description) == ("numbers", "")
    page = await datasets.search(world.ctx, ALICE, DatasetQuery(sort_by="name", descending=False))
    assert [item.dataset_id for item in page.datasets] == [second.dataset_id, first.dataset_id]
    page = await datasets.search(world.ctx, ALICE, DatasetQuery(limit=1))
    assert (page.total_number, [item.dataset_id for item in page.datasets]) == (2, [second.dataset_id])
    page = await datasets.search(world.ctx, ALICE, DatasetQuery(search_content="umb"))
    assert [item.dataset_name for item in page.datasets] == ["numbers"]
    assert (await datasets.search(world.ctx, BOB, DatasetQuery())).total_number == 0


async def test_a_project_has_so_many_versions_being_made(world: World) -> None:
    """Guards the builder's queue against one project; those that are ready or deleted do not count."""
    dataset_id = (await make(world)).dataset_id
    begun = [await make_version(world, dataset_id, build=False) for _ in range(VERSIONS_BEGUN_MAX)]
    with pytest.raises(TooManyVersionsBegun):
        await make_version(world, dataset_id, build=False)
    await datasets.delete_version(world.ctx, ALICE, dataset_id, begun[0])
    await make_version(world, dataset_id)
    await make_version(world, dataset_id)


async def test_versions_are_numbered_or_named(world: World) -> None:
    """Guards default names and the number that the next one will have."""
    dataset_id = (await make(world)).dataset_id
    for changes in (
        {},
        {"version_name": "final", "description": "d"},
        {"version_name": ""},
        {"version_name": "V041"},
        {},
    ):
        await make_version(world, dataset_id, build=False, **changes)
    page = await datasets.list_versions(world.ctx, ALICE, dataset_id, EN)
    assert sorted(item.version_name for item in page.versions) == ["V001", "V002", "V041", "V042", "final"]
    assert (await datasets.show(world.ctx, ALICE, dataset_id)).next_version_num == 43
    with pytest.raises(DuplicateDatasetVersion):
        await make_version(world, dataset_id, version_name="final")
    for bad in ("a/b", "x" * 33, 5):
        with pytest.raises(InvalidParam):
            await make_version(world, dataset_id, version_name=bad)


def find(world: World, who: Principal, dataset_id: str, version_id: str = "") -> Any:
    with world.ctx.units(scope_of(who)) as uow:
        return find_version(uow, who, dataset_id, version_id)


async def test_only_a_ready_version_is_an_input(world: World) -> None:
    """Guards jobs against half a manifest; without a version it is the newest that is ready."""
    dataset_id = (await make(world)).dataset_id
    with pytest.raises(DatasetVersionNotFound):
        find(world, ALICE, dataset_id)
    first = await make_version(world, dataset_id, build=False)
    for version_id in ("", first):
        with pytest.raises(DatasetVersionNotReady) as caught:
            find(world, ALICE, dataset_id, version_id)
        assert caught.value.slots == {"version": "V001", "state": "creating"}
    await DatasetBuilder(world.ctx).run(until_idle=True)
    found = find(world, ALICE, dataset_id)
    assert (found.id, found.uri, found.objects, found.bytes) == (first, "obs://bucket/data/", 2, 2)
    world.clock.ms += 5
    second = await make_version(world, dataset_id)
    world.clock.ms += 5
    await make_version(world, dataset_id, build=False)
    assert find(world, ALICE, dataset_id).id == second
    assert find(world, ALICE, dataset_id, first).id == first


async def test_another_projects_versions_cannot_be_guessed(world: World) -> None:
    """Guards ids of others: exactly like none; and a folder whose bucket is no longer the project's."""
    dataset_id = (await make(world)).dataset_id
    version_id = await make_version(world, dataset_id)
    messages = set()
    for asked in (dataset_id, "none"):
        with pytest.raises(DatasetNotFound) as caught:
            find(world, BOB, asked, version_id)
        messages.add(str(caught.value).replace(asked, "ID"))
    assert len(messages) == 1
    with pytest.raises(DatasetVersionNotFound):
        find(world, ALICE, dataset_id, "none")
    with world.ctx.units(scope_of(BOB)) as uow:
        uow.buckets.claim("bucket", BOB.project_id, 0)
        uow.commit()
    with pytest.raises(InvalidObsPath):
        find(world, ALICE, dataset_id, version_id)


async def add_reader(world: World, version_id: str, phase: Phase = Phase.CREATING) -> None:
    """A job that has the version as its input."""
    job = world.read(await world.create(metadata__name=f"reader-{phase}", algorithm__outputs=[])).job
    reading = Channel(name="d", uri="obs://bucket/data/", local_path="/d", dataset_version_id=version_id)
    launch = job.launch.model_copy(update={"inputs": (reading,), "outputs": (), "job_id": f"job-{phase}"})
    with world.ctx.units(scope_of(ALICE)) as uow:
        uow.jobs.add(replace(job, id=f"job-{phase}", name=f"job-{phase}", launch=launch, phase=phase))
        uow.commit()


async def test_what_an_unfinished_job_reads_stays(world: World) -> None:
    """Guards the manifest of jobs that have not read it yet; ended jobs hold nothing."""
    dataset_id = (await make(world)).dataset_id
    used, ended, free = [await make_version(world, dataset_id) for _ in range(3)]
    await add_reader(world, used)
    await add_reader(world, ended, Phase.COMPLETED)
    with pytest.raises(DatasetInUse):
        await datasets.delete_version(world.ctx, ALICE, dataset_id, used)
    with pytest.raises(DatasetInUse):
        await datasets.delete(world.ctx, ALICE, dataset_id)
    for version_id in (ended, free):
        await datasets.delete_version(world.ctx, ALICE, dataset_id, version_id)
        with pytest.raises(DatasetVersionNotFound):
            await datasets.show_version(world.ctx, ALICE, dataset_id, version_id, EN)
    page = await datasets.list_versions(world.ctx, ALICE, dataset_id, EN)
    assert [item.version_id for item in page.versions] == [used]


async def test_deleting_leaves_the_objects(world: World) -> None:
    """Guards users' data: a dataset is a list of it, no more."""
    dataset_id = (await make(world)).dataset_id
    await make_version(world, dataset_id)
    await datasets.delete(world.ctx, ALICE, dataset_id)
    with pytest.raises(DatasetNotFound):
        await datasets.show(world.ctx, ALICE, dataset_id)
    assert (await make(world)).next_version_num == 1
    assert await owned_objects(world.ctx, ALICE).list_buckets() == ["bucket", "results"]
    found = await world.objects.list_page(ObsPath("bucket", "data/"))
    assert len(found.objects) == 2


async def test_a_workspace_hides_its_datasets(world: World) -> None:
    """Guards workspaces: who does not see one sees nothing in it, and who only looks on changes nothing."""
    carol = replace(ALICE, user_id="u3", user_name="carol", action=Action.DATASET_UPDATE)
    with world.ctx.units(scope_of(ALICE)) as uow:
        uow.workspaces.add(WORKSPACE)
        uow.commit()
    with pytest.raises(WorkspaceNotFound):
        await make(world, workspace_id="none")
    dataset_id = (await make(world, workspace_id="w1")).dataset_id
    version_id = await make_version(world, dataset_id)
    with pytest.raises(WorkspaceNotFound):
        await datasets.create(world.ctx, carol, body(dataset_name="x", workspace_id="w1"))
    for call in (
        datasets.show(world.ctx, carol, dataset_id),
        datasets.change(world.ctx, carol, dataset_id, {"description": "x"}),
        datasets.delete(world.ctx, carol, dataset_id),
        datasets.create_version(world.ctx, carol, dataset_id, {}, EN),
        datasets.list_versions(world.ctx, carol, dataset_id, EN),
        datasets.show_version(world.ctx, carol, dataset_id, version_id, EN),
        datasets.delete_version(world.ctx, carol, dataset_id, version_id),
        datasets.list_manifest(world.ctx, carol, dataset_id, version_id),
    ):
        with pytest.raises(DatasetNotFound):
            await call
    assert (await datasets.search(world.ctx, carol, DatasetQuery())).total_number == 0
    assert (await datasets.search(world.ctx, ALICE, DatasetQuery(workspace_id="w1"))).total_number == 1
    for who, unseen in ((carol, "w1"), (ALICE, "none")):
        with pytest.raises(WorkspaceNotFound):
            await datasets.search(world.ctx, who, DatasetQuery(workspace_id=unseen))


async def test_a_narrower_role_in_the_workspace_counts(world: World) -> None:
    """Guards members who may only look on there, whatever they may do elsewhere in the project."""
    carol = replace(ALICE, user_id="u3", user_name="carol")
    with world.ctx.units(scope_of(ALICE)) as uow:
        uow.principals.add_user(User("u3", "carol", ALICE.project_id, is_admin=False), 0)
        uow.workspaces.add(replace(WORKSPACE, members=(Member("u3", "carol", role=VIEWER),)))
        uow.commit()
    dataset_id = (await make(world, workspace_id="w1")).dataset_id
    version_id = await make_version(world, dataset_id)

    def doing(action: Action) -> Principal:
        return replace(carol, action=action)

    creating = doing(Action.DATASET_CREATE)
    for call in (
        datasets.create(world.ctx, creating, body(dataset_name="x", workspace_id="w1")),
        datasets.create_version(world.ctx, creating, dataset_id, {}, EN),
        datasets.change(world.ctx, doing(Action.DATASET_UPDATE), dataset_id, {"description": "x"}),
        datasets.delete(world.ctx, doing(Action.DATASET_DELETE), dataset_id),
        datasets.delete_version(world.ctx, doing(Action.DATASET_DELETE), dataset_id, version_id),
    ):
        with pytest.raises(ActionDenied):
            await call
    looking = doing(Action.DATASET_GET)
    assert (await datasets.show(world.ctx, looking, dataset_id)).dataset_id == dataset_id
    assert len((await datasets.list_manifest(world.ctx, looking, dataset_id, version_id)).objects) == 2
