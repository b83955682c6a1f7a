"""Flavors: named sizes of node, given by an admin's file or derived from what the backend has."""

import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trainwright.catalog.aliases import Alias, find_repeated
from trainwright.catalog.engines import CatalogueError, parse_entry, read_entries
from trainwright.domain.demand import Demand
from trainwright.domain.specs import Resources
from trainwright.ports.backend import Capacity, Node
from trainwright.wire.catalogue import (
    AcceleratorInfo,
    Billing,
    CpuInfo,
    FlavorInfo,
    FlavorItem,
    NpuInfo,
    SizeInfo,
)

POOL_FLAVOR_PREFIX = "modelarts.pool.visual."
POOL_FLAVOR_CARDS = {"xlarge": 1, "2xlarge": 2, "4xlarge": 4, "8xlarge": 8, "16xlarge": 16}
OLD_SMALLEST = "modelarts.vm.cpu.2u"
_OLD_SMALLEST_CPUS = 2
FlavorType = Literal["CPU", "GPU", "Ascend"]
_MIB_PER_GIB = 1024


class Flavor(BaseModel):
    """A named size of node. `max_nodes`: how many of them one job may have. `processes`: how many an engine that starts
    one for each device (distributions ascend and mpi) starts on it; 0: one for each accelerator. `aliases`: names of
    other platforms' flavors that it stands in for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    name: str = ""
    resources: Resources
    max_nodes: int = Field(default=1, ge=1)
    accelerator_name: str = ""
    accelerator_memory: str = ""  # of one, such as 32GB
    processes: int = Field(default=0, ge=0, le=1024)
    aliases: tuple[Alias, ...] = ()

    @property
    def type(self) -> FlavorType:
        """CPU, GPU or Ascend, as the contract names them."""
        match self.resources.accelerator_kind:
            case "gpu":
                return "GPU"
            case "npu":
                return "Ascend"
            case _:
                return "CPU"

    def to_item(self) -> FlavorItem:
        """The flavor as the contract shows it."""
        return FlavorItem(
            flavor_id=self.id,
            flavor_name=self.name or self.id,
            flavor_type=self.type,
            max_num=self.max_nodes,
            billing=Billing(code=self.id, unit_num=1),
            flavor_info=self._info(),
            aliases=list(self.aliases),
        )

    def _info(self) -> FlavorInfo:
        have = self.resources
        name, memory = self.accelerator_name, self.accelerator_memory
        return FlavorInfo(
            max_num=self.max_nodes,
            cpu=CpuInfo(arch=platform.machine(), core_num=max(1, round(have.cpus))),
            gpu=AcceleratorInfo(unit_num=have.accelerators, product_name=name, memory=memory)
            if have.accelerator_kind == "gpu"
            else None,
            npu=NpuInfo(unit_num=str(have.accelerators), product_name=name, memory=memory)
            if have.accelerator_kind == "npu"
            else None,
            memory=SizeInfo(size=max(1, have.memory_mib // _MIB_PER_GIB)),
            disk=SizeInfo(size=max(1, have.disk_mib // _MIB_PER_GIB)) if have.disk_mib else None,
        )


def load_flavors(path: Path, capacity: Capacity, nodes: Sequence[Node] = ()) -> tuple[Flavor, ...]:
    """The flavors of an admin's file, a YAML list under `flavors`, in its order; those derived from `capacity` when
    there is no file at `path`.

    Raises:
        CatalogueError: the file cannot be read, or an entry is wrong or repeated.
    """
    if not path.exists():
        return derive_flavors(capacity, nodes)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CatalogueError(f"{path}: cannot be read: {exc}") from exc
    flavors: list[Flavor] = []
    for index, raw in enumerate(read_entries(text, "flavors", str(path))):
        flavor = parse_entry(Flavor, raw, f"{path}: flavors[{index}]")
        if any(flavor.id == other.id for other in flavors):
            raise CatalogueError(f"{path}: flavors[{index}].id: {flavor.id} is used twice")
        repeated = find_repeated(flavor.aliases, *((other.id, *other.aliases) for other in flavors))
        if repeated:
            raise CatalogueError(f"{path}: flavors[{index}].aliases: {repeated} is used twice")
        flavors.append(flavor)
    return tuple(flavors)


def pool_flavor(flavor_id: str, share: Demand, kind: Literal["gpu", "npu"]) -> Flavor | None:
    """The node that a generic size (`modelarts.pool.visual.2xlarge`: two cards) means in a dedicated pool with cards:
    CPUs and memory in proportion to its cards. None when there is no such size, or the pool has no cards.
    """
    cards = POOL_FLAVOR_CARDS.get(flavor_id.removeprefix(POOL_FLAVOR_PREFIX))
    if cards is None or not share.accelerators:
        return None
    part = min(1.0, cards / share.accelerators)
    return Flavor(
        id=flavor_id,
        resources=Resources(
            cpus=max(0.001, share.millicpus * part / 1000),
            memory_mib=max(1, int(share.memory_mib * part)),
            accelerators=cards,
            accelerator_kind=kind,
        ),
        max_nodes=max(1, share.accelerators // cards),
    )


def derive_flavors(capacity: Capacity, nodes: Sequence[Node] = ()) -> tuple[Flavor, ...]:
    """Flavors that fit the backend: `local.cpu.1u`, `2u`, … in powers of two up to all CPUs, and all CPUs;
    `local.gpu.1`, … (or `local.npu.1`) likewise when there are accelerators.

    Memory, disk and, for accelerator flavors, CPUs are the same share of the machine. `max_nodes` is how many fit.
    A machine of less than one CPU gives one flavor with all it has. `nodes`, where the backend has several: shares of
    the largest one, and as many as fit into all of them together. The largest CPU flavor of two CPUs at most stands in
    for ModelArts' `modelarts.vm.cpu.2u`.
    """
    if nodes:
        largest = max(
            (node.total for node in nodes), key=lambda has: (has.accelerators, has.cpus, has.memory_mib)
        )
        single = (*_standing_in(_cpu_flavors(largest)), *_accelerator_flavors(largest))
        return tuple(flavor.model_copy(update={"max_nodes": _fitting(flavor, nodes)}) for flavor in single)
    return (*_standing_in(_cpu_flavors(capacity.total)), *_accelerator_flavors(capacity.total))


def _standing_in(flavors: Iterable[Flavor]) -> Iterator[Flavor]:
    """`flavors`, one of them with the name of ModelArts' smallest."""
    made = list(flavors)
    small = [flavor for flavor in made if flavor.resources.cpus <= _OLD_SMALLEST_CPUS] or made[:1]
    chosen = max(small, key=lambda flavor: flavor.resources.cpus, default=None)
    for flavor in made:
        yield flavor.model_copy(update={"aliases": (OLD_SMALLEST,)}) if flavor is chosen else flavor


def _fitting(flavor: Flavor, nodes: Sequence[Node]) -> int:
    """How many nodes of this size there are room for; one at least."""
    need = Demand.of_task(flavor.resources)
    rooms = (Demand.of_task(node.total) for node in nodes)
    return max(1, sum(_times(need, room) for room in rooms))


def _times(need: Demand, room: Demand) -> int:
    times = [room.millicpus // need.millicpus, room.memory_mib // need.memory_mib]
    return min([*times, room.accelerators // need.accelerators] if need.accelerators else times)


def _cpu_flavors(total: Resources) -> Iterator[Flavor]:
    cpus = int(total.cpus)
    if not cpus:
        yield Flavor(id="local.cpu.1u", resources=_share(total, 1.0, accelerators=0))
        return
    for size in _sizes(cpus):
        yield Flavor(
            id=f"local.cpu.{size}u",
            resources=_share(total, size / cpus, accelerators=0).model_copy(update={"cpus": float(size)}),
            max_nodes=cpus // size,
        )


def _accelerator_flavors(total: Resources) -> Iterator[Flavor]:
    for size in _sizes(total.accelerators):
        yield Flavor(
            id=f"local.{total.accelerator_kind or 'gpu'}.{size}",
            resources=_share(total, size / total.accelerators, accelerators=size),
            max_nodes=total.accelerators // size,
        )


def _sizes(whole: int) -> list[int]:
    sizes = []
    size = 1
    while size < whole:
        sizes.append(size)
        size *= 2
    return [*sizes, whole] if whole else []


def _share(total: Resources, share: float, *, accelerators: int) -> Resources:
    return Resources(
        cpus=total.cpus * share,
        memory_mib=max(1, int(total.memory_mib * share)),
        accelerators=accelerators,
        accelerator_kind=(total.accelerator_kind or "gpu") if accelerators else "",
        disk_mib=int(total.disk_mib * share),
    )
