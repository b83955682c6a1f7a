"""Amounts of a machine, to be added and compared."""

from dataclasses import dataclass
from typing import Self

from trainwright.domain.specs import LaunchSpec, Resources


@dataclass(frozen=True, slots=True)
class Demand:
    """An amount of a machine. CPUs are counted in thousandths, so that sums stay exact."""

    millicpus: int = 0
    memory_mib: int = 0
    accelerators: int = 0

    def __add__(self, other: "Demand") -> "Demand":
        return Demand(
            self.millicpus + other.millicpus,
            self.memory_mib + other.memory_mib,
            self.accelerators + other.accelerators,
        )

    def __sub__(self, other: "Demand") -> "Demand":
        return Demand(
            self.millicpus - other.millicpus,
            self.memory_mib - other.memory_mib,
            self.accelerators - other.accelerators,
        )

    def times(self, count: int) -> "Demand":
        """`count` of it."""
        return Demand(self.millicpus * count, self.memory_mib * count, self.accelerators * count)

    def fits(self, room: "Demand") -> bool:
        """Whether `room` has enough of everything."""
        return (
            self.millicpus <= room.millicpus
            and self.memory_mib <= room.memory_mib
            and self.accelerators <= room.accelerators
        )

    def least(self, other: "Demand") -> "Demand":
        """The smaller of the two amounts, kind by kind."""
        return Demand(
            min(self.millicpus, other.millicpus),
            min(self.memory_mib, other.memory_mib),
            min(self.accelerators, other.accelerators),
        )

    def most(self, other: "Demand") -> "Demand":
        """The larger of the two amounts, kind by kind."""
        return Demand(
            max(self.millicpus, other.millicpus),
            max(self.memory_mib, other.memory_mib),
            max(self.accelerators, other.accelerators),
        )

    @classmethod
    def of_task(cls, resources: Resources) -> Self:
        """What one task takes. The kind of accelerator is not looked at."""
        return cls(round(resources.cpus * 1000), resources.memory_mib, resources.accelerators)

    @classmethod
    def of_launch(cls, spec: LaunchSpec) -> "Demand":
        """What all tasks of a launch take together."""
        roles = (cls.of_task(role.resources).times(role.replicas) for role in spec.roles)
        return sum(roles, Demand())

    @property
    def cpus(self) -> int | float:
        """CPUs as a person writes them: 4, 0.5."""
        return self.millicpus // 1000 if self.millicpus % 1000 == 0 else self.millicpus / 1000
