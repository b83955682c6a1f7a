"""When what waits will probably start, from how long others ran. Pure.

What runs is given as long as those of its pool that ran longer than it has already (their median); what waits, once it
has started, the median of all. The line is then played through in its own order. Backfill is left out, as it can only
make a start earlier.
"""

import bisect
import heapq
from collections.abc import Iterable, Sequence
from statistics import median_low

from trainwright.backends.local.schedule import Waiting
from trainwright.domain.demand import Demand

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000


def expected_end(now_ms: int, started_ms: int, run_times: Sequence[int]) -> int:
    """When one that runs since `started_ms` will probably end; `run_times` are sorted.

    One that has outlived them all is expected to go on for as long as it has run.
    """
    so_far = max(0, now_ms - started_ms)
    longer = run_times[bisect.bisect_right(run_times, so_far) :]
    return started_ms + median_low(longer) if longer else now_ms + so_far


def expected_starts(
    now_ms: int,
    line: Iterable[Waiting],
    size: Demand,
    running: Iterable[tuple[int, Demand]],
    run_times: Sequence[int],
) -> dict[str, int]:
    """When each of `line` (sorted by rank) will probably start, by key, rounded up as people would say it.

    `size` is the pool's, `running` is what runs in it: expected end and what it holds. Left out: those that are barred
    or larger than the pool, and everything while there are no `run_times`.
    """
    if not run_times:
        return {}
    run_ms = median_low(run_times)
    cpus, memory, accelerators = size.millicpus, size.memory_mib, size.accelerators
    ends = []
    for end_ms, held in running:
        ends.append((end_ms, held.millicpus, held.memory_mib, held.accelerators))
        cpus, memory = cpus - held.millicpus, memory - held.memory_mib
        accelerators -= held.accelerators
    heapq.heapify(ends)
    starts: dict[str, int] = {}
    at_ms = now_ms
    for waiting in line:
        asked = waiting.demand
        if waiting.barred or not asked.fits(size):
            continue
        while asked.millicpus > cpus or asked.memory_mib > memory or asked.accelerators > accelerators:
            end_ms, more_cpus, more_memory, more_accelerators = heapq.heappop(ends)
            cpus, memory = cpus + more_cpus, memory + more_memory
            accelerators += more_accelerators
            at_ms = max(at_ms, end_ms)
        cpus, memory = cpus - asked.millicpus, memory - asked.memory_mib
        accelerators -= asked.accelerators
        heapq.heappush(ends, (at_ms + run_ms, asked.millicpus, asked.memory_mib, asked.accelerators))
        starts[waiting.key] = _rounded(at_ms, at_ms - now_ms)
    return starts


def _rounded(at_ms: int, wait_ms: int) -> int:
    """Up to full 5 seconds, minutes or 10 minutes, by how far away it is: nothing is known more exactly, and what is
    stored with a job is not to change with every look.
    """
    step = 5 * SECOND_MS if wait_ms < MINUTE_MS else MINUTE_MS if wait_ms < HOUR_MS else 10 * MINUTE_MS
    return -(-at_ms // step) * step
