"""Starts the user's command once for each device of this node: `runner.pyz ascend PLAN`.

Each process has its own variables and its own log file beside the common output. The first that fails decides: its exit
code is that of the whole, and all others are ended.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time

from .rundir import read_json, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PIECE = 64 << 10
_LONGEST_LINE = 64 << 10
_GRACE_AFTER_FAILURE_S = 5.0  # for the others, to say what they saw of it
_LOOK_S = 0.2
_LAST_WORDS_S = 2.0  # how long output may still arrive once no process is left


class Process:
    """One process: of `device` on this node, of `rank` among all."""

    def __init__(self, plan: dict[str, Any], number: int) -> None:
        device, rank = plan["devices"][number], plan["first_rank"] + number
        environment = {
            **os.environ,
            "RANK_ID": str(rank),
            "RANK_SIZE": str(plan["rank_size"]),
            "DEVICE_ID": str(device),
            "ASCEND_DEVICE_ID": str(device),
            "RANK_TABLE_FILE": plan["rank_table"],
        }
        path = os.path.join(plan["log_dir"], f"{plan['log_stem']}-{rank}-device-{device}.txt")
        self.rank = rank
        self._log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._popen = subprocess.Popen(
            plan["argv"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._popen.stdout is not None
        self.output = self._popen.stdout.fileno()
        os.set_blocking(self.output, False)
        self._rest = b""
        self.ended = False  # its output has

    def code(self) -> int | None:
        """Its exit code as a shell shows it; None while it runs."""
        found = self._popen.poll()
        return found if found is None or found >= 0 else 128 - found

    def copy(self) -> None:
        """Pass on what it has printed: at once to its own log, by whole lines to the common one."""
        try:
            data = os.read(self.output, _PIECE)
        except BlockingIOError:
            return
        if not data:
            self.ended = True
            self.flush()
            return
        write_all(self._log, data)
        self._rest += data
        whole = self._rest.rfind(b"\n") + 1
        if not whole and len(self._rest) > _LONGEST_LINE:
            whole = len(self._rest)
        if whole:
            write_all(1, self._rest[:whole])
            self._rest = self._rest[whole:]

    def flush(self) -> None:
        """The last line, which has no end."""
        if self._rest:
            write_all(1, self._rest + b"\n")
            self._rest = b""

    def send(self, number: int) -> None:
        """Send it a signal; nothing when it has ended."""
        if self.code() is None:
            self._popen.send_signal(number)


class Group:
    """All processes of this node."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._grace_s = float(plan["grace_s"])
        self._stopping = False
        self._kill_at = 0.0
        signal.signal(signal.SIGTERM, self._on_term)  # before the first starts: none must miss it
        self._processes = [Process(plan, number) for number in range(len(plan["devices"]))]

    def _on_term(self, number: int, frame: object) -> None:
        self._stopping = True

    def run(self) -> int:
        """Until all have ended; the exit code of the first that failed, 0 when none did."""
        failed: int | None = None
        told = False
        while any(process.code() is None for process in self._processes):
            self._copy(_LOOK_S)
            codes = [code for code in (process.code() for process in self._processes) if code]
            if codes and failed is None:
                failed = codes[0]
                self._end(_GRACE_AFTER_FAILURE_S)
            if self._stopping and not told:
                told = True
                self._end(self._grace_s)
            if self._kill_at and time.monotonic() > self._kill_at:
                self._send(signal.SIGKILL)
        self._copy_rest()
        codes = [code for code in (process.code() for process in self._processes) if code]
        return failed or (codes[0] if codes else 0)

    def _end(self, grace_s: float) -> None:
        self._send(signal.SIGTERM)
        until = time.monotonic() + grace_s
        self._kill_at = min(self._kill_at, until) if self._kill_at else until

    def _send(self, number: int) -> None:
        for process in self._processes:
            process.send(number)

    def _copy(self, longest_s: float) -> None:
        poll = select.poll()
        open_ones = {process.output: process for process in self._processes if not process.ended}
        for descriptor in open_ones:
            poll.register(descriptor, select.POLLIN)
        if not open_ones:
            time.sleep(longest_s)
        for descriptor, _ in poll.poll(longest_s * 1000) if open_ones else ():
            open_ones[descriptor].copy()

    def _copy_rest(self) -> None:
        until = time.monotonic() + _LAST_WORDS_S
        while time.monotonic() < until and not all(process.ended for process in self._processes):
            self._copy(0.05)
        for process in self._processes:
            process.flush()


def main(plan_path: str) -> int:
    """Run the plan; returns the exit code of the whole.

    Raises:
        FileNotFoundError: there is no such plan.
    """
    plan = read_json(plan_path)
    if plan is None:
        raise FileNotFoundError(plan_path)
    os.makedirs(plan["log_dir"], exist_ok=True)
    return Group(plan).run()
