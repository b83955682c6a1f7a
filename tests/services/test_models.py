"""Keeping models of ended jobs as versions, over any number of lives of the server; who sees, reads, deletes them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.services.mortal import Killed, Life
from tests.services.world import ALICE, BOB, World, make_schema, open_world
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import (
    ActionDenied,
    DuplicateModelName,
    InvalidParam,
    ModelFileNotFound,
    ModelInUse,
    ModelNotFound,
    ModelVersionNotFound,
    WorkspaceNotFound,
)
from trainwright.domain.obs import ObsPath
from trainwright.domain.observation import RunState
from trainwright.ports.identity import Principal, User
from trainwright.ports.models import ModelVersion
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Member, Workspace
from trainwright.services import model_keeper, model_rows, models
from trainwright.services.context import Services
from trainwright.services.model_keeper import ModelKeeper
from trainwright.services.model_rows import BUCKET
from trainwright.services.models import ModelQuery, find_version_place
from trainwright.services.reading import scope_of
from trainwright.wire.models import ModelItem, ModelVersionItem

pytestmark = pytest.mark.anyio

PLACE = "obs://results/model/"
FILES = {"config.json": b"{}", "weights/数据.bin": b"w" * 100_000, "empty": b""}


def asking(name: str = "digits", **more: Any) -> dict[str, Any]:
    """Changes to a job's body that have its model kept."""
    return {"spec__folders": {"output_model": {"name": name, "obs_url": PLACE, **more}}}


async def fill(world: World, files: dict[str, bytes] | None = None) -> None:
    for path, data in (FILES if files is None else files).items():
        await world.put(PLACE + path, data)


async def keep(ctx: Services) -> None:
    """What the chore does, until there is nothing to do."""
    await asyncio.wait_for(ModelKeeper(ctx).run(until_idle=True), 20)


async def made(world: World, name: str = "digits", *, job: str = "first", **changes: Any) -> str:
    """A job that has completed and whose model was kept; its id."""
    job_id = await world.ended(metadata__name=job, **asking(name), **changes)
    await keep(world.ctx)
    return job_id


async def the_model(world: World, who: Principal = ALICE) -> ModelItem:
    (item,) = (await models.search(world.ctx, who, ModelQuery())).items
    return item


async def versions(world: World, model_id: str) -> tuple[ModelVersionItem, ...]:
    return (await models.list_versions(world.ctx, ALICE, model_id)).items


async def content(world: World, model_id: str, version_id: str) -> dict[str, bytes]:
    found = {}
    page = await models.list_files(world.ctx, ALICE, model_id, version_id)
    for item in page.files:
        meta, place = await models.find_file(world.ctx, ALICE, model_id, version_id, item.path)
        found[item.path] = b"".join([piece async for piece in world.objects.read(place)])
        assert len(found[item.path]) == item.size == meta.size
    return found


def codes(world: World, job_id: str) -> list[str]:
    return [event.code for event in world.events(job_id) if event.code.startswith("model_")]


async def test_a_completed_job_gives_a_version(world: World) -> None:
    """Guards the whole way: files, numbers, what it was made with, the event; looking again changes nothing."""
    await fill(world)
    first = await made(world)
    model = await the_model(world)
    assert (model.model_name, model.version_count, model.last_version) == ("digits", 1, 1)
    (version,) = await versions(world, model.model_id)
    assert (version.version, version.job_id, version.files, version.size) == (1, first, 3, 100_002)
    assert version.engine.id == "py-1"
    assert [(each.name, each.value) for each in version.parameters] == [("lr", "0.1")]
    assert await content(world, model.model_id, version.version_id) == FILES
    assert codes(world, first) == ["model_kept"]
    await world.put(PLACE + "config.json", b"changed")
    await made(world, job="second")
    await keep(world.ctx)
    both = await versions(world, model.model_id)
    assert [each.version for each in both] == [2, 1]
    assert await content(world, model.model_id, version.version_id) == FILES
    assert (await content(world, model.model_id, both[0].version_id))["config.json"] == b"changed"


async def test_a_stopped_job_gives_one_and_a_failed_one_does_not(world: World) -> None:
    """Guards which ends count."""
    await fill(world)
    stopped = await world.running(metadata__name="stopped", **asking())
    with world.ctx.units(PLATFORM) as uow:
        uow.jobs.request_stop(stopped, world.clock.ms)
        uow.commit()
    world.step(stopped, RunState.RUNNING)
    world.step(stopped, RunState.GONE)
    await keep(world.ctx)
    assert codes(world, stopped) == ["model_kept"]
    failed = await world.running(metadata__name="failed", **asking("other"))
    world.step(failed, RunState.RUNNING)
    world.step(failed, RunState.GONE)
    world.clock.ms += 3_600_000
    world.step(failed, RunState.GONE)
    world.step(failed, RunState.GONE)
    await keep(world.ctx)
    assert codes(world, failed) == []


async def test_nothing_at_model_is_said_once(world: World) -> None:
    """Guards jobs that wrote nothing: an event, no model, no version, and no second look."""
    job_id = await made(world)
    await keep(world.ctx)
    assert codes(world, job_id) == ["model_empty"]
    assert (await models.search(world.ctx, ALICE, ModelQuery())).total == 0


@pytest.mark.parametrize("last", range(45))
async def test_a_server_that_dies_anywhere_keeps_the_model_once(world: World, last: int) -> None:
    """Guards every await: whatever step the server dies at, the next ones bring exactly one whole version."""
    await fill(world, {"a": b"a" * 70_000, "b/c": b"c"})
    job_id = await world.ended(**asking())
    life = Life(world.ctx, last)
    try:
        await keep(life.ctx)
    except BaseExceptionGroup as died:
        assert died.split(Killed)[1] is None
    except Killed:
        pass
    await keep(world.ctx)
    model = await the_model(world)
    (version,) = await versions(world, model.model_id)
    assert (version.version, model.last_version, version.files) == (1, 1, 2)
    assert await content(world, model.model_id, version.version_id) == {"a": b"a" * 70_000, "b/c": b"c"}
    assert codes(world, job_id) == ["model_kept"]


async def test_the_source_is_gone(world: World) -> None:
    """Guards a version that cannot be finished: given up with the reason, and no empty model is left."""
    await fill(world)
    job_id = await world.ended(**asking())
    channel = model_keeper.model_output(world.read(job_id).job)
    assert channel is not None
    await world.ctx.blocking(model_rows.add_version, world.ctx, world.read(job_id).job, channel)
    for path in FILES:
        await world.delete(PLACE + path)
    await keep(world.ctx)
    assert codes(world, job_id) == ["model_gone"]
    assert (await models.search(world.ctx, ALICE, ModelQuery())).total == 0


async def test_files_that_keep_changing(world: World) -> None:
    """Guards against a version that mixes two states."""
    await fill(world)
    job_id = await world.ended(**asking())
    inner = world.objects.read
    turn = iter(range(1000))

    async def restless(path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        if path.bucket == "results":
            await world.put(PLACE + "config.json", b"%d" % next(turn))
        async for piece in inner(path, start=start, end=end):
            yield piece

    world.objects.read = restless  # type: ignore[method-assign]
    await keep(world.ctx)
    assert codes(world, job_id) == ["model_restless"]


async def test_a_model_deleted_while_it_is_copied_stays_deleted(world: World) -> None:
    """Guards the user's word: the job does not bring it back."""
    await fill(world)
    await made(world, job="first")
    model = await the_model(world)
    second = await world.ended(metadata__name="second", **asking())
    job = world.read(second).job
    channel = model_keeper.model_output(job)
    assert channel is not None
    await world.ctx.blocking(model_rows.add_version, world.ctx, job, channel)
    await models.delete(world.ctx, ALICE, model.model_id)
    await keep(world.ctx)
    assert codes(world, second) == ["model_deleted"]
    assert (await models.search(world.ctx, ALICE, ModelQuery())).total == 0
    assert not (await world.objects.list_page(ObsPath(BUCKET))).objects


async def test_deleting_and_sweeping(world: World) -> None:
    """Guards files: gone with their version, swept when they were left behind, never while a job reads them."""
    await fill(world)
    await made(world, job="first")
    await made(world, job="second")
    model = await the_model(world)
    second, first = await versions(world, model.model_id)
    with world.ctx.units(scope_of(ALICE), write=False) as uow:
        assert find_version_place(uow, ALICE, model.model_id) == ObsPath(
            BUCKET, f"{model.model_id}/{second.version_id}/"
        )
    reader = await world.create(
        metadata__name="reader",
        spec__folders={"pretrained_model": {"model_id": model.model_id, "version_id": first.version_id}},
    )
    with pytest.raises(ModelInUse):
        await models.delete_version(world.ctx, ALICE, model.model_id, first.version_id)
    with pytest.raises(ModelInUse):
        await models.delete(world.ctx, ALICE, model.model_id)
    await models.delete_version(world.ctx, ALICE, model.model_id, second.version_id)
    with pytest.raises(ModelVersionNotFound):
        await models.show_version(world.ctx, ALICE, model.model_id, second.version_id)
    left = await world.objects.list_page(ObsPath(BUCKET))
    assert {meta.key.split("/")[1] for meta in left.objects} == {first.version_id}
    await world.put(f"obs://{BUCKET}/{model.model_id}/gone/x", b"x")
    world.clock.ms += 10**12
    await model_keeper.sweep(world.ctx)
    left = await world.objects.list_page(ObsPath(BUCKET))
    assert {meta.key.split("/")[1] for meta in left.objects} == {first.version_id}
    assert reader
    third = await made(world, job="third")
    assert codes(world, third) == ["model_kept"]
    assert [each.version for each in await versions(world, model.model_id)] == [3, 1]


async def test_changes(world: World) -> None:
    """Guards name and description."""
    await fill(world)
    await made(world)
    await made(world, "letters", job="second")
    found = await models.search(world.ctx, ALICE, ModelQuery(name="dig"))
    (model,) = found.items
    changed = await models.change(world.ctx, ALICE, model.model_id, {"description": "what"})
    assert (changed.model_name, changed.description) == ("digits", "what")
    changed = await models.change(world.ctx, ALICE, model.model_id, {"model_name": "numbers"})
    assert (changed.model_name, changed.description) == ("numbers", "what")
    with pytest.raises(DuplicateModelName):
        await models.change(world.ctx, ALICE, model.model_id, {"model_name": "letters"})
    for bad in ("", "a b", "x" * 65, 5):
        with pytest.raises(InvalidParam):
            await models.change(world.ctx, ALICE, model.model_id, {"model_name": bad})
    page = await models.search(world.ctx, ALICE, ModelQuery(limit=1, offset=1))
    assert (page.total, page.count) == (2, 1)


async def test_files_that_are_none(world: World) -> None:
    """Guards paths: out of the version, folders, garbage."""
    await fill(world)
    await made(world)
    model = await the_model(world)
    (version,) = await versions(world, model.model_id)
    for path in ("", "weights", "weights/", "../x", "/etc/passwd", "a\x00b", "x" * 2000):
        with pytest.raises(ModelFileNotFound):
            await models.find_file(world.ctx, ALICE, model.model_id, version.version_id, path)
    with pytest.raises(ModelVersionNotFound):
        await models.list_files(world.ctx, ALICE, model.model_id, "x")


async def test_others_see_nothing(world: World) -> None:
    """Guards the project's bounds."""
    await fill(world)
    await made(world)
    model = await the_model(world)
    (version,) = await versions(world, model.model_id)
    assert (await models.search(world.ctx, BOB, ModelQuery())).total == 0
    for call in (
        models.show(world.ctx, BOB, model.model_id),
        models.change(world.ctx, BOB, model.model_id, {}),
        models.delete(world.ctx, BOB, model.model_id),
        models.list_versions(world.ctx, BOB, model.model_id),
        models.list_files(world.ctx, BOB, model.model_id, version.version_id),
        models.find_file(world.ctx, BOB, model.model_id, version.version_id, "config.json"),
        models.open_archive(world.ctx, BOB, model.model_id, version.version_id),
        models.delete_version(world.ctx, BOB, model.model_id, version.version_id),
    ):
        with pytest.raises(ModelNotFound):
            await call


WORKSPACE = Workspace("w1", ALICE.project_id, "w", owner_id="u1", owner_name="alice", auth_type="INTERNAL")


async def test_workspaces(world: World) -> None:
    """Guards visibility and rights in a workspace, and that another workspace's model is given no versions."""
    carol = replace(ALICE, user_id="u3", user_name="carol")
    with world.ctx.units(PLATFORM) as uow:
        uow.principals.add_user(User("u3", "carol", ALICE.project_id, is_admin=False), 3)
        uow.workspaces.add(WORKSPACE)
        uow.commit()
    await fill(world)
    await world.ended(metadata__name="first", metadata__workspace_id="w1", **asking())
    world.clock.ms += 1_000
    elsewhere = await world.ended(metadata__name="second", **asking())
    await keep(world.ctx)
    assert codes(world, elsewhere) == ["model_taken"]
    model = await the_model(world)
    assert model.workspace_id == "w1"
    assert (await models.search(world.ctx, carol, ModelQuery())).total == 0
    with pytest.raises(WorkspaceNotFound):
        await models.search(world.ctx, carol, ModelQuery(workspace_id="w1"))
    with pytest.raises(DuplicateModelName):
        await made(world, job="third")
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.save(replace(WORKSPACE, members=(Member("u3", "carol", role=VIEWER),)))
        uow.commit()
    assert (await models.search(world.ctx, carol, ModelQuery())).total == 1
    with pytest.raises(ActionDenied):
        await models.delete(world.ctx, replace(carol, action=Action.MODEL_DELETE), model.model_id)


def test_the_row_is_all_there_is_to_know() -> None:
    """Guards what a restart reads: where the files come from is in the version itself."""
    assert "document" in ModelVersion.__slots__


@pytest.fixture(scope="module")
def _own_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_schema(tmp_path_factory.mktemp("own") / "empty.db")


async def test_two_jobs_end_at_once(tmp_path: Path, _own_schema: Path) -> None:
    """Guards numbers: each job has its own, and none is skipped."""
    with open_world(tmp_path, _own_schema) as world:
        await world.seed()
        await fill(world)
        ids = [await world.ended(metadata__name=f"j{n}", **asking()) for n in range(5)]
        await keep(world.ctx)
        model = await the_model(world)
        found = await versions(world, model.model_id)
        assert sorted(each.version for each in found) == [1, 2, 3, 4, 5]
        assert {each.job_id for each in found} == set(ids)
