"""Jobs with roles of their own: each role as a job of its own to be checked and resolved, and the roles that one set of
nodes becomes. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar

from trainwright.catalog.blame import field_of
from trainwright.catalog.flavors import Flavor
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.specs import (
    BootFile,
    Distribution,
    EngineSpec,
    Parameter,
    Resources,
    RoleSpec,
    ShellCommand,
)
from trainwright.wire.job_parts import ParameterRequest
from trainwright.wire.job_spec import (
    LogExportPathRequest,
    ResourceRequest,
    RolesResourceRequest,
    RolesSpecRequest,
    SharedSpecRequest,
    SpecRequest,
)
from trainwright.wire.job_tasks import JobRoleRequest, RoleAlgorithm, RoleResource, RoleSettings
from trainwright.wire.jobs import AlgorithmRequest, EngineRequest, JobRequest, RoleJobRequest

T = TypeVar("T")

WORKER: Final = "worker"
SERVER: Final = "ps"
_NOWHERE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """One role, as a job of its own. `role` empty: the job has no roles of its own, and this is all of it.

    `own`: where fields of `request` that the role gave itself stand in the body. `appended`: parameters that follow
    the command as they are.
    """

    request: JobRequest
    role: str = ""
    own: Mapping[str, str] = field(default_factory=lambda: _NOWHERE)
    appended: tuple[Parameter, ...] = ()
    min_succeeded: int = 0
    min_failed: int = 1
    main: bool = False

    def place(self, path: str) -> str:
        """Where the field `path` of `request` stands in the body."""
        for name, where in self.own.items():
            rest = path.removeprefix(name)
            if rest != path and rest[:1] in ("", ".", "["):
                return where + rest
        return path

    def blame(self, error: TrainwrightError) -> TrainwrightError:
        """`error`, which is about a field of `request`, with that field's place in the body."""
        named = field_of(error)
        place = self.place(named) if named else ""
        return error if place == error.slots.get("field", "") else error.about(place)


def expand(request: RoleJobRequest) -> tuple[Part, ...]:
    """The roles of `request`, whose form has been checked, in order."""
    return tuple(_part(request, index, role) for index, role in enumerate(request.tasks))


def _part(request: RoleJobRequest, index: int, role: JobRoleRequest) -> Part:
    where = f"tasks[{index}]"
    given, own = _given(role, where)
    shared = request.algorithm or AlgorithmRequest()
    if role.command:
        given["boot_file"] = None
    elif given.get("boot_file"):
        given["command"] = None
    given["parameters"] = _parameters(shared.parameters or [], given.get("parameters") or [])
    given["environments"] = {
        **(shared.environments or {}),
        **(given.get("environments") or {}),
        **(role.environments or {}),
    }
    spec = request.spec or RolesSpecRequest()
    return Part(
        request=JobRequest(
            kind=request.kind,
            metadata=request.metadata,
            algorithm=shared.model_copy(update=given),
            spec=_spec(spec, role),
        ),
        role=role.role or "",
        own={**own, **_places_of_spec(role, where)},
        appended=tuple(
            Parameter(name=parameter.name, value=parameter.value)
            for parameter in role.parameters or []
            if parameter.name and parameter.value
        ),
        min_succeeded=role.minSucceededTaskCount or 0,
        min_failed=role.minFailedTaskCount or 1,
        main=bool(role.isMainRole),
    )


def _given(role: JobRoleRequest, where: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What of an algorithm the role gives itself, and where."""
    own = role.algorithm or RoleAlgorithm()
    config = own.job_config or RoleSettings()
    algorithm, settings = f"{where}.algorithm", f"{where}.algorithm.job_config"
    engine = own.engine or config.engine
    offers: Sequence[tuple[str, Any, str]] = (
        ("command", role.command, f"{where}.command"),
        ("code_dir", own.code_dir, f"{algorithm}.code_dir"),
        ("boot_file", own.boot_file, f"{algorithm}.boot_file"),
        ("local_code_dir", own.local_code_dir, f"{algorithm}.local_code_dir"),
        ("working_dir", own.working_dir, f"{algorithm}.working_dir"),
        ("environments", own.environments, f"{algorithm}.environments"),
        ("engine", engine, f"{algorithm}.engine" if own.engine else f"{settings}.engine"),
        ("inputs", own.inputs, f"{algorithm}.inputs"),
        ("inputs", None if own.inputs else config.inputs, f"{settings}.inputs"),
        ("outputs", own.outputs, f"{algorithm}.outputs"),
        ("outputs", None if own.outputs else config.outputs, f"{settings}.outputs"),
        ("parameters", config.parameters, f"{settings}.parameters"),
    )
    given = {name: value for name, value, _ in offers if value}
    places = {f"algorithm.{name}": place for name, value, place in offers if value}
    if engine is not None:
        given["engine"] = EngineRequest(
            engine_id=engine.engine_id,
            engine_name=engine.engine_name,
            engine_version=engine.engine_version,
            image_url=engine.image_url,
        )
    if role.environments:
        places["algorithm.environments"] = f"{where}.environments"
    return given, places


def _parameters(
    shared: Sequence[ParameterRequest], own: Sequence[ParameterRequest]
) -> list[ParameterRequest]:
    """The job's, but for those that the role gives itself."""
    names = {parameter.name for parameter in own}
    return [*(parameter for parameter in shared if parameter.name not in names), *own]


def _spec(shared: RolesSpecRequest, role: JobRoleRequest) -> SpecRequest:
    common = shared.resource or RolesResourceRequest()
    own = role.task_resource or RoleResource(node_count=1)
    resource = ResourceRequest(
        flavor_id=own.flavor_id or common.flavor_id,
        node_count=own.node_count,
        pool_id=own.pool_id or common.pool_id,
    )
    fields = {name: getattr(shared, name) for name in SharedSpecRequest.model_fields}
    if role.log_export_path is not None and role.log_export_path.obs_url:
        fields["log_export_path"] = LogExportPathRequest(obs_url=role.log_export_path.obs_url)
    return SpecRequest(**{**fields, "resource": resource})


def _places_of_spec(role: JobRoleRequest, where: str) -> dict[str, str]:
    places = {"spec.resource": f"{where}.task_resource"}
    if role.log_export_path is not None and role.log_export_path.obs_url:
        places["spec.log_export_path"] = f"{where}.log_export_path"
    return places


def roles_of(
    part: Part, flavor: Flavor, command: BootFile | ShellCommand, engine: EngineSpec | None
) -> Iterator[RoleSpec]:
    """The roles that the nodes of `part` become: one, but for TensorFlow's on several nodes, each of which is shared by
    a parameter server with half of its CPUs and memory and a worker with the rest; the workers' result is the job's.
    """
    node = RoleSpec(
        name=part.role or WORKER,
        replicas=part.request.spec.resource.node_count,
        resources=flavor.resources,
        flavor_id=flavor.id,
        command=command,
        min_succeeded=part.min_succeeded,
        min_failed=part.min_failed,
        main=part.main,
        processes=flavor.processes,
    )
    way = engine.distribution if engine and isinstance(command, BootFile) else Distribution.NONE
    if way is not Distribution.TENSORFLOW or part.role or node.replicas == 1:
        yield node
        return
    for_servers, for_workers = _halves(flavor.resources)
    yield node.model_copy(update={"name": SERVER, "resources": for_servers, "processes": 0})
    yield node.model_copy(update={"resources": for_workers, "main": True})


def _halves(node: Resources) -> tuple[Resources, Resources]:
    half = Resources(cpus=node.cpus / 2, memory_mib=max(1, node.memory_mib // 2), disk_mib=node.disk_mib // 2)
    rest = {
        "cpus": node.cpus - half.cpus,
        "memory_mib": max(1, node.memory_mib - half.memory_mib),
        "disk_mib": node.disk_mib - half.disk_mib,
    }
    return half, node.model_copy(update=rest)


def appended(line: str, parameters: Sequence[Parameter]) -> str:
    """The command `line` with `parameters` behind it as `--name=value`, not quoted."""
    return " ".join([line, *(f"--{parameter.name}={parameter.value}" for parameter in parameters)])
