"""`scripts/check`: run the steps two at a time, say which failed and how to mend it."""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.gates.finding import Outcome
from scripts.gates.steps import Step, all_steps

ROOT = Path(__file__).resolve().parents[2]
REPORT_LINES_MAX = 60


def main() -> int:
    """Exit code: 0 when every step passed."""
    steps = all_steps(ROOT)
    parser = argparse.ArgumentParser(prog="scripts/check", description="The one gate for people and CI.")
    parser.add_argument("--fix", action="store_true", help="mend what a machine can mend")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(step.name for step in steps))
    options = parser.parse_args()
    unknown = sorted(set(options.steps) - {step.name for step in steps})
    if unknown:
        parser.error(f"no such step: {', '.join(unknown)}")
    chosen = [step for step in steps if not options.steps or step.name in options.steps]
    return 0 if run_steps(chosen, fix=options.fix) else 1


def run_steps(steps: list[Step], *, fix: bool) -> bool:
    """True when all passed. Mending goes one step after the other, since the steps then write files."""
    began = time.monotonic()
    failed: list[Step] = []
    with ThreadPoolExecutor(max_workers=1 if fix else 2) as pool:
        running = [(step, pool.submit(_timed, step, fix)) for step in steps]
        for step, future in running:
            outcome, seconds = future.result()
            print(f"{'ok  ' if outcome.ok else 'FAIL'} {step.name:<11} {seconds:5.1f} s", flush=True)
            if not outcome.ok:
                failed.append(step)
                _show(outcome.report)
            elif outcome.report.startswith("note: "):
                _show(outcome.report)
    print(f"{len(steps) - len(failed)} of {len(steps)} steps passed in {time.monotonic() - began:.0f} s")
    for step in failed:
        print(f"{step.name}: {step.repair}; again: scripts/check {step.name}")
    return not failed


def _timed(step: Step, fix: bool) -> tuple[Outcome, float]:
    began = time.monotonic()
    outcome = step.run(ROOT, fix)
    return outcome, time.monotonic() - began


def _show(report: str) -> None:
    lines = report.splitlines()
    for line in lines[:REPORT_LINES_MAX]:
        print(f"       {line}")
    if len(lines) > REPORT_LINES_MAX:
        print(f"       ... and {len(lines) - REPORT_LINES_MAX} more lines")


if __name__ == "__main__":
    sys.exit(main())
