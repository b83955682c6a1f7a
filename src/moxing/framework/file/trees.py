"""Copying folders, and what a manifest lists."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any, Callable, Iterable, Iterator, Sequence

from moxing.framework.file import file_io
from moxing.framework.file.client import store
from moxing.framework.file.copies import copy_file
from moxing.framework.file.errors import tells
from moxing.framework.file.notes import say_info
from moxing.framework.file.paths import is_object, join, local, split
from moxing.framework.file.queries import UNSEEN, Found, is_directory, list_all
from trainwright.portable.calls import BytesBody
from trainwright.portable.parallel import for_each

_SAY_EVERY_S = 2.0
_SAY_EVERY_LISTED = 10_000


@tells
def copy_parallel(
    src_url: Any,
    dst_url: Any,
    file_list: Sequence[str] | None = None,
    threads: int = 16,
    is_processing: bool = True,
    use_queue: bool = True,
) -> None:
    """Copy what is in the folder `src_url` into the folder `dst_url`, which is made when missing; what is there
    already stays, unless it has the same name. A single file is copied to `dst_url`, or into it if that is a folder.

    `file_list` restricts it to these files, named relative to `src_url`. `threads` is how many files are copied at a
    time; 0 copies one after the other. Threads do it whatever `is_processing` and `use_queue` say: what takes time is
    the network, and processes would not be any faster.

    Where nothing lies in the object store, that is logged and all right: "No files to copy".

    Raises:
        MoxFileNameDuplicateException: an object has the name of a folder.
        MoxFileNotExistsException, FileNotFoundError: a file of `file_list`, or the local folder, is missing.
        ValueError: a name in `file_list` leads out of the folder.
    """
    if file_list is None and is_file(src_url):
        copy_file(src_url, _place_of(src_url, dst_url))
        return
    if not is_object(src_url):
        os.listdir(src_url)  # raises where there is none
    found = list(_listed(src_url)) if file_list is None else [_named(name) for name in file_list]
    copy_found(src_url, dst_url, found, threads=threads)


@tells
def copy_manifest(manifest_url: Any, local_dir: Any) -> tuple[str, list[str]]:
    """Copy every file that a manifest names to `local_dir`, and the manifest itself with their new places.

    A manifest has one JSON object a line; files are named by `source` and by the `annotation-loc` of each annotation.
    They come to lie in `local_dir/<bucket>/<key>`; what is no object is left as it is.

    Returns:
        The path of the new manifest, and those of the copied files.

    Raises:
        ValueError: a line is no JSON object.
        MoxFileNotExistsException: the manifest or a file is missing.
    """
    folder = local(local_dir)
    text = _read_text(manifest_url)
    places: dict[str, str] = {}

    def place(url: str) -> str:
        path = split(url)
        if path is None:
            return url
        return places.setdefault(url, join(folder, f"{path.bucket}/{path.key}"))

    lines = [
        _rewrite(line, number, place) for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    for parent in {os.path.dirname(target) for target in places.values()} | {folder}:
        os.makedirs(parent, exist_ok=True)
    meter = _Meter(len(places))

    def fetch_one(url: str) -> None:
        copy_file(url, places[url])
        meter.add()

    for_each(list(places), fetch_one, threads=file_io.pool_size(16))
    new_manifest = os.path.join(folder, os.path.basename(local(manifest_url)))
    with open(new_manifest, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    return new_manifest, list(places.values())


def copy_found(src_url: Any, dst_url: Any, found: Iterable[Found], *, threads: int) -> None:
    """Copy these files and folders of the folder `src_url` into the folder `dst_url`."""
    source, target = os.fsdecode(src_url), os.fsdecode(dst_url)
    files = [each for each in found if not each.is_folder]
    folders = [each.name for each in found if each.is_folder]
    if is_object(target):
        if not files and not folders and is_directory(source):
            folders = [""]
        _make_empty(target, folders, files)
    else:
        os.makedirs(target, exist_ok=True)
        for folder in {*folders, *(os.path.dirname(each.name) for each in files)}:
            os.makedirs(os.path.join(target, folder), exist_ok=True)
    if not files:
        say_info("No files to copy")
        return
    meter = _Meter(len(files))

    def copy_one(each: Found) -> None:
        size = None if each.entry is None or each.entry is UNSEEN else each.entry.size
        copy_file(join(source, each.name), join(target, each.name), size=size)
        meter.add()

    for_each(files, copy_one, threads=file_io.pool_size(threads))


def is_file(url: Any) -> bool:
    """Whether there is a file, or an object, of this name."""
    path = split(url)
    if path is None:
        return os.path.isfile(url)
    return not path.is_folder and store().find(path.bucket, path.key) is not None


def _make_empty(target: str, folders: Sequence[str], files: Sequence[Found]) -> None:
    """Folders exist in the object store by what is in them; those that hold nothing are made."""
    filled = {os.path.dirname(name) for name in [*folders, *(each.name for each in files)] if name}
    for folder in folders:
        path = split(join(target, folder))
        if folder not in filled and path is not None and path.key:
            store().write(path.bucket, path.prefix, BytesBody(b""))


def _place_of(src_url: Any, dst_url: Any) -> str:
    target, name = os.fsdecode(dst_url), os.path.basename(os.fsdecode(src_url))
    if target.endswith("/") or is_directory(target):
        target = join(target, name)
    if not is_object(target) and os.path.dirname(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
    return target


def _listed(url: Any) -> Iterator[Found]:
    for count, each in enumerate(list_all(url), 1):
        if count % _SAY_EVERY_LISTED == 0:
            say_info(f"Listing {os.fsdecode(url)}: {count} so far")
        yield each


def _named(name: str) -> Found:
    text = os.fsdecode(name)
    if text.startswith("/") or is_object(text) or ".." in text.split("/"):
        raise ValueError(f"{text!r} in file_list is not a path below the folder that is copied")
    return Found(text.strip("/"), UNSEEN)


def _rewrite(line: str, number: int, place: Callable[[str], str]) -> str:
    try:
        sample = json.loads(line)
    except ValueError:
        sample = None
    if not isinstance(sample, dict):
        raise ValueError(f"line {number} of the manifest is not a JSON object")
    if isinstance(sample.get("source"), str):
        sample["source"] = place(sample["source"])
    annotations = sample.get("annotation")
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, dict) and isinstance(annotation.get("annotation-loc"), str):
            annotation["annotation-loc"] = place(annotation["annotation-loc"])
    return json.dumps(sample, ensure_ascii=False)


def _read_text(url: Any) -> str:
    path = split(url)
    if path is None:
        with open(url, encoding="utf-8") as file:
            return file.read()
    return store().read(path.bucket, path.key).decode("utf-8")


class _Meter:
    """Says now and then how far a copy has come, and at its end."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._said_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self) -> None:
        """One more file."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            if self._done < self._total and now - self._said_at < _SAY_EVERY_S:
                return
            self._said_at = now
            say_info(f"Copied {self._done}/{self._total} files")
