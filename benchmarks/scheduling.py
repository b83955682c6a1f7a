"""The local backend's scheduler by itself: a pass over 10,000 jobs that wait, and what its queue does to the jobs of
public traces (`tests/backends/replay.py`: where the distributions come from, and what is assumed). A wait is all the
time a job spent in the queue, also after pre-emptions.
"""

import time
from collections.abc import Callable

from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting, timed
from tests.backends.replay import MACHINE, Arrival, Outcome, Replay, arrivals, quantile, summary
from tests.backends.stage import Stage
from tests.domain.builders import make_role
from trainwright.backends.local.runtimes import RUNS_MIN

LOADS = (0.8, 0.95)


def run(setting: Setting) -> list[Row]:
    """Passes on a machine of 64 GPUs and 1,024 CPUs that is full; the same machine plays the traces."""
    pending = setting.amount(10_000, 1_000)
    jobs = setting.amount(5_000, 300)
    return [*_passes(pending, rounds=setting.amount(300, 20)), *_replays(jobs)]


def _passes(pending: int, *, rounds: int) -> list[Row]:
    stage = Stage(MACHINE)
    stage.dispatch.preemption = frozenset(("",))
    for _ in range(RUNS_MIN):
        stage.dispatch.run_times.add("", 600_000)
    began = time.perf_counter()
    for job in arrivals(pending, load=1.0, seed=1):
        _submit(stage, job)
    entered_s = time.perf_counter() - began
    first = timed(stage.passes)
    passes: list[float] = []
    looks: list[float] = []
    estimates: list[float] = []
    for _ in range(rounds):
        stage.end(stage.running()[0])
        passes.append(timed(stage.passes))
        last = stage.dispatch.line("")[-1]
        attempt = stage.attempts[last.key]
        stage.clock.at_ms += 3_000  # so that the next note takes an estimate made anew
        stage.dispatch.look(attempt, stage.machine)
        estimates.append(timed(_noting(stage, last.key)))
        looks.append(timed(_noting(stage, last.key)))
    what = f"{pending:,} jobs waiting"
    return [
        Row(f"pass after an end, {what}, p50", percentile(passes, 0.5), "ms", at_most(5)),
        Row(f"pass after an end, {what}, p99", percentile(passes, 0.99), "ms"),
        Row(f"first pass, {what}", first, "ms", note=f"{len(stage.running())} run then"),
        Row(f"one more job into the line, {what}", entered_s / pending * 1000, "ms"),
        Row("why one waits, and when it starts, p50", percentile(looks, 0.5), "ms"),
        Row(f"all expected starts anew, {what}, p50", percentile(estimates, 0.5), "ms", note="≤ once in 2 s"),
    ]


def _noting(stage: Stage, key: str) -> Callable[[], object]:
    attempt = stage.attempts[key]

    def note() -> object:
        stage.dispatch.look(attempt, stage.machine)
        return stage.dispatch.note(attempt, stage.machine)

    return note


def _submit(stage: Stage, job: Arrival) -> None:
    role = make_role(resources=job.resources)
    stage.submit(role, priority=job.priority, preemptible=job.priority == 1)


def _replays(count: int) -> list[Row]:
    rows: list[Row] = []
    for load in LOADS:
        jobs = arrivals(count, load=load, seed=1)
        plain, outcome = Replay(jobs, preemption=False).run(), Replay(jobs).run()
        rows += _queue(f"traces at load {load:g}", plain, outcome, count)
    return rows


def _queue(what: str, plain: Outcome, outcome: Outcome, count: int) -> list[Row]:
    figures, without = summary(outcome), summary(plain)
    note = (
        f"{outcome.finished} of {count} jobs finished, {outcome.preempted} pre-emptions, {outcome.backfilled} starts "
        f"passed the head, longest queue {outcome.longest_queue}"
    )
    peer = "without pre-emption"
    rows = [
        Row(f"{what}: wait, mean", figures["mean_wait_s"], "s", None, without["mean_wait_s"], peer, note),
        Row(f"{what}: wait, p95", figures["p95_wait_s"], "s", None, without["p95_wait_s"], peer),
        Row(f"{what}: GPUs in use", 100 * figures["gpu_share"], "%", None, 100 * without["gpu_share"], peer),
    ]
    for priority, waits in sorted(outcome.waits_s.items()):
        alone = quantile(plain.waits_s[priority], 0.95)
        name = f"{what}: wait at priority {priority}, p95"
        rows.append(Row(name, quantile(waits, 0.95), "s", None, alone, peer, f"{len(waits)} jobs"))
    errors = plain.estimate_errors_s
    if errors:
        told = f"{len(errors)} jobs that had to wait, without pre-emption"
        rows.append(Row(f"{what}: expected start off by, p50", quantile(errors, 0.5), "s", note=told))
    return rows
