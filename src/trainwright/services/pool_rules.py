"""What a dedicated pool may be asked to be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trainwright.catalog.catalogue import Catalogue
from trainwright.domain.demand import Demand
from trainwright.domain.errors import InvalidParam, PoolInUse, PoolTooLarge, TooManyPools
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Text
from trainwright.ports.pools import Pool
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.pool_view import TRAIN
from trainwright.wire.pools import (
    NAME_LABEL,
    POOL_NAME_MAX,
    WORKSPACE_LABEL,
    PoolChange,
    PoolRequest,
    PoolResourceRequest,
)

POOLS_MAX = 100
"""How many a project may have."""

TYPES = ("Dedicate", "Logical")
SCOPES = (TRAIN, "Infer", "Notebook")
_MOST = 2**62
_RUNS = (Phase.RUNNING, Phase.TERMINATING)

_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_BAD_NAME = Text(
    "it must be 1 to {most} characters, without blanks at its ends or control characters",
    "必须为 1 至 {most} 个字符，首尾不能有空格，不能含控制字符",
)
_NO_TRAINING = Text("it must include Train", "必须包含 Train")
_REPEATED = Text("flavor {flavor} is given twice", "规格 {flavor} 重复")
_NOT_ELASTIC = Text("it must be the same as count", "必须与 count 相同")
_FIXED = Text("it cannot be changed", "不可修改")
_TOO_MUCH = Text("it is more than any machine has", "超过任何机器的容量")
_AMOUNTS = {
    name: Text(
        f"{{{name}_cpus}} CPUs, {{{name}_memory_mib}} MiB of memory, {{{name}_accelerators}} accelerators",
        f"{{{name}_cpus}} 个 CPU、{{{name}_memory_mib}} MiB 内存、{{{name}_accelerators}} 张加速卡",
    )
    for name in ("asked", "free")
}


def check_request(request: PoolRequest, catalogue: Catalogue) -> None:
    """Raises what `services.pools.create_pool` says of the form."""
    _check_one("kind", request.kind, ("Pool",))
    _check_one("spec.type", request.spec.type, TYPES)
    _check_name(request.metadata.labels.get(NAME_LABEL, ""))
    _check_scope(request.spec.scope)
    _check_resources(request.spec.resources)
    _check_flavors(request.spec.job_flavors, catalogue)


def check_change(change: PoolChange, catalogue: Catalogue) -> None:
    """Raises what `services.pools.change_pool` says of the form."""
    if NAME_LABEL in change.metadata.labels:
        _check_name(change.metadata.labels[NAME_LABEL])
    if change.spec.scope is not None:
        _check_scope(change.spec.scope)
    _check_resources(change.spec.resources or ())
    _check_flavors(change.spec.job_flavors or (), catalogue)


def new_pool(
    request: PoolRequest,
    body: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    pool_id: str,
    project_id: str,
    now_ms: int,
) -> Pool:
    """The pool that a checked request asks for. Raises `FlavorNotFound`, `InvalidParam`."""
    share = _share(request.spec.resources, catalogue)
    return Pool(
        id=pool_id,
        project_id=project_id,
        workspace_id=request.metadata.labels.get(WORKSPACE_LABEL, ""),
        name=request.metadata.labels[NAME_LABEL],
        document={"metadata": body["metadata"], "spec": body["spec"]},
        millicpus=share.millicpus,
        memory_mib=share.memory_mib,
        accelerators=share.accelerators,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )


def changed_pool(
    pool: Pool, change: PoolChange, body: Mapping[str, Any], catalogue: Catalogue, now_ms: int
) -> Pool:
    """`pool` with a checked change. Raises `FlavorNotFound`, `InvalidParam`."""
    workspace_id = change.metadata.labels.get(WORKSPACE_LABEL)
    if workspace_id is not None and workspace_id != (pool.workspace_id or DEFAULT_WORKSPACE):
        raise InvalidParam(field=f"metadata.labels.{WORKSPACE_LABEL}", detail=_FIXED)
    document = {
        "metadata": {
            **pool.document["metadata"],
            "labels": {**pool.document["metadata"]["labels"], **change.metadata.labels},
            "annotations": {
                **pool.document["metadata"].get("annotations", {}),
                **change.metadata.annotations,
            },
        },
        "spec": {**pool.document["spec"], **_given(body.get("spec", {}))},
    }
    share = pool.share if change.spec.resources is None else _share(change.spec.resources, catalogue)
    return replace(
        pool,
        name=change.metadata.labels.get(NAME_LABEL, pool.name),
        document=document,
        millicpus=share.millicpus,
        memory_mib=share.memory_mib,
        accelerators=share.accelerators,
        updated_at_ms=now_ms,
    )


def check_number(pools: int) -> None:
    """Raises `TooManyPools` when no pool can be added to so many."""
    if pools >= POOLS_MAX:
        raise TooManyPools(limit=POOLS_MAX)


def check_room(share: Demand, taken: Demand, total: Demand) -> None:
    """Raises `PoolTooLarge` when `total` has no room for `share` beside what other pools have `taken`."""
    free = (total - taken).most(Demand())
    if not share.fits(free):
        raise PoolTooLarge(**_AMOUNTS, **_slots("asked", share), **_slots("free", free))


def check_empty(uow: UnitOfWork, pool: Pool) -> None:
    """Raises `PoolInUse` when unfinished jobs are in it."""
    jobs = uow.pools.count_unfinished(pool.id)
    if jobs:
        raise PoolInUse(pool=pool.id, jobs=jobs)


def check_use(uow: UnitOfWork, pool: Pool, share: Demand) -> None:
    """Raises `PoolInUse` when what runs in it does not fit into `share`, or something that waits never would."""
    running, after, needing = Demand(), "", 0
    while jobs := uow.pools.list_unfinished(pool.id, after=after):
        after = jobs[-1].id
        for job in jobs:
            asked = Demand.of_launch(job.launch)
            runs = job.phase in _RUNS
            running += asked if runs else Demand()
            needing += runs or not asked.fits(share)
            if not (running.fits(share) and asked.fits(share)):
                raise PoolInUse(pool=pool.id, jobs=needing)


def _share(resources: Sequence[PoolResourceRequest], catalogue: Catalogue) -> Demand:
    share = Demand()
    for given in resources:
        flavor = catalogue.get_flavor(given.flavor)
        share += Demand.of_task(flavor.resources).times(given.count)
    if max(share.millicpus, share.memory_mib, share.accelerators) > _MOST:
        raise InvalidParam(field="spec.resources", detail=_TOO_MUCH)
    return share


def _check_one(field: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidParam(field=field, detail=_ONE_OF, allowed=", ".join(allowed))


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= POOL_NAME_MAX or name != name.strip() or not name.isprintable():
        raise InvalidParam(field=f"metadata.labels.{NAME_LABEL}", detail=_BAD_NAME, most=POOL_NAME_MAX)


def _check_scope(scope: Sequence[str]) -> None:
    for kind in scope:
        _check_one("spec.scope", kind, SCOPES)
    if TRAIN not in scope:
        raise InvalidParam(field="spec.scope", detail=_NO_TRAINING)


def _check_resources(resources: Sequence[PoolResourceRequest]) -> None:
    seen: set[str] = set()
    for index, given in enumerate(resources):
        if given.flavor in seen:
            raise InvalidParam(field=f"spec.resources[{index}]", detail=_REPEATED, flavor=given.flavor)
        if given.max_count not in (None, given.count):
            raise InvalidParam(field=f"spec.resources[{index}].maxCount", detail=_NOT_ELASTIC)
        seen.add(given.flavor)


def _check_flavors(flavor_ids: Sequence[str], catalogue: Catalogue) -> None:
    for flavor_id in flavor_ids:
        catalogue.get_flavor(flavor_id)


def _given(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if value is not None}


def _slots(name: str, amount: Demand) -> dict[str, int | float]:
    return {
        f"{name}_cpus": amount.cpus,
        f"{name}_memory_mib": amount.memory_mib,
        f"{name}_accelerators": amount.accelerators,
    }
