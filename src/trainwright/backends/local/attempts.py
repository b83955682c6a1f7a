"""The attempts in memory: what runs, what waits, what has ended. Changed on the event loop only."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from trainwright.backends.local.folders import RunFolders
from trainwright.backends.local.preemption import Holder
from trainwright.backends.local.schedule import Waiting
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources
from trainwright.ports.backend import Launch


@dataclass
class TaskRun:
    """One task of an admitted attempt.

    `news` wakes the coroutine that cares for it: its supervisor has ended, or a stop was asked for. Times are the event
    loop's. `starts` are those of its supervisor within the restart window. `inherited`: a former server may have
    started a supervisor too. `own_end`: it is known to have ended for another reason than that it was sent away.
    """

    name: str
    folder: Path
    resources: Resources
    devices: tuple[int, ...] = ()
    cgroup: str = ""
    inherited: bool = False
    started: bool = False
    finished: bool = False
    reason: Reason | None = None
    detail: str = ""
    abandoned: bool = False
    own_end: bool = False
    stop_told: bool = False
    kill_at: float | None = None
    starting_polls: int = 0
    starts: deque[float] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def demand(self) -> Demand:
        """What it takes of the machine."""
        return Demand.of_task(self.resources)


@dataclass
class AttemptRun:
    """One accepted attempt. `rejected` says why it can never start here; `stop_grace_s` None: no stop asked.

    `priority` is that of the launch, or what it was changed to. `barred`: it must not run on this machine.
    `preempted_by` names the one that it was sent away for; it is stopped then, too.
    """

    launch: Launch
    sequence: int
    tasks: tuple[TaskRun, ...]
    priority: int
    demand: Demand
    admitted: bool = False
    admitted_at_ms: int = 0
    rejected: str = ""
    stop_grace_s: int | None = None
    barred: bool = False
    preempted_by: str = ""

    @property
    def key(self) -> str:
        """The attempt's key."""
        return self.launch.key

    @property
    def job_id(self) -> str:
        """The job it belongs to."""
        return self.launch.spec.job_id

    @property
    def pool(self) -> str:
        """The pool it is in; empty: the public one."""
        return self.launch.spec.pool_id

    @property
    def waiting(self) -> Waiting:
        """Its entry in the queue."""
        return Waiting(
            key=self.key,
            priority=self.priority,
            sequence=self.sequence,
            demand=self.demand,
            pool=self.pool,
            urgent=self.launch.urgent,
            barred=self.barred,
        )

    @property
    def holder(self) -> Holder:
        """Its entry among what runs."""
        return Holder(
            key=self.key,
            priority=self.priority,
            started=self.admitted_at_ms,
            held=self.held,
            pool=self.pool,
            preemptible=self.launch.spec.preemptible,
            leaving=self.stop_grace_s is not None,
        )

    @property
    def is_queued(self) -> bool:
        """Whether it still hopes to start."""
        return not (self.admitted or self.rejected or self.stop_grace_s is not None)

    @property
    def is_over(self) -> bool:
        """Whether no process of it is left and none will come."""
        if self.admitted:
            return all(task.finished for task in self.tasks)
        return not self.is_queued

    @property
    def held(self) -> Demand:
        """What it keeps of the machine: a task that has ended gives its part back at once."""
        if not self.admitted:
            return Demand()
        live = [task.demand for task in self.tasks if not task.finished]
        return self.demand if len(live) == len(self.tasks) else sum(live, Demand())

    def observe(self, wait: Note | None) -> Observation:
        """Its state as the port says it; `wait` is why it is queued, should it be."""
        if self.is_queued:
            return Observation(RunState.QUEUED, wait=wait)
        if self.rejected:
            return Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail=self.rejected)
        if self.is_over:
            return self._ended()
        if all(task.started or task.finished for task in self.tasks):
            return Observation(RunState.RUNNING)
        return Observation(RunState.STARTING)

    def _ended(self) -> Observation:
        lost = next((task for task in self.tasks if task.reason is not None), None)
        if lost is not None:
            return Observation(RunState.EXITED, reason=lost.reason, detail=f"{lost.name}: {lost.detail}")
        if self.preempted_by and not all(task.own_end for task in self.tasks):
            return Observation(RunState.EXITED, reason=Reason.PREEMPTED, detail=self.preempted_by)
        return Observation(RunState.EXITED)


def new_run(launch: Launch, sequence: int, folders: RunFolders) -> AttemptRun:
    """An accepted attempt that waits."""
    tasks = tuple(
        TaskRun(name, folders.task_folder(launch.key, name), role.resources)
        for role in launch.spec.roles
        for name in role.task_names()
    )
    return AttemptRun(launch, sequence, tasks, launch.spec.priority, Demand.of_launch(launch.spec))
