"""Folders of the object store: size, use, deleting and copying many objects; within time, and whose they are."""

from dataclasses import replace

import pytest

from tests.services.world import ALICE, BOB, World, pieces_of
from trainwright.domain.access import Action
from trainwright.domain.errors import (
    ActionDenied,
    BucketNotFound,
    InvalidObsPath,
    InvalidParam,
    ObjectExists,
    ObjectNotFound,
    TrainwrightError,
)
from trainwright.domain.obs import ObsPath
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Workspace
from trainwright.services import object_folders, objects

pytestmark = pytest.mark.anyio
BUCKET = "mine"


@pytest.fixture(autouse=True)
async def _bucket(world: World) -> None:
    await objects.create_bucket(world.ctx, ALICE, BUCKET)
    for key, data in (("a/1", b"x"), ("a/2", b"yy"), ("a/deep/3", b"zzz"), ("ab", b"four"), ("b/", b"")):
        await world.objects.write(ObsPath(BUCKET, key), pieces_of(data))


async def keys(world: World, bucket: str = BUCKET) -> list[str]:
    """All keys of a bucket."""
    return [meta.key for meta in (await world.objects.list_page(ObsPath(bucket))).objects]


async def test_usage(world: World) -> None:
    """Guards sums by prefix, of folders and of parts of names, and of nothing."""
    for prefix, expected in (("", (5, 10)), ("a/", (3, 6)), ("a", (4, 10)), ("none/", (0, 0))):
        told = await object_folders.show_usage(world.ctx, ALICE, BUCKET, prefix)
        assert (told.objects, told.bytes, told.complete) == (*expected, True)
    with pytest.raises(BucketNotFound):
        await object_folders.show_usage(world.ctx, BOB, BUCKET, "")
    with pytest.raises(InvalidObsPath):
        await object_folders.show_usage(world.ctx, ALICE, BUCKET, "../x")


async def test_usage_within_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the form: of a folder without end it says what it has seen, and that there is more."""
    monkeypatch.setattr(object_folders, "_PAGE", 2)
    told = await object_folders.show_usage(world.ctx, ALICE, BUCKET, "", limit_s=0)
    assert (told.objects, told.complete) == (2, False)
    told = await object_folders.show_usage(world.ctx, ALICE, BUCKET, "")
    assert (told.objects, told.complete) == (5, True)


async def test_deleting_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards keys and folders together, pages, time, and that a name beside a folder stays."""
    monkeypatch.setattr(object_folders, "_PAGE", 2)
    body = {"keys": ["a/1", "none"], "prefixes": ["a/"]}
    part = await object_folders.delete(world.ctx, ALICE, BUCKET, body, limit_s=-1)
    assert not part.complete
    whole = await object_folders.delete(world.ctx, ALICE, BUCKET, body)
    assert whole.complete and await keys(world) == ["ab", "b/"]
    again = await object_folders.delete(world.ctx, ALICE, BUCKET, {"prefixes": ["a/", "b/"]})
    assert (again.deleted, again.complete) == (1, True)
    assert await keys(world) == ["ab"]


@pytest.mark.parametrize(
    "body",
    [{}, {"keys": []}, {"prefixes": ["a"]}, {"prefixes": [""]}, {"keys": ["a/1", "../x"]}, {"keys": [1]}],
)
async def test_deletions_that_are_refused_delete_nothing(world: World, body: dict[str, object]) -> None:
    """Guards against the whole bucket by a slip."""
    with pytest.raises(TrainwrightError):
        await object_folders.delete(world.ctx, ALICE, BUCKET, body)
    with pytest.raises(TrainwrightError):
        await object_folders.delete(world.ctx, BOB, BUCKET, {"keys": ["a/1"]})
    assert len(await keys(world)) == 5


async def test_copies_and_moves(world: World) -> None:
    """Guards objects and folders, in one bucket and between two; a move leaves nothing behind."""
    await objects.create_bucket(world.ctx, ALICE, "other")
    done = await object_folders.copy(world.ctx, ALICE, BUCKET, {"source": "ab", "target": "c/ab"})
    assert (done.objects, done.bytes, done.next_after) == (1, 4, "")
    done = await object_folders.copy(
        world.ctx, ALICE, BUCKET, {"source": "a/", "target": "z/y/", "target_bucket": "other"}
    )
    assert (done.objects, done.bytes) == (3, 6)
    assert await keys(world, "other") == ["z/y/1", "z/y/2", "z/y/deep/3"]
    body = {"source": "a/", "target": "renamed/", "move": True}
    assert (await object_folders.copy(world.ctx, ALICE, BUCKET, body)).objects == 3
    await object_folders.copy(world.ctx, ALICE, BUCKET, {"source": "b/", "target": "e/", "move": True})
    assert await keys(world) == ["ab", "c/ab", "e/", "renamed/1", "renamed/2", "renamed/deep/3"]


async def test_what_is_there_is_not_replaced_unless_wanted(world: World) -> None:
    """Guards against loss: an object, a folder with something in it; a name that only begins so is none of both."""
    for source, target in (("ab", "a/1"), ("b/", "a/")):
        with pytest.raises(ObjectExists):
            await object_folders.copy(world.ctx, ALICE, BUCKET, {"source": source, "target": target})
    await object_folders.copy(world.ctx, ALICE, BUCKET, {"source": "a/1", "target": "a/d"})
    body = {"source": "ab", "target": "a/1", "overwrite": True}
    assert (await object_folders.copy(world.ctx, ALICE, BUCKET, body)).objects == 1
    assert (await world.objects.head(ObsPath(BUCKET, "a/1"))).size == 4


@pytest.mark.parametrize("move", [False, True])
async def test_a_folder_into_one_above_it(world: World, move: bool) -> None:
    """Guards against loss: what moves up does not replace what has yet to."""
    body = {"source": "a/deep/", "target": "a/", "overwrite": True, "move": move}
    await world.objects.write(ObsPath(BUCKET, "a/deep/deep/3"), pieces_of(b"other"))
    before = await keys(world)
    with pytest.raises(InvalidParam, match="a/deep/deep/"):
        await object_folders.copy(world.ctx, ALICE, BUCKET, body)
    assert await keys(world) == before
    await world.objects.delete(ObsPath(BUCKET, "a/deep/deep/3"))
    assert (await object_folders.copy(world.ctx, ALICE, BUCKET, body)).objects == 1
    assert (await world.objects.head(ObsPath(BUCKET, "a/3"))).size == 3


async def test_a_copy_goes_on_where_time_was_up(world: World) -> None:
    """Guards large folders: each call brings it forward, and nothing is copied twice or left out."""
    after, copied, calls = "", 0, 0
    while True:
        body = {"source": "a/", "target": "t/", "after": after}
        part = await object_folders.copy(world.ctx, ALICE, BUCKET, body, limit_s=-1)
        copied, calls, after = copied + part.objects, calls + 1, part.next_after
        if not after:
            break
    assert (copied, calls) == (3, 3)
    assert {"t/1", "t/2", "t/deep/3"} <= set(await keys(world))


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("a/", "a/x/", InvalidParam),
        ("a/", "a/", InvalidParam),
        ("ab", "ab", InvalidParam),
        ("ab", "x/", InvalidParam),
        ("a/", "x", InvalidParam),
        ("none", "x", ObjectNotFound),
        ("none/", "x/", ObjectNotFound),
        ("../a", "x", InvalidObsPath),
    ],
)
async def test_copies_that_are_refused(
    world: World, source: str, target: str, error: type[Exception]
) -> None:
    """Guards folders into themselves, and what is not there."""
    with pytest.raises(error):
        await object_folders.copy(world.ctx, ALICE, BUCKET, {"source": source, "target": target})
    assert len(await keys(world)) == 5


async def test_whose_they_are(world: World) -> None:
    """Guards both buckets of a copy, and the rights that the operation's own action does not cover."""
    await objects.create_bucket(world.ctx, BOB, "theirs")
    await world.objects.write(ObsPath("theirs", "k"), pieces_of(b"1"))
    for bucket, body in (
        ("theirs", {"source": "k", "target": "x", "target_bucket": BUCKET}),
        (BUCKET, {"source": "ab", "target": "x", "target_bucket": "theirs"}),
        (BUCKET, {"source": "ab", "target": "x", "target_bucket": "trainwright-models"}),
    ):
        with pytest.raises(BucketNotFound):
            await object_folders.copy(world.ctx, ALICE, bucket, body)
    for missing in (Action.OBJECT_GET, Action.OBJECT_LIST, Action.OBJECT_DELETE):
        who = replace(ALICE, actions=ALICE.actions - {missing})
        with pytest.raises(ActionDenied):
            await object_folders.copy(world.ctx, who, BUCKET, {"source": "ab", "target": "x", "move": True})


async def test_who_uses_a_folder(world: World) -> None:
    """Guards the editor's warning: folders below and above, reading and writing, unfinished jobs only."""
    job_id = await world.create()
    for prefix, reads, writes in (
        ("code/app/", True, False),
        ("code/app/train.py", True, False),
        ("code/", True, False),
        ("data/deep/", True, False),
        ("", True, False),
    ):
        told = await object_folders.show_use(world.ctx, ALICE, "bucket", prefix)
        (job,) = told.jobs
        assert (job.id, job.name, job.reads, job.writes, told.others) == (job_id, "digits", reads, writes, 0)
    (job,) = (await object_folders.show_use(world.ctx, ALICE, "results", "run1/")).jobs
    assert (job.reads, job.writes, job.phase, job.user_name) == (False, True, "Creating", "alice")
    for prefix in ("code/apples/", "code/a", "other/"):
        assert (await object_folders.show_use(world.ctx, ALICE, "bucket", prefix)).jobs == []
    world.step(job_id)
    with world.ctx.units(PLATFORM) as uow:
        uow.jobs.request_stop(job_id, world.clock.ms)
        uow.commit()
    told = await object_folders.show_use(world.ctx, ALICE, "bucket", "code/")
    assert told.jobs[0].phase == "Terminating"


async def test_jobs_that_the_caller_does_not_see_are_counted(world: World) -> None:
    """Guards hidden workspaces: that somebody uses it is told, who is not."""
    with world.ctx.units(PLATFORM) as uow:
        place = Workspace("w", ALICE.project_id, "w", auth_type="PRIVATE", owner_id="somebody")
        uow.workspaces.add(place)
        uow.commit()
    job_id = await world.create()
    history = world.read(job_id)
    with world.ctx.units(PLATFORM) as uow:
        hidden = replace(history.job, id="hidden", name="secret", workspace_id="w")
        uow.jobs.add(hidden)
        uow.commit()
    told = await object_folders.show_use(world.ctx, ALICE, "bucket", "code/")
    assert ([job.id for job in told.jobs], told.others) == ([job_id], 1)
    blind = replace(ALICE, actions=frozenset({Action.OBJECT_LIST}))
    told = await object_folders.show_use(world.ctx, blind, "bucket", "code/")
    assert (told.jobs, told.others) == ([], 2)
    with pytest.raises(BucketNotFound):
        await object_folders.show_use(world.ctx, BOB, BUCKET, "")


async def test_an_ended_job_uses_nothing(world: World) -> None:
    """Guards against a warning that never goes."""
    await world.ended()
    assert (await object_folders.show_use(world.ctx, ALICE, "bucket", "code/")).jobs == []
