"""A folder in the object store and one on disk, driven by the same calls of `mox.file`, hold the same in the end and
say the same on the way.
"""

import shutil
import tempfile
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import moxing as mox

file = mox.file

NAMES = st.sampled_from(["a", "b", "a b", "中", "a.txt"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TEXTS = st.text(st.sampled_from("xyé\n"), max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PATHS, TEXTS),
        st.tuples(st.just("append"), PATHS, TEXTS),
        st.tuples(st.just("make_dirs"), PATHS),
        st.tuples(st.just("mk_dir"), PATHS),
        st.tuples(st.just("copy"), PATHS, PATHS),
        st.tuples(st.just("rename_file"), PATHS, PATHS),
        st.tuples(st.just("remove_file"), PATHS),
        st.tuples(st.just("remove_tree"), PATHS),
        st.tuples(st.just("copy_tree"), PATHS, PATHS),
    ),
    max_size=12,
)


def _do(root: str, step: tuple[str, ...]) -> object:
    """What a step did: "done", or that it failed. Where the store knows no folders above a file, they are made."""
    verb, *words = step
    path = f"{root}/{words[0]}"
    other = f"{root}/{words[-1]}"
    try:
        if verb in ("write", "append"):
            _make_above(path)
            getattr(file, verb)(path, words[1])
        elif verb == "make_dirs":
            file.make_dirs(path)
        elif verb == "mk_dir":
            if not file.exists(path):
                file.mk_dir(path)
        elif verb in ("copy", "rename_file"):
            if not file.exists(path) or file.is_directory(path) or path == other or file.is_directory(other):
                return "not tried"
            _make_above(other)
            (file.copy if verb == "copy" else file.rename)(path, other)
        elif verb == "remove_file":
            if file.exists(path) and not file.is_directory(path):
                file.remove(path)
        elif verb == "remove_tree":
            if file.is_directory(path):
                file.remove(path, recursive=True)
        elif file.is_directory(path) and not f"{other}/".startswith(f"{path}/"):
            file.copy_parallel(path, other, threads=2)
    except OSError:
        return "failed"
    return "done"


def _make_above(path: str) -> None:
    """A disk needs the folder; the store is told of it, too, so that both keep it when it becomes empty."""
    file.make_dirs(path.rpartition("/")[0])


def _everything(root: str) -> dict[str, Any]:
    """What all that only looks says."""
    names = file.list_directory(root, recursive=True, remove_sep=False)
    seen: dict[str, Any] = {"names": sorted(names), "size": file.get_size(root, recursive=True)}
    for name in names:
        path = f"{root}/{name.rstrip('/')}"
        is_folder = name.endswith("/")
        assert file.exists(path) and file.is_directory(path) == is_folder == file.stat(path).is_directory
        if is_folder:
            seen[name] = sorted(file.list_directory(path))
            assert sorted(entry.name for entry in file.scan_dir(path)) == seen[name]
        else:
            seen[name] = (file.read(path), file.read(path, binary=True), file.get_size(path))
            assert file.stat(path).length == len(seen[name][1])
            with file.File(path, "rb") as f:
                assert f.read() == seen[name][1]
    for pattern in ("*", "*/*", "**/a*", "[ab]*", "a/?"):
        seen[pattern] = sorted(path[len(root) :] for path in file.glob(f"{root}/{pattern}"))
    seen["walk"] = sorted(
        (top[len(root) :], sorted(dirs), sorted(files)) for top, dirs, files in file.walk(root)
    )
    return seen


@pytest.mark.timeout(300)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_objects_behave_as_files(obs: str, steps: list[tuple[str, ...]]) -> None:
    """Any sequence of changes."""
    remote = f"{obs}-{uuid.uuid4().hex[:8]}/r"
    local = tempfile.mkdtemp()
    try:
        file.make_dirs(remote)
        for step in steps:
            assert _do(remote, step) == _do(local, step), step
        assert _everything(remote) == _everything(local)
        with tempfile.TemporaryDirectory() as back:
            file.copy_parallel(remote, back, threads=2)
            assert _everything(back) == _everything(local)
    finally:
        shutil.rmtree(local)
