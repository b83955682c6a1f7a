"""How the command is started under each engine's way of using several nodes: argv and variables. Pure.

`plan` is what a program of ours that starts the user's processes (`mpi`, `ascend`) is told.
"""

from __future__ import annotations

from . import deferred, jsontext, layout
from .environment import Interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .hosts import Peers

PYTORCH, TENSORFLOW, MPI, ASCEND = "pytorch", "tensorflow", "mpi", "ascend"
PLAN = layout.RUN_DIR + "/launch-plan.json"
RANK_TABLE = layout.RUN_DIR + "/jobstart_hccl.json"
HOST_FILE = layout.RUN_DIR + "/mpi-hosts"
NPU = "npu"


class Start:
    """One start of the command."""

    def __init__(self, argv: list[str]) -> None:
        self.argv = argv
        self.environment: dict[str, str] = {}
        self.files: dict[str, str] = {}  # job path -> text, to be written before
        self.plan: dict[str, Any] | None = None  # for the program of ours in `argv`, at `PLAN`


class Given:
    """What a start depends on. `helper`: argv of the runner itself as a job can start it; `secret`: of the attempt."""

    def __init__(
        self,
        order: dict[str, Any],
        places: layout.Layout,
        python: Interpreter,
        peers: Peers,
        *,
        helper: list[str],
        secret: str,
    ) -> None:
        self.order = order
        self.places = places
        self.python = python
        self.peers = peers
        self.helper = helper
        self.secret = secret
        self.shell = "bash"

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that steer a start: the engine's, and over them the user's."""
        engine = (self.order["engine"] or {}).get("environment", {})
        return {**engine, **self.order["environment"]}

    @property
    def processes(self) -> int:
        """Of the command on each node."""
        return int(self.order.get("processes") or self.order["resources"]["accelerators"] or 1)


def distribution(order: dict[str, Any]) -> str:
    """The engine's way of using several nodes. A command line has none: it is started as it is."""
    engine = order["engine"] if order["boot_file"] else None
    return str((engine or {}).get("distribution") or "")


def prepare(given: Given) -> Start:
    """What is started. A command line is started as it is; a boot file as its engine demands."""
    order = given.order
    kind = distribution(order)
    argv = job_argv(order, given.places, given.python, given.shell)
    if kind == PYTORCH:
        start = _pytorch(given, argv)
    elif kind == TENSORFLOW:
        start = _tensorflow(given, argv)
    elif kind == MPI:
        start = _mpi(given, argv)
    elif kind == ASCEND:
        start = _ascend(given, argv)
    else:
        start = Start(argv)
    if kind == ASCEND or order["resources"].get("accelerator_kind") == NPU:
        start.files[RANK_TABLE] = jsontext.dumps(rank_table(given))
        start.environment.setdefault("RANK_TABLE_FILE", given.places.view(RANK_TABLE))
    return start


def job_argv(
    order: dict[str, Any], places: layout.Layout, python: Interpreter, shell: str = "bash"
) -> list[str]:
    """The command: `bash -c line` with nothing appended, or the boot file with hyperparameters and channels."""
    if order["shell"]:
        return [shell, "-c", old_paths(order["shell"], places)]
    argv = [python.path, "-u", places.view(layout.boot_file(order)), *order["arguments"]]
    for channel in (*order["inputs"], *order["outputs"]):
        if channel["pass_as"] == "argument":
            argv.append(f"--{channel['name']}={places.view(channel['local_path'])}")
    return argv


def old_paths(line: str, places: layout.Layout) -> str:
    """`line` with paths of ModelArts' first version as the job knows them: without a sandbox they lie elsewhere."""
    if places.sandboxed or layout.OLD_HOME not in line:
        return line
    here = quoted(places.view(layout.OLD_HOME))
    first, *rest = line.split(layout.OLD_HOME)
    for piece in rest:
        alone = not (_is_part(first[-1:], "_./-") or _is_part(piece[:1], "_.-"))
        first += (here if alone else layout.OLD_HOME) + piece
    return first


def _is_part(char: str, others: str) -> bool:
    """Whether a character beside a path means that it is a part of another one."""
    return char.isalnum() or char in tuple(others)


def quoted(text: str) -> str:
    """`text` as one word of a shell. Like `shlex.quote`, without what that imports."""
    plain = all(char.isalnum() or char in "_./-" for char in text)
    return text if plain else "'" + text.replace("'", "'\\''") + "'"


def _pytorch(given: Given, argv: list[str]) -> Start:
    role, order = given.peers.own_role, given.order
    if len(role["hosts"]) == 1:
        return Start(argv)
    meeting_point = given.peers.endpoints(role)[0]
    added = [f"--init_method=tcp://{meeting_point}", f"--rank={order['index']}"]
    return Start([*argv, *added, f"--world_size={len(role['hosts'])}"])


def _tensorflow(given: Given, argv: list[str]) -> Start:
    cluster = {role["name"]: given.peers.endpoints(role) for role in given.peers.roles}
    if sum(map(len, cluster.values())) == 1:
        return Start(argv)
    order = given.order
    added = [f"--job_name={order['role']}", f"--task_index={order['index']}"]
    start = Start([*argv, *added, *(f"--{name}_hosts={','.join(hosts)}" for name, hosts in cluster.items())])
    task = {"type": order["role"], "index": order["index"]}
    start.environment["TF_CONFIG"] = jsontext.dumps({"cluster": cluster, "task": task})
    return start


def _mpi(given: Given, argv: list[str]) -> Start:
    """Worker 0 runs `mpirun`, all others wait for what it wants started. Every part can be replaced by a variable."""
    role, variables = given.peers.own_role, given.environment
    hosts, own = role["hosts"], given.order["index"]
    start = Start([*given.helper, "mpi-run" if own == 0 else "mpi-serve", given.places.view(PLAN)])
    start.files[HOST_FILE] = "".join(f"{host} slots={given.processes}\n" for host in hosts)
    count = variables.get("OPENMPI_NP") or str(len(hosts) * given.processes)
    line = ["mpirun", "-np", count]
    line += ["--hostfile", variables.get("OPENMPI_HOST_FILE_PATH") or given.places.view(HOST_FILE)]
    words = deferred.load("mpi").words
    line += words(variables.get("OPENMPI_MCA_ARGS") or "--bind-to none")
    for name in ("OPENMPI_X_ARGS", "OPENMPI_EXTRA_ARGS"):
        line += words(variables.get(name, ""))
    names = {host: index for index, host in enumerate(hosts)}
    names.update({host.split(".")[0]: index for index, host in enumerate(hosts)})
    start.plan = {
        "argv": [*line, *argv],
        "secret": given.secret,
        "own": own,
        "names": names,
        "servers": [
            [given.peers.ip(role["name"], index), given.peers.port(role["name"], index)]
            for index in range(len(hosts))
        ],
        "helper": given.helper,
    }
    return start


def _ascend(given: Given, argv: list[str]) -> Start:
    order, role = given.order, given.peers.own_role
    nodes, count = len(role["hosts"]), given.processes
    method = given.environment.get("MA_RUN_METHOD", "")
    master, _, port = given.peers.endpoints(role)[0].rpartition(":")
    if method == "torchrun":
        line = [given.python.path, "-m", "torch.distributed.run", f"--nnodes={nodes}"]
        line += [f"--node_rank={order['index']}", f"--nproc_per_node={count}"]
        return Start([*line, f"--master_addr={master}", f"--master_port={port}", *argv[2:]])
    if method == "msrun":
        line = ["msrun", f"--worker_num={nodes * count}", f"--local_worker_num={count}"]
        line += [f"--master_addr={master}", f"--master_port={port}", f"--node_rank={order['index']}"]
        line += [f"--log_dir={given.places.view(layout.LOG_DIR)}/msrun", "--join=True"]
        return Start([*line, *argv[2:]])
    start = Start([*given.helper, "ascend", given.places.view(PLAN)])
    table = given.places.view(RANK_TABLE)
    start.plan = {
        "argv": argv,
        "first_rank": order["index"] * count,
        "rank_size": nodes * count,
        "devices": list(range(count)),
        "rank_table": given.environment.get("RANK_TABLE_FILE") or table,
        "log_dir": given.places.view(layout.LOG_DIR),
        "log_stem": f"modelarts-job-{order['job_id']}-proc-rank",
        "grace_s": order["grace_s"],
    }
    return start


def rank_table(given: Given) -> dict[str, Any]:
    """Version 1.0 of the rank table: which device of which server has which rank.

    Only servers' addresses are known here: they stand for their devices', too.
    """
    role, count = given.peers.own_role, given.processes
    servers = []
    for index, address in enumerate(given.peers.addresses(role)):
        devices = [
            {"device_id": str(d), "device_ip": address, "rank_id": str(index * count + d)}
            for d in range(count)
        ]
        servers.append({"server_id": address, "device": devices})
    return {
        "version": "1.0",
        "server_count": str(len(servers)),
        "server_list": servers,
        "status": "completed",
    }


def of_this_start(order: dict[str, Any], places: layout.Layout, number: int, resume: Any) -> dict[str, str]:
    """Variables that differ from start to start: which one it is, and the checkpoint to go on from."""
    found = {"MA_PROC_START_CNT": str(number + 1)}
    if resume is not None:
        folder = order["outputs"][int(resume["output"])]["local_path"]
        path = layout.check_relative(resume["path"].rstrip("/"))
        found["MA_RESUME_FROM"] = f"{places.view(folder)}/{path}"
    return found
