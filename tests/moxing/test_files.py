"""`File` and copies of folders: every mode, broken connections, failures that must not be lost, many files."""

import csv
import gc
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import moxing as mox
from moxing.framework.file.streams import open_object
from tests.e2e.live import LiveServer
from tests.portable.faults import Network, answer

file = mox.file


@pytest.fixture(params=["obs", "local"])
def place(request: pytest.FixtureRequest, obs: str, tmp_path: Path) -> str:
    """A folder in the object store, and one on disk: what works there works here."""
    if request.param == "obs":
        return obs
    (tmp_path / "files").mkdir()
    return str(tmp_path / "files")


def test_every_mode(place: str) -> None:
    """As `open` has them."""
    name = f"{place}/f"
    with pytest.raises(FileNotFoundError):
        file.File(name, "r")
    with pytest.raises(FileNotFoundError):
        file.File(name, "r+")
    with file.File(name, "w") as f:
        assert f.write("one\ntwo\n") == 8 and f.writable() and not f.readable()
        f.writelines(["three\n", "é"])
        with pytest.raises(OSError, match="not readable"):
            f.read()
    with file.File(name, "r") as f:
        assert f.readline() == "one\n" and f.readline(2) == "tw" and f.tell() == 6
        assert f.readlines() == ["o\n", "three\n", "é"] and f.read() == ""
        f.seek(0)
        assert f.read(5) == "one\nt" and list(f) == ["wo\n", "three\n", "é"]
        assert (f.name, f.mode, f.size(), f.seekable(), f.closed) == (name, "r", 16, True, False)
        with pytest.raises(OSError, match="not writable"):
            f.write("x")
    assert f.closed
    with pytest.raises(ValueError, match="closed"):
        f.read()
    with file.File(name, "a") as f:
        f.write("!")
        assert f.size() >= 16
    with file.File(name, "r+") as f:
        assert f.read(3) == "one"
        f.seek(0)
        f.write("ONE")
        f.seek(0)
        assert f.read() == "ONE\ntwo\nthree\né!"
    with file.File(name, "a+") as f:
        f.seek(0)
        assert f.read(3) == "ONE"
        f.write("?")
    with file.File(name, "rb") as f:
        assert f.read() == "ONE\ntwo\nthree\né!?".encode()
        assert f.seek(-2, 2) == 16 and f.read() == b"!?"
        assert f.seek(4) == 4 and f.seek(4, 1) == 8 and f.readline() == b"three\n"
    with file.File(name, "w+b") as f:
        f.write(b"abc")
        f.seek(1)
        assert f.read(1) == b"b"
    assert file.read(name) == "abc"
    with file.File(name, "wb"):
        pass
    assert file.get_size(name) == 0
    for mode in ("", "rw", "z", "rbt", "r++"):
        with pytest.raises(ValueError, match="mode"):
            file.File(name, mode)
    with pytest.raises(IsADirectoryError):
        file.File(place + "/", "r" if place.startswith("/") else "w")


def test_flush_stores(obs: str) -> None:
    """What was written so far; nothing is sent when there is nothing new."""
    f = file.File(f"{obs}/f", "w")
    assert not file.exists(f"{obs}/f")
    f.write("a")
    f.flush()
    assert file.read(f"{obs}/f") == "a"
    stamp = file.stat(f"{obs}/f")
    f.flush()
    f.write("b")
    f.close()
    f.close()
    assert file.read(f"{obs}/f") == "ab" and stamp.length == 1


def test_libraries_can_use_it(obs: str) -> None:
    """What wants a real file: text over bytes, archives with their leaps, pickles, tables."""
    with file.File(f"{obs}/z", "wb") as f, zipfile.ZipFile(f, "w") as archive:
        for number in range(50):
            archive.writestr(f"n{number}", bytes([number]) * 20_000)
    with file.File(f"{obs}/z", "rb") as f, zipfile.ZipFile(f) as archive:
        assert archive.read("n49") == bytes([49]) * 20_000 and archive.read("n0") == bytes(20_000)
    with file.File(f"{obs}/p", "wb") as f:
        pickle.dump({"a": [1]}, f)
    with file.File(f"{obs}/p", "rb") as f:
        assert pickle.load(f) == {"a": [1]}
    with file.File(f"{obs}/c", "w") as f:
        csv.writer(f).writerow(["é", "x"])
    with file.File(f"{obs}/c", "rb") as f, io.TextIOWrapper(f, "utf-8", newline="") as text:
        assert list(csv.reader(text)) == [["é", "x"]]


def test_reading_is_by_ranges(obs: str, network: Network) -> None:
    """A look at the end of a large object does not fetch all of it, and reading all of it takes few requests."""
    content = os.urandom(8 << 20)
    file.write(f"{obs}/big", content, binary=True)
    network.received = 0
    with file.File(f"{obs}/big", "rb") as f:
        f.seek(-100, 2)
        assert f.read() == content[-100:]
    assert network.received < 10_000
    network.requests.clear()
    with file.File(f"{obs}/big", "rb") as f:
        assert b"".join(iter(lambda: f.read(100_000), b"")) == content
    assert len(network.requests) < 12


def test_a_cut_while_reading(obs: str, network: Network) -> None:
    """Is not noticed."""
    content = os.urandom(3 << 20)
    file.write(f"{obs}/big", content, binary=True)
    network.drop()
    network.cuts += [300_000, 700_000, 200_000]
    with file.File(f"{obs}/big", "rb") as f:
        assert f.read() == content


def test_an_object_that_changes_while_it_is_read(obs: str) -> None:
    """MoXing's own exception."""
    file.write(f"{obs}/big", bytes(3 << 20), binary=True)
    with file.File(f"{obs}/big", "rb") as f:
        f.read(10)
        file.write(f"{obs}/big", b"1" * (3 << 20), binary=True)
        with pytest.raises(file.MoxFileReadException, match="changed while"):
            f.read()


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_close_that_fails_can_be_tried_again(obs: str, network: Network, mode: str) -> None:
    """It raises as often as it fails, and nothing that was written is gone."""
    data = b"all of it" if "b" in mode else "all of it"
    f = file.File(f"{obs}/f", mode)
    f.write(data)
    network.refusals += [answer("403 No", b"no"), answer("403 No", b"no")]
    for _ in range(2):
        with pytest.raises(file.MoxFileRespException):
            f.close()
        assert not f.closed
    f.close()
    assert f.closed and file.read(f"{obs}/f") == "all of it"


def test_a_with_block_raises(obs: str, network: Network, caplog: pytest.LogCaptureFixture) -> None:
    """And what is then dropped is told in the log."""
    with pytest.raises(file.MoxFileRespException), file.File(f"{obs}/f", "w") as f:
        f.write("x")
        network.refusals += [answer("403 No", b"no")]
    del f
    gc.collect()
    assert f"{obs}/f was NOT stored" in caplog.text


def test_what_failed_once_is_not_tried_again_when_it_is_dropped(
    obs: str, network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits a minute for the collector of garbage."""
    f = file.File(f"{obs}/f", "w")
    f.write("x")
    network.refusals += [answer("403 No", b"no")]
    with pytest.raises(file.MoxFileRespException):
        f.close()
    network.requests.clear()
    del f
    gc.collect()
    assert f"{obs}/f was NOT stored" in caplog.text and network.requests == []
    with pytest.raises(LookupError), open_object(f"{obs}/f", "w", encoding="no-such"):
        pass
    gc.collect()
    assert not file.exists(f"{obs}/f")


def test_what_nobody_closed_is_stored(obs: str, live: LiveServer, tmp_path: Path) -> None:
    """When it is dropped, and at the end of the program; as local files are."""
    file.File(f"{obs}/dropped", "w").write("x")
    gc.collect()
    assert file.read(f"{obs}/dropped") == "x"
    script = f"import moxing as mox\nf = mox.file.File('{obs}/left', 'w')\nf.write('y' * 100)\n"
    done = _python(script, live, tmp_path)
    assert done.returncode == 0 and file.read(f"{obs}/left") == "y" * 100


def test_the_banner(live: LiveServer, tmp_path: Path) -> None:
    """On standard error, in the form of the root logger, which is left alone; and not if that is asked for."""
    script = (
        "import moxing, logging\nlogging.basicConfig(level=20, format='mine %(message)s')\nlogging.info('x')"
    )
    told = _python(script, live, tmp_path).stderr
    assert told.startswith("INFO:root:Using MoXing-v2.") and told.endswith("mine x\n")
    assert _python(script, live, tmp_path, MOX_SILENT_MODE="1").stderr == "mine x\n"


def test_a_node_that_does_not_reach_the_server(tmp_path: Path) -> None:
    """Says so, and what to do instead."""
    done = subprocess.run(
        [sys.executable, "-c", "import moxing as mox; mox.file.read('obs://b/k')"],
        env={"HOME": str(tmp_path), "TRAINWRIGHT_INSIDE": "/x"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "does not reach the server" in done.stderr and "Declare inputs and outputs" in done.stderr


def _fill(folder: Path) -> None:
    for name in ("a", "d/b", "d/e/c", ".hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "empty" / "deep").mkdir(parents=True)
    (folder / "link").symlink_to("a")
    (folder / "d" / "loop").symlink_to("..")


@pytest.mark.parametrize("threads", [0, 1, 16])
def test_copy_parallel_there_and_back(
    obs: str, tmp_path: Path, threads: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With empty folders; links are followed, but not in circles; into what is there it merges."""
    caplog.set_level("INFO")
    _fill(tmp_path / "source")
    file.copy_parallel(
        tmp_path / "source", f"{obs}/x/", threads=threads, is_processing=False, use_queue=False
    )
    assert "Copied 5/5 files" in caplog.text
    names = [".hidden", "a", "d/", "d/b", "d/e/", "d/e/c", "d/loop/", "empty/", "empty/deep/", "link"]
    assert file.list_directory(f"{obs}/x", recursive=True, remove_sep=False) == names
    (tmp_path / "target" / "d").mkdir(parents=True)
    (tmp_path / "target" / "d" / "b").write_text("before")
    (tmp_path / "target" / "stays").write_text("x")
    file.copy_parallel(f"{obs}/x", tmp_path / "target", threads=threads)
    file.copy_parallel(f"{obs}/x", f"{obs}/y", threads=threads)
    file.copy_parallel(tmp_path / "target", tmp_path / "local", threads=threads)
    for folder in (tmp_path / "target", tmp_path / "local"):
        assert sorted(file.list_directory(folder, recursive=True, remove_sep=False)) == sorted(
            [*names, "stays"]
        )
        assert (folder / "d" / "b").read_text() == "d/b"
    assert file.list_directory(f"{obs}/y", recursive=True, remove_sep=False) == names


def test_copy_parallel_of_some_and_of_one(obs: str, tmp_path: Path) -> None:
    """`file_list` restricts it; a single file goes to its new name, or into a folder."""
    _fill(tmp_path / "source")
    file.copy_parallel(f"{tmp_path}/source/", obs, file_list=["a", "d/e/c"])
    assert file.list_directory(obs, recursive=True, skip_dir=True) == ["a", "d/e/c"]
    for bad in ("../x", "/etc/passwd", "d/../../x"):
        with pytest.raises(ValueError, match="below the folder"):
            file.copy_parallel(obs, tmp_path / "t", file_list=[bad])
    with pytest.raises(FileNotFoundError):
        file.copy_parallel(obs, tmp_path / "t", file_list=["none"])
    file.copy_parallel(f"{obs}/a", tmp_path / "new" / "name")
    assert (tmp_path / "new" / "name").read_text() == "a"
    file.copy_parallel(f"{obs}/a", f"{tmp_path}/into/")
    file.copy_parallel(f"{obs}/a", tmp_path)
    assert (tmp_path / "into" / "a").read_text() == (tmp_path / "a").read_text() == "a"


def test_nothing_to_copy(obs: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the object store that is no error; a local folder that is missing is one."""
    caplog.set_level("INFO")
    file.copy_parallel(f"{obs}/none/", tmp_path / "target")
    assert "No files to copy" in caplog.text and (tmp_path / "target").is_dir()
    with pytest.raises(FileNotFoundError):
        file.copy_parallel(tmp_path / "none", obs)


def test_a_copy_that_fails_says_so(obs: str, tmp_path: Path, network: Network) -> None:
    """One file of many cannot be read; what is copied stays, the copy fails."""
    for number in range(30):
        (tmp_path / f"f{number:02}").write_text("x")
    (tmp_path / "broken").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError, match="broken"):
        file.copy_parallel(tmp_path, obs)
    (tmp_path / "broken").unlink()
    network.cuts += [200, -100, 400, -50]
    file.copy_parallel(tmp_path, obs)
    assert len(file.list_directory(obs)) == 30


def test_an_object_with_the_name_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obs: str
) -> None:
    """Stores of other kinds can hold both; a disk cannot."""
    from moxing.framework.file import queries  # its listing is replaced
    from trainwright.portable.store import Entry, Page

    prefix = obs.partition("mox-tests/")[2] + "/"
    page = Page((Entry(prefix + "a", 1, 0, "e"), Entry(prefix + "a/b", 1, 0, "e")))
    monkeypatch.setattr(queries, "store_pages", lambda path, folded: iter([page]))
    with pytest.raises(file.MoxFileNameDuplicateException, match="an object and of a folder"):
        file.copy_parallel(obs, tmp_path)


def _python(script: str, live: LiveServer, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A program of its own, which finds the server on this machine by itself."""
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "TRAINWRIGHT_DATA_DIR": str(live.data_dir), **more}
    return subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False
    )
