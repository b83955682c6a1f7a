"""How long a deadlock stands until it is suspected and the odd rank is named, with the limits scaled down."""

import time

from benchmarks.rows import Row, percentile
from benchmarks.setting import Setting
from tests.e2e.live import LiveServer, wait_for
from tests.e2e.test_hangs import ALARM, DEADLOCK, LIMIT_S, ODD, QUIET, job_of, said
from tests.e2e.torch_server import torch_server

RANKS = 2


def run(setting: Setting) -> list[Row]:
    """A rank leaves out a collective; the clock runs from the last step that all have made."""
    limits = {f"TRAINWRIGHT_HANG__{name}": value for name, value in QUIET.items()}
    live = torch_server(setting.folder / "hangs", **limits)
    try:
        delays = [_delay(live, f"deadlock-{number}") for number in range(setting.amount(5, 1))]
    finally:
        live.stop()
    limit_s = LIMIT_S / 2  # all ranks are quiet
    suspected = [first for first, _ in delays]
    named = [second - first for first, second in delays]
    return [
        Row("deadlock → suspected, p50", percentile(suspected, 0.5), "s", peer=limit_s, peer_name="limit"),
        Row("deadlock → suspected, worst", max(suspected), "s", peer=limit_s, peer_name="limit"),
        Row("suspected → odd rank named, p50", percentile(named, 0.5), "s"),
    ]


def _delay(live: LiveServer, name: str) -> tuple[float, float]:
    """Seconds until the suspicion and until the name. The job is stopped afterwards."""
    job = job_of(live, name, RANKS, script=DEADLOCK, odd=1)
    tasks = [f"worker-{number}" for number in range(RANKS)]
    wait_for(
        lambda: all(b"step 5" in live.log(job, task) for task in tasks), timeout_s=90, what="the deadlock"
    )
    began = time.monotonic()
    wait_for(lambda: said(live, job, ALARM), timeout_s=60, what="the suspicion")
    suspected = time.monotonic() - began
    wait_for(lambda: said(live, job, ODD), timeout_s=60, what="the odd rank")
    named = time.monotonic() - began
    live.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
    live.wait(job)
    return suspected, named
