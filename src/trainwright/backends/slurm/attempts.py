"""The attempts in memory, and what they look like from all that is known of them. Changed on the event loop only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trainwright.backends.slurm.folders import Signs, Stored
from trainwright.backends.slurm.parsing import QueueRow
from trainwright.backends.slurm.states import Stage, meaning_of, words_for
from trainwright.domain.entities import Note
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.backend import Launch

FROM_OUTSIDE = frozenset({Reason.TIME_LIMIT, Reason.PREEMPTED, Reason.STOPPED_BY_USER})
"""Ends that runners only feel as SIGTERM: Slurm knows why."""

VANISHED = "VANISHED"  # beside Slurm's own states: neither queue nor accounting know it any more


@dataclass(frozen=True, slots=True)
class End:
    """What Slurm said last of a job that is over."""

    state: str
    nodes: tuple[str, ...] = ()  # those to blame
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"state": self.state, "nodes": list(self.nodes), "detail": self.detail}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "End":
        """The end `to_json` was made from."""
        nodes = stored.get("nodes", ())
        return cls(str(stored.get("state", VANISHED)), tuple(nodes), str(stored.get("detail", "")))


@dataclass
class Tracked:
    """One accepted attempt.

    `job`: its number in Slurm, empty until it is known. `row`: what the queue said last; `misses`: how often in a row
    it was not in there. `signs`: what keepers left, as read last, and of that `ended`: what was said of tasks that are
    over; `beats`: owners and beats of the others, and `beaten` when (event loop's time) one was last seen to move.
    `left_at`: when all tasks were seen to be over; `failed_at`: when the job was, but not they. `shut_out`: it waits
    for one of these nodes to return, and is not in Slurm's queue yet. `excluded`: the nodes it was kept from.
    `refused`: Slurm does not take it at the moment, in its words. `failures`: how often in a row it could not be cared
    for; it is tried again from `again_at` on.
    """

    launch: Launch
    priority: int
    job: str = ""
    submitted_ms: int = 0
    tried_ms: int = 0
    uncertain: bool = False
    rejected: str = ""
    stop_grace_s: int | None = None
    end: End | None = None
    row: QueueRow | None = None
    misses: int = 0
    signs: Signs | None = None
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    beats: dict[str, tuple[str, int]] = field(default_factory=dict)
    beaten: float = 0.0
    left_at: float | None = None
    failed_at: float | None = None
    shut_out: tuple[str, ...] = ()
    refused: str = ""
    failures: int = 0
    again_at: float = 0.0
    excluded: tuple[str, ...] = ()
    told_at: float | None = None
    kill_at: float | None = None
    said: RunState | None = None

    @property
    def key(self) -> str:
        """The attempt's key."""
        return self.launch.key

    @property
    def spec(self) -> LaunchSpec:
        """What it is to do."""
        return self.launch.spec

    @property
    def tasks(self) -> tuple[str, ...]:
        """Its tasks, in the order of their ranks."""
        return self.launch.spec.task_names()

    @property
    def lost(self) -> tuple[str, str] | None:
        """The first task whose runner could not be kept alive, and what its keeper said."""
        for task in self.tasks:
            said = self.ended.get(task)
            if said is not None and said.get("reason") == Reason.RUNNER_LOST:
                return task, str(said.get("detail", ""))
        return None

    @property
    def has_left(self) -> bool:
        """Whether every keeper has said that its task is over."""
        return all(task in self.ended for task in self.tasks)

    @property
    def was_signalled(self) -> bool:
        """Whether the cluster wanted a task to end, though we had not asked for it."""
        return self.stop_grace_s is None and any(said.get("asked") for said in self.ended.values())

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left and nothing will come. Slurm's word is waited for also when all keepers have
        left: only then its nodes are free, and it alone knows why a SIGTERM came.
        """
        return bool(self.rejected) or self.end is not None

    @property
    def stage(self) -> Stage | None:
        """Where Slurm has it, as seen last."""
        if self.row is None:
            return None
        meaning = meaning_of(self.row.state, self.row.reason)
        return None if meaning is None else meaning.stage

    @property
    def is_waiting(self) -> bool:
        """Whether it still hopes to start."""
        if self.is_over or self.beats:
            return False
        return self.row is None or self.stage in (Stage.QUEUED, Stage.HELD)

    def see_beats(self, beats: dict[str, tuple[str, int]], now: float) -> None:
        """Note which tasks show that they live."""
        if beats != self.beats:
            self.beats, self.beaten = beats, now

    def lives(self, now: float, stale_s: float) -> bool:
        """Whether a keeper has shown itself lately, whatever Slurm says."""
        return bool(set(self.beats) - set(self.ended)) and now < self.beaten + stale_s

    def with_priority(self) -> Launch:
        """The launch as it is to be submitted now."""
        spec = self.launch.spec.model_copy(update={"priority": self.priority})
        return replace(self.launch, spec=spec)

    def observe(self, *, now: float, stale_s: float, position: int) -> Observation | None:
        """Its state as the port says it; None: not known at the moment."""
        if self.rejected:
            return Observation(RunState.EXITED, reason=Reason.LAUNCH_REJECTED, detail=self.rejected)
        if self.is_over:
            return self._exited()
        if self.shut_out:
            slots: dict[str, str | int | float] = {"nodes": ", ".join(self.shut_out), "position": position}
            return Observation(RunState.QUEUED, wait=Note("wait_node_isolated", slots))
        if self.lives(now, stale_s):
            return Observation(RunState.RUNNING)
        if self.refused and not self.job:
            slots = {"detail": self.refused, "position": position}
            return Observation(RunState.QUEUED, wait=Note("wait_cluster", slots))
        if self.row is None:
            return None if self.misses or not self.job else Observation(RunState.QUEUED)
        match self.stage:
            case Stage.QUEUED:
                return Observation(RunState.QUEUED, wait=self._wait(self.row, position))
            case Stage.HELD:
                return Observation(
                    RunState.QUEUED, wait=Note("wait_held", {"detail": words_for(self.row.reason)})
                )
            case Stage.RUNNING:
                return None if self.misses else Observation(RunState.RUNNING)
            case _:
                return None

    def _wait(self, row: QueueRow, position: int) -> Note:
        slots: dict[str, str | int | float] = {"detail": words_for(row.reason), "position": position}
        if row.starts_at_ms:
            slots["starts_at_ms"] = row.starts_at_ms
        return Note("wait_cluster", slots)

    def _exited(self) -> Observation:
        """The keepers' word, then Slurm's. What was asked to stop and was stopped needs no reason."""
        if self.lost is not None:
            task, detail = self.lost
            return Observation(RunState.EXITED, reason=Reason.RUNNER_LOST, detail=f"{task}: {detail}")
        end = self.end or End(VANISHED)
        meaning = meaning_of(end.state)
        reason = Reason.RUNNER_LOST if meaning is None else meaning.reason
        if self.stop_grace_s is not None and reason in (Reason.STOPPED_BY_USER, Reason.RUNNER_LOST):
            reason = None
        if self.has_left and reason not in FROM_OUTSIDE:
            reason = Reason.PREEMPTED if self.was_signalled else None
        if reason is None:
            return Observation(RunState.EXITED)
        return Observation(RunState.EXITED, reason=reason, detail=end.detail, nodes=end.nodes)


def recall(stored: Stored) -> Tracked:
    """An attempt as its files say."""
    tried, job = stored.tried or {}, stored.job or {}
    return Tracked(
        launch=stored.launch,
        priority=stored.priority,
        job=str(job.get("job_id", "")),
        submitted_ms=int(job.get("submitted_at_ms", 0)),
        tried_ms=int(tried.get("at_ms", 0)),
        uncertain=bool(tried.get("uncertain", False)),
        excluded=tuple(tried.get("excluded", ())),
        rejected=stored.rejected,
        stop_grace_s=stored.stop_grace_s,
        end=None if stored.end is None else End.from_json(stored.end),
    )
