"""A day of a GPU cluster, with arrivals, sizes and run times distributed as in public traces (`data/traces.json`).

What run times and sizes have in common is not in the published distributions: they are drawn independently. Run times
are cut at a day. Gaps between arrivals keep their shape and are scaled to the offered load. A pre-empted job is queued
again with what it still has to do, as one that resumes from its checkpoint.
"""

import bisect
import heapq
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.backends.stage import Stage
from tests.domain.builders import make_role
from trainwright.backends.local.attempts import AttemptRun
from trainwright.backends.local.machine import Machine
from trainwright.domain.specs import Resources

TRACES = Path(__file__).with_name("data") / "traces.json"
MACHINE = Machine(cpus=1024, memory_mib=4_096 * 1024, accelerators=tuple(range(64)), accelerator_kind="gpu")
DAY_S, GRACE_S = 86_400, 30


@dataclass(frozen=True, slots=True)
class Arrival:
    """One job of the trace. Times in seconds; `at_s` since the beginning."""

    at_s: float
    run_s: float
    resources: Resources
    priority: int


@dataclass
class Outcome:
    """What became of all jobs. Waits in seconds, by priority: all that a job spent in the queue, also after
    pre-emptions.
    """

    waits_s: dict[int, list[float]] = field(default_factory=dict)
    estimate_errors_s: list[float] = field(default_factory=list)
    finished: int = 0
    preempted: int = 0
    backfilled: int = 0
    longest_queue: int = 0
    gpu_share: float = 0.0
    passes: int = 0


def arrivals(count: int, *, load: float, seed: int, machine: Machine = MACHINE) -> list[Arrival]:
    """So many jobs that together ask for `load` of the machine's accelerators or CPUs, whichever are scarcer."""
    dice, traces = random.Random(seed), json.loads(TRACES.read_text(encoding="utf-8"))
    classes, services = traces["demands"]["classes"], traces["service_classes"]
    sizes = dice.choices(classes, [one["share"] for one in classes], k=count)
    runs = [min(DAY_S, 1 + _draw(dice, traces["run_times"]["quantiles"])) for _ in range(count)]
    gaps = [_draw(dice, traces["arrivals"]["quantiles"]) for _ in range(count)]
    shares = [services[name] for name in ("best_effort", "latency_sensitive", "other")]
    gpu_s = sum(run * size["gpus"] for run, size in zip(runs, sizes, strict=True))
    cpu_s = sum(run * size["cpus"] for run, size in zip(runs, sizes, strict=True))
    needed_s = max(gpu_s / len(machine.accelerators), cpu_s / machine.cpus)
    stretch, at_s, jobs = needed_s / load / sum(gaps), 0.0, []
    for size, run_s, gap_s in zip(sizes, runs, gaps, strict=True):
        at_s += gap_s * stretch
        resources = Resources(
            cpus=size["cpus"],
            memory_mib=size["memory_gib"] * 1024,
            accelerators=size["gpus"],
            accelerator_kind="gpu" if size["gpus"] else "",
        )
        jobs.append(Arrival(at_s, run_s, resources, dice.choices((1, 2, 3), shares)[0]))
    return jobs


def _draw(dice: random.Random, quantiles: Sequence[Sequence[float]]) -> float:
    """A value whose distribution has these quantiles, straight lines between them."""
    share = dice.random() * quantiles[-1][0]
    at = bisect.bisect_right(quantiles, share, key=lambda pair: pair[0])
    (low, below), (high, above) = quantiles[at - 1], quantiles[min(at, len(quantiles) - 1)]
    return below if high == low else below + (above - below) * (share - low) / (high - low)


class Replay:
    """Plays jobs through the scheduler to the end of the last one."""

    def __init__(
        self, jobs: Sequence[Arrival], *, preemption: bool = True, machine: Machine = MACHINE
    ) -> None:
        self.outcome = Outcome()
        self._stage = Stage(machine)
        self._stage.dispatch.preemption = frozenset(("",)) if preemption else frozenset()
        self._events: list[tuple[float, int, str, Any]] = []
        self._number = 0
        self._jobs: dict[str, tuple[Arrival, float]] = {}  # by attempt: the job and what it still has to do
        self._since: dict[str, float] = {}  # by attempt: when it was queued
        self._waited: dict[Arrival, float] = {}
        self._told: dict[str, float] = {}
        self._gpu_s = 0.0
        for job in jobs:
            self._at(job.at_s, "arrive", (job, job.run_s))

    def run(self) -> Outcome:
        """All of it."""
        now_s = 0.0
        while self._events:
            now_s, _, kind, what = heapq.heappop(self._events)
            self._stage.clock.at_ms = round(now_s * 1000)
            if kind == "arrive":
                job, left_s = what
                self._arrive(job, left_s, now_s)
            elif what in self._stage.attempts:
                self._end(what, now_s)
            self._pass(now_s)
        self.outcome.gpu_share = self._gpu_s / (now_s * len(self._stage.machine.accelerators))
        return self.outcome

    def _at(self, at_s: float, kind: str, what: object) -> None:
        self._number += 1
        heapq.heappush(self._events, (at_s, self._number, kind, what))

    def _arrive(self, job: Arrival, left_s: float, now_s: float) -> None:
        attempt = self._stage.submit(
            make_role(resources=job.resources),
            priority=job.priority,
            preemptible=job.priority == 1,
            grace_s=GRACE_S,
        )
        self._jobs[attempt.key] = (job, left_s)
        self._since[attempt.key] = now_s

    def _end(self, key: str, now_s: float) -> None:
        attempt = self._stage.attempts[key]
        job, left_s = self._jobs.pop(key)
        ran_s = now_s - attempt.admitted_at_ms / 1000
        self._gpu_s += ran_s * job.resources.accelerators
        self._stage.end(attempt)
        if attempt.preempted_by and ran_s < left_s - 0.001:
            self._arrive(job, left_s - ran_s, now_s)
        else:
            self.outcome.finished += 1
            self.outcome.waits_s.setdefault(job.priority, []).append(self._waited.pop(job))

    def _pass(self, now_s: float) -> None:
        stage, outcome = self._stage, self.outcome
        started, victims = stage.passes()
        outcome.passes += 1
        outcome.longest_queue = max(outcome.longest_queue, stage.dispatch.queued)
        outcome.preempted += len(victims)
        for attempt in started:
            job, left_s = self._jobs[attempt.key]
            self._at(now_s + left_s, "end", attempt.key)
            self._count(attempt, job, now_s)
        for attempt in victims:
            self._at(now_s + GRACE_S, "end", attempt.key)
        waiting = [a for a in list(stage.attempts.values())[-1:] if a.is_queued and a.key not in self._told]
        for attempt in waiting:
            stage.dispatch.look(attempt, stage.machine)
            note = stage.dispatch.note(attempt, stage.machine)
            if note is not None and "starts_at_ms" in note.slots:
                self._told[attempt.key] = float(note.slots["starts_at_ms"]) / 1000

    def _count(self, attempt: AttemptRun, job: Arrival, now_s: float) -> None:
        head = next(iter(self._stage.dispatch.line("")), None)
        self.outcome.backfilled += head is not None and head.rank < attempt.waiting.rank
        self._waited[job] = self._waited.get(job, 0.0) + now_s - self._since.pop(attempt.key)
        if attempt.key in self._told:
            self.outcome.estimate_errors_s.append(abs(self._told.pop(attempt.key) - now_s))


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def summary(outcome: Outcome) -> Mapping[str, float]:
    """The figures that are reported and compared."""
    waits = [wait for of_one in outcome.waits_s.values() for wait in of_one]
    return {
        "mean_wait_s": sum(waits) / len(waits),
        "p50_wait_s": quantile(waits, 0.5),
        "p95_wait_s": quantile(waits, 0.95),
        "gpu_share": outcome.gpu_share,
    }
