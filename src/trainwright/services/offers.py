"""What the platform offers: engines, flavors, backends."""

from trainwright.domain.errors import BackendUnavailable, InvalidQuery
from trainwright.domain.specs import Resources
from trainwright.domain.texts import Text
from trainwright.ports.backend import BackendError
from trainwright.services.context import Services
from trainwright.wire.catalogue import (
    BackendItem,
    BackendsResponse,
    EngineItem,
    EnginesResponse,
    FlavorsResponse,
    ImageInfo,
    ResourceAmounts,
)

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
        )
        for engine in ctx.catalogue.engines
    ]
    return EnginesResponse(total=len(items), items=items)


def list_flavors(ctx: Services, flavor_type: str | None = None) -> FlavorsResponse:
    """All flavors, or those of one type (CPU, GPU, Ascend).

    Raises:
        InvalidQuery: an unknown type.
    """
    if flavor_type and flavor_type not in FLAVOR_TYPES:
        raise InvalidQuery(field="flavor_type", detail=_ONE_OF, allowed=", ".join(FLAVOR_TYPES))
    chosen = [f.to_item() for f in ctx.catalogue.flavors if not flavor_type or f.type == flavor_type]
    return FlavorsResponse(total_count=len(chosen), flavors=chosen)


async def list_backends(ctx: Services) -> BackendsResponse:
    """The backend with its present capacity and the launcher in force.

    Raises:
        BackendUnavailable: it does not answer.
    """
    try:
        capacity = await ctx.backend.probe()
    except BackendError as exc:
        raise BackendUnavailable(backend=ctx.backend.name, detail=str(exc)) from exc
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
