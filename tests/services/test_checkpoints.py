"""Checkpoints of jobs as use cases: which there are, which is the newest complete one, which a policy removes."""

import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.objects import MemoryStore
from tests.services.world import ALICE, BOB, EN, REGISTRATION, ZH, World, channel, done
from trainwright.domain.entities import Job
from trainwright.domain.errors import JobNotFound, ParamOutOfRange, StorageUnavailable
from trainwright.domain.obs import ObsPath
from trainwright.domain.observation import RunState
from trainwright.domain.specs import CheckpointPolicy, Work
from trainwright.ports.objects import ObjectMeta, ObjectPage
from trainwright.ports.uow import PLATFORM
from trainwright.services import checkpoint_checks, checkpoint_retention, checkpoints, reports
from trainwright.services.checkpoint_retention import Retention, apply_policy
from trainwright.services.context import Services
from trainwright.services.resume_points import Newest
from trainwright.wire.runner import Report, ResumePoint

pytestmark = pytest.mark.anyio

OUT = "obs://results/run1/"


def weights(size: int = 16) -> bytes:
    """A complete safetensors file."""
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (size, size)
    return struct.pack("<Q", len(header)) + header + bytes(size)


class Timed(MemoryStore):
    """A memory store whose objects carry the times of a test's clock, and that counts the bytes that are read."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._times: dict[ObsPath, int] = {}
        self.read_bytes = 0
        self.unreadable = ""

    async def write(
        self, path: ObsPath, pieces: AsyncIterator[bytes], *, replacing: str | None = None
    ) -> ObjectMeta:
        self._times[path] = self._world.clock.ms
        return await super().write(path, pieces, replacing=replacing)

    async def list_page(
        self, prefix: ObsPath, *, delimiter: bool = False, after: str = "", limit: int = 1000
    ) -> ObjectPage:
        page = await super().list_page(prefix, delimiter=delimiter, after=after, limit=limit)
        timed = (
            replace(meta, modified_at_ms=self._times[ObsPath(meta.bucket, meta.key)]) for meta in page.objects
        )
        return replace(page, objects=tuple(timed))

    async def read(self, path: ObsPath, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        if path.name == self.unreadable:
            raise StorageUnavailable(detail="no answer")
        async for piece in super().read(path, start=start, end=end):
            self.read_bytes += len(piece)
            yield piece


@pytest.fixture
async def timed(world: World) -> World:
    """The world over a store with the clock's times."""
    store = Timed(world)
    made = replace(world, ctx=replace(world.ctx, objects=store), objects=store)
    await made.seed()
    world.clock.ms += 600_000
    return made


async def save(world: World, name: str, data: bytes | None = None, *, folder: str = OUT) -> None:
    """A checkpoint, five minutes after the one before."""
    world.clock.ms += 300_000
    await world.put(folder + name, weights() if data is None else data)


def job_of(world: World, job_id: str) -> Job:
    return world.read(job_id).job


async def found(world: World, job: Job, work: Work | None = None) -> ResumePoint | None:
    """What a start would go on from."""
    newest = await checkpoints.newest(world.ctx, job, work)
    assert not newest.trouble
    return newest.point


async def test_the_newest_complete_one(timed: World) -> None:
    """Guards what a job goes on from: complete, newest, of this job's time."""
    await save(timed, "step-90.safetensors")
    timed.clock.ms += 60_001
    job = job_of(timed, await timed.create())
    assert await found(timed, job) is None
    await save(timed, "step-10.safetensors")
    await save(timed, "step-20.safetensors")
    await save(timed, "step-30.safetensors", weights()[:-1])
    assert await found(timed, job) == ResumePoint(output=0, path="step-20.safetensors", step=20)
    await save(timed, "checkpoint-40/model.safetensors")
    await save(timed, "checkpoint-40/optimizer.safetensors", b"")
    point = await found(timed, job)
    assert point is not None
    assert point.path == "step-20.safetensors"
    await save(timed, "checkpoint-40/optimizer.safetensors")
    assert await found(timed, job) == ResumePoint(output=0, path="checkpoint-40/", step=40)


async def test_what_lay_there_counts_when_it_is_fetched(timed: World) -> None:
    """Guards resuming from an earlier job's checkpoints: only in an output that is laid before the start."""
    await save(timed, "step-90.safetensors")
    timed.clock.ms += 600_000
    output = channel("train_url", OUT, prefetch_to_local=True)
    job = job_of(timed, await timed.create(algorithm__outputs=[output]))
    assert await found(timed, job) == ResumePoint(output=0, path="step-90.safetensors", step=90)


async def test_it_is_told_where_the_task_has_it(timed: World) -> None:
    """Guards the index: within the outputs of the task's own role; none for a role without that output."""
    other = channel("logs", "obs://results/logs/")
    job = job_of(timed, await timed.create(algorithm__outputs=[other, channel("train_url", OUT)]))
    await save(timed, "epoch_3.safetensors")
    assert await found(timed, job) == ResumePoint(output=1, path="epoch_3.safetensors", step=3)
    only = Work(outputs=(job.launch.outputs[1],))
    assert await found(timed, job, only) == ResumePoint(output=0, path="epoch_3.safetensors", step=3)
    assert await found(timed, job, Work(outputs=job.launch.outputs[:1])) is None


async def test_a_set_is_named_by_a_file_that_is_there(timed: World) -> None:
    """Guards the runner's check: it looks for the path it is told."""
    index = b"\0" * 100 + bytes.fromhex("57fb808b247547db")
    job = job_of(timed, await timed.create())
    await save(timed, "ckpt-7.data-00000-of-00001", b"weights")
    await save(timed, "ckpt-7.index", index)
    assert await found(timed, job) is None
    output = replace_prefetch(job)
    assert await found(timed, output) == ResumePoint(output=0, path="ckpt-7.index", step=7)


def replace_prefetch(job: Job) -> Job:
    outputs = tuple(each.model_copy(update={"prefetch": True}) for each in job.launch.outputs)
    return replace(job, launch=job.launch.model_copy(update={"outputs": outputs}))


async def test_trouble_with_the_store_is_told(timed: World) -> None:
    """Guards against taking no answer for no checkpoint, also when it is only the newest that cannot be read."""
    job = job_of(timed, await timed.create())
    await save(timed, "step-10.safetensors")
    timed.objects.broken = "down"
    assert await checkpoints.newest(timed.ctx, job) == Newest(None, "The object store failed: down.")
    timed.objects.broken = ""
    assert await found(timed, job) is not None
    await save(timed, "step-20.safetensors")
    store = timed.objects
    assert isinstance(store, Timed)
    store.unreadable = "step-20.safetensors"
    newest = await checkpoints.newest(timed.ctx, job)
    assert newest.point is not None
    assert (newest.point.step, newest.trouble) == (10, "step-20.safetensors: the store could not be read")


async def test_nothing_is_read_twice(timed: World) -> None:
    """Guards cost: bytes that have not changed are not looked at again, those that have are."""
    job = job_of(timed, await timed.create())
    store = timed.objects
    assert isinstance(store, Timed)
    await save(timed, "step-10.safetensors")
    await found(timed, job)
    first = store.read_bytes
    assert first
    await found(timed, job)
    assert store.read_bytes == first
    await save(timed, "step-10.safetensors", weights()[:-1])
    assert await found(timed, job) is None


async def test_the_list(timed: World) -> None:
    """Guards fields, order, pages, languages, and who may see it."""
    job_id = await timed.create()
    await save(timed, "epoch=1-step=10-val_loss=0.5.safetensors")
    await save(timed, "epoch=2-step=20-val_loss=0.4.safetensors", weights()[:-4])
    await save(timed, "model.pkl", b"\x80\x04cposix\nsystem\n.")
    page = await checkpoints.list_checkpoints(timed.ctx, ALICE, job_id, EN)
    assert (page.total, page.count) == (3, 3)
    assert [item.state for item in page.items] == ["unsafe", "incomplete", "complete"]
    assert page.items[0].detail == "loading it would call posix.system"
    assert page.items[1].detail.startswith("it ends too early")
    assert page.items[2].model_dump(exclude={"update_time", "size"}) == {
        "output": "train_url",
        "path": "epoch=1-step=10-val_loss=0.5.safetensors",
        "obs_url": "obs://results/run1/epoch=1-step=10-val_loss=0.5.safetensors",
        "kind": "safetensors",
        "step": 10,
        "epoch": 1,
        "metrics": {"val_loss": 0.5},
        "files": 1,
        "state": "complete",
        "detail": "",
    }
    second = await checkpoints.list_checkpoints(timed.ctx, ALICE, job_id, ZH, offset=1, limit=1)
    assert (second.total, [item.path for item in second.items]) == (3, [page.items[1].path])
    assert second.items[0].detail.startswith("内容被截断")
    assert (await checkpoints.list_checkpoints(timed.ctx, ALICE, job_id, EN, output="x")).total == 0
    with pytest.raises(JobNotFound):
        await checkpoints.list_checkpoints(timed.ctx, BOB, job_id, EN)
    with pytest.raises(ParamOutOfRange):
        await checkpoints.list_checkpoints(timed.ctx, ALICE, job_id, EN, limit=101)


# -- retention --------------------------------------------------------------------------------------------------------


async def kept(world: World, folder: str = OUT) -> list[str]:
    page = await world.objects.list_page(ObsPath.parse(folder))
    return [meta.key.rpartition("/")[2] for meta in page.objects]


def with_policy(world: World, job_id: str, **policy: Any) -> Job:
    """The job with a policy, stored."""
    with world.ctx.units(PLATFORM) as uow:
        job = uow.jobs.get(job_id)
        launch = job.launch.model_copy(update={"checkpoints": CheckpointPolicy(**policy)})
        uow.jobs.save_documents(replace(job, launch=launch))
        uow.commit()
    return job_of(world, job_id)


async def started(world: World, **changes: Any) -> str:
    """A running job whose tasks run their commands."""
    job_id = await world.running(**changes)
    for task in world.read(job_id).job.launch.task_names():
        started = Report(step="command", started_at_ms=world.clock.ms)
        await reports.report(world.ctx, f"{job_id}-a1", task, started)
    return job_id


async def finish(world: World, job_id: str) -> None:
    """The job completes."""
    for task in world.read(job_id).job.launch.task_names():
        await reports.report(world.ctx, f"{job_id}-a1", task, done())
    world.step(job_id, RunState.RUNNING)
    world.step(job_id, RunState.GONE)


async def test_a_policy_keeps_the_newest_and_the_best(timed: World) -> None:
    """Guards retention, and the event that tells of it."""
    job_id = await started(timed)
    for epoch, loss in ((1, 0.5), (2, 0.2), (3, 0.9), (4, 0.8)):
        await save(timed, f"epoch={epoch}-loss={loss}.safetensors")
    await save(timed, "epoch=5-loss=0.7.safetensors", weights()[:-1])
    await save(timed, "notes.txt", b"mine")
    job = with_policy(timed, job_id, keep_last=1, keep_best=1, metric="loss")
    assert await apply_policy(timed.ctx, job) == 2
    assert await kept(timed) == [
        "epoch=2-loss=0.2.safetensors",
        "epoch=4-loss=0.8.safetensors",
        "epoch=5-loss=0.7.safetensors",
        "notes.txt",
    ]
    assert [event.slots for event in timed.events(job_id) if event.code == "checkpoints_removed"] == [
        {"count": 2}
    ]
    assert await apply_policy(timed.ctx, job) == 0


async def test_nothing_is_removed_under_somebodys_feet(timed: World) -> None:
    """Guards what is being fetched, what others use, and what others wrote."""
    await save(timed, "step-1.safetensors")  # of an earlier job
    timed.clock.ms += 1
    job_id = await timed.create()
    job = with_policy(timed, job_id, keep_last=1)
    assert await apply_policy(timed.ctx, job) == 0  # pending
    timed.step(job_id)
    for step in (2, 3, 4):
        await save(timed, f"step-{step}.safetensors")
    everything = [f"step-{step}.safetensors" for step in (1, 2, 3, 4)]
    await reports.register(timed.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    timed.step(job_id, RunState.RUNNING)
    assert await apply_policy(timed.ctx, job_of(timed, job_id)) == 0  # its task may be fetching
    assert await kept(timed) == everything
    await reports.report(timed.ctx, f"{job_id}-a1", "worker-0", Report(step="command", started_at_ms=1))
    reader = await timed.create(metadata__name="reader", algorithm__inputs=[channel("data_url", "obs://results/")],
                                algorithm__outputs=[])  # fmt: skip
    assert await apply_policy(timed.ctx, job_of(timed, job_id)) == 0
    assert await kept(timed) == everything
    timed.step(reader)
    with timed.ctx.units(PLATFORM) as uow:
        uow.jobs.request_stop(reader, timed.clock.ms)
        uow.commit()
    timed.step(reader, RunState.GONE)
    timed.step(reader, RunState.GONE)
    assert await apply_policy(timed.ctx, job_of(timed, job_id)) == 2
    assert await kept(timed) == ["step-1.safetensors", "step-4.safetensors"]


async def test_the_chore_looks_at_ended_jobs_once_more(
    timed: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards the last checkpoints of a job, which come with the end of its last attempt."""
    job_id = await started(timed)
    with_policy(timed, job_id, keep_last=1)
    for step in (1, 2, 3):
        await save(timed, f"step-{step}.safetensors")
    await finish(timed, job_id)
    timed.objects.broken = "down"
    retention = Retention(timed.ctx)
    await retention.run_once()
    timed.objects.broken = ""
    await retention.run_once()
    assert await kept(timed) == ["step-3.safetensors"]
    timed.objects.broken = "down"
    caplog.clear()
    await retention.run_once()
    assert not caplog.messages  # it was not looked at


async def test_what_comes_after_a_job_is_not_its_own(timed: World) -> None:
    """Guards checkpoints of later jobs in the same output, also those of a job that has ended, and when the server is
    started anew.
    """
    first = await started(timed)
    with_policy(timed, first, keep_last=1)
    for step in (1, 2):
        await save(timed, f"step-{step}.safetensors")
    await finish(timed, first)
    second = await started(timed, metadata__name="second")
    for step in (10, 20, 30):
        await save(timed, f"step-{step}.safetensors")
    await finish(timed, second)
    everything = sorted(f"step-{step}.safetensors" for step in (1, 2, 10, 20, 30))
    await Retention(timed.ctx).run_once()
    assert await kept(timed) == everything  # the second has written there
    with timed.ctx.units(PLATFORM) as uow:
        uow.jobs.delete(second)
        uow.commit()
    await Retention(timed.ctx).run_once()
    assert await kept(timed) == everything[1:]  # what it wrote is still nobody else's


async def test_what_is_dated_between_attempts_is_not_removed(timed: World) -> None:
    """Guards what its owner lays into an output while nothing of the job is there."""
    job_id = await started(timed)
    job = with_policy(timed, job_id, keep_last=1)
    await save(timed, "step-1.safetensors")
    await finish(timed, job_id)
    for step in (2, 3):
        await save(timed, f"step-{step}.safetensors")
    assert await apply_policy(timed.ctx, job) == 0


async def test_one_file_stops_nothing(timed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards starts, lists, and the policies of all jobs against a file that a check or a pass fails at."""
    job_id = await started(timed)
    await save(timed, "step-1.safetensors")
    for step, end in ((2, b"Infinity"), (3, b"[]")):
        header = b'{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,%s]}}' % end
        await save(timed, f"step-{step}.safetensors", struct.pack("<Q", len(header)) + header)
    job = with_policy(timed, job_id, keep_last=1)
    assert (await found(timed, job)) == ResumePoint(output=0, path="step-1.safetensors", step=1)
    page = await checkpoints.list_checkpoints(timed.ctx, ALICE, job_id, EN)
    assert [item.state for item in page.items] == ["incomplete", "incomplete", "complete"]

    def broken(*_: object) -> Any:
        raise OverflowError("as never before")

    monkeypatch.setattr(checkpoint_checks, "check", lambda name, size: (broken() for _ in "x"))
    await save(timed, "step-4.safetensors")
    page = await checkpoints.list_checkpoints(timed.ctx, ALICE, job_id, EN)
    assert (page.items[0].state, page.items[0].detail) == (
        "unknown",
        "the check failed: OverflowError: as never before",
    )
    assert (await found(timed, job)) is not None
    monkeypatch.undo()
    other = await started(
        timed, metadata__name="other", algorithm__outputs=[channel("o", "obs://results/o/")]
    )
    with_policy(timed, other, keep_last=1)
    for step in (1, 2):
        await save(timed, f"step-{step}.safetensors", folder="obs://results/o/")
    real = checkpoint_retention.apply_policy

    async def failing(ctx: Services, which: Job) -> int:
        return broken() if which.id == job_id else await real(ctx, which)

    monkeypatch.setattr(checkpoint_retention, "apply_policy", failing)
    await Retention(timed.ctx).run_once()
    assert await kept(timed, "obs://results/o/") == ["step-2.safetensors"]


async def test_of_too_many_objects_the_newest_are_seen(timed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards going on from the newest, not from the first in the alphabet; a policy leaves such an output alone."""
    monkeypatch.setattr(checkpoints, "OBJECTS_MAX", 3)
    monkeypatch.setattr(checkpoints, "_PAGE", 2)
    job_id = await started(timed)
    for step in range(1, 20):
        await save(timed, f"step-{step}.safetensors")
    job = with_policy(timed, job_id, keep_last=1)
    assert await found(timed, job) == ResumePoint(output=0, path="step-19.safetensors", step=19)
    (output,) = await checkpoints.outputs_of(timed.ctx, job)
    assert (len(output.checkpoints), output.cut) == (3, True)
    assert await apply_policy(timed.ctx, job) == 0
