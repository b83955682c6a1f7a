"""Use cases of registered models: named folders of files, one immutable version for each job that made one.

How versions come to be: `services.model_keeper`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainwright.domain.errors import (
    BucketNotFound,
    DuplicateModelName,
    InvalidParam,
    ModelFileNotFound,
    ModelInUse,
    ModelVersionNotFound,
    ObjectNotFound,
)
from trainwright.domain.obs import BadObsPath, ObsPath
from trainwright.domain.texts import Text, make_event
from trainwright.ports.identity import Principal
from trainwright.ports.models import Model, ModelVersion
from trainwright.ports.objects import ObjectMeta
from trainwright.ports.uow import Scope, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.model_keeper import remove_files
from trainwright.services.model_rows import BUCKET, folder_of
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.model import is_resource_name
from trainwright.wire.models import (
    ModelEngine,
    ModelFileItem,
    ModelFileList,
    ModelInput,
    ModelItem,
    ModelList,
    ModelParameter,
    ModelUpdate,
    ModelVersionItem,
    ModelVersionList,
)
from trainwright.wire.parsing import parse

FILES_MAX = 1000
_BAD_NAME = Text("it must be 1 to 64 letters, digits, _ or -", "应为 1 至 64 个字母、数字、下划线或短横线")


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """What to list: names that hold `name`, of one workspace (empty: any the caller sees)."""

    name: str = ""
    workspace_id: str = ""
    offset: int = 0
    limit: int = 10


async def search(ctx: Services, who: Principal, query: ModelQuery) -> ModelList:
    """One page of what the caller sees. Raises `WorkspaceNotFound` for a workspace that they do not."""
    return await ctx.blocking(_search, ctx, scope_of(who), query)


async def show(ctx: Services, who: Principal, model_id: str) -> ModelItem:
    """One model. Raises `ModelNotFound`."""
    return await ctx.blocking(_show, ctx, scope_of(who), model_id)


async def change(ctx: Services, who: Principal, model_id: str, raw: Mapping[str, Any]) -> ModelItem:
    """Change name and description.

    Raises:
        InvalidParam, ModelNotFound, ActionDenied, DuplicateModelName: it cannot be.
    """
    update = parse(ModelUpdate, raw)
    if update.model_name is not None and not is_resource_name(update.model_name):
        raise InvalidParam(field="model_name", detail=_BAD_NAME)
    return await ctx.blocking(_change, ctx, who, model_id, update)


async def delete(ctx: Services, who: Principal, model_id: str) -> None:
    """Delete a model with its versions and their files.

    Raises:
        ModelNotFound, ActionDenied: it cannot be.
        ModelInUse: an unfinished job reads a version.
    """
    await ctx.blocking(_delete, ctx, who, model_id)
    await remove_files(ctx, ObsPath(BUCKET, f"{model_id}/"))


async def list_versions(
    ctx: Services, who: Principal, model_id: str, *, offset: int = 0, limit: int = 10
) -> ModelVersionList:
    """One page, the highest number first. Raises `ModelNotFound`."""
    return await ctx.blocking(_list_versions, ctx, scope_of(who), model_id, offset, limit)


async def show_version(ctx: Services, who: Principal, model_id: str, version_id: str) -> ModelVersionItem:
    """One version. Raises `ModelNotFound`, `ModelVersionNotFound`."""
    return _version_item(await _version(ctx, who, model_id, version_id))


async def delete_version(ctx: Services, who: Principal, model_id: str, version_id: str) -> None:
    """Delete a version and its files; its number is never given again.

    Raises:
        ModelNotFound, ModelVersionNotFound, ActionDenied: it cannot be.
        ModelInUse: an unfinished job reads it.
    """
    await ctx.blocking(_delete_version, ctx, who, model_id, version_id)
    await remove_files(ctx, folder_of(model_id, version_id))


async def list_files(
    ctx: Services, who: Principal, model_id: str, version_id: str, *, after: str = "", limit: int = FILES_MAX
) -> ModelFileList:
    """The files of a version by path, from behind `after`. Raises `ModelNotFound`, `ModelVersionNotFound`."""
    version = await _version(ctx, who, model_id, version_id)
    folder = ObsPath.parse(version.uri)
    try:
        page = await ctx.objects.list_page(folder, after=folder.key + after if after else "", limit=limit)
    except BucketNotFound:
        return ModelFileList(files=(), next_after="")
    files = tuple(
        ModelFileItem(path=meta.key[len(folder.key) :], size=meta.size, etag=meta.etag)
        for meta in page.objects
        if not meta.key.endswith("/")
    )
    return ModelFileList(files=files, next_after=page.next_after[len(folder.key) :])


async def find_file(
    ctx: Services, who: Principal, model_id: str, version_id: str, path: str
) -> tuple[ObjectMeta, ObsPath]:
    """A file of a version: what is known of it, and where its bytes are.

    Raises:
        ModelNotFound, ModelVersionNotFound, ModelFileNotFound: there is none.
    """
    version = await _version(ctx, who, model_id, version_id)
    try:
        place = ObsPath.parse(version.uri).join(path)
        if place.is_folder:
            raise ModelFileNotFound(version=version_id, file=path)
        return await ctx.objects.head(place), place
    except (BadObsPath, ObjectNotFound) as exc:
        raise ModelFileNotFound(version=version_id, file=path) from exc


async def open_archive(
    ctx: Services, who: Principal, model_id: str, version_id: str
) -> tuple[str, AsyncIterator[tuple[str, AsyncIterator[bytes]]]]:
    """A name for the archive of a version, and its files as path and bytes, by path.

    Raises:
        ModelNotFound, ModelVersionNotFound: there is none.
    """
    version = await _version(ctx, who, model_id, version_id)
    model = await show(ctx, who, model_id)
    return f"{model.model_name}-{version.number}.zip", _contents(ctx, ObsPath.parse(version.uri))


async def _contents(ctx: Services, folder: ObsPath) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    after = ""
    while True:
        page = await ctx.objects.list_page(folder, after=after, limit=FILES_MAX)
        for meta in page.objects:
            if not meta.key.endswith("/"):
                yield meta.key[len(folder.key) :], ctx.objects.read(ObsPath(meta.bucket, meta.key))
        after = page.next_after
        if not after:
            return


def find_version_place(uow: UnitOfWork, who: Principal, model_id: str, version_id: str = "") -> ObsPath:
    """The folder of the version a job is to read; empty `version_id`: the newest. In a writing unit nobody deletes it
    until the unit ends; a job that is stored by then is heeded later.

    Raises:
        ModelNotFound: no such model in what the caller sees.
        ModelVersionNotFound: it has no such version that is ready, or none at all.
    """
    uow.models.get(model_id)
    if not version_id:
        found, _ = uow.models.list_versions(model_id, limit=1)
        if not found:
            raise ModelVersionNotFound(version="-", model=model_id)
        version_id = found[0].id
    version = uow.models.get_version(model_id, version_id)
    if not version.ready:
        raise ModelVersionNotFound(version=version_id, model=model_id)
    return ObsPath.parse(version.uri)


def check_name(uow: UnitOfWork, who: Principal, name: str, workspace_id: str) -> None:
    """A job in that workspace may give versions to the model of this name, be it there yet or not.

    Raises:
        DuplicateModelName: a model of another workspace has it.
    """
    found = uow.models.find_by_name(name)
    if found is not None and found.workspace_id != workspace_id:
        raise DuplicateModelName(name=name)


async def _version(ctx: Services, who: Principal, model_id: str, version_id: str) -> ModelVersion:
    return await ctx.blocking(_read_version, ctx, scope_of(who), model_id, version_id)


def _read_version(ctx: Services, scope: Scope, model_id: str, version_id: str) -> ModelVersion:
    with ctx.units(scope, write=False) as uow:
        return _ready(uow.models.get_version(model_id, version_id))


def _ready(version: ModelVersion) -> ModelVersion:
    """One that is still being copied is not there yet."""
    if not version.ready:
        raise ModelVersionNotFound(version=version.id, model=version.model_id)
    return version


def _search(ctx: Services, scope: Scope, query: ModelQuery) -> ModelList:
    with ctx.units(scope, write=False) as uow:
        if query.workspace_id:
            uow.workspaces.get(query.workspace_id)
        found, total = uow.models.list_page(
            workspace_id=query.workspace_id, name_like=query.name, offset=query.offset, limit=query.limit
        )
        items = tuple(_items(uow, found))
    return ModelList(total=total, count=len(items), offset=query.offset, limit=query.limit, items=items)


def _show(ctx: Services, scope: Scope, model_id: str) -> ModelItem:
    with ctx.units(scope, write=False) as uow:
        return _items(uow, [uow.models.get(model_id)])[0]


def _items(uow: UnitOfWork, models: Sequence[Model]) -> list[ModelItem]:
    counts = uow.models.count_versions([model.id for model in models])
    return [
        ModelItem(
            model_id=model.id,
            model_name=model.name,
            description=model.description,
            workspace_id=model.workspace_id,
            version_count=counts.get(model.id, 0),
            last_version=model.last_version,
            user_id=model.user_id,
            user_name=model.user_name,
            create_time=model.created_at_ms,
            update_time=model.updated_at_ms,
        )
        for model in models
    ]


def _change(ctx: Services, who: Principal, model_id: str, update: ModelUpdate) -> ModelItem:
    with ctx.units(scope_of(who)) as uow:
        model = uow.models.get(model_id)
        check_member(uow, who, model.workspace_id)
        changed = replace(
            model,
            name=model.name if update.model_name is None else update.model_name,
            description=model.description if update.description is None else update.description,
        )
        if changed != model:
            changed = replace(changed, updated_at_ms=ctx.clock.now_ms())
            uow.models.save(changed)
        item = _items(uow, [changed])[0]
        uow.commit()
    return item


def _delete(ctx: Services, who: Principal, model_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        model = uow.models.get(model_id)
        check_member(uow, who, model.workspace_id)
        if uow.models.is_read(str(ObsPath(BUCKET, f"{model_id}/"))):
            raise ModelInUse(model=model.name)
        begun = uow.models.unready_of(model_id)
        uow.models.delete(model_id)
        for version in begun:  # its job would begin another, else
            if uow.jobs.existing([version.job_id]):
                told = make_event(version.job_id, ctx.clock.now_ms(), "model_deleted", {"name": model.name})
                uow.events.append([told])
        uow.commit()


def _list_versions(ctx: Services, scope: Scope, model_id: str, offset: int, limit: int) -> ModelVersionList:
    with ctx.units(scope, write=False) as uow:
        found, total = uow.models.list_versions(model_id, offset=offset, limit=limit)
    items = tuple(map(_version_item, found))
    return ModelVersionList(total=total, count=len(items), offset=offset, limit=limit, items=items)


def _delete_version(ctx: Services, who: Principal, model_id: str, version_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        model = uow.models.get(model_id)
        check_member(uow, who, model.workspace_id)
        version = _ready(uow.models.get_version(model_id, version_id))
        if uow.models.is_read(version.uri):
            raise ModelInUse(model=model.name)
        uow.models.delete_version(model_id, version_id)
        uow.commit()


def _version_item(version: ModelVersion) -> ModelVersionItem:
    document = version.document
    return ModelVersionItem(
        model_id=version.model_id,
        version_id=version.id,
        version=version.number,
        job_id=version.job_id,
        job_name=version.job_name,
        files=version.objects,
        size=version.bytes,
        create_time=version.created_at_ms,
        engine=ModelEngine(**document.get("engine", {})),
        parameters=tuple(ModelParameter(**each) for each in document.get("parameters", ())),
        inputs=tuple(
            ModelInput(name=each["name"], obs_url=each["uri"]) for each in document.get("inputs", ())
        ),
    )
