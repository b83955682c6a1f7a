"""Jobs of several nodes with a real server: the manual's scripts, every way of starting, and names that resolve."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer, processes_of, user_bytes, wait_for
from tests.e2e.test_shell import run
from tests.e2e.torch_server import PYTHON

MANUAL = Path(__file__).with_name("manual")
EXAMPLE = Path("examples/ddp-resume/train.py")
SMALL, SINGLE, PAIRED = "small", "one-device", "two-devices"
ENGINES = f"""
engines:
  - {{id: torch, name: PyTorch, version: t, interpreter: "{PYTHON}", distribution: pytorch, image: our/torch}}
  - {{id: tensorflow, name: TensorFlow, version: t, interpreter: "{sys.executable}", distribution: tensorflow}}
  - {{id: mpi, name: MPI, version: t, interpreter: "{PYTHON}", distribution: mpi}}
  - {{id: ascend, name: Ascend-Powered-Engine, version: t, interpreter: "{sys.executable}", distribution: ascend}}
"""
FLAVORS = f"""
flavors:
  - {{id: {SMALL}, resources: {{cpus: 0.25, memory_mib: 1024}}, max_nodes: 8}}
  - {{id: {SINGLE}, resources: {{cpus: 0.25, memory_mib: 1024}}, max_nodes: 8, processes: 1}}
  - {{id: {PAIRED}, resources: {{cpus: 0.5, memory_mib: 1024}}, max_nodes: 8, processes: 2}}
"""


@pytest.fixture(scope="module", params=["process", "sandbox"])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, bubblewrap: None
) -> Iterator[LiveServer]:
    """A server whose pool is said to be larger than the machine: eight small workers find room."""
    if not PYTHON.exists():
        pytest.fail("no .cache/torch: run scripts/test-setup")
    folder = tmp_path_factory.mktemp("distributed")
    (folder / "engines.yaml").write_text(ENGINES)
    (folder / "flavors.yaml").write_text(FLAVORS)
    settings = {
        "TRAINWRIGHT_POOL__CPUS": "4",
        "TRAINWRIGHT_POOL__MEMORY_MIB": "16384",
        "TRAINWRIGHT_SANDBOX": "on" if request.param == "sandbox" else "off",
    }
    server = LiveServer(folder, settings).start()
    yield server
    server.stop()


def workers(live: LiveServer) -> int:
    """Four in sandboxes, two without: both numbers and both launchers are tried, but PyTorch is slow to start."""
    return 4 if live.environment["TRAINWRIGHT_SANDBOX"] == "on" else 2


def on_cpu(name: str) -> str:
    """A file of the manual as it is printed (seeds/001, 7.5 and 7.6), but for gloo and the CPU in place of nccl and
    GPUs. The large network trains on little data: its own is made for GPUs.

    And they leave with `os._exit`. A thread of gloo's that lets go of what the last backward pass gave it asks for the
    interpreter, which PyTorch 2.13 does not expect: a process that drops its model before waits for ever, and one whose
    interpreter ends before is aborted ("terminate called without an active exception"), process group destroyed or not.
    """
    text = (MANUAL / f"{name}.txt").read_text(encoding="utf-8")
    for before, after in (
        ('"nccl"', '"gloo"'),
        ("'nccl'", "'gloo'"),
        ("ToyModel().to(device_id)", "ToyModel()"),
        (", device_ids=[device_id]", ""),
        (".to(device_id)", ""),
        ("torch.cuda.device_count()\n    world_size", "1\n    world_size"),
        (
            "train_samples, test_samples, img_size = 5000, 1000, 32",
            "train_samples, test_samples, img_size = 512, 8, 8",
        ),
        ("    cleanup()\n", "    cleanup()\n    os._exit(0)\n"),
        ("    main()\n", "    main()\n    os._exit(0)\n"),
    ):
        text = text.replace(before, after)
    return text


def job(
    live: LiveServer,
    name: str,
    files: dict[str, str],
    nodes: int,
    engine: str,
    flavor: str = SMALL,
    **algorithm: Any,
) -> dict[str, Any]:
    """A creation body over a code folder `code` with `files`; the first is the boot file unless there is a command."""
    for file, text in files.items():
        live.put(f"obs://spread/{name}/code/{file}", text)
    inner: dict[str, Any] = {"code_dir": f"obs://spread/{name}/code/"}
    if "command" in algorithm:
        inner["engine"] = {"image_url": "our/torch"}
    else:
        inner["boot_file"] = f"obs://spread/{name}/code/{next(iter(files))}"
        inner["engine"] = {"engine_id": engine}
    return {
        "kind": "job",
        "metadata": {"name": name},
        "algorithm": {**inner, **algorithm},
        "spec": {"resource": {"flavor_id": flavor, "node_count": nodes}},
    }


def completed(live: LiveServer, body: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Run the job; its id and what its tasks printed, by task. Fails with all logs unless it completes."""
    made = live.create(body)
    shown = live.wait(made, timeout_s=240)
    tasks = [task["task"] for task in shown["status"]["task_statuses"]]
    logs = {task: live.log(made, task).decode() for task in tasks}
    story = "\n".join(f"--- {task}\n{text[-3000:]}" for task, text in logs.items())
    assert shown["status"]["phase"] == "Completed", f"{shown['status']}\n{story}"
    return made, {task: user_bytes(text.encode()).decode() for task, text in logs.items()}


def parameters(**values: object) -> list[dict[str, str]]:
    return [{"name": name, "value": str(value)} for name, value in values.items()]


def test_manual_spawns_processes(live: LiveServer) -> None:
    """7.6, first way: the preset engine gives --init_method, --rank and --world_size."""
    files = {"main.py": on_cpu("spawn_main.py"), "torch_ddp.py": on_cpu("torch_ddp.py")}
    _, logs = completed(live, job(live, "spawn", files, workers(live), "torch"))
    assert len(logs) == workers(live)


@pytest.mark.parametrize("script", ["torchlaunch.sh", "torchrun.sh"])
def test_manual_launches_by_itself(live: LiveServer, script: str) -> None:
    """7.6, second and third way: a command of one's own, with the platform's variables only."""
    files = {name: on_cpu(name) for name in (script, "torch_ddp.py")}
    body = job(
        live, script[:-3], files, workers(live), "torch", SINGLE,
        command=f"bash ${{MA_JOB_DIR}}/code/{script}",
    )  # fmt: skip
    _, logs = completed(live, body)
    assert all("torch_ddp.py" in text for text in logs.values())


@pytest.mark.slow
def test_manual_trains_its_network(live: LiveServer) -> None:
    """7.5: the whole example; only the first worker writes checkpoints."""
    given = parameters(custom_data="true", epochs=1, enable_gpu="false")
    files = {"main.py": on_cpu("resnet_main.py")}
    body = job(live, "resnet", files, workers(live), "torch", parameters=given)
    body["algorithm"]["outputs"] = [
        {"name": "output_dir", "remote": {"obs": {"obs_url": "obs://spread/resnet/out/"}}}
    ]
    _, logs = completed(live, body)
    assert all("train | epoch: 1 | loss: " in text for text in logs.values())
    assert [key.rpartition("/")[2] for key in live.keys("obs://spread/resnet/out/")] == ["epoch_1.pth"]


def final_loss(live: LiveServer, nodes: int) -> float:
    given = parameters(steps=20, batch=64)
    body = job(live, f"same-{nodes}", {"train.py": EXAMPLE.read_text()}, nodes, "torch", parameters=given)
    body["algorithm"]["outputs"] = [
        {"name": "train_url", "remote": {"obs": {"obs_url": f"obs://spread/same-{nodes}/out/"}}}
    ]
    _, logs = completed(live, body)
    found = next(line for line in logs["worker-0"].splitlines() if line.startswith("final loss "))
    return float.fromhex(found.split()[-1])


def test_same_loss_whatever_the_number_of_workers(live: LiveServer) -> None:
    """One worker, and several with the same global batch: the same training."""
    assert final_loss(live, workers(live)) == pytest.approx(final_loss(live, 1), rel=1e-5)


ROLES = """
import argparse, json, os, socket, time
parser = argparse.ArgumentParser()
for name in ("--job_name", "--ps_hosts", "--worker_hosts"):
    parser.add_argument(name)
parser.add_argument("--task_index", type=int)
options, _ = parser.parse_known_args()
config = json.loads(os.environ["TF_CONFIG"])
assert config["task"] == {"type": options.job_name, "index": options.task_index}, config
assert ",".join(config["cluster"]["ps"]) == options.ps_hosts
assert ",".join(config["cluster"]["worker"]) == options.worker_hosts
mine = int(config["cluster"][options.job_name][options.task_index].rpartition(":")[2])
server = socket.socket()
server.bind(("", mine))
server.listen(9)
everybody = config["cluster"]["ps"] + config["cluster"]["worker"]
for host, _, port in (address.rpartition(":") for address in everybody):
    for attempt in range(300):
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    else:
        raise SystemExit(f"{host}:{port} is not there")
for role in ("ps", "worker"):
    names = os.environ[f"VC_{role.upper()}_HOSTS"].split(",")
    assert names == [address.rpartition(":")[0] for address in config["cluster"][role]]
print("met", len(everybody), os.environ["MA_TASK_NAME"], flush=True)
if options.job_name == "ps":
    time.sleep(600)
time.sleep(1)
"""


def test_tensorflow_roles_meet(live: LiveServer) -> None:
    """Each worker has its parameter server; all find each other by TF_CONFIG. Servers are ended at the end."""
    _, logs = completed(live, job(live, "roles", {"main.py": ROLES}, 2, "tensorflow"))
    assert sorted(logs) == ["ps-0", "ps-1", "worker-0", "worker-1"]
    assert all(f"met 4 {task.partition('-')[0]}" in text for task, text in logs.items())


ALLREDUCE = """
import os, socket
from mpi4py import MPI
world = MPI.COMM_WORLD
total = world.allreduce(world.rank + 1)
hosts = sorted(set(world.allgather(os.environ["VC_TASK_INDEX"])))
print("rank", world.rank, "of", world.size, "total", total, "on", ",".join(hosts), flush=True)
"""


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_mpi_adds_up(live: LiveServer, nodes: int) -> None:
    """mpirun over all workers, each rank with its own worker's variables; no ssh anywhere."""
    _, logs = completed(live, job(live, f"mpi-{nodes}", {"main.py": ALLREDUCE}, nodes, "mpi"))
    everywhere = ",".join(map(str, range(nodes)))
    said = sorted(line for line in logs["worker-0"].splitlines() if line.startswith("rank "))
    total = sum(range(1, nodes + 1))
    assert said == [f"rank {rank} of {nodes} total {total} on {everywhere}" for rank in range(nodes)]


GASP = """
import os, signal, sys, time
from mpi4py import MPI
def leave(number, frame):
    time.sleep(2.0)  # longer than Open MPI itself would wait
    sys.stdout.write(f"saved {MPI.COMM_WORLD.rank}\\n")
    sys.stdout.flush()
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


def test_a_stop_reaches_every_mpi_rank(live: LiveServer) -> None:
    """Each has the job's whole grace, wherever it runs."""
    body = job(live, "gasp", {"main.py": GASP}, 2, "mpi")
    body["spec"]["stop_grace_seconds"] = 30
    made = live.create(body)
    wait_for(lambda: live.log(made).count(b"ready") == 2, timeout_s=120, what="both ranks")
    live.call("POST", f"/v2/{{P}}/training-jobs/{made}/actions", json={"action_type": "terminate"})
    assert live.wait(made)["status"]["phase"] == "Terminated"
    log = live.log(made).decode()
    assert ("saved 0" in log, "saved 1" in log) == (True, True), log


DEVICES = """
import json, os
table = json.load(open(os.environ["RANK_TABLE_FILE"]))
rank, device = int(os.environ["RANK_ID"]), os.environ["DEVICE_ID"]
mine = [d for server in table["server_list"] for d in server["device"] if d["rank_id"] == str(rank)]
assert [d["device_id"] for d in mine] == [device] == [os.environ["ASCEND_DEVICE_ID"]]
print("rank", rank, "of", os.environ["RANK_SIZE"], "device", device, "servers", table["server_count"])
"""


def test_ascend_starts_one_process_per_device(live: LiveServer) -> None:
    """Ranks run over all nodes; each process has its own log file, which is exported."""
    body = job(live, "devices", {"main.py": DEVICES}, 2, "ascend", flavor=PAIRED)
    body["spec"]["log_export_path"] = {"obs_url": "obs://spread/devices/log/"}
    made, logs = completed(live, body)
    assert sorted(logs["worker-1"].splitlines()) == [
        "rank 2 of 4 device 0 servers 2",
        "rank 3 of 4 device 1 servers 2",
    ]
    keys = {key.rpartition("/")[2] for key in live.keys("obs://spread/devices/log/")}
    assert {f"modelarts-job-{made}-proc-rank-{rank}-device-{rank % 2}.txt" for rank in range(4)} <= keys
    assert f"modelarts-job-{made}-worker-1.log" in keys


def test_all_or_none_start(live: LiveServer) -> None:
    """A worker that cannot be prepared keeps all others from starting."""
    body = job(
        live, "none", {"main.py": "print('never')", "ma-pre-start.sh": "exit $VC_TASK_INDEX"}, 2, "torch"
    )
    made = live.create(body)
    assert live.wait(made)["status"]["phase"] == "Failed"
    assert b"never" not in live.log(made, "worker-0")
    shown = live.show(made)["status"]
    assert json.dumps(shown).count("worker-1")


FAILS_ONCE = """
import os, pathlib, sys
import torch.distributed as dist
arguments = dict(word[2:].split("=", 1) for word in sys.argv[1:])
dist.init_process_group("gloo", init_method=arguments["init_method"], rank=int(arguments["rank"]), world_size=2)
count = os.environ["MA_PROC_START_CNT"]
print("start", count, flush=True)
dist.barrier()
if count == "1" and arguments["rank"] == "1":
    os._exit(9)
dist.barrier()
print("done", flush=True)
"""


def test_processes_are_started_again_in_place(live: LiveServer) -> None:
    """One rank fails: all meet again and start anew within the same attempt."""
    body = job(live, "again", {"main.py": FAILS_ONCE}, 2, "torch")
    body["metadata"]["annotations"] = {"fault-tolerance/process-retry-num": "1"}
    made, logs = completed(live, body)
    assert all(text.count("start ") == 2 for text in logs.values()), logs
    assert [text.splitlines()[-1] for text in logs.values()] == ["done", "done"]
    assert live.show(made)["status"]["attempt"] == 1


def test_the_environments_of_all_tasks_are_kept_after_one_has_failed(live: LiveServer) -> None:
    """`reserved_time`: one can look into the task that failed and into those that were stopped for it; not into one
    whose command has completed. A stop ends it.
    """
    line = "case $VC_TASK_INDEX in 0) echo x > ~/left; sleep 100;; 1) sleep 2; exit 3;; *) true;; esac"
    body = job(live, "kept", {"x.py": ""}, 3, "torch", command=line)
    body["spec"]["reserved_time"] = {"time_unit": "HOURS", "duration": 1}
    made = live.create(body)
    wait_for(lambda: live.show(made)["status"]["secondary_phase"] == "Reserved", what="the failure")
    for task, shown in (("worker-0", (0, b"0\nx\n")), ("worker-1", (0, b"1\n")), ("worker-2", (3, b""))):
        look = ("--", "sh", "-c", "echo $VC_TASK_INDEX; cat ~/left 2>&- || true")
        done = _settled(live, made, task, *look)
        assert (done.returncode, done.stdout) == shown, done
    live.call("POST", f"/v2/{{P}}/training-jobs/{made}/actions", json={"action_type": "terminate"})
    assert live.wait(made)["status"]["phase"] == "Failed"
    assert not processes_of(made)


def _settled(live: LiveServer, made: str, *look: str) -> subprocess.CompletedProcess[bytes]:
    """What the shell says, once the environment is laid out again: that begins when the command has ended."""

    def said() -> subprocess.CompletedProcess[bytes] | None:
        done = run(live, made, *look)
        return None if done.returncode == 125 else done

    return wait_for(said)
