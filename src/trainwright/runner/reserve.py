"""Keeps a task's environment after a failure, so that somebody can look around in it (`runner.pyz enter`)."""

from __future__ import annotations

import os
import time

from . import procfs
from .running import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .task import Task

STEP = "reserve"
_LOOK_S = 0.5
_NOT_KEPT = frozenset(("precheck_failed", "hardware_fault", "runner_lost", "storage_unavailable"))


def hold(task: Task, found: dict[str, Any]) -> None:
    """Keep the environment of a task that ended as `found` until it is released, stopped, or `reserve_s` are over;
    they count from the first call, over restarts of the supervisor.

    What is kept is a process that does nothing, started as the command was: it has the task's files, environment and
    namespaces, and is what a shell joins.
    """
    if found["reason"] in _NOT_KEPT:
        return
    facts = task.state.facts
    if "reserved_until_ms" not in facts:
        facts["reserved_until_ms"] = _now_ms() + 1000 * int(task.order["reserve_s"])
        task.state.save(durable=True)
    running = Running(task.rundir, STEP)
    if not running.begun() and not _over(task):
        running.start(_holder(task))
    timer = task.pump.every(_LOOK_S, lambda: None)
    try:
        task.pump.until(lambda: _over(task))
    finally:
        task.pump.cancel(timer)
    if running.begun() and not running.finished():
        _end(task, running)


def _over(task: Task) -> bool:
    stopped = task.pump.stop_grace_s is not None and not task.pump.keeping
    return task.released or stopped or _now_ms() >= int(task.state.facts["reserved_until_ms"])


def _holder(task: Task) -> dict[str, Any]:
    """With a log of its own: that of the task is complete. No stop ends it (it may have begun after one): we do."""
    command = task.command(["sleep", "infinity"], task.cwd())
    folder = os.path.join(task.rundir.path, "reserve-log")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return {**command, "holder": True, "log_dir": folder, "log_floor": 0, "log_limit_bytes": 1 << 20}


def _end(task: Task, running: Running) -> None:
    """The holder first; what was started beside it in a shell ends with it, or is found by its mark."""
    running.kill("released")
    task.pump.until(running.finished)
    marker = f"{task.launch['attempt_key']}/{task.launch['task']}"
    for pid in procfs.marked(marker):
        procfs.kill(pid)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
