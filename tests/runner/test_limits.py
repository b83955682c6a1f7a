"""Memory and disk limits."""

from pathlib import Path

from tests.runner.conftest import StartRig
from tests.runner.rig import make_order


def test_memory_limit_kills_the_tree(rig: StartRig, launcher: str) -> None:
    """The sum over all processes counts, not each one."""
    line = "for i in 1 2; do python3 -c 'x = b\"x\" * (80 << 20); import time; time.sleep(600)' & done; wait"
    task = rig(make_order(shell=line), launcher)
    task.launch["memory_limit_mib"] = 120
    final = task.run()
    assert (final["reason"], final["exit_code"]) == ("out_of_memory", 137), task.story()
    event = next(event for event in task.server.told.events if event["code"] == "out_of_memory")
    assert event["slots"] == {"limit_mib": 120}


def test_memory_below_the_limit_is_left_alone(rig: StartRig) -> None:
    """Shared pages count once: forks of a large process are not a reason to kill it."""
    line = """python3 -c '
import os, time
x = b"x" * (60 << 20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(3); os._exit(0)
time.sleep(3)'"""
    task = rig(make_order(shell=line))
    task.launch["memory_limit_mib"] = 150
    assert task.run()["reason"] == "completed", task.story()


def test_disk_quota_kills(rig: StartRig, launcher: str) -> None:
    """Files under the job's folders count; inputs do not."""
    line = 'dd if=/dev/zero of="$HOME/big" bs=1M count=40 2>/dev/null; sleep 600'
    task = rig(make_order(shell=line), launcher)
    task.launch["disk_limit_mib"] = 20
    final = task.run()
    assert final["reason"] == "disk_full", task.story()
    event = next(event for event in task.server.told.events if event["code"] == "disk_full")
    assert event["slots"] == {"limit_mib": 20}


def test_cgroup_is_joined_and_asked(tmp_path: Path, rig: StartRig) -> None:
    """The command is put into the group, and the group's word on memory counts (here a folder plays the group)."""
    group = tmp_path / "group"
    group.mkdir()
    (group / "memory.events").write_text("low 0\noom_kill 0\n")
    line = f"grep -qx $$ {group}/cgroup.procs && printf 'oom_kill 1\\n' > {group}/memory.events; kill -9 $$"
    task = rig(make_order(shell=line))
    task.launch["cgroup"] = str(group)
    task.launch["memory_limit_mib"] = 64
    assert task.run()["reason"] == "out_of_memory", task.story()


def test_first_version_cgroup(tmp_path: Path, rig: StartRig) -> None:
    """References of version 1 name the folder behind a prefix and count in another file."""
    group = tmp_path / "group"
    group.mkdir()
    (group / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    task = rig(make_order(shell=f"sed -i s/4/5/ {group}/memory.oom_control; exit 1"))
    task.launch["cgroup"] = f"v1:{group}"
    assert task.run()["reason"] == "out_of_memory", task.story()


def test_cgroup_that_cannot_be_joined_is_the_platforms_fault(tmp_path: Path, rig: StartRig) -> None:
    """The message says what could not be done."""
    task = rig(make_order(shell="echo never"))
    task.launch["cgroup"] = str(tmp_path / "missing")
    final = task.run()
    assert final["exit_code"] == 127
    assert "control group" in final["message"]
