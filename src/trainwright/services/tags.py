"""Tags of training jobs: key and value, one value a key."""

from collections.abc import Iterable, Mapping
from typing import Any

from trainwright.domain.errors import InvalidParam, JobNotFound
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import TagQuery
from trainwright.services.context import Services
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.parsing import parse
from trainwright.wire.tags import (
    TAGS_MAX,
    ProjectTag,
    ProjectTagsResponse,
    TaggedCount,
    TaggedResource,
    TaggedResources,
    TagItem,
    TagSearch,
    TagsRemoval,
    TagsRequest,
    TagsResponse,
)

_TWICE = Text("it is named twice", "重复出现")
_TOO_MANY = Text("a job has at most {limit} tags", "一个作业最多 {limit} 个标签")


async def show(ctx: Services, who: Principal, job_id: str) -> TagsResponse:
    """The job's tags. Raises `JobNotFound`."""
    return await ctx.blocking(_show, ctx, who, job_id)


async def put(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> TagsResponse:
    """Add tags, or replace the values of those that are there; answers with all the job has then.

    Raises:
        InvalidParam: a key or value is none, a key is named twice, or the job would have too many.
        JobNotFound: no such job.
        ActionDenied: the caller's role in the job's workspace does not allow it.
    """
    request = parse(TagsRequest, raw)
    _check_once((tag.key for tag in request.tags), "tags")
    tags = {tag.key: tag.value or "" for tag in request.tags}
    return await ctx.blocking(_put, ctx, who, job_id, tags)


async def remove(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> None:
    """Remove tags by key. Raises `InvalidParam`, `JobNotFound`, `ActionDenied`."""
    request = parse(TagsRemoval, raw)
    await ctx.blocking(_remove, ctx, who, job_id, [tag.key for tag in request.tags])


async def list_of_project(ctx: Services, who: Principal, *, offset: int, limit: int) -> ProjectTagsResponse:
    """One page of the keys in use on jobs the caller sees, each with its values."""
    return await ctx.blocking(_list_of_project, ctx, who, offset, limit)


async def find_jobs(
    ctx: Services, who: Principal, raw: Mapping[str, Any], *, offset: int, limit: int
) -> TaggedResources:
    """One page of the jobs with these tags.

    Raises:
        InvalidParam: something in the request does not fit.
        WorkspaceNotFound: the caller does not see the workspace asked for.
    """
    return await ctx.blocking(_find_jobs, ctx, who, _query(raw, offset=offset, limit=limit))


async def count_jobs(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> TaggedCount:
    """How many jobs have these tags. Raises as `find_jobs`."""
    return await ctx.blocking(_count_jobs, ctx, who, _query(raw, offset=0, limit=1))


def _query(raw: Mapping[str, Any], *, offset: int, limit: int) -> TagQuery:
    search = parse(TagSearch, raw)
    tags = search.tags or []
    _check_once((tag.key for tag in tags), "tags")
    for index, tag in enumerate(tags):
        _check_once(tag.values or (), f"tags[{index}].values")
    return TagQuery(
        tags=tuple((tag.key, tuple(tag.values or ())) for tag in tags),
        without_any=bool(search.without_any_tag),
        name=search.matches[0].value if search.matches else "",
        workspace_id=search.workspace_id or "",
        offset=offset,
        limit=limit,
    )


def _check_once(texts: Iterable[str], field: str) -> None:
    seen: set[str] = set()
    for index, text in enumerate(texts):
        if text in seen:
            raise InvalidParam(field=f"{field}[{index}]", detail=_TWICE)
        seen.add(text)


def _show(ctx: Services, who: Principal, job_id: str) -> TagsResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        if not uow.jobs.existing([job_id]):
            raise JobNotFound(job=job_id)
        return _response(uow.tags.of_job(job_id))


def _put(ctx: Services, who: Principal, job_id: str, tags: Mapping[str, str]) -> TagsResponse:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.jobs.get(job_id).workspace_id)
        uow.tags.lock(job_id)
        all_tags = {**uow.tags.of_job(job_id), **tags}
        if len(all_tags) > TAGS_MAX:
            raise InvalidParam(field="tags", detail=_TOO_MANY, limit=TAGS_MAX)
        uow.tags.put(job_id, tags)
        uow.commit()
    return _response(all_tags)


def _remove(ctx: Services, who: Principal, job_id: str, keys: list[str]) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.jobs.get(job_id).workspace_id)
        uow.tags.remove(job_id, keys)
        uow.commit()


def _list_of_project(ctx: Services, who: Principal, offset: int, limit: int) -> ProjectTagsResponse:
    with ctx.units(scope_of(who), write=False) as uow:
        total, page = uow.tags.of_project(offset=offset, limit=limit)
    return ProjectTagsResponse(
        tags=[ProjectTag(key=key, values=list(values)) for key, values in page], total_count=total
    )


def _find_jobs(ctx: Services, who: Principal, query: TagQuery) -> TaggedResources:
    with ctx.units(scope_of(who), write=False) as uow:
        _check_workspace(uow, query)
        total, page = uow.tags.search(query)
    resources = [
        TaggedResource(
            resource_id=job.id,
            resource_name=job.name,
            workspace_id=job.workspace_id,
            tags=_items(job.tags),
        )
        for job in page
    ]
    return TaggedResources(resources=resources, total_count=total)


def _count_jobs(ctx: Services, who: Principal, query: TagQuery) -> TaggedCount:
    with ctx.units(scope_of(who), write=False) as uow:
        _check_workspace(uow, query)
        return TaggedCount(total_count=uow.tags.count(query))


def _check_workspace(uow: UnitOfWork, query: TagQuery) -> None:
    if query.workspace_id:
        uow.workspaces.get(query.workspace_id)


def _response(tags: Mapping[str, str]) -> TagsResponse:
    return TagsResponse(tags=_items(dict(sorted(tags.items()))))


def _items(tags: Mapping[str, str]) -> list[TagItem]:
    return [TagItem(key=key, value=value) for key, value in tags.items()]
