"""A stop reaches every process of the command, and each has its grace. Real trees under both launchers."""

import os
import signal
from pathlib import Path

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, make_order
from trainwright.runner import procfs
from trainwright.runner.child import Farewell

TORCH = Path(__file__).resolve().parents[2] / ".cache/torch/bin"
SAVER = """
import os, signal, sys, time
def leave(number, frame):
    time.sleep(0.5)
    print("saved", sys.argv[1], flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", sys.argv[1], flush=True)
while True:
    time.sleep(60)
"""
RANK = """
import os, signal, sys, time
def leave(number, frame):
    time.sleep(0.5)
    sys.stdout.write("saved " + os.environ["RANK"] + "\\n")
    sys.stdout.flush()
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
sys.stdout.write("ready " + os.environ["RANK"] + "\\n")
sys.stdout.flush()
while True:
    time.sleep(60)
"""


def stopped(task: Rig, ready: int, stop: signal.Signals | None = signal.SIGTERM) -> dict[str, object]:
    """Start it, stop it once so many processes are ready; its result."""
    task.start()
    task.server.wait_for(lambda: task.server.told.log.count(b"ready ") == ready)
    assert task.process is not None
    if stop is not None:
        task.process.send_signal(stop)
    return task.wait()


@pytest.mark.parametrize(
    "line",
    [
        'python3 -c "$SAVER" a; echo never',  # a shell that waits and does not act itself
        'python3 -c "$SAVER" a & exec sleep 600',  # beside the command
        'setsid python3 -c "$SAVER" a & sleep 600',  # in a session of its own
        '(setsid python3 -c "$SAVER" a &) ; sleep 600; true',  # and orphaned
        'bash -c "bash -c \'python3 -c \\"\\$SAVER\\" a; true\'; true"; true',  # deep below
    ],
)
def test_every_process_has_its_grace(rig: StartRig, launcher: str, line: str) -> None:
    """However the tree is built, and although what stands above ends at once."""
    task = rig(make_order(shell=line, environment={"SAVER": SAVER}, grace_s=20), launcher)
    final = stopped(task, 1)
    assert b"saved a\n" in task.server.told.log, task.story()
    assert b"never" not in task.server.told.log
    assert final["reason"] == "preempted"
    assert "killed_after_grace" not in task.server.told.codes()


def test_what_is_deaf_is_killed_after_the_grace(rig: StartRig, launcher: str) -> None:
    """Also when the command itself has gone long before."""
    line = """python3 -c '
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready ", flush=True)
time.sleep(600)' & sleep 600"""
    task = rig(make_order(shell=line, grace_s=1), launcher)
    final = stopped(task, 1)
    assert final["reason"] == "preempted", task.story()
    assert "killed_after_grace" in task.server.told.codes()


def test_a_trap_of_the_shell_is_run(rig: StartRig, launcher: str) -> None:
    """The answer to the signal is not itself told to end."""
    line = "trap 'sleep 0.3; echo trapped; exit 7' TERM; echo 'ready '; sleep 600 & wait"
    task = rig(make_order(shell=line, grace_s=20), launcher)
    final = stopped(task, 1)
    assert b"trapped" in task.server.told.log, task.story()
    assert final["exit_code"] == 7


def test_every_rank_below_torchrun_is_reached(rig: StartRig, launcher: str) -> None:
    """Ranks in sessions of their own below an elastic agent below a shell."""
    if not (TORCH / "torchrun").exists():
        pytest.fail("torch for tests is missing: scripts/test-setup")
    line = f"cd ~; {TORCH}/python -m torch.distributed.run --nproc_per_node 2 rank.py; echo never"
    order = make_order(shell=line, grace_s=30, environment={"OMP_NUM_THREADS": "1"})
    order["hosts"] = [f"modelarts-job-{order['job_id']}-worker-0"]
    order["engine"] = {
        "engine_id": "", "name": "torch", "version": "2", "interpreter": str(TORCH / "python"),
        "requirements": [], "pip_options": [], "environment": {}, "distribution": "",
    }  # fmt: skip
    task = rig(order, launcher)
    home = task.rundir / "root/home/ma-user"
    home.mkdir(parents=True)
    (home / "rank.py").write_text(RANK)
    final = stopped(task, 2)
    assert {b"saved 0", b"saved 1"} <= set(bytes(task.server.told.log).splitlines()), task.story()
    assert final["reason"] == "preempted"


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ('{"grace_s": 20, "reason": "preempted"}', "preempted"),
        ('{"grace_s": 20}', "stopped_by_user"),
        ('{"grace_s": 20, "reason": ""}', "stopped_by_user"),
    ],
)
def test_the_reason_of_the_stop_counts(rig: StartRig, stop: str, reason: str) -> None:
    """Whoever left `stop.json` knows why."""
    task = rig(make_order(shell="echo 'ready '; sleep 600"))
    task.start()
    task.server.wait_for(lambda: b"ready" in task.server.told.log)
    (task.rundir / "stop.draft").write_text(stop)
    (task.rundir / "stop.draft").rename(task.rundir / "stop.json")
    assert task.process is not None
    task.process.send_signal(signal.SIGTERM)
    assert task.wait()["reason"] == reason, task.story()


def test_an_eviction_outlives_the_supervisor(rig: StartRig) -> None:
    """Why it is stopped is on disk before anything is told to end."""
    line = "trap 'sleep 2; exit 0' TERM; echo 'ready '; sleep 600 & wait"
    task = rig(make_order(shell=line, grace_s=20))
    task.start()
    task.server.wait_for(lambda: b"ready" in task.server.told.log)
    assert task.process is not None
    task.process.send_signal(signal.SIGTERM)
    task.server.wait_for(lambda: "stopping" in task.server.told.codes())
    task.kill_supervisor()
    task.start()
    assert task.wait()["reason"] == "preempted", task.story()


def test_bwrap_is_held_while_its_first_process_has_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards who loses its parent while the tree is walked: the walk misses it, and it keeps its grace all the same."""
    bwrap, first, command, saver = 10**8, 10**8 + 1, 10**8 + 2, 10**8 + 3
    below = {bwrap: [first], first: [command], command: [saver]}
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(procfs, "children", lambda pid: below.get(pid, []))
    monkeypatch.setattr(procfs, "descendants", lambda pid: [bwrap, *below, command])
    monkeypatch.setattr(procfs, "start_ticks", lambda pid: 1)

    def kill(pid: int, number: int) -> bool:
        sent.append((pid, number))
        return True

    monkeypatch.setattr(procfs, "kill", kill)
    monkeypatch.setattr(os, "getpgid", lambda pid: pid)
    monkeypatch.setattr(os, "killpg", lambda group, number: sent.append((-group, number)))
    farewell = Farewell(bwrap, sandbox=True)
    assert farewell.begin()
    assert sent == [(bwrap, signal.SIGSTOP), (-command, signal.SIGTERM)]
    below[first], below[command] = [saver], []
    monkeypatch.setattr(procfs, "descendants", lambda pid: [bwrap, first])
    farewell.step()
    assert len(sent) == 2
    below[first] = []
    farewell.step()
    farewell.step()
    assert sent[2:] == [(bwrap, signal.SIGCONT)]
