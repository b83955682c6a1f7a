"""Completed jobs a second for `true`, beside the same number of bare processes, as many at once as there are cores."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.rows import Row
from benchmarks.setting import Setting


def run(setting: Setting) -> list[Row]:
    """From the first submission to the last end phase."""
    count = setting.amount(100, 12)
    cores = len(os.sched_getaffinity(0))
    began = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        for _ in pool.map(
            lambda _: subprocess.run(["bash", "-c", "true"], check=True, timeout=60), range(count)
        ):
            pass
    bare = count / (time.perf_counter() - began)
    with setting.server("throughput") as live:
        live.wait(live.create(live.body("warm", command="true")))
        began = time.perf_counter()
        jobs = [live.create(live.body(f"true-{number}", command="true")) for number in range(count)]
        phases = {live.wait(job, timeout_s=600)["status"]["phase"] for job in jobs}
        rate = count / (time.perf_counter() - began)
    note = f"{count} jobs, {cores} at a time" if phases == {"Completed"} else f"phases: {sorted(phases)}"
    return [Row("completed jobs, `true`", rate, "1/s", None, bare, "bare processes", note)]
