"""What a creation request would run: nothing is created. What the runner adds is described from its contract."""

import json
import posixpath
import re
import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainwright.catalog.blame import naming_fields
from trainwright.catalog.resolve import CODE_PARENT, MOUNT_PATH
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import BootFile, Distribution, LaunchSpec, RoleSpec, Work
from trainwright.ports.identity import Principal
from trainwright.runner.environment import hyperparameters
from trainwright.services.context import Services
from trainwright.services.create_checks import HOME
from trainwright.services.ownership import is_platforms
from trainwright.services.role_creation import prepare
from trainwright.wire.previews import JobPreview, PreviewFolder, RolePreview

JOB, INDEX, PORT, USER = "<job>", "<index>", "<port>", "<user>"
HOST_FILES = "/etc/volcano"
_RUN = f"{MOUNT_PATH}/run"
_RANK_TABLE = f"{_RUN}/jobstart_hccl.json"


async def preview(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> JobPreview:
    """The job that the creation body `raw` would make.

    Raises:
        TrainwrightError: as `role_creation.prepare`.
    """
    with naming_fields():
        prepared = await prepare(ctx, who, raw, str(uuid.uuid4()))
    launch = prepared.launch
    hidden = any(named.source is not None and named.source.code_hidden for named in prepared.named)
    called = ctx.server_url.startswith("http")  # nodes may only reach it through a folder
    return JobPreview(roles=[_role(launch, role, hidden=hidden, called=called) for role in launch.roles])


@dataclass(frozen=True, slots=True)
class _Added:
    """What an engine's way of using several nodes adds to a role."""

    before: Sequence[str] = ()
    after: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    started_by: str = ""
    processes: int = 1


def _role(launch: LaunchSpec, role: RoleSpec, *, hidden: bool, called: bool) -> RolePreview:
    """`hidden`: the command belongs to the algorithm's publisher, and is told to nobody. `called`: jobs can call us."""
    work = launch.work_of(role)
    way = _way(role, work)
    added = _added(launch, role, work, way)
    return RolePreview(
        role=role.name,
        tasks=list(role.task_names()),
        flavor_id=role.flavor_id,
        engine_id=work.engine.engine_id if work.engine else "",
        distribution=way.value,
        command="" if hidden else _command(role, work, added),
        added=[*added.before, *added.after],
        started_by=added.started_by,
        processes=added.processes,
        working_dir=_working_dir(role, work),
        environment=_environment(launch, role, work, added, called=called),
        folders=_folders(work),
        min_succeeded=role.min_succeeded or role.replicas,
        min_failed=role.min_failed,
        main=role.main,
    )


def _way(role: RoleSpec, work: Work) -> Distribution:
    """A command line is started as it is, whatever its engine."""
    return (
        work.engine.distribution if work.engine and isinstance(role.command, BootFile) else Distribution.NONE
    )


def _command(role: RoleSpec, work: Work, added: _Added) -> str:
    if not isinstance(role.command, BootFile):
        return role.command.line
    code = work.code.local_path if work.code else CODE_PARENT
    words = ["python", "-u", f"{code}/{role.command.path}"]
    words += [parameter.argument for parameter in work.parameters]
    channels = (*work.inputs, *work.outputs)
    words += [f"--{one.name}={one.local_path}" for one in channels if one.pass_as == "argument"]
    return " ".join([*added.before, *(shlex.quote(word) for word in words), *added.after])


def _added(launch: LaunchSpec, role: RoleSpec, work: Work, way: Distribution) -> _Added:
    nodes = role.replicas
    processes = role.processes or role.resources.accelerators or 1
    master = f"<host of {role.name}-0>"
    match way:
        case Distribution.PYTORCH if nodes > 1:
            after = [f"--init_method=tcp://{master}:{PORT}", f"--rank={INDEX}", f"--world_size={nodes}"]
            return _Added(after=after)
        case Distribution.TENSORFLOW if len(launch.task_names()) > 1:
            hosts = {each.name: f"<host:port of each {each.name}>" for each in launch.roles}
            after = [f"--job_name={role.name}", f"--task_index={INDEX}"]
            after += [f"--{name}_hosts={each}" for name, each in hosts.items()]
            cluster = {name: [each] for name, each in hosts.items()}
            config = {"cluster": cluster, "task": {"type": role.name, "index": INDEX}}
            return _Added(after=after, environment={"TF_CONFIG": json.dumps(config)})
        case Distribution.MPI:
            before = ["mpirun", "-np", str(nodes * processes), "--hostfile", f"{_RUN}/mpi-hosts"]
            return _Added([*before, "--bind-to", "none"], started_by=f"{role.name}-0", processes=processes)
        case Distribution.ASCEND:
            return _ascend(role, work, processes, master)
        case _:
            return _Added()


def _ascend(role: RoleSpec, work: Work, processes: int, master: str) -> _Added:
    variables = {**(work.engine.environment if work.engine else {}), **work.environment}
    table = {"RANK_TABLE_FILE": _RANK_TABLE}
    nodes = role.replicas
    match variables.get("MA_RUN_METHOD"):
        case "torchrun":
            before = [
                "torchrun",
                f"--nnodes={nodes}",
                f"--node_rank={INDEX}",
                f"--nproc_per_node={processes}",
            ]
            before += [f"--master_addr={master}", f"--master_port={PORT}"]
            return _Added(before, environment=table, started_by="torchrun", processes=processes)
        case "msrun":
            before = ["msrun", f"--worker_num={nodes * processes}", f"--local_worker_num={processes}"]
            before += [f"--master_addr={master}", f"--master_port={PORT}", f"--node_rank={INDEX}"]
            return _Added(before, environment=table, started_by="msrun", processes=processes)
        case _:
            ranks = {
                "RANK_ID": "<rank>",
                "RANK_SIZE": str(nodes * processes),
                "ASCEND_DEVICE_ID": "<device>",
                "DEVICE_ID": "<device>",
            }
            return _Added(environment={**table, **ranks}, processes=processes)


def _working_dir(role: RoleSpec, work: Work) -> str:
    if work.working_dir:
        return work.working_dir
    if isinstance(role.command, BootFile):
        return _job_dir(work)
    return (work.image.working_dir if work.image else "") or HOME


def _job_dir(work: Work) -> str:
    """The folder above the code folder; the code folder itself at the root of the file system."""
    if work.code is None:
        return CODE_PARENT
    parent = posixpath.dirname(work.code.local_path)
    return parent if parent != "/" else work.code.local_path


def _environment(
    launch: LaunchSpec, role: RoleSpec, work: Work, added: _Added, *, called: bool
) -> dict[str, str]:
    """In the order in which later ones win."""
    shell = not isinstance(role.command, BootFile)
    channels = [*work.inputs, *work.outputs]
    found = {
        **(work.image.environment if work.image else {}),
        **_paths(work),
        **_places_in_job(launch, role),
        **_old_names(launch, role, work),
        **_of_library(launch, work, called=called),
        "MA_APIGW_ENDPOINT": "<server>",
        **({"NCCL_DEBUG": "INFO"} if role.resources.accelerator_kind == "gpu" else {}),
        "TRAINWRIGHT_TASK": f"{JOB}-a<attempt>/{role.name}-{INDEX}",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": str(max(1, int(role.resources.cpus))),
        **(work.engine.environment if work.engine else {}),
        **(hyperparameters({"arguments": [one.argument for one in work.parameters]})[0] if shell else {}),
        "MA_PROC_START_CNT": "<number of the start>",
        **added.environment,
        **{one.name: one.local_path for one in channels if shell or one.pass_as == "environment"},
        **work.environment,
    }
    return {**found, "PYTHONPATH": ":".join(filter(None, [found["PYTHONPATH"], f"{_RUN}/lib"]))}


def _of_library(launch: LaunchSpec, work: Work, *, called: bool) -> dict[str, str]:
    """For what every job can import."""
    found = {"TRAINWRIGHT_INSIDE": f"{_RUN}/inside"}
    if called and "TRAINWRIGHT_ENDPOINT" not in work.environment:
        found["TRAINWRIGHT_ENDPOINT"] = "<server>"
        found["TRAINWRIGHT_PROJECT"] = launch.project_id
        found["TRAINWRIGHT_TOKEN_FILE"] = f"{_RUN}/token"
    return found


def _paths(work: Work) -> dict[str, str]:
    job_dir = _job_dir(work)
    return {
        "HOME": HOME,
        "USER": "ma-user",
        "LOGNAME": "ma-user",
        "PATH": "<interpreter's folder>:<search path of the node>",
        "PYTHONPATH": job_dir,
        "MA_HOME": HOME,
        "MA_MOUNT_PATH": MOUNT_PATH,
        "MA_LOG_DIR": f"{MOUNT_PATH}/log",
        "MA_VOLCANO_DIR": HOST_FILES,
        "MA_JOB_DIR": job_dir,
        "MA_SCRIPT_INTERPRETER": "<interpreter>",
        "WORKSPACE": work.code.local_path if work.code else job_dir,
    }


def _places_in_job(launch: LaunchSpec, role: RoleSpec) -> dict[str, str]:
    system_name = f"task{launch.roles.index(role)}"
    found = {
        "MA_CURRENT_IP": "<address of the node>",
        "MA_CURRENT_INSTANCE_NAME": f"modelarts-job-{JOB}-{role.name}-{INDEX}",
        "MA_NUM_GPUS": str(role.resources.accelerators or role.processes),
        "MA_NUM_HOSTS": str(role.replicas),
        "MA_TASK_NAME": role.name,
        "MA_VJ_NAME": f"ma-job-{JOB}",
        "VC_TASK_INDEX": INDEX,
        "VK_TASK_INDEX": INDEX,
        "VC_TASK_NAME": system_name,
        "TASKROLE_NAME": system_name,
        "TASKROLE_REPLICA_INDEX": INDEX,
        "TASKSET_NAME": JOB,
        "TASKSET_NAMESPACE": USER,
    }
    for number, each in enumerate(launch.roles):
        names = [f"TASK{number}", re.sub(r"[^A-Z0-9]", "_", each.name.upper())]
        for name in (*names, *(("WORKER",) if len(launch.roles) == 1 else ())):
            found[f"VC_{name}_HOSTS"] = f"<host of each {each.name}, commas between>"
            found[f"VC_{name}_NUM"] = str(each.replicas)
    return found


def _old_names(launch: LaunchSpec, role: RoleSpec, work: Work) -> dict[str, str]:
    """Variables of the old runtime."""
    found = {"DLS_TASK_INDEX": INDEX, "DLS_TASK_NUMBER": str(role.replicas)}
    if work.code is not None and not _is_ours(work.code.uri):
        found["DLS_APP_URL"] = work.code.uri
    for first, name, variable in (
        (work.inputs, "data_url", "DLS_DATA_URL"),
        (work.outputs, "train_url", "DLS_TRAIN_URL"),
    ):
        named = [channel for channel in (*work.inputs, *work.outputs) if channel.name == name]
        for channel in (*named, *first)[:1]:
            if not _is_ours(channel.uri):
                found[variable] = channel.uri
    if role.replicas == 1:
        found[f"BATCH_{launch.job_name}.0_HOSTS"] = f"<host of {role.name}-0>:{PORT}"
    for index in range(role.replicas):
        found[f"BATCH_CUSTOM{index}_HOSTS"] = f"<host of {role.name}-{index}>:{PORT}"
    return found


def _folders(work: Work) -> list[PreviewFolder]:
    found = []
    if work.code is not None:
        found.append(PreviewFolder(kind="code", path=work.code.local_path, uri=_told(work.code.uri)))
    for channel in work.inputs:
        found.append(
            PreviewFolder(kind="input", name=channel.name, path=channel.local_path, uri=_told(channel.uri))
        )
    for channel in work.outputs:
        found.append(
            PreviewFolder(
                kind="output",
                name=channel.name,
                path=channel.local_path,
                uri=_told(channel.uri),
                fetched=channel.prefetch,
            )
        )
    return found


def _told(uri: str) -> str:
    return "" if _is_ours(uri) else uri


def _is_ours(uri: str) -> bool:
    return is_platforms(ObsPath.parse(uri).bucket)
