"""Ranks of a DDP job die; training ends as if they had not (`benchmarks/recovery.py` does it fifty times)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer
from tests.e2e.recovery import JOB, PROCESS, SCRIPT, Outcome, Plan, recover
from tests.e2e.torch_server import ENGINE, FLAVOR, PYTHON, torch_server

UPLOAD_S = 1
KILLS = 3


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = torch_server(tmp_path_factory.mktemp("recovery"), TRAINWRIGHT_UPLOAD_PERIOD_S=str(UPLOAD_S))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def unbroken(live: LiveServer) -> Outcome:
    """The same training without a fault."""
    return _run(live, "unbroken", Plan(kills=KILLS).unbroken())


def _run(live: LiveServer, name: str, plan: Plan) -> Outcome:
    return recover(live, name, plan, engine=ENGINE, flavor=FLAVOR)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", [PROCESS, JOB])
def test_a_killed_rank_costs_at_most_one_checkpoint_interval(
    live: LiveServer, unbroken: Outcome, level: str
) -> None:
    """Guards recovery: the same final loss, bit for bit, as the unbroken run; little work lost; nothing left over."""
    plan = Plan(kills=KILLS, level=level)
    broken = _run(live, f"broken-{level}", plan)
    assert (broken.phase, unbroken.phase) == ("Completed", "Completed")
    assert broken.kills == plan.kills
    assert broken.attempts == (1 if level == PROCESS else plan.kills + 1)
    assert broken.final == unbroken.final != b""
    assert max(broken.lost_steps) <= plan.every


def test_the_script_needs_no_platform(tmp_path: Path) -> None:
    """Guards the example: it runs by itself, too."""
    done = subprocess.run(
        [str(PYTHON), str(SCRIPT), "--train_url", str(tmp_path), "--steps", "4", "--every", "2"],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert b"final loss" in done.stdout
    assert (tmp_path / "step_4.pt").exists()
