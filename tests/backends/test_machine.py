"""What is read from a machine, on recorded text and recorded trees."""

import os
from pathlib import Path

import pytest

from tests.backends.rig import settings_of
from trainwright.backends.local import machine
from trainwright.backends.local.machine import (
    Roots,
    read_accelerators,
    read_cpus,
    read_machine,
    read_memory_mib,
)
from trainwright.domain.demand import Demand

MEMINFO = "MemTotal:       24684852 kB\nMemFree:        20000000 kB\n"
NPU_SMI = """\
\tTotal Count                    : 2

\tNPU ID                         : 0
\tProduct Name                   : IT21DMDA
\tChip Count                     : 1

\tNPU ID                         : 5
\tChip Count                     : 2
"""
MEMBERSHIP = "9:name=systemd:/\n4:memory:/outer/inner\n2:cpu,cpuacct:/\n0::/\n"


@pytest.mark.parametrize(
    ("text", "cpus"), [("max 100000\n", None), ("250000 100000\n", 2.5), ("", None), ("junk", None)]
)
def test_quota_of_version_2(text: str, cpus: float | None) -> None:
    """Guards cpu.max."""
    assert machine.parse_cpu_max(text) == cpus


@pytest.mark.parametrize(
    ("text", "limit"),
    [("max\n", None), ("9223372036854771712\n", None), ("1073741824\n", 1 << 30), ("", None)],
)
def test_memory_limit_of_both_versions(text: str, limit: int | None) -> None:
    """Guards memory.max and the huge number that means "none" in version 1."""
    assert machine.parse_limit_bytes(text) == limit


def test_tools_texts() -> None:
    """Guards the parsers of the vendors' tools, with no device, several, and cards of several chips."""
    assert machine.parse_nvidia_smi("0\n1\n7\n") == (0, 1, 7)
    assert machine.parse_nvidia_smi("No devices were found\n") == ()
    assert machine.parse_npu_smi(NPU_SMI) == (0, 1, 2)
    assert machine.parse_npu_smi("") == ()
    assert machine.parse_membership(MEMBERSHIP) == {
        "name=systemd": "/",
        "memory": "/outer/inner",
        "cpu": "/",
        "cpuacct": "/",
        "": "/",
    }


def test_gpus_come_before_npus() -> None:
    """Guards which tool is believed, and that its silence is "none"."""
    answers = {"nvidia-smi": "0\n1\n", "npu-smi": NPU_SMI}
    assert read_accelerators(lambda argv: answers[argv[0]]) == ("gpu", (0, 1))
    answers["nvidia-smi"] = ""
    assert read_accelerators(lambda argv: answers[argv[0]]) == ("npu", (0, 1, 2))
    assert read_accelerators(lambda argv: "") == ("", ())


def test_devices_kept_from_the_server_are_not_given_away() -> None:
    """Guards CUDA_VISIBLE_DEVICES of the server itself; names instead of numbers are not understood."""
    assert machine.visible("gpu", (0, 1, 2), {"CUDA_VISIBLE_DEVICES": "2, 0"}) == (0, 2)
    assert machine.visible("gpu", (0, 1), {"CUDA_VISIBLE_DEVICES": ""}) == ()
    assert machine.visible("gpu", (0, 1), {"CUDA_VISIBLE_DEVICES": "GPU-5a4c"}) == (0, 1)
    assert machine.visible("npu", (0, 1), {"CUDA_VISIBLE_DEVICES": "0"}) == (0, 1)


def test_a_broken_tool_is_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards tools that fail or hang: an answer within the time limit, and it is "none"."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "TOOL_TIMEOUT_S", 0.2)
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    assert machine.run_tool(["nvidia-smi"]) == ""
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    assert machine.run_tool(["nvidia-smi"]) == ""
    assert machine.run_tool(["no-such-tool-anywhere"]) == ""


def _recorded(root: Path, files: dict[str, str]) -> Roots:
    files = {"proc/meminfo": MEMINFO, **files}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Roots(root / "proc", root / "cgroup")


def test_limits_of_version_1_and_of_groups_above_hold(tmp_path: Path) -> None:
    """Guards that the narrowest limit on the way up counts."""
    roots = _recorded(
        tmp_path,
        {
            "proc/self/cgroup": MEMBERSHIP,
            "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "cgroup/memory/outer/memory.limit_in_bytes": str(2 << 30),
            "cgroup/memory/outer/inner/memory.limit_in_bytes": str(4 << 30),
            "cgroup/cpu/cpu.cfs_quota_us": "50000\n",
            "cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert read_memory_mib(roots) == 2048
    assert read_cpus(roots) == 0.5


def test_limits_of_version_2_hold(tmp_path: Path) -> None:
    """Guards the unified tree, also where /proc names a group that is not mounted (inside a container)."""
    roots = _recorded(
        tmp_path,
        {
            "proc/self/cgroup": "0::/not/mounted/here\n",
            "cgroup/cgroup.controllers": "cpu memory pids\n",
            "cgroup/memory.max": str(3 << 30),
            "cgroup/cpu.max": "25000 100000\n",
        },
    )
    assert read_memory_mib(roots) == 3072
    assert read_cpus(roots) == 0.25


def test_without_groups_the_machine_counts(tmp_path: Path) -> None:
    """Guards kernels without control groups."""
    roots = _recorded(tmp_path, {})
    assert read_memory_mib(roots) == 24684852 // 1024
    assert read_cpus(roots) == len(os.sched_getaffinity(0))


def test_settings_come_first(tmp_path: Path) -> None:
    """Guards overrides, and that nothing free can be said."""
    found = read_machine(settings_of(tmp_path, accelerators=2), run=lambda argv: "0\n1\n2\n")
    assert (found.total, found.accelerator_kind) == (Demand(2000, 4096, 2), "gpu")
    assert found.resources(Demand()).cpus == 0
