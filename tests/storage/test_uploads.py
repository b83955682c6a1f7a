"""Resumable uploads: parts survive everything, come together once, and belong to their project."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.object_stores import get, pieces
from tests.fakes.objects import MemoryStore
from trainwright.domain.errors import (
    BucketNotFound,
    InvalidObsPath,
    InvalidParam,
    ObjectChanged,
    ParamOutOfRange,
    StorageUnavailable,
    UploadIncomplete,
    UploadNotFound,
)
from trainwright.domain.obs import ObsPath
from trainwright.ports.objects import NOTHING
from trainwright.storage.uploads import STALE_AFTER_MS, Plan, Upload, Uploads

pytestmark = pytest.mark.anyio

PLAN = Plan("project", "bucket", "dir/k", size=25, part_size=10)
DATA = b"0123456789abcdefghijABCDE"


@pytest.fixture
async def objects() -> MemoryStore:
    store = MemoryStore()
    await store.create_bucket("bucket")
    return store


@pytest.fixture
def uploads(tmp_path: Path, objects: MemoryStore) -> Uploads:
    return Uploads(tmp_path / "uploads", objects)


async def send(uploads: Uploads, upload: Upload, number: int, data: bytes | None = None) -> int:
    plan = upload.plan
    at = (number - 1) * plan.part_size
    data = DATA[at : at + plan.part_size] if data is None else data
    return await uploads.write_part(
        plan.project_id, plan.bucket, upload.upload_id, number, pieces(data[:3], data[3:])
    )


async def show(uploads: Uploads, upload: Upload) -> Upload:
    return await uploads.show(upload.plan.project_id, upload.plan.bucket, upload.upload_id)


async def complete(uploads: Uploads, upload: Upload) -> int:
    plan = upload.plan
    return (await uploads.complete(plan.project_id, plan.bucket, upload.upload_id)).size


async def test_parts_in_any_order_become_the_object(uploads: Uploads, objects: MemoryStore) -> None:
    # Guards: the main way.
    upload = await uploads.begin(PLAN)
    assert upload.parts == ()
    for number in (3, 1, 2):
        assert await send(uploads, upload, number) == (5 if number == 3 else 10)
    assert (await show(uploads, upload)).parts == (1, 2, 3)
    assert await complete(uploads, upload) == 25
    assert await get(objects, "bucket", "dir/k") == DATA


async def test_a_completion_can_be_repeated(uploads: Uploads, objects: MemoryStore, tmp_path: Path) -> None:
    # Guards: an answer that was lost; also after a restart of the server.
    upload = await uploads.begin(PLAN)
    for number in (1, 2, 3):
        await send(uploads, upload, number)
    plan = upload.plan
    first = await uploads.complete(plan.project_id, plan.bucket, upload.upload_id)
    again = Uploads(tmp_path / "uploads", objects)
    assert await again.complete(plan.project_id, plan.bucket, upload.upload_id) == first
    with pytest.raises(UploadNotFound):
        await show(uploads, upload)
    with pytest.raises(UploadNotFound):
        await send(uploads, upload, 1)
    assert (await uploads.begin(PLAN)).upload_id != upload.upload_id


async def test_two_completions_at_once_make_one_object(uploads: Uploads, objects: MemoryStore) -> None:
    # Guards: a client that lost patience while the parts were being put together.
    upload = await uploads.begin(PLAN)
    for number in (1, 2, 3):
        await send(uploads, upload, number)
    sizes = await asyncio.gather(*(complete(uploads, upload) for _ in range(4)))
    assert sizes == [25] * 4
    assert await get(objects, "bucket", "dir/k") == DATA


async def test_the_same_file_finds_its_unfinished_upload(
    uploads: Uploads, objects: MemoryStore, tmp_path: Path
) -> None:
    # Guards: going on after client or server were killed.
    upload = await uploads.begin(PLAN)
    await send(uploads, upload, 2)
    found = await Uploads(tmp_path / "uploads", objects).begin(PLAN)
    assert (found.upload_id, found.parts) == (upload.upload_id, (2,))


@pytest.mark.parametrize(
    "other",
    [
        Plan("other", "bucket", "dir/k", 25, 10),
        Plan("project", "bucket", "dir/k2", 25, 10),
        Plan("project", "bucket", "dir/k", 26, 10),
        Plan("project", "bucket", "dir/k", 25, 11),
        Plan("project", "bucket", "dir/k", 25, 10, "changed"),
        Plan("project", "bucket-2", "dir/k", 25, 10),
    ],
)
async def test_another_file_is_another_upload(uploads: Uploads, objects: MemoryStore, other: Plan) -> None:
    # Guards: parts of two files, or of two projects, in one object.
    await objects.create_bucket("bucket-2")
    assert (await uploads.begin(PLAN)).upload_id != (await uploads.begin(other)).upload_id


async def test_beginning_at_once_gives_one_upload(uploads: Uploads) -> None:
    # Guards: a repeated request that overtakes the first.
    begun = await asyncio.gather(*(uploads.begin(PLAN) for _ in range(8)))
    assert len({upload.upload_id for upload in begun}) == 1


async def test_only_the_project_and_bucket_of_an_upload_reach_it(uploads: Uploads) -> None:
    # Guards: guessed and leaked ids; ids that are paths.
    upload = await uploads.begin(PLAN)
    for project, bucket, upload_id in (
        ("other", "bucket", upload.upload_id),
        ("project", "bucket-2", upload.upload_id),
        ("project", "bucket", "0" * 32),
        ("project", "bucket", ""),
        ("project", "bucket", ".."),
        ("project", "bucket", "index"),
        ("project", "bucket", f"../uploads/{upload.upload_id}"),
    ):
        for call in (
            uploads.show(project, bucket, upload_id),
            uploads.complete(project, bucket, upload_id),
            uploads.abort(project, bucket, upload_id),
        ):
            with pytest.raises(UploadNotFound):
                await call
        with pytest.raises(UploadNotFound):
            await uploads.write_part(project, bucket, upload_id, 1, pieces(b"x"))
    assert len(upload.upload_id) == 32


async def test_missing_parts_are_named(uploads: Uploads, objects: MemoryStore) -> None:
    # Guards: an object with a hole.
    upload = await uploads.begin(Plan("project", "bucket", "k", size=25, part_size=1))
    with pytest.raises(UploadIncomplete, match=r"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …"):
        await complete(uploads, upload)
    small = await uploads.begin(PLAN)
    await send(uploads, small, 2)
    with pytest.raises(UploadIncomplete, match=r"lacks parts: 1, 3\."):
        await complete(uploads, small)
    assert (await show(uploads, small)).parts == (2,)


@pytest.mark.parametrize(
    ("number", "data"),
    [(1, b""), (1, b"x" * 9), (1, b"x" * 11), (3, b"x" * 10), (0, b""), (4, b""), (-1, b"")],
)
async def test_a_part_of_another_size_is_refused(uploads: Uploads, number: int, data: bytes) -> None:
    # Guards: a body that was cut short or is of another part.
    upload = await uploads.begin(PLAN)
    with pytest.raises(InvalidParam):
        await send(uploads, upload, number, data)
    assert (await show(uploads, upload)).parts == ()


async def test_a_part_can_be_sent_again(uploads: Uploads, objects: MemoryStore) -> None:
    # Guards: repeats, and that the last one counts.
    upload = await uploads.begin(PLAN)
    await send(uploads, upload, 1, b"x" * 10)
    for number in (1, 1, 2, 3):
        await send(uploads, upload, number)
    await complete(uploads, upload)
    assert await get(objects, "bucket", "dir/k") == DATA


async def test_a_part_that_breaks_off_is_not_stored(uploads: Uploads, tmp_path: Path) -> None:
    # Guards: half a part that looks like a whole one; drafts left behind.
    upload = await uploads.begin(PLAN)

    async def broken() -> AsyncIterator[bytes]:
        yield b"01234"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await uploads.write_part("project", "bucket", upload.upload_id, 1, broken())
    assert (await show(uploads, upload)).parts == ()
    assert list((tmp_path / "uploads" / "drafts").iterdir()) == []


async def test_an_empty_file_has_no_parts(uploads: Uploads, objects: MemoryStore) -> None:
    # Guards: the border.
    upload = await uploads.begin(Plan("project", "bucket", "empty", size=0, part_size=10))
    assert await complete(uploads, upload) == 0
    assert await get(objects, "bucket", "empty") == b""


async def test_an_aborted_upload_is_gone(uploads: Uploads, tmp_path: Path) -> None:
    # Guards: the space of parts nobody wants.
    upload = await uploads.begin(PLAN)
    await send(uploads, upload, 1)
    await uploads.abort("project", "bucket", upload.upload_id)
    with pytest.raises(UploadNotFound):
        await uploads.abort("project", "bucket", upload.upload_id)
    assert sorted(path.name for path in (tmp_path / "uploads").iterdir()) == ["drafts", "index"]
    assert (await uploads.begin(PLAN)).parts == ()


async def test_stale_uploads_are_purged_and_others_kept(uploads: Uploads, tmp_path: Path) -> None:
    # Guards: a disk full of forgotten parts; an upload that still goes on.
    stale = await uploads.begin(PLAN)
    fresh = await uploads.begin(Plan("project", "bucket", "other", 25, 10))
    await send(uploads, stale, 1)
    await send(uploads, fresh, 1)
    now_ms = int((tmp_path / "uploads" / stale.upload_id / "parts").stat().st_mtime * 1000)
    assert await uploads.purge(now_ms + STALE_AFTER_MS - 60_000) == 0
    for folder in ("", "parts"):
        os.utime(tmp_path / "uploads" / stale.upload_id / folder, (1, 1))
    assert await uploads.purge(now_ms) == 1
    assert (await show(uploads, fresh)).parts == (1,)
    with pytest.raises(UploadNotFound):
        await show(uploads, stale)
    assert len(list((tmp_path / "uploads" / "index").iterdir())) == 1


@pytest.mark.parametrize("key", ["", "a/", "../x", "a//b", "/a"])
async def test_keys_that_are_no_objects_are_refused(uploads: Uploads, key: str) -> None:
    # Guards: finding out only when gigabytes have been sent.
    with pytest.raises(InvalidObsPath):
        await uploads.begin(Plan("project", "bucket", key, 25, 10))
    with pytest.raises(BucketNotFound):
        await uploads.begin(Plan("project", "no-bucket", "k", 25, 10))


@pytest.mark.parametrize(("size", "part_size"), [(10_001, 1), (10, 0), (10, -1), (-1, 1)])
async def test_sizes_without_sense_are_refused(uploads: Uploads, size: int, part_size: int) -> None:
    # Guards: millions of files on the server's disk.
    with pytest.raises(ParamOutOfRange):
        await uploads.begin(Plan("project", "bucket", "k", size, part_size))


async def test_a_full_disk_is_said_and_can_be_mended(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Guards: the upload goes on where it was once there is room.
    upload = await uploads.begin(PLAN)
    await send(uploads, upload, 1)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", full)
        with pytest.raises(StorageUnavailable, match="No space left"):
            await send(uploads, upload, 2)
    for number in (2, 3):
        await send(uploads, upload, number)
    assert await complete(uploads, upload) == 25


async def test_a_store_that_fails_keeps_the_parts(uploads: Uploads, objects: MemoryStore) -> None:
    # Guards: an outage at the very end does not cost the whole upload.
    upload = await uploads.begin(PLAN)
    for number in (1, 2, 3):
        await send(uploads, upload, number)
    objects.broken = "it is away"
    with pytest.raises(StorageUnavailable):
        await complete(uploads, upload)
    objects.broken = ""
    assert await complete(uploads, upload) == 25


@pytest.mark.parametrize(
    ("there", "is_its_own"),
    [(DATA, True), (DATA[:-1] + b"x", False), (DATA[:-1], False), (DATA + b"x", False), (b"", False)],
)
async def test_a_server_killed_after_storing_knows_its_own_object(
    uploads: Uploads, objects: MemoryStore, there: bytes, is_its_own: bool
) -> None:
    # Guards kill -9 between the object and the note that it is complete: repeated, the upload is no conflict with
    # itself; another object is one, and stays.
    upload = await uploads.begin(replace(PLAN, replacing=NOTHING))
    for number in (1, 2, 3):
        await send(uploads, upload, number)
    await objects.write(ObsPath(PLAN.bucket, PLAN.key), pieces(there))
    if is_its_own:
        assert await complete(uploads, upload) == await complete(uploads, upload) == 25
    else:
        with pytest.raises(ObjectChanged):
            await complete(uploads, upload)
        assert (await show(uploads, upload)).parts == (1, 2, 3)
    assert await get(objects, PLAN.bucket, PLAN.key) == there
