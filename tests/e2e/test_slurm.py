"""A real server whose jobs run on a real Slurm cluster of five nodes, from scripts/slurm-up."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.slurm_rig import Lab, end_lab, start_lab
from tests.e2e.live import LiveServer, user_bytes, wait_for
from tests.e2e.test_distributed import ENGINES, FLAVORS, SINGLE, SMALL, completed, final_loss, job, on_cpu
from tests.e2e.torch_server import PYTHON

PORT = 27030
SETTINGS = """
backend = "slurm"
sandbox = "off"

[slurm]
partition = "main"
shared_dir = "{shared}"
python = "{python}"
poll_s = 0.5

[slurm.pools.first]
partition = "one"
title = "The first node"
"""
FAREWELL = """
import signal, sys, time
def leave(number, frame):
    print("last words", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
while True:
    time.sleep(0.1)
"""
SURVIVOR = """
import os, time
print("ready", flush=True)
if "-a1/" in os.environ["TRAINWRIGHT_TASK"]:
    time.sleep(600)
print("survived", flush=True)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One cluster for all tests of this module."""
    folder = Path(tempfile.mkdtemp(prefix="trainwright-slurm-"))
    folder.chmod(0o755)
    lab = start_lab(folder / "cluster", port=PORT)
    yield lab
    end_lab(lab)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def live(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server."""
    if not PYTHON.exists():
        pytest.fail("no .cache/torch: run scripts/test-setup")
    folder = tmp_path_factory.mktemp("slurm")
    (folder / "engines.yaml").write_text(ENGINES)
    (folder / "flavors.yaml").write_text(FLAVORS)
    (folder / "server.toml").write_text(SETTINGS.format(shared=folder / "shared", python=sys.executable))
    server = LiveServer(folder, {"SLURM_CONF": lab.environment["SLURM_CONF"]}).start()
    yield server
    server.stop()


def test_a_simple_job(live: LiveServer, lab: Lab) -> None:
    """Guards log, result, events and what is left: nothing in the queue, nothing in the shared folder."""
    body = job(
        live,
        "hello",
        {"main.py": "print('hello, cluster')"},
        1,
        "torch",
        command="python $MA_JOB_DIR/code/main.py",
    )
    made, logs = completed(live, body)
    assert logs == {"worker-0": "hello, cluster\n"}
    events = "\n".join(live.events(made))
    assert "Training job finished successfully." in events
    assert not lab.command("squeue", "-h", "-o", "%i").strip()
    assert [p.name for p in (live.data_dir / "shared/runs").iterdir() if not p.name.startswith(".")] == []


def test_a_pool_is_a_partition(live: LiveServer, lab: Lab) -> None:
    """Guards pools of the settings: a job that names one runs in its partition."""
    body = job(live, "pooled", {"main.py": "print(1)"}, 1, "torch", command="sleep 2")
    body["spec"]["resource"]["pool_id"] = "first"
    made = live.create(body)
    key = f"{made}-a1"
    partition = wait_for(lambda: lab.command("squeue", "-h", "-n", key, "-o", "%P").strip(), what="the job")
    assert partition == "one"
    assert live.wait(made)["status"]["phase"] == "Completed"


@pytest.mark.parametrize("nodes", [2, 4])
def test_the_manuals_ddp(live: LiveServer, nodes: int) -> None:
    """7.6, first way: rendezvous over nodes, injected by the platform."""
    files = {"main.py": on_cpu("spawn_main.py"), "torch_ddp.py": on_cpu("torch_ddp.py")}
    _, logs = completed(live, job(live, f"spawn-{nodes}", files, nodes, "torch"))
    assert len(logs) == nodes


def test_torchrun(live: LiveServer) -> None:
    """7.6, third way: a command of one's own, with the platform's variables only."""
    files = {name: on_cpu(name) for name in ("torchrun.sh", "torch_ddp.py")}
    body = job(live, "torchrun", files, 2, "torch", SINGLE, command="bash ${MA_JOB_DIR}/code/torchrun.sh")
    _, logs = completed(live, body)
    assert all("torch_ddp.py" in text for text in logs.values())


@pytest.mark.slow
def test_same_loss_on_one_node_and_on_four(live: LiveServer) -> None:
    """Guards that the cluster changes nothing of the training."""
    assert final_loss(live, 4) == pytest.approx(final_loss(live, 1), rel=1e-5)


def test_a_stop_gives_grace(live: LiveServer) -> None:
    """Guards SIGTERM with time for last words, on every node."""
    body = job(
        live, "farewell", {"main.py": FAREWELL}, 2, "torch", command="exec python $MA_JOB_DIR/code/main.py"
    )
    made = live.create(body)
    tasks = ("worker-0", "worker-1")
    wait_for(lambda: all(b"ready" in live.log(made, task) for task in tasks), what="all tasks are ready")
    live.call("POST", f"/v2/{{P}}/training-jobs/{made}/actions", json={"action_type": "terminate"})
    assert live.wait(made)["status"]["phase"] == "Terminated"
    for task in tasks:
        assert user_bytes(live.log(made, task)).count(b"last words") == 1


@pytest.mark.slow
def test_a_lost_node_costs_no_job(live: LiveServer, lab: Lab) -> None:
    """Guards recovery: the node dies, the job is started again on others and completes."""
    body = job(live, "survivor", {"main.py": SURVIVOR}, 2, "torch", command="python $MA_JOB_DIR/code/main.py")
    body["spec"]["resource"]["flavor_id"] = SMALL
    made = live.create(body)
    wait_for(lambda: b"ready" in live.log(made), what="the first attempt")
    used = lab.command("squeue", "-h", "-n", f"{made}-a1", "-o", "%N").strip()
    victim = lab.command("scontrol", "show", "hostnames", used).split()[0]
    lab.crash_node(victim)
    try:
        shown = live.wait(made, timeout_s=240)
        assert shown["status"]["phase"] == "Completed", live.events(made)
        assert [record["end_reason"] for record in shown["status"]["running_records"]] == [
            "node_lost",
            "completed",
        ]
        assert b"survived" in live.log(made)
    finally:
        lab.mend()
