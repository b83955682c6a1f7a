"""The Slurm backend: attempts as batch jobs of a cluster, their files in a folder that its nodes share with us.

The folder is the truth about what was accepted and how tasks ended; Slurm is the truth about the queue. One squeue a
period serves all jobs; an error, an empty answer or a job that is missing means "not known" until it has been missing
several times and neither accounting nor a keeper knows better. Nothing is submitted twice: a submission without an
answer is looked for by its name first, and should two jobs start all the same, keepers let one of them work.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence

from trainwright.backends.slurm.attempts import Tracked
from trainwright.backends.slurm.commands import CommandFailed, CommandLost, Commands
from trainwright.backends.slurm.folders import NAME, PRIORITY, SharedFolder
from trainwright.backends.slurm.script import priority_options, render_script
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.backends.slurm.shell import Place, open_shell
from trainwright.backends.slurm.submission import Submission
from trainwright.backends.slurm.threads import Threads
from trainwright.backends.slurm.watching import Watch
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.ports.backend import BackendError, Capacity, FixedPool, Handle, Launch, Node, Terminal
from trainwright.ports.clock import Clock

log = logging.getLogger(__name__)

NAME_OF_BACKEND = "slurm"
HANDLE_VERSION = 1
GONE = Observation(RunState.GONE)
ALREADY_DONE = 2021 % 256
"""How scancel ends, without a word, for a job that has just ended: ESLURM_ALREADY_DONE (slurm_errno.h), as a status."""
OPEN_RETRY_S = 5.0
TELL_AGAIN_S = 15.0
TROUBLE_PAUSE_MAX_S = 60.0
NO_SUCH_JOB = ("Invalid job id", "already completing", "already completed", "Job/step already")


class SlurmBackend:
    """See the module and `ports.backend`. One per shared folder.

    `on_change(job_id)` is called on the event loop when the state of one of the job's attempts changes.
    """

    name = NAME_OF_BACKEND
    at_once = 8

    def __init__(
        self,
        settings: SlurmSettings,
        *,
        clock: Clock,
        on_change: Callable[[str], None],
        commands: Commands | None = None,
    ) -> None:
        self._settings = settings
        self.shares_disk = settings.shares_store
        self._commands = commands or Commands(settings.command, settings.timeout_s)
        self._threads = Threads()
        self._folder = SharedFolder(settings.shared_dir)
        self._on_change = on_change
        self._watch = Watch(
            settings, self._commands, self._folder, self._threads, clock, changed=self._changed
        )
        self._submission = Submission(
            settings, self._commands, self._folder, self._threads, self._watch, clock=clock
        )
        self._keys: dict[str, asyncio.Lock] = {}
        self._opening = asyncio.Lock()
        self._is_open = False
        self._isolated: frozenset[str] = frozenset()
        self._wake = asyncio.Event()

    # -- the port

    def render(self, launch: Launch) -> str:
        """The batch script. It holds no token."""
        comment = self._watch.comment or "trainwright"
        return render_script(launch, self._settings, comment=comment, exclude=launch.avoid)

    async def probe(self) -> Capacity:
        """What the public partition has and has free."""
        await self._ready()
        cluster = await self._watch.cluster(max_age_s=0.5)
        rows, kind = cluster.members(self._settings.partition), cluster.kind
        sandbox = self._settings.sandbox
        return Capacity(
            total=cluster.resources(cluster.total(rows, kind), kind),
            free=cluster.resources(cluster.free(rows, kind), kind),
            launcher="sandbox" if sandbox == "on" else "process",
            launcher_note={
                "on": "the settings demand bubblewrap on every node",
                "off": "the sandbox is turned off in the settings",
                "auto": "each node uses bubblewrap where it works",
            }[sandbox],
            queued=sum(tracked.is_waiting for tracked in self._watch.all()),
            running=sum(not (t.is_waiting or t.is_over) for t in self._watch.all()),
        )

    async def submit(self, launch: Launch) -> Handle:
        """Store the launch in the shared folder and hand it over to sbatch."""
        await self._ready()
        for name in (launch.key, *launch.spec.task_names()):
            if NAME.fullmatch(name) is None:
                raise BackendError(f"{name!r} cannot be the name of a folder", retryable=False)
        async with self._keys.setdefault(launch.key, asyncio.Lock()):
            tracked = self._watch.find(launch.key)
            if tracked is None and launch.key not in self._watch.damaged:
                tracked = await self._submission.accept(launch)
                self._watch.add(tracked)
                self._wake.set()
            if tracked is not None and not (
                tracked.job or tracked.is_over or tracked.shut_out or tracked.refused
            ):
                await self._submission.hand_over(tracked, self._isolated)
        return self._handle(launch.key)

    async def observe(self, handles: Sequence[Handle]) -> Mapping[str, Observation]:
        """What is known of each; from Slurm no older than a period. Left out: what cannot be told at the moment."""
        await self._ready()
        reachable = await self._look()
        wanted = [t for handle in handles if (t := self._watch.find(handle.key)) and not t.is_over]
        await self._watch.read_signs(wanted)
        if self._watch.due:
            reachable = await self._look()
        found = {handle.key: self._observe(handle.key, reachable) for handle in handles}
        return {key: seen for key, seen in found.items() if seen is not None}

    async def stop(self, handle: Handle, *, grace_s: int) -> None:
        """Leave word for the keepers, take it out of the queue, and have Slurm signal its tasks."""
        await self._ready()
        tracked = self._watch.find(handle.key)
        if tracked is None:
            await self._cancel_strays(handle.key)
            return
        if tracked.is_over:
            return
        tracked.failures, tracked.again_at = 0, 0.0
        now = asyncio.get_running_loop().time()
        known = tracked.stop_grace_s is not None and tracked.stop_grace_s <= grace_s
        if known and tracked.told_at is not None and now < tracked.told_at + TELL_AGAIN_S:
            return
        if not known:
            tracked.stop_grace_s = grace_s
            try:
                await self._threads(self._folder.tell_stop, handle.key, tracked.tasks, grace_s)
            except (
                OSError
            ) as error:  # a full disk must not keep a job from being stopped: the signal says it too
                log.warning("stop_not_stored", extra={"attempt": handle.key, "error": str(error)})
        await self._tell(tracked)

    async def reap(self, handle: Handle) -> None:
        """Remove the folder of an attempt that is over, and what Slurm still has of it."""
        await self._ready()
        tracked = self._watch.find(handle.key)
        if tracked is not None:
            await self._watch.read_signs([tracked])
            if not tracked.is_over:
                raise BackendError(f"attempt {handle.key} still waits or runs; stop it first")
        elif handle.key not in self._watch.damaged:
            if self._watch.strays(handle.key):
                raise BackendError(f"attempt {handle.key} is still in Slurm's queue; stop it first")
            return
        for job in self._watch.living(handle.key):  # a copy that Slurm would start again
            await self._scancel(job)
        try:
            await self._threads(self._folder.discard, handle.key)
        except OSError as error:
            raise BackendError(f"attempt {handle.key} cannot be removed: {error}") from error
        self._watch.forget(handle.key)
        self._keys.pop(handle.key, None)
        if tracked is not None:
            self._on_change(tracked.spec.job_id)

    async def owned(self) -> Sequence[Handle]:
        """Everything in the shared folder, and jobs of ours in Slurm's queue that have no folder any more."""
        await self._ready()
        await self._look()
        keys = [tracked.key for tracked in self._watch.all()]
        return [self._handle(key) for key in (*keys, *self._watch.damaged, *self._watch.stray_keys())]

    # -- capabilities

    async def set_priority(self, key: str, priority: int) -> None:
        """Have Slurm order it anew. One that goes before all others stays there."""
        await self._ready()
        tracked = self._watch.find(key)
        if tracked is None or not tracked.is_waiting or tracked.priority == priority or tracked.launch.urgent:
            return
        if tracked.job:
            await self._reorder(tracked, priority)
        try:
            await self._threads(self._folder.write, key, PRIORITY, {"priority": priority})
        except OSError as error:
            raise BackendError(f"the priority of attempt {key} cannot be stored: {error}") from error
        tracked.priority = priority
        self._watch.due = True

    async def nodes(self) -> Sequence[Node]:
        """All nodes of our partitions."""
        await self._ready()
        return (await self._watch.cluster(max_age_s=1.0)).describe(self._isolated)

    async def set_isolated(self, nodes: Collection[str]) -> None:
        """Later submissions avoid them; what waits already is told to, where Slurm lets us."""
        await self._ready()
        self._isolated = frozenset(nodes)
        self._wake.set()
        if any(tracked.is_waiting for tracked in self._watch.all()):
            await self._keep_away()

    async def fixed_pools(self) -> Sequence[FixedPool]:
        """The partitions of the settings."""
        await self._ready()
        return (await self._watch.cluster(max_age_s=5.0)).fixed_pools()

    async def open_shell(
        self, handle: Handle, task: str, *, rows: int, columns: int, argv: Sequence[str] = ()
    ) -> Terminal:
        """A terminal in the task, as one more step of its job on its node."""
        await self._ready()
        tracked = self._watch.find(handle.key)
        if tracked is None or tracked.is_over or task not in tracked.tasks:
            raise BackendError(f"{task} of attempt {handle.key} does not run", retryable=False)
        job, node = await self._threads(self._folder.place, handle.key, task)
        if not node:
            raise BackendError(f"{task} of attempt {handle.key} has not begun", retryable=False)
        place = Place(job, node, self._folder.folder(handle.key) / task)
        return await open_shell(self._settings, self._commands, place, rows=rows, columns=columns, argv=argv)

    async def run(self) -> None:
        """Look at the queue once a period while there is anything in it, until cancelled. Jobs run on."""
        while True:
            try:
                await self._ready()
                break
            except BackendError as error:
                log.error("slurm_backend_not_open", extra={"error": str(error)})
                await asyncio.sleep(OPEN_RETRY_S)
        await self._sweep_trash()
        while True:
            self._wake.clear()
            if all(tracked.is_over for tracked in self._watch.all()):
                await self._wake.wait()
                continue
            await self._turn()
            await asyncio.sleep(self._settings.poll_s)

    # -- one turn

    async def _turn(self) -> None:
        try:
            await self._watch.look(max_age_s=self._settings.poll_s / 2)
            await self._watch.read_signs([t for t in self._watch.all() if not t.is_over])
        except BackendError as error:
            log.warning("slurm_not_reached", extra={"error": str(error)})
            return
        for tracked in self._watch.all():
            now = asyncio.get_running_loop().time()
            if now < tracked.again_at:
                continue
            try:
                await self._care(tracked)
                self._pause(tracked, is_refused=bool(tracked.refused))
            except BackendError as error:
                log.warning("attempt_not_cared_for", extra={"attempt": tracked.key, "error": str(error)})
                self._pause(tracked, is_refused=True)
                if isinstance(error, CommandLost):
                    return  # most likely nobody is answered; others come first in the next turn

    def _pause(self, tracked: Tracked, *, is_refused: bool) -> None:
        """Leave an attempt for which Slurm does not do what it needs alone for longer and longer."""
        if not is_refused:
            tracked.failures, tracked.again_at = 0, 0.0
            return
        tracked.failures += 1
        pause_s = min(self._settings.poll_s * 2.0 ** min(tracked.failures, 10), TROUBLE_PAUSE_MAX_S)
        tracked.again_at = asyncio.get_running_loop().time() + pause_s

    async def _care(self, tracked: Tracked) -> None:
        """What an attempt needs from us while nobody asks for it."""
        if tracked.is_over:
            return
        now = asyncio.get_running_loop().time()
        if not tracked.job and tracked.stop_grace_s is None:
            async with self._keys.setdefault(tracked.key, asyncio.Lock()):
                await self._submission.hand_over(tracked, self._isolated)
        if tracked.lost is not None and tracked.stop_grace_s is None:
            await self.stop(self._handle(tracked.key), grace_s=tracked.spec.grace_s)
        if tracked.stop_grace_s == 0 and tracked.kill_at is None:
            tracked.kill_at = now + self._settings.hard_kill_after_s
        if tracked.kill_at is not None and now >= tracked.kill_at and tracked.job:
            tracked.kill_at = now + TELL_AGAIN_S
            await self._scancel(tracked.job)

    async def _sweep_trash(self) -> None:
        try:
            await self._threads(self._folder.empty_trash)
        except OSError as error:  # the next start tries again
            log.warning("trash_left_behind", extra={"error": str(error)})

    # -- inside

    async def _ready(self) -> None:
        """Read the shared folder on the first call.

        Raises:
            BackendError: it cannot be read; the next call tries again.
        """
        if self._is_open:
            return
        async with self._opening:
            if not self._is_open:
                try:
                    await self._watch.open()
                except OSError as error:
                    raise BackendError(
                        f"the folder {self._settings.shared_dir} cannot be used: {error}"
                    ) from error
                self._is_open = True
                self._wake.set()

    async def _look(self) -> bool:
        """Whether what we know of the queue is fresh enough."""
        try:
            await self._watch.look(max_age_s=self._settings.poll_s * 1.5)
        except BackendError as error:
            log.warning("slurm_not_reached", extra={"error": str(error)})
            return False
        return True

    def _observe(self, key: str, reachable: bool) -> Observation | None:
        tracked = self._watch.find(key)
        if tracked is not None:
            if not (reachable or tracked.is_over):
                return None
            return self._watch.observe(tracked)
        damaged = self._watch.damaged.get(key)
        if damaged is not None:
            return Observation(RunState.EXITED, reason=Reason.RUNNER_LOST, detail=damaged.detail)
        if self._watch.strays(key):
            return Observation(RunState.RUNNING)
        return GONE if reachable else None

    async def _tell(self, tracked: Tracked) -> None:
        """Tell Slurm of the stop. Word for the keepers lies in the folder already, in case it starts meanwhile."""
        now = asyncio.get_running_loop().time()
        if not tracked.job:
            async with self._keys.setdefault(tracked.key, asyncio.Lock()):
                await self._submission.withdraw(tracked)
        if tracked.job and not tracked.is_over:
            if tracked.is_waiting:
                await self._scancel("--state=PENDING", tracked.job)
            if not tracked.is_waiting or tracked.row is None:
                await self._scancel("--signal=TERM", tracked.job)
        if tracked.stop_grace_s == 0 and tracked.kill_at is None:
            tracked.kill_at = now + self._settings.hard_kill_after_s
        tracked.told_at = now
        self._watch.due = True
        self._wake.set()

    async def _cancel_strays(self, key: str) -> None:
        await self._look()
        for job in self._watch.strays(key):
            await self._scancel(job)
        self._watch.due = True

    async def _scancel(self, *arguments: str) -> None:
        try:
            await self._commands("scancel", *arguments)
        except CommandFailed as error:
            if error.code != ALREADY_DONE and not any(words in error.said for words in NO_SUCH_JOB):
                raise

    async def _reorder(self, tracked: Tracked, priority: int) -> None:
        settings = self._settings
        if settings.priorities.by == "partition":
            partition = settings.partition_for(tracked.spec.pool_id, priority, urgent=False)
            change = f"Partition={partition}"
        else:
            options = priority_options(settings, priority, urgent=False)
            if not options:
                return
            name, _, value = options[0].removeprefix("--").partition("=")
            change = f"{name.upper() if name == 'qos' else name.capitalize()}={value}"
        await self._commands("scontrol", "update", f"JobId={tracked.job}", change)

    async def _keep_away(self) -> None:
        cluster = await self._watch.cluster(max_age_s=60.0)
        for tracked in self._watch.all():
            names = cluster.known((*self._isolated, *tracked.launch.avoid))
            if not (tracked.is_waiting and tracked.job) or names == tracked.excluded:
                continue
            try:
                change = f"ExcNodeList={','.join(names)}"
                await self._commands("scontrol", "update", f"JobId={tracked.job}", change)
                tracked.excluded = names
            except (
                BackendError
            ) as error:  # it started meanwhile, or the site does not let us: not worth failing for
                log.warning("exclude_not_changed", extra={"attempt": tracked.key, "error": str(error)})

    def _changed(self, tracked: Tracked) -> None:
        self._on_change(tracked.spec.job_id)

    def _handle(self, key: str) -> Handle:
        tracked, damaged = self._watch.find(key), self._watch.damaged.get(key)
        job, at_ms = "", 0
        if tracked is not None:
            job, at_ms = tracked.job, tracked.submitted_ms
        elif damaged is not None:
            job = str((damaged.job or {}).get("job_id", ""))
        return Handle(
            key, NAME_OF_BACKEND, HANDLE_VERSION, {"job_id": job, "name": key, "submitted_at_ms": at_ms}
        )
