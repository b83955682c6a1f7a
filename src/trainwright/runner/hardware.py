"""Whether the accelerators of a task are sound: asked before the command starts, and after it has failed."""

from __future__ import annotations

import os
import re
import time

from .accelerators import npu_argv, nvidia_argv, parse_health, parse_nvidia_rows
from .outcome import final
from .tools import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .task import Task

_PATIENCE_S = 20.0  # a driver in trouble takes its time; without an answer it is in trouble
_DETAIL_MAX = 200
_USER_ENDS = frozenset(("user_exit", "user_signal"))
_XID = re.compile(r"^\[\s*(\d+\.\d+)\].*NVRM: Xid \(([^)]*)\): (\d+)(.*)$", re.MULTILINE)
# Those that NVIDIA's list gives to the hardware, not to the program: memory beyond repair, links, a card off the bus.
_HARDWARE_XIDS = frozenset((48, 62, 64, 74, 79, 92, 95, 110, 119, 120, 136, 140, 143))


def detected(task: Task) -> tuple[bool, str]:
    """Whether every accelerator of the task answers and is sound, and what was found; the base of later comparison."""
    resources = task.order["resources"]
    wanted = int(resources["accelerators"])
    if resources["accelerator_kind"] == "npu":
        status, text = ask(task.pump, npu_argv("health", os.environ), patience_s=_PATIENCE_S)
        problem = _npu_problem(status, text)
        if not problem:
            task.state.facts["npu"] = {"answered": True}
        return not problem, problem or f"{wanted} NPU healthy"
    status, text = ask(task.pump, nvidia_argv(os.environ), patience_s=_PATIENCE_S)
    rows = parse_nvidia_rows(text) if status == 0 else []
    if len(rows) < wanted:
        return False, f"{len(rows)} of {wanted} GPUs detected{_said(status, text)}"
    task.state.facts["gpu"] = {"errors": sum(row[3] for row in rows)}
    return True, f"{len(rows)} GPUs detected"


def judge(task: Task, found: dict[str, Any]) -> dict[str, Any]:
    """`found`, or `hardware_fault` in its place when the command failed and the hardware is faulty."""
    if found["reason"] not in _USER_ENDS or not task.order["resources"]["accelerators"]:
        return found
    problem = _fault(task)
    if not problem:
        return found
    task.emit("hardware_fault", name=problem, detail=problem)
    return final("hardware_fault", found["exit_code"], problem)


def _fault(task: Task) -> str:
    """What is wrong; empty when nothing is, or nothing can be told: a tool that never worked here proves nothing."""
    if task.order["resources"]["accelerator_kind"] == "npu":
        status, text = ask(task.pump, npu_argv("health", os.environ), patience_s=_PATIENCE_S)
        return _npu_problem(status, text) if status == 0 or "npu" in task.state.facts else ""
    before = task.state.facts.get("gpu")
    status, text = ask(task.pump, nvidia_argv(os.environ), patience_s=_PATIENCE_S)
    rows = parse_nvidia_rows(text) if status == 0 else []
    if before is not None:
        if status != 0:
            return f"nvidia-smi fails after it had worked{_said(status, text)}"
        if len(rows) < int(task.order["resources"]["accelerators"]):
            return f"{len(rows)} GPUs are left of {task.order['resources']['accelerators']}"
        errors = sum(row[3] for row in rows) - before["errors"]
        if errors > 0:
            return f"{errors} uncorrectable ECC errors"
    status, text = ask(task.pump, ["dmesg"], patience_s=_PATIENCE_S)
    return worst_xid(text, _started_s(task), {row[4] for row in rows}) if status == 0 else ""


def worst_xid(kernel_log: str, since_s: float, devices: set[str]) -> str:
    """The last hardware fault that the NVIDIA driver told the kernel's log (as `dmesg` prints it) after `since_s`
    (seconds since boot), of one of `devices` (PCI addresses; empty: of any); empty when there is none.
    """
    found = ""
    for at, device, number, words in _XID.findall(kernel_log):
        mine = not devices or any(_same_device(device, known) for known in devices)
        if float(at) >= since_s and int(number) in _HARDWARE_XIDS and mine:
            found = f"Xid {number} on {device}{words}"[:_DETAIL_MAX]
    return found


def _same_device(told: str, known: str) -> bool:
    """`PCI:0000:3b:00` in the kernel's words is `00000000:3B:00.0` in nvidia-smi's."""
    return told.lower().split(":")[-2:] == known.lower().partition(".")[0].split(":")[-2:]


def _started_s(task: Task) -> float:
    """When the command was started first, in seconds since boot."""
    ran_s = time.time() - task.state.started_at_ms / 1000
    return time.clock_gettime(time.CLOCK_BOOTTIME) - max(0.0, ran_s)


def _npu_problem(status: int | None, text: str) -> str:
    if status != 0:
        return f"NPU detect failed{_said(status, text)}"
    bad = sorted({health for health in parse_health(text) if health.upper() not in ("OK", "WARNING")})
    return f"NPU detect failed: health {', '.join(bad)}" if bad else ""


def _said(status: int | None, text: str) -> str:
    lines = text.strip().splitlines()
    if status is None:
        return f": no answer within {_PATIENCE_S:g} s"
    return f": {lines[-1].strip()}"[:_DETAIL_MAX] if lines else ""
