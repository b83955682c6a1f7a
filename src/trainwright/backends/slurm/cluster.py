"""What the cluster is made of, as far as jobs are concerned. Pure over what Slurm said."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from trainwright.backends.slurm.parsing import NodeRow, PartitionRow
from trainwright.backends.slurm.script import Part, cpus_of, parts_of
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.domain.demand import Demand
from trainwright.domain.specs import LaunchSpec, Resources
from trainwright.ports.backend import FixedPool, Node


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes and partitions at one moment."""

    settings: SlurmSettings
    nodes: tuple[NodeRow, ...] = ()
    partitions: tuple[PartitionRow, ...] = ()

    def members(self, partition: str) -> list[NodeRow]:
        """The nodes of a partition."""
        return [row for row in self.nodes if partition in row.partitions]

    def max_minutes(self, partition: str) -> int:
        """The longest time a job may have there; 0: any."""
        return next((row.max_minutes for row in self.partitions if row.name == partition), 0)

    def known(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that are nodes, in order."""
        have = {row.name for row in self.nodes}
        return tuple(sorted(name for name in set(names) if name in have))

    def lost(self, names: Collection[str]) -> tuple[str, ...]:
        """Those of `names` that are away."""
        return tuple(row.name for row in self.nodes if row.name in names and row.is_lost)

    @property
    def kind(self) -> str:
        """The kind of accelerator that most of the public pool has; empty: none."""
        kinds = self.settings.accelerators
        counts = {
            kind: sum(row.gres.get(gres, 0) for row in self.members(self.settings.partition))
            for kind, gres in kinds.items()
        }
        best = max(counts, key=lambda kind: counts[kind], default="")
        return best if best and counts[best] else ""

    def total(self, rows: Iterable[NodeRow], kind: str) -> Demand:
        """All that these nodes have."""
        return sum((self._has(row, kind) for row in rows), Demand())

    def free(self, rows: Iterable[NodeRow], kind: str) -> Demand:
        """What is free on those of them that can be used."""
        return sum((self._free(row, kind) for row in rows if row.is_usable), Demand())

    def resources(self, amount: Demand, kind: str) -> Resources:
        """An amount as the port says it. Nothing free is a valid answer, so the checks of a demand are not made."""
        return Resources.model_construct(
            cpus=amount.millicpus / 1000,
            memory_mib=amount.memory_mib,
            accelerators=amount.accelerators,
            accelerator_kind="npu" if kind == "npu" else "gpu" if kind and amount.accelerators else "",
        )

    def never_fits(self, spec: LaunchSpec) -> str:
        """Why a launch can never run here, were all nodes free and well; empty: it can."""
        partition = self.settings.base_partition(spec.pool_id)
        if partition is None:
            return f"there is no pool {spec.pool_id!r} on the cluster"
        rows = self.members(partition)
        if not rows:
            return ""  # the partition is being changed, or hidden from us: Slurm has the last word
        parts = self.layout(spec)
        for resources, count in parts:
            need = self._needed(resources)
            room = sum(self._times(need, self._has(row, resources.accelerator_kind)) for row in rows)
            if room < count:
                return (
                    f"{count} tasks of {cpus_of(resources)} CPUs, {resources.memory_mib} MiB of memory and"
                    f" {resources.accelerators} accelerators each; partition {partition} has room for {room}"
                    f" on its {len(rows)} nodes"
                )
        asked = Demand.of_launch(spec)
        has = self.total(rows, next((r.accelerator_kind for r, _ in parts if r.accelerators), ""))
        if not asked.fits(has):
            return f"{asked.cpus} CPUs in all; partition {partition} has {has.cpus} on its {len(rows)} nodes"
        return ""

    def layout(self, spec: LaunchSpec) -> list[Part]:
        """The parts of the job. Slurm never puts two parts of one job on the same node: where nodes are too few for
        that, all tasks are given what the largest one needs, and are one part.
        """
        parts = parts_of(spec)
        kinds = {resources.accelerator_kind for resources, _ in parts if resources.accelerators}
        partition = self.settings.base_partition(spec.pool_id) or ""
        if len(parts) == 1 or len(kinds) > 1 or self._apart(parts, self.members(partition)):
            return parts
        largest = Resources(
            cpus=max(resources.cpus for resources, _ in parts),
            memory_mib=max(resources.memory_mib for resources, _ in parts),
            accelerators=max(resources.accelerators for resources, _ in parts),
            accelerator_kind=kinds.pop() if kinds else "",
        )
        return [(largest, sum(count for _, count in parts))]

    def _apart(self, parts: list[Part], rows: list[NodeRow]) -> bool:
        """Whether each part can have nodes of its own, the pickiest part choosing first."""

        def room(row: NodeRow, resources: Resources) -> int:
            return self._times(self._needed(resources), self._has(row, resources.accelerator_kind))

        left = list(rows)
        for resources, count in sorted(parts, key=lambda part: sum(room(row, part[0]) > 0 for row in rows)):
            chosen = sorted(left, key=lambda row: -room(row, resources))
            while count > 0 and chosen:
                row = chosen.pop(0)
                count -= room(row, resources)
                left.remove(row)
            if count > 0:
                return False
        return True

    def describe(self, isolated: Collection[str]) -> list[Node]:
        """All nodes of our partitions, by name."""
        pools = {"": self.settings.partition} | {id_: p.partition for id_, p in self.settings.pools.items()}
        found = []
        for row in sorted(self.nodes, key=lambda row: row.name):
            member = tuple(pool for pool, partition in pools.items() if partition in row.partitions)
            if not member:
                continue
            kind = self._kind_of(row)
            note = "" if row.is_usable else f"{row.state.lower()}{': ' if row.reason else ''}{row.reason}"
            found.append(
                Node(
                    name=row.name,
                    total=self.resources(self._has(row, kind), kind),
                    free=self._free(row, kind) if row.is_usable and row.name not in isolated else Demand(),
                    ip=row.address if row.address != row.name else "",
                    pools=member,
                    healthy=row.is_usable,
                    note=note,
                )
            )
        return found

    def fixed_pools(self) -> list[FixedPool]:
        """All but the public one."""
        pools: Mapping[str, str] = {id_: pool.partition for id_, pool in self.settings.pools.items()}
        found = []
        for id_, partition in pools.items():
            rows = self.members(partition)
            kinds = [kind for row in rows if (kind := self._kind_of(row))]
            size = self.total(rows, kinds[0] if kinds else "")
            found.append(FixedPool(id_, self.settings.pools[id_].title or partition, size))
        return found

    def _kind_of(self, row: NodeRow) -> str:
        kinds = self.settings.accelerators
        return next((kind for kind, gres in kinds.items() if row.gres.get(gres, 0)), "")

    def _has(self, row: NodeRow, kind: str) -> Demand:
        gres = self.settings.accelerators.get(kind, kind)
        return Demand(row.cpus * 1000, row.memory_mib, row.gres.get(gres, 0) if gres else 0)

    def _free(self, row: NodeRow, kind: str) -> Demand:
        gres = self.settings.accelerators.get(kind, kind)
        used = row.gres_used.get(gres, 0) if gres else 0
        taken = Demand(row.cpus_used * 1000, row.memory_used_mib, used)
        return (self._has(row, kind) - taken).most(Demand())

    def _needed(self, resources: Resources) -> Demand:
        return Demand(cpus_of(resources) * 1000, resources.memory_mib, resources.accelerators)

    def _times(self, need: Demand, room: Demand) -> int:
        """How many such tasks fit into `room`."""
        pairs = (
            (need.millicpus, room.millicpus),
            (need.memory_mib, room.memory_mib),
            (need.accelerators, room.accelerators),
        )
        return min(have // asked for asked, have in pairs if asked)
