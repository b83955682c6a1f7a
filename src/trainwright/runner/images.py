"""Images unpacked on a node, once for all jobs that want them: `runner.pyz unpack-image PLAN`, run under a shim.

A folder of the cache is complete when `.complete` is in it; killed half-way it is wiped by the next who wants it. Only
one unpacks at a time, holding a lock that falls with the process.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import stat
import sys
import zlib

from .engines import BUILDING, COMPLETE, WAITING, is_complete
from .image_files import BadImage, Image, Parts, find_image, is_compressed, is_root_folder
from .layers import BYTES_MAX, Unpacker
from .rundir import sync_folder, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROOT, CONFIG = "root", "image.json"
_PIECE = 1 << 20
_LINKS_MAX = 40
_KEPT_FREE = 1 << 30


def key_of(path: str, name: str) -> str:
    """Name of the cache's folder for what lies at `path`: another one after any change. Raises `OSError`."""
    real = os.path.realpath(path)
    marks: list[object] = [real, name]
    for each in (real, os.path.join(real, "index.json"), os.path.join(real, "manifest.json")):
        if os.path.exists(each):
            status = os.stat(each)
            marks += [status.st_size, status.st_mtime_ns]
    return hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:32]


def sum_of(path: str) -> str:
    """The same for a file that was only fetched: by its bytes. Raises `OSError`."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            data = file.read(_PIECE)
            if not data:
                return found.hexdigest()[:32]
            found.update(data)


def unpack_image(plan_path: str) -> int:
    """Unpack what the plan names, unless it is there; writes where it lies into the plan's `result`.

    `plan`: `archive`, `cache` (folder), `name` (of the image), `key` (empty: by the archive's bytes), `result`,
    `bytes_max`. Returns an exit code; the last line printed says what is wrong.
    """
    with open(plan_path, encoding="utf-8") as file:
        plan: dict[str, Any] = json.load(file)
    try:
        prefix = os.path.join(plan["cache"], plan["key"] or sum_of(plan["archive"]))
        _unpack_once(plan, prefix)
        write_json(plan["result"], {"prefix": prefix})
    except BadImage as error:
        print(f"ERROR: {error}", flush=True)
        return 1
    except OSError as error:
        print(f"ERROR: {error.strerror or error}", flush=True)
        return 1
    return 0


def _unpack_once(plan: dict[str, Any], prefix: str) -> None:
    os.makedirs(plan["cache"], mode=0o700, exist_ok=True)
    with open(prefix + ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(WAITING, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_complete(prefix):
            return
        print(BUILDING, flush=True)
        if os.path.lexists(prefix):
            shutil.rmtree(prefix)
        os.mkdir(prefix, 0o700)
        try:
            _unpack(plan, prefix)
        except (BadImage, OSError):
            shutil.rmtree(prefix, ignore_errors=True)
            raise


def _unpack(plan: dict[str, Any], prefix: str) -> None:
    room = max(0, shutil.disk_usage(prefix).free - _KEPT_FREE)  # one image must not stop everybody's jobs
    archive, limit = plan["archive"], min(int(plan.get("bytes_max") or BYTES_MAX), room)
    plain = os.path.join(prefix, "archive.tar")
    if is_compressed(archive):
        _decompress(archive, plain, limit)
        archive = plain
    parts = Parts(archive)
    image = find_image(parts, plan["name"], os.uname().machine)
    root = os.path.join(prefix, ROOT)
    os.mkdir(root, 0o755)
    unpacker = Unpacker(root, bytes_max=limit)
    for layer in image.layers:
        unpacker.apply(parts, layer)
    if os.path.exists(plain):
        os.unlink(plain)
    write_json(os.path.join(prefix, CONFIG), described(image))
    os.sync()  # a power cut must not leave empty files under a folder that says it is complete
    with open(os.path.join(prefix, COMPLETE), "w", encoding="ascii") as file:
        file.write(sys.version)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(prefix)


def described(image: Image) -> dict[str, Any]:
    """What of an image's configuration is kept beside its files."""
    return {"environment": image.environment, "working_dir": image.working_dir}


def _decompress(archive: str, target: str, limit: int) -> None:
    """Raises `BadImage` when it is damaged or larger than `limit` bytes."""
    left = limit
    try:
        with gzip.open(archive, "rb") as source, open(target, "wb") as file:
            while True:
                data = source.read(_PIECE)
                if not data:
                    return
                left -= len(data)
                if left < 0:
                    raise BadImage(f"it is larger than {limit >> 20} MiB")
                file.write(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadImage(f"it cannot be decompressed ({error})") from error


class ImageRoot:
    """An image's file system on this node, read-only for everybody; paths are those of the image."""

    def __init__(self, root: str, environment: dict[str, str], working_dir: str) -> None:
        self.root = os.path.realpath(root)
        self.environment = environment
        self.working_dir = working_dir

    def resolve(self, path: str) -> str:
        """Where `path` lies on this machine, links followed inside the image; empty: nowhere."""
        found: list[str] = []
        waiting = list(reversed(path.split("/")))
        links = 0
        while waiting:
            name = waiting.pop()
            if name in ("", "."):
                continue
            if name == "..":
                del found[-1:]
                continue
            place = os.path.join(self.root, *found, name)
            try:
                mode = os.lstat(place).st_mode
            except OSError:
                return ""
            if stat.S_ISLNK(mode):
                links += 1
                if links > _LINKS_MAX:
                    return ""
                target = os.readlink(place)
                found = [] if target.startswith("/") else found
                waiting.extend(reversed(target.split("/")))
                continue
            found.append(name)
        return os.path.join(self.root, *found)

    def has_folder(self, path: str) -> bool:
        """Whether it holds that folder."""
        return os.path.isdir(self.resolve(path)) if self.resolve(path) else False

    def find_program(self, name: str, search_path: str) -> str:
        """The path, in the image, of a program that can be started; empty: it has none."""
        for folder in search_path.split(":"):
            path = f"{folder.rstrip('/')}/{name}"
            place = self.resolve(path) if folder.startswith("/") else ""
            if place and os.path.isfile(place) and os.access(place, os.X_OK):
                return path
        return ""


def open_image(path: str) -> ImageRoot:
    """The image at `path`: one of the cache's folders, or the root of a file system. Raises `BadImage`, `OSError`."""
    if is_complete(path) and os.path.isdir(os.path.join(path, ROOT)):
        with open(os.path.join(path, CONFIG), encoding="utf-8") as file:
            kept = json.load(file)
        return ImageRoot(os.path.join(path, ROOT), kept["environment"], kept["working_dir"])
    if os.path.isdir(path) and is_root_folder(path):
        return ImageRoot(path, {}, "")
    raise BadImage("it is neither the root of a file system nor an image")
