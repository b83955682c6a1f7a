"""The pre-check of the node, and hardware faults after a failed command."""

import stat
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import StartRig
from tests.runner.rig import Rig, make_order
from trainwright.runner.accelerators import parse_health, parse_nvidia, parse_nvidia_rows
from trainwright.runner.hardware import worst_xid

NO_LIMITS = {"root_mib": 0, "shm_mib": 0, "cache_mib": 0, "infiniband": False}
# `dmesg` of a machine whose second card fell off the bus; 13 and 31 are faults of programs.
KERNEL_LOG = """\
[   12.100000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.104.05
[  100.500000] NVRM: Xid (PCI:0000:3b:00): 48, pid=11, name=python3, Double Bit ECC Error
[  900.250000] NVRM: Xid (PCI:0000:3b:00): 13, pid=4711, name=python3, Graphics Exception: ESR 0x50d730
[  901.250000] NVRM: Xid (PCI:0000:3b:00): 31, pid=4711, name=python3, Ch 00000008, MMU Fault
[  950.000000] NVRM: Xid (PCI:0000:af:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
"""
NPU_HEALTH = """\
        NPU ID                         : 0
        Chip Count                     : 1
        Health                         : OK
        Chip ID                        : 0
"""


def order_of(line: str = "true", kind: str = "", cards: int = 0, **check: Any) -> dict[str, Any]:
    """An order with a pre-check."""
    order = make_order(shell=line, check={**NO_LIMITS, **check})
    order["resources"] = {**order["resources"], "accelerators": cards, "accelerator_kind": kind}
    return order


def program(folder: Path, name: str, text: str) -> None:
    """A program of that name, to be put first on PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n" + textwrap.dedent(text))
    (folder / name).chmod(stat.S_IRWXU)


def run_with(task: Rig, programs: Path) -> dict[str, Any]:
    """Run it on a machine with these programs."""
    task.start(PATH=f"{programs}:/usr/local/bin:/usr/bin:/bin")
    return task.wait()


def slots(task: Rig, code: str) -> list[dict[str, Any]]:
    """Slots of the events of that code."""
    return [event["slots"] for event in task.server.told.events if event["code"] == code]


def test_items_are_events_and_log_lines(rig: StartRig, launcher: str) -> None:
    """What the manual says one finds by searching for `item`."""
    task = rig(order_of(root_mib=1, shm_mib=1, cache_mib=1), launcher)
    assert task.run()["reason"] == "completed", task.story()
    passed = slots(task, "precheck_item_ok")
    assert [found["item"] for found in passed] == [
        "dns",
        "disk-size root",
        "disk-size shm",
        "disk-size cache",
    ]
    assert all(float(found["seconds"]) >= 0 for found in passed)
    codes = task.server.told.codes()
    assert codes.index("precheck_started") < codes.index("precheck_item_ok") < codes.index("precheck_done")
    log = bytes(task.server.told.log).decode()
    assert "[precheck] item: disk-size root, result: pass, " in log
    assert "error,exiting" not in log


def test_a_failed_item_ends_the_task(rig: StartRig) -> None:
    """All items are checked, the command is never started, and the log says it in the words people search for."""
    task = rig(order_of("echo never", root_mib=1 << 40, cache_mib=1))
    final = task.run()
    assert (final["reason"], final["exit_code"]) == ("precheck_failed", 1), task.story()
    (failed,) = slots(task, "precheck_item_failed")
    assert failed["item"] == "disk-size root"
    assert "needed" in failed["detail"]
    assert [found["item"] for found in slots(task, "precheck_item_ok")] == ["dns", "disk-size cache"]
    log = bytes(task.server.told.log).decode()
    assert "item: disk-size root, result: fail, " in log
    assert "error,exiting" in log
    assert "never" not in log


def test_a_name_that_nobody_knows_fails(rig: StartRig) -> None:
    """Names of the job's own tasks are the platform's to give; any other must resolve."""
    task = rig(order_of())
    hosts = task.rundir / "root/etc/volcano"
    hosts.mkdir(parents=True)
    (hosts / "gone.host").write_text("no-such-host.invalid\nlocalhost\n")
    assert task.run()["reason"] == "precheck_failed"
    (failed,) = slots(task, "precheck_item_failed")
    assert failed["item"] == "dns"
    assert failed["detail"] == "cannot resolve no-such-host.invalid"


@pytest.mark.parametrize("name", ["MA_SKIP_IMAGE_DETECT", "MA_DETECT_TRAIN_INJECT_CODE"])
def test_the_job_can_turn_it_off(rig: StartRig, name: str) -> None:
    """Both documented variables."""
    task = rig({**order_of(root_mib=1 << 40), "environment": {name: "0"}})
    assert task.run()["reason"] == "completed"
    assert not slots(task, "precheck_item_failed")


def test_limits_of_processes_matter_with_infiniband(rig: StartRig) -> None:
    """The supervisor runs with the machine's own limits; here at most a million files can be open."""
    task = rig(order_of(infiniband=True))
    final = task.run()
    found = [item["item"] for item in slots(task, "precheck_item_ok") + slots(task, "precheck_item_failed")]
    assert "ulimit" in found
    assert final["reason"] == (
        "completed" if slots(task, "precheck_item_ok")[-1]["item"] == "ulimit" else "precheck_failed"
    )


def test_gpus_are_detected(rig: StartRig, tmp_path: Path) -> None:
    """As many as were given."""
    program(tmp_path / "bin", "nvidia-smi", "echo '0, 5, 100, 0, 00000000:3B:00.0'")
    task = rig(order_of(kind="gpu", cards=1))
    assert run_with(task, tmp_path / "bin")["reason"] == "completed", task.story()
    assert slots(task, "precheck_item_ok")[-1]["item"] == "gpu-check"


@pytest.mark.parametrize(
    "answer", ["exit 9", "echo 'No devices were found'; exit 6", "echo '0, 5, 100, 0, x'"]
)
def test_a_missing_gpu_fails(rig: StartRig, tmp_path: Path, answer: str) -> None:
    """The tool fails, or tells of fewer than there should be."""
    program(tmp_path / "bin", "nvidia-smi", answer)
    task = rig(order_of("echo never", kind="gpu", cards=2))
    assert run_with(task, tmp_path / "bin")["reason"] == "precheck_failed"
    assert slots(task, "precheck_item_failed")[0]["item"] == "gpu-check"


@pytest.mark.parametrize(("health", "reason"), [("OK", "completed"), ("Alarm", "precheck_failed")])
def test_npus_are_asked_for_their_health(rig: StartRig, tmp_path: Path, health: str, reason: str) -> None:
    """In npu-smi's own words."""
    program(tmp_path / "bin", "npu-smi", f"cat <<'E'\n{NPU_HEALTH.replace('OK', health)}E")
    task = rig(order_of(kind="npu", cards=1))
    assert run_with(task, tmp_path / "bin")["reason"] == reason, task.story()
    if health != "OK":
        assert "detect failed" in bytes(task.server.told.log).decode()


def breaking(folder: Path, after: str) -> None:
    """A card that is sound until the command leaves the file `broken`."""
    text = f"if [ -e {folder}/broken ]; then {after}; else echo '0, 5, 100, 3, 00000000:3B:00.0'; fi"
    program(folder, "nvidia-smi", text)
    program(folder, "dmesg", "true")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("echo 'GPU is lost'; exit 15", "GPU is lost"),
        ("echo '0, 5, 100, 4, 00000000:3B:00.0'", "1 uncorrectable ECC errors"),
        ("true", "0 GPUs are left of 1"),
    ],
)
def test_a_failure_on_faulty_hardware_is_the_hardwares(
    rig: StartRig, tmp_path: Path, after: str, said: str
) -> None:
    """Scenario 3 of the manual: the command fails, and the card is broken."""
    breaking(tmp_path / "bin", after)
    task = rig(order_of(f"touch {tmp_path}/bin/broken; exit 3", kind="gpu", cards=1))
    final = run_with(task, tmp_path / "bin")
    assert (final["reason"], final["exit_code"]) == ("hardware_fault", 3), task.story()
    assert said in final["message"]
    assert said in slots(task, "hardware_fault")[0]["detail"]


def test_a_failure_on_sound_hardware_is_the_users(rig: StartRig, tmp_path: Path) -> None:
    """Scenario 4."""
    breaking(tmp_path / "bin", "false")
    task = rig(order_of("exit 3", kind="gpu", cards=1))
    final = run_with(task, tmp_path / "bin")
    assert (final["reason"], final["exit_code"]) == ("user_exit", 3), task.story()


def test_success_on_faulty_hardware_is_success(rig: StartRig, tmp_path: Path) -> None:
    """Nobody asks then."""
    breaking(tmp_path / "bin", "exit 9")
    task = rig(order_of(f"touch {tmp_path}/bin/broken", kind="gpu", cards=1))
    assert run_with(task, tmp_path / "bin")["reason"] == "completed"


def test_xid_messages_of_the_hardware_count() -> None:
    """Only since the command started, only of the task's own cards, and not what programs do wrong."""
    assert worst_xid(KERNEL_LOG, 500.0, set()).startswith("Xid 79 on PCI:0000:af:00")
    assert worst_xid(KERNEL_LOG, 500.0, {"00000000:AF:00.0"}).startswith("Xid 79")
    assert worst_xid(KERNEL_LOG, 500.0, {"00000000:3B:00.0"}) == ""
    assert worst_xid(KERNEL_LOG, 0.0, {"00000000:3B:00.0"}).startswith("Xid 48")


def test_an_xid_since_the_start_makes_it_a_hardware_fault(rig: StartRig, tmp_path: Path) -> None:
    """Also where nvidia-smi sees nothing."""
    breaking(tmp_path / "bin", "echo '0, 5, 100, 3, 00000000:AF:00.0'")
    program(tmp_path / "bin", "dmesg", f"cat <<'E'\n{KERNEL_LOG.replace('950.000000', '99999999.0')}E")
    task = rig(order_of(f"touch {tmp_path}/bin/broken; exit 1", kind="gpu", cards=1))
    assert run_with(task, tmp_path / "bin")["reason"] == "hardware_fault", task.story()


def test_answers_of_the_tools_are_read() -> None:
    """With and without the columns that old drivers lack."""
    assert parse_nvidia("50, 40, 80\nN/A, 1, 2\n30, 40, 80, [N/A], 00000000:3B:00.0\n") == {
        "gpuUtil": 40.0,
        "gpuMemUsage": 50.0,
    }
    assert parse_nvidia_rows("1, 2, 3, 4, 00000000:3B:00.0") == [(1.0, 2.0, 3.0, 4, "00000000:3B:00.0")]
    assert parse_health(NPU_HEALTH) == ["OK"]
    assert parse_health("    Health Status   : Critical\n    Error Code : NA\n") == ["Critical"]
