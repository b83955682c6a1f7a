"""Dataset versions as inputs: exactly the objects of the manifest, byte for byte, or the task fails and says which."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant
from tests.runner.test_staging import MOUNT, make_tree, read_tree
from trainwright.runner.copying import DRAFT_PREFIX

INPUT = f"root{MOUNT}/inputs/data_0"


@pytest.fixture(params=["path", "url"])
def grants(request: pytest.FixtureRequest) -> str:
    """Both ways to the bytes."""
    return str(request.param)


def start(rig: StartRig, kind: str, store: Path, contents: dict[str, bytes]) -> Rig:
    """A task whose input is a dataset version that says `contents`, over what lies in `store` now."""
    grant = path_grant(store) if kind == "path" else {"kind": "url", "url": ""}
    data = folder("data", f"{MOUNT}/inputs/data_0", grant)
    task = rig(make_order(shell="true", inputs=[data]))
    key = task.launch["attempt_key"]
    data["manifest_url"] = f"{task.server.url}/runner/v1/attempts/{key}/tasks/worker-0/files/inputs/0"
    if kind == "url":
        grant["url"] = data["manifest_url"]
    task.server.objects["inputs/0"] = store
    task.server.manifests["inputs/0"] = contents
    return task


def test_exactly_the_manifest_arrives(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """Guards what came into the folder later against being staged, and odd names and empty files against being lost."""
    store = tmp_path / "store"
    contents = make_tree(store)
    (store / "later.txt").write_bytes(b"not in the version")
    (store / "d1" / f"{DRAFT_PREFIX}x").write_bytes(b"half")
    task = start(rig, grants, store, contents)
    assert task.run()["reason"] == "completed", task.story()
    assert read_tree(task.rundir / INPUT) == contents
    assert task.server.told.codes().count("input_download_done") == 1


Damage = Callable[[Path], None]


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


def same_size(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def deleted(path: Path) -> None:
    path.unlink()


def folder_gone(path: Path) -> None:
    for inner in path.parent.iterdir():
        inner.unlink()
    path.parent.rmdir()


def file_for_folder(path: Path) -> None:
    folder_gone(path)
    path.parent.write_bytes(b"a file now")


@pytest.mark.parametrize("damage", [grown, same_size, emptied])
def test_an_object_that_changed_fails_the_task(
    tmp_path: Path, rig: StartRig, grants: str, damage: Damage
) -> None:
    """Guards training on other data than the version's: size and checksum are held against the manifest."""
    store = tmp_path / "store"
    contents = make_tree(store)
    damage(store / "d3/f87.bin")
    task = start(rig, grants, store, contents)
    final = task.run()
    assert final["reason"] == "dataset_changed", task.story()
    assert final["message"] == "input data: d3/f87.bin has changed since the dataset version was made"
    event = next(event for event in task.server.told.events if event["code"] == "dataset_object_changed")
    assert event["slots"] == {"name": "data", "file": "d3/f87.bin"}
    assert "training_started" not in task.server.told.codes()
    assert not (task.rundir / INPUT / "d3/f87.bin").exists()


@pytest.mark.parametrize("damage", [deleted, folder_gone, file_for_folder])
def test_an_object_that_is_gone_fails_the_task(
    tmp_path: Path, rig: StartRig, grants: str, damage: Damage
) -> None:
    """Guards training on less than the version: an object that is missing is named."""
    store = tmp_path / "store"
    contents = {"a": b"a", "z/only.bin": os.urandom(5000)}
    for name, data in contents.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(data)
    damage(store / "z/only.bin")
    task = start(rig, grants, store, contents)
    final = task.run()
    assert final["reason"] == "dataset_changed", task.story()
    assert final["message"] == "input data: z/only.bin of the dataset version is gone"
    event = next(event for event in task.server.told.events if event["code"] == "dataset_object_gone")
    assert event["slots"] == {"name": "data", "file": "z/only.bin"}


@pytest.mark.parametrize("name", ["link", "folder/f"])
def test_links_are_not_followed(tmp_path: Path, rig: StartRig, name: str) -> None:
    """Guards what lies outside the store, even when it has the right checksum: a link is no object."""
    store = tmp_path / "store"
    (store / "d").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"data")
    (store / "link").symlink_to(outside / "f")
    (store / "folder").symlink_to(outside)
    task = start(rig, "path", store, {name: b"data"})
    assert task.run()["message"] == f"input data: {name} of the dataset version is gone"


def test_a_cut_connection_is_no_change(tmp_path: Path, rig: StartRig) -> None:
    """Guards against blaming the user for the network: what is cut short or refused for now is fetched again."""
    store = tmp_path / "store"
    contents = make_tree(store)
    task = start(rig, "url", store, contents)
    task.server.faults.short_objects = 2
    task.server.faults.object_errors = 2
    assert task.run()["reason"] == "completed", task.story()
    assert read_tree(task.rundir / INPUT) == contents


def test_a_manifest_that_is_gone_is_an_error(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """Guards against an empty input when the version was deleted: 404 for the list is a failure, not an empty list."""
    store = tmp_path / "store"
    store.mkdir()
    task = start(rig, grants, store, {"a": b"a"})
    del task.server.manifests["inputs/0"], task.server.objects["inputs/0"]
    final = task.run()
    assert final["reason"] == "input_download_failed", task.story()


def test_an_old_server_without_checksums_is_refused(tmp_path: Path, rig: StartRig, grants: str) -> None:
    """Guards the promise of a version against a list that says nothing of the bytes."""
    store = tmp_path / "store"
    make_tree(store, 3)
    task = start(rig, grants, store, {})
    del task.server.manifests["inputs/0"]
    assert task.run()["reason"] == "input_download_failed", task.story()
