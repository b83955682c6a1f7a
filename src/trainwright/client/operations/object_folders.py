"""Folders of the object store: size, use, and many objects at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainwright.client.operations.objects import BUCKET
from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import object_folders
else:
    object_folders = deferred("trainwright.wire.object_folders")


def build_show_folder_usage(
    project_id: str, bucket: str, *, prefix: str = ""
) -> Request[object_folders.FolderUsage]:
    """How many objects begin with `prefix`, and their bytes; at least so many where it is not `complete`."""
    return make_request(
        "GET",
        BUCKET + "/usage",
        model_parser(object_folders.FolderUsage),
        path=_path(project_id, bucket),
        query={"prefix": prefix or None},
    )


def build_show_folder_use(
    project_id: str, bucket: str, *, prefix: str = ""
) -> Request[object_folders.FolderUse]:
    """Which unfinished jobs read or write what lies at `prefix`."""
    return make_request(
        "GET",
        BUCKET + "/folder-use",
        model_parser(object_folders.FolderUse),
        path=_path(project_id, bucket),
        query={"prefix": prefix or None},
    )


def build_delete_objects(
    project_id: str, bucket: str, keys: Sequence[str] = (), *, prefixes: Sequence[str] = ()
) -> Request[object_folders.DeletionResult]:
    """Delete objects by their keys (1000), and all that lies in folders (`prefixes` end in `/`). Where it is not
    `complete`, send it again.
    """
    return make_request(
        "POST",
        BUCKET + "/deletions",
        model_parser(object_folders.DeletionResult),
        path=_path(project_id, bucket),
        body={"keys": list(keys), "prefixes": list(prefixes)},
        repeatable=True,
    )


def build_copy_objects(
    project_id: str,
    bucket: str,
    source: str,
    target: str,
    *,
    target_bucket: str = "",
    move: bool = False,
    overwrite: bool = False,
    after: str = "",
) -> Request[object_folders.CopyResult]:
    """Copy or move an object, or a folder (both end in `/`), in the store itself. While the answer has a `next_after`,
    send it again with that as `after`.
    """
    body = {
        "source": source,
        "target": target,
        "target_bucket": target_bucket,
        "move": move,
        "overwrite": overwrite,
        "after": after,
    }
    # Not repeatable: what was copied already would be in the way of the repeat.
    return make_request(
        "POST",
        BUCKET + "/copies",
        model_parser(object_folders.CopyResult),
        path=_path(project_id, bucket),
        body=body,
        repeatable=False,
    )


def _path(project_id: str, bucket: str) -> dict[str, str]:
    return {"project_id": project_id, "bucket": bucket}
