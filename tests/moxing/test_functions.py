"""`mox.file` as the sheet has it (facts/modelarts-sdk-reference.md §6), against a real server."""

import json
import os
import pickle
from pathlib import Path

import pytest

import moxing as mox
from tests.e2e.live import LiveServer
from tests.portable.faults import Network, answer

file = mox.file


def test_read_write_append(obs: str) -> None:
    """Text and bytes; `s3://` is the same place; replacing and making are one."""
    file.write(f"{obs}/a", "héllo")
    assert file.read(f"{obs}/a") == "héllo"
    assert file.read(f"{obs}/a".replace("obs:", "s3:"), binary=True) == "héllo".encode()
    file.write(f"{obs}/a", b"\x00\x01", binary=True)
    file.append(f"{obs}/a", b"\x02", binary=True)
    assert file.read(f"{obs}/a", client_id=None, binary=True) == b"\x00\x01\x02"
    file.append(f"{obs}/new", "x")
    file.append_remote(f"{obs}/a", f"{obs}/new")
    file.append_remote(f"{obs}/a", f"{obs}/newer")
    assert file.read(f"{obs}/new", binary=True) == b"x\x00\x01\x02"
    assert file.read(f"{obs}/newer", binary=True) == b"\x00\x01\x02"
    with pytest.raises(ValueError, match="two paths of the object store"):
        file.append_remote(f"{obs}/a", "/tmp/x")
    with pytest.raises(IsADirectoryError):
        file.write(f"{obs}/a/", "x")


def test_local_files(tmp_path: Path) -> None:
    """The same functions, without any server."""
    target = f"{tmp_path}/d/e"
    with pytest.raises(FileNotFoundError):
        file.mk_dir(target)
    file.make_dirs(target)
    file.make_dirs(target)
    file.write(f"{target}/f", "é\n")
    file.append(f"{target}/f", "z")
    assert file.read(f"{target}/f") == "é\nz"
    file.copy(f"{target}/f", f"{target}/g")
    assert file.list_directory(tmp_path, recursive=True, remove_sep=False) == ["d/", "d/e/", "d/e/f", "d/e/g"]
    assert file.get_size(tmp_path) == 0 and file.get_size(tmp_path, recursive=True) == 8
    assert file.stat(target).is_directory and file.stat(f"{target}/f").length == 4
    assert sorted(file.glob(f"{target}/*")) == [f"{target}/f", f"{target}/g"]
    assert [entry.name for entry in file.scan_dir(tmp_path)] == ["d"]
    file.rename(f"{target}/f", f"{target}/h")
    with pytest.raises(IsADirectoryError):
        file.remove(target)
    file.remove(target, recursive=True)
    assert not file.exists(target) and file.is_directory(tmp_path)
    for missing in (file.read, file.stat, file.get_size, file.remove, file.list_directory):
        with pytest.raises(FileNotFoundError):
            missing(target)


def test_exists_and_is_directory(obs: str) -> None:
    """A slash at the end asks for a folder; a name that is only the beginning of another is nothing."""
    file.write(f"{obs}/dir/file", "")
    file.make_dirs(f"{obs}/made/deep")
    for there in ("", "/", "/dir", "/dir/", "/dir/file", "/made", "/made/deep/"):
        assert file.exists(obs + there), there
    for not_there in ("/di", "/dir/file/", "/dir/fil", "/none"):
        assert not file.exists(obs + not_there), not_there
    assert [file.is_directory(obs + name) for name in ("/dir", "/dir/file", "/made/deep", "/di")] == [
        True, False, True, False,
    ]  # fmt: skip
    assert file.is_directory("obs://mox-tests") and not file.exists("obs://no-such-bucket-here")
    assert file.exists(f"{obs}//dir/./file") and file.exists(f"{obs}/made/../dir/file")


@pytest.mark.parametrize("path", ["obs://", "obs:///x", "obs://b/../x", "obs://b/\udcff"])
def test_what_is_no_path(obs: str, path: str) -> None:
    """Said before anything is asked."""
    with pytest.raises(ValueError, match=r"bucket|UTF-8"):
        file.exists(path)


def test_listings(obs: str) -> None:
    """Names, in order; files and folders can be left out; what is not there is empty."""
    for name in ("b/c/d", "a", "b.txt", "b/e"):
        file.write(f"{obs}/{name}", "x")
    file.make_dirs(f"{obs}/z")
    assert file.list_directory(obs) == ["a", "b", "b.txt", "z"]
    assert file.list_directory(obs + "/", remove_sep=False) == ["a", "b/", "b.txt", "z/"]
    assert file.list_directory(obs, skip_dir=True) == ["a", "b.txt"]
    assert file.list_directory(obs, skip_file=True) == ["b", "z"]
    everything = ["a", "b.txt", "b/", "b/c/", "b/c/d", "b/e", "z/"]
    assert file.list_directory(obs, recursive=True, remove_sep=False) == everything
    assert file.list_directory(obs, recursive=True) == [name.rstrip("/") for name in everything]
    assert file.list_directory(f"{obs}/none") == [] == list(file.scan_dir(f"{obs}/none"))
    assert list(file.walk(f"{obs}/none")) == []
    walked = [
        (obs, ["b", "z"], ["a", "b.txt"]),
        (f"{obs}/b", ["c"], ["e"]),
        (f"{obs}/b/c", [], ["d"]),
        (f"{obs}/z", [], []),
    ]
    assert list(file.walk(obs)) == walked
    assert sorted(file.walk(obs, topdown=False)) == sorted(walked)
    entries = {entry.name: entry for entry in file.scan_dir(obs)}
    assert entries["b"].is_dir() and entries["a"].is_file() and not entries["a"].is_symlink()
    assert entries["a"].stat() == file.stat(f"{obs}/a") and os.fspath(entries["a"]) == f"{obs}/a"


def test_glob(obs: str) -> None:
    """As `glob` does for files; the paths begin as the pattern does."""
    for name in ("a.txt", "b.bin", "d/c.txt", "d/.hidden.txt", "d/e/f.txt", "[x]"):
        file.write(f"{obs}/{name}", "x")

    def match(pattern: str) -> list[str]:
        return [path[len(obs) + 1 :] for path in file.glob(f"{obs}/{pattern}")]

    assert match("*.txt") == ["a.txt"]
    assert match("[ab].*") == ["a.txt", "b.bin"]
    assert match("?.txt") == ["a.txt"]
    assert match("*/*.txt") == ["d/c.txt"]
    assert match("d/.*") == ["d/.hidden.txt"]
    assert match("**/*.txt") == ["a.txt", "d/c.txt", "d/e/f.txt"]
    assert match("*/") == ["d/"]
    assert match("a.txt") == ["a.txt"] and match("none") == [] and match("*/none") == []
    assert match("*/e/f.txt") == ["d/e/f.txt"]
    assert match("[[]x]") == ["[x]"]
    assert file.glob(f"s3{obs[3:]}/a*") == [f"s3{obs[3:]}/a.txt"]


def test_remove_is_as_the_table_says(obs: str) -> None:
    """facts §6.2, line by line, with neighbours that must stay."""

    def left_after(*removals: tuple[str, bool]) -> list[str]:
        for name in ("file", "dir/x", "dir/y/z", "dir2/x", "dir-x"):
            file.write(f"{obs}/{name}", "x")
        for name, recursive in removals:
            file.remove(f"{obs}/{name}", recursive=recursive)
        return file.list_directory(obs, recursive=True, skip_dir=True)

    everything = ["dir-x", "dir/x", "dir/y/z", "dir2/x", "file"]
    assert left_after(("file", False)) == everything[:-1]
    assert left_after(("file", True)) == everything[:-1]
    assert left_after(("dir", True)) == ["dir-x", "dir2/x", "file"]
    assert left_after(("dir/", True)) == ["dir-x", "dir2/x", "file"]
    assert left_after(("dir", False), ("dir/", False)) == everything
    assert left_after(("file/", False), ("file/", True)) == everything
    assert left_after(("none", False), ("none/", False), ("none", True)) == everything
    file.make_dirs(f"{obs}/made")
    file.remove(f"{obs}/made/")
    assert file.exists(f"{obs}/made")
    file.remove("obs://no-such-bucket-here/x", recursive=True)


def test_remove_more_than_a_page(obs: str) -> None:
    """The listing goes on while what it lists is removed."""
    file.set_auth(list_max_keys=7)
    for number in range(20):
        file.write(f"{obs}/{number}", "")
    file.remove(obs, recursive=True)
    assert file.list_directory(obs) == []


def test_stat_and_size(obs: str) -> None:
    """By MoXing's names, and by those of `os.stat_result`."""
    file.write(f"{obs}/d/f", "12345")
    found = file.stat(f"{obs}/d/f")
    assert (found.length, found.st_size, found[6], found.is_directory) == (5, 5, 5, False)
    assert found.mtime_nsec == found.st_mtime_ns == int(found.st_mtime) * 10**9
    assert file.stat(f"{obs}/d").is_directory and file.stat(f"{obs}/d/").is_directory
    assert file.get_size(f"{obs}/d") == 0 and file.get_size(obs, recursive=True) == 5 == file.get_size(
        f"{obs}/d/f"
    )
    for call in (file.stat, file.get_size):
        with pytest.raises(file.MoxFileNotExistsException, match="No such file"):
            call(f"{obs}/none")


def test_folders(obs: str) -> None:
    """A folder needs the one above it, unless all are made; where an object lies there can be none."""
    with pytest.raises(OSError, match="above it is missing"):
        file.mk_dir(f"{obs}/a/b")
    file.make_dirs(f"{obs}/a")
    file.mk_dir(f"{obs}/a/b")
    file.mk_dir(f"{obs}/a/b")
    file.write(f"{obs}/f", "")
    for name in ("f", "f/g"):
        with pytest.raises(file.MoxFileNameDuplicateException):
            file.make_dirs(f"{obs}/{name}")
    with pytest.raises(file.MoxFileNotExistsException):
        file.make_dirs("obs://no-such-bucket-here/x")


def test_copy(obs: str, tmp_path: Path) -> None:
    """Up, down, across and between local files; always a file to a file."""
    (tmp_path / "a").write_bytes(b"abc")
    file.copy(tmp_path / "a", f"{obs}/a")
    file.copy(f"{obs}/a", f"{obs}/b")
    file.copy(f"{obs}/b", f"{obs}/b")
    file.copy(f"{obs}/b", f"{tmp_path}/b")
    file.copy(f"{tmp_path}/b", f"{tmp_path}/c")
    assert (tmp_path / "c").read_bytes() == b"abc"
    with pytest.raises(file.MoxFileNotExistsException):
        file.copy(f"{obs}/none", f"{tmp_path}/d")
    with pytest.raises(FileNotFoundError):
        file.copy(f"{tmp_path}/none", f"{obs}/d")
    with pytest.raises(IsADirectoryError):
        file.copy(tmp_path, f"{obs}/d")
    with pytest.raises(IsADirectoryError):
        file.copy(f"{obs}/a", f"{obs}/d/")
    with pytest.raises(IsADirectoryError):
        file.copy(f"{obs}/a", tmp_path)
    assert not file.exists(f"{obs}/d")


@pytest.mark.parametrize(
    ("source", "target"), [("obs", "obs"), ("obs", "local"), ("local", "obs"), ("local", "local")]
)
def test_rename(obs: str, tmp_path: Path, source: str, target: str) -> None:
    """Files and folders, in all directions."""
    places = {"obs": obs, "local": str(tmp_path)}
    old, new = f"{places[source]}/old", f"{places[target]}/new"
    file.make_dirs(f"{old}/empty")
    file.make_dirs(f"{old}/d")
    for name in ("f", "d/g"):
        file.write(f"{old}/{name}", name)
    file.rename(old, new)
    assert file.list_directory(new, recursive=True) == ["d", "d/g", "empty", "f"]
    assert file.read(f"{new}/d/g") == "d/g" and not file.exists(old)
    file.rename(f"{new}/f", f"{places[source]}/file")
    assert file.read(f"{places[source]}/file") == "f" and not file.exists(f"{new}/f")
    with pytest.raises(FileNotFoundError):
        file.rename(f"{places[source]}/none", f"{places[target]}/x")


def test_rename_onto_itself(obs: str) -> None:
    """Nothing is lost."""
    file.write(f"{obs}/d/f", "x")
    file.rename(f"{obs}/d/f", f"{obs}/d/f")
    file.rename(f"{obs}/d", f"{obs}/d/")
    with pytest.raises(OSError, match="into itself"):
        file.rename(f"{obs}/d", f"{obs}/d/e")
    assert file.list_directory(obs, recursive=True) == ["d", "d/f"]


def test_copy_manifest(obs: str, tmp_path: Path) -> None:
    """Files of several folders, one of them twice, annotations among them; what is no object stays as it is."""
    for name in ("x/1.jpg", "y/1.jpg", "y/1.xml"):
        file.write(f"{obs}/{name}", name)
    lines = [
        {"source": f"{obs}/x/1.jpg", "usage": "TRAIN", "annotation": [{"name": "猫"}]},
        {"source": f"s3{obs[3:]}/y/1.jpg", "annotation": [{"annotation-loc": f"{obs}/y/1.xml"}]},
        {"source": f"{obs}/x/1.jpg"},
        {"source": "content://some text"},
    ]
    file.write(f"{obs}/V1.manifest", "".join(json.dumps(line) + "\n" for line in lines))
    new_manifest, copied = file.copy_manifest(f"{obs}/V1.manifest", f"{tmp_path}/data/")
    assert new_manifest == f"{tmp_path}/data/V1.manifest" and len(copied) == 3
    told = [json.loads(line) for line in Path(new_manifest).read_text("utf-8").splitlines()]
    assert Path(told[0]["source"]).read_text() == "x/1.jpg" and told[0]["annotation"] == [{"name": "猫"}]
    assert Path(told[1]["source"]).read_text() == "y/1.jpg"
    assert Path(told[1]["annotation"][0]["annotation-loc"]).read_text() == "y/1.xml"
    assert (told[2]["source"], told[3]["source"]) == (told[0]["source"], "content://some text")
    file.write(f"{obs}/bad.manifest", "{}\nx")
    with pytest.raises(ValueError, match="line 2 of the manifest"):
        file.copy_manifest(f"{obs}/bad.manifest", tmp_path)


def test_exceptions_say_what_was_called(obs: str, network: Network, caplog: pytest.LogCaptureFixture) -> None:
    """In the log, in MoXing's form; they cross process boundaries, and code for local files catches them."""
    with pytest.raises(FileNotFoundError) as caught:
        file.read(f"{obs}/none", binary=True)
    told = caplog.text
    assert "Failed to call:\n\tfunc=read\n" in told and f"args=('{obs}/none')" in told
    assert "kwargs={'binary': True}" in told and "stat:404\n\terrorCode:NoSuchKey" in told
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, file.MoxFileNotExistsException) and again.resp.errorCode == "NoSuchKey"
    network.refusals += [answer("403 No", b'{"error_code": "ModelArts.0108", "error_msg": "not allowed"}')]
    with pytest.raises(file.MoxFileRespException, match="not allowed") as denied:
        file.write(f"{obs}/x", "y" * 1000)
    assert (denied.value.resp.status, denied.value.errno) == (403, 13)
    assert "(1000 in all)" in caplog.text


def test_retries_are_counted_down(obs: str, network: Network, caplog: pytest.LogCaptureFixture) -> None:
    """In MoXing's words."""
    network.refusals += [answer("503 x"), answer("502 x")]
    file.write(f"{obs}/x", "y")
    told = caplog.text
    assert "Retry=9, Wait=0.001, Timestamp=" in told and "Retry=8, Wait=0.002" in told


def test_wrong_credentials(obs: str, live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told at once."""
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", "nobody")
    with pytest.raises(file.MoxFileRespException, match="no valid credentials") as caught:
        file.exists(obs)
    assert caught.value.resp.status == 401
    monkeypatch.delenv("TRAINWRIGHT_TOKEN")
    file.set_auth(ak="AK", sk="wrong")
    with pytest.raises(file.MoxFileRespException, match="APIGW"):
        file.exists(obs)


def test_set_auth_with_keys(obs: str, live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host and a port, as old scripts name them; without arguments the environment counts again."""
    key = live.call("POST", "/v1/{P}/access-keys", json={"description": "x"}).json()
    for name in ("ENDPOINT", "PROJECT", "TOKEN"):
        monkeypatch.delenv(f"TRAINWRIGHT_{name}")
    file.set_auth(
        ak=key["access_key"], sk=key["secret_key"], server="127.0.0.1", port=live.port, is_secure=False,
        ssl_verify=False, long_conn_mode=False, path_style=True, retry=2, retry_wait=0.01, client_timeout=5,
        list_max_keys=2,
    )  # fmt: skip
    for number in range(5):
        file.write(f"{obs}/{number}", "x")
    assert file.list_directory(obs) == ["0", "1", "2", "3", "4"]
    file.set_auth()
    monkeypatch.setenv("ACCESS_KEY_ID", key["access_key"])
    monkeypatch.setenv("SECRET_ACCESS_KEY", key["secret_key"])
    monkeypatch.setenv("S3_ENDPOINT", f"127.0.0.1:{live.port}")
    monkeypatch.setenv("S3_USE_HTTPS", "0")
    assert file.read(f"{obs}/3") == "x"


def test_other_names_say_what_to_use() -> None:
    """And are no names, for those who look first."""
    for module, name in ((mox, "run"), (mox.framework, "ModeKeys"), (mox, "get_hub_dataset")):
        assert not hasattr(module, name)
        with pytest.raises(AttributeError, match="old TensorFlow stack"):
            getattr(module, name)


def test_large_files_and_the_knobs(
    obs: str, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A threshold from the environment; one connection where that is asked for."""
    monkeypatch.setenv("MOX_FILE_PARTIAL_MAXIMUM_SIZE", "100000")
    content = os.urandom(450_000)
    (tmp_path / "f").write_bytes(content)
    for method in (2, 1):
        monkeypatch.setattr(file.file_io, "_LARGE_FILE_METHOD", method)
        network.connections = 0
        file.set_auth(retry_wait=0.001)
        file.copy(tmp_path / "f", f"{obs}/f{method}")
        file.copy(f"{obs}/f{method}", f"{obs}/g{method}")
        file.copy(f"{obs}/g{method}", tmp_path / "g")
        assert (tmp_path / "g").read_bytes() == content
        assert (network.connections > 2) == (method == 2)
    assert sum("/parts/" in line for line in network.requests) == 20
    monkeypatch.setattr(file.file_io, "_NUMBER_OF_PROCESSES", 1)
    assert file.file_io.pool_size(16) == 1 and file.file_io.sizes().parts_at_once == 1
