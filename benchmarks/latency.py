"""Submit → first user log line at a following client, with one job and with fifty in flight, beside a bare process."""

import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting, client_of
from tests.e2e.live import LiveServer
from trainwright.client.blocking import Client

MARK = b"ready"
COMMAND = f"echo {MARK.decode()}"
IN_FLIGHT = 50
POOL = {"POOL__CPUS": "64", "POOL__MEMORY_MIB": "262144"}  # the pool is ours to declare: jobs here only wait


def run(setting: Setting) -> list[Row]:
    """Warm: one job goes first. The peers are a bare `subprocess` of the same command."""
    rounds = setting.amount(100, 10)
    bare = [_bare_ms() for _ in range(rounds)]
    with setting.server("latency", **POOL) as live, client_of(live) as client:
        _submit_ms(live, client, "warm")
        alone = [_submit_ms(live, client, f"alone-{number}") for number in range(rounds)]
        for number in range(IN_FLIGHT - 1):
            live.create(live.body(f"idle-{number}", command="sleep 3600"))
        live_count = _wait_running(live, IN_FLIGHT - 1)
        crowded = [_submit_ms(live, client, f"crowded-{number}") for number in range(rounds)]
    burst_peer = _bare_burst()
    with setting.server("latency-burst", **POOL) as live, client_of(live) as client:
        _submit_ms(live, client, "warm")
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            burst = list(pool.map(lambda n: _submit_ms(live, client, f"burst-{n}"), range(IN_FLIGHT)))
    return [
        *_rows("1 job in flight", alone, bare, budgeted=True),
        *_rows(f"{live_count + 1} jobs in flight", crowded, bare, budgeted=True),
        *_rows(f"{IN_FLIGHT} submitted at once", burst, burst_peer, budgeted=False),
    ]


def _rows(what: str, ours: Sequence[float], bare: Sequence[float], *, budgeted: bool) -> list[Row]:
    limits = {0.5: at_most(150), 0.99: at_most(500)} if budgeted else {0.5: None, 0.99: None}
    return [
        Row(
            f"submit → first log line, {what}, p{share * 100:g}",
            percentile(ours, share),
            "ms",
            budget,
            percentile(bare, share),
            "bare process",
        )
        for share, budget in limits.items()
    ]


def _submit_ms(live: LiveServer, client: Client, name: str) -> float:
    body = live.body(name, command=COMMAND)
    began = time.perf_counter()
    job = client.create_job(body).metadata.id
    seen = b""
    for piece in client.follow_log(job, "worker-0"):
        seen += piece
        if any(line == MARK for line in seen.split(b"\n")[:-1]):
            return (time.perf_counter() - began) * 1000
    raise AssertionError(f"{name}: the log ended without {MARK!r}: {seen!r}")


def _bare_ms() -> float:
    began = time.perf_counter()
    with subprocess.Popen(["bash", "-c", COMMAND], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        elapsed_ms = (time.perf_counter() - began) * 1000
    return elapsed_ms


def _bare_burst() -> list[float]:
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        return list(pool.map(lambda _: _bare_ms(), range(IN_FLIGHT)))


def _wait_running(live: LiveServer, count: int) -> int:
    """Until that many jobs run; how many do."""
    give_up = time.monotonic() + 120
    running = 0
    while running < count and time.monotonic() < give_up:
        running = live.call("GET", "/v2/{P}/backends").json()["backends"][0]["running"]
        time.sleep(0.2)
    return running
