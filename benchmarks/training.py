"""Training step rate of the same script with and without the platform, turn by turn."""

import subprocess
import sys
from pathlib import Path

from benchmarks.rows import Row, at_least, percentile
from benchmarks.setting import Setting
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
    """Pairs of runs, bare and on the platform, so that a change of the machine's mood hits both."""
    rounds, steps = setting.amount(7, 2), setting.amount(6000, 800)
    script = setting.folder / "training.py"
    script.write_text(SCRIPT.format(steps=steps), encoding="utf-8")
    bare, ours = [], []
    with setting.server("training", POOL__CPUS="2") as live:
        _on_platform(live, script, "warm")
        _bare(script)
        for number in range(rounds):
            bare.append(_bare(script))
            ours.append(_on_platform(live, script, f"training-{number}"))
    share = percentile([mine / peer for mine, peer in zip(ours, bare, strict=True)], 0.5) * 100
    return [
        Row(
            "training step rate, share of the bare script", share, "%", at_least(99.5), note=f"{rounds} pairs"
        ),
        Row(
            "training step rate", percentile(ours, 0.5), "steps/s", None, percentile(bare, 0.5), "bare script"
        ),
    ]


def _bare(script: Path) -> float:
    done = subprocess.run([sys.executable, "-u", script], capture_output=True, check=True, timeout=600)
    return _rate(done.stdout)


def _on_platform(live: LiveServer, script: Path, name: str) -> float:
    job = live.create(live.body(name, script.read_text(encoding="utf-8")))
    live.wait(job, timeout_s=600)
    return _rate(live.log(job))


def _rate(output: bytes) -> float:
    lines = [line for line in output.splitlines() if line.startswith(b"rate ")]
    if not lines:
        raise AssertionError(f"the script did not say its rate: {output[-500:]!r}")
    return float(lines[-1].split()[1])
