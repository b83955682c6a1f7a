"""Whether the user's command is quiet: nothing of it has moved for so long that it may hang. Pure but for `look_at`.

Two rules, as in ModelArts: no process I/O of the whole tree, period after period, and no change of the device's use
(by variance and median) or, without a device, no CPU time to speak of. Its numbers come from the sampler, which reads
them anyway. What only looks like a hang is told apart where it is seen: `asleep` and `blocked` here, unchanged Python
stacks by `stacks.Looker`.
"""

from __future__ import annotations

import os

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

IO_FLOOR = 100.0  # bytes a second: keep-alives of a launcher, a warning now and then
CPU_FLOOR = 0.01  # of a core for the tree
CPU_PER_PROCESS = 0.002  # and what every idle process takes for its timers
_TICK_SLACK_S = 0.03  # the kernel counts in ticks of 10 ms
_BURST = 2.0  # so many times the allowance within one sample is work at once
_SAME = 1.0  # variance and shift of the median up to which a device's use has not changed, in (percent)
_BUSY_PERCENT = 5.0
_LOOKS = 3  # so many looks at the stacks in a row must be the same
_GAP_S = 15.0  # nobody looked for so long: what happened meanwhile is not known
SLEEP = "sleep"

# (clock_nanosleep, nanosleep), and (select, pselect6, poll, ppoll) that are sleeps when they watch no descriptor
_SLEEPS = {"x86_64": (230, 35), "aarch64": (115, 101)}
_WAITS = {"x86_64": (23, 270, 7, 271), "aarch64": (72, 73)}
_WAIT_FOR_CHILD = {"x86_64": (61, 247, 34, 130), "aarch64": (260, 95, 133)}


class Movement:
    """What a tree did between two samples, over all its processes and those that ended."""

    __slots__ = ("blocked", "cpu_s", "io_bytes", "processes")

    def __init__(
        self, io_bytes: int = 0, cpu_s: float = 0.0, processes: int = 0, *, blocked: bool = False
    ) -> None:
        self.io_bytes = io_bytes  # read and written, also from the page cache and through pipes
        self.cpu_s = cpu_s
        self.processes = processes
        self.blocked = blocked  # a process waits for a disk


class QuietMeter:
    """`observe` once a second or so; `quiet_s` then says for how long nothing has moved. `sighted`: stacks can be
    looked at.
    """

    def __init__(self, limits: Mapping[str, Any], now: float, *, sighted: bool = False) -> None:
        self._sighted = sighted
        self._period_s = float(limits["period_s"])
        self._window_s = float(limits["window_s"])
        self.sample_s = float(limits["sample_s"])
        self.limit_s = self._period_s * int(limits["periods"]) + self._window_s
        self.reset(now)

    def reset(self, now: float) -> None:
        """Begin anew: another start of the command, or nothing is known of the time before."""
        self._io_since = self._cpu_since = self._device_since = self._looked_since = self._seen_at = now
        self._period_from, self._period_bytes = now, 0
        self._sample_from, self._sample_cpu_s = now, 0.0
        self._cpu: list[tuple[float, float, float]] = []  # samples since the last work: end, CPU s, allowance
        self._device: list[tuple[float, float]] = []  # samples since the last change: end, percent
        self._print = b""
        self._looks = 0

    def observe(self, now: float, moved: Movement, use: float | None) -> bool:
        """Take in what has happened since the last time; `use`: of the device, in percent. True when a sample is full,
        which is when `quiet_s` may have changed.
        """
        if now - self._seen_at > max(_GAP_S, self._period_s):
            self.reset(now)
        self._seen_at = now
        self._take_io(now, moved)
        self._sample_cpu_s += moved.cpu_s
        if now - self._sample_from < self.sample_s:
            return False
        self._take_cpu(now, moved.processes)
        if use is None:
            self._device.clear()
        else:
            self._take_use(now, use)
        self._sample_from, self._sample_cpu_s = now, 0.0
        return True

    def _take_io(self, now: float, moved: Movement) -> None:
        self._period_bytes += moved.io_bytes
        if moved.blocked or self._period_bytes > IO_FLOOR * self._period_s:
            self._io_since = self._period_from = now
            self._period_bytes = 0
        elif now - self._period_from >= self._period_s:
            self._period_from, self._period_bytes = now, 0

    def _take_cpu(self, now: float, processes: int) -> None:
        allowed = (CPU_FLOOR + CPU_PER_PROCESS * processes) * (now - self._sample_from)
        self._cpu.append((now, self._sample_cpu_s, allowed))
        while self._cpu and self._cpu[0][0] <= now - self._window_s:
            del self._cpu[0]
        spent = sum(sample[1] for sample in self._cpu)
        within = sum(sample[2] for sample in self._cpu)
        if self._sample_cpu_s > _BURST * allowed + _TICK_SLACK_S or spent > within + _TICK_SLACK_S:
            self._cpu_since = now
            self._cpu.clear()

    def _take_use(self, now: float, use: float) -> None:
        self._device.append((now, use))
        del self._device[: -max(4, int(self._window_s / self.sample_s) + 1)]
        while not still([value for _, value in self._device]):
            del self._device[0]
            self._device_since = self._device[0][0]

    @property
    def measures_device(self) -> bool:
        """Whether a device's use is what counts, not CPU time."""
        return bool(self._device)

    def _silent_s(self, now: float) -> float:
        return now - max(self._io_since, self._device_since if self._device else self._cpu_since)

    def wants_look(self, now: float) -> bool:
        """Whether it is quiet but for a device or a CPU that is busy all the time: the stacks then decide."""
        return self._in_doubt(now) and self._silent_s(now) >= self.limit_s / 4

    def _in_doubt(self, now: float) -> bool:
        if not self._device:
            return False
        return self._device[-1][1] >= _BUSY_PERCENT or now - self._cpu_since < self.limit_s / 2

    @property
    def look_every_s(self) -> float:
        """Time between two looks."""
        return max(self.sample_s, self.limit_s / 8)

    def looked(self, now: float, fingerprint: bytes) -> None:
        """What the stacks look like now; empty: they could not be had."""
        if fingerprint and fingerprint == self._print:
            self._looks += 1
        else:
            self._looks = 1 if fingerprint else 0
            self._looked_since = now if self._print else self._looked_since
        self._print = fingerprint
        self._sighted = bool(fingerprint)

    def moved(self, now: float) -> None:
        """It was seen to be at work in a way that the numbers do not show."""
        self._io_since = now

    def quiet_s(self, now: float) -> float:
        """For how long nothing has moved; 0 while that is less than half the limit, which is of interest to nobody."""
        silent_s = self._silent_s(now)
        if self._in_doubt(now):
            if self._looks >= _LOOKS:
                silent_s = min(silent_s, now - self._looked_since)
            elif self._sighted or self._device[-1][1] < _BUSY_PERCENT:
                return (
                    0.0  # stacks change, or are still to be compared; or the CPU works while the device waits
                )
        return silent_s if silent_s >= self.limit_s / 2 else 0.0


def still(values: Sequence[float]) -> bool:
    """Whether a series has not changed: its variance is small, and the median of its halves is the same."""
    if len(values) < 2:
        return True
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    half = len(values) // 2
    return variance < _SAME and abs(_median(values[:half]) - _median(values[half:])) < _SAME


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


# -- what the numbers do not show


def asleep(root: int) -> bool:
    """Whether everything below `root` only sleeps: every process that has no child is in a sleep of its main thread,
    all others wait for a child, sleep, or are the sandbox's own. Helpers of Python's multiprocessing below one that
    sleeps do not count. False where the kernel does not tell.
    """
    found = False
    waiting = [(process, False) for process in procfs.children(root)]
    for process, helper in waiting:  # grows while it is walked
        if procfs.start_ticks(process) is None:
            continue
        call = _call(process)
        below = procfs.children(process)
        sleeps = _sleeps(call)
        if sleeps:
            found = True
        elif not helper and (not below or not (_waits_for_child(call) or _name(process) == "bwrap")):
            return False
        own = _command_line(process) if sleeps else b""
        waiting.extend((child, sleeps and _is_helper(_command_line(child), own)) for child in below)
    return found


def _is_helper(line: bytes, parent: bytes) -> bool:
    """Data loading workers are forks, with their parent's command line; trackers and servers say what they are."""
    return line == parent or b"multiprocessing" in line


def _command_line(process: int) -> bytes:
    return procfs.read(f"/proc/{process}/cmdline")


def blocked(root: int) -> bool:
    """Whether any thread below `root` waits for a disk (or a network file system)."""
    for process in procfs.descendants(root):
        try:
            threads = os.listdir(f"/proc/{process}/task")
        except OSError:
            continue
        if any(procfs.state(f"{process}/task/{thread}") == "D" for thread in threads):
            return True
    return False


def _call(process: int) -> list[int]:
    """The system call that the main thread is in, and its arguments; empty when it runs, or is not ours to look at."""
    words = procfs.read(f"/proc/{process}/syscall").split()
    try:
        return [int(words[0]), *(int(word, 16) for word in words[1:])]
    except (IndexError, ValueError):
        return []


def _sleeps(call: Sequence[int]) -> bool:
    machine = os.uname().machine
    if not call:
        return False
    if call[0] in _SLEEPS.get(machine, ()):
        return True
    calls = _WAITS.get(machine, ())
    if call[0] not in calls or len(call) < 3:
        return False
    selects = calls[:2] if machine == "x86_64" else calls[:1]
    return (call[1] if call[0] in selects else call[2]) == 0  # descriptors to watch


def _waits_for_child(call: Sequence[int]) -> bool:
    return bool(call) and call[0] in _WAIT_FOR_CHILD.get(os.uname().machine, ())


def _name(process: int) -> str:
    return procfs.read(f"/proc/{process}/comm").decode("utf-8", "replace").strip()
