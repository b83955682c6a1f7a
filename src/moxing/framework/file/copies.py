"""Copying one file: between local paths, to and from the object store, and within it."""

from __future__ import annotations

import errno
import io
import shutil
from typing import Any

from moxing.framework.file import file_io
from moxing.framework.file.client import store
from moxing.framework.file.paths import ObjectPath, local, split
from trainwright.portable.copying import fetch, put
from trainwright.portable.sources import FileSource, ObjectSource


def copy_file(src_url: Any, dst_url: Any, *, size: int | None = None) -> None:
    """Copy one file to the file `dst_url`, replacing what is there. `size` of the source, where it is known, saves a
    request. Between local paths its times and rights are copied, too.

    Raises:
        OSError, StoreError: it could not be.
    """
    source, target = split(src_url), split(dst_url)
    if source is None and target is None:
        shutil.copy2(src_url, dst_url)
    elif target is None:
        assert source is not None
        fetch(store(), source.bucket, file_key(source), local(dst_url), size=size, sizes=file_io.sizes())
    elif source is None:
        key = file_key(target)
        with io.open(src_url, "rb") as file:  # noqa: UP020  # never the shifted one
            content = FileSource(file.fileno(), local(src_url))
            put(store(), target.bucket, key, content, sizes=file_io.sizes())
    elif (source.bucket, file_key(source)) != (target.bucket, file_key(target)):
        put(store(), target.bucket, target.key, object_source(source), sizes=file_io.sizes())


def object_source(path: ObjectPath) -> ObjectSource:
    """The bytes that an object has now."""
    return ObjectSource(store(), path.bucket, store().head(path.bucket, file_key(path)))


def file_key(path: ObjectPath) -> str:
    """The key, unless the path can only be a folder's.

    Raises:
        IsADirectoryError: it is one.
    """
    if path.is_folder:
        raise IsADirectoryError(errno.EISDIR, "Is a directory", path.url)
    return path.key
