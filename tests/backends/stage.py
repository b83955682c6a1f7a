"""The local backend's decisions without its processes: a machine whose attempts end when a test says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.domain.builders import make_launch, make_role
from trainwright.backends.local.attempts import AttemptRun, new_run
from trainwright.backends.local.disk import Disk
from trainwright.backends.local.dispatch import Dispatch
from trainwright.backends.local.folders import RunFolders
from trainwright.backends.local.machine import Machine
from trainwright.backends.local.runtimes import RunTimes
from trainwright.backends.local.schedule import Room, divide
from trainwright.domain.demand import Demand
from trainwright.domain.specs import RoleSpec
from trainwright.ports.backend import Launch

NOWHERE = Path("/nowhere")


@dataclass
class HandClock:
    """Time by hand."""

    at_ms: int = 1_000_000

    def now_ms(self) -> int:
        """As set."""
        return self.at_ms


class Stage:
    """`passes` is what the backend's own loop does; everything else is what the world does to it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.clock = HandClock()
        self.attempts: dict[str, AttemptRun] = {}
        self.dispatch = Dispatch(self.attempts, RunTimes(NOWHERE / "run-times", Disk()), self.clock)
        self._folders = RunFolders(NOWHERE, Disk())
        self._sequence = 0

    def submit(
        self,
        *roles: RoleSpec,
        priority: int = 1,
        pool: str = "",
        preemptible: bool = False,
        urgent: bool = False,
        avoid: tuple[str, ...] = (),
        grace_s: int = 1,
    ) -> AttemptRun:
        """One more in the queue."""
        self._sequence += 1
        spec = make_launch(*(roles or (make_role(),))).model_copy(
            update={
                "job_id": f"j{self._sequence}",
                "priority": priority,
                "pool_id": pool,
                "preemptible": preemptible,
                "grace_s": grace_s,
            }
        )
        launch = Launch(f"j{self._sequence}-a1", 1, spec, "http://x", "t", urgent=urgent, avoid=avoid)
        attempt = new_run(launch, self._sequence, self._folders)
        self.attempts[attempt.key] = attempt
        self.dispatch.enter(attempt, self.machine)
        return attempt

    def passes(self) -> tuple[list[AttemptRun], list[AttemptRun]]:
        """One pass: those that were started, and those that were sent away."""
        started = self.dispatch.admit(self.machine)
        for attempt in started:
            for task in attempt.tasks:
                task.started = True
        return started, self.dispatch.preempt(self.machine)

    def end_task(self, attempt: AttemptRun, at: int) -> None:
        """One of its tasks has ended."""
        attempt.tasks[at].finished = True
        self._changed(attempt)

    def end(self, attempt: AttemptRun) -> None:
        """All its tasks have ended."""
        for task in attempt.tasks:
            task.finished = True
        self._changed(attempt)

    def stop(self, attempt: AttemptRun) -> None:
        """Its user stops it; what runs has still to end."""
        if attempt.is_queued:
            attempt.stop_grace_s = 1
            self.dispatch.leave_line(attempt)
            self._changed(attempt)
        elif not attempt.is_over:
            attempt.stop_grace_s = 1
            self.dispatch.changed()

    def _changed(self, attempt: AttemptRun) -> None:
        if attempt.is_over:
            self.dispatch.end(attempt)
        self.dispatch.changed()
        if attempt.is_over:
            del self.attempts[attempt.key]

    # -- what a test looks at

    def running(self) -> list[AttemptRun]:
        """All that hold something."""
        return [attempt for attempt in self.attempts.values() if attempt.admitted]

    def line(self, pool: str) -> list[AttemptRun]:
        """All that wait in a pool, in the order of the words of the rule: urgent, then priority, then arrival."""
        waiting = [a for a in self.attempts.values() if a.is_queued and a.pool == pool]
        return sorted(waiting, key=lambda a: (not a.launch.urgent, -a.priority, a.sequence))

    def held(self, but: Mapping[str, object] | None = None) -> dict[str, Demand]:
        """What runs in each pool, added up anew; without the keys in `but`."""
        held: dict[str, Demand] = {}
        for attempt in self.running():
            if attempt.key not in (but or {}):
                live = [task.demand for task in attempt.tasks if not task.finished]
                held[attempt.pool] = sum(live, held.get(attempt.pool, Demand()))
        return held

    def tasks(self, but: Mapping[str, object] | None = None) -> dict[str, list[Demand]]:
        """The same, task by task."""
        tasks: dict[str, list[Demand]] = {}
        for attempt in self.running():
            if attempt.key not in (but or {}):
                live = [task.demand for task in attempt.tasks if not task.finished]
                tasks.setdefault(attempt.pool, []).extend(live)
        return tasks

    def rooms(self, but: Mapping[str, object] | None = None) -> dict[str, Room]:
        """The pools' rooms as they are, or would be without some."""
        return divide(self.machine.total, self.dispatch.shares, self.held(but), self.tasks(but))
