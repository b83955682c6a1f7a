"""What a task uses: CPU, memory, disk and network once a second, from /proc."""

from __future__ import annotations

import os
import time

from . import procfs
from .quiet import Movement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LISTING_SHARE = 500  # the tree is listed anew after that many times the time it took: 0.2 % of a CPU


class Usage:
    """Sums over the processes of a tree."""

    __slots__ = ("blocked", "cpu_s", "io_bytes", "read_bytes", "reaped_cpu_s", "rss_bytes", "written_bytes")

    def __init__(self) -> None:
        self.blocked = False  # it waits for a disk
        self.cpu_s = 0.0
        self.reaped_cpu_s = 0.0  # of children that have ended
        self.io_bytes = 0  # read and written with or without a disk, those of ended children included
        self.rss_bytes = 0
        self.read_bytes = 0
        self.written_bytes = 0


class Sampler:
    """Samples the tree below `root()` (0: nothing runs). `sample` is to be called once a second."""

    def __init__(self, root: Callable[[], int], *, cpus: float, memory_mib: int) -> None:
        self._root = root
        self._cpus = cpus
        self._memory_bytes = memory_mib << 20
        self._processes: list[int] = []
        self._listed_until = 0.0
        self._before: dict[int, Usage] = {}
        self._network: tuple[int, int] | None = None
        self._at = 0.0
        self.moved = Movement()  # between the last two samples

    def sample(self) -> tuple[dict[str, float], int]:
        """The metrics, and the bytes of memory that the tree holds (each shared page counted once per process)."""
        now = time.monotonic()
        self._list(now)
        usages = {pid: usage for pid in self._processes for usage in [_usage(pid)] if usage is not None}
        span = now - self._at if self._at else 0.0
        gone = Usage()
        cpu = read = written = reaped = 0.0
        moved = Movement(processes=len(usages))
        for pid, usage in usages.items():
            before = self._before.get(pid, gone)
            cpu += max(0.0, usage.cpu_s - before.cpu_s)
            read += max(0, usage.read_bytes - before.read_bytes)
            written += max(0, usage.written_bytes - before.written_bytes)
            reaped += max(0.0, usage.reaped_cpu_s - before.reaped_cpu_s)
            moved.io_bytes += max(0, usage.io_bytes - before.io_bytes)
            moved.blocked = moved.blocked or usage.blocked
        rss = sum(usage.rss_bytes for usage in usages.values())
        received, sent = self._network_bytes(span)
        moved.cpu_s = cpu + reaped
        self._before, self._at, self.moved = usages, now, moved
        values = {
            "cpuUsage": _rate(cpu * 100 / self._cpus, span),
            "memUsage": round(rss * 100 / self._memory_bytes, 2) if self._memory_bytes else -1.0,
            "memBytes": float(rss),
            "diskRead": _rate(read, span),
            "diskWrite": _rate(written, span),
            "networkReceive": received,
            "networkSend": sent,
        }
        return values, rss

    def _list(self, now: float) -> None:
        if now < self._listed_until:
            return
        root = self._root()
        self._processes = procfs.descendants(root) if root else []
        self._listed_until = now + max(0.5, (time.monotonic() - now) * _LISTING_SHARE)

    def _network_bytes(self, span: float) -> tuple[float, float]:
        """Of the whole machine without its loopback: the kernel does not tell by process."""
        received = sent = 0
        with open("/proc/net/dev", encoding="ascii") as file:
            for line in file:
                name, colon, rest = line.partition(":")
                if colon and name.strip() != "lo":
                    fields = rest.split()
                    received += int(fields[0])
                    sent += int(fields[8])
        before, self._network = self._network, (received, sent)
        if before is None:
            return -1.0, -1.0
        return _rate(max(0, received - before[0]), span), _rate(max(0, sent - before[1]), span)

    def pss_bytes(self) -> int:
        """Memory of the tree with shared pages counted once. Dear for large processes: ask only near the limit."""
        return sum(_pss(pid) for pid in procfs.descendants(self._root() or os.getpid()))


def _rate(amount: float, span: float) -> float:
    return round(amount / span, 2) if span > 0 else -1.0


def _usage(pid: int) -> Usage | None:
    fields = procfs.stat_fields(pid)
    if not fields or fields[0] in ("Z", "X"):
        return None
    usage = Usage()
    usage.blocked = fields[0] == "D"
    usage.cpu_s = (int(fields[11]) + int(fields[12])) / _TICKS
    usage.reaped_cpu_s = (int(fields[13]) + int(fields[14])) / _TICKS
    usage.rss_bytes = int(fields[21]) * _PAGE
    words = procfs.read(f"/proc/{pid}/io").split()  # empty: gone, or not ours to look at
    numbers = dict(zip(words[::2], words[1::2]))
    usage.read_bytes = int(numbers.get(b"read_bytes:", 0))
    usage.written_bytes = int(numbers.get(b"write_bytes:", 0))
    usage.io_bytes = int(numbers.get(b"rchar:", 0)) + int(numbers.get(b"wchar:", 0))
    return usage


def _pss(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass  # gone, or a kernel without it
    usage = _usage(pid)
    return usage.rss_bytes if usage is not None else 0


class DiskMeter:
    """Size of a folder tree, measured in slices so that nothing else waits. `bytes` is -1 until the first result."""

    SLICE_S = 0.01
    REST = 100  # slices are followed by that many times their length of rest, whole walks too

    def __init__(self, top: str, without: list[str]) -> None:
        self._top = top
        self._without = frozenset(without)
        self._waiting: list[str] = []
        self._sum = 0
        self._seen: set[tuple[int, int]] = set()
        self._spent_s = 0.0
        self._next_walk = 0.0
        self.bytes = -1

    def step(self, now: float, period_s: float) -> bool:
        """Go on measuring for at most `SLICE_S`; True when a walk has just ended. A new one begins after `period_s`."""
        if not self._waiting:
            if now < self._next_walk:
                return False
            self._waiting, self._sum, self._spent_s = [self._top], 0, 0.0
            self._seen.clear()
        began = time.monotonic()
        while self._waiting and time.monotonic() - began < self.SLICE_S:
            self._measure(self._waiting.pop())
        self._spent_s += time.monotonic() - began
        if self._waiting:
            return False
        self.bytes = self._sum
        self._next_walk = now + max(period_s, self._spent_s * self.REST)
        return True

    def _measure(self, folder: str) -> None:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.path in self._without:
                        continue
                    status = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        self._waiting.append(entry.path)
                    elif status.st_nlink > 1:
                        if (status.st_dev, status.st_ino) in self._seen:
                            continue
                        self._seen.add((status.st_dev, status.st_ino))
                    self._sum += status.st_blocks * 512
        except OSError:
            return  # removed while it was looked at
