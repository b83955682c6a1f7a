"""What the supervisor must not forget: its state, and every event with its number."""

from __future__ import annotations

import os
import time

from . import jsontext
from .rundir import RunDir, write_all, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    Slot = Union[str, int, float]

_STATE_BYTES_MAX = 1 << 20
_REPEATABLE = frozenset(
    (
        "engine_build_progress",
        "input_download_progress",
        "output_file_skipped",
        "runner_resumed",
        "task_message",
    )
)


class State:
    """`state.jsonl`: the whole state, one line for every change, the last line counts.

    Appended, not replaced: renaming over an existing file makes ext4 write it out at once, which costs 1.3 ms each time
    (measured 2026-11-22) on the way to the user's first line.
    """

    def __init__(self, rundir: RunDir) -> None:
        self._path = rundir.state
        stored = _last_line(self._path)
        self.done: list[str] = stored.get("done", [])
        self.acked_seq: int = stored.get("acked_seq", 0)
        self.log_acked: int = stored.get("log_acked", 0)
        self.started_at_ms: int = stored.get("started_at_ms", 0)
        self.final: dict[str, Any] | None = stored.get("final")
        self.acknowledged: bool = stored.get("acknowledged", False)
        self.facts: dict[str, Any] = stored.get("facts", {})  # what later steps need of earlier ones
        self.lines: dict[str, int] = stored.get("lines", {})  # platform lines of the log and where they begin

    def save(self, *, durable: bool = False) -> None:
        """Every change is on disk when this returns; `durable`: also after a power cut."""
        value = {
            "done": self.done,
            "acked_seq": self.acked_seq,
            "log_acked": self.log_acked,
            "started_at_ms": self.started_at_ms,
            "final": self.final,
            "acknowledged": self.acknowledged,
            "facts": self.facts,
            "lines": self.lines,
        }
        size = append_line(self._path, value, durable=durable)
        if size > _STATE_BYTES_MAX:
            write_json(self._path, value, durable=True)

    def finish(self, step: str) -> None:
        """Remember that `step` need not be done again."""
        if step not in self.done:
            self.done.append(step)
        self.save()


class EventSpool:
    """`events.jsonl`: appended before anything is sent; what was acknowledged is kept on disk, not in memory."""

    def __init__(self, rundir: RunDir, acked_seq: int) -> None:
        self._path = rundir.events
        self.unacked: list[dict[str, Any]] = []
        self.last_seq = 0
        self._times: dict[str, int] = {}
        self._load(acked_seq)

    def _load(self, acked_seq: int) -> None:
        for event in _whole_lines(self._path):
            self.last_seq = event["seq"]
            self._times[_key(event["code"], event["slots"], event.get("start", 0))] = event["at_ms"]
            if event["seq"] > acked_seq:
                self.unacked.append(event)

    def emit(
        self, code: str, slots: dict[str, Slot] | None = None, *, start: int = 0, durable: bool = False
    ) -> None:
        """Record an event. What can happen only once is recorded once, however often a step is begun anew; `start`
        tells apart what happens once with every start of the command.
        """
        slots = slots or {}
        key = _key(code, slots, start)
        if key in self._times and code not in _REPEATABLE:
            return
        at_ms = time.time_ns() // 1_000_000
        event: dict[str, Any] = {"seq": self.last_seq + 1, "at_ms": at_ms, "code": code, "slots": slots}
        if start:
            event["start"] = start
        append_line(self._path, event, durable=durable)
        self.last_seq += 1
        self._times[key] = at_ms
        self.unacked.append(event)

    def seconds_since(self, code: str, name: str = "") -> str:
        """Time since that event, as it is shown: `0.296`. Counts on over a restart of the supervisor."""
        began = self._times.get(_key(code, {"name": name} if name else {}))
        now = time.time_ns() // 1_000_000
        return f"{max(0, now - (now if began is None else began)) / 1000:.3f}"

    def acknowledge(self, seq: int) -> None:
        """Events up to `seq` are stored."""
        self.unacked = [event for event in self.unacked if event["seq"] > seq]


def append_line(path: str, value: dict[str, Any], *, durable: bool = False) -> int:
    """Add `value` as a line to the private file `path`, which is made when missing; returns its size.

    Raises:
        OSError: the disk does not take it; then nothing was added.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, (jsontext.dumps(value) + "\n").encode("utf-8", "replace"))
        except OSError:
            os.ftruncate(
                descriptor, before
            )  # half a line would spoil the next one, and with it every restart
            raise
        if durable:
            os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _whole_lines(path: str) -> list[dict[str, Any]]:
    """What the lines of `path` hold; none when it is missing. A last line that is not whole is cut off: the machine
    went down in the middle of it.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return []
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
    return [jsontext.loads(line) for line in data[:whole].splitlines() if line]


def _last_line(path: str) -> dict[str, Any]:
    lines = _whole_lines(path)
    return lines[-1] if lines else {}


def _key(code: str, slots: dict[str, Any], start: int = 0) -> str:
    return f"{code} {slots.get('name', '')}" + (f" {start}" if start else "")
