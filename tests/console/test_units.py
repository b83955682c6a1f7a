"""The console's own unit tests (Vitest), run as `npm run test` runs them."""

from pathlib import Path

import pytest

from scripts.console.node import find_npm
from scripts.console.npm import NpmFailed, log_text, run_npm

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_vitest_passes(tmp_path: Path) -> None:
    """Guards what the console has of logic; its report is shown when something fails."""
    npm = find_npm()
    assert npm is not None, "no Node: scripts/bootstrap dev brings it"
    log = tmp_path / "vitest.log"
    try:
        run_npm(ROOT, npm, "run", "--silent", "test", log=log, timeout_s=270)
    except NpmFailed as failure:
        pytest.fail(f"{log_text(log)}\n{failure}", pytrace=False)
