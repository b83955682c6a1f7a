"""Submit → first line on Slurm: through us, by bare `sbatch`, by `srun`. Asked for by `--slurm`.

Wants an idle cluster that this machine's `SLURM_CONF` names and whose nodes see the folder of the benchmark, such as
one of scripts/slurm-up. The three take turns, so that all of them see the same cluster at the same moment.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.latency import COMMAND, MARK
from benchmarks.rows import Row, percentile
from benchmarks.setting import Setting, client_of
from tests.e2e.live import LiveServer, wait_for
from trainwright.client.blocking import Client

TIMEOUT_S = 120
SETTINGS = """
backend = "slurm"
sandbox = "off"

[slurm]
partition = "{partition}"
shared_dir = "{shared}"
python = "{python}"
poll_s = 1
"""


def run(setting: Setting) -> list[Row]:
    """Through us includes REST, storing, sbatch, Slurm's scheduler, the runner, and the log on its way back.

    Raises:
        SystemExit: there is no Slurm here.
    """
    if shutil.which("srun") is None or shutil.which("sbatch") is None:
        raise SystemExit("--slurm: srun and sbatch are not on PATH")
    rounds = setting.amount(30, 5)
    folder = setting.folder / "slurm"
    folder.mkdir()
    ours, batch, interactive = [], [], []
    live = _server(folder)
    try:
        with client_of(live) as client:
            _ours_ms(live, client, "warm")
            for number in range(rounds):
                ours.append(_ours_ms(live, client, f"round-{number}"))
                batch.append(_sbatch_ms(folder / f"{number}.out"))
                interactive.append(_srun_ms())
    finally:
        live.stop()
    rows = []
    for share in (0.5, 0.99):
        what = f"submit → first line, p{share * 100:g}"
        bare = percentile(batch, share)
        rows += [
            Row(f"through us: {what}", percentile(ours, share), "ms", None, bare, "bare sbatch"),
            Row(f"sbatch: {what}", bare, "ms"),
            Row(f"srun: {what}", percentile(interactive, share), "ms"),
        ]
    extra = [mine - bare for mine, bare in zip(ours, batch, strict=True)]
    return [*rows, Row("what we add to sbatch, p50 of the differences", percentile(extra, 0.5), "ms")]


def _server(folder: Path) -> LiveServer:
    partition = os.environ.get("BENCHMARK_PARTITION", "main")
    data = folder / "data"
    data.mkdir()
    settings = SETTINGS.format(partition=partition, shared=folder / "shared", python=sys.executable)
    (data / "server.toml").write_text(settings, encoding="utf-8")
    return LiveServer(data).start()


def _ours_ms(live: LiveServer, client: Client, name: str) -> float:
    body = live.body(name, command=COMMAND)
    began = time.perf_counter()
    job = client.create_job(body).metadata.id
    seen = b""
    for piece in client.follow_log(job, "worker-0"):
        seen += piece
        if any(line == MARK for line in seen.split(b"\n")[:-1]):
            elapsed_ms = (time.perf_counter() - began) * 1000
            live.wait(job)
            return elapsed_ms
    raise AssertionError(f"{name}: the log ended without {MARK!r}: {seen!r}")


def _srun_ms() -> float:
    began = time.perf_counter()
    command = ["srun", "-n1", "--mem=64", "bash", "-c", COMMAND]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        elapsed_ms = (time.perf_counter() - began) * 1000
    return elapsed_ms


def _sbatch_ms(output: Path) -> float:
    began = time.perf_counter()
    command = ["sbatch", "-n1", "--mem=64", f"--output={output}", f"--wrap={COMMAND}"]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    wait_for(
        lambda: output.exists() and MARK in output.read_bytes(), timeout_s=TIMEOUT_S, what="the first line"
    )
    return (time.perf_counter() - began) * 1000
