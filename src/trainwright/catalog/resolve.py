"""From a checked request to the frozen launch: pure, and the only place that knows the runtime layout.

Source of the paths: facts/modelarts-runtime-facts.md §1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import EngineEntry
from trainwright.catalog.flavors import POOL_FLAVOR_PREFIX, Flavor, pool_flavor
from trainwright.catalog.folders import CODE_FOLDER, Folders
from trainwright.catalog.places import Place, Places, parse_path
from trainwright.catalog.roles import Part, appended, roles_of
from trainwright.domain.demand import Demand
from trainwright.domain.errors import (
    CommandMissing,
    FlavorNotFound,
    ImageNotRunnable,
    InvalidParam,
    TooManyNodes,
    TrainwrightError,
)
from trainwright.domain.specs import (
    BootFile,
    Channel,
    CheckpointPolicy,
    CodeSpec,
    EngineSpec,
    ImageSpec,
    LaunchSpec,
    MetricRule,
    Parameter,
    PassAs,
    RoleSpec,
    ShellCommand,
    Work,
)
from trainwright.domain.texts import Text
from trainwright.ports.pools import Pool
from trainwright.wire.job_parts import ChannelRequest, InputRequest, OutputRequest
from trainwright.wire.job_spec import (
    AutoStopRequest,
    CheckpointsRequest,
    ReservedTimeRequest,
    ResourceRequest,
)
from trainwright.wire.jobs import AlgorithmRequest, EngineRequest

MOUNT_PATH = "/home/ma-user/modelarts"
CODE_PARENT = f"{MOUNT_PATH}/user-job-dir"
INPUTS_PARENT = f"{MOUNT_PATH}/inputs"
OUTPUTS_PARENT = f"{MOUNT_PATH}/outputs"
RETRY_NUM = "fault-tolerance/job-retry-num"
RETRY_UNCONDITIONAL = "fault-tolerance/job-unconditional-retry"
RETRY_HANG = "fault-tolerance/hang-retry"
RETRY_PROCESS = "fault-tolerance/process-retry-num"
_SECONDS = {"HOURS": 3600, "SECONDS": 1}

_ENGINE_MISSING = Text("boot_file is given without engine", "填写了 boot_file，但缺少 engine")
_NOT_IN_POOL = Text(
    "pool {pool} has no node of this size; name a flavor", "资源池 {pool} 没有该规格的节点，请填写具体规格"
)
_REQUIRED = Text("it is required", "缺少该字段")
_OTHER_POOL = Text("the roles before it are in pool {pool}", "前面的角色使用资源池 {pool}")
_NO_ROOM = Text(
    "the roles together need more than pool {pool} has", "各角色所需资源之和超过资源池 {pool} 的总量"
)
_ENGINE_CONTRADICTION = Text(
    "it is engine {engine}, which is {name} {version}", "对应的是引擎 {engine}，即 {name} {version}"
)


_IMAGE_UNKNOWN = Text(
    "there is no container engine that could pull it, no engine has it, and images.yaml does not name it",
    "本服务器没有可拉取镜像的容器引擎，没有引擎使用该镜像，images.yaml 中也没有该名称",
)
_IMAGE_FOLDER = Text("it is a folder; name an archive", "该路径是目录，请填写镜像归档文件")
_STORE = ("obs://", "s3://")
IMAGE_FIELD = "algorithm.engine.image_url"


STOP_GRACE_S = 30  # as Kubernetes has it


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """What the server gives a new job."""

    job_id: str
    project_id: str


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """A part of a job with what its ids stand for. `pool`: the dedicated pool it goes to."""

    part: Part
    places: Places
    pool: Pool | None = None
    folders: Folders | None = None


def resolve(parts: Sequence[PlacedPart], catalogue: Catalogue, identity: JobIdentity) -> LaunchSpec:
    """The launch of a job of these parts, whose form has been checked and whose places were found in the store. What
    belongs to the whole job is the same in all of them.

    Raises:
        EngineNotFound, FlavorNotFound, TooManyNodes: what it asks for is not on offer.
        ImageNotRunnable: an image that is not known here.
        CommandMissing, InvalidParam: a boot file without an engine; an engine whose id and name contradict each other;
            roles that cannot be in one pool.
    """
    pairs: list[tuple[Work, list[RoleSpec]]] = []
    for placed in parts:
        try:
            pairs.append(_resolve_part(placed, catalogue))
        except TrainwrightError as exc:
            raise placed.part.blame(exc) from exc
    first = parts[0]
    works = [work for work, _ in pairs]
    shared = works[0] if all(work == works[0] for work in works) else None
    roles = [
        role if shared is not None else role.model_copy(update={"work": work})
        for work, own in pairs
        for role in own
    ]
    request, spec = first.part.request, first.part.request.spec
    policy = spec.schedule_policy
    launch = LaunchSpec(
        **dict(shared or Work()),
        job_id=identity.job_id,
        job_name=request.metadata.name,
        project_id=identity.project_id,
        roles=tuple(roles),
        max_run_s=_seconds(spec.auto_stop),
        priority=(policy.priority if policy else None) or 1,
        preemptible=bool(policy and policy.preemptible),
        **retries_of(request.metadata.annotations or {}),
        grace_s=STOP_GRACE_S if spec.stop_grace_seconds is None else spec.stop_grace_seconds,
        pool_id=first.pool.id if first.pool else "",
        reserve_s=_seconds(spec.reserved_time),
        checkpoints=_checkpoints(spec.checkpoints),
        model_name=first.folders.model_name if first.folders else "",
    )
    _check_room(launch, parts)
    return launch


def _resolve_part(placed: PlacedPart, catalogue: Catalogue) -> tuple[Work, list[RoleSpec]]:
    part, places, folders = placed.part, placed.places, placed.folders
    algorithm = part.request.algorithm or AlgorithmRequest()
    engine = find_engine(algorithm, catalogue)
    command: BootFile | ShellCommand
    parameters = _parameters(algorithm)
    if places.boot_file:
        command = BootFile(path=places.boot_file)
        parameters += part.appended
    else:
        command = ShellCommand(line=appended(algorithm.command or "", part.appended))
    work = Work(
        engine=engine,
        image=find_image(algorithm, catalogue),
        code=_code(algorithm, places.code, folders),
        inputs=_inputs(algorithm.inputs or [], places.inputs) + (folders.input_channels() if folders else ()),
        outputs=_outputs(algorithm.outputs or [], places.outputs)
        + (folders.output_channels() if folders else ()),
        parameters=parameters,
        environment=dict(algorithm.environments or {}),
        working_dir=algorithm.working_dir or (CODE_FOLDER if folders else ""),
        log_export_uri=str(places.log_export.path) if places.log_export else "",
        metrics=tuple(MetricRule(name=rule.name, regex=rule.regex) for rule in algorithm.metrics or []),
    )
    flavor = find_flavor(part.request.spec.resource, catalogue, placed.pool)
    return work, list(roles_of(part, flavor, command, engine))


def _check_room(launch: LaunchSpec, parts: Sequence[PlacedPart]) -> None:
    """Roles are in one pool, and all of them together fit into it. Raises `InvalidParam`."""
    if len(parts) == 1:
        return  # `find_flavor` has looked
    pool = parts[0].pool
    for placed in parts[1:]:
        if (placed.pool.id if placed.pool else "") != launch.pool_id:
            field = placed.part.place("spec.resource.pool_id")
            raise InvalidParam(field=field, detail=_OTHER_POOL, pool=launch.pool_id or "-")
    if pool is not None and pool.id and not Demand.of_launch(launch).fits(pool.share):
        raise InvalidParam(field="tasks", detail=_NO_ROOM, pool=pool.id)


class Retries(TypedDict):
    """The fields of a launch that annotations decide on."""

    retry_budget: int
    retry_unconditional: bool
    retry_hang: bool
    process_retries: int
    precheck: bool


def retries_of(annotations: Mapping[str, str]) -> Retries:
    """How often, and after what, a job with these annotations is tried again; then its nodes are checked, too."""
    budget = int(annotations.get(RETRY_NUM) or 0)
    return Retries(
        retry_budget=budget,
        retry_unconditional=annotations.get(RETRY_UNCONDITIONAL) == "true",
        retry_hang=annotations.get(RETRY_HANG) == "true",
        process_retries=int(annotations.get(RETRY_PROCESS) or 0),
        precheck=budget > 0,
    )


def find_flavor(wanted: ResourceRequest, catalogue: Catalogue, pool: Pool | None) -> Flavor:
    """The flavor asked for, with as many nodes as asked for.

    Raises:
        InvalidParam: none is named, or a generic size in a pool without cards.
        FlavorNotFound: there is none, or the pool is not for jobs of it.
        TooManyNodes: it does not have so many nodes, or the pool has no room for them, now or ever.
    """
    field = "spec.resource.flavor_id"
    if not wanted.flavor_id:
        raise InvalidParam(field=field, detail=_REQUIRED)
    dedicated = pool if pool and pool.id else None
    if dedicated and wanted.flavor_id.startswith(POOL_FLAVOR_PREFIX):
        found = pool_flavor(wanted.flavor_id, dedicated.share, catalogue.accelerator_kind)
        if found is None:
            raise InvalidParam(field=field, detail=_NOT_IN_POOL, pool=dedicated.id)
        flavor = found
    else:
        flavor = catalogue.get_flavor(wanted.flavor_id)
    limit = flavor.max_nodes
    if dedicated:
        if dedicated.job_flavors and flavor.id not in dedicated.job_flavors:
            raise FlavorNotFound(flavor=flavor.id, allowed=", ".join(dedicated.job_flavors))
        limit = min(limit, _room_for(Demand.of_task(flavor.resources), dedicated.share))
    if wanted.node_count > limit:
        raise TooManyNodes(count=wanted.node_count, flavor=flavor.id, limit=limit)
    return flavor


def _room_for(each: Demand, share: Demand) -> int:
    """How many nodes of `each` fit into a pool's share."""
    amounts = (
        (share.millicpus, each.millicpus),
        (share.memory_mib, each.memory_mib),
        (share.accelerators, each.accelerators),
    )
    return min(have // need for have, need in amounts if need)


def find_engine(algorithm: AlgorithmRequest, catalogue: Catalogue) -> EngineSpec | None:
    """The engine asked for; None for a command without one.

    Raises:
        EngineNotFound, CommandMissing, InvalidParam: as `resolve`.
    """
    wanted = algorithm.engine or EngineRequest()
    engine = catalogue.find_engine_of_image(wanted.image_url or "")
    if engine is not None:
        _check_same_engine(wanted, engine)
        return engine.to_spec()
    found = _find_named(algorithm, wanted, catalogue)
    if found is None or not wanted.image_url:
        return found
    # On an image it is the image's Python that runs: the engine says how boot files are started.
    return found.model_copy(update={"interpreter": "", "requirements": (), "pip_options": ()})


def find_image(algorithm: AlgorithmRequest, catalogue: Catalogue) -> ImageSpec | None:
    """The image that commands are to run in; None without one, and for an image that stands for an engine.

    Raises:
        ImageNotRunnable: it is neither in the catalogue nor in the object store.
    """
    name = algorithm.engine.image_url if algorithm.engine else None
    if not name or catalogue.find_engine_of_image(name) is not None:
        return None
    entry = catalogue.find_image(name)
    if entry is not None:
        return ImageSpec(
            name=name, path=entry.path, environment=entry.environment, working_dir=entry.working_dir
        )
    if not name.startswith(_STORE):
        raise ImageNotRunnable(field=IMAGE_FIELD, image=name, detail=_IMAGE_UNKNOWN)
    path = parse_path(IMAGE_FIELD, name)
    if path.is_folder:
        raise ImageNotRunnable(field=IMAGE_FIELD, image=name, detail=_IMAGE_FOLDER)
    return ImageSpec(name=name, uri=str(path))


def _find_named(
    algorithm: AlgorithmRequest, wanted: EngineRequest, catalogue: Catalogue
) -> EngineSpec | None:
    if wanted.engine_id:
        entry = catalogue.get_engine(wanted.engine_id)
        if entry.id == wanted.engine_id:  # what it stands in for has a name and version of its own
            _check_same_engine(wanted, entry)
        return entry.to_spec()
    if wanted.engine_name or wanted.engine_version:
        return catalogue.get_engine_version(wanted.engine_name or "", wanted.engine_version or "").to_spec()
    if algorithm.boot_file:
        raise CommandMissing(field="algorithm.engine", detail=_ENGINE_MISSING)
    return None


def _check_same_engine(wanted: EngineRequest, entry: EngineEntry) -> None:
    id_fits = wanted.engine_id in (None, "", entry.id)
    name_fits = wanted.engine_name in (None, "", entry.name)
    version_fits = wanted.engine_version in (None, "", entry.version)
    if not (id_fits and name_fits and version_fits):
        raise InvalidParam(
            field="algorithm.engine",
            detail=_ENGINE_CONTRADICTION,
            engine=entry.id,
            name=entry.name,
            version=entry.version,
        )


def _code(algorithm: AlgorithmRequest, place: Place | None, folders: Folders | None) -> CodeSpec | None:
    if place is None:
        return None
    if folders is not None and not algorithm.local_code_dir:
        return CodeSpec(uri=str(place.path), local_path=CODE_FOLDER)
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


def _channel(channel: ChannelRequest, place: Place, default_path: str, *, prefetch: bool) -> Channel:
    return Channel(
        name=channel.name,
        uri=str(place.path),
        local_path=(channel.local_dir or default_path).rstrip("/"),
        pass_as=PassAs.ENVIRONMENT if channel.access_method == "env" else PassAs.ARGUMENT,
        prefetch=prefetch,
        dataset_version_id=place.version_id,
    )


def _parameters(algorithm: AlgorithmRequest) -> tuple[Parameter, ...]:
    given = algorithm.parameters or []
    return tuple(
        Parameter(name=p.name, value=p.value or "", is_flag=p.value is None)
        for p in given
        if p.value is not None or p.flag
    )


def _seconds(time: AutoStopRequest | ReservedTimeRequest | None) -> int:
    return time.duration * _SECONDS[time.time_unit] if time else 0


def _checkpoints(wanted: CheckpointsRequest | None) -> CheckpointPolicy | None:
    if wanted is None or not (wanted.keep_last or wanted.keep_best):
        return None
    return CheckpointPolicy(
        keep_last=wanted.keep_last or 0,
        keep_best=wanted.keep_best or 0,
        metric=wanted.metric or "",
        smaller_is_better=wanted.mode != "max",
    )
