"""From a checked request to the frozen launch: pure, and the only place that knows the runtime layout.

Source of the paths: facts/modelarts-runtime-facts.md §1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import EngineEntry
from trainwright.catalog.places import Place, Places
from trainwright.domain.errors import CommandMissing, InvalidParam, TooManyNodes
from trainwright.domain.specs import (
    BootFile,
    Channel,
    CodeSpec,
    EngineSpec,
    LaunchSpec,
    Parameter,
    PassAs,
    RoleSpec,
    ShellCommand,
)
from trainwright.domain.texts import Text
from trainwright.wire.jobs import (
    AlgorithmRequest,
    AutoStopRequest,
    EngineRequest,
    InputRequest,
    JobRequest,
    OutputRequest,
)

MOUNT_PATH = "/home/ma-user/modelarts"
CODE_PARENT = f"{MOUNT_PATH}/user-job-dir"
INPUTS_PARENT = f"{MOUNT_PATH}/inputs"
OUTPUTS_PARENT = f"{MOUNT_PATH}/outputs"
ROLE_NAME = "worker"
RETRY_NUM = "fault-tolerance/job-retry-num"
RETRY_UNCONDITIONAL = "fault-tolerance/job-unconditional-retry"
_SECONDS = {"HOURS": 3600, "SECONDS": 1}

_ENGINE_MISSING = Text("boot_file is given without engine", "填写了 boot_file，但缺少 engine")
_REQUIRED = Text("it is required", "缺少该字段")
_ENGINE_CONTRADICTION = Text(
    "engine_id {engine} is {name} {version}", "engine_id {engine} 对应的是 {name} {version}"
)


STOP_GRACE_S = 30  # as Kubernetes has it


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """What the server gives a new job."""

    job_id: str
    project_id: str


def resolve(request: JobRequest, places: Places, catalogue: Catalogue, identity: JobIdentity) -> LaunchSpec:
    """The launch of `request`, whose form has been checked and whose `places` were found in the store.

    Raises:
        EngineNotFound, FlavorNotFound, TooManyNodes: what it asks for is not on offer.
        CommandMissing, InvalidParam: a boot file without an engine; an engine whose id and name contradict each other.
    """
    algorithm = request.algorithm or AlgorithmRequest()
    annotations = request.metadata.annotations or {}
    policy = request.spec.schedule_policy
    return LaunchSpec(
        job_id=identity.job_id,
        job_name=request.metadata.name,
        project_id=identity.project_id,
        roles=(_role(request, algorithm, places, catalogue),),
        engine=_engine(algorithm, catalogue),
        code=_code(algorithm, places.code),
        inputs=_inputs(algorithm.inputs or [], places.inputs),
        outputs=_outputs(algorithm.outputs or [], places.outputs),
        parameters=_parameters(algorithm),
        environment=dict(algorithm.environments or {}),
        working_dir=algorithm.working_dir or "",
        log_export_uri=str(places.log_export.path) if places.log_export else "",
        max_run_s=_max_run_s(request.spec.auto_stop),
        priority=(policy.priority if policy else None) or 1,
        retry_budget=int(annotations.get(RETRY_NUM) or 0),
        retry_unconditional=annotations.get(RETRY_UNCONDITIONAL) == "true",
        grace_s=STOP_GRACE_S if request.spec.stop_grace_seconds is None else request.spec.stop_grace_seconds,
    )


def _role(request: JobRequest, algorithm: AlgorithmRequest, places: Places, catalogue: Catalogue) -> RoleSpec:
    wanted = request.spec.resource
    if not wanted.flavor_id:
        raise InvalidParam(field="spec.resource.flavor_id", detail=_REQUIRED)
    flavor = catalogue.get_flavor(wanted.flavor_id)
    if wanted.node_count > flavor.max_nodes:
        raise TooManyNodes(count=wanted.node_count, flavor=flavor.id, limit=flavor.max_nodes)
    return RoleSpec(
        name=ROLE_NAME,
        replicas=wanted.node_count,
        resources=flavor.resources,
        flavor_id=flavor.id,
        command=BootFile(path=places.boot_file)
        if places.boot_file
        else ShellCommand(line=algorithm.command or ""),
    )


def _engine(algorithm: AlgorithmRequest, catalogue: Catalogue) -> EngineSpec | None:
    wanted = algorithm.engine or EngineRequest()
    if wanted.engine_id:
        entry = catalogue.get_engine(wanted.engine_id)
        _check_same_engine(wanted, entry)
        return entry.to_spec()
    if wanted.engine_name or wanted.engine_version:
        return catalogue.get_engine_version(wanted.engine_name or "", wanted.engine_version or "").to_spec()
    if algorithm.boot_file:
        raise CommandMissing(detail=_ENGINE_MISSING)
    return None


def _check_same_engine(wanted: EngineRequest, entry: EngineEntry) -> None:
    name_fits = wanted.engine_name in (None, "", entry.name)
    version_fits = wanted.engine_version in (None, "", entry.version)
    if not (name_fits and version_fits):
        raise InvalidParam(
            field="algorithm.engine",
            detail=_ENGINE_CONTRADICTION,
            engine=entry.id,
            name=entry.name,
            version=entry.version,
        )


def _code(algorithm: AlgorithmRequest, place: Place | None) -> CodeSpec | None:
    if place is None:
        return None
    parent = (algorithm.local_code_dir or CODE_PARENT).rstrip("/")
    return CodeSpec(uri=str(place.path), local_path=f"{parent}/{place.path.name}")


def _inputs(channels: Sequence[InputRequest], places: Sequence[Place]) -> tuple[Channel, ...]:
    return tuple(
        _channel(channel, place, f"{INPUTS_PARENT}/{channel.name}_{index}", prefetch=False)
        for index, (channel, place) in enumerate(zip(channels, places, strict=True))
    )


def _outputs(channels: Sequence[OutputRequest], places: Sequence[Place]) -> tuple[Channel, ...]:
    return tuple(
        _channel(
            channel,
            place,
            f"{OUTPUTS_PARENT}/{channel.name}_{index}",
            prefetch=bool(channel.prefetch_to_local),
        )
        for index, (channel, place) in enumerate(zip(channels, places, strict=True))
    )


def _channel(channel: InputRequest, place: Place, default_path: str, *, prefetch: bool) -> Channel:
    return Channel(
        name=channel.name,
        uri=str(place.path),
        local_path=(channel.local_dir or default_path).rstrip("/"),
        pass_as=PassAs.ENVIRONMENT if channel.access_method == "env" else PassAs.ARGUMENT,
        prefetch=prefetch,
    )


def _parameters(algorithm: AlgorithmRequest) -> tuple[Parameter, ...]:
    given = algorithm.parameters or []
    return tuple(Parameter(name=p.name, value=p.value) for p in given if p.value is not None)


def _max_run_s(limit: AutoStopRequest | None) -> int:
    return limit.duration * _SECONDS[limit.time_unit] if limit else 0
