"""Cold start of the server until it answers, and its memory when nothing happens."""

import time

from benchmarks.machine import cpu_s, rss_mib
from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting, timed
from tests.e2e.live import LiveServer


def run(setting: Setting) -> list[Row]:
    """First starts make the database and the admin; later ones find them."""
    rounds, idle_s = setting.amount(7, 2), setting.amount(20, 3)
    first, again = [], []
    for number in range(rounds):
        live = LiveServer(setting.folder / f"startup-{number}")
        first.append(timed(live.start) / 1000)
        live.stop()
        again.append(timed(live.start) / 1000)
        live.stop()
    live.start()
    assert live.process is not None
    pid = live.process.pid
    time.sleep(2)
    before = cpu_s(pid)
    time.sleep(idle_s)
    idle_cpu = (cpu_s(pid) - before) / idle_s * 100
    idle_mib = rss_mib(pid)
    live.stop()
    return [
        Row("server cold start, new data directory", percentile(first, 0.5), "s", at_most(2)),
        Row("server start, existing data directory", percentile(again, 0.5), "s", at_most(2)),
        Row("server memory, idle", idle_mib, "MiB", at_most(150)),
        Row("server CPU, idle", idle_cpu, "% of a core"),
    ]
