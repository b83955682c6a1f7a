"""The supervisor: takes the order, goes through the steps, reports the end, and can be started again at any point."""

from __future__ import annotations

import fcntl
import os
import sys
from functools import partial

from . import deferred, hosts, library, prepare, procfs
from .channel import Channel, Closed
from .connection import connect, host_bytes, reached
from .deliver import Outputs, export_log
from .execute import command, prestart, sweep
from .layout import UnsafePath
from .ledger import EventSpool, State
from .outcome import NOT_FOUND, STOPPED_BEFORE_START, StepFailed, final
from .points import Points
from .pump import Pump, StopRequested
from .reporter import Refused, Reporter
from .rundir import RunDir, read_json, write_json
from .running import Running
from .samples import SampleBuffer
from .segments import LogSpool
from .shipper import LogShipper
from .task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    Step = tuple[str, Callable[[Task], None]]
else:
    import _socket as socket  # the same without enums, which cost 4 ms

SECOND_SUPERVISOR = 3
BAD_LAUNCH = 4
_DEFAULT_GRACE_S = 30.0
_WATCH_S = 1.0
_POINTS_S = 0.5
_DRAIN_S = 1.0
_ONCE_S = 3600.0
_HEARTBEAT_WITH_RETRIES_S = 1.0
PREPARATION: tuple[Step, ...] = (
    ("directories", prepare.directories),
    ("precheck", prepare.precheck),
    ("code", prepare.code),
    ("inputs", prepare.inputs),
    ("prefetch", prepare.prefetch),
    ("engine", prepare.engine),
    ("requirements", prepare.requirements),
    ("prestart", prestart),
)


class Supervisor:
    """One life of the supervisor of one task."""

    def __init__(self, rundir: RunDir, launch: dict[str, Any]) -> None:
        self._rundir = rundir
        self._launch = launch
        self._state = State(rundir)
        self._spool = EventSpool(rundir, self._state.acked_seq)
        self._samples = SampleBuffer()
        self._log = LogSpool(rundir.log, self._state.log_acked)
        self._shipper = LogShipper(self._state, self._log)
        self._reporter = Reporter(self._state, self._spool, self._samples)
        self._pump = Pump(rundir, default_grace_s=_DEFAULT_GRACE_S)
        base = f"{launch['server_url']}/runner/v1/attempts/{launch['attempt_key']}/tasks/{launch['task']}"
        self._reports = Channel(connect(base, launch["token"]), self._reporter)
        self._logs = Channel(connect(base, launch["token"]), self._shipper)
        self._machine_ip = str(launch.get("hosts_ip") or "") or _own_ip(*reached(base))
        self._ip = hosts.own_address(self._machine_ip, f"{launch['attempt_key']}/{launch['task']}")

    def run(self) -> None:
        """Carry the task to its acknowledged end, or give it up when the server says so; `done.json` is there then."""
        self._pump.listen()
        self._pump.on_wake = self._shipper.notice
        try:
            task = self._begin()
            found = self._state.facts.get("found") or self._perform(task)
            self._report(task, found)
            self._keep_environment(task, found)
        except (Closed, Refused) as error:
            self._abandon()
            write_json(self._rundir.done, {"closed": True, "detail": str(error)}, durable=True)
            return
        write_json(self._rundir.done, {"closed": False, **found}, durable=True)

    def _begin(self) -> Task:
        order = self._order()
        self._reporter.heartbeat_s = float(order["heartbeat_s"])
        self._pump.default_grace_s = float(order["grace_s"])
        self._shipper.keep = bool(order["log_export"])
        self._pump.channels = [self._reports, self._logs]
        task = Task(
            rundir=self._rundir,
            launch=self._launch,
            state=self._state,
            spool=self._spool,
            log=self._log,
            shipper=self._shipper,
            points=Points(self._state, lambda noted: deferred.load("inside").sources(task, noted)),
            reporter=self._reporter,
            pump=self._pump,
            order=order,
            ip=self._ip,
            executable=sys.executable,
            archive=os.path.abspath(sys.argv[0]),
        )
        if order.get("process_retries"):  # the others are to hear soon that one has failed
            self._reporter.heartbeat_s = min(self._reporter.heartbeat_s, _HEARTBEAT_WITH_RETRIES_S)
        task.points.gap_s = self._reporter.heartbeat_s / 2
        self._reporter.points = task.points
        self._pump.on_stop = task.stop_running
        keeps = bool(order.get("reserve_s"))
        self._reporter.on_stop = lambda grace_s, release: self._pump.request_stop(
            grace_s, keep=keeps and not release
        )
        self._reporter.on_answer = partial(self._heed, task)
        return task

    def _heed(self, task: Task, answer: dict[str, Any]) -> None:
        """Take in an answer. Stacks that it asks for are taken right after, each number once."""
        task.heed(answer)
        number = int(answer.get("stacks") or 0)
        if number <= int(self._state.facts.get("stacks", 0)) or task.running is None:
            return
        self._state.facts["stacks"] = number
        self._state.save()

        def dump() -> None:
            self._pump.cancel(timer)
            deferred.load("stacks").dump(task, number)

        timer = self._pump.every(_ONCE_S, dump, first_s=0.0)

    def _order(self) -> dict[str, Any]:
        """The order: from disk after a restart (the server need not be there then), else from the registration."""
        self._reporter.registration = {
            "ip": self._machine_ip,
            "host": socket.gethostname(),
            "node": str(self._launch.get("node") or socket.gethostname()),
            "launcher": self._launch["launcher"],
            "facts": {"python": sys.version.split()[0], "cpus": os.cpu_count() or 0},
        }
        stored = read_json(self._rundir.order)
        if stored is not None:
            return stored
        self._pump.channels = [self._reports]
        self._pump.turn()
        library.lay(self._rundir.root)  # while the server thinks about the registration
        deferred.load("shim")  # with `ctypes`; likewise
        self._pump.until(lambda: self._reporter.order is not None)
        # The server leaves out what is null.
        order: dict[str, Any] = {
            "code": None,
            "engine": None,
            "log_export": None,
            **(self._reporter.order or {}),
        }
        write_json(self._rundir.order, order)
        self._state.finish("register")
        return order

    def _perform(self, task: Task) -> dict[str, Any]:
        """Everything up to the outputs; the result so far is on disk when it returns."""
        watch = _LateWatch(task, self._samples)
        timers = [self._pump.every(_WATCH_S, watch.step)]
        outputs: Outputs | None = None
        try:
            for name, action in PREPARATION:
                self._step(task, name, action)
            outputs = Outputs(task)
            outputs.begin_periodic()
            task.want_upload = outputs.want
            timers.append(self._pump.every(_POINTS_S, partial(_listen, task, outputs)))
            started = Running(self._rundir, task.rounds.step).begun()
            if self._pump.stop_grace_s is not None and not started:
                raise StopRequested
            found = command(task, outputs)
        except StopRequested:
            found = final(self._pump.stop_reason, STOPPED_BEFORE_START)
        except UnsafePath as error:
            found = final("command_not_found", NOT_FOUND, str(error))
        except StepFailed as failure:
            task.line("failure", f"[init] {failure.message}")
            found = final(failure.reason, failure.exit_code, failure.message)
        finally:
            for timer in timers:
                self._pump.cancel(timer)
            task.rounds.release_port()
            watch.close()
        sweep(self._launch, self._pump)
        if outputs is not None and os.path.exists(self._rundir.shim("command")):
            self._reporter.step = "outputs"
            problem = outputs.finish()
            if problem and found["reason"] == "completed":
                found = final("output_upload_failed", found["exit_code"], problem)
        self._reporter.step = "log_export"
        problem = export_log(task)
        if problem:
            task.emit("output_upload_failed", name="log", detail=problem)
        self._state.facts["found"] = found
        self._state.save(durable=True)
        return found

    def _step(self, task: Task, name: str, action: Callable[[Task], None]) -> None:
        if name in self._state.done:
            return
        self._reporter.step = name
        if self._pump.stop_grace_s is not None:
            raise StopRequested
        action(task)
        self._state.finish(name)

    def _report(self, task: Task, found: dict[str, Any]) -> None:
        """Log and metrics first, then the final report, repeated until the server has it, be that in days."""
        self._reporter.step = "report"
        task.shipper.notice()
        tick = self._pump.every(_DRAIN_S, lambda: None)  # to go on with what takes long to read
        self._pump.until(lambda: task.shipper.complete and task.points.drained())
        self._pump.cancel(tick)
        task.shipper.settle()
        self._state.final = found
        self._state.save(durable=True)
        self._reporter.final_ready = True
        self._reporter.step = "linger"
        self._pump.until(lambda: self._state.acknowledged)

    def _keep_environment(self, task: Task, found: dict[str, Any]) -> None:
        """After a failure the environment is kept for a while, if that was asked for: also that of a task that was only
        stopped because the job has failed elsewhere.
        """
        stopped = found["reason"] == self._pump.stop_reason and not self._pump.keeping
        if not task.order.get("reserve_s") or found["reason"] == "completed" or stopped:
            return
        self._reporter.step = "reserved"
        self._reporter.holding = True
        deferred.load("reserve").hold(task, found)
        self._reporter.holding = False

    def _abandon(self) -> None:
        """The attempt is no longer ours: kill everything, say nothing."""
        self._pump.channels = []
        for step in self._rundir.steps_with_shim():
            running = Running(self._rundir, step)
            if running.begun() and not running.finished():
                running.kill("closed")
                self._pump.until(running.finished)
        sweep(self._launch, self._pump)


def _listen(task: Task, outputs: Outputs) -> None:
    """What the running command has to tell, and what it wants done now."""
    task.points.look()
    outputs.attend()


class _LateWatch:
    """A `Watch` that is made a second after the start: nothing of it is needed before the user's first line."""

    def __init__(self, task: Task, samples: SampleBuffer) -> None:
        self._task = task
        self._samples = samples
        self._watch: Any = None

    def step(self) -> None:
        """One look."""
        if self._watch is None:
            self._watch = deferred.load("watch").Watch(self._task, self._samples)
        self._watch.step()

    def close(self) -> None:
        """End what it started."""
        if self._watch is not None:
            self._watch.close()


def _own_ip(host: str, port: int) -> str:
    """The address under which the server's network sees this machine. Sends nothing."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host_bytes(host), port, type=socket.SOCK_DGRAM
        )[0]
        probe = socket.socket(family, kind, protocol)
        try:
            probe.connect(target)
            return str(probe.getsockname()[0])
        finally:
            probe.close()
    except OSError:
        return "127.0.0.1"


def _lock(rundir: RunDir) -> int | None:
    """Held as long as this process lives; None when another supervisor has it."""
    descriptor = os.open(rundir.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _detach(rundir: RunDir) -> None:
    """Touch neither a terminal nor descriptors of whoever started us: errors go to `supervisor.log`."""
    null = os.open(os.devnull, os.O_RDONLY)
    journal = os.open(rundir.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(journal, 1)
    os.dup2(journal, 2)
    os.close(null)
    os.close(journal)


def main(rundir: RunDir) -> int:
    """Supervise the task of this folder to its end. Returns 0, also when there is nothing left to do; 3 when another
    supervisor is at work; 4 without a readable `launch.json`.
    """
    lock = _lock(rundir)
    if lock is None:
        return SECOND_SUPERVISOR
    if os.path.exists(rundir.done):
        return 0
    launch = read_json(rundir.launch)
    if launch is None:
        print(f"{rundir.launch} does not exist", file=sys.stderr)
        return BAD_LAUNCH
    _detach(rundir)
    write_json(rundir.supervisor, procfs.identity(os.getpid()))
    Supervisor(rundir, launch).run()
    sys.stderr.flush()
    os._exit(0)  # not `return`: a worker thread that was given up may still wait for a server
