"""Images made in a test: layers of files and links, as an OCI layout or as `docker save` writes them."""

import gzip
import hashlib
import io
import json
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def entry(
    name: str,
    data: bytes | None = None,
    *,
    mode: int = 0o644,
    kind: bytes = tarfile.REGTYPE,
    target: str = "",
) -> tuple[tarfile.TarInfo, bytes]:
    """One entry of a layer; without `data` a folder, unless `kind` says otherwise."""
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.linkname = mode, 1_600_000_000, target
    info.type = tarfile.DIRTYPE if data is None and kind == tarfile.REGTYPE else kind
    info.size = len(data or b"")
    return info, data or b""


def link(name: str, target: str, *, hard: bool = False) -> tuple[tarfile.TarInfo, bytes]:
    """A link."""
    return entry(name, kind=tarfile.LNKTYPE if hard else tarfile.SYMTYPE, target=target)


def layer(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """The bytes of a layer."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def layer_of_folder(folder: Path) -> bytes:
    """A layer of all that lies in a folder."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return made.getvalue()


def sha256(data: bytes) -> str:
    """As digests have it, without the word before."""
    return hashlib.sha256(data).hexdigest()


@dataclass
class MadeImage:
    """An image to be written in one form or another."""

    layers: Sequence[bytes]
    environment: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    architecture: str = ARCHITECTURE
    name: str = "lab/tiny:1.0"

    def config(self) -> bytes:
        """Its configuration."""
        inner = {
            "Env": [f"{name}={value}" for name, value in self.environment.items()],
            "WorkingDir": self.working_dir,
            "Entrypoint": ["/nowhere"],
            "User": "root",
        }
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{sha256(one)}" for one in self.layers]}
        whole = {"architecture": self.architecture, "os": "linux", "config": inner, "rootfs": rootfs}
        return json.dumps(whole).encode()

    def docker_parts(self) -> dict[str, bytes]:
        """Files of what `docker save` writes."""
        config = self.config()
        names = [f"{sha256(one)}/layer.tar" for one in self.layers]
        listed = [{"Config": f"{sha256(config)}.json", "RepoTags": [self.name], "Layers": names}]
        parts = {f"{sha256(config)}.json": config, "manifest.json": json.dumps(listed).encode()}
        return {**parts, **dict(zip(names, self.layers, strict=True))}

    def oci_parts(self, *, platform_told: bool = False) -> dict[str, bytes]:
        """Files of an OCI layout, layers compressed."""
        blobs = [gzip.compress(one, 1) for one in self.layers]
        config = self.config()
        document = json.dumps(
            {
                "schemaVersion": 2,
                "config": _descriptor(config, "image.config.v1+json"),
                "layers": [_descriptor(blob, "image.layer.v1.tar+gzip") for blob in blobs],
            }
        ).encode()
        shown: dict[str, Any] = _descriptor(document, "image.manifest.v1+json")
        if platform_told:
            shown["platform"] = {"architecture": self.architecture, "os": "linux"}
        index = json.dumps({"schemaVersion": 2, "manifests": [shown]}).encode()
        found = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index}
        return {**found, **{f"blobs/sha256/{sha256(one)}": one for one in (config, document, *blobs)}}


def _descriptor(data: bytes, kind: str) -> dict[str, Any]:
    return {
        "mediaType": f"application/vnd.oci.{kind}",
        "digest": f"sha256:{sha256(data)}",
        "size": len(data),
    }


def write_archive(path: Path, parts: Mapping[str, bytes]) -> Path:
    """The parts as a tar archive; compressed when the name says so."""
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_folder(path: Path, parts: Mapping[str, bytes]) -> Path:
    """The parts as files of a folder."""
    for name, data in parts.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


PROGRAMS = ("bash", "cat", "cp", "date", "env", "id", "ln", "ls", "mkdir", "rm", "sh", "sleep", "touch")


def host_tree(folder: Path, programs: Sequence[str] = PROGRAMS, *, python: bool = False) -> Path:
    """A root file system of the machine's own programs and what they load, in /bin and where the loader looks. With
    `python`: also the running interpreter with its standard library, hard-linked, as /opt/python.
    """
    (folder / "bin").mkdir(parents=True)
    (folder / "usr").mkdir()
    (folder / "etc").mkdir()
    (folder / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (folder / "etc/os-release").write_text("NAME=tiny\n")
    files = []
    for name in programs:
        found = shutil.which(name)
        assert found is not None, name
        shutil.copy2(found, folder / "bin" / name)
        files.append(found)
    if python:
        real = Path(sys.executable).resolve()
        library = Path(sysconfig.get_path("stdlib"))
        goal = folder / "opt/python/lib" / library.name
        goal.mkdir(parents=True)
        copy = ["cp", "-al", *(str(path) for path in library.iterdir() if path.name not in _LEFT), str(goal)]
        subprocess.run(copy, check=True, timeout=60)
        (folder / "opt/python/bin").mkdir()
        shutil.copy2(real, folder / "opt/python/bin/python3")
        files += [str(real), *(str(path) for path in (library / "lib-dynload").glob("*.so"))]
    for needed in _loaded_by(files):
        goal = folder / needed.relative_to("/")
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(needed, goal)
    return folder


_LEFT = (
    "site-packages",
    "dist-packages",
    "test",
    "idlelib",
    "tkinter",
    "ensurepip",
    "__pycache__",
    "lib2to3",
)


def _loaded_by(files: Sequence[str]) -> set[Path]:
    """Libraries and the loader of these programs, as the loader names them."""
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, timeout=60, check=False).stdout
    words = (word for line in said.splitlines() if not line.endswith(":") for word in line.split())
    return {Path(word) for word in words if word.startswith("/") and Path(word).is_file()}
