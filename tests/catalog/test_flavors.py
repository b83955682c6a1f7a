"""Flavors: derived from the machine, or an admin's file."""

from pathlib import Path
from typing import Literal

import pytest

from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import CatalogueError
from trainwright.catalog.flavors import (
    POOL_FLAVOR_CARDS,
    POOL_FLAVOR_PREFIX,
    Flavor,
    derive_flavors,
    load_flavors,
    pool_flavor,
)
from trainwright.domain.demand import Demand
from trainwright.domain.specs import Resources
from trainwright.ports.backend import Capacity


def capacity(
    cpus: float,
    memory_mib: int,
    accelerators: int = 0,
    kind: Literal["", "gpu", "npu"] = "",
    disk_mib: int = 0,
) -> Capacity:
    """A machine."""
    total = Resources(
        cpus=cpus,
        memory_mib=memory_mib,
        accelerators=accelerators,
        accelerator_kind=kind,
        disk_mib=disk_mib,
    )
    return Capacity(total, total, "process", "", 0, 0)


MACHINE = capacity(2, 2048)


def told(flavors: tuple[Flavor, ...]) -> list[tuple[str, float, int, int]]:
    """Id, CPUs, memory, nodes of each."""
    return [(f.id, f.resources.cpus, f.resources.memory_mib, f.max_nodes) for f in flavors]


def test_powers_of_two_up_to_the_whole_machine() -> None:
    """Guards sizes, proportional memory, and that several nodes are possible where they fit."""
    assert told(derive_flavors(capacity(6, 6000))) == [
        ("local.cpu.1u", 1, 1000, 6),
        ("local.cpu.2u", 2, 2000, 3),
        ("local.cpu.4u", 4, 4000, 1),
        ("local.cpu.6u", 6, 6000, 1),
    ]
    assert told(derive_flavors(capacity(1, 500))) == [("local.cpu.1u", 1, 500, 1)]


def test_a_fraction_of_a_cpu_is_still_a_flavor() -> None:
    """Guards containers with half a CPU."""
    assert told(derive_flavors(capacity(0.5, 512))) == [("local.cpu.1u", 0.5, 512, 1)]
    assert [flavor.id for flavor in derive_flavors(capacity(2.5, 512))] == ["local.cpu.1u", "local.cpu.2u"]


@pytest.mark.parametrize(("kind", "shown"), [("gpu", "GPU"), ("npu", "Ascend")])
def test_accelerators_take_their_share_of_the_machine(kind: Literal["gpu", "npu"], shown: str) -> None:
    """Guards GPU and NPU flavors beside the CPU ones, and the text unit_num of NPUs (§7.2)."""
    flavors = derive_flavors(capacity(8, 8192, 3, kind, disk_mib=3072))
    ours = [flavor for flavor in flavors if flavor.type == shown]
    assert [(f.id, f.resources.accelerators, f.max_nodes) for f in ours] == [
        (f"local.{kind}.1", 1, 3),
        (f"local.{kind}.2", 2, 1),
        (f"local.{kind}.3", 3, 1),
    ]
    item = ours[0].to_item().flavor_info
    assert (item.npu.unit_num if item.npu else item.gpu and item.gpu.unit_num) == (
        "1" if kind == "npu" else 1
    )
    assert item.disk is not None and item.disk.size == 1
    assert all(flavor.resources.accelerators == 0 for flavor in flavors if flavor.type == "CPU")


def test_an_admins_file(tmp_path: Path) -> None:
    """Guards the admin's list and how its mistakes are told."""
    file = tmp_path / "flavors.yaml"
    file.write_text(
        "flavors: [{id: big, name: Big, resources: {cpus: 2, memory_mib: 100}, max_nodes: 3}]",
        encoding="utf-8",
    )
    assert told(load_flavors(file, MACHINE)) == [("big", 2, 100, 3)]
    for text, words in (
        ("flavors: [{id: big}]", "flavors\\[0\\].resources"),
        ("flavors: [{id: big, resources: {cpus: 0, memory_mib: 1}}]", "flavors\\[0\\].resources.cpus"),
        ("{}", "list named flavors"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(CatalogueError, match=words):
            load_flavors(file, MACHINE)
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_flavors(tmp_path, MACHINE)
    assert load_flavors(tmp_path / "none.yaml", MACHINE) == derive_flavors(MACHINE)


def test_generic_sizes_of_a_pool_are_its_cards_with_their_share() -> None:
    """Guards `modelarts.pool.visual.*` (contract §3.5): 1, 2, 4, 8 and 16 cards, in pools that have cards."""
    share = Demand(millicpus=32_000, memory_mib=65_536, accelerators=8)
    found = [pool_flavor(f"{POOL_FLAVOR_PREFIX}{size}", share, "npu") for size in POOL_FLAVOR_CARDS]
    assert [
        (f.resources.accelerators, f.resources.cpus, f.resources.memory_mib, f.max_nodes)
        for f in found
        if f is not None
    ] == [(1, 4, 8192, 8), (2, 8, 16_384, 4), (4, 16, 32_768, 2), (8, 32, 65_536, 1), (16, 32, 65_536, 1)]
    assert {f.resources.accelerator_kind for f in found if f is not None} == {"npu"}
    assert pool_flavor("modelarts.pool.visual.3xlarge", share, "gpu") is None
    assert pool_flavor("modelarts.pool.visual.xlarge", Demand(1000, 1024, 0), "gpu") is None


@pytest.mark.parametrize(("cpus", "flavor"), [(0.5, "1u"), (1, "1u"), (2, "2u"), (3, "2u"), (8, "2u")])
def test_modelarts_smallest_flavor_stands_for_two_cpus_or_the_largest_below(cpus: float, flavor: str) -> None:
    """Guards the flavor that the SDK's printed examples name, on any machine."""
    catalogue = Catalogue(engines=(), flavors=derive_flavors(capacity(cpus, 4096)))
    assert catalogue.get_flavor("modelarts.vm.cpu.2u").id == f"local.cpu.{flavor}"
    assert sum(len(made.aliases) for made in catalogue.flavors) == 1


def test_an_admins_flavor_may_have_aliases_of_its_own(tmp_path: Path) -> None:
    """Guards the field in the file, and that two flavors cannot stand for the same."""
    file = tmp_path / "flavors.yaml"
    resources = "resources: {cpus: 1, memory_mib: 10}"
    entry = f"{{id: %s, {resources}, aliases: [modelarts.vm.gpu.*]}}"
    file.write_text(f"flavors: [{entry % 'a'}]")
    (flavor,) = load_flavors(file, MACHINE)
    assert Catalogue(engines=(), flavors=(flavor,)).get_flavor("modelarts.vm.gpu.p100") is flavor
    file.write_text(f"flavors: [{entry % 'a'}, {entry % 'b'}]")
    with pytest.raises(CatalogueError, match=r"flavors\[1\].aliases: modelarts.vm.gpu.\* is used twice"):
        load_flavors(file, MACHINE)
