"""Handing attempts over to sbatch, each exactly once, whatever answers get lost.

tried.json is on disk before sbatch is called. Whoever finds it looks for a job of that name before calling sbatch
again: in the queue, in accounting, and among the keepers. After an answer that got lost on the way some time must pass
first, in which a slow controller may still take it in.
"""

import logging
from collections.abc import Collection

from trainwright.backends.slurm.attempts import End, Tracked
from trainwright.backends.slurm.cluster import Cluster
from trainwright.backends.slurm.commands import CommandFailed, CommandLost, Commands
from trainwright.backends.slurm.folders import END, JOB, REJECTED, TRIED, SharedFolder
from trainwright.backends.slurm.script import render_script
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.backends.slurm.threads import Threads
from trainwright.backends.slurm.watching import Watch
from trainwright.ports.backend import BackendError, Launch
from trainwright.ports.clock import Clock

log = logging.getLogger(__name__)

SAID_MAX = 300
SETTLE_FACTOR = 2  # times the time limit of a command
NO_NODES = "Requested node configuration is not available"
REFUSALS = (
    NO_NODES,
    "Memory specification can not be satisfied",
    "More processors requested than permitted",
    "Node count specification invalid",
    "Requested time limit is invalid",
    "Requested partition configuration not available",
    "Invalid partition name",
    "Invalid account",
    "Invalid qos specification",
    "Invalid generic resource",
    "Invalid feature specification",
    "Invalid Trackable RESource",
    "unrecognized option",
    "Task count specification invalid",
    "CPU count specification invalid",
    "Requested reservation is invalid",
    "Access denied to requested reservation",
    "not permitted to use this partition",
    "Invalid license specification",
    "Invalid wckey specification",
    "Invalid --nice value",
    "Time limit specification required, but not provided",
    "Job size specification needs to be provided",
)
"""No other moment changes them. A policy of accounting is not among them: the same words say that too many of a user's
jobs are in the queue, which passes."""
AWAY = (
    "Unable to contact slurm controller",
    "connect failure",
    "Connection refused",
    "Communication connection",
)
UNCERTAIN = ("Socket timed out", "timed out", "Zero Bytes were transmitted", "Unexpected message received")


class Submission:
    """Accepts launches and hands them over."""

    def __init__(
        self,
        settings: SlurmSettings,
        commands: Commands,
        folder: SharedFolder,
        threads: Threads,
        watch: Watch,
        *,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._commands = commands
        self._folder = folder
        self._threads = threads
        self._watch = watch
        self._clock = clock

    async def accept(self, launch: Launch) -> Tracked:
        """Write everything that a node needs into the shared folder; from here on the launch is never lost.

        Raises:
            BackendError: the folder cannot be written, or the cluster does not say what it has.
        """
        cluster = await self._watch.cluster(max_age_s=60.0)
        rejected = cluster.never_fits(launch.spec)
        attempt = {
            "version": 1,
            "tasks": list(launch.spec.task_names()),
            "beat_s": self._settings.beat_s,
            "stale_s": self._settings.stale_s,
            "hard_kill_s": self._settings.hard_kill_after_s,
            "supervisor": list(self._settings.supervisor_argv),
        }
        tasks = {
            name: self._launch_file(launch, name, role.resources.memory_mib, role.resources.disk_mib)
            for role in launch.spec.roles
            for name in role.task_names()
        }
        try:
            await self._threads(self._folder.store, launch, attempt, tasks, rejected)
        except OSError as error:
            raise BackendError(f"attempt {launch.key} cannot be stored: {error}") from error
        return Tracked(launch, launch.spec.priority, rejected=rejected)

    async def hand_over(self, tracked: Tracked, isolated: Collection[str]) -> None:
        """Make sure that there is a job for it. Waits for isolated nodes to return, where no others would do, and for
        what Slurm refuses it for, where that may pass.

        Raises:
            BackendError: not done, or not known to be; to be tried again.
        """
        if tracked.job or tracked.is_over:
            return
        if tracked.tried_ms and await self._find(tracked):
            return
        cluster = await self._watch.cluster(max_age_s=60.0)
        exclude = cluster.known((*isolated, *tracked.launch.avoid))
        if exclude and self._leaves_nothing(cluster, tracked, exclude):
            tracked.shut_out, tracked.excluded, tracked.refused = exclude, exclude, ""
            return
        await self._try(tracked, cluster, exclude)

    async def withdraw(self, tracked: Tracked) -> None:
        """A stop before there was a job, as far as we know: find it, or make sure that there will be none.

        Raises:
            BackendError: it is not known whether there is a job; to be tried again.
        """
        if tracked.job or tracked.is_over or (tracked.tried_ms and await self._find(tracked)):
            return
        end = End("CANCELLED", detail="stopped before it was submitted")
        await self._note(tracked, END, end.to_json())
        tracked.end, tracked.shut_out = end, ()

    # -- inside

    def _launch_file(self, launch: Launch, task: str, memory_mib: int, disk_mib: int) -> dict[str, object]:
        sandbox = self._settings.sandbox
        return {
            "server_url": launch.server_url,
            "attempt_key": launch.key,
            "task": task,
            "token": launch.token,
            "launcher": {"on": "sandbox", "off": "process", "auto": "auto"}[sandbox],
            "engines_dir": str(self._settings.engines_folder),
            "pip_cache_dir": str(self._settings.pip_cache_folder),
            "memory_limit_mib": memory_mib,
            "disk_limit_mib": disk_mib,
            "cgroup": "",
            "py_spy": str(self._settings.py_spy) if self._settings.py_spy.exists() else "",
        }

    def _leaves_nothing(self, cluster: Cluster, tracked: Tracked, exclude: Collection[str]) -> bool:
        """Whether it could never start as long as these nodes are out of use."""
        rest = Cluster(
            cluster.settings,
            tuple(row for row in cluster.nodes if row.name not in exclude),
            cluster.partitions,
        )
        partition = cluster.settings.base_partition(tracked.spec.pool_id) or ""
        return not rest.members(partition) or bool(rest.never_fits(tracked.spec))

    async def _try(self, tracked: Tracked, cluster: Cluster, exclude: tuple[str, ...]) -> None:
        launch = tracked.with_priority()
        partition = self._settings.partition_for(
            launch.spec.pool_id, launch.spec.priority, urgent=launch.urgent
        )
        script = render_script(
            launch,
            self._settings,
            comment=self._watch.comment,
            exclude=exclude,
            max_minutes=cluster.max_minutes(partition),
            parts=cluster.layout(launch.spec),
        )
        now = self._clock.now_ms()
        await self._note(tracked, TRIED, {"at_ms": now, "uncertain": True, "excluded": list(exclude)})
        tracked.tried_ms, tracked.uncertain, tracked.excluded = now, True, exclude
        try:
            answer = await self._commands("sbatch", "--parsable", given=script)
        except CommandLost:
            raise
        except CommandFailed as error:
            if any(words in error.said for words in UNCERTAIN):
                raise
            await self._be_certain(tracked)
            if any(words in error.said for words in REFUSALS) and not (NO_NODES in error.said and exclude):
                detail = f"Slurm refuses it: {error.said}"
                await self._note(tracked, REJECTED, {"detail": detail})
                tracked.rejected = detail
                return
            if any(words in error.said for words in AWAY):
                raise
            log.warning("slurm_takes_it_not", extra={"attempt": tracked.key, "error": error.said})
            tracked.refused = error.said[:SAID_MAX]
            return
        except BackendError:
            await self._be_certain(tracked)
            raise
        job = answer.strip().split(";")[0].split("\n")[-1]
        if not job.isdigit():
            raise BackendError(f"sbatch answered {answer.strip()[:200]!r}")
        await self._have(tracked, job, now)

    async def _find(self, tracked: Tracked) -> bool:
        """Whether an earlier call of sbatch has come through after all.

        Raises:
            BackendError: it cannot be known yet.
        """
        rows = await self._watch.jobs_named(tracked.key)
        if rows:
            await self._have(tracked, max(rows, key=lambda row: int(row.job_id)).job_id, tracked.tried_ms)
            return True
        kept = await self._watch.accounts("--name", tracked.key, since_ms=tracked.tried_ms)
        if kept:
            await self._have(tracked, kept[-1].job_id, tracked.tried_ms)
            return True
        try:
            begun = await self._threads(self._folder.owner_job, tracked.key)
        except OSError as error:
            raise BackendError(f"attempt {tracked.key} cannot be looked at: {error}") from error
        if begun:
            await self._have(tracked, begun, tracked.tried_ms)
            return True
        settles_at = tracked.tried_ms + round(self._settings.timeout_s * 1000 * SETTLE_FACTOR)
        if tracked.uncertain and self._clock.now_ms() < settles_at:
            raise BackendError(f"the answer of sbatch for {tracked.key} got lost; it is not in the queue yet")
        return False

    async def _have(self, tracked: Tracked, job: str, at_ms: int) -> None:
        tracked.job, tracked.submitted_ms, tracked.shut_out, tracked.refused = job, at_ms, (), ""
        self._watch.due = True
        try:
            await self._note(tracked, JOB, {"job_id": job, "submitted_at_ms": at_ms})
        except BackendError as error:  # found again by its name
            log.warning("job_not_stored", extra={"attempt": tracked.key, "error": str(error)})

    async def _be_certain(self, tracked: Tracked) -> None:
        """There is no job: sbatch said so clearly."""
        tracked.uncertain = False
        await self._note(tracked, TRIED, {"at_ms": tracked.tried_ms, "uncertain": False})

    async def _note(self, tracked: Tracked, name: str, content: dict[str, object]) -> None:
        try:
            await self._threads(self._folder.write, tracked.key, name, content)
        except OSError as error:
            raise BackendError(f"attempt {tracked.key} cannot be stored: {error}") from error
