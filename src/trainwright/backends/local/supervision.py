"""Care for the tasks of admitted attempts: start their supervisors, find them again, start them anew, end them.

One coroutine a task, all in one task group; cancelling them leaves every process running. Each turn looks at the disk
first and acts on what it finds there, so it does not matter in which life of the server a supervisor was started.
The supervisor holds `supervisor.lock` for life: should two ever be started for one RUNDIR, one of them leaves.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from trainwright.backends.local import cgroup
from trainwright.backends.local.attempts import AttemptRun, TaskRun
from trainwright.backends.local.folders import DONE, LAUNCH, RunFolders
from trainwright.backends.local.launcher import LauncherChoice
from trainwright.backends.local.processes import (
    Identity,
    device_variables,
    is_alive,
    is_locked,
    kill,
    kill_task,
    read_identity,
    runner_environment,
)
from trainwright.backends.local.settings import LocalSettings
from trainwright.backends.local.watching import Watcher
from trainwright.domain.reasons import Reason
from trainwright.ports.clock import Clock

log = logging.getLogger(__name__)

SUPERVISOR, LOCK = "supervisor.json", "supervisor.lock"
STARTING_POLL_S = 0.05  # a supervisor that has its lock but has not said yet who it is
STARTING_POLLS_MAX = 600  # then the lock is believed to have leaked, and starting anew is tried (and counted)
STOPPED = ("", Reason.PREEMPTED, Reason.STOPPED_BY_USER)  # how a task ends that was told to
RETRY_S = 1.0  # after the disk or the system refused something

P = ParamSpec("P")
R = TypeVar("R")
Spawn = Callable[[Sequence[str], Path, Mapping[str, str]], int]


class Found(StrEnum):
    """What the disk and the process table say of a task."""

    DONE = "done"
    ALIVE = "alive"
    STARTING = "starting"
    UNBORN = "unborn"  # launch.json is written before the first start, and is not there
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Means:
    """What starting a task takes: decided once when the backend opens. `py_spy` empty: it is not installed."""

    launcher: LauncherChoice
    cgroups: cgroup.CgroupParent | None
    accelerator_kind: str
    boot_id: str
    node: str
    py_spy: str


@dataclass(frozen=True, slots=True)
class Pools:
    """Threads for blocking work: `quick` for small files and starts, `slow` for killing and removing."""

    quick: Executor
    slow: Executor


class Supervision:
    """See the module. `changed` is called on the loop whenever an attempt's observation may have changed."""

    def __init__(
        self,
        settings: LocalSettings,
        folders: RunFolders,
        means: Means,
        *,
        clock: Clock,
        pools: Pools,
        spawn: Spawn,
        changed: Callable[[AttemptRun], None],
    ) -> None:
        self._settings = settings
        self._folders = folders
        self._means = means
        self._clock = clock
        self._pools = pools
        self._spawn = spawn
        self._changed = changed
        self._watcher = Watcher(means.boot_id)

    def adopt(self, attempt: AttemptRun, group: asyncio.TaskGroup) -> None:
        """Care for an attempt that was admitted before: by a former server, or before `run` was cancelled."""
        if attempt.stop_grace_s is not None:
            self.stop(attempt, attempt.stop_grace_s)
        for task in attempt.tasks:
            if not task.finished:
                group.create_task(self._care(attempt, task))

    async def begin(self, attempt: AttemptRun, group: asyncio.TaskGroup) -> None:
        """Start an attempt just admitted. Its mark is on disk before its first process is."""
        devices = {task.name: task.devices for task in attempt.tasks}
        while True:
            try:
                await self._quick(self._folders.mark_admitted, attempt.key, devices, self._clock.now_ms())
                break
            except OSError as error:
                log.error("admission_not_stored", extra={"attempt": attempt.key, "error": str(error)})
                await asyncio.sleep(RETRY_S)
        self.adopt(attempt, group)

    def stop(self, attempt: AttemptRun, grace_s: int) -> None:
        """Wake all who care for the attempt: they tell its supervisors. Without grace they kill after a while, and one
        that was sent away for another after its grace and the time to upload outputs: nobody else looks after it.
        """
        now = asyncio.get_running_loop().time()
        for task in attempt.tasks:
            task.stop_told = False
            if grace_s == 0:
                task.kill_at = now + self._settings.hard_kill_after_s
            elif attempt.preempted_by:
                task.kill_at = now + grace_s + self._settings.leave_within_s
            task.news.set()

    async def preempt(self, attempt: AttemptRun) -> None:
        """Stop an attempt that was marked as sent away. The mark is on disk before its processes hear of it."""
        grace_s = attempt.stop_grace_s or 0
        try:
            by = attempt.preempted_by
            await self._quick(self._folders.mark_preempted, attempt.key, by, grace_s)
        except OSError as error:  # a full disk must not keep anyone from making room
            log.warning("preemption_not_stored", extra={"attempt": attempt.key, "error": str(error)})
        log.info("attempt_preempted", extra={"attempt": attempt.key, "by": attempt.preempted_by})
        self.stop(attempt, grace_s if attempt.stop_grace_s is None else attempt.stop_grace_s)

    def close(self) -> None:
        """Forget all processes; they run on."""
        self._watcher.close()

    # -- one task

    async def _care(self, attempt: AttemptRun, task: TaskRun) -> None:
        while not task.finished:
            try:
                await self._turn(attempt, task)
            except OSError as error:
                extra = {"attempt": attempt.key, "task": task.name, "error": str(error)}
                log.error("task_care_failed", extra=extra)
                await self._pause(task, RETRY_S)
        self._changed(attempt)

    async def _turn(self, attempt: AttemptRun, task: TaskRun) -> None:
        if self._must_kill(task) and not task.abandoned:
            await self._abandon(attempt, task, "killed after a stop")
        if task.abandoned:
            await self._end(attempt, task)
            return
        found, identity = await self._quick(self._look, task)
        match found:
            case Found.DONE:
                await self._leave(attempt, task)
            case Found.ALIVE if identity is not None:
                await self._attend(attempt, task, identity.pid, identity)
            case Found.STARTING if task.starting_polls < STARTING_POLLS_MAX:
                task.starting_polls += 1
                await self._pause(task, STARTING_POLL_S)
            case Found.UNBORN if attempt.stop_grace_s is not None:
                task.finished = True
            case _:
                await self._start(attempt, task)

    def _look(self, task: TaskRun) -> tuple[Found, Identity | None]:
        identity = read_identity(task.folder / SUPERVISOR)
        if identity is not None and is_alive(identity, self._means.boot_id):
            return Found.ALIVE, identity
        if (task.folder / DONE).exists():
            return Found.DONE, None
        if is_locked(task.folder / LOCK):
            return Found.STARTING, None
        return (Found.DEAD if (task.folder / LAUNCH).exists() else Found.UNBORN), None

    async def _start(self, attempt: AttemptRun, task: TaskRun) -> None:
        policy, loop = self._settings.restarts, asyncio.get_running_loop()
        while task.starts and task.starts[0] < loop.time() - policy.window_s:
            task.starts.popleft()
        if len(task.starts) > policy.limit:
            await self._abandon_lost(attempt, task)
            return
        if task.starts:
            log.warning("supervisor_restarted", extra={"attempt": attempt.key, "task": task.name})
            await self._pause(task, policy.delay_s(len(task.starts) - 1))
        if self._must_kill(task):
            return
        task.starts.append(loop.time())
        pid = await self._quick(self._launch, attempt, task)
        await self._attend(attempt, task, pid, None)

    def _launch(self, attempt: AttemptRun, task: TaskRun) -> int:
        launch, means = attempt.launch, self._means
        self._leave_stop(attempt, task)
        task.cgroup = self._make_cgroup(attempt, task)
        content = {
            "server_url": launch.server_url,
            "attempt_key": launch.key,
            "task": task.name,
            "token": launch.token,
            "launcher": means.launcher.launcher,
            "engines_dir": str(self._settings.engines_folder),
            "pip_cache_dir": str(self._settings.pip_cache_folder),
            "memory_limit_mib": task.resources.memory_mib,
            "disk_limit_mib": task.resources.disk_mib,
            "cgroup": task.cgroup,
            "node": means.node,
            "py_spy": means.py_spy,
        }
        folder = self._folders.write_launch(attempt.key, task.name, content)
        devices = device_variables(means.accelerator_kind, task.devices)
        environment = runner_environment(os.environ, folder, devices)
        return self._spawn([*self._settings.runner_argv, str(folder)], folder, environment)

    def _make_cgroup(self, attempt: AttemptRun, task: TaskRun) -> str:
        if self._means.cgroups is None:
            return ""
        try:
            return cgroup.create(
                self._means.cgroups,
                cgroup.group_name(attempt.key, task.name),
                memory_mib=task.resources.memory_mib,
                pids=self._settings.pids_limit,
            )
        except OSError as error:  # the runner then measures and limits memory by itself
            log.warning("cgroup_not_made", extra={"attempt": attempt.key, "error": str(error)})
            return ""

    async def _attend(self, attempt: AttemptRun, task: TaskRun, pid: int, expected: Identity | None) -> None:
        """Stay with a living supervisor until it ends, passing on stops."""
        ended = asyncio.Event()

        def on_end() -> None:
            ended.set()
            task.news.set()

        identity = self._watcher.watch(pid, on_end, expected)
        if identity is None:
            return
        task.starting_polls = 0
        if not task.started:
            task.started = True
            self._changed(attempt)
        while not ended.is_set():
            if self._must_kill(task):
                return
            await self._pause(task, await self._pass_on_stop(attempt, task, identity))

    async def _pass_on_stop(self, attempt: AttemptRun, task: TaskRun, identity: Identity) -> float | None:
        """SIGTERM once the supervisor is ready for it; returns for how long to wait for news, None: for ever.

        Before it has written who it is, it may not have its signal handler: it will read stop.json when it has.
        """
        if attempt.stop_grace_s is not None and not task.stop_told:
            await self._quick(self._leave_stop, attempt, task)
            if await self._quick(read_identity, task.folder / SUPERVISOR) != identity:
                return STARTING_POLL_S
            task.stop_told = True
            if is_alive(identity, self._means.boot_id):
                kill(identity.pid, signal.SIGTERM)
        if task.kill_at is None:
            return None
        return max(0.0, task.kill_at - asyncio.get_running_loop().time())

    def _leave_stop(self, attempt: AttemptRun, task: TaskRun) -> None:
        """Leave the stop, if there is one, where a supervisor finds it whenever it comes to look."""
        if attempt.stop_grace_s is None:
            return
        try:
            preempted = bool(attempt.preempted_by)
            self._folders.tell_stop(attempt.key, task.name, attempt.stop_grace_s, preempted=preempted)
        except OSError as error:  # a full disk must not keep a job from being stopped: the signal says it too
            log.warning("stop_not_stored", extra={"attempt": attempt.key, "error": str(error)})

    def _must_kill(self, task: TaskRun) -> bool:
        return task.kill_at is not None and asyncio.get_running_loop().time() >= task.kill_at

    # -- the end of a task

    async def _abandon_lost(self, attempt: AttemptRun, task: TaskRun) -> None:
        """Its supervisor cannot be kept alive: end this task, and ask the others of the attempt to end."""
        detail = f"the runner ended {len(task.starts)} times without a result"
        log.error("runner_lost", extra={"attempt": attempt.key, "task": task.name})
        await self._abandon(attempt, task, detail, Reason.RUNNER_LOST)
        if attempt.stop_grace_s is None:
            attempt.stop_grace_s = attempt.launch.spec.grace_s
            self.stop(attempt, attempt.stop_grace_s)

    async def _abandon(
        self, attempt: AttemptRun, task: TaskRun, detail: str, reason: Reason | None = None
    ) -> None:
        """Never start its supervisor again; the next turn kills what is left of it."""
        task.reason, task.detail, task.abandoned = reason, detail, True
        try:
            said = reason.value if reason is not None else ""
            await self._quick(self._folders.abandon, attempt.key, task.name, said, detail)
        except OSError as error:  # killing must not depend on a disk that may be full
            extra = {"attempt": attempt.key, "task": task.name, "error": str(error)}
            log.warning("abandoned_not_stored", extra=extra)

    async def _end(self, attempt: AttemptRun, task: TaskRun) -> None:
        """Kill whatever is left of an abandoned task."""
        if await self._slow(kill_task, task.folder, task.cgroup, self._means.boot_id):
            task.finished = True
            return
        log.error("task_cannot_be_killed", extra={"attempt": attempt.key, "task": task.name})
        await self._pause(task, RETRY_S)

    async def _leave(self, attempt: AttemptRun, task: TaskRun) -> None:
        """The runner says all is over: make sure of it, thoroughly if the task was not an ordinary one."""
        if attempt.preempted_by:
            reason = await self._quick(self._folders.read_reason, attempt.key, task.name)
            task.own_end = reason not in STOPPED
        if await self._quick(self._is_clean, task):
            task.finished = True
        else:
            await self._end(attempt, task)

    def _is_clean(self, task: TaskRun) -> bool:
        if task.inherited or len(task.starts) != 1 or cgroup.members(task.cgroup):
            return False  # a second supervisor may be about to find out that it is not needed
        return all(
            (shim.with_name(shim.name.replace("shim-", "exit-", 1))).exists() and not self._lives(shim)
            for shim in task.folder.glob("shim-*.json")
        )

    def _lives(self, path: Path) -> bool:
        identity = read_identity(path)
        return identity is not None and is_alive(identity, self._means.boot_id)

    # -- waiting

    async def _pause(self, task: TaskRun, seconds: float | None) -> None:
        """Until there is news of the task, or `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                await task.news.wait()
        except TimeoutError:
            return
        task.news.clear()

    async def _quick(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await run_in(self._pools.quick, call, *args, **kwargs)

    async def _slow(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await run_in(self._pools.slow, call, *args, **kwargs)


async def run_in(pool: Executor, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of a blocking call made in a thread of `pool`."""
    return await asyncio.get_running_loop().run_in_executor(pool, partial(call, *args, **kwargs))
