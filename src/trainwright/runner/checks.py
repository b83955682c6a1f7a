"""The pre-check of the node, as ModelArts' fault-tolerance check has it: before anything is downloaded or started.

Every item is an event with its time and a line with the word `item` in the log; a failed one ends the task with
`precheck_failed`, and its log says `error,exiting`.
"""

from __future__ import annotations

import os
import resource
import time

from . import deferred, layout
from .hosts import write_host_files
from .outcome import StepFailed
from .tools import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .task import Task

    Check = Callable[[Task], tuple[bool, str]]

SWITCHES = ("MA_SKIP_IMAGE_DETECT", "MA_DETECT_TRAIN_INJECT_CODE")
"""Variables of the job that turn the pre-check off with `0`."""
_RESOLVE_S = 20.0
_SHOWN = 3
_RESOLVER = """
import socket, sys
for name in sys.argv[1:]:
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        print(name)
"""
# (shown, limit, greater than, bytes of its unit): in the units that `ulimit` shows
_ULIMITS = (
    ("max locked memory", resource.RLIMIT_MEMLOCK, 16000, 1024),
    ("open files", resource.RLIMIT_NOFILE, 1000000, 1),
    ("stack size", resource.RLIMIT_STACK, 8000, 1024),
    ("max user processes", resource.RLIMIT_NPROC, 1000000, 1),
)


def run(task: Task) -> None:
    """Check every item that applies; all of them, so that one look at the log tells everything.

    Raises:
        StepFailed: `precheck_failed`, when an item failed.
    """
    if any(task.order["environment"].get(name) == "0" for name in SWITCHES):
        return
    failed = []
    for item, check in _items(task.order):
        began = time.monotonic()
        passed, detail = check(task)
        seconds = f"{time.monotonic() - began:.3f}"
        code = "precheck_item_ok" if passed else "precheck_item_failed"
        task.emit(code, name=item, item=item, seconds=seconds, detail=detail)
        result = "pass" if passed else "fail"
        task.line(f"precheck {item}", f"[precheck] item: {item}, result: {result}, {detail}, {seconds}s")
        if not passed:
            failed.append(f"{item}: {detail}")
    if failed:
        message = "; ".join(failed)
        task.line("precheck failed", f"[precheck] error,exiting: {message}")
        raise StepFailed("precheck_failed", message)


def _items(order: dict[str, Any]) -> list[tuple[str, Check]]:
    limits = order["check"]
    items: list[tuple[str, Check]] = [("dns", _names)]
    for name, folder in (("root", layout.HOME), ("shm", ""), ("cache", layout.CACHE)):
        if limits.get(f"{name}_mib"):
            items.append((f"disk-size {name}", _Disk(folder, int(limits[f"{name}_mib"]))))
    if limits.get("infiniband"):
        items.append(("ulimit", _ulimits))
    if order["resources"]["accelerators"]:
        kind = order["resources"]["accelerator_kind"]
        items.append(("npu" if kind == "npu" else "gpu-check", deferred.load("hardware").detected))
    return items


def _names(task: Task) -> tuple[bool, str]:
    """Every name in the `.host` files: the job's own are given to it by the platform (those of other machines once all
    tasks have met), any other must be known to the machine.
    """
    folder = task.places.real(layout.HOST_FILES)
    write_host_files(task.place(layout.HOST_FILES), task.peers)
    names: list[str] = []
    for file in sorted(os.listdir(folder)):
        if file.endswith(".host"):
            with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as lines:
                names.extend(line.strip() for line in lines if line.strip())
    own = {host for role in task.peers.roles for host in role["hosts"]}
    others = sorted(set(names) - own)
    unknown: list[str] = []
    if others:
        argv = [task.executable, "-I", "-S", "-c", _RESOLVER, *others]
        status, said = ask(task.pump, argv, patience_s=_RESOLVE_S)
        unknown = said.split() if status == 0 else others
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        return False, f"cannot resolve {', '.join(unknown[:_SHOWN])}{more}"
    return True, f"{len(set(names))} names"


class _Disk:
    """Room in a folder of the job; no folder: its shared memory."""

    def __init__(self, folder: str, needed_mib: int) -> None:
        self._folder = folder
        self._needed_mib = needed_mib

    def __call__(self, task: Task) -> tuple[bool, str]:
        free_mib = self._free_mib(task)
        need = f"more than {_gib(self._needed_mib)} needed"
        return free_mib > self._needed_mib, f"{_gib(free_mib)} free, {need}"

    def _free_mib(self, task: Task) -> int:
        if not self._folder and task.places.sandboxed:
            return _memory_mib() // 2  # what a memory file system of its own is given
        path = task.places.real(self._folder) if self._folder else "/dev/shm"  # noqa: S108 - only looked at
        try:
            found = os.statvfs(path)
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize >> 20


def _memory_mib() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20


def _gib(mib: int) -> str:
    return f"{mib / 1024:.1f} GiB"


def _ulimits(task: Task) -> tuple[bool, str]:
    """What the command may have at most of what InfiniBand needs; it inherits our own limits."""
    low = []
    for name, which, needed, unit in _ULIMITS:
        limit = resource.getrlimit(which)[1]
        if limit != resource.RLIM_INFINITY and limit // unit <= needed:
            low.append(f"{name} {limit // unit}, more than {needed} needed")
    return not low, "; ".join(low) or "limits are high enough"
