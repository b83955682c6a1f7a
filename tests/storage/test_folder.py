"""The folder store where the contract of all stores says nothing: links, other writers, crashes, full disks, order."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.object_stores import all_pages, get, names, pieces, put
from trainwright.domain.errors import (
    BucketNotEmpty,
    BucketNotFound,
    InvalidObsPath,
    KeyConflict,
    ObjectNotFound,
    StorageUnavailable,
)
from trainwright.domain.obs import ObsPath
from trainwright.storage.draft import Draft
from trainwright.storage.folder import BLOCK, FolderStore
from trainwright.storage.listing import DRAFT_PREFIX

pytestmark = pytest.mark.anyio

BUCKET = "bucket"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
async def store(root: Path) -> FolderStore:
    made = FolderStore(root)
    await made.create_bucket(BUCKET)
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that no key may lead to."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"secret")
    return folder


def drafts(root: Path) -> list[str]:
    return [path.name for path in (root / ".trainwright-tmp").iterdir()]


async def listing(store: FolderStore, prefix: str = "", *, delimiter: bool = False) -> list[str]:
    return [
        name for page in await all_pages(store, BUCKET, prefix, delimiter=delimiter) for name in names(page)
    ]


async def test_an_object_is_the_file_of_its_key(store: FolderStore, root: Path) -> None:
    # Guards: what jobs find under the shared path, and what an administrator sees.
    await put(store, BUCKET, "a/b c/%20.txt", b"bytes")
    assert (root / BUCKET / "a" / "b c" / "%20.txt").read_bytes() == b"bytes"
    assert store.shared_path(ObsPath(BUCKET, "a/b c/")) == root / BUCKET / "a" / "b c"
    assert await store.sign(ObsPath(BUCKET, "a"), method="GET", ttl_s=60) is None


async def test_files_that_jobs_write_are_objects(store: FolderStore, root: Path) -> None:
    # Guards: outputs written through the shared path.
    (root / BUCKET / "out").mkdir()
    (root / BUCKET / "out" / "model.bin").write_bytes(b"weights")
    assert await listing(store) == ["out/model.bin"]
    before = await store.head(ObsPath(BUCKET, "out/model.bin"))
    with (root / BUCKET / "out" / "model.bin").open("r+b") as file:
        file.write(b"WEIGHTS")
        os.utime(file.fileno(), ns=(before.modified_at_ms * 10**6, before.modified_at_ms * 10**6 + 10**9))
    assert (await store.head(ObsPath(BUCKET, "out/model.bin"))).etag != before.etag
    assert await get(store, BUCKET, "out/model.bin") == b"WEIGHTS"


@pytest.mark.parametrize(
    "key", ["..", "../x", "a/../../x", "a/./b", "/etc/passwd", "a//b", "a\\..\\b", "a\0b", "a\nb"]
)
async def test_keys_that_lead_elsewhere_cannot_be_said(key: str) -> None:
    # Guards: the type all calls take.
    with pytest.raises(ValueError, match="its key holds"):
        ObsPath(BUCKET, key)


@pytest.mark.parametrize(
    "key", ["%2e%2e/x", "%2e%2e%2fx", "..%2fx", "...", "~", "~root/x", "$HOME", "-rf", "*"]
)
async def test_keys_are_never_decoded_or_expanded(store: FolderStore, root: Path, key: str) -> None:
    # Guards: a second decoding of an already decoded key.
    await put(store, BUCKET, key)
    assert await listing(store) == [key]
    assert (root / BUCKET / key).is_file()


async def test_links_to_files_are_not_there(store: FolderStore, root: Path, outside: Path) -> None:
    # Guards: a job's link must not make the server read, list or overwrite what it points to.
    link = root / BUCKET / "link"
    link.symlink_to(outside / "secret")
    path = ObsPath(BUCKET, "link")
    with pytest.raises(ObjectNotFound):
        await store.head(path)
    with pytest.raises(ObjectNotFound):
        await get(store, BUCKET, "link")
    assert await listing(store) == []
    assert store.shared_path(path) is None
    await store.delete(path)
    await put(store, BUCKET, "link", b"mine")
    assert not link.is_symlink()
    assert (outside / "secret").read_bytes() == b"secret"
    assert await get(store, BUCKET, "link") == b"mine"


async def test_links_to_folders_are_not_followed(store: FolderStore, root: Path, outside: Path) -> None:
    # Guards: every call that has to pass through a folder.
    (root / BUCKET / "d").mkdir()
    (root / BUCKET / "d" / "link").symlink_to(outside)
    with pytest.raises(ObjectNotFound):
        await store.head(ObsPath(BUCKET, "d/link/secret"))
    with pytest.raises(ObjectNotFound):
        await store.head(ObsPath(BUCKET, "d/link/"))
    with pytest.raises(ObjectNotFound):
        await get(store, BUCKET, "d/link/secret")
    for key in ("d/link/new", "d/link/new/er"):
        with pytest.raises(KeyConflict) as caught:
            await put(store, BUCKET, key)
        assert caught.value.slots["other"] == f"obs://{BUCKET}/d/link"
    with pytest.raises(KeyConflict):
        await store.write(ObsPath(BUCKET, "d/link/"), pieces())
    for key in ("d/link/secret", "d/link/", "d/link"):
        await store.delete(ObsPath(BUCKET, key))
    for prefix in ("", "d/link/", "d/link/s", "d/"):
        assert await listing(store, prefix) == []
        assert await listing(store, prefix, delimiter=True) == []
    assert store.shared_path(ObsPath(BUCKET, "d/link/new")) is None
    assert [path.name for path in outside.iterdir()] == ["secret"]


async def test_a_link_in_place_of_a_bucket_is_none(store: FolderStore, root: Path, outside: Path) -> None:
    # Guards: the first step of every path.
    (root / "linked").symlink_to(outside)
    assert await store.list_buckets() == [BUCKET]
    assert not await store.bucket_exists("linked")
    assert store.shared_path(ObsPath("linked", "secret")) is None
    with pytest.raises(BucketNotFound):
        await store.list_page(ObsPath("linked"))
    with pytest.raises(BucketNotFound):
        await put(store, "linked", "new")
    with pytest.raises(BucketNotFound):
        await store.delete_bucket("linked")
    with pytest.raises(ObjectNotFound):
        await store.head(ObsPath("linked", "secret"))
    assert [path.name for path in outside.iterdir()] == ["secret"]


async def test_what_is_no_regular_file_is_not_there(store: FolderStore, root: Path) -> None:
    # Guards: opening a FIFO would wait for ever.
    os.mkfifo(root / BUCKET / "fifo")
    with pytest.raises(ObjectNotFound):
        await get(store, BUCKET, "fifo")
    assert await listing(store) == []


async def test_names_that_no_key_can_have_are_left_out(store: FolderStore, root: Path) -> None:
    # Guards: a listing that a client could not do anything with.
    (root / BUCKET / "x").mkdir()
    for name in (b"\xff", b"a\\b", b"a\nb", b"ok", DRAFT_PREFIX.encode() + b"1", b"x/\xff"):
        (root / BUCKET / os.fsdecode(name)).touch()
    assert await listing(store) == ["ok"]
    assert await listing(store, delimiter=True) == ["ok"]
    await store.delete(ObsPath(BUCKET, "ok"))
    with pytest.raises(BucketNotEmpty):
        await store.delete_bucket(BUCKET)
    with pytest.raises(KeyConflict):
        await put(store, BUCKET, "x")
    with pytest.raises(InvalidObsPath):
        await put(store, BUCKET, f"d/{DRAFT_PREFIX}1")


@pytest.mark.parametrize(
    ("there", "key", "other"),
    [
        ("a", "a/b", "a"),
        ("a", "a/b/c", "a"),
        ("a", "a/", "a"),
        ("a/b", "a", "a/"),
        ("a/", "a", "a/"),
        ("x/a", "x/a/b", "x/a"),
    ],
)
async def test_a_name_is_an_object_or_a_folder(store: FolderStore, there: str, key: str, other: str) -> None:
    # Guards: an error that names both, and the object that was first.
    await put(store, BUCKET, there, b"" if there.endswith("/") else b"first")
    with pytest.raises(KeyConflict) as caught:
        await put(store, BUCKET, key, b"" if key.endswith("/") else b"second")
    assert caught.value.slots == {"uri": f"obs://{BUCKET}/{key}", "other": f"obs://{BUCKET}/{other}"}
    assert await listing(store) == [there]


async def test_empty_folders_of_jobs_are_in_nobodys_way(store: FolderStore, root: Path) -> None:
    # Guards: folders without objects are no objects, give way to one, and do not keep a bucket.
    (root / BUCKET / "a" / "b").mkdir(parents=True)
    (root / BUCKET / "c" / "d").mkdir(parents=True)
    assert await listing(store) == []
    assert await listing(store, delimiter=True) == []
    await put(store, BUCKET, "a", b"object")
    assert await get(store, BUCKET, "a") == b"object"
    await store.delete(ObsPath(BUCKET, "a"))
    await store.delete_bucket(BUCKET)


async def test_a_segment_too_long_for_the_disk_is_refused(store: FolderStore) -> None:
    # Guards: a limit of the filesystem is the user's error to mend, not the platform's.
    long = "x" * 256
    with pytest.raises(InvalidObsPath):
        await put(store, BUCKET, long)
    with pytest.raises(InvalidObsPath):
        await put(store, BUCKET, f"{long}/x")
    with pytest.raises(ObjectNotFound):
        await store.head(ObsPath(BUCKET, long))
    await store.delete(ObsPath(BUCKET, long))
    assert await listing(store, long) == []
    assert await listing(store, f"{long}/") == []


async def test_the_longest_key_works(store: FolderStore) -> None:
    # Guards: depth: recursion and open descriptors.
    key = "/".join("d" * 512)
    await put(store, BUCKET, key)
    assert await listing(store) == [key]
    assert await listing(store, delimiter=True) == ["d/"]
    await store.delete(ObsPath(BUCKET, key))
    await store.delete_bucket(BUCKET)


async def test_unfinished_writes_are_never_listed(store: FolderStore, root: Path) -> None:
    # Guards: readers that list while a write is under way.
    async def watched() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(BLOCK)
            assert await listing(store) == []
            assert await store.list_buckets() == [BUCKET]

    await store.write(ObsPath(BUCKET, "big"), watched())
    assert await listing(store) == ["big"]
    assert drafts(root) == []


async def test_a_cancelled_write_leaves_nothing(store: FolderStore, root: Path) -> None:
    # Guards: a request that is cancelled while its bytes are being written.
    written = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(BLOCK)
            written.set()

    task = asyncio.create_task(store.write(ObsPath(BUCKET, "big"), endless()))
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert drafts(root) == []
    assert await listing(store) == []


CHILD = """
import asyncio, sys
from pathlib import Path
from trainwright.domain.obs import ObsPath
from trainwright.storage.folder import FolderStore

async def pieces():
    while True:
        yield bytes(1 << 20)
        print("wrote", flush=True)

asyncio.run(FolderStore(Path(sys.argv[1])).write(ObsPath("bucket", "k"), pieces()))
"""


async def test_a_killed_writer_leaves_the_old_bytes(store: FolderStore, root: Path) -> None:
    # Guards: kill -9 in the middle of a write; the draft is removed by a later start.
    await put(store, BUCKET, "k", b"old")
    with subprocess.Popen([sys.executable, "-c", CHILD, str(root)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(3):
            assert child.stdout.readline() == b"wrote\n"
        child.send_signal(signal.SIGKILL)
    assert await get(store, BUCKET, "k") == b"old"
    assert await listing(store) == ["k"]
    [draft] = drafts(root)
    FolderStore(root)
    assert drafts(root) == [draft]  # it might still be written by another process
    os.utime(root / ".trainwright-tmp" / draft, (0, 0))
    FolderStore(root)
    assert drafts(root) == []


MOVER = """
import asyncio, os, signal, sys
from pathlib import Path
from trainwright.domain.obs import ObsPath
from trainwright.storage.folder import FolderStore

step, calls = int(sys.argv[2]), 0

def counted(call):
    def made(*args, **kwargs):
        global calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return made

store = FolderStore(Path(sys.argv[1]))
for name in ("link", "unlink", "rename", "rmdir", "mkdir"):
    setattr(os, name, counted(getattr(os, name)))
replacing = sys.argv[3] if len(sys.argv) > 3 else None
asyncio.run(store.move(ObsPath("bucket", "a/b"), ObsPath("bucket", "x/y"), replacing=replacing))
"""


@pytest.mark.parametrize("replacing", [None, ""], ids=["over anything", "over nothing"])
async def test_a_killed_move_loses_nothing(store: FolderStore, root: Path, replacing: str | None) -> None:
    """Guards kill -9 before every change that a move makes: the object is somewhere, whole, and can be moved again."""
    for step in range(1, 20):
        await put(store, BUCKET, "a/b", b"data")
        argv = [
            sys.executable,
            "-c",
            MOVER,
            str(root),
            str(step),
            *([] if replacing is None else [replacing]),
        ]
        ended = subprocess.run(argv, timeout=60).returncode
        there = await listing(store)
        assert there and set(there) <= {"a/b", "x/y"}
        for key in there:
            assert await get(store, BUCKET, key) == b"data"
        if "a/b" in there:
            assert await store.move(ObsPath(BUCKET, "a/b"), ObsPath(BUCKET, "x/y"))
        assert (await listing(store), await get(store, BUCKET, "x/y")) == (["x/y"], b"data")
        await store.delete(ObsPath(BUCKET, "x/y"))
        if ended == 0:
            break
    assert ended == 0 and step > 2


async def test_a_move_to_where_it_is_loses_nothing(store: FolderStore) -> None:
    """Guards filesystems that take two spellings for one name, as those of macOS and Windows do."""
    path = ObsPath(BUCKET, "a/b")
    await put(store, BUCKET, path.key, b"data")
    assert await store.move(path, path)
    assert await get(store, BUCKET, path.key) == b"data"


async def test_a_move_writes_no_bytes(store: FolderStore, root: Path) -> None:
    """Guards that a moved object is the same file, and that a link is not moved for one."""
    await put(store, BUCKET, "a/b", b"data")
    before = (root / BUCKET / "a" / "b").stat()
    assert await store.move(ObsPath(BUCKET, "a/b"), ObsPath(BUCKET, "c/d"))
    assert os.path.samestat(before, (root / BUCKET / "c" / "d").stat())
    assert not (root / BUCKET / "a").exists()
    (root / BUCKET / "link").symlink_to(root / BUCKET / "c" / "d")
    with pytest.raises(ObjectNotFound):
        await store.move(ObsPath(BUCKET, "link"), ObsPath(BUCKET, "e"))
    await put(store, BUCKET, "f/g", b"other")
    with pytest.raises(KeyConflict):
        await store.move(ObsPath(BUCKET, "c/d"), ObsPath(BUCKET, "f"))
    assert await listing(store) == ["c/d", "f/g"]


@pytest.mark.parametrize("size", [1, 3 * BLOCK])
async def test_a_full_disk_leaves_the_old_bytes(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    # Guards: the error users see, and that nothing is left of the try.
    await put(store, BUCKET, "k", b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", full)
        with pytest.raises(StorageUnavailable) as caught:
            await put(store, BUCKET, "k", bytes(size))
    assert "No space left" in str(caught.value)
    assert str(root) not in str(caught.value)
    assert await get(store, BUCKET, "k") == b"old"
    assert drafts(root) == []


async def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Guards: a kernel that takes fewer bytes than it was given.
    real = os.writev
    monkeypatch.setattr(os, "writev", lambda fd, parts: real(fd, [b"".join(parts)[:7]]))
    with Draft(tmp_path) as draft:
        draft.add([b"0123", b"", b"456789", b"ab"])
        at = os.open(tmp_path, os.O_RDONLY)
        draft.publish("done", at, durable=True)
        os.close(at)
    assert (tmp_path / "done").read_bytes() == b"0123456789ab"


async def test_a_reader_keeps_the_bytes_it_began_with(store: FolderStore) -> None:
    # Guards: an overwrite or a deletion during a read.
    await put(store, BUCKET, "k", b"a" * (3 * BLOCK))
    reader = store.read(ObsPath(BUCKET, "k"))
    first = await anext(reader)
    await put(store, BUCKET, "k", b"b" * (3 * BLOCK))
    await store.delete(ObsPath(BUCKET, "k"))
    rest = b"".join([piece async for piece in reader])
    assert set(first + rest) == {ord("a")}
    assert len(first + rest) == 3 * BLOCK


async def test_no_descriptor_is_left_open(store: FolderStore, root: Path) -> None:
    # Guards: a server that runs for months.
    async def use_everything(turn: int) -> None:
        await put(store, BUCKET, f"a/{turn}/k", bytes(2 * BLOCK))
        reader = store.read(ObsPath(BUCKET, f"a/{turn}/k"))
        await anext(reader)
        await reader.aclose()  # type: ignore[attr-defined]  # the port promises an iterator only
        await store.list_page(ObsPath(BUCKET), limit=1)
        await store.list_page(ObsPath(BUCKET), delimiter=True, limit=1)
        for key in (f"a/{turn}", f"a/{turn}/k/x"):
            with pytest.raises(KeyConflict):
                await put(store, BUCKET, key)
        with pytest.raises(ObjectNotFound):
            await get(store, BUCKET, "a/none/x")

    await use_everything(0)
    before = list(Path("/proc/self/fd").iterdir())
    for turn in range(1, 10):
        await use_everything(turn)
    assert len(list(Path("/proc/self/fd").iterdir())) <= len(before)


async def test_a_large_folder_is_remembered_until_it_changes(store: FolderStore, root: Path) -> None:
    # Guards: the names remembered for speed never hide a change.
    folder = root / BUCKET / "many"
    folder.mkdir()
    expected = sorted(f"many/{number}" for number in range(3000))
    for key in expected:
        (root / BUCKET / key).touch()
    os.utime(folder, (1, 1))  # long unchanged, so that it may be remembered
    assert await listing(store) == expected
    assert await listing(store) == expected
    await put(store, BUCKET, "many/new")
    await store.delete(ObsPath(BUCKET, "many/7"))
    expected = sorted({*expected, "many/new"} - {"many/7"})
    assert await listing(store) == expected
    await put(store, BUCKET, "many/new", b"longer")
    page = await store.list_page(ObsPath(BUCKET, "many/new"))
    assert [(meta.key, meta.size) for meta in page.objects] == [("many/new", 6)]


async def test_a_flushed_store_behaves_the_same(tmp_path: Path) -> None:
    # Guards: the variant for machines that lose power.
    store = FolderStore(tmp_path, durable=True)
    await store.create_bucket(BUCKET)
    await put(store, BUCKET, "a/b", b"bytes")
    assert await get(store, BUCKET, "a/b") == b"bytes"
