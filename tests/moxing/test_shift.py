"""`shift('os', 'mox')`: the standard library on paths of the object store, and untouched on all others."""

import builtins
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import moxing as mox
from moxing.framework.file import shifting

file = mox.file
NAMES = {(where.__name__, name) for where, name, _, _ in shifting._PLACES}
BEFORE = {(where.__name__, name): getattr(where, name) for where, name, _, _ in shifting._PLACES}


@pytest.fixture
def shifted(obs: str) -> Iterator[str]:
    """A folder in the object store, while the functions take it."""
    file.shift("os", "mox")
    yield obs
    file.shift("mox", "os")
    assert {(w.__name__, n): getattr(w, n) for w, n, _, _ in shifting._PLACES} == BEFORE


def test_exactly_the_functions_of_the_sheet() -> None:
    """facts/modelarts-sdk-reference.md §6.3."""
    sheet = (
        "glob.glob os.listdir os.makedirs os.mkdir posixpath.exists posixpath.getsize posixpath.isdir os.remove "
        "os.rename os.scandir os.stat os.walk builtins.open shutil.copyfile shutil.copytree shutil.rmtree"
    )
    assert {".".join(pair) for pair in NAMES} == set(sheet.split())


def test_objects_through_the_standard_library(shifted: str, tmp_path: Path) -> None:
    """Every function once."""
    obs = shifted
    os.makedirs(f"{obs}/a/b", exist_ok=True)
    os.mkdir(f"{obs}/a/c")
    with open(f"{obs}/a/f", "w") as f:
        f.write("héllo\n")
    with open(f"{obs}/a/f", encoding="utf-8", newline="\n") as f:
        assert f.read() == "héllo\n"
    with open(file=f"{obs}/a/f", mode="rb", buffering=0) as raw:
        assert raw.read() == "héllo\n".encode()
    assert os.listdir(f"{obs}/a") == ["b", "c", "f"]
    with os.scandir(f"{obs}/a") as entries:
        assert [entry.name for entry in entries if entry.is_file()] == ["f"]
    assert os.path.exists(f"{obs}/a/f") and not os.path.exists(f"{obs}/none")
    assert os.path.isdir(f"{obs}/a") and not os.path.isdir(f"{obs}/a/f")
    assert os.path.isfile(f"{obs}/a/f") and not os.path.isfile(f"{obs}/none")
    assert os.path.getsize(f"{obs}/a/f") == 7 == os.stat(f"{obs}/a/f").st_size
    assert list(os.walk(obs)) == [
        (obs, ["a"], []), (f"{obs}/a", ["b", "c"], ["f"]), (f"{obs}/a/b", [], []), (f"{obs}/a/c", [], []),
    ]  # fmt: skip
    assert glob.glob(f"{obs}/*/f") == [f"{obs}/a/f"]
    assert glob.glob(f"{obs}/**/f", recursive=True) == [f"{obs}/a/f"]
    assert shutil.copyfile(f"{obs}/a/f", tmp_path / "f") == tmp_path / "f"
    assert shutil.copytree(f"{obs}/a", tmp_path / "tree") == tmp_path / "tree"
    assert sorted(os.listdir(tmp_path / "tree")) == ["b", "c", "f"]
    shutil.copytree(tmp_path / "tree", f"{obs}/back", ignore=shutil.ignore_patterns("b"))
    assert os.listdir(f"{obs}/back") == ["f"]
    os.rename(f"{obs}/back/f", f"{obs}/back/g")
    os.remove(f"{obs}/back/g")
    assert os.listdir(f"{obs}/back") == []
    shutil.rmtree(obs)
    assert not os.path.exists(obs)
    with pytest.raises(FileNotFoundError):
        open(f"{obs}/none")
    with pytest.raises(FileNotFoundError):
        os.stat(f"{obs}/none")


def test_local_paths_are_as_before(shifted: str, tmp_path: Path) -> None:
    """Descriptors, bytes, path objects, options that only local files have, and the very same errors."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x", encoding="utf-8")
    (tmp_path / "link").symlink_to("d/f")
    descriptor = os.open(tmp_path / "d", os.O_RDONLY)
    assert os.listdir(descriptor) == ["f"] and os.listdir(os.fsencode(tmp_path / "d")) == [b"f"]
    assert os.stat("f", dir_fd=descriptor).st_size == 1
    assert os.path.islink(tmp_path / "link")
    assert os.stat(tmp_path / "link", follow_symlinks=False).st_size == 3
    assert os.stat in os.supports_dir_fd and os.stat in os.supports_follow_symlinks
    os.mkdir("e", 0o700, dir_fd=descriptor)
    os.rename("e", "g", src_dir_fd=descriptor, dst_dir_fd=descriptor)
    os.close(descriptor)
    with open(os.open(tmp_path / "d" / "f", os.O_RDONLY)) as f:
        assert f.read() == "x"
    with open(b"/dev/null", "rb", closefd=True) as raw:
        assert raw.read() == b""
    assert isinstance(os.stat(tmp_path), os.stat_result)
    shutil.copytree(tmp_path / "d", tmp_path / "copy", symlinks=True)
    shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-all", symlinks=True)
    assert os.path.islink(tmp_path.parent / f"{tmp_path.name}-all" / "link")
    shutil.rmtree(tmp_path.parent / f"{tmp_path.name}-all")
    assert {path.name for path in pathlib.Path(tmp_path).rglob("*")} == {"d", "f", "g", "copy", "link"}
    assert glob.glob("*", root_dir=tmp_path / "d") == glob.glob("[fg]", root_dir=tmp_path / "d")
    with pytest.raises(FileExistsError):
        os.makedirs(tmp_path / "d")
    with pytest.raises(FileNotFoundError):
        os.listdir(tmp_path / "none")
    with pytest.raises(TypeError):
        os.remove(None)  # type: ignore[arg-type]


def test_back_and_twice(obs: str) -> None:
    """Either twice is once; other words are refused; under threads nothing is left over."""
    file.shift("os", "mox")
    file.shift("os", "mox")
    file.shift("mox", "os")
    assert builtins.open is BEFORE["builtins", "open"]
    file.shift("mox", "os")
    with pytest.raises(ValueError, match="only"):
        file.shift("os", "s3")

    def there_and_back() -> None:
        for pair in (("os", "mox"), ("mox", "os")) * 50:
            file.shift(*pair)

    threads = [threading.Thread(target=there_and_back) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.shift("mox", "os")
    assert {(w.__name__, n): getattr(w, n) for w, n, _, _ in shifting._PLACES} == BEFORE
    with pytest.raises(FileNotFoundError):
        os.listdir(obs)


def test_what_others_put_on_top_stays(obs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profiler that wrapped `os.listdir` meanwhile keeps its wrapper, below which everything is as before."""
    file.write(f"{obs}/f", "x")
    file.shift("os", "mox")
    below = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: below(path))
    assert os.listdir(obs) == ["f"]
    theirs = os.listdir
    file.shift("mox", "os")
    assert os.listdir is theirs
    with pytest.raises(FileNotFoundError):
        os.listdir(obs)


@pytest.mark.parametrize("version", ["3.8"])
def test_it_parses_as_python(version: str) -> None:
    """Engines have old interpreters: the syntax, everywhere; what is evaluated, where one is installed."""
    import ast

    root = Path(__file__).resolve().parents[2] / "src"
    files = [*(root / "moxing").rglob("*.py"), *(root / "trainwright" / "portable").rglob("*.py")]
    assert len(files) > 20
    for path in files:
        ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--target-version", "py38", "--select", "F,UP,E9", "--isolated",
         "--line-length", "120", *map(str, files)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
