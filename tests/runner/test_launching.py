"""Command lines and variables of every way of starting, as pure functions of the order."""

import ast
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

import trainwright.runner
from tests.runner.rig import folder, make_order, path_grant
from trainwright.runner import launching
from trainwright.runner.beneath import Place
from trainwright.runner.environment import Interpreter, job_environment, variable_name
from trainwright.runner.hosts import Peers, write_host_files, write_mounts
from trainwright.runner.launching import Given, Start, of_this_start, prepare
from trainwright.runner.layout import Layout, UnsafePath

CODE = folder("", "/home/ma-user/modelarts/user-job-dir/code", path_grant(Path("/s")))
PLAN = "/home/ma-user/modelarts/run/launch-plan.json"
TABLE = "/home/ma-user/modelarts/run/jobstart_hccl.json"


def role(name: str, count: int) -> dict[str, Any]:
    return {"name": name, "hosts": [f"j-{name}-{index}.j" for index in range(count)]}


def order_of(distribution: str, roles: list[dict[str, Any]], own: str, **changes: Any) -> dict[str, Any]:
    """The order of task `own` of these roles."""
    name, _, index = own.rpartition("-")
    number = next(at for at, each in enumerate(roles) if each["name"] == name)
    engine = {
        "engine_id": "e",
        "name": "e",
        "version": "1",
        "interpreter": "",
        "requirements": [],
        "pip_options": [],
    }
    return make_order(
        **{
            "task": own,
            "role": name,
            "index": int(index),
            "replicas": len(roles[number]["hosts"]),
            "hosts": roles[number]["hosts"],
            "roles": roles,
            "role_index": number,
            "code": CODE,
            "boot_file": "train.py",
            "shell": "",
            "engine": {**engine, "environment": {}, "distribution": distribution},
            "arguments": ["--epochs=3"],
            **changes,
        }
    )


def peers_of(order: dict[str, Any]) -> Peers:
    """All have met: task number n of a role is at 10.<role>.0.<n>, port 7000 + n."""
    told = [
        {"task": f"{each['name']}-{index}", "ip": f"10.{number}.0.{index}", "port": 7000 + index}
        for number, each in enumerate(order["roles"])
        for index in range(len(each["hosts"]))
    ]
    return Peers(order, {"round": 0, "peers": told}, "10.0.0.0")


def start_of(order: dict[str, Any]) -> Start:
    places = Layout("/r", "sandbox")
    given = Given(order, places, Interpreter("/py"), peers_of(order), helper=["/py", "/runner"], secret="s")
    return prepare(given)


BOOT = ["/py", "-u", "/home/ma-user/modelarts/user-job-dir/code/train.py", "--epochs=3"]


def test_one_node_gets_nothing_added() -> None:
    """PyTorch and TensorFlow: scripts that know nothing of them must not see arguments."""
    for kind in ("", "pytorch", "tensorflow"):
        start = start_of(order_of(kind, [role("worker", 1)], "worker-0"))
        assert (start.argv, start.environment, start.files, start.plan) == (BOOT, {}, {}, None)


def test_command_lines_get_nothing_added() -> None:
    """Whatever the engine is."""
    for kind in ("pytorch", "tensorflow", "mpi", "ascend"):
        order = order_of(kind, [role("worker", 2)], "worker-1", boot_file="", shell="bash run.sh")
        start = start_of(order)
        assert (start.argv, start.environment) == (["bash", "-c", "bash run.sh"], {})


def test_pytorch() -> None:
    """The first worker's host and port for all; one process a node."""
    start = start_of(order_of("pytorch", [role("worker", 3)], "worker-2"))
    assert start.argv == [*BOOT, "--init_method=tcp://j-worker-0.j:7000", "--rank=2", "--world_size=3"]


def test_tensorflow() -> None:
    """Arguments and TF_CONFIG say the same."""
    start = start_of(order_of("tensorflow", [role("ps", 1), role("worker", 2)], "worker-1"))
    workers = "j-worker-0.j:7000,j-worker-1.j:7001"
    hosts = ["--ps_hosts=j-ps-0.j:7000", f"--worker_hosts={workers}"]
    assert start.argv == [*BOOT, "--job_name=worker", "--task_index=1", *hosts]
    assert json.loads(start.environment["TF_CONFIG"]) == {
        "cluster": {"ps": ["j-ps-0.j:7000"], "worker": workers.split(",")},
        "task": {"type": "worker", "index": 1},
    }


def test_mpi() -> None:
    """mpirun on the first worker, as many ranks as devices; the others serve."""
    resources = {**make_order()["resources"], "accelerators": 4, "accelerator_kind": "gpu"}
    start = start_of(order_of("mpi", [role("worker", 2)], "worker-0", resources=resources))
    assert start.argv == ["/py", "/runner", "mpi-run", PLAN]
    assert start.plan is not None
    hosts = "/home/ma-user/modelarts/run/mpi-hosts"
    assert start.plan["argv"] == ["mpirun", "-np", "8", "--hostfile", hosts, "--bind-to", "none", *BOOT]
    assert start.files[hosts] == "j-worker-0.j slots=4\nj-worker-1.j slots=4\n"
    assert start.plan["servers"] == [["10.0.0.0", 7000], ["10.0.0.1", 7001]]
    assert start.plan["names"]["j-worker-1"] == start.plan["names"]["j-worker-1.j"] == 1
    other = start_of(order_of("mpi", [role("worker", 2)], "worker-1", resources=resources))
    assert other.argv == ["/py", "/runner", "mpi-serve", PLAN]


def test_mpi_options_are_replaceable() -> None:
    """By the job's variables."""
    variables = {
        "OPENMPI_NP": "3",
        "OPENMPI_HOST_FILE_PATH": "/mine",
        "OPENMPI_MCA_ARGS": "--mca btl 'tcp,self'",
        "OPENMPI_X_ARGS": "-x A -x B",
        "OPENMPI_EXTRA_ARGS": "--tag-output",
    }
    start = start_of(order_of("mpi", [role("worker", 2)], "worker-0", environment=variables))
    assert start.plan is not None
    line = shlex.split("mpirun -np 3 --hostfile /mine --mca btl tcp,self -x A -x B --tag-output")
    assert start.plan["argv"] == [*line, *BOOT]


def test_ascend() -> None:
    """One process for each device, with the rank table of the whole job."""
    resources = {**make_order()["resources"], "accelerators": 2, "accelerator_kind": "npu"}
    start = start_of(order_of("ascend", [role("worker", 2)], "worker-1", resources=resources))
    assert start.argv == ["/py", "/runner", "ascend", PLAN]
    assert start.plan is not None
    assert (start.plan["first_rank"], start.plan["rank_size"], start.plan["devices"]) == (2, 4, [0, 1])
    assert start.environment == {"RANK_TABLE_FILE": TABLE}
    table = json.loads(start.files[TABLE])
    assert (table["version"], table["status"], table["server_count"]) == ("1.0", "completed", "2")
    assert table["server_list"][1] == {
        "server_id": "10.0.0.1",
        "device": [
            {"device_id": "0", "device_ip": "10.0.0.1", "rank_id": "2"},
            {"device_id": "1", "device_ip": "10.0.0.1", "rank_id": "3"},
        ],
    }
    order = order_of("ascend", [role("worker", 2)], "worker-1", resources=resources, processes=8)
    assert len((start_of(order).plan or {})["devices"]) == 8


def test_ascend_by_other_launchers() -> None:
    """`MA_RUN_METHOD` chooses them."""
    order = order_of("ascend", [role("worker", 2)], "worker-1", processes=8)
    start = start_of({**order, "environment": {"MA_RUN_METHOD": "torchrun"}})
    line = "/py -m torch.distributed.run --nnodes=2 --node_rank=1 --nproc_per_node=8"
    assert start.argv == [*line.split(), "--master_addr=j-worker-0.j", "--master_port=7000", *BOOT[2:]]
    start = start_of({**order, "environment": {"MA_RUN_METHOD": "msrun"}})
    assert start.argv[:3] == ["msrun", "--worker_num=16", "--local_worker_num=8"]
    assert start.argv[-2:] == BOOT[2:]


def environment_of(
    order: dict[str, Any], server_url: str = "http://server", **started: str
) -> dict[str, str]:
    return job_environment(
        order,
        Layout("/r", "sandbox"),
        Interpreter("/py"),
        peers=peers_of(order),
        attempt_key="k",
        server_url=server_url,
        base={"PATH": "/bin", "PIP_INDEX_URL": "https://pip.example:8443/simple"},
        started=started,
    )


def test_a_node_that_reaches_the_server_through_a_folder_only() -> None:
    """No address that leads nowhere; the job still talks to its supervisor."""
    order = order_of("", [role("worker", 1)], "worker-0", job_token="job.k.x", project_id="p")
    names = {name for name in environment_of(order) if name.startswith("TRAINWRIGHT_")}
    calls = {"TRAINWRIGHT_ENDPOINT", "TRAINWRIGHT_PROJECT", "TRAINWRIGHT_TOKEN_FILE"}
    assert names == calls | {"TRAINWRIGHT_INSIDE", "TRAINWRIGHT_TASK"}
    seen = environment_of(order, "folder:///shared")
    assert not calls & seen.keys() and seen["PYTHONPATH"].endswith("/run/lib")


def test_variables_of_several_roles() -> None:
    """Every role's hosts by its name and by its number; the own place under both systems' names."""
    order = order_of(
        "", [role("head", 1), role("my-role", 2)], "my-role-1", job_name="a job", processes=2, user_id="u1"
    )
    seen = environment_of(order)
    both = "j-my-role-0.j,j-my-role-1.j"
    expected = {
        "MA_CURRENT_IP": "10.1.0.1",
        "MA_CURRENT_INSTANCE_NAME": f"modelarts-job-{order['job_id']}-my-role-1",
        "MA_NUM_HOSTS": "2",
        "MA_NUM_GPUS": "2",
        "MA_TASK_NAME": "my-role",
        "MA_VJ_NAME": f"ma-job-{order['job_id']}",
        "VC_TASK_INDEX": "1",
        "VK_TASK_INDEX": "1",
        "VC_TASK_NAME": "task1",
        "TASKROLE_NAME": "task1",
        "TASKROLE_REPLICA_INDEX": "1",
        "TASKSET_NAME": order["job_id"],
        "TASKSET_NAMESPACE": "u1",
        "VC_HEAD_HOSTS": "j-head-0.j",
        "VC_HEAD_NUM": "1",
        "VC_TASK0_HOSTS": "j-head-0.j",
        "VC_MY_ROLE_HOSTS": both,
        "VC_MY_ROLE_NUM": "2",
        "VC_TASK1_HOSTS": both,
        "VC_TASK1_NUM": "2",
        "DLS_TASK_INDEX": "1",
        "DLS_TASK_NUMBER": "2",
        "DLS_APP_URL": "obs://bucket//",
        "BATCH_CUSTOM0_HOSTS": "j-my-role-0.j:7000",
        "BATCH_CUSTOM1_HOSTS": "j-my-role-1.j:7001",
        "MA_APIGW_ENDPOINT": "http://server",
        "MA_PIP_HOST": "pip.example:8443",
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert "VC_WORKER_HOSTS" not in seen


def test_a_place_that_is_not_told_has_no_variable() -> None:
    """Guards names of the platform's own buckets, and old images against an empty address."""
    hidden = folder("data_url", "/in", path_grant(Path("/x")), uri="", shown="output model of a job")
    told = folder("train_url", "/out", path_grant(Path("/y")))
    seen = environment_of(order_of("", [role("w", 1)], "w-0", inputs=[hidden], outputs=[told]))
    assert "DLS_DATA_URL" not in seen
    assert seen["DLS_TRAIN_URL"] == "obs://bucket/train_url/"


def test_single_role_is_the_worker_too() -> None:
    """Scripts for one role read VC_WORKER_HOSTS, whatever the role is called; old images their own names."""
    seen = environment_of(order_of("", [role("main", 1)], "main-0", job_name="digits"))
    assert (seen["VC_WORKER_HOSTS"], seen["VC_WORKER_NUM"]) == ("j-main-0.j", "1")
    assert seen["BATCH_digits.0_HOSTS"] == "j-main-0.j:7000"


def test_user_variables_win_over_those_of_the_start() -> None:
    """And those over the engine's."""
    order = order_of("", [role("worker", 1)], "worker-0", environment={"TF_CONFIG": "mine"})
    assert environment_of(order, TF_CONFIG="ours", RANK_TABLE_FILE="x")["TF_CONFIG"] == "mine"


def test_variables_of_one_start() -> None:
    """Its number, and the checkpoint by the path the job sees."""
    outputs = [folder("a", "/o/a", path_grant(Path("/s"))), folder("b", "/o/b", path_grant(Path("/s")))]
    order = make_order(outputs=outputs)
    places = Layout("/r", "process")
    assert of_this_start(order, places, 0, None) == {"MA_PROC_START_CNT": "1"}
    found = of_this_start(order, places, 2, {"output": 1, "path": "c/step_5/", "step": 5})
    assert found == {"MA_PROC_START_CNT": "3", "MA_RESUME_FROM": "/r/o/b/c/step_5"}
    with pytest.raises(UnsafePath):
        of_this_start(order, places, 0, {"output": 1, "path": "../x"})


def test_names_in_variables() -> None:
    """What cannot stand in a name becomes an underscore."""
    assert [variable_name(text) for text in ("ps", "my-role.1", "主")] == ["PS", "MY_ROLE_1", "_"]


def test_host_files(tmp_path: Path) -> None:
    """By name and by number; addresses of all in the hosts file, with full and short names."""
    order = order_of("", [role("head", 1), role("worker", 2)], "head-0")
    peers = peers_of(order)
    write_host_files(Place(str(tmp_path), "volcano"), peers)
    assert (tmp_path / "volcano/worker.host").read_text() == "j-worker-0.j\nj-worker-1.j\n"
    assert {path.name for path in (tmp_path / "volcano").iterdir()} == {
        *("head.host", "task0.host", "worker.host", "task1.host")
    }
    write_mounts(str(tmp_path / "mounts"), peers, ["me:x:1:1::/:/bin/sh"])
    hosts = (tmp_path / "mounts/hosts").read_text()
    assert "10.1.0.1 j-worker-1.j j-worker-1\n" in hosts
    assert (tmp_path / "mounts/passwd").read_text().endswith("\nme:x:1:1::/:/bin/sh\n")


def test_only_the_own_address_is_known_before_all_have_met() -> None:
    """No line for anybody else, and none for a host that is an address."""
    order = order_of("", [role("worker", 2)], "worker-1")
    assert Peers(order, None, "10.9.9.9").lines() == ["10.9.9.9 j-worker-1.j j-worker-1"]
    alone = {**order, "roles": [{"name": "worker", "hosts": ["127.0.0.1", "127.0.0.1"]}]}
    assert Peers(alone, None, "10.9.9.9").lines() == []


RUNNER = Path(trainwright.runner.__file__).parent
NEWER = {
    *(
        "removeprefix",
        "removesuffix",
        "pairwise",
        "bit_count",
        "to_thread",
        "pidfd_open",
        "waitstatus_to_exitcode",
    ),
    *("randbytes", "is_relative_to", "with_stem", "hardlink_to"),
}
STANDARD = set(sys.stdlib_module_names)


@pytest.mark.parametrize("source", sorted(RUNNER.glob("*.py")), ids=lambda path: path.stem)
def test_runs_on_python_3_8(source: Path) -> None:
    """Guards nodes with an old Python: syntax, names that came later, generics that are evaluated, other packages."""
    tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 8))
    skipped = {id(node) for part in _only_for_the_checker(tree) for node in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        assert not (isinstance(node, ast.Attribute) and node.attr in NEWER), f"{source.name}:{node.lineno}"
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            builtin = node.value.id in ("list", "dict", "tuple", "set", "frozenset", "type")
            assert not builtin, f"{source.name}:{node.lineno}: generics are not evaluated before 3.9"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            assert not any(word.arg == "strict" for word in node.keywords), f"{source.name}:{node.lineno}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            assert not isinstance(node.left, ast.Dict) and not isinstance(node.right, ast.Dict), source.name
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= STANDARD | {"_signal", "_socket"}
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").split(".")[0] in STANDARD, f"{source.name}:{node.lineno}"


def _only_for_the_checker(tree: ast.Module) -> list[ast.AST]:
    """Annotations, which are not evaluated, and what stands below `if TYPE_CHECKING`."""
    parts: list[ast.AST] = []
    has_annotations = False
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            has_annotations = True
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts.extend(node.body)
        if isinstance(node, ast.AnnAssign):
            parts.append(node.annotation)
        if isinstance(node, ast.arg) and node.annotation is not None:
            parts.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            parts.append(node.returns)
    return parts if has_annotations else []


def test_helpers_are_programs_of_the_runner() -> None:
    """What launches name exists."""
    from trainwright.runner.entry import _INNER

    assert {"ascend", "mpi-run", "mpi-serve", "mpi-shell"} == set(_INNER)
    assert launching.PLAN.endswith("launch-plan.json")
