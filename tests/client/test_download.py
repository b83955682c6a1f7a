"""Downloads: files appear whole or not at all, in the target folder or nowhere."""

import os
from pathlib import Path

import httpx
import pytest

from tests.client.object_api import MODIFIED_MS, ObjectApi
from tests.client.wires import Pieces, asynchronous
from trainwright.client import ConnectionFailed, TransferError, TransferOptions, UnsafeKey
from trainwright.client.transfers import TransferReport, download
from trainwright.domain.obs import ObsPath

pytestmark = pytest.mark.anyio

SMALL_PARTS = TransferOptions(large_from=1000, part_size=300, parts_in_flight=2, tries=3)
LARGE = os.urandom(1003)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainwright.client.transfers.workers.backoff_s", lambda retry: 0.0)


async def fetch(
    api: ObjectApi, source: str, target: Path, options: TransferOptions = SMALL_PARTS
) -> TransferReport:
    """Download `source` of `api` to `target`."""
    async with asynchronous(api) as client:
        return await download(client, ObsPath.parse(source), target, options=options)


def files_in(root: Path) -> dict[str, bytes]:
    """Every file below `root`."""
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def filled() -> ObjectApi:
    """A bucket with something in it."""
    api = ObjectApi()
    api.objects = {
        "x/a.txt": b"a",
        "x/empty": b"",
        "x/marker/": b"",
        "x/sub/数 #.bin": os.urandom(200),
        "x/large": LARGE,
        "xy": b"not below x/",
    }
    return api


async def test_a_folder_arrives_as_it_is(tmp_path: Path) -> None:
    """What lies below the prefix, every byte and name, with the objects' times."""
    api = filled()
    report = await fetch(api, "obs://bkt/x/", tmp_path / "out")
    expected = {
        key[2:]: data for key, data in api.objects.items() if key.startswith("x/") and key != "x/marker/"
    }
    assert files_in(tmp_path / "out") == expected
    assert report.files == 4
    assert (tmp_path / "out" / "large").stat().st_mtime_ns == MODIFIED_MS * 1_000_000


async def test_an_object_goes_into_a_folder_or_becomes_the_file(tmp_path: Path) -> None:
    """As `cp` does."""
    api = filled()
    await fetch(api, "obs://bkt/x/a.txt", tmp_path)
    await fetch(api, "obs://bkt/x/large", tmp_path / "renamed")
    assert files_in(tmp_path) == {"a.txt": b"a", "renamed": LARGE}


@pytest.mark.parametrize("key", ["x/../../evil", "x//evil", "x/./evil", "x/..", "x/a\\..\\evil"])
async def test_keys_that_leave_the_folder_are_refused_before_anything_is_written(
    tmp_path: Path, key: str
) -> None:
    """A server must not be able to write where it likes."""
    api = filled()
    api.objects[key] = b"evil"
    with pytest.raises(UnsafeKey):
        await fetch(api, "obs://bkt/x/", tmp_path / "out")
    assert not files_in(tmp_path)


async def test_a_link_in_the_folder_does_not_lead_out(tmp_path: Path) -> None:
    """Neither by way of a linked folder nor of a linked file."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "sub").symlink_to(outside)
    api = filled()
    with pytest.raises(UnsafeKey):
        await fetch(api, "obs://bkt/x/", out)
    (out / "sub").unlink()
    (out / "a.txt").symlink_to(outside / "precious")
    await fetch(api, "obs://bkt/x/", out)
    assert (outside / "precious").read_text() == "mine"
    assert (out / "a.txt").read_bytes() == b"a"
    assert not (out / "a.txt").is_symlink()


async def test_cuts_cost_only_what_is_missing(tmp_path: Path) -> None:
    """A range goes on behind its last byte."""
    api = filled()
    asked: list[str] = []

    def cut(request: httpx.Request) -> httpx.Response | None:
        asked.append(request.headers.get("Range", ""))
        if request.headers.get("Range") != "bytes=300-599":
            return None
        answer = ObjectApi.answer_get(api, request, "x/large", LARGE)
        return httpx.Response(206, headers=answer.headers, stream=Pieces([LARGE[300:410]], broken=True))

    api.fault = cut
    await fetch(api, "obs://bkt/x/large", tmp_path)
    assert files_in(tmp_path) == {"large": LARGE}
    assert "bytes=410-599" in asked


async def test_nothing_half_is_left_behind(tmp_path: Path) -> None:
    """A copy that fails leaves the old file and no draft."""
    (tmp_path / "large").write_text("old")
    api = filled()

    def cut(request: httpx.Request) -> httpx.Response | None:
        if "Range" in request.headers:
            raise httpx.ReadError("cut")
        return None

    api.fault = cut
    with pytest.raises(ConnectionFailed):
        await fetch(api, "obs://bkt/x/large", tmp_path)
    assert files_in(tmp_path) == {"large": b"old"}


async def test_an_object_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    """Ranges of two versions must never be put together."""
    api = filled()

    def change(request: httpx.Request) -> httpx.Response | None:
        if "Range" in request.headers:
            api.objects["x/large"] = os.urandom(1003)
        return None

    api.fault = change
    with pytest.raises(TransferError, match="changed while it was being downloaded"):
        await fetch(api, "obs://bkt/x/large", tmp_path)
    assert not files_in(tmp_path)


async def test_unchanged_files_are_skipped(tmp_path: Path) -> None:
    """The second copy moves what is missing or differs."""
    api = filled()
    await fetch(api, "obs://bkt/x/", tmp_path)
    (tmp_path / "empty").unlink()
    (tmp_path / "a.txt").write_text("longer")
    report = await fetch(api, "obs://bkt/x/", tmp_path, TransferOptions(skip_unchanged=True))
    assert (report.files, report.unchanged) == (2, 2)
    assert (tmp_path / "a.txt").read_bytes() == b"a"


async def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    """A misspelt path must not look like a copied empty folder."""
    with pytest.raises(TransferError, match="Nothing lies under obs://bkt/typo/"):
        await fetch(filled(), "obs://bkt/typo/", tmp_path)
    with pytest.raises(TransferError, match="does not exist"):
        await fetch(filled(), "obs://bkt/x/a.tx", tmp_path)


async def test_a_folder_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    """Said before anything is fetched."""
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(TransferError, match="is a folder"):
        await fetch(filled(), "obs://bkt/x/", tmp_path)
