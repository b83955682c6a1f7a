"""The environment of a failed task is kept, and let go of in time."""

import json
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


def ends_at(task: Rig) -> int:
    """When it lets go by itself, Unix milliseconds."""
    states = (task.rundir / "state.jsonl").read_text().splitlines()
    return int(json.loads(states[-1])["facts"]["reserved_until_ms"])


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
    assert time.monotonic() - began > 1
    task.server.resume()


def test_the_time_counts_over_restarts(rig: StartRig) -> None:
    """From the end of the command, not from each start of the supervisor."""
    task = rig(make_order(shell="exit 3", reserve_s=4))
    task.start()
    task.server.wait_for(lambda: "reserved" in steps(task), 20)
    until = ends_at(task)
    time.sleep(1)
    task.kill_supervisor()
    known = len(task.server.told.reports)
    task.start()
    task.server.wait_for(lambda: "reserved" in steps(task)[known:], 20)
    assert ends_at(task) == until
    task.wait(20)
    assert len(task.server.told.finals) == 1


@pytest.mark.parametrize("how", ["server", "signal"])
def test_a_stop_ends_it(rig: StartRig, how: str) -> None:
    """The result stays what it was."""
    task = kept(rig)
    if how == "server":
        task.server.verdict = lambda report: {"stop_grace_s": 5, "release": True}
    else:
        assert task.process is not None
        task.process.terminate()
    assert task.wait(10)["reason"] == "user_exit"
    assert len(task.server.told.finals) == 1


@pytest.mark.parametrize("line", ["sleep 100", "trap 'exit 0' TERM; sleep 100 & wait"])
def test_the_stop_of_a_job_that_failed_elsewhere_keeps_it(rig: StartRig, launcher: str, line: str) -> None:
    """The command ends, whatever it makes of the signal; one can look around, until the server lets go of it."""
    task = rig(make_order(shell=f"echo x > ~/left; {line}", reserve_s=60), launcher)
    task.start()
    task.server.wait_for(lambda: "command" in steps(task), 20)
    task.await_file("shim-command.json")
    task.server.verdict = lambda report: {"stop_grace_s": 5}
    task.server.wait_for(lambda: bool(task.server.told.finals) and "reserved" in steps(task), 20)
    assert task.server.told.finals[-1]["reason"] == "stopped_by_user"
    task.await_file("shim-reserve.json")
    task.kill_supervisor()
    task.start()
    enter = [sys.executable, "-I", "-S", str(task.archive), "enter", str(task.rundir), "cat"]
    time.sleep(1)  # as long as it takes to see a stop that was left on disk
    said = subprocess.run([*enter, "/proc/self/cwd/left"], capture_output=True, timeout=20)
    assert said.stdout == b"x\n", (said, task.story())
    task.server.verdict = lambda report: {"release": True}
    task.wait(10)
    assert processes_of(KEY) == []


@pytest.mark.parametrize("how", ["release", "signal", "file"])
def test_a_users_stop_keeps_nothing(rig: StartRig, how: str) -> None:
    """Before the command has ended for the job's sake, or after: by the server's word, or by the backend's."""
    task = rig(make_order(shell="trap '' TERM; echo up; sleep 100", reserve_s=60))
    task.start()
    task.server.wait_for(lambda: b"up" in task.server.told.log, 20)
    if how == "file":
        (task.rundir / "stop.json").write_text('{"grace_s": 1}')
    task.server.verdict = lambda report: {"stop_grace_s": 3}
    if how != "file":
        task.server.wait_for(lambda: any(e["code"] == "stopping" for e in task.server.told.events), 20)
    if how == "release":
        task.server.verdict = lambda report: {"stop_grace_s": 3, "release": True}
    if how == "signal":
        assert task.process is not None
        task.process.terminate()
    assert task.wait(20)["reason"] == "stopped_by_user"
    assert "reserved" not in steps(task)


def test_success_is_not_kept(rig: StartRig) -> None:
    """There is nothing to look into."""
    task = rig(make_order(shell="true", reserve_s=600))
    assert task.run(20)["reason"] == "completed"
    assert "reserved" not in steps(task)
