"""Jobs distributed as in public traces pass through the scheduler: all of them, in a sensible order."""

import json
from dataclasses import replace
from itertools import pairwise

from tests.backends.replay import MACHINE, TRACES, Replay, arrivals, quantile, summary

COUNT = 500
SMALL = replace(MACHINE, cpus=256, memory_mib=1 << 20, accelerators=tuple(range(16)))


def test_the_distributions_are_what_was_published() -> None:
    """Guards the data: sources named, quantiles that rise, shares that add up."""
    traces = json.loads(TRACES.read_text(encoding="utf-8"))
    for part in ("run_times", "arrivals"):
        assert traces[part]["source"]
        pairs = traces[part]["quantiles"]
        assert all(low[0] < high[0] and low[1] <= high[1] for low, high in pairwise(pairs))
    assert 0.95 < sum(one["share"] for one in traces["demands"]["classes"]) <= 1
    median = dict(map(tuple, traces["run_times"]["quantiles"]))[0.5]
    drawn = sorted(job.run_s for job in arrivals(5_000, load=0.9, seed=3))
    assert 0.85 * median < drawn[2_500] < 1.15 * median


def test_every_job_of_the_trace_gets_its_turn() -> None:
    """Guards the whole: nobody is lost, pre-emption helps those that may pre-empt, backfill happens, and the machine
    is not kept idle by either.
    """
    jobs = arrivals(COUNT, load=0.95, seed=2, machine=SMALL)
    plain = Replay(jobs, preemption=False, machine=SMALL).run()
    preempting = Replay(jobs, machine=SMALL).run()
    for outcome in (plain, preempting):
        assert outcome.finished == COUNT
        assert sum(len(waits) for waits in outcome.waits_s.values()) == COUNT
    assert plain.preempted == 0
    assert preempting.preempted > 0
    assert preempting.backfilled > 0
    assert quantile(preempting.waits_s[2], 0.95) <= quantile(plain.waits_s[2], 0.95)
    assert summary(preempting)["gpu_share"] > 0.95 * summary(plain)["gpu_share"]
