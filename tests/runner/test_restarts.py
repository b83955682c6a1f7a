"""kill -9 of the supervisor at any moment, and servers that are away."""

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, folder, make_order, path_grant

REPETITIONS = 25
ONCE = frozenset(
    (
        *("precheck_started", "launcher", "precheck_done", "code_download_started", "code_download_done"),
        *("input_download_started", "input_download_done", "training_started", "training_ended"),
        *("output_upload_started", "output_upload_done"),
    )
)
SCRIPT = """
import os, sys, time
with open(os.environ["HOME"] + "/executions", "a") as file:
    file.write("x")
for number in range(40):
    print(f"line {number:04d} ".ljust(200, "."), flush=True)
    time.sleep(0.01)
sys.stdout.write("end without newline")
sys.exit(9)
"""
EXPECTED = b"".join(f"line {number:04d} ".ljust(200, ".").encode() + b"\n" for number in range(40))


def order_in(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    code, data = tmp_path / "store" / "code", tmp_path / "store" / "data"
    code.mkdir(parents=True)
    data.mkdir()
    (code / "train.py").write_text(SCRIPT)
    for number in range(100):
        (data / f"{number}.bin").write_bytes(bytes([number]) * 1000)
    mount = "/home/ma-user/modelarts"
    return make_order(
        code=folder("", f"{mount}/user-job-dir/code", path_grant(code)),
        boot_file="train.py",
        shell="",
        inputs=[folder("data", f"{mount}/inputs/data_0", path_grant(data))],
        outputs=[folder("out", f"{mount}/outputs/out_0", path_grant(tmp_path / "store" / "out"))],
        **changes,
    )


def check_story(task: Rig, final: dict[str, Any]) -> None:
    """Nothing lost, nothing doubled."""
    told = task.server.told
    assert (final["reason"], final["exit_code"]) == ("user_exit", 9), task.story()
    assert [event["seq"] for event in told.events] == list(range(1, len(told.events) + 1))
    counts = {code: told.codes().count(code) for code in ONCE}
    assert set(counts.values()) == {1}, counts
    assert task.user_log() == EXPECTED + b"end without newline\n", (
        "the platform's next line begins a new line"
    )
    lines = [line for line in bytes(told.log).splitlines() if line.startswith(b"[ModelArts Service Log]")]
    assert len(lines) == len({line.split(b" ", 4)[-1] for line in lines}) == 3
    assert (task.rundir / "root/home/ma-user/executions").read_text() == "x", "the command ran once"


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_killed_at_a_random_moment(tmp_path: Path, rig: StartRig, number: int) -> None:
    """Three kills in one life of a task, each after a random time; the next supervisor goes on."""
    chance = random.Random(number)
    task = rig(order_in(tmp_path), ("process", "sandbox")[number % 2])
    for _ in range(3):
        task.start()
        assert task.process is not None
        ended = threading.Event()
        ended.wait(chance.uniform(0.0, 0.5))
        task.kill_supervisor()
    task.start()
    check_story(task, task.wait())


def test_restart_is_told(tmp_path: Path, rig: StartRig, launcher: str) -> None:
    """A supervisor that takes over a running command says so, and introduces itself again."""
    task = rig(order_in(tmp_path), launcher)
    task.start()
    task.server.wait_for(lambda: b"line 0005" in task.server.told.log)
    task.kill_supervisor()
    task.start()
    check_story(task, task.wait())
    assert "runner_resumed" in task.server.told.codes()
    assert len(task.server.told.registrations) == 2


def test_server_away_for_the_whole_job(tmp_path: Path, rig: StartRig) -> None:
    """The task runs to its end on its own; everything is told when the server is back."""
    task = rig(order_in(tmp_path))
    task.start()
    task.server.wait_for(lambda: bool(task.server.told.registrations))
    task.server.pause()
    task.await_file("exit-command.json")
    task.server.resume()
    check_story(task, task.wait())


def test_server_and_supervisor_away(tmp_path: Path, rig: StartRig) -> None:
    """A supervisor restarted while the server is away goes on with what it has on disk."""
    task = rig(order_in(tmp_path))
    task.start()
    task.await_file("shim-command.json")
    task.server.pause()
    task.kill_supervisor()
    task.start()
    task.await_file("exit-command.json")
    task.server.resume()
    check_story(task, task.wait())


def test_server_comes_late(tmp_path: Path, rig: StartRig) -> None:
    """Registration waits for as long as it takes."""
    task = rig(order_in(tmp_path))
    task.server.pause()
    task.start()
    task.await_file("supervisor.json")
    task.server.resume()
    check_story(task, task.wait())


@pytest.mark.parametrize("fault", ["errors", "drops", "drops_after"])
def test_bad_answers(tmp_path: Path, rig: StartRig, fault: str) -> None:
    """5xx, connections cut before and after the request was taken in: nothing lost, nothing doubled."""
    task = rig(order_in(tmp_path))
    setattr(task.server.faults, fault, 3)
    task.start()
    task.server.wait_for(lambda: b"line 0010" in task.server.told.log)
    setattr(task.server.faults, fault, 5)
    check_story(task, task.wait())


def test_server_that_lost_log_bytes_gets_them_again(tmp_path: Path, rig: StartRig) -> None:
    """The gap answer says where to go on."""
    task = rig(order_in(tmp_path))
    task.start()
    task.server.wait_for(lambda: b"line 0020" in task.server.told.log)
    task.server.faults.lose_log_to = 1000
    check_story(task, task.wait())
    assert task.server.told.log_gaps == 1


def test_log_bytes_that_are_gone_everywhere_leave_a_notice(tmp_path: Path, rig: StartRig) -> None:
    """Bytes the server lost after acknowledging them are not on the node any more: offsets stay, a notice fills in."""
    line = "head -c 6000000 /dev/zero | tr '\\0' 'x'; echo; read -r _ < $HOME/go; echo tail"
    task = rig(make_order(shell=f'mkfifo "$HOME/go"; {line}'))
    task.start()
    task.server.wait_for(lambda: len(task.server.told.log) >= 6_000_000)
    first = task.rundir / "log" / f"{0:016d}.seg"
    deadline = time.monotonic() + 20
    while first.exists() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    task.server.faults.lose_log_to = 100
    (task.rundir / "root/home/ma-user/go").write_text("\n")
    task.wait()
    log = bytes(task.server.told.log)
    assert b"this part of the log was lost by the server" in log
    assert log.index(b"tail\n") == 6_000_001


def test_closed_attempt_is_ended_without_a_word(rig: StartRig, launcher: str) -> None:
    """409: kill, clean up, report nothing."""
    task = rig(make_order(shell="echo ready; sleep 600"), launcher)
    task.start()
    task.server.wait_for(lambda: b"ready" in task.server.told.log)
    task.server.faults.closed = True
    task.wait()
    assert task.server.told.finals == []
    assert '"closed": true' in (task.rundir / "done.json").read_text()


def test_refused_registration_is_final(rig: StartRig) -> None:
    """Any other 4xx on registration: nothing is started."""
    task = rig(make_order(shell="echo never"))
    task.server.faults.refuse_registration = 404
    task.run()
    assert not (task.rundir / "order.json").exists()
    assert task.server.told.finals == []


def test_acknowledged_log_is_removed(rig: StartRig) -> None:
    """The spool does not grow with the log while the server listens."""
    task = rig(make_order(shell="head -c 20000000 /dev/zero | tr '\\0' 'x'; echo"))
    task.run()
    assert len(task.server.told.log) > 20_000_000
    assert sum(path.stat().st_size for path in (task.rundir / "log").iterdir()) < 5 << 20
