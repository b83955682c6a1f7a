"""The machine with what runs on it. Changed on the event loop only."""

from collections import Counter
from collections.abc import Iterator

from trainwright.backends.local.attempts import AttemptRun
from trainwright.backends.local.machine import Machine
from trainwright.backends.local.preemption import Holder
from trainwright.domain.demand import Demand


class Floor:
    """Attempts that are admitted and not over."""

    def __init__(self) -> None:
        self._attempts: dict[str, AttemptRun] = {}

    def __len__(self) -> int:
        """How many run."""
        return len(self._attempts)

    def __iter__(self) -> Iterator[AttemptRun]:
        """All that run."""
        return iter(tuple(self._attempts.values()))

    def enter(self, attempt: AttemptRun) -> None:
        """It has been admitted."""
        self._attempts[attempt.key] = attempt

    def leave(self, attempt: AttemptRun) -> bool:
        """It is over; False when it is not here (any more)."""
        return self._attempts.pop(attempt.key, None) is not None

    def held(self) -> dict[str, Demand]:
        """What runs in each pool holds of the machine."""
        held: dict[str, Demand] = {}
        for attempt in self._attempts.values():
            held[attempt.pool] = held.get(attempt.pool, Demand()) + attempt.held
        return held

    def tasks(self) -> dict[str, list[Demand]]:
        """The same, task by task."""
        tasks: dict[str, list[Demand]] = {}
        for attempt in self._attempts.values():
            live = [task.demand for task in attempt.tasks if not task.finished]
            tasks.setdefault(attempt.pool, []).extend(live)
        return tasks

    def running(self) -> Counter[str]:
        """How many run in each pool."""
        return Counter(attempt.pool for attempt in self._attempts.values())

    def free(self, machine: Machine) -> Demand:
        """What of the machine nobody holds."""
        return machine.total - sum(self.held().values(), Demand())

    def holders(self) -> list[Holder]:
        """All of them as pre-emption looks at them."""
        return [attempt.holder for attempt in self._attempts.values()]

    def give_devices(self, machine: Machine, attempt: AttemptRun) -> None:
        """Choose accelerators that no task of another attempt still has."""
        taken = {
            device
            for other in self._attempts.values()
            for task in other.tasks
            if not task.finished
            for device in task.devices
        }
        free = [device for device in machine.accelerators if device not in taken]
        for task in attempt.tasks:
            count = task.resources.accelerators
            task.devices, free = tuple(free[:count]), free[count:]
