"""Patterns over the names of objects, as `glob` has them for files."""

from __future__ import annotations

import fnmatch
import glob as native
import re
from typing import Any, Iterator

from moxing.framework.file.errors import tells
from moxing.framework.file.paths import is_object, join, split
from moxing.framework.file.queries import exists, is_directory, list_all, list_one

_MAGIC = re.compile(r"[*?[]")


@tells
def glob(url: Any, recursive: bool = True) -> list[str]:
    """The paths that match: `*`, `?` and `[…]` within a name, `**` any number of folders. Names that begin with a dot
    match only where the pattern has one. In the object store the paths begin as the pattern does, in order.
    """
    if not is_object(url):
        return native.glob(url, recursive=recursive)
    path = split(url)
    assert path is not None
    scheme, _, rest = path.url.partition("://")
    bucket, *parts = [part for part in rest.split("/") if part]
    found = _match(f"{scheme}://{bucket}", parts, recursive)
    if not path.url.endswith("/"):
        return list(dict.fromkeys(found))
    return [folder + "/" for folder in dict.fromkeys(found) if is_directory(folder)]


def _match(folder: str, parts: list[str], recursive: bool) -> Iterator[str]:
    """What of `parts` matches in the existing `folder`."""
    if not parts:
        yield folder
        return
    first, *rest = parts
    if first == "**" and recursive:
        yield from _match_below(folder, rest)
    elif not _MAGIC.search(first):
        inner = join(folder, first)
        if any(_MAGIC.search(part) for part in rest):
            yield from _match(inner, rest, recursive)
        else:
            whole = "/".join([inner, *rest])
            yield from (whole,) if exists(whole) else ()
    else:
        pattern = re.compile(fnmatch.translate(first))
        for found in list_one(folder):
            if pattern.match(found.name) and _shows(found.name, first) and (found.is_folder or not rest):
                yield from _match(join(folder, found.name), rest, recursive)


def _match_below(folder: str, rest: list[str]) -> Iterator[str]:
    """`**`: the folder itself and all that are below it; as the last part, files as well."""
    below = [found for found in list_all(folder) if not _is_hidden(found.name)]
    if not rest:
        yield folder + "/"
        yield from (join(folder, found.name) for found in below)
        return
    yield from _match(folder, rest, True)
    for found in below:
        if found.is_folder:
            yield from _match(join(folder, found.name), rest, True)


def _shows(name: str, pattern: str) -> bool:
    return not name.startswith(".") or pattern.startswith(".")


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
