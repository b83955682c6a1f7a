"""Which paths are of the object store, and what they name there."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

_SCHEMES = ("obs://", "s3://")
_BYTE_SCHEMES = (b"obs://", b"s3://")


class ObjectPath(NamedTuple):
    """A bucket and a key without slashes at its ends; `url` is as it was given, `is_folder` whether it ended in `/`."""

    bucket: str
    key: str
    is_folder: bool
    url: str

    @property
    def prefix(self) -> str:
        """What the keys of everything in the folder of this name begin with."""
        return self.key + "/" if self.key else ""

    @property
    def name(self) -> str:
        """The last part; the bucket's name at the top."""
        return self.key.rpartition("/")[2] or self.bucket

    def below(self, relative: str) -> ObjectPath:
        """What `relative` (without a slash at its end) names in the folder of this name."""
        return ObjectPath(self.bucket, self.prefix + relative, False, join(self.url, relative))


def is_object(path: Any) -> bool:
    """Whether `path` names something in the object store; what is no path at all does not."""
    if isinstance(path, str):
        return path.startswith(_SCHEMES)
    if isinstance(path, bytes):
        return path.startswith(_BYTE_SCHEMES)
    if isinstance(path, os.PathLike):
        return is_object(path.__fspath__())
    return False


def split(path: Any) -> ObjectPath | None:
    """What `path` names in the object store; None for everything else. Empty and `.` parts are left out, as in a
    filesystem, and `..` goes one up.

    Raises:
        ValueError: it names no bucket, goes above it, or is not text.
    """
    if not is_object(path):
        return None
    url = os.fsdecode(path)
    bucket, _, rest = url.partition("://")[2].partition("/")
    parts: list[str] = []
    for part in rest.split("/"):
        if part == ".." and not parts:
            raise ValueError(f"{url!r} goes above its bucket")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    key = "/".join(parts)
    if not bucket:
        raise ValueError(f"{url!r} names no bucket: give obs://bucket/key")
    try:
        url.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{url!r} is not UTF-8 text, which the names of objects are") from None
    return ObjectPath(bucket, key, url.endswith("/") or not key, url)


def local(path: Any) -> str:
    """A local path as text."""
    return os.fsdecode(path)


def join(folder: str, relative: str) -> str:
    """`relative` in `folder`, local or not."""
    return folder + relative if folder.endswith("/") else f"{folder}/{relative}"
