"""Use cases of registered datasets: a folder under a name, and versions of what lay in it.

A version is made in the background (`services.dataset_builder`); once it is ready it never changes.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trainwright.domain.errors import (
    DatasetInUse,
    DatasetVersionNotFound,
    DatasetVersionNotReady,
    InvalidObsPath,
    InvalidParam,
    NotOffered,
    TooManyVersionsBegun,
)
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.texts import Language, Text
from trainwright.ports.datasets import Dataset, DatasetVersion
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope, UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.context import Services
from trainwright.services.dataset_view import (
    CREATING,
    FAILED,
    READY,
    dataset_item,
    manifest_page,
    version_item,
)
from trainwright.services.ownership import owned_objects
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.datasets import (
    FREE_FORMAT,
    DatasetCreate,
    DatasetItem,
    DatasetList,
    DatasetUpdate,
    Manifest,
    VersionCreate,
    VersionItem,
    VersionList,
)
from trainwright.wire.parsing import parse

VERSIONS_BEGUN_MAX = 8  # of a project, being made at one time
_NAME = re.compile(r"[A-Za-z0-9_\-.\u4e00-\u9fff]+")
_SOURCE_FIELD = "data_source.data_path"
_BAD_NAME = Text(
    "it must be letters, digits, Chinese characters, _, - or .",
    "只能包含字母、数字、中文、下划线、短横线或点",
)
_NO_BUCKET = Text("bucket {bucket} does not exist", "桶 {bucket} 不存在")


@dataclass(frozen=True, slots=True)
class DatasetQuery:
    """What to list: names that hold `search_content`, of one workspace (empty: any the caller sees)."""

    search_content: str = ""
    workspace_id: str = ""
    sort_by: str = "create_time"
    descending: bool = True
    offset: int = 0
    limit: int = 10


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> DatasetItem:
    """Register a folder; it may be empty yet.

    Raises:
        InvalidParam, NotOffered: something in the body does not fit.
        InvalidObsPath: the path is none, or its bucket does not exist.
        WorkspaceNotFound, ActionDenied: of the workspace.
        DuplicateDatasetName: the project has a dataset of that name.
    """
    request = parse(DatasetCreate, raw)
    _check_name("dataset_name", request.dataset_name)
    if request.data_source.data_type != 0:
        raise NotOffered(field="data_source.data_type")
    folder = _folder(request.data_source.data_path)
    if not await owned_objects(ctx, who).bucket_exists(folder.bucket):
        raise InvalidObsPath(field=_SOURCE_FIELD, uri=str(folder), detail=_NO_BUCKET, bucket=folder.bucket)
    now_ms = ctx.clock.now_ms()
    dataset = Dataset(
        id=str(uuid.uuid4()),
        project_id=who.project_id,
        workspace_id=request.workspace_id or DEFAULT_WORKSPACE,
        name=request.dataset_name,
        description=request.description or "",
        type=str(FREE_FORMAT if request.dataset_type is None else request.dataset_type),
        uri=str(folder),
        user_id=who.user_id,
        user_name=who.user_name,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    await ctx.blocking(_create, ctx, who, dataset)
    return dataset_item(dataset, last_number=0)


async def search(ctx: Services, who: Principal, query: DatasetQuery) -> DatasetList:
    """One page of what the caller sees. Raises `WorkspaceNotFound` for a workspace that they do not."""
    return await ctx.blocking(_search, ctx, scope_of(who), query)


async def show(ctx: Services, who: Principal, dataset_id: str) -> DatasetItem:
    """One dataset. Raises `DatasetNotFound`."""
    return await ctx.blocking(_show, ctx, scope_of(who), dataset_id)


async def change(ctx: Services, who: Principal, dataset_id: str, raw: Mapping[str, Any]) -> DatasetItem:
    """Change name and description.

    Raises:
        InvalidParam, DatasetNotFound, ActionDenied, DuplicateDatasetName: it cannot be.
    """
    request = parse(DatasetUpdate, raw)
    if request.dataset_name is not None:
        _check_name("dataset_name", request.dataset_name)
    return await ctx.blocking(_change, ctx, who, dataset_id, request)


async def delete(ctx: Services, who: Principal, dataset_id: str) -> None:
    """Forget it and its versions; the objects stay.

    Raises:
        DatasetNotFound, ActionDenied: it cannot be.
        DatasetInUse: a version is an input of an unfinished job.
    """
    await ctx.blocking(_delete, ctx, who, dataset_id)


async def create_version(
    ctx: Services, who: Principal, dataset_id: str, raw: Mapping[str, Any], language: Language
) -> VersionItem:
    """Begin a version of what lies in the folder now; it is ready when all objects have been read.

    Raises:
        InvalidParam, DatasetNotFound, ActionDenied, DuplicateDatasetVersion: it cannot be.
        TooManyVersionsBegun: the project has as many being made as it may.
    """
    request = parse(VersionCreate, raw)
    if request.version_name:
        _check_name("version_name", request.version_name)
    version = await ctx.blocking(_create_version, ctx, who, dataset_id, request)
    ctx.version_waits.set()
    return version_item(version, language)


async def list_versions(
    ctx: Services, who: Principal, dataset_id: str, language: Language, *, offset: int = 0, limit: int = 10
) -> VersionList:
    """One page, newest first. Raises `DatasetNotFound`."""
    total, versions = await ctx.blocking(_list_versions, ctx, scope_of(who), dataset_id, offset, limit)
    items = tuple(version_item(version, language) for version in versions)
    return VersionList(total_number=total, offset=offset, limit=limit, versions=items)


async def show_version(
    ctx: Services, who: Principal, dataset_id: str, version_id: str, language: Language
) -> VersionItem:
    """One version. Raises `DatasetNotFound`, `DatasetVersionNotFound`."""
    version = await ctx.blocking(_show_version, ctx, scope_of(who), dataset_id, version_id)
    return version_item(version, language)


async def delete_version(ctx: Services, who: Principal, dataset_id: str, version_id: str) -> None:
    """Forget it and its manifest; the objects stay.

    Raises:
        DatasetNotFound, DatasetVersionNotFound, ActionDenied: it cannot be.
        DatasetInUse: it is an input of an unfinished job.
    """
    await ctx.blocking(_delete_version, ctx, who, dataset_id, version_id)


async def list_manifest(
    ctx: Services, who: Principal, dataset_id: str, version_id: str, *, after: str = "", limit: int = 1000
) -> Manifest:
    """The objects of a version by path, from behind `after`; of one that is being made, those read so far.

    Raises:
        DatasetNotFound, DatasetVersionNotFound: there is none.
    """
    return await ctx.blocking(_list_manifest, ctx, scope_of(who), (dataset_id, version_id), after, limit)


def find_version(uow: UnitOfWork, who: Principal, dataset_id: str, version_id: str) -> DatasetVersion:
    """The version a job is to read; its `uri` is the folder, `bytes` the size of all of it. Empty `version_id`: the
    newest one that is ready. In a writing unit it stays until the unit ends.

    Raises:
        DatasetNotFound: no such dataset in what the caller sees.
        DatasetVersionNotFound: it has no such version, or none at all.
        DatasetVersionNotReady: it is not; or it was named by nobody and none is.
        InvalidObsPath: its bucket is no longer the project's.
    """
    version = uow.datasets.get_version(dataset_id, version_id) if version_id else _newest(uow, dataset_id)
    if version.state != READY:
        raise DatasetVersionNotReady(version=version.name, state=version.state)
    bucket = ObsPath.parse(version.uri).bucket
    if uow.buckets.owner(bucket) != who.project_id:
        raise InvalidObsPath(field="dataset", uri=version.uri, detail=_NO_BUCKET, bucket=bucket)
    return version


def _newest(uow: UnitOfWork, dataset_id: str) -> DatasetVersion:
    for state in (READY, CREATING, FAILED):
        found = uow.datasets.find_newest(dataset_id, state)
        if found is not None:
            return uow.datasets.get_version(dataset_id, found.id)
    raise DatasetVersionNotFound(version="-", dataset=dataset_id)


def _check_name(field: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidParam(field=field, detail=_BAD_NAME)


def _folder(text: str) -> ObsPath:
    try:
        return ObsPath.parse(text).as_folder()
    except BadObsPath as exc:
        raise InvalidObsPath(field=_SOURCE_FIELD, uri=text, detail=exc.text) from exc


def _create(ctx: Services, who: Principal, dataset: Dataset) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, dataset.workspace_id)
        uow.datasets.add(dataset)
        uow.commit()


def _search(ctx: Services, scope: Scope, query: DatasetQuery) -> DatasetList:
    with ctx.units(scope, write=False) as uow:
        if query.workspace_id:
            uow.workspaces.get(query.workspace_id)
        total, found = uow.datasets.search(
            name_like=query.search_content,
            workspace_id=query.workspace_id,
            sort_by=query.sort_by,
            descending=query.descending,
            offset=query.offset,
            limit=query.limit,
        )
        items = tuple(
            dataset_item(dataset, last_number=uow.datasets.last_number(dataset.id)) for dataset in found
        )
    return DatasetList(total_number=total, offset=query.offset, limit=query.limit, datasets=items)


def _show(ctx: Services, scope: Scope, dataset_id: str) -> DatasetItem:
    with ctx.units(scope, write=False) as uow:
        dataset = uow.datasets.get(dataset_id)
        return dataset_item(dataset, last_number=uow.datasets.last_number(dataset_id))


def _change(ctx: Services, who: Principal, dataset_id: str, request: DatasetUpdate) -> DatasetItem:
    with ctx.units(scope_of(who)) as uow:
        dataset = uow.datasets.hold(dataset_id)
        check_member(uow, who, dataset.workspace_id)
        changed = replace(
            dataset,
            name=dataset.name if request.dataset_name is None else request.dataset_name,
            description=dataset.description if request.description is None else request.description,
        )
        if changed != dataset:
            changed = replace(changed, updated_at_ms=ctx.clock.now_ms())
            uow.datasets.save(changed)
        item = dataset_item(changed, last_number=uow.datasets.last_number(dataset_id))
        uow.commit()
    return item


def _delete(ctx: Services, who: Principal, dataset_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.datasets.hold(dataset_id).workspace_id)
        for version in uow.datasets.take_versions(dataset_id):
            _check_unused(uow, version)
        uow.datasets.delete(dataset_id)
        uow.commit()


def _create_version(ctx: Services, who: Principal, dataset_id: str, request: VersionCreate) -> DatasetVersion:
    with ctx.units(scope_of(who)) as uow:
        uow.principals.hold_project(who.project_id)  # others may begin one, too
        dataset = uow.datasets.hold(dataset_id)
        check_member(uow, who, dataset.workspace_id)
        if uow.datasets.count_unfinished() >= VERSIONS_BEGUN_MAX:
            raise TooManyVersionsBegun(limit=VERSIONS_BEGUN_MAX)
        version = DatasetVersion(
            id=str(uuid.uuid4()),
            dataset_id=dataset_id,
            name=request.version_name or f"V{uow.datasets.last_number(dataset_id) + 1:03}",
            description=request.description or "",
            uri=dataset.uri,
            state=CREATING,
            created_at_ms=ctx.clock.now_ms(),
        )
        uow.datasets.add_version(version)
        uow.commit()
    return version


def _list_versions(
    ctx: Services, scope: Scope, dataset_id: str, offset: int, limit: int
) -> tuple[int, tuple[DatasetVersion, ...]]:
    with ctx.units(scope, write=False) as uow:
        return uow.datasets.list_versions(dataset_id, offset=offset, limit=limit)


def _show_version(ctx: Services, scope: Scope, dataset_id: str, version_id: str) -> DatasetVersion:
    with ctx.units(scope, write=False) as uow:
        return uow.datasets.get_version(dataset_id, version_id)


def _delete_version(ctx: Services, who: Principal, dataset_id: str, version_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.datasets.hold(dataset_id).workspace_id)
        _check_unused(uow, uow.datasets.take_version(dataset_id, version_id))
        uow.datasets.delete_version(dataset_id, version_id)
        uow.commit()


def _check_unused(uow: UnitOfWork, version: DatasetVersion) -> None:
    """The job is not named: it may lie in a workspace that the caller does not see."""
    if uow.datasets.find_user(version.id) is not None:
        raise DatasetInUse(version=version.name)


def _list_manifest(ctx: Services, scope: Scope, ids: tuple[str, str], after: str, limit: int) -> Manifest:
    with ctx.units(scope, write=False) as uow:
        version = uow.datasets.get_version(*ids)
        entries = uow.datasets.list_entries(version.id, after=after, limit=limit + 1)
    return manifest_page(entries, limit)
