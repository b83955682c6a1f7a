"""How long eight workers take to find each other, from the registration of the first to the start of the last."""

import re

from benchmarks.rows import Row, percentile
from benchmarks.setting import Setting
from tests.e2e.live import LiveServer
from tests.e2e.torch_server import FLAVOR, prepare

WORKERS = 8
COMMAND = "python3 -c \"import time; print('STARTED', time.time())\""


def run(setting: Setting) -> list[Row]:
    """Jobs of eight tasks that say when they start."""
    live = LiveServer(
        prepare(setting.folder / "rendezvous"),
        {"TRAINWRIGHT_POOL__CPUS": "4", "TRAINWRIGHT_POOL__MEMORY_MIB": "16384"},
    ).start()
    waits: list[float] = []
    spreads: list[float] = []
    try:
        for number in range(setting.amount(20, 3)):
            body = live.body(f"rendezvous-{number}", command=COMMAND)
            body["spec"]["resource"] = {"flavor_id": FLAVOR, "node_count": WORKERS}
            job = live.create(body)
            live.wait(job)
            starts = [_started(live, job, f"worker-{index}") for index in range(WORKERS)]
            spreads.append(max(starts) - min(starts))
            waits += _rendezvous(live, job)
    finally:
        live.stop()
    what = f"{WORKERS} workers"
    return [
        Row(f"{what}: ready → all ready, as each waits, p50", percentile(waits, 0.5), "s"),
        Row(f"{what}: ready → all ready, as each waits, worst", max(waits), "s"),
        Row(f"{what}: first start → last start, p50", percentile(spreads, 0.5), "s"),
        Row(f"{what}: first start → last start, worst", max(spreads), "s"),
    ]


def _started(live: LiveServer, job: str, task: str) -> float:
    found = re.search(rb"STARTED (\S+)", live.log(job, task))
    if found is None:
        raise SystemExit(f"{task} of {job} never started")
    return float(found.group(1))


def _rendezvous(live: LiveServer, job: str) -> list[float]:
    said = (re.search(r"([0-9.]+)s?\] All \d+ tasks", message) for message in live.events(job))
    return [float(found.group(1)) for found in said if found is not None]
