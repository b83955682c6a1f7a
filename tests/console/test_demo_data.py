"""The demo project is what others build on: the same each time, and whole on a real server."""

from pathlib import Path

import pytest

from tests.console.demo_data import fill, stop_all
from tests.console.demo_library import FILES, FOLDERS, digits
from tests.console.demo_people import PEOPLE
from tests.console.demo_plans import FINISHED, GREEDY, RUNNING, STOPPED, WAITING
from tests.e2e.live import LiveServer
from trainwright.client import connect

PLANS = (*FINISHED, GREEDY, *STOPPED, *RUNNING, *WAITING)


def test_the_plans_hang_together() -> None:
    """Guards against a job of nobody, of code that is not there, or under a name that is taken."""
    assert len({plan.name for plan in PLANS}) == len(PLANS)
    assert {plan.owner for plan in PLANS} <= PEOPLE.keys()
    assert {plan.code for plan in PLANS if plan.code} <= FOLDERS.keys()
    assert all((FILES / name).is_dir() for name in FOLDERS)


def test_data_are_the_same_each_time() -> None:
    """Guards metric curves that screenshots show."""
    assert digits(40, seed=1) == digits(40, seed=1) != digits(40, seed=2)


@pytest.mark.slow
def test_a_server_is_filled_and_filled_again(tmp_path: Path) -> None:
    """Guards every part of it, and that a second time finds what is there instead of breaking."""
    live = LiveServer(tmp_path / "data", {"TRAINWRIGHT_POOL__CPUS": "12"}).start()
    try:
        with connect(endpoint=live.url, project_id=live.project_id, token=live.token) as platform:
            fill(platform)
            phases = {job.name: job.phase for job in platform.jobs}
            fill(platform)
            assert {job.name: job.phase for job in platform.jobs} == phases
            made = {plan.name: plan.ends for plan in PLANS if plan.ends and plan is not GREEDY}
            assert made.items() <= phases.items()
            assert {phases[plan.name] for plan in RUNNING} == {"Running"}
            assert {phases[plan.name] for plan in WAITING} == {"Pending"}
            restarted = platform.jobs.find("kws-resume")
            assert restarted is not None
            assert [bool(restarted.tasks(attempt=number)) for number in (1, 2)] == [True, True]
            best = platform.jobs.find("digits-lr-0p1")
            assert best is not None
            assert {"train/loss", "val/accuracy"} <= set(best.metrics().names)
            written = {item.key.rpartition("/")[2] for item in platform.storage.objects("obs://lab-output/")}
            assert {"confusion_matrix.png", "训练报告.md", "history.csv"} <= written
            stop_all(platform)
    finally:
        live.stop()
