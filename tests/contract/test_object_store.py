"""What every object store must do: over the folder, a real S3 server, and the fake in memory."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.object_stores import (
    OpenStore,
    all_pages,
    folder_store,
    get,
    names,
    new_bucket,
    pieces,
    put,
    s3_store,
)
from tests.fakes.objects import MemoryStore
from tests.storage.seaweed import seaweed
from trainwright.domain.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    InvalidBucketName,
    InvalidObsPath,
    ObjectChanged,
    ObjectNotFound,
)
from trainwright.domain.obs import ObsPath
from trainwright.ports.objects import ANYTHING, NOTHING, ObjectPage, ObjectStore
from trainwright.storage.folder import FolderStore
from trainwright.storage.s3_calls import S3Settings

pytestmark = pytest.mark.anyio

ODD_KEYS = (
    "a b",
    "ü/漢/é",
    "a%20b",
    "a%2Fb",
    "x+y",
    "q?z#1",
    '~{c}|d^`"<>',
    "&=;,:@$!'()*[]",
    "-",
    " ",
    "日本.txt",
    "e\u0301",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture(params=["memory", "folder", "s3"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens the store under test; the same one each time."""
    if request.param == "s3":
        service: S3Settings = request.getfixturevalue("service")
        return lambda: s3_store(service)
    if request.param == "folder":
        return lambda: folder_store(tmp_path / "store")
    memory = MemoryStore()

    @asynccontextmanager
    async def open_memory() -> AsyncIterator[ObjectStore]:
        yield memory

    return open_memory


@pytest.fixture
async def store(open_store: OpenStore) -> AsyncIterator[ObjectStore]:
    async with open_store() as opened:
        yield opened


@pytest.fixture
async def bucket(store: ObjectStore) -> str:
    name = new_bucket()
    await store.create_bucket(name)
    return name


async def test_buckets_are_created_listed_and_deleted(store: ObjectStore) -> None:
    # Guards: the life of a bucket, and each wrong step in it.
    first, second = sorted((new_bucket(), new_bucket()))
    assert not await store.bucket_exists(first)
    await store.create_bucket(second)
    await store.create_bucket(first)
    with pytest.raises(BucketExists):
        await store.create_bucket(first)
    assert await store.bucket_exists(first)
    assert [name for name in await store.list_buckets() if name in (first, second)] == [first, second]
    await store.delete_bucket(first)
    with pytest.raises(BucketNotFound):
        await store.delete_bucket(first)
    assert not await store.bucket_exists(first)
    assert first not in await store.list_buckets()


@pytest.mark.parametrize("name", ["", "..", "a/b", "UPPER", "ab", ".hidden", "a..b", "../../etc", "a\0b"])
async def test_wrong_bucket_names_are_refused(store: ObjectStore, name: str) -> None:
    # Guards: no bucket outside of the store.
    with pytest.raises(InvalidBucketName):
        await store.create_bucket(name)
    assert not await store.bucket_exists(name)
    with pytest.raises(BucketNotFound):
        await store.delete_bucket(name)


async def test_a_bucket_with_objects_is_not_deleted(store: ObjectStore, bucket: str) -> None:
    # Guards: data are never deleted with their bucket, also by services that would.
    await put(store, bucket, "a/b")
    with pytest.raises(BucketNotEmpty):
        await store.delete_bucket(bucket)
    assert await get(store, bucket, "a/b") == b"x"
    await store.delete(ObsPath(bucket, "a/b"))
    await store.delete_bucket(bucket)


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_any_key_comes_back_as_it_was(store: ObjectStore, bucket: str, key: str) -> None:
    # Guards: encoding of keys on every way, and the listing.
    data = key.encode()
    meta = await store.write(ObsPath(bucket, key), pieces(data))
    assert (meta.bucket, meta.key, meta.size) == (bucket, key, len(data))
    assert await store.head(ObsPath(bucket, key)) == meta
    assert await get(store, bucket, key) == data
    page = await store.list_page(ObsPath(bucket))
    assert [(found.key, found.size, found.etag) for found in page.objects] == [(key, len(data), meta.etag)]
    await store.delete(ObsPath(bucket, key))
    assert (await store.list_page(ObsPath(bucket))).objects == ()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (5 << 20) + 1, 40 << 20])
async def test_sizes_around_the_borders(store: ObjectStore, bucket: str, size: int) -> None:
    # Guards: empty, buffered, streamed and multipart writes.
    block = bytes(range(256)) * 4096
    parts = [block[: min(len(block), size - at)] for at in range(0, size, len(block))]
    meta = await store.write(ObsPath(bucket, "k"), pieces(*parts))
    assert meta.size == size
    at = 0
    async for piece in store.read(ObsPath(bucket, "k")):
        assert len(piece) <= 32 << 20
        assert piece == (block * (len(piece) // len(block) + 2))[at % len(block) :][: len(piece)]
        at += len(piece)
    assert at == size


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, None),
        (3, None),
        (0, 4),
        (3, 7),
        (9, 10),
        (9, 99),
        (10, None),
        (10, 20),
        (50, None),
        (5, 5),
        (7, 3),
    ],
)
async def test_ranges(store: ObjectStore, bucket: str, start: int, end: int | None) -> None:
    # Guards: ranges as of a byte string, also at and past the end.
    await put(store, bucket, "k", b"0123456789")
    assert await get(store, bucket, "k", start, end) == b"0123456789"[start:end]


async def test_an_overwrite_changes_bytes_and_etag(store: ObjectStore, bucket: str) -> None:
    # Guards: a reader can tell that the bytes are not those it knows, also of the same size.
    first = await store.write(ObsPath(bucket, "k"), pieces(b"old"))
    second = await store.write(ObsPath(bucket, "k"), pieces(b"new"))
    assert first.etag != second.etag
    assert second.etag
    assert second.modified_at_ms >= first.modified_at_ms > 0
    assert await get(store, bucket, "k") == b"new"


async def test_what_is_missing_says_so(store: ObjectStore, bucket: str) -> None:
    # Guards: each call's own error for a missing object or bucket.
    gone = new_bucket()
    for path in (
        ObsPath(bucket, "no"),
        ObsPath(bucket, "no/"),
        ObsPath(bucket),
        ObsPath(gone, "no"),
        ObsPath(gone, "no/"),
    ):
        with pytest.raises(ObjectNotFound):
            await store.head(path)
        with pytest.raises(ObjectNotFound):
            await get(store, path.bucket, path.key)
        await store.delete(path)
    with pytest.raises(ObjectNotFound):
        await get(store, bucket, "no", 5)
    for key in ("k", "f/"):
        with pytest.raises(BucketNotFound):
            await put(store, gone, key, b"" if key.endswith("/") else b"x")
    with pytest.raises(BucketNotFound):
        await store.list_page(ObsPath(gone))
    assert not await store.bucket_exists(gone)


async def test_a_large_write_to_no_bucket_makes_none(store: ObjectStore) -> None:
    # Guards: services that create buckets on the fly, and drafts left behind.
    gone = new_bucket()
    with pytest.raises(BucketNotFound):
        await store.write(ObsPath(gone, "k"), pieces(*[bytes(1 << 20)] * 20))
    assert not await store.bucket_exists(gone)


class Cut(Exception):
    """The sender went away."""


@pytest.mark.parametrize("mib", [0, 3, 40])
async def test_a_write_that_breaks_off_leaves_the_old_bytes(
    store: ObjectStore, bucket: str, mib: int
) -> None:
    # Guards: readers never see half an object; the error of the source comes through.
    await put(store, bucket, "k", b"old")

    async def broken() -> AsyncIterator[bytes]:
        for _ in range(mib):
            yield bytes(1 << 20)
        raise Cut

    with pytest.raises(Cut):
        await store.write(ObsPath(bucket, "k"), broken())
    with pytest.raises(Cut):
        await store.write(ObsPath(bucket, "new"), broken())
    assert await get(store, bucket, "k") == b"old"
    assert names(await store.list_page(ObsPath(bucket))) == ["k"]


async def test_folders_are_objects_of_their_own(store: ObjectStore, bucket: str) -> None:
    # Guards: empty folders made on purpose stay, beside what is put into them, until they are deleted.
    await put(store, bucket, "f/g/", b"")
    assert names(await store.list_page(ObsPath(bucket))) == ["f/g/"]
    meta = await store.head(ObsPath(bucket, "f/g/"))
    assert (meta.key, meta.size) == ("f/g/", 0)
    assert await get(store, bucket, "f/g/") == b""
    await put(store, bucket, "f/g/x")
    assert names(await store.list_page(ObsPath(bucket))) == ["f/g/", "f/g/x"]
    assert names(await store.list_page(ObsPath(bucket, "f/g/"), delimiter=True)) == ["f/g/", "f/g/x"]
    assert (await store.list_page(ObsPath(bucket, "f/"), delimiter=True)).prefixes == ("f/g/",)
    await store.delete(ObsPath(bucket, "f/g/x"))
    assert names(await store.list_page(ObsPath(bucket))) == ["f/g/"]
    await store.delete(ObsPath(bucket, "f/g/"))
    assert names(await store.list_page(ObsPath(bucket))) == []
    await store.delete_bucket(bucket)


async def test_a_folder_takes_no_bytes(store: ObjectStore, bucket: str) -> None:
    # Guards: bytes that the folder store could not keep.
    for path in (ObsPath(bucket, "f/"), ObsPath(bucket)):
        with pytest.raises(InvalidObsPath):
            await store.write(path, pieces(b"bytes"))
    assert names(await store.list_page(ObsPath(bucket))) == []


async def test_a_folder_is_not_the_object_of_its_name(store: ObjectStore, bucket: str) -> None:
    # Guards: `a` is not found because `a/b` is there.
    await put(store, bucket, "a/b")
    for key in ("a", "a/"):
        with pytest.raises(ObjectNotFound):
            await store.head(ObsPath(bucket, key))
    await store.delete(ObsPath(bucket, "a"))
    assert await get(store, bucket, "a/b") == b"x"


async def test_writers_of_one_key_leave_one_of_their_objects(store: ObjectStore, bucket: str) -> None:
    # Guards: concurrent writes never mix.
    async def write(number: int) -> None:
        await store.write(ObsPath(bucket, "d/k"), pieces(*[bytes([number]) * (1 << 18)] * 6))

    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(write, number)
    data = await get(store, bucket, "d/k")
    assert len(data) == 6 << 18
    assert len(set(data)) == 1


async def test_only_what_was_expected_is_replaced(store: ObjectStore, bucket: str) -> None:
    """Guards conditional writes: for each condition, of what is there and what is not."""
    path = ObsPath(bucket, "a/b")
    for wanted in (ANYTHING, "abc"):
        with pytest.raises(ObjectChanged):
            await store.write(path, pieces(b"0"), replacing=wanted)
    first = await store.write(path, pieces(b"1"), replacing=NOTHING)
    with pytest.raises(ObjectChanged):
        await store.write(path, pieces(b"2"), replacing=NOTHING)
    second = await store.write(path, pieces(b"two"), replacing=first.etag)
    with pytest.raises(ObjectChanged):
        await store.write(path, pieces(b"3"), replacing=first.etag)
    assert await get(store, bucket, "a/b") == b"two"
    await store.write(path, pieces(b"four"), replacing=ANYTHING)
    with pytest.raises(ObjectChanged):
        await store.write(path, pieces(b"5"), replacing=second.etag)
    await store.delete(path)
    with pytest.raises(ObjectChanged):
        await store.write(path, pieces(b"6"), replacing=second.etag)
    assert await all_pages(store, bucket) == [ObjectPage(())]
    await store.write(ObsPath(bucket, "f/"), pieces(), replacing=NOTHING)
    with pytest.raises(ObjectChanged):
        await store.write(ObsPath(bucket, "f/"), pieces(), replacing=NOTHING)


@pytest.mark.parametrize("size", [1000, 40 << 20], ids=["whole", "in parts"])
async def test_of_writers_with_one_condition_one_succeeds(store: ObjectStore, bucket: str, size: int) -> None:
    """Guards that nobody's bytes are lost between looking and storing, whether there was something or not."""
    path, block = ObsPath(bucket, "k"), size // 8
    wanted = NOTHING
    for turn in range(2):
        stored: list[int] = []

        async def write(number: int, wanted: str = wanted, stored: list[int] = stored) -> None:
            body = pieces(*(bytes([number]) * block for _ in range(8)))
            with suppress(ObjectChanged):
                await store.write(path, body, replacing=wanted)
                stored.append(number)

        async with anyio.create_task_group() as group:
            for number in range(turn * 4, turn * 4 + 4):
                group.start_soon(write, number)
        assert len(stored) == 1
        data = await get(store, bucket, "k")
        assert len(data) == block * 8 and set(data) == set(stored)
        wanted = (await store.head(path)).etag


async def test_a_moved_object_is_in_its_new_place_only(store: ObjectStore, bucket: str) -> None:
    """Guards moves where a store has them; where it has none, nothing is done."""
    await put(store, bucket, "a/b", b"data")
    await put(store, bucket, "c", b"old")

    async def there() -> list[str]:
        return [name for page in await all_pages(store, bucket) for name in names(page)]

    if not await store.move(ObsPath(bucket, "a/b"), ObsPath(bucket, "x/y")):
        assert await there() == ["a/b", "c"]
        return
    assert await there() == ["c", "x/y"]
    with pytest.raises(ObjectChanged):
        await store.move(ObsPath(bucket, "x/y"), ObsPath(bucket, "c"), replacing=NOTHING)
    assert await store.move(ObsPath(bucket, "x/y"), ObsPath(bucket, "c"))
    assert (await there(), await get(store, bucket, "c")) == (["c"], b"data")
    assert await store.move(ObsPath(bucket, "c"), ObsPath(bucket, "d"), replacing=NOTHING)
    assert await there() == ["d"]
    with pytest.raises(ObjectNotFound):
        await store.move(ObsPath(bucket, "c"), ObsPath(bucket, "e/f"))
    with pytest.raises(BucketNotFound):
        await store.move(ObsPath(bucket, "d"), ObsPath(new_bucket(), "d"))
    assert await there() == ["d"]


async def test_writes_and_deletes_in_one_folder_do_not_disturb_each_other(
    store: ObjectStore, bucket: str
) -> None:
    # Guards: a deletion that tidies up the folder another object is just being written into.
    async def write_and_delete(number: int) -> None:
        for turn in range(15):
            key = f"deep/er/{number}"
            await put(store, bucket, key, bytes([turn]))
            assert await get(store, bucket, key) == bytes([turn])
            await store.delete(ObsPath(bucket, key))

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(write_and_delete, number)
    assert names(await store.list_page(ObsPath(bucket))) == []


SEGMENTS = st.sampled_from(
    ["a", "b", "a b", "a%20b", "a+", "a.txt", "a-1", "a0", "é", "漢", "%", "z" * 40, "~"]
)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


def without_conflicts(keys: list[str]) -> set[str]:
    """`keys` less those below another one: no store of files can hold both."""
    return {key for key in keys if not any(key.startswith(f"{other}/") for other in keys)}


def listed(keys: set[str], prefix: str, *, delimiter: bool) -> list[str]:
    """The model: what a listing names."""
    found = set()
    for key in keys:
        if key.startswith(prefix):
            cut = key.find("/", len(prefix)) if delimiter else -1
            found.add(key if cut < 0 else key[: cut + 1])
    return sorted(found)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(KEYS, max_size=12).map(without_conflicts),
    prefix=st.sampled_from(["", "a", "a/", "a b/", "é", "漢/", "a.txt", "zz", "%/", "b/a/"]),
    delimiter=st.booleans(),
    limit=st.integers(1, 7),
)
def test_listings_agree_with_a_model(
    open_store: OpenStore, keys: set[str], prefix: str, delimiter: bool, limit: int
) -> None:
    # Guards: every page of every listing, whatever the keys: complete, nothing twice, folders folded.
    anyio.run(check_listing, open_store, keys, prefix, delimiter, limit)


async def check_listing(
    open_store: OpenStore, keys: set[str], prefix: str, delimiter: bool, limit: int
) -> None:
    async with open_store() as store:
        bucket = new_bucket()
        await store.create_bucket(bucket)
        for key in keys:
            await put(store, bucket, key, key.encode())
        found = await all_pages(store, bucket, prefix, delimiter=delimiter, limit=limit)
        assert all(len(names(page)) <= limit for page in found)
        assert sorted(name for page in found for name in names(page)) == listed(
            keys, prefix, delimiter=delimiter
        )
        assert {meta.key: meta.size for page in found for meta in page.objects} == {
            key: len(key.encode()) for key in keys if key in listed(keys, prefix, delimiter=delimiter)
        }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(KEYS, max_size=12).map(without_conflicts),
    prefix=st.sampled_from(["", "a", "a/", "a b/"]),
    after=st.one_of(KEYS, st.sampled_from(["", "a/", "a b", "a/a", "zzz", "\U0010ffff"])),
    delimiter=st.booleans(),
    limit=st.integers(1, 7),
)
def test_pages_behind_any_name_are_ascending(
    tmp_path_factory: pytest.TempPathFactory,
    keys: set[str],
    prefix: str,
    after: str,
    delimiter: bool,
    limit: int,
) -> None:
    # Guards: the order of keys, and `after` being any text; of our own stores (SeaweedFS orders as a tree does).
    async def check() -> None:
        stores: list[ObjectStore] = [MemoryStore(), FolderStore(tmp_path_factory.mktemp("store"))]
        for store in stores:
            bucket = new_bucket()
            await store.create_bucket(bucket)
            for key in keys:
                await put(store, bucket, key)
            path = ObsPath(bucket, prefix)
            page = await store.list_page(path, delimiter=delimiter, after=after, limit=limit)
            expected = [name for name in listed(keys, prefix, delimiter=delimiter) if name > after]
            assert names(page) == expected[:limit]
            assert [meta.key for meta in page.objects] == [n for n in expected[:limit] if n in keys]
            assert bool(page.next_after) == (len(expected) > limit)

    anyio.run(check)
