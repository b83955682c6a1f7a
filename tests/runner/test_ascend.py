"""One process for each device: variables, logs, and whose end counts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.runner.rig import poll_until
from trainwright.runner.rundir import write_json

SCRIPT = """
import os, signal, sys, time
rank = int(os.environ["RANK_ID"])
names = ("RANK_ID", "RANK_SIZE", "DEVICE_ID", "ASCEND_DEVICE_ID", "RANK_TABLE_FILE")
print(*(os.environ[name] for name in names), flush=True)
"""


def start(tmp_path: Path, script: str, devices: int = 3) -> "subprocess.Popen[bytes]":
    """The program over a script, as on the second of two nodes."""
    (tmp_path / "train.py").write_text(SCRIPT + script)
    plan = {
        "argv": [sys.executable, "-u", str(tmp_path / "train.py")],
        "first_rank": devices,
        "rank_size": 2 * devices,
        "devices": list(range(devices)),
        "rank_table": "/table.json",
        "log_dir": str(tmp_path / "log"),
        "log_stem": "modelarts-job-x-proc-rank",
        "grace_s": 20,
    }
    write_json(str(tmp_path / "plan.json"), plan)
    line = [sys.executable, "-m", "trainwright.runner", "ascend", str(tmp_path / "plan.json")]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def test_each_has_its_own_variables_and_log(tmp_path: Path) -> None:
    """Ranks count over all nodes, devices on this one; the common output has whole lines of all."""
    process = start(tmp_path, "sys.stdout.write(f'last of {rank}')")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    expected = [f"{3 + device} 6 {device} {device} /table.json" for device in range(3)]
    lines = output.decode().splitlines()
    assert sorted(line for line in lines if line.endswith(".json")) == expected
    assert sorted(line for line in lines if line.startswith("last")) == [
        f"last of {rank}" for rank in (3, 4, 5)
    ]
    for device in range(3):
        log = tmp_path / f"log/modelarts-job-x-proc-rank-{3 + device}-device-{device}.txt"
        assert log.read_text() == f"{expected[device]}\nlast of {3 + device}"


def test_the_first_that_fails_decides(tmp_path: Path) -> None:
    """Its code is that of the whole, and the others are ended."""
    process = start(tmp_path, "sys.exit(9) if rank == 4 else time.sleep(600)")
    process.communicate(timeout=60)
    assert process.returncode == 9


def test_a_signal_counts_as_in_a_shell(tmp_path: Path) -> None:
    """137 after SIGKILL, and a deaf one does not hold up the end."""
    script = "signal.signal(15, signal.SIG_IGN)\nos.kill(os.getpid(), 9) if rank == 5 else time.sleep(600)"
    process = start(tmp_path, script)
    process.communicate(timeout=60)
    assert process.returncode == 137


def test_a_stop_reaches_all(tmp_path: Path) -> None:
    """Each has its grace; the program itself stays until they have ended."""
    script = """
def leave(number, frame):
    time.sleep(0.3)
    print("saved", rank, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
open(f"{sys.path[0]}/ready-{rank}", "w").close()
time.sleep(600)
"""
    process = start(tmp_path, script)
    poll_until(lambda: len(list(tmp_path.glob("ready-*"))) == 3)
    os.kill(process.pid, signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.count(b"saved") == 3
