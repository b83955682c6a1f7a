"""Control groups: real ones where this machine lets us, a recorded tree of version 2 otherwise."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from trainwright.backends.local import cgroup
from trainwright.backends.local.cgroup import CgroupParent
from trainwright.backends.local.machine import Roots

EATER = "import sys; sys.stdin.read(1); held = bytearray(256 << 20); print(len(held))"


def test_a_real_group_limits_memory_and_leaves_no_trace() -> None:
    """Guards detection, limit, members and removal; where no group can be had, that this is what is found out."""
    parent = cgroup.find_parent()
    if parent is None:
        assert os.geteuid() != 0 or not os.access("/sys/fs/cgroup/memory", os.W_OK)
        return
    reference = cgroup.create(parent, f"test-{os.getpid()}", memory_mib=64, pids=64)
    assert reference == cgroup.reference_of(parent, f"test-{os.getpid()}")
    eater = subprocess.Popen([sys.executable, "-c", EATER], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        (cgroup.group_folder(reference) / "cgroup.procs").write_text(str(eater.pid))
        assert cgroup.members(reference) == (eater.pid,)
        eater.communicate(b"x", timeout=60)
        assert eater.returncode == -signal.SIGKILL
    finally:
        eater.kill()
        eater.wait()
        cgroup.remove(reference)
    assert not cgroup.group_folder(reference).exists()
    assert cgroup.members(reference) == ()
    cgroup.remove(reference)
    cgroup.remove("")


def test_version_2_hands_controllers_down(tmp_path: Path) -> None:
    """Guards the files written in a unified tree (a recorded one: plain files)."""
    group = tmp_path / cgroup.PARENT / "job-a1.worker-0"
    group.mkdir(parents=True)
    for name in ("memory.swap.max", "pids.max"):
        (group / name).touch()
    reference = cgroup.create(CgroupParent(2, tmp_path / cgroup.PARENT), group.name, memory_mib=64, pids=9)
    assert reference == str(group)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (group / "memory.max").read_text() == str(64 << 20)
    assert ((group / "pids.max").read_text(), (group / "memory.swap.max").read_text()) == ("9", "0")


def test_where_nothing_can_be_written_there_is_none(tmp_path: Path) -> None:
    """Guards the fall-back: no group, no failure."""
    proc = tmp_path / "proc" / "self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text("4:memory:/\n0::/\n")
    blocked = tmp_path / "cgroup" / "memory" / cgroup.PARENT
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file where the folder should go")
    assert cgroup.find_parent(Roots(tmp_path / "proc", tmp_path / "cgroup")) is None
    assert cgroup.find_parent(Roots(tmp_path / "nowhere", tmp_path / "cgroup")) is None
