"""What the runner costs beside the user's process: memory and CPU of supervisor and shim while the job only sleeps."""

import json
import time

from benchmarks.machine import cpu_s, pss_mib, rss_mib
from benchmarks.rows import Row, at_most
from benchmarks.setting import Setting


def run(setting: Setting) -> list[Row]:
    """Taken over a while in which nothing happens but samples and heartbeats."""
    seconds = setting.amount(20, 4)
    with setting.server("runner-cost") as live:
        job = live.create(live.body("sleeper", command="sleep 3600"))
        live.wait(job, "Running")
        time.sleep(2)  # the start itself is not what is measured
        folder = next(live.data_dir.glob(f"**/{job}-a1/worker-0"))
        supervisor = int(json.loads((folder / "supervisor.json").read_text())["pid"])
        shim = int(json.loads((folder / "shim-command.json").read_text())["pid"])
        before = {pid: cpu_s(pid) for pid in (supervisor, shim)}
        time.sleep(seconds)
        cpu = {pid: (cpu_s(pid) - before[pid]) / seconds * 100 for pid in before}
        rss = {pid: rss_mib(pid) for pid in before}
        pss = pss_mib(supervisor) + pss_mib(shim)
    return [
        Row("runner memory (RSS)", sum(rss.values()), "MiB", at_most(25), note=f"PSS {pss:.1f} MiB"),
        Row("… of which supervisor", rss[supervisor], "MiB"),
        Row("… of which shim", rss[shim], "MiB"),
        Row("runner CPU", sum(cpu.values()), "% of a core", at_most(0.5), note=f"over {seconds} s"),
    ]
