"""`python -m benchmarks`, `make bench`: run all or some, one after the other; print tables, write one file."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from benchmarks import (
    burst,
    console,
    hangs,
    imports,
    latency,
    listing,
    log_console,
    log_viewer,
    preemption,
    recovery,
    rendezvous,
    runner_cost,
    scheduling,
    signatures,
    slurm,
    staging,
    startup,
    submissions,
    throughput,
    torture,
    training,
)
from benchmarks.machine import machine_facts
from benchmarks.rows import Row, print_table
from benchmarks.setting import Setting

RESULTS = Path(__file__).parent / "results"
BENCHMARKS: Mapping[str, tuple[str, Callable[[Setting], list[Row]]]] = {
    "startup": ("Start and idle", startup.run),
    "imports": ("Importing the SDKs", imports.run),
    "latency": ("Submit → first log line", latency.run),
    "submissions": ("Durable submissions", submissions.run),
    "throughput": ("Completed jobs", throughput.run),
    "listing": ("Lists and searches over 100,000 jobs", listing.run),
    "signatures": ("Signed requests", signatures.run),
    "burst": ("Log burst of 100 MB/s", burst.run),
    "console": ("The console's list of 100,000 jobs", console.run),
    "log-viewer": ("The log viewer over 1 GB", log_viewer.run),
    "log-console": ("The console's log viewer: 1 GB, and 1,000 lines/s live", log_console.run),
    "runner": ("What the runner costs", runner_cost.run),
    "training": ("Training on the platform", training.run),
    "staging": ("Staging", staging.run),
    "scheduling": ("Scheduling 10,000 jobs, and a trace", scheduling.run),
    "preemption": ("Pre-emption", preemption.run),
    "rendezvous": ("Eight workers meet", rendezvous.run),
    "hangs": ("Hangs", hangs.run),
    "recovery": ("Ranks that die", recovery.run),
    "torture": ("kill -9 of the server", torture.run),
}
ON_SLURM: Mapping[str, tuple[str, Callable[[Setting], list[Row]]]] = {
    "slurm": ("Slurm, for comparison", slurm.run),
    "recovery-slurm": ("Ranks that die on Slurm", recovery.run_on_slurm),
}


def main() -> int:
    """Exit code 0 also when budgets are missed: this measures, it does not judge."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python compiles each file once only
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 160)
    facts = machine_facts()
    console.print(
        f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_mib']} MiB, commit {facts['commit']}\n"
    )
    offered = {**BENCHMARKS, **ON_SLURM}
    wanted = options.only or [*BENCHMARKS, *(ON_SLURM if options.slurm else ())]
    jobs = {name: job for name, job in offered.items() if name in wanted}
    results: dict[str, object] = {}
    path = (
        options.out or RESULTS / f"local-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.json"
    )
    with tempfile.TemporaryDirectory(prefix="trainwright-bench-", dir=options.folder) as folder:
        for name, (title, run) in jobs.items():
            began = time.monotonic()
            rows = run(Setting(Path(folder), quick=options.quick))
            results[name] = [row.to_json() for row in rows]
            print_table(console, f"{title} ({time.monotonic() - began:.0f} s)", rows)
            _write(path, {"machine": facts, "quick": options.quick, "results": results})
    console.print(f"written to {path}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=[*BENCHMARKS, *ON_SLURM], help="these benchmarks instead of all"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small amounts: does it run, not what is the number"
    )
    parser.add_argument("--slurm", action="store_true", help="also what needs a Slurm cluster")
    parser.add_argument(
        "--out", type=Path, help="result file (default: benchmarks/results/local-<time>.json)"
    )
    parser.add_argument("--folder", type=Path, help="where to put data directories (default: the system's)")
    return parser.parse_args()


def _write(path: Path, content: dict[str, object]) -> None:
    """After each benchmark, so that a broken one does not cost the numbers of those before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
