"""The files of a code folder: listing them within the limits, and as the tree that algorithms show.

Source of the limits: contract §3.6, manual 3.3.3.
"""

from collections.abc import Sequence
from typing import Any

from trainwright.domain.errors import (
    BucketNotFound,
    CodeTooDeep,
    CodeTooLarge,
    InvalidBootFile,
    InvalidCodeDir,
    TooManyCodeFiles,
)
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.objects import ObjectMeta, ObjectStore

CODE_FILES_MAX = 1000
CODE_BYTES_MAX = 5 << 30
CODE_DEPTH_MAX = 32
TREE_NODES_MAX = 1000
SUBSCRIBED_CODE = Text("of the subscribed algorithm", "（订阅的算法）")
"""Stands in errors for the place of code that must not be told."""
_PAGE = 1000

_NO_BUCKET = Text("bucket {bucket} does not exist", "桶 {bucket} 不存在")
_EMPTY = Text("nothing lies under it", "目录下没有任何对象")
_MISSING = Text("it does not exist", "文件不存在")


async def list_code(
    objects: ObjectStore, folder: ObsPath, boot_file: str = "", *, shown: Text | None = None
) -> tuple[ObjectMeta, ...]:
    """The files in `folder`, keys ascending, without the markers of folders; `boot_file`, when given, is among them.

    `shown` stands in errors for whatever lies in the folder, and for the folder itself.

    Raises:
        InvalidCodeDir, TooManyCodeFiles, CodeTooDeep, CodeTooLarge: it cannot be a code folder.
        InvalidBootFile: the boot file is not there.
        StorageUnavailable: the store could not be asked.
    """
    uri: str | Text = shown or str(folder)
    after, size = "", 0
    files: list[ObjectMeta] = []
    while True:
        try:
            page = await objects.list_page(folder, after=after, limit=_PAGE)
        except BucketNotFound as exc:
            if shown is not None:
                raise InvalidCodeDir(uri=uri, detail=_EMPTY) from exc
            raise InvalidCodeDir(uri=uri, detail=_NO_BUCKET, bucket=folder.bucket) from exc
        found = [one for one in page.objects if not one.key.endswith("/")]
        files += found
        size += sum(one.size for one in found)
        if any(one.key.count("/", len(folder.key)) > CODE_DEPTH_MAX for one in found):
            raise CodeTooDeep(uri=uri, limit=CODE_DEPTH_MAX)
        if len(files) > CODE_FILES_MAX:
            raise TooManyCodeFiles(uri=uri, limit=CODE_FILES_MAX)
        if size > CODE_BYTES_MAX:
            raise CodeTooLarge(uri=uri, limit=CODE_BYTES_MAX)
        if not page.next_after:
            break
        after = page.next_after
    if not files:
        raise InvalidCodeDir(uri=uri, detail=_EMPTY)
    if boot_file:
        path = folder.join(boot_file)
        if all(one.key != path.key for one in files):
            raise InvalidBootFile(uri=shown or str(path), detail=_MISSING)
    return tuple(files)


def code_tree(folder: ObsPath, files: Sequence[ObjectMeta]) -> dict[str, Any]:
    """`files` of `folder` as `{"name": "code/", "children": [{"name": "a.py"}, …]}`, the first `TREE_NODES_MAX` nodes.

    Folders end in `/` and have children; files have none.
    """
    root: dict[str, Any] = {"name": f"{folder.name}/", "children": []}
    folders: dict[str, dict[str, Any]] = {"": root}
    nodes = 1
    for found in files:
        *parents, name = found.key[len(folder.key) :].split("/")
        path, parent = "", root
        missing = []
        for part in parents:
            path = f"{path}{part}/"
            if path in folders:
                parent = folders[path]
            else:
                missing.append((path, part))
        nodes += len(missing) + 1
        if nodes > TREE_NODES_MAX:
            break
        for path, part in missing:
            node: dict[str, Any] = {"name": f"{part}/", "children": []}
            folders[path] = node
            parent["children"].append(node)
            parent = node
        parent["children"].append({"name": name})
    return root
