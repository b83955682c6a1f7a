"""The local backend: this machine's CPUs, memory and accelerators in pools, runners as detached sessions.

The machine is its only node, called by its host name. Every pool is on it; isolated, it starts nothing at all.

State lives on disk (`folders`) and is read once, at the first call; from then on answers come from memory. All changes
are made on the event loop; whatever blocks is done by a few threads of our own. `run` must be running for anything to
start; without it launches are accepted and wait.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from trainwright.backends.local import cgroup
from trainwright.backends.local.attempts import AttemptRun, new_run
from trainwright.backends.local.disk import Disk
from trainwright.backends.local.dispatch import Dispatch
from trainwright.backends.local.folders import NAME, DamagedLaunch, RunFolders, StoredLaunch
from trainwright.backends.local.launcher import choose_launcher
from trainwright.backends.local.machine import Machine, read_machine
from trainwright.backends.local.processes import kill_task, read_boot_id, spawn_detached
from trainwright.backends.local.render import render_launch
from trainwright.backends.local.runtimes import RunTimes
from trainwright.backends.local.schedule import never_fits
from trainwright.backends.local.settings import LocalSettings
from trainwright.backends.local.shell import open_shell
from trainwright.backends.local.supervision import Means, Pools, Spawn, Supervision, run_in
from trainwright.backends.py_spy import find_py_spy
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.ports.backend import BackendError, Capacity, Handle, Launch, Node, PoolUse, Terminal
from trainwright.ports.clock import Clock

log = logging.getLogger(__name__)

NAME_OF_BACKEND = "local"
HANDLE_VERSION = 1
OPEN_RETRY_S = 1.0
REMEMBER_EVERY_S = 5.0
GONE = Observation(RunState.GONE)


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is decided once, when the backend first looks at its disk and its machine."""

    machine: Machine
    means: Means
    supervision: Supervision


class LocalBackend:
    """See the module and `ports.backend`. One per data directory.

    `on_change(job_id)` is called on the event loop when the state of one of the job's attempts changes. It is not
    called when only a queue position moves: those are read when someone asks.

    `shares_disk`: runners are processes of this machine and lay files straight from and into the server's folders.
    `at_once`: more only fight over the one writer and the interpreter, and hold up submissions.
    """

    name = NAME_OF_BACKEND
    shares_disk = True
    at_once = 4

    def __init__(
        self,
        settings: LocalSettings,
        *,
        clock: Clock,
        on_change: Callable[[str], None],
        disk: Disk | None = None,
        spawn: Spawn = spawn_detached,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_change = on_change
        self._spawn = spawn
        disk = disk or Disk()
        self._folders = RunFolders(settings.runs_dir, disk)
        self._run_times = RunTimes(settings.run_times_file, disk)
        self._pools = Pools(
            quick=ThreadPoolExecutor(4, thread_name_prefix="local-quick"),
            slow=ThreadPoolExecutor(2, thread_name_prefix="local-slow"),
        )
        self._attempts: dict[str, AttemptRun] = {}
        self._damaged: dict[str, DamagedLaunch] = {}
        self._storing: dict[str, asyncio.Future[None]] = {}
        self._dispatch = Dispatch(self._attempts, self._run_times, clock)
        self._sequence = 0
        self._opened: _Opened | None = None
        self._opening = asyncio.Lock()
        self._reordering = asyncio.Lock()
        self._wake = asyncio.Event()
        self._ran = asyncio.Event()

    # -- the port

    def render(self, launch: Launch) -> str:
        """The runners' command lines and launch files, token masked."""
        return render_launch(launch, self._settings)

    async def probe(self) -> Capacity:
        """The machine as it is now. Raises `BackendError` when the disk or the demanded sandbox does not work."""
        opened = await self._ready()
        if opened.means.launcher.failure:
            raise BackendError(opened.means.launcher.failure)
        machine = opened.machine
        return Capacity(
            total=machine.resources(machine.total),
            free=machine.resources(self._dispatch.free(machine)),
            launcher=opened.means.launcher.launcher,
            launcher_note=opened.means.launcher.note,
            queued=self._dispatch.queued,
            running=len(self._dispatch.running),
            host=machine.host,
            ip=machine.ip,
        )

    async def submit(self, launch: Launch) -> Handle:
        """Store the launch and put it into the queue."""
        opened = await self._ready()
        if opened.means.launcher.failure:
            raise BackendError(opened.means.launcher.failure)
        for name in (launch.key, *launch.spec.task_names()):
            if NAME.fullmatch(name) is None:
                raise BackendError(f"{name!r} cannot be the name of a folder", retryable=False)
        if launch.key not in self._attempts and launch.key not in self._damaged:
            await asyncio.shield(self._storing.get(launch.key) or self._store(launch))
        return self._handle(launch.key)

    async def observe(self, handles: Sequence[Handle]) -> Mapping[str, Observation]:
        """Answers from memory. Left out: a launch that is being stored at this moment."""
        await self._ready()
        return {
            handle.key: self._observe(handle.key) for handle in handles if handle.key not in self._storing
        }

    async def stop(self, handle: Handle, *, grace_s: int) -> None:
        """Take it out of the queue, or have its supervisors end it. A full disk does not keep it from stopping."""
        opened = await self._ready()
        attempt = self._attempts.get(handle.key)
        if attempt is None or attempt.is_over:
            return
        if attempt.stop_grace_s is not None and attempt.stop_grace_s <= grace_s:
            return
        was_queued = attempt.is_queued
        attempt.stop_grace_s = grace_s
        if was_queued:
            self._dispatch.leave_line(attempt)
            self._changed(attempt)
        else:
            opened.supervision.stop(attempt, grace_s)
        try:
            await run_in(self._pools.quick, self._folders.mark_stopped, attempt.key, grace_s)
        except OSError as error:
            log.warning("stop_not_stored", extra={"attempt": attempt.key, "error": str(error)})

    async def reap(self, handle: Handle) -> None:
        """Remove folder and control groups of an attempt that has ended."""
        opened = await self._ready()
        attempt, damaged = self._attempts.get(handle.key), self._damaged.get(handle.key)
        if attempt is None and damaged is None:
            return
        if attempt is not None and not attempt.is_over:
            raise BackendError(f"attempt {handle.key} still waits or runs; stop it first")
        try:
            await run_in(self._pools.slow, self._remove, handle.key, attempt, opened.means.boot_id)
        except OSError as error:
            raise BackendError(f"attempt {handle.key} cannot be removed: {error}") from error
        self._attempts.pop(handle.key, None)
        self._damaged.pop(handle.key, None)
        if attempt is not None:
            self._on_change(attempt.job_id)

    async def owned(self) -> Sequence[Handle]:
        """Everything on our disk."""
        await self._ready()
        return [self._handle(key) for key in (*self._attempts, *self._damaged)]

    async def set_shares(self, shares: Mapping[str, Demand]) -> None:
        """Divide the machine anew."""
        self._dispatch.shares = dict(shares)
        self._look_again()

    async def probe_shares(self) -> Mapping[str, PoolUse]:
        """Every pool as it is now."""
        return self._dispatch.uses((await self._ready()).machine)

    async def nodes(self) -> Sequence[Node]:
        """This machine; every pool is on it."""
        machine = (await self._ready()).machine
        free = self._dispatch.free(machine).most(Demand())
        pools = ("", *self._dispatch.shares)
        return [Node(machine.host, machine.resources(machine.total), free, machine.ip, pools)]

    async def set_isolated(self, nodes: Collection[str]) -> None:
        """Start nothing as long as this machine is among them."""
        self._dispatch.isolated = frozenset(nodes)
        self._look_again()

    async def set_preemption(self, pools: Collection[str]) -> None:
        """Make room in these pools from now on. One that was sent away already leaves all the same."""
        self._dispatch.preemption = frozenset(pools)
        self._look_again()

    async def set_priority(self, key: str, priority: int) -> None:
        """Move it in its line. Raises `BackendError` when the disk does not keep it; then nothing has changed."""
        await self._ready()
        if key in self._storing:
            await asyncio.shield(self._storing[key])
        async with self._reordering:
            attempt = self._attempts.get(key)
            if attempt is None or not attempt.is_queued or attempt.priority == priority:
                return
            try:
                await run_in(self._pools.quick, self._folders.mark_priority, key, priority)
            except OSError as error:
                raise BackendError(f"the priority of attempt {key} cannot be stored: {error}") from error
            if attempt.is_queued:
                self._dispatch.move(attempt, priority)
                self._changed(attempt)

    async def open_shell(
        self, handle: Handle, task: str, *, rows: int, columns: int, argv: Sequence[str] = ()
    ) -> Terminal:
        """A terminal in the task, by the runner's own means."""
        attempt = self._attempts.get(handle.key)
        if attempt is None or task not in attempt.launch.spec.task_names():
            raise BackendError(f"there is no task {task} of attempt {handle.key}", retryable=False)
        folder = self._folders.task_folder(handle.key, task)
        return await open_shell(self._settings.runner_argv, folder, rows=rows, columns=columns, argv=argv)

    # -- the embedded scheduler

    async def run(self) -> None:
        """Start what may start, make room where that is allowed, and care for what runs, until cancelled. Cancelling
        leaves every job running.
        """
        opened = await self._open_patiently()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._empty_trash())
                group.create_task(self._remember_run_times())
                for attempt in self._dispatch.running:
                    opened.supervision.adopt(attempt, group)
                while True:
                    self._wake.clear()
                    for attempt in self._dispatch.admit(opened.machine):
                        group.create_task(opened.supervision.begin(attempt, group))
                        self._on_change(attempt.job_id)
                    for attempt in self._dispatch.preempt(opened.machine):
                        group.create_task(opened.supervision.preempt(attempt))
                    await self._wake.wait()
        finally:
            opened.supervision.close()

    async def _open_patiently(self) -> _Opened:
        while True:
            try:
                return await self._ready()
            except BackendError as error:
                log.error("local_backend_not_open", extra={"error": str(error)})
                await asyncio.sleep(OPEN_RETRY_S)

    async def _empty_trash(self) -> None:
        try:
            await run_in(self._pools.slow, self._folders.empty_trash)
        except OSError as error:  # the next start tries again
            log.warning("trash_left_behind", extra={"error": str(error)})

    async def _remember_run_times(self) -> None:
        """Now and then: what a crash takes of it is missed by nobody."""
        while True:
            await self._ran.wait()
            self._ran.clear()
            try:
                await run_in(self._pools.slow, self._run_times.store, self._run_times.copy())
            except OSError as error:
                log.warning("run_times_not_stored", extra={"error": str(error)})
            await asyncio.sleep(REMEMBER_EVERY_S)

    # -- opening

    async def _ready(self) -> _Opened:
        """Open on the first call.

        Raises:
            BackendError: the disk cannot be read; the next call tries again.
        """
        if self._opened is None:
            async with self._opening:
                if self._opened is None:
                    self._opened = await self._open()
        return self._opened

    async def _open(self) -> _Opened:
        try:
            machine, means, found = await run_in(self._pools.slow, self._look_around)
        except (OSError, ValueError) as error:
            raise BackendError(f"the local backend cannot open {self._settings.data_dir}: {error}") from error
        supervision = Supervision(
            self._settings,
            self._folders,
            means,
            clock=self._clock,
            pools=self._pools,
            spawn=self._spawn,
            changed=self._changed,
        )
        for stored in found:
            if isinstance(stored, DamagedLaunch):
                self._damaged[stored.key] = stored
            else:
                self._register(self._recall(stored, means), machine)
        return _Opened(machine, means, supervision)

    def _look_around(self) -> tuple[Machine, Means, list[StoredLaunch | DamagedLaunch]]:
        self._folders.open()
        self._run_times.load()
        machine = read_machine(self._settings)
        means = Means(
            launcher=choose_launcher(self._settings.sandbox),
            cgroups=cgroup.find_parent() if self._settings.cgroups else None,
            accelerator_kind=machine.accelerator_kind,
            boot_id=read_boot_id(),
            node=machine.host,
            py_spy=find_py_spy(),
        )
        return machine, means, list(self._folders.load_all())

    def _recall(self, stored: StoredLaunch, means: Means) -> AttemptRun:
        """The attempt in memory as its files say."""
        attempt = new_run(stored.launch, stored.sequence, self._folders)
        attempt.stop_grace_s, attempt.priority = stored.stop_grace_s, stored.priority
        attempt.preempted_by = stored.preempted_by
        if stored.devices is None:
            return attempt
        attempt.admitted, attempt.admitted_at_ms = True, stored.admitted_at_ms
        for task in attempt.tasks:
            task.inherited = True
            task.devices = stored.devices.get(task.name, ())
            task.cgroup = self._folders.read_cgroup(attempt.key, task.name)
            if not task.cgroup and means.cgroups is not None:
                name = cgroup.group_name(attempt.key, task.name)
                task.cgroup = cgroup.reference_of(means.cgroups, name)
            abandoned = self._folders.read_abandoned(attempt.key, task.name)
            if abandoned is not None:
                task.abandoned, task.detail = True, abandoned[1]
                task.reason = Reason.RUNNER_LOST if abandoned[0] == Reason.RUNNER_LOST else None
        return attempt

    # -- inside

    def _store(self, launch: Launch) -> asyncio.Future[None]:
        """Write it in a thread; it enters the queue when written, whether or not the caller still waits."""
        self._sequence += 1
        sequence = self._sequence
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._storing[launch.key] = done
        writing = asyncio.get_running_loop().run_in_executor(
            self._pools.quick, self._folders.store, launch, sequence
        )
        attempt = new_run(launch, sequence, self._folders)
        writing.add_done_callback(lambda written: self._stored(attempt, written, done))
        return done

    def _stored(self, attempt: AttemptRun, written: asyncio.Future[None], done: asyncio.Future[None]) -> None:
        del self._storing[attempt.key]
        error = written.exception()
        if error is None and self._opened is not None:
            self._register(attempt, self._opened.machine)
            self._changed(attempt)
            done.set_result(None)
        elif isinstance(error, OSError):
            failure = BackendError(f"attempt {attempt.key} cannot be stored: {error}")
            failure.__cause__ = error
            done.set_exception(failure)
        elif error is not None:
            done.set_exception(error)

    def _register(self, attempt: AttemptRun, machine: Machine) -> None:
        self._sequence = max(self._sequence, attempt.sequence)
        if not attempt.admitted:
            attempt.rejected = never_fits(attempt.launch.spec, machine.total, machine.accelerator_kind)
        self._attempts[attempt.key] = attempt
        self._dispatch.enter(attempt, machine)

    def _changed(self, attempt: AttemptRun) -> None:
        if attempt.admitted:
            self._dispatch.changed()
        if attempt.is_over and self._dispatch.end(attempt):
            self._ran.set()
        self._wake.set()
        self._on_change(attempt.job_id)

    def _look_again(self) -> None:
        self._dispatch.changed()
        self._wake.set()

    def _observe(self, key: str) -> Observation:
        attempt = self._attempts.get(key)
        if attempt is not None:
            return attempt.observe(self._wait(attempt) if attempt.is_queued else None)
        damaged = self._damaged.get(key)
        if damaged is None:
            return GONE
        return Observation(RunState.EXITED, reason=Reason.RUNNER_LOST, detail=damaged.detail)

    def _wait(self, attempt: AttemptRun) -> Note | None:
        """Why it is queued; None while the scheduler has never looked at it. Old news until it looks again."""
        if self._opened is None:
            return None
        if not self._wake.is_set():
            self._dispatch.look(attempt, self._opened.machine)
        return self._dispatch.note(attempt, self._opened.machine)

    def _remove(self, key: str, attempt: AttemptRun | None, boot_id: str) -> None:
        if attempt is None:  # a damaged one: nothing is known of its tasks but their folders
            for folder in self._folders.folder(key).glob("*/"):
                kill_task(folder, self._folders.read_cgroup(key, folder.name), boot_id)
        else:
            for task in attempt.tasks:
                cgroup.remove(task.cgroup)
        self._folders.discard(key)

    def _handle(self, key: str) -> Handle:
        return Handle(key, NAME_OF_BACKEND, HANDLE_VERSION, {})
