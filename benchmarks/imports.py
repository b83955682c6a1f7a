"""What importing the SDKs adds to a process: its whole time beside that of a bare Python, with and without compiled
files.
"""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting, timed

STATEMENTS = (
    "import trainwright",
    "from trainwright import connect, Job",
    "from trainwright import inside",
    "import modelarts.session, modelarts.estimator",
    "import modelarts.session, modelarts.estimatorV2",
    "import moxing",
)
COMMANDS = ("--version", "job list --help")


def run(setting: Setting) -> list[Row]:
    """Medians of whole processes; each statement is compiled once beforehand, and never for the second number."""
    rounds = setting.amount(15, 3)
    compiled = {**os.environ, "PYTHONPYCACHEPREFIX": str(setting.folder / "pycache"), "MOX_SILENT_MODE": "1"}
    never = {**compiled, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(setting.folder / "none")}
    bare = _median_s(["-c", "pass"], compiled, rounds)
    bare_raw = _median_s(["-c", "pass"], never, rounds)
    rows = []
    for statement in STATEMENTS:
        added = _median_s(["-c", statement], compiled, rounds) - bare
        raw = _median_s(["-c", statement], never, max(1, rounds // 5)) - bare_raw
        note = f"{raw:.2f} s where nothing is compiled, the standard library neither"
        rows.append(Row(statement, added, "s", at_most(0.2), note=note))
    for command in COMMANDS:
        words = ["-m", "trainwright.cli.main", *command.split()]
        rows.append(Row(f"trainwright {command}", _median_s(words, compiled, rounds), "s"))
    return rows


def _median_s(arguments: list[str], env: dict[str, str], rounds: int) -> float:
    def once() -> None:
        command = [sys.executable, *arguments]
        subprocess.run(command, env=env, cwd=Path(sys.prefix), check=True, capture_output=True, timeout=60)

    once()
    return percentile([timed(once) / 1000 for _ in range(rounds)], 0.5)
