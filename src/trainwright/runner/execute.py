"""The user's command itself: pre-start script, start, watch over it, and why it ended."""

from __future__ import annotations

import os
import time
from functools import partial

from . import layout
from .environment import job_argv
from .outcome import NOT_FOUND, StepFailed, classify, exit_code
from .pump import StopRequested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .task import Task

_PRESTART = ("ma-pre-start.sh", "ma-pre-start.py")


def prestart(task: Task) -> None:
    """Run `ma-pre-start.sh` or `.py` beside the boot file, if there is one. Raises `StepFailed` when it fails."""
    if not task.order["boot_file"] or not task.order["code"]:
        return
    folder = os.path.dirname(layout.boot_file(task.order))
    for name in _PRESTART:
        script = f"{folder}/{name}"
        if not os.path.isfile(task.places.real(script)):
            continue
        task.emit("prestart_started", file=name)
        shown = task.places.view(script)
        argv = ["bash", shown] if name.endswith(".sh") else [task.python.path, "-u", shown]
        result = task.run("prestart", partial(task.command, argv, task.cwd()))
        if result["stopped"]:
            raise StopRequested
        code = exit_code(result)
        if code != 0:
            task.emit("prestart_failed", file=name, exit_code=code)
            found = classify(result, sandboxed=task.places.sandboxed)
            raise StepFailed(found["reason"], f"{name} ended with exit code {code}", code)
        return


def command(task: Task) -> dict[str, Any]:
    """Run the user's command, or take over the one that runs; returns the final result. Raises `StepFailed`."""
    begun = os.path.exists(task.rundir.shim("command"))
    if begun:
        task.emit("runner_resumed")
    else:
        _check(task)
        task.state.started_at_ms = time.time_ns() // 1_000_000
        task.state.save()
    task.emit("training_started")
    try:
        result: dict[str, Any] | None = task.run("command", lambda: _launch(task))
    except StepFailed:
        result = None
    found = classify(result, sandboxed=task.places.sandboxed)
    _tell_end(task, result, found)
    return found


def _check(task: Task) -> None:
    if not task.order["boot_file"]:
        return
    if not task.order["code"]:
        raise StepFailed("command_not_found", "there is a boot file, but no code folder", NOT_FOUND)
    boot = layout.boot_file(task.order)
    if not os.path.isfile(task.places.real(boot)):
        message = f"boot file {task.order['boot_file']} does not exist in the code folder"
        raise StepFailed("command_not_found", message, NOT_FOUND)


def _launch(task: Task) -> dict[str, Any]:
    return task.command(job_argv(task.order, task.places, task.python), task.cwd())


def _tell_end(task: Task, result: dict[str, Any] | None, found: dict[str, Any]) -> None:
    if os.path.exists(task.rundir.overflow):
        task.emit("log_overflow", limit_mib=int(task.order["log_limit_bytes"]) >> 20)
    if result is not None and result["killed_after_grace"]:
        task.emit("killed_after_grace")
    if found["reason"] == "out_of_memory":
        task.emit("out_of_memory", limit_mib=memory_limit_mib(task))
    if found["reason"] == "disk_full":
        task.emit("disk_full", limit_mib=int(task.launch.get("disk_limit_mib") or 0))
    task.emit("training_ended", exit_code=found["exit_code"])
    task.line("end", f"[end] Training end with return code: {found['exit_code']}")


def memory_limit_mib(task: Task) -> int:
    """What the task may use at most."""
    return int(task.launch.get("memory_limit_mib") or task.order["resources"]["memory_mib"])
