"""The same command through Slurm, for comparison: `srun` and `sbatch`, submit → first line. Asked for by `--slurm`."""

import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.latency import COMMAND, MARK
from benchmarks.rows import Row, percentile
from benchmarks.setting import Setting
from tests.e2e.live import wait_for

TIMEOUT_S = 120


def run(setting: Setting) -> list[Row]:
    """Wants `srun` and `sbatch` on PATH and a cluster that is idle.

    Raises:
        SystemExit: there is no Slurm here.
    """
    if shutil.which("srun") is None or shutil.which("sbatch") is None:
        raise SystemExit("--slurm: srun and sbatch are not on PATH")
    rounds = setting.amount(30, 5)
    folder = setting.folder / "slurm"
    folder.mkdir()
    interactive = [_srun_ms() for _ in range(rounds)]
    batch = [_sbatch_ms(folder / f"{number}.out") for number in range(rounds)]
    return [
        Row(f"{tool}: submit → first line, p{share * 100:g}", percentile(values, share), "ms")
        for tool, values in (("srun", interactive), ("sbatch", batch))
        for share in (0.5, 0.99)
    ]


def _srun_ms() -> float:
    began = time.perf_counter()
    with subprocess.Popen(["srun", "-n1", "bash", "-c", COMMAND], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        elapsed_ms = (time.perf_counter() - began) * 1000
    return elapsed_ms


def _sbatch_ms(output: Path) -> float:
    began = time.perf_counter()
    command = ["sbatch", "-n1", f"--output={output}", f"--wrap={COMMAND}"]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    wait_for(
        lambda: output.exists() and MARK in output.read_bytes(), timeout_s=TIMEOUT_S, what="the first line"
    )
    return (time.perf_counter() - began) * 1000
