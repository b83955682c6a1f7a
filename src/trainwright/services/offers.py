"""What the platform offers: engines, flavors, backends."""

import json
import platform

from trainwright.catalog.flavors import POOL_FLAVOR_PREFIX, Flavor, pool_flavor
from trainwright.domain.demand import Demand
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.specs import Resources
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL
from trainwright.services.context import Services
from trainwright.services.nodes import PLACE
from trainwright.services.pool_view import TRAIN, cpu_quantity, memory_quantity
from trainwright.services.pools import probe, probe_shares, read_pool
from trainwright.services.selectors import page, parse_selector
from trainwright.wire.catalogue import (
    BackendItem,
    BackendsResponse,
    EngineItem,
    EnginesResponse,
    FlavorsResponse,
    ImageInfo,
    MaxResourcesResponse,
    ResourceAmounts,
)
from trainwright.wire.nodes import (
    ResourceFlavorCards,
    ResourceFlavorItem,
    ResourceFlavorMetadata,
    ResourceFlavorSpec,
    ResourceFlavorsResponse,
    ResourceFlavorStatus,
    ResourceFlavorVolume,
)

_MIB_PER_GIB = 1024
_ARCHITECTURES = {"x86_64": "x86", "aarch64": "arm64"}
FLAVOR_TYPES = ("CPU", "GPU", "Ascend")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")


def list_engines(ctx: Services) -> EnginesResponse:
    """All engines of the catalogue."""
    items = [
        EngineItem(
            engine_id=engine.id,
            engine_name=engine.name,
            engine_version=engine.version,
            image_info=ImageInfo(
                cpu_image_url=engine.image, image_version=engine.version if engine.image else ""
            ),
            description=engine.description,
            requirements=list(engine.requirements),
            aliases=list(engine.aliases),
        )
        for engine in ctx.catalogue.engines
    ]
    return EnginesResponse(total=len(items), items=items)


def list_flavors(ctx: Services, flavor_type: str = "") -> FlavorsResponse:
    """All flavors, or those of one type (CPU, GPU, Ascend). Every engine runs on each.

    Raises:
        InvalidQuery: an unknown type.
    """
    if flavor_type and flavor_type not in FLAVOR_TYPES:
        raise InvalidQuery(field="flavor_type", detail=_ONE_OF, allowed=", ".join(FLAVOR_TYPES))
    common = {
        "support_engines": json.dumps([engine.id for engine in ctx.catalogue.engines]),
        "pool_id": PUBLIC_POOL,
    }
    chosen = [
        flavor.to_item().model_copy(update=common)
        for flavor in ctx.catalogue.flavors
        if not flavor_type or flavor.type == flavor_type
    ]
    return FlavorsResponse(total_count=len(chosen), flavors=chosen)


async def show_max_resources(
    ctx: Services, who: Principal, flavor_id: str, pool_id: str
) -> MaxResourcesResponse:
    """What one node of a flavor, or of a generic size, has in a pool.

    Raises:
        FlavorNotFound: there is no such flavor, or the pool has no node of that size.
        PoolNotFound: there is no such pool, or the caller does not see it.
    """
    pool = await read_pool(ctx, who, pool_id)
    sized = None
    if pool.id and flavor_id.startswith(POOL_FLAVOR_PREFIX):
        sized = pool_flavor(flavor_id, pool.share, ctx.catalogue.accelerator_kind)
    flavor = sized or ctx.catalogue.get_flavor(flavor_id)
    have = Demand.of_task(flavor.resources)
    if pool.id:
        have = have.least(pool.share)
    return MaxResourcesResponse(
        cpu_core_num=max(1, round(have.cpus)), mem_size=max(1, have.memory_mib // _MIB_PER_GIB)
    )


async def list_resource_flavors(
    ctx: Services, *, selector: str = "", after: str = "", limit: int = 0
) -> ResourceFlavorsResponse:
    """One page of the flavors that pools are made of, with whether one more node of each can be had.

    Raises:
        InvalidQuery: the selector is not one.
        BackendUnavailable: the backend does not answer.
    """
    selects = parse_selector(selector)
    left = (await probe_shares(ctx))[""].size
    flavors = [
        (f"{number:06}", _resource_flavor(flavor, left))
        for number, flavor in enumerate(ctx.catalogue.flavors)
    ]
    items, meta = page([pair for pair in flavors if selects(pair[1].metadata.labels)], after, limit)
    return ResourceFlavorsResponse(metadata=meta, items=items)


def _resource_flavor(flavor: Flavor, left: Demand) -> ResourceFlavorItem:
    have, kind = flavor.resources, flavor.resources.accelerator_kind
    cards = ResourceFlavorCards(
        type=flavor.accelerator_name or kind,
        size=str(have.accelerators),
        memory=flavor.accelerator_memory,
        card=str(have.accelerators),
        chip=str(have.accelerators),
    )
    disk_gib = have.disk_mib // _MIB_PER_GIB
    machine = platform.machine()
    return ResourceFlavorItem(
        metadata=ResourceFlavorMetadata(name=flavor.id, labels={"os.modelarts/scope": TRAIN}),
        spec=ResourceFlavorSpec(
            cpu_arch=_ARCHITECTURES.get(machine, machine),
            cpu=cpu_quantity(Demand.of_task(have)),
            memory=memory_quantity(Demand.of_task(have)),
            gpu=cards if have.accelerators and kind == "gpu" else None,
            npu=cards if have.accelerators and kind == "npu" else None,
            data_volume=[ResourceFlavorVolume(volume_type="SSD", size=f"{disk_gib}Gi")] if disk_gib else [],
            billing_modes=[0],
            billing_code=flavor.id,
            job_flavors=[flavor.id],
        ),
        status=ResourceFlavorStatus(
            phase={PLACE: "normal" if Demand.of_task(have).fits(left) else "soldout"}
        ),
    )


async def list_backends(ctx: Services) -> BackendsResponse:
    """The backend with its present capacity and the launcher in force.

    Raises:
        BackendUnavailable: it does not answer.
    """
    capacity = await probe(ctx)
    item = BackendItem(
        name=ctx.backend.name,
        launcher=capacity.launcher,
        launcher_note=capacity.launcher_note,
        total=_amounts(capacity.total),
        free=_amounts(capacity.free),
        queued=capacity.queued,
        running=capacity.running,
    )
    return BackendsResponse(backends=[item])


def _amounts(resources: Resources) -> ResourceAmounts:
    return ResourceAmounts(
        cpus=resources.cpus,
        memory_mib=resources.memory_mib,
        accelerators=resources.accelerators,
        accelerator_kind=resources.accelerator_kind,
        disk_mib=resources.disk_mib,
    )
