"""The user's command itself: pre-start script, start, watch over it, start again in place, and why it ended."""

from __future__ import annotations

import os
import time
from functools import partial

from . import deferred, jsontext, launching, layout, procfs
from .layout import UnsafePath
from .outcome import NOT_FOUND, STOPPED_BEFORE_START, StepFailed, classify, exit_code, final
from .pump import StopRequested
from .rendezvous import RESTART, HeldPort, meet
from .running import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .deliver import Outputs
    from .pump import Pump
    from .task import Task

_PRESTART = ("ma-pre-start.sh", "ma-pre-start.py")
_SWEEP_S = 10.0


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


def command(task: Task, outputs: Outputs) -> dict[str, Any]:
    """Run the user's command, or take over the one that runs, and start it again in place for as often as the server
    wants that; returns the final result. Raises `StepFailed`, `StopRequested`.
    """
    rounds = task.rounds
    while True:
        found = None
        if not rounds.behind or Running(task.rundir, rounds.step).begun():
            found = _one_start(task, outputs)
        if found is not None and not _starts_again(task, found):
            return found
        if Running(task.rundir, rounds.step).begun():
            sweep(task.launch, task.pump)
            task.reporter.step = "outputs"
            outputs.save()
        rounds.advance()


def _one_start(task: Task, outputs: Outputs) -> dict[str, Any] | None:
    """One start of the command to its end; None when it was ended to be started again."""
    rounds = task.rounds
    if not Running(task.rundir, rounds.step).begun():
        meet(task)  # not again once it has begun: of what an earlier release started the others know nothing
        if rounds.behind:
            return None
        task.reporter.step = "resume"
        _fetch_resume(task, outputs)
        _check(task)
        task.state.started_at_ms = task.state.started_at_ms or time.time_ns() // 1_000_000
        task.state.save()
    else:
        task.emit("runner_resumed")
    task.reporter.step = "command"
    if rounds.number:
        task.emit("process_started", start=rounds.number, count=rounds.number + 1)
    task.emit("training_started", start=rounds.number)
    try:
        result: dict[str, Any] | None = task.run(rounds.step, lambda: _launch(task, outputs))
    except StepFailed:
        result = None
    stopping = task.pump.stop_grace_s is not None
    if result is not None and result["cause"] == RESTART and not result["stopped"]:
        return final(task.pump.stop_reason, STOPPED_BEFORE_START) if stopping else None
    found = classify(result, sandboxed=task.places.sandboxed, stop_reason=task.pump.stop_reason)
    if task.order["resources"]["accelerators"] and found["exit_code"]:
        found = deferred.load("hardware").judge(task, found)
    _tell_end(task, result, found)
    return found


def _fetch_resume(task: Task, outputs: Outputs) -> None:
    """Lay what this start is to go on from. Metrics in files that come so are no news."""
    fetches = task.rounds.resume is not None or any(folder["prefetch"] for folder in task.order["outputs"])
    if fetches and task.rounds.number:
        task.points.adopt(read=True)
    outputs.fetch_resume()
    if fetches:
        task.points.adopt(read=False)


def _starts_again(task: Task, found: dict[str, Any]) -> bool:
    """Whether a command that ended by itself is to be started again: as the server says, which may be asked for it."""
    rounds, pump = task.rounds, task.pump
    if found["reason"] in ("completed", pump.stop_reason) or pump.stop_grace_s is not None:
        return False
    if not rounds.behind and task.order.get("process_retries"):
        task.reporter.failure = {
            "round": rounds.number,
            "reason": found["reason"],
            "exit_code": found["exit_code"],
        }
        try:
            pump.until(lambda: rounds.behind or rounds.finish or pump.stop_grace_s is not None)
        finally:
            task.reporter.failure = None
    return rounds.behind and pump.stop_grace_s is None


def _check(task: Task) -> None:
    if not task.order["boot_file"]:
        return
    if not task.order["code"]:
        raise StepFailed("command_not_found", "there is a boot file, but no code folder", NOT_FOUND)
    boot = layout.boot_file(task.order)
    try:
        found = task.place(boot).lies_there()
    except UnsafePath:
        found = True  # over a link of the pre-start script's: only where the job's paths are can it be told
    if not found:
        message = f"boot file {task.order['boot_file']} does not exist in the code folder"
        raise StepFailed("command_not_found", message, NOT_FOUND)


def _launch(task: Task, outputs: Outputs) -> dict[str, Any]:
    kind = launching.distribution(task.order)
    if kind == launching.ASCEND and not task.state.facts.get("port"):
        free = HeldPort()  # on a single node nobody was told of one
        task.state.facts["port"] = free.number
        free.release()
    secret = ""
    if kind == launching.MPI:
        secret = deferred.load("mpi").secret_of(task.launch["token"], task.launch["attempt_key"])
    given = launching.Given(
        task.order, task.places, task.python, task.peers, helper=task.inner_helper(), secret=secret
    )
    given.shell = str(task.state.facts.get("shell") or given.shell)
    start = launching.prepare(given)
    for path, text in start.files.items():
        task.place(path).write(text.encode("utf-8"), mode=0o644)
    made = task.command(start.argv, task.cwd(), start.environment)
    if start.plan is not None:
        task.place(launching.PLAN).write(jsontext.dumps(start.plan).encode("utf-8", "surrogatepass"))
    outputs.pause()
    task.rounds.release_port()
    return made


def _tell_end(task: Task, result: dict[str, Any] | None, found: dict[str, Any]) -> None:
    number = task.rounds.number
    if os.path.exists(task.rundir.overflow):
        task.emit("log_overflow", limit_mib=int(task.order["log_limit_bytes"]) >> 20)
    if result is not None and result["killed_after_grace"]:
        task.emit("killed_after_grace", start=number)
    if found["reason"] == "out_of_memory":
        task.emit("out_of_memory", start=number, limit_mib=memory_limit_mib(task))
    if found["reason"] == "disk_full":
        task.emit("disk_full", start=number, limit_mib=int(task.launch.get("disk_limit_mib") or 0))
    task.emit("training_ended", start=number, exit_code=found["exit_code"])
    task.line(f"end {number}", f"[end] Training end with return code: {found['exit_code']}")


def memory_limit_mib(task: Task) -> int:
    """What the task may use at most."""
    return int(task.launch.get("memory_limit_mib") or task.order["resources"]["memory_mib"])


def sweep(launch: dict[str, Any], pump: Pump) -> None:
    """Kill what got away: started by this task, but no longer below any shim (after a shim was killed)."""
    marker = f"{launch['attempt_key']}/{launch['task']}"
    for _ in range(int(_SWEEP_S / 0.1)):
        left = procfs.marked(marker)
        if not left:
            return
        for pid in left:
            procfs.kill(pid)
        waited = pump.every(0.1, lambda: None)
        pump.turn()
        pump.cancel(waited)
