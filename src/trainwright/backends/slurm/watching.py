"""What is known of the cluster: all attempts, one squeue a period for all of them, accounting for those that vanished.

An answer that cannot be had changes nothing. A job that is missing from a good answer is missed; after `missing` times
in a row accounting is asked, and where there is none, its keepers' signs of life decide.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from trainwright.backends.slurm.attempts import VANISHED, End, Tracked, recall
from trainwright.backends.slurm.cluster import Cluster
from trainwright.backends.slurm.commands import CommandFailed, Commands
from trainwright.backends.slurm.folders import END, Damaged, SharedFolder, Signs, Stored
from trainwright.backends.slurm.parsing import (
    ACCOUNT_FORMAT,
    NODES_COMMAND,
    PARTITIONS_COMMAND,
    QUEUE_COMMAND,
    AccountRow,
    QueueRow,
    parse_accounts,
    parse_nodes,
    parse_partitions,
    parse_queue,
)
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.backends.slurm.states import Meaning, Stage, meaning_of, whole_of
from trainwright.backends.slurm.threads import Threads
from trainwright.domain.observation import Observation
from trainwright.domain.reasons import Reason
from trainwright.ports.backend import BackendError
from trainwright.ports.clock import Clock

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
REJECTED_AT_ONCE = "BadConstraints"  # sbatch said no, and yet the queue lists it as FAILED
REAPED_KEPT_S = 600.0
MOMENT_S = 5.0  # who asks for something as fresh as this wants to see what our own jobs changed
LEFT = "COMPLETED"
LEFT_PATIENCE_S = 120.0  # with a job that all keepers have left, while Slurm clears up after it


class Watch:
    """All attempts and what is known of them. `due`: something was changed in Slurm, so look before answering.

    `changed` is called when the state of an attempt is another one than before.
    """

    def __init__(
        self,
        settings: SlurmSettings,
        commands: Commands,
        folder: SharedFolder,
        threads: Threads,
        clock: Clock,
        *,
        changed: Callable[[Tracked], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._commands = commands
        self._folder = folder
        self._threads = threads
        self._changed = changed
        self._attempts: dict[str, Tracked] = {}
        self.damaged: dict[str, Damaged] = {}
        self.comment = ""
        self.due = False
        self._rows: dict[str, list[QueueRow]] = {}
        self._reaped: dict[str, float] = {}
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._positions: dict[str, int] | None = None
        self._cluster: Cluster | None = None
        self._cluster_at = 0.0
        self._cluster_moved = False  # a job of ours has started or ended since
        self._no_accounting = False

    async def open(self) -> None:
        """Read the shared folder.

        Raises:
            OSError: it cannot be read.
        """
        instance, found = await self._threads(self._load)
        self.comment = f"trainwright:{instance}"
        for stored in found:
            if isinstance(stored, Damaged):
                self.damaged[stored.key] = stored
            else:
                tracked = recall(stored)
                self._attempts[tracked.key] = tracked

    # -- the attempts

    def all(self) -> list[Tracked]:
        """Every attempt that is known."""
        return list(self._attempts.values())

    def find(self, key: str) -> Tracked | None:
        """One of them."""
        return self._attempts.get(key)

    def add(self, tracked: Tracked) -> None:
        """A new one was accepted."""
        self._attempts[tracked.key] = tracked
        self._reaped.pop(tracked.key, None)
        self._positions = None

    def forget(self, key: str) -> None:
        """One was removed. Its job may be in the queue for a moment: that is no stray."""
        self._attempts.pop(key, None)
        self._positions = None
        self.damaged.pop(key, None)
        now = asyncio.get_running_loop().time()
        self._reaped = {k: at for k, at in self._reaped.items() if at > now - REAPED_KEPT_S} | {key: now}

    def strays(self, key: str) -> list[str]:
        """Numbers of living jobs of ours of that name, though there is no such attempt any more."""
        if key in self._attempts or key in self._reaped:
            return []
        return self.living(key)

    def living(self, key: str) -> list[str]:
        """Numbers of jobs of ours of that name that are in the queue."""
        return sorted({row.job_id for row in self._rows.get(key, ()) if _is_living(row)})

    def stray_keys(self) -> list[str]:
        """Names of such jobs."""
        return [key for key in self._rows if key not in self.damaged and self.strays(key)]

    def observe(self, tracked: Tracked) -> Observation | None:
        """What is known of one. Its position is its place among ours that waited in its partition at the last look."""
        now = asyncio.get_running_loop().time()
        if self._positions is None:
            self._positions = self._rank_all()
        position = self._positions.get(tracked.key, 0)
        return tracked.observe(now=now, stale_s=self._settings.stale_s, position=position)

    # -- looking

    async def look(self, *, max_age_s: float) -> None:
        """Make sure that what is known of the queue is not older.

        Raises:
            BackendError: squeue gives no answer.
        """
        async with self._looking:
            now = asyncio.get_running_loop().time()
            age = None if self._looked_at is None else now - self._looked_at
            enough = min(max_age_s, self._settings.poll_s / 10) if self.due else max_age_s
            if age is not None and age < enough:
                return
            self.due = False
            asked = [t for t in self._attempts.values() if t.job]
            rows = parse_queue(await self._commands(*QUEUE_COMMAND))
            self._rows = {}
            for row in rows:
                if row.comment == self.comment:
                    self._rows.setdefault(row.name, []).append(row)
            self._looked_at = asyncio.get_running_loop().time()
            self._positions = None
            for tracked in asked:
                self._see(tracked)
            await self._settle([t for t in asked if not t.is_over])

    async def read_signs(self, attempts: Sequence[Tracked]) -> None:
        """What keepers have left of these."""
        async with self._reading:  # what was read later must not be taken for older
            now = asyncio.get_running_loop().time()
            known = [(tracked.key, tracked.signs) for tracked in attempts]
            found = await self._threads(self._signs, known, now)
            now = asyncio.get_running_loop().time()
            for tracked, signs in zip(attempts, found, strict=True):
                if signs is not None and signs is not tracked.signs:
                    self._take_in(tracked, signs, now)
                self._announce(tracked)  # also where nothing came: a keeper may have fallen silent

    async def jobs_named(self, key: str) -> list[QueueRow]:
        """Jobs of ours of that name in the queue, asked now. Those that Slurm itself refused do not count.

        Raises:
            BackendError: squeue gives no answer.
        """
        rows = parse_queue(await self._commands(*QUEUE_COMMAND))
        return [
            row
            for row in rows
            if row.comment == self.comment
            and row.name == key
            and not (row.state == "FAILED" and row.reason == REJECTED_AT_ONCE)
        ]

    async def accounts(self, *selection: str, since_ms: int) -> list[AccountRow] | None:
        """What accounting keeps of such jobs, with their former lives; None: there is no accounting, or no answer."""
        if self._no_accounting:
            return None
        since = f"now-{max(1, -(-(self._clock.now_ms() - since_ms) // DAY_MS))}days"
        try:
            text = await self._commands(
                "sacct", "-n", "-P", "-X", "-D", "-S", since, "-o", ACCOUNT_FORMAT, *selection
            )
        except CommandFailed as error:
            self._no_accounting = "disabled" in error.said
            log.info("no_accounting", extra={"error": error.said})
            return None
        except BackendError as error:
            log.warning("slurm_not_reached", extra={"error": str(error)})
            return None
        return parse_accounts(text)

    async def cluster(self, *, max_age_s: float) -> Cluster:
        """Nodes and partitions.

        Raises:
            BackendError: Slurm gives no answer.
        """
        now = asyncio.get_running_loop().time()
        moved = self._cluster_moved and max_age_s <= MOMENT_S
        if self._cluster is None or moved or now >= self._cluster_at + max_age_s:
            self._cluster_moved = False
            nodes, partitions = await asyncio.gather(
                self._commands(*NODES_COMMAND), self._commands(*PARTITIONS_COMMAND)
            )
            self._cluster = Cluster(
                self._settings, tuple(parse_nodes(nodes)), tuple(parse_partitions(partitions))
            )
            self._cluster_at = now
        return self._cluster

    # -- inside

    def _load(self) -> tuple[str, list[Stored | Damaged]]:
        return self._folder.open(), list(self._folder.load_all())

    def _signs(self, known: Sequence[tuple[str, Signs | None]], now: float) -> list[Signs | None]:
        found: list[Signs | None] = []
        for key, before in known:
            try:
                found.append(self._folder.signs(key, before, now))
            except OSError as error:
                log.warning("signs_not_read", extra={"attempt": key, "error": str(error)})
                found.append(None)
        return found

    def _take_in(self, tracked: Tracked, signs: Signs, now: float) -> None:
        tracked.signs, tracked.ended = signs, signs.ended
        self._cluster_moved = self._cluster_moved or len(signs.beats) != len(tracked.beats)
        tracked.see_beats(signs.beats, now)
        if tracked.has_left and tracked.end is None:
            self.due = True
            tracked.left_at = tracked.left_at or now

    def _see(self, tracked: Tracked) -> None:
        """Match the answer with an attempt. A job of the same number with another name is a stranger."""
        rows = [row for row in self._rows.get(tracked.key, ()) if row.job_id == tracked.job]
        row = whole_of(rows)
        if row is None:
            tracked.misses += 1
        else:
            moved = tracked.row is None or tracked.row.state != row.state
            self._cluster_moved = self._cluster_moved or moved
            tracked.row, tracked.misses = row, 0
        self._announce(tracked)

    async def _settle(self, attempts: Sequence[Tracked]) -> None:
        """End those of which Slurm says that they are over, or knows nothing any more."""
        now = asyncio.get_running_loop().time()
        vanished = [t for t in attempts if t.misses >= self._settings.missing]
        kept: dict[str, AccountRow] | None = None
        if vanished:
            since = min(t.submitted_ms for t in vanished)
            numbers = ",".join(t.job for t in vanished)
            found = await self.accounts("-j", numbers, since_ms=since)
            kept = None if found is None else {row.job_id: row for row in found}
        for tracked in attempts:
            if tracked.misses >= self._settings.missing:
                await self._settle_vanished(tracked, None if kept is None else kept.get(tracked.job))
            elif tracked.misses == 0 and tracked.row is not None and tracked.stage is Stage.OVER:
                row = tracked.row
                await self._settle_over(tracked, row.state, row.nodes, row.reason)
            elif tracked.left_at is not None and now > tracked.left_at + LEFT_PATIENCE_S:
                await self._settle_over(tracked, LEFT, (), "Slurm has not said so yet")

    async def _settle_vanished(self, tracked: Tracked, row: AccountRow | None) -> None:
        if row is not None and row.name == tracked.key:
            meaning = meaning_of(row.state)
            if meaning is None or meaning.stage is not Stage.OVER:
                return  # accounting lags, or the queue was not told
            await self._settle_over(tracked, row.state, row.nodes, f"exit code {row.exit_code}")
            return
        if not tracked.beats and tracked.stop_grace_s is None:
            log.warning("job_vanished", extra={"attempt": tracked.key, "slurm_job": tracked.job})
            tracked.job, tracked.row, tracked.misses, tracked.uncertain = "", None, 0, False
            return  # nothing of it has ever begun: a controller that lost it is given it again
        await self._settle_over(tracked, VANISHED, (), "neither the queue nor accounting know the job")

    async def _settle_over(self, tracked: Tracked, state: str, nodes: tuple[str, ...], said: str) -> None:
        """Take Slurm's word, unless keepers that show themselves say otherwise."""
        meaning = meaning_of(state) or Meaning(Stage.OVER, Reason.RUNNER_LOST, is_sure=False)
        await self.read_signs([tracked])
        now = asyncio.get_running_loop().time()
        last = ""
        if not meaning.is_sure and not tracked.has_left and tracked.lives(now, self._settings.stale_s):
            return
        if meaning.reason is Reason.NODE_LOST:
            nodes = await self._blame(tracked, nodes)
        elif meaning.reason is Reason.RUNNER_LOST and not tracked.has_left and tracked.stop_grace_s is None:
            tracked.failed_at = tracked.failed_at or now
            nodes = await self._lost_of(tracked, nodes)
            if not nodes and now < tracked.failed_at + self._settings.node_patience_s:
                return
            state, said = ("NODE_FAIL", state) if nodes else (state, said)
            last = (
                ""
                if nodes
                else await self._threads(self._folder.last_words, tracked.key, tracked.launch.token)
            )
        else:
            nodes = ()
        words = "" if said in ("", "None") else f" ({said})"
        on = f" on {', '.join(nodes)}" if nodes else ""
        last = f": {last}" if last else ""
        end = End(state, nodes, f"Slurm job {tracked.job}: {state}{words}{on}{last}")
        try:
            await self._threads(self._folder.write, tracked.key, END, end.to_json())
        except OSError as error:  # it is asked again after a restart, as long as Slurm remembers
            log.warning("end_not_stored", extra={"attempt": tracked.key, "error": str(error)})
        tracked.end = end
        self._announce(tracked)

    async def _blame(self, tracked: Tracked, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """Which node was lost: one that is down, else the only one there was."""
        lost = await self._lost_of(tracked, nodes)
        used = _used(tracked, nodes)
        return lost or (tuple(used) if len(used) == 1 else ())

    async def _lost_of(self, tracked: Tracked, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """Its nodes that are down. `srun` notices that before the controller does, and then the job just failed."""
        try:
            return (await self.cluster(max_age_s=1.0)).lost(_used(tracked, nodes))
        except BackendError as error:
            log.warning("slurm_not_reached", extra={"error": str(error)})
            return ()

    def _rank_all(self) -> dict[str, int]:
        """Places of all that wait, each in its partition, as Slurm ranks them; unknown ones come last."""
        ahead: Counter[str | None] = Counter()
        positions = {}
        for tracked in sorted((t for t in self._attempts.values() if t.is_waiting), key=_rank):
            partition = self._settings.base_partition(tracked.spec.pool_id)
            ahead[partition] += 1
            positions[tracked.key] = ahead[partition]
        return positions

    def _announce(self, tracked: Tracked) -> None:
        now = asyncio.get_running_loop().time()
        seen = tracked.observe(now=now, stale_s=self._settings.stale_s, position=0)
        state = None if seen is None else seen.state
        if state is not None and state is not tracked.said:
            tracked.said = state
            self._changed(tracked)


def _rank(tracked: Tracked) -> tuple[int, int, str]:
    row = tracked.row
    if row is None:
        return (1, tracked.submitted_ms, tracked.key)
    return (-row.priority, int(row.job_id), tracked.key)


def _used(tracked: Tracked, nodes: tuple[str, ...]) -> set[str]:
    return set(nodes) | {node for node, _ in tracked.beats.values() if node}


def _is_living(row: QueueRow) -> bool:
    meaning = meaning_of(row.state, row.reason)
    return meaning is None or meaning.stage is not Stage.OVER
