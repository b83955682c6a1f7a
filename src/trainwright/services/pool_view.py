"""Pools as the contract shows them (§11.3). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trainwright.catalog.flavors import Flavor
from trainwright.domain.demand import Demand
from trainwright.ports.pools import PUBLIC_POOL, Pool
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.wire.pools import (
    NAME_LABEL,
    WORKSPACE_LABEL,
    FlavorCount,
    PoolItem,
    PoolMetadata,
    PoolResourceItem,
    PoolResourcesState,
    PoolScopeState,
    PoolSpec,
    PoolStatus,
)

TRAIN = "Train"
NODE_POOL = "nodepool-default"
_KEPT_OF_SPEC = ("network", "driver", "preemption")


def stamp(at_ms: int) -> str:
    """`at_ms` as Kubernetes writes it: `2026-11-22T08:30:00Z`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pool_labels(pool: Pool) -> dict[str, str]:
    """Labels of a dedicated pool: those given, and ours."""
    given = pool.document.get("metadata", {}).get("labels", {})
    return {
        **given,
        NAME_LABEL: pool.name,
        WORKSPACE_LABEL: pool.workspace_id or DEFAULT_WORKSPACE,
        "os.modelarts/tenant.project.id": pool.project_id,
        "os.modelarts.pool/biz": "private",
    }


def pool_item(pool: Pool, flavors: Sequence[Flavor], *, deleted_at_ms: int = 0) -> PoolItem:
    """A dedicated pool."""
    spec = pool.document.get("spec", {})
    resources = [_resource(given["flavor"], given["count"]) for given in spec.get("resources", [])]
    scope = list(spec.get("scope", [TRAIN]))
    kept: dict[str, Any] = {key: spec[key] for key in _KEPT_OF_SPEC if isinstance(spec.get(key), dict)}
    return PoolItem(
        metadata=PoolMetadata(
            name=pool.id,
            creation_timestamp=stamp(pool.created_at_ms),
            deletion_timestamp=stamp(deleted_at_ms) if deleted_at_ms else None,
            labels=pool_labels(pool),
            annotations=dict(pool.document.get("metadata", {}).get("annotations", {})),
        ),
        spec=PoolSpec(
            type=spec.get("type", "Dedicate"),
            scope=scope,
            resources=resources,
            job_flavors=spec.get("jobFlavors") or fitting(flavors, pool.share),
            **kept,
        ),
        status=_status(pool.id, resources, scope, "Deleting" if deleted_at_ms else "Running"),
    )


def public_item(project_id: str, size: Demand, flavors: Sequence[Flavor]) -> PoolItem:
    """The public pool: as many nodes of the largest flavor that fits as there is room for."""
    resources = public_resources(size, flavors)
    return PoolItem(
        metadata=PoolMetadata(name=PUBLIC_POOL, labels=public_labels(project_id)),
        spec=PoolSpec(
            type="Dedicate", scope=[TRAIN], resources=resources, job_flavors=fitting(flavors, size)
        ),
        status=_status(PUBLIC_POOL, resources, [TRAIN], "Running"),
    )


def public_labels(project_id: str) -> dict[str, str]:
    """Labels of the public pool."""
    return {
        NAME_LABEL: PUBLIC_POOL,
        WORKSPACE_LABEL: DEFAULT_WORKSPACE,
        "os.modelarts/tenant.project.id": project_id,
        "os.modelarts.pool/biz": "public",
    }


def fixed_item(pool: Pool, flavors: Sequence[Flavor]) -> PoolItem:
    """A pool that the backend's configuration makes."""
    resources = public_resources(pool.share, flavors)
    return PoolItem(
        metadata=PoolMetadata(name=pool.id, labels=fixed_labels(pool)),
        spec=PoolSpec(
            type="Dedicate", scope=[TRAIN], resources=resources, job_flavors=fitting(flavors, pool.share)
        ),
        status=_status(pool.id, resources, [TRAIN], "Running"),
    )


def fixed_labels(pool: Pool) -> dict[str, str]:
    """Its labels."""
    return {**public_labels(pool.project_id), NAME_LABEL: pool.name}


def public_resources(size: Demand, flavors: Iterable[Flavor]) -> list[PoolResourceItem]:
    """The public pool in nodes of the largest flavor that fits into it."""
    fits = [flavor for flavor in flavors if Demand.of_task(flavor.resources).fits(size)]
    if not fits:
        return []
    largest = max(fits, key=_size)
    return [_resource(largest.id, how_many(Demand.of_task(largest.resources), size))]


def how_many(each: Demand, size: Demand) -> int:
    """How many of `each`, which takes some CPU and memory, fit into `size`."""
    counts = [size.millicpus // max(1, each.millicpus), size.memory_mib // max(1, each.memory_mib)]
    if each.accelerators:
        counts.append(size.accelerators // each.accelerators)
    return min(counts)


def fitting(flavors: Iterable[Flavor], size: Demand) -> list[str]:
    """Flavors of which one node at least fits."""
    return [flavor.id for flavor in flavors if Demand.of_task(flavor.resources).fits(size)]


def flavor_count(resources: Sequence[PoolResourceItem]) -> FlavorCount:
    """All nodes of a pool in one line, which is what the official client has room for."""
    count = sum(resource.count for resource in resources)
    names = ",".join(resource.flavor for resource in resources)
    return FlavorCount(flavor=names, count=count, max_count=count, node_pool=NODE_POOL)


def amounts(demand: Demand, accelerator_kind: str, keys: Mapping[str, str]) -> dict[str, str]:
    """`demand` as Kubernetes quantities; `keys` names the cards of each kind, which are left out where there are none
    of their kind.
    """
    said = {"cpu": cpu_quantity(demand), "memory": memory_quantity(demand)}
    return said | {key: str(demand.accelerators) for kind, key in keys.items() if kind == accelerator_kind}


def cpu_quantity(demand: Demand) -> str:
    """CPUs as Kubernetes writes them: `4`, `2500m`."""
    whole, rest = divmod(demand.millicpus, 1000)
    return f"{demand.millicpus}m" if rest else str(whole)


def memory_quantity(demand: Demand) -> str:
    """Memory as Kubernetes writes it: `8Gi`, `1500Mi`."""
    whole, rest = divmod(demand.memory_mib, 1024)
    return f"{demand.memory_mib}Mi" if rest else f"{whole}Gi"


def _resource(flavor_id: str, count: int) -> PoolResourceItem:
    return PoolResourceItem(flavor=flavor_id, count=count, max_count=count)


def _size(flavor: Flavor) -> tuple[int, int, int]:
    demand = Demand.of_task(flavor.resources)
    return demand.accelerators, demand.millicpus, demand.memory_mib


def _status(
    pool_id: str, resources: Sequence[PoolResourceItem], scope: Sequence[str], phase: str
) -> PoolStatus:
    states = [
        PoolScopeState(scope_type=kind, state="Enabled" if kind == TRAIN else "Disabled") for kind in scope
    ]
    return PoolStatus(
        phase=phase,
        resources=PoolResourcesState(available=flavor_count(resources)),
        scope=states,
        root=pool_id,
    )
