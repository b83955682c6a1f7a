"""Making dataset versions: complete, once, and over any number of lives of the server."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.fakes.objects import MemoryStore
from tests.services.mortal import Killed, Life
from tests.services.world import ALICE, BOB, EN, ZH, World, pieces_of
from trainwright.domain.errors import StorageUnavailable
from trainwright.domain.obs import ObsPath
from trainwright.ports.datasets import DatasetVersion
from trainwright.ports.objects import ObjectMeta, ObjectPage
from trainwright.ports.uow import PLATFORM
from trainwright.services import dataset_builder, datasets
from trainwright.services.context import Services
from trainwright.services.dataset_builder import DatasetBuilder
from trainwright.services.ownership import owned_objects
from trainwright.storage.folder import FolderStore
from trainwright.wire.datasets import VersionItem

pytestmark = pytest.mark.anyio

FOLDER = "obs://bucket/set/"


async def dataset_of(world: World, uri: str = FOLDER) -> str:
    """A dataset of Alice's; its id."""
    body = {"dataset_name": f"d{hash(uri) % 1000}", "data_source": {"data_path": uri}}
    return (await datasets.create(world.ctx, ALICE, body)).dataset_id


async def begin(world: World, dataset_id: str) -> str:
    return (await datasets.create_version(world.ctx, ALICE, dataset_id, {}, EN)).version_id


async def build(ctx: Services) -> None:
    """What the chore does, until nothing waits."""
    await asyncio.wait_for(DatasetBuilder(ctx).run(until_idle=True), 20)


async def shown(world: World, dataset_id: str, version_id: str, language: Any = EN) -> VersionItem:
    return await datasets.show_version(world.ctx, ALICE, dataset_id, version_id, language)


async def manifest(
    world: World, dataset_id: str, version_id: str, limit: int = 1000
) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    after = ""
    while True:
        page = await datasets.list_manifest(
            world.ctx, ALICE, dataset_id, version_id, after=after, limit=limit
        )
        found.update((item.path, (item.size, item.sha256)) for item in page.objects)
        after = page.next_after
        if not after:
            return found


def told(contents: dict[str, bytes]) -> dict[str, tuple[int, str]]:
    """What a manifest must say of these objects."""
    return {path: (len(data), hashlib.sha256(data).hexdigest()) for path, data in contents.items()}


async def fill(world: World, count: int = 5) -> dict[str, bytes]:
    contents = {f"d{number % 3}/f{number:04}": b"%d" % number * number for number in range(count)}
    contents["数据/名 字.txt"] = "文".encode()
    contents["large"] = bytes(300_000)
    for path, data in contents.items():
        await world.put(FOLDER + path, data)
    return contents


async def test_a_version_is_all_that_lies_in_the_folder(world: World) -> None:
    """Guards paths, sizes, checksums and counts; markers of folders and neighbours of the folder are not in it."""
    contents = await fill(world)
    await world.put("obs://bucket/set/empty/", b"")
    await world.put("obs://bucket/set2/other", b"x")
    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    waiting = await shown(world, dataset_id, version_id)
    assert (waiting.status, waiting.state, waiting.version_name) == (0, "creating", "V001")
    await build(world.ctx)
    ready = await shown(world, dataset_id, version_id)
    assert (ready.status, ready.state, ready.message) == (1, "ready", "")
    assert (ready.total_sample_count, ready.done_objects) == (len(contents), len(contents))
    assert ready.data_size == sum(map(len, contents.values()))
    assert ready.ready_time == world.clock.ms
    assert await manifest(world, dataset_id, version_id, limit=2) == told(contents)


async def test_more_than_a_page_of_objects(world: World) -> None:
    """Guards the seams between pages of the listing and of the manifest."""
    contents = {f"{number:05}": b"" for number in range(2001)}
    for path in contents:
        await world.put(FOLDER + path, b"")
    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    await build(world.ctx)
    assert await manifest(world, dataset_id, version_id) == told(contents)


async def test_a_folder_of_this_machine_is_read_the_same_way(world: World, tmp_path: Path) -> None:
    """Guards the short way for small files: same manifest, and what is gone or has grown meanwhile is noticed."""
    store = Watched(FolderStore(tmp_path / "buckets"))
    world.objects = cast(MemoryStore, store)
    ctx = replace(world.ctx, objects=store)
    world.ctx = ctx
    contents = await fill(world, 120)
    (tmp_path / "buckets/bucket/set/link").symlink_to("large")

    def meddle(calls: list[int] = []) -> None:  # noqa: B006 - remembers that it was called
        if not calls:
            calls.append(1)
            (tmp_path / "buckets/bucket/set/d0/f0003").unlink()
            (tmp_path / "buckets/bucket/set/d1/f0004").write_bytes(bytes(100_000))
            (tmp_path / "buckets/bucket/set/d2/f0005").write_bytes(b"other")

    real = ctx.objects.shared_path

    def shared_path(path: ObsPath) -> Path | None:
        if not path.is_folder:
            meddle()
        return real(path)

    store.shared_path = shared_path  # type: ignore[attr-defined]  # put over the real one
    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    await build(ctx)
    del contents["d0/f0003"]
    contents |= {"d1/f0004": bytes(100_000), "d2/f0005": b"other"}
    assert await manifest(world, dataset_id, version_id) == told(contents)
    assert len(store.reads) <= 4, "small files are not streamed"


async def test_a_ready_version_never_changes(world: World) -> None:
    """Guards the promise: neither new objects nor another version touch it; the next version has them."""
    contents = await fill(world)
    dataset_id = await dataset_of(world)
    first = await begin(world, dataset_id)
    await build(world.ctx)
    before = await shown(world, dataset_id, first)
    await world.put(FOLDER + "large", b"other")
    await world.put(FOLDER + "new", b"new")
    second = await begin(world, dataset_id)
    await build(world.ctx)
    assert await shown(world, dataset_id, first) == before
    assert await manifest(world, dataset_id, first) == told(contents)
    assert await manifest(world, dataset_id, second) == told({**contents, "large": b"other", "new": b"new"})


@pytest.mark.parametrize("last", range(0, 120, 3))
async def test_a_killed_server_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """Guards against a crash at any call of the database or the store: never ready too early, whole in the end."""
    monkeypatch.setattr(dataset_builder, "_SAVE_ENTRIES", 1)
    monkeypatch.setattr(dataset_builder, "_PAGE", 3)
    contents = await fill(world, 6)
    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    try:
        await build(Life(world.ctx, last).ctx)
    except* Killed:
        item = await shown(world, dataset_id, version_id)
        if item.state == "ready":
            assert await manifest(world, dataset_id, version_id) == told(contents)
    await world.put(FOLDER + "0 late", b"late")
    await world.objects.delete(ObsPath.parse(FOLDER + "large"))
    late = (await shown(world, dataset_id, version_id)).state == "creating"
    await build(world.ctx)
    if late:
        contents = {path: data for path, data in contents.items() if path != "large"} | {"0 late": b"late"}
    assert (await shown(world, dataset_id, version_id)).state == "ready"
    assert await manifest(world, dataset_id, version_id) == told(contents)


async def test_what_has_been_read_is_not_read_again_after_a_crash(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the progress of large folders over restarts."""
    monkeypatch.setattr(dataset_builder, "_SAVE_ENTRIES", 1)
    await fill(world, 30)
    dataset_id = await dataset_of(world)
    await begin(world, dataset_id)
    first, second = Watched(world.objects), Watched(world.objects)
    life = Life(replace(world.ctx, objects=first), 100)
    with pytest.raises(BaseExceptionGroup):
        await build(life.ctx)
    await build(replace(world.ctx, objects=second))
    assert first.reads
    assert second.reads
    assert len(first.reads) + len(second.reads) <= 32 + dataset_builder.READS_AT_ONCE


class Watched:
    """The world's store, noting what is read and how many reads there are at once; `meddle` is called at each."""

    def __init__(self, objects: Any) -> None:
        self._objects = objects
        self.reads: list[str] = []
        self.open = self.most = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    async def read(self, path: ObsPath, **options: Any) -> AsyncIterator[bytes]:
        self.reads.append(path.key)
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        async for piece in self._objects.read(path, **options):
            yield piece
        await self.meddle(path)
        self.open -= 1

    async def meddle(self, path: ObsPath) -> None:
        """What somebody does to the store meanwhile."""


async def test_each_object_is_read_once_and_two_at_most_at_a_time(world: World) -> None:
    """Guards the load on store and server, over several versions at once."""
    for name in ("a", "b", "c"):
        for number in range(7):
            await world.put(f"obs://bucket/{name}/{number}", b"x")
        await begin(world, await dataset_of(world, f"obs://bucket/{name}/"))
    store = Watched(world.objects)
    await build(replace(world.ctx, objects=store))
    assert sorted(store.reads) == sorted(set(store.reads))
    assert len(store.reads) == 21
    assert store.most == dataset_builder.READS_OF_PROJECT


async def test_one_projects_queue_keeps_no_others_waiting(world: World) -> None:
    """Guards a small version against the many large ones of another project, all of which are being read."""
    await fill(world)
    dataset_id = await dataset_of(world)
    for _ in range(datasets.VERSIONS_BEGUN_MAX):
        await begin(world, dataset_id)
    await world.put("obs://bobs/set/small", b"x")
    with world.ctx.units(PLATFORM) as uow:
        uow.buckets.claim("bobs", BOB.project_id, world.clock.ms)
        uow.commit()
    stuck, read, release = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Slow(Watched):
        async def meddle(self, path: ObsPath) -> None:
            if path.bucket == "bobs":
                read.set()
            else:
                if self.open == dataset_builder.READS_OF_PROJECT:
                    stuck.set()
                await release.wait()

    ctx = replace(world.ctx, objects=Slow(world.objects))
    building = asyncio.create_task(build(ctx))
    await asyncio.wait_for(stuck.wait(), 20)
    body = {"dataset_name": "theirs", "data_source": {"data_path": "obs://bobs/set/"}}
    theirs = (await datasets.create(world.ctx, BOB, body)).dataset_id
    await datasets.create_version(ctx, BOB, theirs, {}, EN)
    await asyncio.wait_for(read.wait(), 20)
    assert not release.is_set()
    release.set()
    await building


class Restless(Watched):
    """A store in which one object is written anew `times` times, each time it has been read."""

    def __init__(self, objects: Any, times: int) -> None:
        super().__init__(objects)
        self.times = times

    async def meddle(self, path: ObsPath) -> None:
        if path.key == "set/large" and self.times:
            self.times -= 1
            await self._objects.write(path, pieces_of(b"%d" % self.times + bytes(100_000)))


async def test_an_object_that_changes_while_it_is_read_is_read_again(world: World) -> None:
    """Guards a manifest with a checksum of bytes that never were one object."""
    contents = await fill(world)
    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    await build(replace(world.ctx, objects=Restless(world.objects, 3)))
    assert await manifest(world, dataset_id, version_id) == told({**contents, "large": b"0" + bytes(100_000)})
    again = await begin(world, dataset_id)
    await build(replace(world.ctx, objects=Restless(world.objects, 1000)))
    failed = await shown(world, dataset_id, again)
    assert (failed.status, failed.state) == (4, "failed")
    assert failed.message == "obs://bucket/set/large was changed again and again while it was read."
    assert "反复被修改" in (await shown(world, dataset_id, again, ZH)).message


async def test_objects_that_come_and_go_meanwhile_are_as_they_last_were(world: World) -> None:
    """Guards the manifest as the folder at one time: what changed behind the reader's back is looked at again."""
    contents = await fill(world)

    class Moving(Watched):
        async def meddle(self, path: ObsPath) -> None:
            if path.key == "set/large" and len(self.reads) < 20:
                await self._objects.write(ObsPath("bucket", "set/0 first"), pieces_of(b"new"))
                await self._objects.write(ObsPath("bucket", "set/d0/f0000"), pieces_of(b"changed"))
                await self._objects.delete(ObsPath("bucket", "set/d1/f0001"))

    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    await build(replace(world.ctx, objects=Moving(world.objects)))
    del contents["d1/f0001"]
    assert await manifest(world, dataset_id, version_id) == told(
        {**contents, "0 first": b"new", "d0/f0000": b"changed"}
    )


async def test_a_folder_that_never_rests_fails_in_the_end(world: World) -> None:
    """Guards against a version that is being made for ever."""
    await fill(world)

    class Growing(Watched):
        async def meddle(self, path: ObsPath) -> None:
            await self._objects.write(ObsPath("bucket", f"set/0/{len(self.reads)}"), pieces_of(b"new"))

    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    await build(replace(world.ctx, objects=Growing(world.objects)))
    assert (await shown(world, dataset_id, version_id)).message.startswith(
        "Objects in obs://bucket/set/ kept"
    )


async def test_an_empty_folder_makes_no_version(world: World) -> None:
    """Guards inputs with nothing in them: a folder that is empty, one that gets empty, a bucket that is gone."""
    await world.objects.create_bucket("other")
    await world.put("obs://other/set/only", b"x")
    await world.put("obs://bucket/empty/", b"")
    emptied = await dataset_of(world, "obs://other/set/")
    empty = await dataset_of(world, "obs://bucket/empty/")
    first, second = await begin(world, emptied), await begin(world, empty)

    class Emptying(Watched):
        async def meddle(self, path: ObsPath) -> None:
            await self._objects.delete(path)

    await build(replace(world.ctx, objects=Emptying(world.objects)))
    for dataset_id, version_id, uri in (
        (emptied, first, "obs://other/set/"),
        (empty, second, "obs://bucket/empty/"),
    ):
        failed = await shown(world, dataset_id, version_id)
        assert (failed.state, failed.message) == ("failed", f"Nothing lies in {uri}.")
        assert failed.done_objects <= failed.total_sample_count
    await world.objects.delete_bucket("other")
    gone = await begin(world, emptied)
    await build(world.ctx)
    assert (await shown(world, emptied, gone)).message == "Bucket other does not exist any more."


async def test_a_bucket_that_changed_hands_is_gone(world: World) -> None:
    """Guards the new owner's objects against the datasets of the old one."""
    mine, bobs = owned_objects(world.ctx, ALICE), owned_objects(world.ctx, BOB)
    await mine.create_bucket("moving")
    dataset_id = await dataset_of(world, "obs://moving/")
    await mine.delete_bucket("moving")
    await bobs.create_bucket("moving")
    await bobs.write(ObsPath("moving", "secret"), pieces_of(b"x"))
    version_id = await begin(world, dataset_id)
    await build(world.ctx)
    assert (await shown(world, dataset_id, version_id)).state == "failed"
    assert await manifest(world, dataset_id, version_id) == {}


@pytest.mark.parametrize("away", [StorageUnavailable(detail="away"), OSError(5, "Input/output error")])
async def test_a_store_that_is_away_delays_and_does_not_fail(
    world: World, away: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards versions against an outage of the store: they go on when it is back."""
    contents = await fill(world)
    monkeypatch.setattr(dataset_builder, "RETRY_S", 0.0)

    class Flaky(Watched):
        tries = 0

        async def list_page(self, prefix: ObsPath, **options: Any) -> ObjectPage:
            self.tries += 1
            if self.tries in (1, 3):
                raise away
            page: ObjectPage = await self._objects.list_page(prefix, **options)
            return page

        async def head(self, path: ObsPath) -> ObjectMeta:
            self.tries += 1
            if self.tries % 2:
                raise away
            meta: ObjectMeta = await self._objects.head(path)
            return meta

    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)
    await build(replace(world.ctx, objects=Flaky(world.objects)))
    assert await manifest(world, dataset_id, version_id) == told(contents)


async def test_a_version_deleted_meanwhile_is_dropped(world: World) -> None:
    """Guards the builder against rows that go away under its hands; others are made all the same."""
    await fill(world)
    dataset_id = await dataset_of(world)
    first, second = await begin(world, dataset_id), await begin(world, dataset_id)

    class Deleting(Watched):
        first = True

        async def meddle(self, path: ObsPath) -> None:
            if self.first:
                self.first = False
                await datasets.delete_version(world.ctx, ALICE, dataset_id, first)

    await build(replace(world.ctx, objects=Deleting(world.objects)))
    total = await datasets.list_versions(world.ctx, ALICE, dataset_id, EN)
    assert [(item.version_id, item.state) for item in total.versions] == [(second, "ready")]
    with world.ctx.units(PLATFORM, write=False) as uow:
        assert uow.datasets.totals(first) == (0, 0)


async def test_progress_is_written_down_every_second(world: World) -> None:
    """Guards what a user sees of a long creation."""
    for number in range(10):
        await world.put(f"{FOLDER}{number}", b"x")
    seen: list[DatasetVersion] = []
    dataset_id = await dataset_of(world)
    version_id = await begin(world, dataset_id)

    class Slow(Watched):
        async def meddle(self, path: ObsPath) -> None:
            world.clock.ms += 600
            with world.ctx.units(PLATFORM, write=False) as uow:
                seen.append(uow.datasets.get_version(dataset_id, version_id))

    await build(replace(world.ctx, objects=Slow(world.objects)))
    assert {version.objects for version in seen} == {10}
    assert max(version.done_objects for version in seen) >= 3
    assert [version.done_objects for version in seen] == sorted(version.done_objects for version in seen)


async def test_the_chore_begins_at_once(world: World) -> None:
    """Guards the waiting time after a version was asked for: no period goes by."""
    await fill(world)
    dataset_id = await dataset_of(world)
    chore = asyncio.create_task(DatasetBuilder(world.ctx).run())
    try:
        await asyncio.sleep(0)
        version_id = await begin(world, dataset_id)
        async with asyncio.timeout(dataset_builder.IDLE_S / 3):
            while (await shown(world, dataset_id, version_id)).state != "ready":
                await asyncio.sleep(0)
    finally:
        chore.cancel()
