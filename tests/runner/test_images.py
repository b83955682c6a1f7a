"""Images unpacked: the forms they come in, layers over each other, and archives that mean harm."""

import gzip
import json
import os
import stat
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.images import MadeImage, entry, layer, link, sha256, write_archive, write_folder
from trainwright.runner import images
from trainwright.runner.engines import BUILDING, is_complete
from trainwright.runner.image_files import BadImage, read_image

TREE = layer(
    entry("bin"),
    entry("bin/sh", b"#!sh", mode=0o4755),
    entry("etc/", mode=0o555),
    entry("etc/motd", b"hello"),
    link("lib", "usr/lib"),
    entry("usr/lib/x.py", b"1", mode=0o600),
    link("bin/dash", "bin/sh", hard=True),
)


def plan(tmp_path: Path, archive: Path, **more: Any) -> Path:
    """A plan for it in a cache of the test's own."""
    key = images.key_of(str(archive), "") if archive.is_dir() else ""
    made: dict[str, Any] = {
        "archive": str(archive),
        "cache": str(tmp_path / "cache"),
        "name": "lab/tiny:1.0",
        "key": key,
    }
    made |= {"result": str(tmp_path / "result.json"), "bytes_max": 0, **more}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(made))
    return path


def unpacked(tmp_path: Path, archive: Path, **more: Any) -> images.ImageRoot:
    """The image, unpacked."""
    assert images.unpack_image(str(plan(tmp_path, archive, **more))) == 0
    return images.open_image(json.loads((tmp_path / "result.json").read_text())["prefix"])


def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], *entries: Any, **more: Any) -> str:
    """What is said of an image with such a layer; nothing of it may be left."""
    archive = write_archive(tmp_path / "bad.tar", MadeImage([layer(*entries)]).docker_parts())
    assert images.unpack_image(str(plan(tmp_path, archive, **more))) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []
    return capsys.readouterr().out.strip().splitlines()[-1]


@pytest.mark.parametrize("form", ["docker.tar", "docker.tar.gz", "oci.tar", "oci.tar.gz", "oci"])
def test_every_form_gives_the_same_files(tmp_path: Path, form: str) -> None:
    """Guards files, links, modes without extra bits, times, and what the configuration says."""
    image = MadeImage([TREE], {"PATH": "/opt/bin:/bin", "A": "b=c"}, "/work dir")
    parts = image.docker_parts() if form.startswith("docker") else image.oci_parts()
    where = tmp_path / form
    archive = write_folder(where, parts) if form == "oci" else write_archive(where, parts)
    found = unpacked(tmp_path, archive)
    root = Path(found.root)
    assert (found.environment, found.working_dir) == ({"PATH": "/opt/bin:/bin", "A": "b=c"}, "/work dir")
    assert (root / "etc/motd").read_text() == "hello"
    assert (root / "lib").readlink() == Path("usr/lib") and (root / "usr/lib/x.py").read_bytes() == b"1"
    assert stat.S_IMODE((root / "bin/sh").stat().st_mode) == 0o755
    assert stat.S_IMODE((root / "etc").stat().st_mode) == 0o755
    assert (root / "bin/dash").stat().st_ino == (root / "bin/sh").stat().st_ino
    assert (root / "etc/motd").stat().st_mtime == 1_600_000_000
    assert not (root.parent / "archive.tar").exists()
    assert read_image(str(archive)).environment["A"] == "b=c" if not form.endswith("gz") else True


def test_layers_lie_over_each_other(tmp_path: Path) -> None:
    """Guards whiteouts, opaque folders, files in place of folders and the other way round, and links on the way."""
    lower = layer(
        entry("a/gone", b"1"),
        entry("a/stays", b"1"),
        entry("b/old", b"1"),
        entry("b/deep/old", b"1"),
        entry("file", b"1"),
        entry("folder/x", b"1"),
        entry("real"),
        link("way", "/real"),
    )
    upper = layer(
        entry("a/.wh.gone", b""),
        entry("b/deep/new", b"2"),
        entry("b/.wh..wh..opq", b""),
        entry("file/now", b"2"),
        entry("folder", b"2"),
        entry("way/through", b"2"),
        entry("a/.wh.never-there", b""),
    )
    found = unpacked(tmp_path, write_archive(tmp_path / "i.tar", MadeImage([lower, upper]).oci_parts()))
    root = Path(found.root)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert files == ["a/stays", "b/deep/new", "file/now", "folder", "real/through"]
    assert found.resolve("/way/through") == str(root / "real/through")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry("../out", b"x")], "leads outside"),
        ([entry("a/../../out", b"x")], "leads outside"),
        ([entry("a/.wh...", b"")], "leads outside"),
        ([entry(".wh..", b"")], "leads outside"),
        ([link("a", "../../../../etc/passwd", hard=True)], "leads outside"),
        ([link("a", "/etc/passwd", hard=True)], "link to nothing"),
        ([link("a", "b"), link("b", "a"), entry("a/x", b"1")], "circle"),
    ],
)
def test_what_would_leave_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entries: list[Any], words: str
) -> None:
    """Guards the machine's own files against names and links made for that."""
    assert words in refused(tmp_path, capsys, *entries)
    assert not (tmp_path / "out").exists()


def test_links_and_absolute_names_stay_inside(tmp_path: Path) -> None:
    """Guards that a link to the machine's folders leads to the image's own, and that a leading slash means the root."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    tree = layer(
        link("evil", str(outside)),
        entry("evil/planted", b"x"),
        link("up", "../../../../../.."),
        entry("up/planted", b"x"),
        entry("/absolute", b"x"),
        link("evil2", str(outside / "kept")),
        entry("evil2", b"replaced"),
        entry("null", kind=tarfile.CHRTYPE),
        entry("pipe", kind=tarfile.FIFOTYPE),
    )
    found = unpacked(tmp_path, write_archive(tmp_path / "i.tar", MadeImage([tree]).docker_parts()))
    root = Path(found.root)
    assert sorted(path.name for path in outside.iterdir()) == ["kept"]
    assert (outside / "kept").read_text() == "mine"
    assert (root / str(outside)[1:] / "planted").read_bytes() == b"x"
    assert (root / "planted").exists() and (root / "absolute").exists()
    assert (root / "evil2").read_bytes() == b"replaced"
    assert not (root / "null").exists() and not (root / "pipe").exists()
    assert found.resolve("/evil/kept") == ""


def test_too_much_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Guards the disk and the memory: files beyond the limit, a header that says it is gigabytes, endless zeros."""
    assert "larger than" in refused(tmp_path, capsys, entry("big", b"0" * (3 << 20)), bytes_max=2 << 20)
    header = bytearray(entry("x", b"")[0].tobuf(tarfile.USTAR_FORMAT))
    header[156:157] = b"x"  # a record of names and values, said to be 8 GiB
    header[124:136] = b"77777777777\0"
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    archive = write_archive(tmp_path / "h.tar", MadeImage([bytes(header) + bytes(1024)]).docker_parts())
    assert images.unpack_image(str(plan(tmp_path, archive))) == 1
    assert "impossible size" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda parts: parts.pop("index.json"), "neither manifest.json nor index.json"),
        (lambda parts: parts.update({"index.json": b"{}"}), "not that of an image"),
        (lambda parts: parts.update({"index.json": b"no"}), "not JSON"),
        (lambda parts: parts.update({"index.json": b" " * (9 << 20)}), "larger than 8 MiB"),
        (lambda parts: parts.popitem(), "is missing in it"),
        (
            lambda parts: parts.update({max(parts, key=lambda name: len(parts[name])): gzip.compress(TREE)}),
            "digest",
        ),
    ],
)
def test_a_damaged_image_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, words: str
) -> None:
    """Guards digests of all parts, and that no part is missed in silence."""
    parts = MadeImage([layer(entry("big", os.urandom(4000)))]).oci_parts()
    change(parts)
    assert images.unpack_image(str(plan(tmp_path, write_archive(tmp_path / "i.tar", parts)))) == 1
    assert words in capsys.readouterr().out


def test_images_for_other_machines_and_what_is_no_archive(tmp_path: Path) -> None:
    """Guards the refusals that can be made before anything runs."""
    other = MadeImage([TREE], architecture="s390x")
    for parts in (other.docker_parts(), other.oci_parts(), other.oci_parts(platform_told=True)):
        with pytest.raises(BadImage, match="is for s390x machines"):
            read_image(str(write_archive(tmp_path / "i.tar", parts)), machine="x86_64")
        assert read_image(str(write_archive(tmp_path / "i.tar", parts))).architecture == "s390x"
    (tmp_path / "text").write_text("not an archive" * 100)
    with pytest.raises(BadImage, match="not an archive"):
        read_image(str(tmp_path / "text"))
    with pytest.raises(BadImage, match="neither the root"):
        images.open_image(str(tmp_path))


def test_one_of_several_images_is_found_by_its_name(tmp_path: Path) -> None:
    """Guards archives of several images, and that no guess is made among them."""
    one, two = MadeImage([TREE], {"A": "1"}, name="one:1"), MadeImage([TREE], {"A": "2"}, name="two:latest")
    parts = {**one.docker_parts(), **two.docker_parts()}
    listed = [json.loads(image.docker_parts()["manifest.json"])[0] for image in (one, two)]
    parts["manifest.json"] = json.dumps(listed).encode()
    archive = str(write_archive(tmp_path / "i.tar", parts))
    assert read_image(archive, "registry.lab:5000/library/two").environment == {"A": "2"}
    with pytest.raises(BadImage, match="holds 2 images"):
        read_image(archive, "three")


def test_a_repeated_layer_saved_as_a_link_is_found(tmp_path: Path) -> None:
    """Guards archives of Docker's older releases."""
    parts = MadeImage([TREE]).docker_parts()
    (name,) = (name for name in parts if name.endswith("layer.tar"))
    listed = json.loads(parts["manifest.json"])
    listed[0]["Layers"] = ["again/layer.tar"]
    parts["manifest.json"] = json.dumps(listed).encode()
    path = write_archive(tmp_path / "i.tar", parts)
    with tarfile.open(path, "a") as archive:
        archive.addfile(link("again/layer.tar", f"../{name}")[0])
    assert (Path(unpacked(tmp_path, path).root) / "etc/motd").exists()


def test_an_image_is_unpacked_once_and_again_after_kill_9(tmp_path: Path, archive: Path) -> None:
    """Guards the cache: half of an image is never used, and two who want it at once make it once."""
    image = write_archive(tmp_path / "i.tar", MadeImage([TREE]).docker_parts())
    prefix = tmp_path / "cache" / sha256(image.read_bytes())[:32]
    prefix.mkdir(parents=True)
    (prefix / "half").write_text("of an image")
    argv = [sys.executable, "-I", "-S", str(archive), "unpack-image", str(plan(tmp_path, image))]
    said: list[str] = []

    def unpack() -> None:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        said.append(done.stdout)

    threads = [threading.Thread(target=unpack) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "".join(said).count(BUILDING) == 1
    assert is_complete(str(prefix)) and not (prefix / "half").exists()
    assert images.key_of(str(image), "a") != images.key_of(str(image), "b")
