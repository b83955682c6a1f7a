"""Uploads: everything arrives as it is, an interruption costs only what was under way, nothing leaves the folder."""

import os
from pathlib import Path

import httpx
import pytest

from tests.client.object_api import ObjectApi
from tests.client.wires import asynchronous, refusal
from trainwright.client import ConnectionFailed, TransferError, TransferOptions
from trainwright.client.transfers import TransferReport, upload
from trainwright.domain.obs import ObsPath

pytestmark = pytest.mark.anyio

SMALL_PARTS = TransferOptions(large_from=1000, part_size=300, parts_in_flight=2, tries=3)
LARGE = os.urandom(1000) + b"end"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainwright.client.transfers.workers.backoff_s", lambda retry: 0.0)


async def send(
    api: ObjectApi, source: Path, target: str, options: TransferOptions = SMALL_PARTS
) -> TransferReport:
    """Upload `source` to `target` of `api`."""
    async with asynchronous(api) as client:
        return await upload(client, source, ObsPath.parse(target), options=options)


def make_tree(root: Path) -> dict[str, bytes]:
    """A folder with what folders have; key → content."""
    content = {
        "a.txt": b"a",
        "empty": b"",
        "sub/b.bin": os.urandom(500),
        "sub/deep/数 #%?.txt": "文".encode(),
        "large.bin": LARGE,
    }
    for name, data in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "empty folder").mkdir()
    return content


async def test_a_folder_arrives_as_it_is(tmp_path: Path) -> None:
    """Contents of the folder below the target, every byte and name."""
    content = make_tree(tmp_path)
    api = ObjectApi()
    report = await send(api, tmp_path, "obs://bkt/x/y")
    assert api.objects == {f"x/y/{name}": data for name, data in content.items()}
    assert (report.files, report.bytes) == (5, sum(map(len, content.values())))
    assert not api.uploads


@pytest.mark.parametrize(
    ("target", "key"), [("obs://bkt/x/", "x/f.bin"), ("obs://bkt/x", "x"), ("obs://bkt", "f.bin")]
)
async def test_where_a_file_goes(tmp_path: Path, target: str, key: str) -> None:
    """A target with a slash is a folder, without one it is the file's new name."""
    (tmp_path / "f.bin").write_bytes(b"1")
    api = ObjectApi()
    await send(api, tmp_path / "f.bin", target)
    assert list(api.objects) == [key]


async def test_an_interrupted_upload_goes_on_where_it_was(tmp_path: Path) -> None:
    """Parts that are stored are not sent again."""
    (tmp_path / "large.bin").write_bytes(LARGE)

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/parts/3"):
            raise httpx.WriteError("cut")
        return None

    api = ObjectApi(fault)
    with pytest.raises(ConnectionFailed):
        await send(api, tmp_path / "large.bin", "obs://bkt/l")
    stored = set(next(iter(api.uploads.values())).parts)
    assert stored
    assert not api.objects
    api.fault, api.calls = None, []
    await send(api, tmp_path / "large.bin", "obs://bkt/l")
    assert api.objects == {"l": LARGE}
    sent = {int(path.rpartition("/")[2]) for path in api.puts()}
    assert sent == {1, 2, 3, 4} - stored


async def test_a_changed_file_does_not_continue_the_old_upload(tmp_path: Path) -> None:
    """Same size, other bytes: parts of the two must never be mixed."""
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/parts/4"):
            raise httpx.WriteError("cut")
        return None

    api = ObjectApi(fault)
    with pytest.raises(ConnectionFailed):
        await send(api, path, "obs://bkt/l")
    other = bytes(reversed(LARGE))
    path.write_bytes(other)
    os.utime(path, ns=(1, 1))
    api.fault = None
    await send(api, path, "obs://bkt/l")
    assert api.objects == {"l": other}


@pytest.mark.parametrize("fault_kind", ["cut", "busy", "slow down"])
async def test_passing_faults_are_not_noticed(tmp_path: Path, fault_kind: str) -> None:
    """Each request fails once; the copy is still complete."""
    content = make_tree(tmp_path)
    failed: set[str] = set()

    def fault(request: httpx.Request) -> httpx.Response | None:
        name = f"{request.method} {request.url.path}"
        if name in failed:
            return None
        failed.add(name)
        if fault_kind == "cut":
            raise httpx.ReadError("cut")
        return refusal(503 if fault_kind == "busy" else 429, "x")

    api = ObjectApi(fault)
    if fault_kind == "slow down":
        failed.update({"POST /v1/p1/buckets/bkt/uploads", "POST /v1/p1/buckets/bkt/uploads/u1/completion"})
    elif fault_kind == "busy":
        failed.add("POST /v1/p1/buckets/bkt/uploads/u1/completion")
    await send(api, tmp_path, "obs://bkt/x/")
    assert api.objects == {f"x/{name}": data for name, data in content.items()}


async def test_a_lost_answer_to_completion_is_success(tmp_path: Path) -> None:
    """The object is there; only the word of it was lost."""
    (tmp_path / "l").write_bytes(LARGE)
    api = ObjectApi()

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/completion") and not api.objects:
            api.fault = None
            api(request)
            raise httpx.ReadError("cut")
        return None

    api.fault = fault
    await send(api, tmp_path / "l", "obs://bkt/l")
    assert api.objects == {"l": LARGE}


async def test_links_do_not_lead_out(tmp_path: Path) -> None:
    """Only what lies in the folder is uploaded; what is left out is said."""
    (tmp_path / "secret").write_text("not for others")
    root = tmp_path / "root"
    root.mkdir()
    (root / "real").write_text("r")
    (root / "inside").symlink_to("real")
    (root / "outside").symlink_to("../secret")
    (root / "folder").symlink_to(tmp_path)
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    api = ObjectApi()
    report = await send(api, root, "obs://bkt/")
    assert api.objects == {"real": b"r", "inside": b"r"}
    assert {name for name, _ in report.left_out} == {"outside", "folder", "dangling", "pipe"}


async def test_unchanged_files_are_skipped(tmp_path: Path) -> None:
    """Same size and not newer than the copy."""
    make_tree(tmp_path)
    api = ObjectApi()
    await send(api, tmp_path, "obs://bkt/x/")
    api.modified_ms = int((tmp_path / "a.txt").stat().st_mtime * 1000) + 10_000
    (tmp_path / "a.txt").write_bytes(b"longer")
    api.calls = []
    options = TransferOptions(skip_unchanged=True, large_from=1000, part_size=300)
    report = await send(api, tmp_path, "obs://bkt/x/", options)
    assert api.puts() == ["/v1/p1/buckets/bkt/objects/x/a.txt"]
    assert (report.files, report.unchanged) == (1, 4)


async def test_a_file_that_grows_meanwhile_is_refused(tmp_path: Path) -> None:
    """A mixture of two states of a file must not be stored as the file."""
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)

    def fault(request: httpx.Request) -> httpx.Response | None:
        path.write_bytes(LARGE + b"more")
        return None

    api = ObjectApi(fault)
    with pytest.raises(TransferError, match="changed while it was being uploaded"):
        await send(api, path, "obs://bkt/l")
    assert not api.objects
    assert not api.uploads


@pytest.mark.parametrize("name", ["back\\slash", "new\nline"])
async def test_names_that_cannot_be_keys_are_refused_before_anything_is_sent(
    tmp_path: Path, name: str
) -> None:
    """All or nothing, and the file is named."""
    (tmp_path / "a").write_text("a")
    (tmp_path / name).write_text("b")
    api = ObjectApi()
    with pytest.raises(TransferError, match="cannot be stored"):
        await send(api, tmp_path, "obs://bkt/")
    assert not api.calls


async def test_a_missing_source_is_named(tmp_path: Path) -> None:
    """No traceback for a typing error."""
    with pytest.raises(TransferError, match="No such file"):
        await send(ObjectApi(), tmp_path / "typo", "obs://bkt/")


async def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    """Bars reach the end, also when a piece had to be sent twice."""
    make_tree(tmp_path)
    (tmp_path / "medium").write_bytes(bytes(3 << 20))
    seen: list[tuple[int, int]] = []
    once = iter([True])

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("medium") and next(once, False):
            raise httpx.WriteError("cut")
        return None

    async with asynchronous(ObjectApi(fault)) as client:
        await upload(
            client,
            tmp_path,
            ObsPath("bkt", "x/"),
            options=TransferOptions(part_size=300),
            progress=lambda done, total, name: seen.append((done, total)),
        )
    assert seen[-1][0] == seen[-1][1] == sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
