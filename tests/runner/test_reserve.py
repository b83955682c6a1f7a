"""The environment of a failed task is kept, and let go of in time."""

import subprocess
import sys
import time

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import KEY, Rig, make_order, poll_until, processes_of


def kept(
    rig: StartRig, launcher: str = "process", *, line: str = "echo x > ~/left; exit 3", seconds: int = 60
) -> Rig:
    """A failed task in step `reserved`."""
    task = rig(make_order(shell=line, reserve_s=seconds), launcher)
    task.start()
    task.server.wait_for(lambda: bool(task.server.told.finals) and "reserved" in steps(task), 20)
    return task


def steps(task: Rig) -> list[str]:
    """Steps that were told of."""
    return [report["step"] for report in task.server.told.reports]


def test_the_result_is_told_before_the_environment_is_kept(rig: StartRig) -> None:
    """Then heartbeats go on, until it is released; nothing is left."""
    task = kept(rig)
    assert task.server.told.finals[-1]["reason"] == "user_exit"
    count = len(task.server.told.reports)
    task.server.wait_for(lambda: len(task.server.told.reports) > count + 2, 10)
    assert set(steps(task)[count:]) == {"reserved"}
    task.server.verdict = lambda report: {"release": True}
    assert task.wait(10)["reason"] == "user_exit"
    assert processes_of(KEY) == []


def test_one_can_enter_it(rig: StartRig, launcher: str) -> None:
    """A process is kept that has the job's files and environment."""
    task = kept(rig, launcher)
    task.await_file("shim-reserve.json")
    enter = [sys.executable, "-I", "-S", str(task.archive), "enter", str(task.rundir), "bash", "-c"]
    poll_until(lambda: len(processes_of(KEY)) >= 1)
    said = subprocess.run([*enter, "cat ~/left; echo $MA_TASK_NAME"], capture_output=True, timeout=20)
    assert said.stdout.split() == [b"x", b"worker"], (said, task.story())
    task.server.verdict = lambda report: {"release": True}
    task.wait(10)


def test_it_ends_by_itself(rig: StartRig) -> None:
    """When the time that was asked for is over, server or not."""
    task = rig(make_order(shell="exit 3", reserve_s=3))
    task.start()
    task.server.wait_for(lambda: "reserved" in steps(task), 20)
    began = time.monotonic()
    task.server.pause()
    assert task.process is not None
    assert task.process.wait(20) == 0
    assert 1 < time.monotonic() - began < 8
    task.server.resume()


def test_the_time_counts_over_restarts(rig: StartRig) -> None:
    """From the end of the command, not from each start of the supervisor."""
    task = rig(make_order(shell="exit 3", reserve_s=4))
    task.start()
    task.server.wait_for(lambda: "reserved" in steps(task), 20)
    began = time.monotonic()
    time.sleep(2)
    task.kill_supervisor()
    task.start()
    task.wait(20)
    assert time.monotonic() - began < 7
    assert len(task.server.told.finals) == 1


@pytest.mark.parametrize("how", ["server", "signal"])
def test_a_stop_ends_it(rig: StartRig, how: str) -> None:
    """The result stays what it was."""
    task = kept(rig)
    if how == "server":
        task.server.stop_grace_s = 5
    else:
        assert task.process is not None
        task.process.terminate()
    assert task.wait(10)["reason"] == "user_exit"
    assert len(task.server.told.finals) == 1


def test_success_is_not_kept(rig: StartRig) -> None:
    """There is nothing to look into."""
    task = rig(make_order(shell="true", reserve_s=600))
    assert task.run(20)["reason"] == "completed"
    assert "reserved" not in steps(task)
