"""Datasets, versions and manifests as callers see them. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from trainwright.domain.texts import Language, Text
from trainwright.ports.datasets import Dataset, DatasetVersion, ManifestEntry
from trainwright.wire.datasets import DatasetItem, DataSourceItem, Manifest, ManifestItem, VersionItem

CREATING: Literal["creating"] = "creating"
READY: Literal["ready"] = "ready"
FAILED: Literal["failed"] = "failed"
_STATUS: Mapping[str, tuple[Literal[0, 1, 4], Literal["creating", "ready", "failed"]]] = {
    CREATING: (0, CREATING),
    READY: (1, READY),
    FAILED: (4, FAILED),
}

PROBLEMS: Mapping[str, Text] = {
    "empty": Text("Nothing lies in {uri}.", "{uri} 下没有任何对象。"),
    "gone": Text("Bucket {bucket} does not exist any more.", "桶 {bucket} 已不存在。"),
    "changing": Text("{uri} was changed again and again while it was read.", "读取期间 {uri} 反复被修改。"),
    "restless": Text(
        "Objects in {uri} kept changing, coming and going while it was read.",
        "读取期间 {uri} 中的对象不断变更或增减。",
    ),
    "too_many": Text("{uri} holds more than {limit} objects.", "{uri} 中的对象超过 {limit} 个。"),
}
"""Why a version failed, by the code that is stored with it."""


def problem(code: str, **slots: str | int) -> str:
    """What is stored as a failed version's message, to be put into the reader's language later."""
    return json.dumps({"code": code, **slots}, ensure_ascii=False)


def dataset_item(dataset: Dataset, *, last_number: int) -> DatasetItem:
    """A dataset whose highest numbered version is V<last_number>."""
    return DatasetItem(
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        description=dataset.description,
        dataset_type=int(dataset.type),
        data_source=DataSourceItem(data_path=dataset.uri),
        workspace_id=dataset.workspace_id,
        create_time=dataset.created_at_ms,
        update_time=dataset.updated_at_ms,
        next_version_num=last_number + 1,
        user_id=dataset.user_id,
        user_name=dataset.user_name,
    )


def version_item(version: DatasetVersion, language: Language) -> VersionItem:
    """A version, with what went wrong in the reader's language."""
    status, state = _STATUS[version.state]
    return VersionItem(
        dataset_id=version.dataset_id,
        version_id=version.id,
        version_name=version.name,
        description=version.description,
        status=status,
        state=state,
        message=_readable(version.message, language),
        data_path=version.uri,
        total_sample_count=version.objects,
        done_objects=version.done_objects,
        data_size=version.bytes,
        create_time=version.created_at_ms,
        ready_time=version.ready_at_ms,
    )


def manifest_page(entries: Sequence[ManifestEntry], limit: int) -> Manifest:
    """A page of at most `limit` of `entries`, which hold one more when there is a next page."""
    page = entries[:limit]
    return Manifest(
        objects=tuple(
            ManifestItem(path=entry.path, size=entry.size, sha256=entry.sha256, etag=entry.etag)
            for entry in page
        ),
        next_after=page[-1].path if len(entries) > len(page) else "",
    )


def _readable(stored: str, language: Language) -> str:
    if not stored:
        return ""
    slots: dict[str, Any] = json.loads(stored)
    return PROBLEMS[slots["code"]].render(language, slots)
