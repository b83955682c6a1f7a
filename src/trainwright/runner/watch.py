"""What is looked at every second while a command runs: its use of the machine, and the limits it must keep."""

from __future__ import annotations

import os
import time

from .accelerators import AcceleratorMeter
from .execute import memory_limit_mib
from .sampling import DiskMeter, Sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
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

    def _root(self) -> int:
        return self._task.running.pid if self._task.running is not None else 0

    def step(self) -> None:
        """One second's look."""
        now = time.monotonic()
        self._accelerators.step(now)
        values, rss = self._sampler.sample()
        self._check_disk(now)
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
