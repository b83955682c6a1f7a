"""Training step rate of the same script with and without the platform, turn by turn."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.rows import Row, at_least, percentile
from benchmarks.setting import Setting, client_of
from tests.e2e.live import LiveServer

# A small network on random digits, numpy only; says its rate itself, so that starting and staging do not count.
SCRIPT = """
import sys, time
import numpy as np
steps = {steps}
draw = np.random.default_rng(0)
x, y = draw.random((256, 256), dtype=np.float32), draw.random((256, 10), dtype=np.float32)
w1, w2 = draw.random((256, 512), dtype=np.float32) / 256, draw.random((512, 10), dtype=np.float32) / 512
began = time.perf_counter()
for step in range(steps):
    hidden = np.maximum(x @ w1, 0)
    error = hidden @ w2 - y
    back = (error @ w2.T) * (hidden > 0)
    w2 -= 1e-4 * (hidden.T @ error)
    w1 -= 1e-4 * (x.T @ back)
    if step % 200 == 0:
        print("step", step, "loss", float((error**2).mean()), flush=True)
print("rate %.3f" % (steps / (time.perf_counter() - began)), flush=True)
"""


def run(setting: Setting) -> list[Row]:
    """On one core, and on all: there whatever else runs on the machine is felt, the server included."""
    script = setting.folder / "training.py"
    script.write_text(SCRIPT.format(steps=setting.amount(6000, 800)), encoding="utf-8")
    rounds = setting.amount(7, 2)
    with setting.server("training") as live:
        flavors = sorted(_flavors(live))
        return [
            row
            for cores, flavor in dict.fromkeys((flavors[0], flavors[-1]))
            for row in _compare(live, script, cores, flavor, rounds=rounds)
        ]


def _compare(live: LiveServer, script: Path, cores: int, flavor: str, *, rounds: int) -> list[Row]:
    """Pairs of runs, bare and on the platform, first one first, then the other, so that drift hits both alike."""
    _on_platform(live, script, f"warm-{cores}", flavor)
    _bare(script, cores)
    bare, ours = [], []
    for number in range(rounds):
        if number % 2:
            bare.append(_bare(script, cores))
        ours.append(_on_platform(live, script, f"training-{cores}-{number}", flavor))
        if number % 2 == 0:
            bare.append(_bare(script, cores))
    share = percentile([mine / peer for mine, peer in zip(ours, bare, strict=True)], 0.5) * 100
    what = f"on {cores} {'core' if cores == 1 else 'cores'}"
    return [
        Row(
            f"step rate {what}, share of the bare script", share, "%", at_least(99.5), note=f"{rounds} pairs"
        ),
        Row(
            f"step rate {what}", percentile(ours, 0.5), "steps/s", None, percentile(bare, 0.5), "bare script"
        ),
    ]


def _flavors(live: LiveServer) -> list[tuple[int, str]]:
    """Cores and id of each; jobs get OMP_NUM_THREADS from it, so the bare script does too."""
    flavors = live.call("GET", "/v2/{P}/training-job-flavors").json()["flavors"]
    return [(int(item["flavor_info"]["cpu"]["core_num"]), str(item["flavor_id"])) for item in flavors]


def _bare(script: Path, cores: int) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": str(cores)}
    command = [sys.executable, "-u", str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=600)
    return _rate(done.stdout)


def _on_platform(live: LiveServer, script: Path, name: str, flavor: str) -> float:
    body = live.body(name, script.read_text(encoding="utf-8"))
    body["spec"]["resource"]["flavor_id"] = flavor
    job = live.create(body)
    with client_of(live) as client:
        for _ in client.follow_events(job):
            pass  # asking again and again would take from the cores that are measured
    return _rate(live.log(job))


def _rate(output: bytes) -> float:
    lines = [line for line in output.splitlines() if line.startswith(b"rate ")]
    if not lines:
        raise AssertionError(f"the script did not say its rate: {output[-500:]!r}")
    return float(lines[-1].split()[1])
