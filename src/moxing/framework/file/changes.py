"""Single files and folders: read, write, append, copy, make, remove, rename."""

from __future__ import annotations

import errno
import io
import os
import shutil
from typing import Any

from moxing.framework.file import file_io
from moxing.framework.file.client import store
from moxing.framework.file.copies import copy_file, file_key, object_source
from moxing.framework.file.errors import duplicate, missing, tells
from moxing.framework.file.paths import ObjectPath, split
from moxing.framework.file.queries import is_directory, list_all, store_pages
from moxing.framework.file.trees import copy_found, is_file
from trainwright.portable.calls import BytesBody
from trainwright.portable.copying import put
from trainwright.portable.parallel import for_each
from trainwright.portable.sources import BytesSource, JoinedSource, ObjectSource, Source

_DELETES_AT_ONCE = 16
_COPIES_AT_ONCE = 16


@tells
def read(url: Any, client_id: Any = None, binary: bool = False) -> Any:
    """The whole content: text (UTF-8), or bytes when `binary`. `client_id` changes nothing: there is one client.

    Raises:
        MoxFileNotExistsException: there is no such object.
    """
    path = split(url)
    if path is None:
        with io.open(url, "rb" if binary else "r", encoding=None if binary else "utf-8") as file:  # noqa: UP020
            return file.read()
    content = store().read(path.bucket, file_key(path))
    if binary:
        return content
    return io.TextIOWrapper(io.BytesIO(content), "utf-8").read()


@tells
def write(url: Any, data: Any, binary: bool = False) -> None:
    """Make `data` (text or bytes) the content of a file, replacing what is there."""
    path = split(url)
    if path is None:
        with io.open(url, "wb") as file:  # noqa: UP020
            file.write(_bytes(data))
        return
    put(store(), path.bucket, file_key(path), BytesSource(_bytes(data)), sizes=file_io.sizes())


@tells
def append(url: Any, data: Any, binary: bool = False) -> None:
    """Add `data` (text or bytes) to the end of a file, which is made when missing. An object is stored anew as a whole:
    of two that append at the same time one is lost.
    """
    path = split(url)
    if path is None:
        with io.open(url, "ab") as file:  # noqa: UP020
            file.write(_bytes(data))
        return
    _put_behind(path, BytesSource(_bytes(data)))


@tells
def append_remote(src_url: Any, dst_url: Any) -> None:
    """Add the bytes of one object to the end of another, which is made when missing.

    Raises:
        ValueError: one of them is no object.
        MoxFileNotExistsException: there is nothing to append.
    """
    source, target = split(src_url), split(dst_url)
    if source is None or target is None:
        raise ValueError("append_remote takes two paths of the object store, such as obs://bucket/key")
    _put_behind(target, object_source(source))


@tells
def copy(src_url: Any, dst_url: Any, client_id: Any = None) -> None:
    """Copy one file; `dst_url` is the file's own path there, not a folder's. What is there is replaced.

    Raises:
        MoxFileNotExistsException: there is no such object.
        IsADirectoryError: a folder is named.
    """
    if split(src_url) is None and split(dst_url) is None:
        shutil.copyfile(src_url, dst_url)
    else:
        copy_file(src_url, dst_url)


@tells
def make_dirs(url: Any) -> None:
    """Make a folder and those above it. One that is there is left as it is.

    Raises:
        MoxFileNameDuplicateException: an object has its name.
    """
    path = split(url)
    if path is None:
        os.makedirs(url, exist_ok=True)
        return
    if path.key and store().find(path.bucket, path.key) is not None:
        raise duplicate(path.url)
    if path.key:
        store().write(path.bucket, path.prefix, BytesBody(b""))
    elif not store().is_folder(path.bucket, ""):
        raise missing(path.url)


@tells
def mk_dir(url: Any) -> None:
    """Make a folder in one that is there.

    Raises:
        OSError: the folder above is missing.
        MoxFileNameDuplicateException: an object has its name.
    """
    path = split(url)
    if path is None:
        os.mkdir(url)
        return
    above = path.key.rpartition("/")[0]
    if path.key and not store().is_folder(path.bucket, above):
        raise OSError(errno.ENOENT, "The folder above it is missing", path.url)
    make_dirs(url)


@tells
def remove(url: Any, recursive: bool = False) -> None:
    """Remove a file, or with `recursive` a folder and everything below.

    In the object store, what does not exist is removed in silence, and a folder without `recursive` is left as it is;
    a path that ends in `/` never means an object.
    """
    path = split(url)
    if path is None:
        if recursive and os.path.isdir(url) and not os.path.islink(url):
            shutil.rmtree(url)
        else:
            os.remove(url)
        return
    if not path.is_folder:
        store().delete(path.bucket, path.key)
    if recursive:
        _remove_below(path)


@tells
def rename(src_url: Any, dst_url: Any) -> None:
    """Move a file or a folder. Between two local paths as `os.rename`; else it is copied, merging into a folder that is
    there, and removed at its old place once all is copied.

    Raises:
        MoxFileNotExistsException: there is nothing of this name in the object store.
        OSError: a folder is to be moved into itself.
    """
    source, target = split(src_url), split(dst_url)
    if source is None and target is None:
        os.rename(src_url, dst_url)
        return
    if source is not None and target is not None and source.bucket == target.bucket:
        if source.key == target.key:
            return
        if target.prefix.startswith(source.prefix) and is_directory(src_url):
            raise OSError(errno.EINVAL, "Cannot move a folder into itself", source.url)
    if is_file(src_url):
        copy(src_url, dst_url)
        remove(src_url)
        return
    if source is None:
        os.stat(src_url)  # raises where there is none
    elif not is_directory(src_url):
        raise missing(source.url)
    copy_found(src_url, dst_url, list(list_all(src_url)), threads=_COPIES_AT_ONCE)
    remove(src_url, recursive=True)


def _remove_below(path: ObjectPath) -> None:
    shared = store()

    def delete(key: str) -> None:
        shared.delete(path.bucket, key)

    for page in store_pages(
        path, folded=False
    ):  # going on behind the last key, whatever is removed meanwhile
        for_each([entry.key for entry in page.entries], delete, threads=_DELETES_AT_ONCE)


def _put_behind(target: ObjectPath, added: Source) -> None:
    before = store().find(target.bucket, file_key(target))
    sources: list[Source] = [] if before is None else [ObjectSource(store(), target.bucket, before)]
    put(store(), target.bucket, target.key, JoinedSource([*sources, added]), sizes=file_io.sizes())


def _bytes(data: Any) -> bytes:
    return data.encode("utf-8") if isinstance(data, str) else bytes(data)
