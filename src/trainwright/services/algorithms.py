"""Use cases of saved algorithms: create, list, show, change, delete, and saving a job as one (contract §8)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trainwright.catalog.blame import naming_fields
from trainwright.catalog.parameters import may_describe
from trainwright.catalog.places import Place
from trainwright.catalog.resolve import find_engine
from trainwright.domain.entities import Job
from trainwright.domain.errors import CodeHidden, Unavailable, UserError
from trainwright.ports.algorithms import Algorithm, AlgorithmQuery
from trainwright.ports.identity import Principal
from trainwright.ports.uow import Scope
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.algorithm_checks import check_form
from trainwright.services.algorithm_view import algorithm_response, with_code
from trainwright.services.code_folders import code_tree, list_code
from trainwright.services.context import Services
from trainwright.services.ownership import owned_objects
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.algorithms import AlgorithmBody, AlgorithmPage, AlgorithmResponse, SaveAsBody
from trainwright.wire.jobs import AlgorithmRequest, EngineRequest
from trainwright.wire.parsing import parse

_CONFIG = "job_config"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a body makes of an algorithm, found right in form, catalogue and store."""

    body: AlgorithmBody
    document: dict[str, Any]
    engine: str
    code_bytes: int
    code_tree: dict[str, Any]


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> AlgorithmResponse:
    """Save an algorithm. Refusals leave nothing.

    Raises:
        UserError: something in the body does not fit; see `algorithm_checks` and `code_folders`.
        EngineNotFound: the engine is not on offer.
        WorkspaceNotFound, ActionDenied: of the workspace.
        DuplicateAlgorithmName: the project has an algorithm of that name.
        StorageUnavailable: the object store could not be asked.
    """
    with naming_fields(_CONFIG):
        draft = await _draft(ctx, who, raw)
        algorithm = _new_algorithm(draft, who, ctx.clock.now_ms())
        await ctx.blocking(_add, ctx, who, algorithm)
    return algorithm_response(algorithm)


async def search(ctx: Services, who: Principal, query: AlgorithmQuery, group_by: str) -> AlgorithmPage:
    """One page of what the caller sees, with the code of each as it was when it was saved.

    Raises:
        WorkspaceNotFound: the caller does not see the workspace asked for.
    """
    total, matches, page = await ctx.blocking(_search, ctx, scope_of(who), query)
    return AlgorithmPage(
        total=total,
        count=matches,
        limit=query.limit,
        offset=query.offset,
        sort_by=query.sort_by,
        order="desc" if query.descending else "asc",
        group_by=group_by,
        items=[algorithm_response(algorithm) for algorithm in page],
    )


async def show(ctx: Services, who: Principal, algorithm_id: str) -> AlgorithmResponse:
    """One algorithm with its code as it is now; not valid when that cannot be used any more.

    Raises:
        AlgorithmNotFound: not for the caller.
    """
    algorithm = await ctx.blocking(_read, ctx, scope_of(who), algorithm_id)
    config = AlgorithmBody.model_validate(algorithm.document)
    try:
        code, boot_file = check_form(config)
        size, tree = await _look_at_code(ctx, who, code, boot_file)
    except UserError:
        return algorithm_response(algorithm, is_valid=False)
    except Unavailable:
        return algorithm_response(algorithm)
    return algorithm_response(with_code(algorithm, size, tree))


async def change(
    ctx: Services, who: Principal, algorithm_id: str, raw: Mapping[str, Any]
) -> AlgorithmResponse:
    """Put the whole body in the place of the algorithm's. Jobs made of it keep what they were made of.

    Raises:
        AlgorithmNotFound: not for the caller.
        UserError, EngineNotFound, WorkspaceNotFound, ActionDenied, DuplicateAlgorithmName, StorageUnavailable: as
            `create`.
    """
    await ctx.blocking(_check_may_change, ctx, who, algorithm_id)
    with naming_fields(_CONFIG):
        draft = await _draft(ctx, who, raw)
    changed = await ctx.blocking(_change, ctx, who, algorithm_id, draft)
    return algorithm_response(changed)


async def delete(ctx: Services, who: Principal, algorithm_id: str) -> None:
    """Remove it; its code and the jobs made of it stay.

    Raises:
        AlgorithmNotFound: not for the caller.
        ActionDenied: the caller's role in the workspace does not allow it.
    """
    await ctx.blocking(_delete, ctx, who, algorithm_id)


async def save_job(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> AlgorithmResponse:
    """Save what a job runs as an algorithm: its hyperparameters become the defaults, its channels lose their places.

    Raises:
        JobNotFound: not for the caller.
        CodeHidden: the job runs a subscribed algorithm.
        UserError, EngineNotFound, WorkspaceNotFound, ActionDenied, DuplicateAlgorithmName, StorageUnavailable: as
            `create`.
    """
    wanted = parse(SaveAsBody, raw)
    job = await ctx.blocking(_read_job, ctx, scope_of(who), job_id)
    ran = job.request.get("algorithm") or {}
    if ran.get("subscription_id"):
        raise CodeHidden(name=job.algorithm_name or job.name)
    metadata = {"workspace_id": job.workspace_id, **wanted.metadata.model_dump(exclude_none=True)}
    return await create(ctx, who, {"metadata": metadata, **_document_of(job.filled or ran)})


async def _draft(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> Draft:
    body = parse(AlgorithmBody, raw)
    code, boot_file = check_form(body)
    engine = _engine(ctx, body)
    size, tree = await _look_at_code(ctx, who, code, boot_file)
    config = {name: value for name, value in raw["job_config"].items() if name != "code_tree"}
    if engine:
        config["engine"] = {**(config.get("engine") or {}), **engine}
    image = body.job_config.engine.image_url if body.job_config.engine else None
    return Draft(
        body=body,
        document={**raw, "job_config": config},
        engine=engine.get("engine_id", "") or image or "",
        code_bytes=size,
        code_tree=tree,
    )


def _engine(ctx: Services, body: AlgorithmBody) -> dict[str, str]:
    """Id, name and version of the engine; empty without one, or with an image, which only jobs are held against."""
    config = body.job_config
    if config.engine is not None and config.engine.image_url:
        return {}
    given = EngineRequest() if config.engine is None else EngineRequest(**_names(config.engine.model_dump()))
    found = find_engine(AlgorithmRequest(boot_file=config.boot_file, engine=given), ctx.catalogue)
    if found is None:
        return {}
    return {"engine_id": found.engine_id, "engine_name": found.name, "engine_version": found.version}


def _names(engine: Mapping[str, Any]) -> dict[str, Any]:
    return {name: engine[name] for name in ("engine_id", "engine_name", "engine_version")}


async def _look_at_code(
    ctx: Services, who: Principal, code: Place | None, boot_file: str
) -> tuple[int, dict[str, Any]]:
    """Bytes and tree of the code; nothing without one."""
    if code is None:
        return 0, {}
    files = await list_code(owned_objects(ctx, who), code.path, boot_file)
    return sum(found.size for found in files), code_tree(code.path, files)


def _new_algorithm(draft: Draft, who: Principal, now_ms: int) -> Algorithm:
    metadata = draft.body.metadata
    return Algorithm(
        id=str(uuid.uuid4()),
        project_id=who.project_id,
        workspace_id=metadata.workspace_id or DEFAULT_WORKSPACE,
        name=metadata.name,
        description=metadata.description or "",
        user_id=who.user_id,
        user_name=who.user_name,
        document=draft.document,
        engine=draft.engine,
        code_dir=draft.body.job_config.code_dir or "",
        code_bytes=draft.code_bytes,
        code_tree=draft.code_tree,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )


def _document_of(ran: Mapping[str, Any]) -> dict[str, Any]:
    """What a job ran, `algorithm` of its request, in the form of an algorithm."""
    kept = ("code_dir", "boot_file", "command", "engine", "metrics")
    config: dict[str, Any] = {name: ran[name] for name in kept if ran.get(name)}
    config["parameters"] = [_parameter(parameter) for parameter in ran.get("parameters") or []]
    for kind in ("inputs", "outputs"):
        config[kind] = [
            {name: channel[name] for name in ("name", "description", "access_method") if channel.get(name)}
            for channel in ran.get(kind) or []
        ]
    config["parameters_customization"] = True
    policies = ran.get("policies") or {}
    return {"job_config": config, "advanced_config": {"auto_search": policies.get("auto_search")}}


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Without a description that an algorithm's hyperparameter may not have."""
    kept = {name: value for name, value in parameter.items() if value is not None}
    if not may_describe(kept.get("description", "")):
        del kept["description"]
    return kept


def _add(ctx: Services, who: Principal, algorithm: Algorithm) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, algorithm.workspace_id)
        uow.algorithms.add(algorithm)
        uow.commit()


def _read(ctx: Services, scope: Scope, algorithm_id: str) -> Algorithm:
    with ctx.units(scope, write=False) as uow:
        return uow.algorithms.get(algorithm_id)


def _check_may_change(ctx: Services, who: Principal, algorithm_id: str) -> None:
    """Before the body is looked at, as whoever may not change it need not hear what is wrong with it."""
    with ctx.units(scope_of(who), write=False) as uow:
        check_member(uow, who, uow.algorithms.get(algorithm_id).workspace_id)


def _read_job(ctx: Services, scope: Scope, job_id: str) -> Job:
    with ctx.units(scope, write=False) as uow:
        return uow.jobs.get(job_id)


def _search(ctx: Services, scope: Scope, query: AlgorithmQuery) -> tuple[int, int, tuple[Algorithm, ...]]:
    with ctx.units(scope, write=False) as uow:
        if query.workspace_id:
            uow.workspaces.get(query.workspace_id)
        return uow.algorithms.search(query)


def _change(ctx: Services, who: Principal, algorithm_id: str, draft: Draft) -> Algorithm:
    with ctx.units(scope_of(who)) as uow:
        old = uow.algorithms.get(algorithm_id)
        check_member(uow, who, old.workspace_id)
        fresh = _new_algorithm(draft, who, ctx.clock.now_ms())
        workspace_id = draft.body.metadata.workspace_id or old.workspace_id
        if workspace_id != old.workspace_id:
            with naming_fields(_CONFIG):
                check_member(uow, who, workspace_id)
        changed = replace(
            fresh,
            id=old.id,
            workspace_id=workspace_id,
            user_id=old.user_id,
            user_name=old.user_name,
            version=old.version + 1,
            created_at_ms=old.created_at_ms,
        )
        with naming_fields(_CONFIG):
            uow.algorithms.save(changed)
        uow.commit()
    return changed


def _delete(ctx: Services, who: Principal, algorithm_id: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        check_member(uow, who, uow.algorithms.get(algorithm_id).workspace_id)
        uow.algorithms.delete(algorithm_id)
        uow.commit()
