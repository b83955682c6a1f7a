"""Use cases of the gallery: publish, find, change, withdraw (contract §2.4, manual 3.2).

Subscribers never see what belongs to the publisher: code folder, boot file, command, the tree of the code.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trainwright.catalog.places import Place
from trainwright.domain.errors import GalleryItemNotFound, InvalidParam, TooManyGalleryVersions
from trainwright.domain.texts import Text
from trainwright.ports.algorithms import Algorithm, GalleryItem, GalleryVersion
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope
from trainwright.services.algorithm_checks import check_form
from trainwright.services.context import Services
from trainwright.services.gallery_code import copy_code, folder_of, remove_code, sweep
from trainwright.services.gallery_view import item_response
from trainwright.services.ownership import owned_objects
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.algorithms import AlgorithmBody
from trainwright.wire.gallery import (
    ContentInfo,
    ItemChange,
    ItemPage,
    ItemResponse,
    PublishBody,
    Published,
)
from trainwright.wire.parsing import parse

VERSIONS_MAX = 200
FIRST_VERSION = "1.0.0"
_NUMBER = re.compile(r"(?:[0-9]{1,6}\.)*[0-9]{1,6}")
_FORM = Text("it must be numbers divided by dots, such as 1.0.0", "必须为以点分隔的数字，例如 1.0.0")


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What to find: titles that hold `title_like`, everyone's or only one's own project's."""

    title_like: str = ""
    own_only: bool = False
    sort_by: str = "create_time"
    descending: bool = True
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True)
class _Edition:
    """What is about to be published: the algorithm, the version it becomes, and the item when that is new."""

    algorithm: Algorithm
    version: GalleryVersion
    new_item: GalleryItem | None


async def publish(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> Published:
    """Publish an algorithm of one's own as a new item, or as the next version of `content_id`. Its code is copied: what
    happens to the algorithm and its folder later changes nothing in the gallery. Refusals leave nothing.

    Raises:
        AlgorithmNotFound, GalleryItemNotFound: not the caller's.
        ActionDenied: the caller's role in the algorithm's workspace does not allow it.
        DuplicateGalleryTitle, DuplicateGalleryVersion, TooManyGalleryVersions, InvalidParam: it cannot be.
        InvalidCodeDir, InvalidBootFile, TooManyCodeFiles, CodeTooDeep, CodeTooLarge: the code cannot be copied.
        StorageUnavailable: the object store could not be asked.
    """
    wanted = parse(PublishBody, raw)
    edition = await ctx.blocking(_prepare, ctx, who, wanted)
    version = edition.version
    code, boot_file = check_form(AlgorithmBody.model_validate(version.document))
    if code is not None:
        version = await _with_copy(ctx, who, version, code, boot_file)
    target = folder_of(version.item_id, version.id)
    stored = False
    try:
        await ctx.blocking(_store, ctx, who, replace(edition, version=version))
        stored = True
    finally:
        if not stored and version.code_uri:
            await remove_code(ctx, target)
    await sweep(ctx)
    return Published(
        content_id=version.item_id,
        version_id=version.id,
        version_num=version.number,
        content_uri=f"/v2/{who.project_id}/gallery/algorithms/{version.item_id}",
    )


async def find(ctx: Services, who: Principal, query: ItemQuery) -> ItemPage:
    """One page of what is public, and of the caller's project's own."""
    matches, items = await ctx.blocking(_find, ctx, scope_of(who), query)
    return ItemPage(
        count=matches,
        limit=query.limit,
        offset=query.offset,
        sort_by=query.sort_by,
        order="desc" if query.descending else "asc",
        items=[item_response(item, who) for item in items],
    )


async def show(ctx: Services, who: Principal, item_id: str) -> ItemResponse:
    """One item with all its versions, and what they take and need. Raises `GalleryItemNotFound`."""
    return item_response(await ctx.blocking(_read_item, ctx, scope_of(who), item_id), who)


async def change(ctx: Services, who: Principal, item_id: str, raw: Mapping[str, Any]) -> ItemResponse:
    """Change title, description or visibility of one's own.

    Raises:
        InvalidParam, GalleryItemNotFound, DuplicateGalleryTitle: it cannot be.
    """
    wanted = parse(ItemChange, raw)
    return item_response(await ctx.blocking(_change, ctx, scope_of(who), item_id, wanted), who)


async def withdraw(ctx: Services, who: Principal, item_id: str) -> None:
    """Take one's own item out of the gallery, with everyone's subscriptions. Unfinished jobs of it go on, and its code
    stays for them; new ones are refused.

    Raises:
        GalleryItemNotFound: not one's own.
    """
    unused = await ctx.blocking(_withdraw, ctx, scope_of(who), item_id)
    for version_id in unused:
        await remove_code(ctx, folder_of(item_id, version_id))
    await sweep(ctx)


async def _with_copy(
    ctx: Services, who: Principal, version: GalleryVersion, code: Place, boot_file: str
) -> GalleryVersion:
    """`version` of the platform's own copy of its code."""
    target = folder_of(version.item_id, version.id)
    copy = await copy_code(ctx, owned_objects(ctx, who), code.path, boot_file, target)
    config = {**version.document["job_config"], "code_dir": str(copy)}
    if boot_file:
        config["boot_file"] = str(copy.join(boot_file))
    return replace(version, document={**version.document, "job_config": config}, code_uri=str(copy))


def _prepare(ctx: Services, who: Principal, wanted: PublishBody) -> _Edition:
    info = wanted.content_info or ContentInfo()
    if info.version_num and not _NUMBER.fullmatch(info.version_num):
        raise InvalidParam(field="content_info.version_num", detail=_FORM)
    now_ms = ctx.clock.now_ms()
    with ctx.units(scope_of(who), write=False) as uow:
        algorithm = uow.algorithms.get(wanted.algorithm.id)
        check_member(uow, who, algorithm.workspace_id)
        item = uow.gallery.get_item(wanted.content_id) if wanted.content_id else None
    if item is not None and item.project_id != who.project_id:
        raise GalleryItemNotFound(item=item.id)
    if item is not None and len(item.versions) >= VERSIONS_MAX:
        raise TooManyGalleryVersions(limit=VERSIONS_MAX)
    new_item = _new_item(algorithm, info, who, now_ms) if item is None else None
    before = item.versions if item else ()
    version = GalleryVersion(
        id=str(uuid.uuid4()),
        item_id=new_item.id if new_item else (wanted.content_id or ""),
        number=info.version_num or _next_number(before),
        description=info.desc or "",
        document=_published(algorithm),
        code_uri="",
        created_at_ms=max(
            [now_ms, *(version.created_at_ms + 1 for version in before)]
        ),  # the newest by its time
    )
    return _Edition(algorithm, version, new_item)


def _new_item(algorithm: Algorithm, info: ContentInfo, who: Principal, now_ms: int) -> GalleryItem:
    return GalleryItem(
        id=str(uuid.uuid4()),
        project_id=who.project_id,
        user_id=who.user_id,
        user_name=who.user_name,
        title=info.title or algorithm.name,
        description=info.desc or algorithm.description,
        visibility=info.visibility or "public",
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )


def _published(algorithm: Algorithm) -> dict[str, Any]:
    """What the gallery keeps of an algorithm: nothing of where it lies or whose it is."""
    kept = ("job_config", "resource_requirements", "advanced_config")
    document = {name: algorithm.document[name] for name in kept if name in algorithm.document}
    return {"metadata": {"name": algorithm.name}, **document}


def _next_number(versions: tuple[GalleryVersion, ...]) -> str:
    """The greatest number with its last part one higher."""
    taken = [tuple(int(part) for part in version.number.split(".")) for version in versions]
    if not taken:
        return FIRST_VERSION
    *first, last = max(taken)
    return ".".join(str(part) for part in (*first, last + 1))


def _store(ctx: Services, who: Principal, edition: _Edition) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.algorithms.get(edition.algorithm.id).workspace_id)
        if edition.new_item is not None:
            uow.gallery.add_item(edition.new_item)
        uow.gallery.add_version(edition.version)
        uow.commit()


def _find(ctx: Services, scope: Scope, query: ItemQuery) -> tuple[int, tuple[GalleryItem, ...]]:
    with ctx.units(scope, write=False) as uow:
        return uow.gallery.search_items(
            title_like=query.title_like,
            own_only=query.own_only,
            sort_by=query.sort_by,
            descending=query.descending,
            offset=query.offset,
            limit=query.limit,
        )


def _read_item(ctx: Services, scope: Scope, item_id: str) -> GalleryItem:
    with ctx.units(scope, write=False) as uow:
        return uow.gallery.get_item(item_id)


def _change(ctx: Services, scope: Scope, item_id: str, wanted: ItemChange) -> GalleryItem:
    with ctx.units(scope) as uow:
        item = uow.gallery.get_item(item_id)
        given = wanted.model_dump(include={"title", "description", "visibility"}, exclude_none=True)
        changed = replace(item, **given, updated_at_ms=ctx.clock.now_ms())
        uow.gallery.save_item(changed)
        uow.commit()
    return changed


def _withdraw(ctx: Services, scope: Scope, item_id: str) -> list[str]:
    """The versions whose code nobody runs any more."""
    with ctx.units(scope) as uow:
        item = uow.gallery.get_item(item_id)
        uow.gallery.delete_item(item_id)
        unused = [
            version.id
            for version in item.versions
            if version.code_uri and not uow.gallery.code_in_use(version.code_uri)
        ]
        uow.commit()
    return unused
