"""A job that prints 100 MB/s: what it does to the API's answers and to the server's memory."""

import time

from benchmarks.machine import rss_mib
from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Sampler, Setting, client_of, timed
from tests.e2e.live import user_bytes

RATE_MB_S = 100
SCRIPT = """
import sys, time
block = (b"x" * 99 + b"\\n") * 10_000
began = time.monotonic()
for number in range({blocks}):
    sys.stdout.buffer.write(block)
    ahead = began + number / {rate} - time.monotonic()
    if ahead > 0:
        time.sleep(ahead)
sys.stdout.buffer.flush()
sys.stderr.write("took %.3f\\n" % (time.monotonic() - began))
"""


def run(setting: Setting) -> list[Row]:
    """The block is 1 MB, the rate 100 blocks a second; the API is asked for the job all the while."""
    seconds = setting.amount(8, 3)
    blocks = seconds * RATE_MB_S
    with setting.server("burst") as live, client_of(live) as client:
        assert live.process is not None
        pid = live.process.pid
        quiet_mib = rss_mib(pid)
        job = live.create(live.body("burst", SCRIPT.format(blocks=blocks, rate=RATE_MB_S)))
        live.wait(job, "Running", "Completed", "Failed")
        began = time.perf_counter()
        with (
            Sampler(lambda: rss_mib(pid), 0.05) as memory,
            Sampler(lambda: timed(lambda: client.show_job(job)), 0.02) as answers,
        ):
            ended = live.wait(job, timeout_s=300)
        took_s = time.perf_counter() - began
        log = user_bytes(live.log(job))
    printed = blocks * 1_000_000
    script_s = float(log.rpartition(b"took ")[2])
    complete = "log complete" if len(log) >= printed else f"LOG SHORT: {len(log)} of {printed} bytes"
    return [
        Row("API answer during the burst, p99", percentile(answers.seen, 0.99), "ms", at_most(200)),
        Row("server memory during the burst", max(memory.seen), "MiB", at_most(300), quiet_mib, "before"),
        Row(
            "log stored end to end",
            printed / 1e6 / took_s,
            "MB/s",
            None,
            printed / 1e6 / script_s,
            "the script could print",
            f"{ended['status']['phase']}, {complete}",
        ),
    ]
