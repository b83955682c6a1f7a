"""What is looked at every second while a command runs: its use of the machine, the limits it must keep, and whether it
is quiet.
"""

from __future__ import annotations

import os
import time

from .accelerators import AcceleratorMeter
from .execute import memory_limit_mib
from .quiet import SLEEP, QuietMeter, asleep, blocked
from .sampling import DiskMeter, Sampler
from .stacks import Looker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .quiet import Movement
    from .samples import SampleBuffer
    from .task import Task

_DISK_S = 5.0
_LOOK_CLOSER = 0.9  # of the memory limit: from there on shared pages are told apart, which is dear
_ABSENT = dict.fromkeys(("gpuUtil", "gpuMemUsage", "npuUtil", "npuMemUsage"), -1.0)


class Watch:
    """Samples the task and kills its command when it goes beyond memory or disk."""

    def __init__(self, task: Task, buffer: SampleBuffer) -> None:
        resources = task.order["resources"]
        self._task = task
        self._buffer = buffer
        self._limit_mib = memory_limit_mib(task)
        self._enforce = bool(task.launch.get("memory_limit_mib")) and not task.launch.get("cgroup")
        self._disk_limit_mib = int(task.launch.get("disk_limit_mib") or 0)
        self._sampler = Sampler(self._root, cpus=float(resources["cpus"]), memory_mib=self._limit_mib)
        without = [task.places.real(folder["local_path"]) for folder in task.order["inputs"]]
        self._disk = DiskMeter(task.rundir.root, without)
        self._accelerators = AcceleratorMeter(resources, os.environ)
        self._quiet = QuietWatch(task) if task.order.get("quiet") else None

    def _root(self) -> int:
        return self._task.running.pid if self._task.running is not None else 0

    def step(self) -> None:
        """One second's look."""
        now = time.monotonic()
        self._accelerators.step(now)
        if self._accelerators.errors is not None and "gpu" not in self._task.state.facts:
            self._task.state.facts["gpu"] = {"errors": self._accelerators.errors}
            self._task.state.save()
        values, rss = self._sampler.sample()
        self._check_disk(now)
        if self._quiet is not None:
            self._quiet.step(now, self._sampler.moved, self._accelerators)
        if not self._root():
            return
        self._buffer.add(
            int(time.time()),
            {**_ABSENT, **values, **self._accelerators.values, "diskBytes": float(self._disk.bytes)},
        )
        limit = self._limit_mib << 20
        if self._enforce and rss > limit * _LOOK_CLOSER and self._sampler.pss_bytes() > limit:
            self._kill("memory")

    def _check_disk(self, now: float) -> None:
        if self._disk.step(now, _DISK_S) and 0 < self._disk_limit_mib << 20 < self._disk.bytes:
            self._kill("disk")

    def _kill(self, cause: str) -> None:
        if self._task.running is not None:
            self._task.running.kill(cause)

    def close(self) -> None:
        """End what it started."""
        self._accelerators.close()
        if self._quiet is not None:
            self._quiet.close()


class QuietWatch:
    """Tells the reporter for how long the user's command has been quiet."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._meter: QuietMeter | None = None
        self._root = 0
        self._looker = Looker(str(task.launch.get("py_spy") or ""))
        self._looked_at = 0.0

    def step(self, now: float, moved: Movement, accelerators: AcceleratorMeter) -> None:
        """One second's look. Only the command itself counts, not what the runner does before and after it."""
        running = self._task.running
        root = running.pid if running is not None and running.step.startswith("command") else 0
        if root != self._root or self._meter is None:
            self._root = root
            sighted = bool(self._task.launch.get("py_spy"))
            self._meter = QuietMeter(self._task.order["quiet"], now, sighted=sighted)
            self._task.reporter.activity = None
        if not root:
            return
        full = self._meter.observe(now, moved, accelerators.utilisation)
        self._look(now, self._meter)
        if full:
            self._tell(now, self._meter, accelerators.kind)

    def _look(self, now: float, meter: QuietMeter) -> None:
        seen = self._looker.result()
        if seen is not None:
            meter.looked(now, seen)
        if meter.wants_look(now) and now - self._looked_at >= meter.look_every_s:
            self._looked_at = now
            self._looker.begin(self._root)

    def _tell(self, now: float, meter: QuietMeter, kind: str) -> None:
        """What goes through all of the tree is done only when the numbers say that it is quiet."""
        quiet_s = int(meter.quiet_s(now))
        if quiet_s and blocked(self._root):
            meter.moved(now)
            quiet_s = 0
        if quiet_s:
            measure = kind if meter.measures_device else "cpu"
            measure = SLEEP if asleep(self._root) else measure
            self._task.reporter.activity = {"quiet_s": quiet_s, "measure": measure}
        elif self._task.reporter.activity is not None:
            self._task.reporter.activity = {"quiet_s": 0, "measure": ""}

    def close(self) -> None:
        """End what it started; nothing is told any more."""
        self._looker.close()
        self._task.reporter.activity = None
