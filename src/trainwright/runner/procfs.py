"""Processes as /proc shows them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # the same without enums, which cost 1 ms

MARKER = "TRAINWRIGHT_TASK"
"""Variable in the environment of every process of a task: `<attempt key>/<task>`."""


def boot_id() -> str:
    """Changes with every start of the machine."""
    return read("/proc/sys/kernel/random/boot_id").decode("ascii").strip()


def stat_fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on (so `[0]` is field 3 of proc(5)); empty when the process is gone."""
    return _fields(read(f"/proc/{pid}/stat"))


def state(process: str) -> str:
    """The state letter of a process, or of a thread given as `PID/task/TID`; empty when it is gone."""
    fields = _fields(read(f"/proc/{process}/stat"))
    return fields[0] if fields else ""


def _fields(text: bytes) -> list[str]:
    return text[text.rfind(b")") + 2 :].decode("ascii").split()


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when it is gone or only a zombie."""
    fields = stat_fields(pid)
    if not fields or fields[0] in ("Z", "X"):
        return None
    return int(fields[19])


def identity(pid: int) -> dict[str, Any]:
    """What tells this process from any other that ever had its number."""
    return {"pid": pid, "start_ticks": start_ticks(pid), "boot_id": boot_id()}


def is_alive(known: dict[str, Any]) -> bool:
    """Whether the very process that `identity` described still runs."""
    ticks = start_ticks(int(known["pid"]))
    return ticks is not None and ticks == known["start_ticks"] and known["boot_id"] == boot_id()


def children(pid: int) -> list[int]:
    """Direct children of all threads of `pid`."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        found.extend(int(child) for child in read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, parents before their children, zombies included."""
    found = children(pid)
    for process in found:  # grows while it is walked
        found.extend(children(process))
    return found


def marked(value: str) -> list[int]:
    """Processes (other than this one) whose environment carries `MARKER=value`. Finds what changed its parent."""
    wanted = f"{MARKER}={value}".encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            environment = b"\0" + read(f"/proc/{name}/environ")
            if b"\0" + wanted + b"\0" in environment:
                found.append(int(name))
    return found


def kill(pid: int, number: int = signal.SIGKILL) -> bool:
    """Send a signal; False when there is no such process any more."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def read(path: str) -> bytes:
    """The bytes of a /proc file; empty when the process is gone or not ours to look at."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        pieces: list[bytes] = []
        while True:
            piece = os.read(descriptor, 65536)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
