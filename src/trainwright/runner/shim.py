"""The process between the supervisor and the user's command: owns its output, its end and its descendants.

It outlives the supervisor. Everything it is told and everything it has to say lies in the task's folder: it reads
`command-STEP.json`, claims `shim-STEP.json` (whoever comes second leaves), and writes `exit-STEP.json` last.
SIGTERM: pass it on and kill what is left after the grace of `stop.json`. SIGUSR1: kill now, as `kill-STEP.json` says.
"""

from __future__ import annotations

import os
import select
import time

from . import procfs
from .child import Child, Farewell, kill_tree, oom_kills
from .kernel import become_subreaper, set_name
from .rundir import RunDir, drain, poke, read_json, write_json
from .segments import LogSpool, SegmentWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # the same without enums, which cost 1 ms

PIECE_BYTES = 256 * 1024
_LAST_WORDS_S = 2.0  # how long output may still arrive once no process is left


class CappedLog:
    """The log with its limit: what goes beyond is dropped after one notice, in the words users know."""

    def __init__(self, writer: SegmentWriter, limit: int, notice_path: str) -> None:
        self._writer = writer
        self._limit = limit
        self._notice_path = notice_path
        self._full = os.path.exists(notice_path)

    def write(self, data: bytes) -> None:
        """Append as much of `data` as the limit allows."""
        if self._full:
            return
        already = self._writer.offset
        room = self._limit - already
        if len(data) <= room:
            self._writer.write(data)
            return
        self._full = True
        self._writer.write(data[: max(room, 0)])
        lead = "" if self._writer.at_line_start else "\n"
        notice = f"{lead}modelarts-pope: log length overflow(max:{self._limit}; already: {already}; new: {len(data)})\n"
        self._writer.write(notice.encode("ascii"))
        write_json(self._notice_path, {"limit": self._limit, "already": already, "new": len(data)})


class Shim:
    """Runs one command to its very end."""

    def __init__(self, rundir: RunDir, step: str, command: dict[str, Any]) -> None:
        self._rundir = rundir
        self._step = step
        self._command = command
        self._wake = rundir.make_wake()
        spool = LogSpool(command["log_dir"], int(command["log_floor"]))
        self._writer = SegmentWriter(command["log_dir"], spool.end())
        self._log = CappedLog(self._writer, int(command["log_limit_bytes"]), rundir.overflow)
        self._signals, self._signal_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._asked: set[int] = set()
        self._child = Child(command)
        self._farewell: Farewell | None = None
        self._status: int | None = None  # of the command itself, once it has ended
        self._childless = False
        self._eof = False
        self._stop_at = 0.0  # when the stop was passed on to every process; 0: not stopping
        self._kill_at = 0.0
        self._drained_by = 0.0
        self._result: dict[str, Any] = {"stopped": False, "killed_after_grace": False, "cause": ""}

    def run(self) -> None:
        """Start the command, stay until none of its processes is left, write `exit-STEP.json`."""
        signal.set_wakeup_fd(self._signal_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, lambda number, frame: self._asked.add(number))
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        before = oom_kills(self._command["cgroup"])
        self._result["started_at_ms"] = time.time_ns() // 1_000_000
        failure = self._child.start()
        if failure is not None:
            self._result["exec_errno"], self._result["exec_error"] = failure
        self._asked |= {
            signal.SIGTERM,
            signal.SIGUSR1,
        }  # a stop may have been asked for before the handlers stood
        while not self._ended():
            self._turn()
        self._child.close()
        self._writer.close()
        if oom_kills(self._command["cgroup"]) > before:
            self._result["cause"] = self._result["cause"] or "memory"
        self._finish()

    def _ended(self) -> bool:
        """Nothing is left that could run or write."""
        return self._childless and (self._eof or time.monotonic() > self._drained_by)

    def _turn(self) -> None:
        poll = select.poll()
        poll.register(self._signals, select.POLLIN)
        if not self._eof:
            poll.register(self._child.output, select.POLLIN)
        for descriptor, _ in poll.poll(self._timeout_ms()):
            if descriptor == self._signals:
                drain(self._signals)
            else:
                self._copy()
        self._reap()
        self._obey()

    def _timeout_ms(self) -> int:
        if self._in_grace():
            return max(0, min(100, int((self._kill_at - time.monotonic()) * 1000) + 1))
        return 5000 if self._status is None else 20  # killing what is left, or waiting for the last words

    def _copy(self) -> None:
        try:
            data = os.read(self._child.output, PIECE_BYTES)
        except BlockingIOError:
            return
        if data:
            self._log.write(data)
            poke(self._wake)
        else:
            self._eof = True

    def _obey(self) -> None:
        asked, self._asked = self._asked, set()
        if signal.SIGUSR1 in asked:
            order = read_json(self._rundir.kill(self._step))
            if order is not None and not self._childless:
                self._result["cause"] = order["cause"] if self._status is None else self._result["cause"]
                kill_tree(os.getpid())
        if signal.SIGTERM in asked:
            self._read_stop()
        if self._farewell is not None:
            self._farewell.step()
        if self._stop_at and not self._childless and time.monotonic() >= self._kill_at:
            self._result["killed_after_grace"] = True
            kill_tree(os.getpid())

    def _in_grace(self) -> bool:
        """A stop was passed on, and somebody may still be acting on it."""
        return bool(self._stop_at) and not self._childless and time.monotonic() < self._kill_at

    def _read_stop(self) -> None:
        """A stop was asked for, or asked for again: the shorter grace counts, from the first time on."""
        stop = None if self._command.get("holder") else read_json(self._rundir.stop)
        if stop is None or (self._status is not None and not self._stop_at):
            return
        now = time.monotonic()
        if not self._stop_at:
            self._stop_at = now
            self._result["stopped"] = True
            self._farewell = Farewell(self._child.pid, sandbox=bool(self._command["sandbox"]))
            if not self._farewell.begin():
                kill_tree(os.getpid())  # the sandbox is still being made: nobody is there to use the grace
            self._kill_at = now + float(stop["grace_s"])
        self._kill_at = min(self._kill_at, self._stop_at + float(stop["grace_s"]))

    def _reap(self) -> None:
        """Collect what has ended. Once the command itself has, whatever it left behind is killed, after the grace if
        it was told to end.
        """
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self._child.pid:
                    self._status = status
        except ChildProcessError:
            if not self._childless:
                self._drained_by = time.monotonic() + _LAST_WORDS_S
            self._childless = True
        if self._status is not None and not self._childless and not self._in_grace():
            kill_tree(os.getpid())

    def _finish(self) -> None:
        status = self._status if self._status is not None else 0
        killed = os.WIFSIGNALED(status)
        self._result.update(
            exit_code=None if killed else os.WEXITSTATUS(status),
            signal=os.WTERMSIG(status) if killed else None,
            ended_at_ms=time.time_ns() // 1_000_000,
            log_end=self._writer.offset,
        )
        write_json(self._rundir.exit(self._step), self._result, durable=True)
        poke(self._wake)


def claim(rundir: RunDir, step: str) -> bool:
    """Write down that this process is the shim of `step`; False when there has been one already."""
    draft = rundir.shim(f"{step}.{os.getpid()}")
    write_json(draft, procfs.identity(os.getpid()))
    try:
        os.link(draft, rundir.shim(step))
    except FileExistsError:
        return False
    finally:
        os.unlink(draft)
    return True


def close_inherited() -> None:
    """Let go of everything but the standard descriptors: the supervisor's lock and connections are not ours."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                continue  # the descriptor of the listing itself


def main(rundir: RunDir, step: str) -> int:
    """Be the shim of `step`; returns the exit status of the shim itself (0, or 3 when it is not the first).

    Raises:
        FileNotFoundError: there is no `command-STEP.json`.
    """
    close_inherited()
    command = read_json(rundir.command(step))
    if command is None:
        raise FileNotFoundError(rundir.command(step))
    set_name("tw-shim")
    become_subreaper()
    if not claim(rundir, step):
        return 3
    Shim(rundir, step, command).run()
    return 0
