"""What the ids in a new job's request stand for. Blocking; asked again in the unit that stores the job."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from trainwright.catalog.folders import Folders
from trainwright.catalog.from_algorithm import merge
from trainwright.catalog.places import Place, parse_path
from trainwright.catalog.roles import Part
from trainwright.domain.errors import AlgorithmMismatch, InvalidParam, NotFound, TrainwrightError
from trainwright.domain.specs import Channel
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.ports.pools import Pool
from trainwright.ports.uow import UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.context import Services
from trainwright.services.datasets import find_version
from trainwright.services.folders import HOMES, find_folders
from trainwright.services.ownership import is_platforms
from trainwright.services.pools import find_pool
from trainwright.services.reading import check_member
from trainwright.services.sources import Source, check_datasets, find_source
from trainwright.wire.job_parts import InputRequest, JobOutputRequest
from trainwright.wire.job_spec import FoldersRequest
from trainwright.wire.jobs import AlgorithmRequest, JobRequest

_POOL_ELSEWHERE = Text(
    "pool {pool} takes only jobs of its own workspace {workspace}",
    "资源池 {pool} 只接受其所属工作空间 {workspace} 的作业",
)
_NO_OUTPUT = Text("job {job} has no output {name}", "作业 {job} 没有输出 {name}")
_WHICH_OUTPUT = Text("job {job} has several outputs; name one", "作业 {job} 有多个输出，请指定其中一个")
_NOTHING_APPENDED = Text("nothing can be appended to a publisher's command", "不能向发布者的启动命令追加参数")
_NONE_FOUND: Mapping[int, Place] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Named:
    """A part of a job with what its ids stand for.

    `part`: with what a saved algorithm fills in. `asked`: as the caller sent it, with the versions that were found, as
    "the newest" may be another later. `found`: inputs that are named by ids, by their index.
    """

    part: Part
    asked: Part
    source: Source | None = None
    pool: Pool | None = None
    found: Mapping[int, Place] = field(default_factory=lambda: _NONE_FOUND)
    folders: Folders | None = None

    @property
    def request(self) -> JobRequest:
        """Of the part."""
        return self.part.request


def workspace_of(request: JobRequest) -> str:
    """Where the job will lie."""
    return request.metadata.workspace_id or DEFAULT_WORKSPACE


def names_something(part: Part) -> bool:
    """Whether the database must be asked about the part."""
    request = part.request
    algorithm = request.algorithm or AlgorithmRequest()
    return bool(
        workspace_of(request) != DEFAULT_WORKSPACE
        or request.spec.resource.pool_id
        or request.spec.folders is not None
        or request.metadata.training_experiment_reference
        or algorithm.id
        or algorithm.subscription_id
        or algorithm.item_version_id
        or any(_has_id(channel) for channel in algorithm.inputs or [])
    )


def find_all(
    ctx: Services, uow: UnitOfWork, who: Principal, parts: Sequence[Part], job_id: str
) -> tuple[Named, ...]:
    """What the ids of all parts stand for; in a writing unit it stays so until the unit ends.

    Raises:
        NotFound: one stands for nothing that the caller sees.
        ActionDenied: the caller may not create jobs in the workspace.
        AlgorithmMismatch: the request contradicts the saved algorithm it names.
        InvalidParam: the pool is another workspace's.
    """
    request = parts[0].request
    check_member(uow, who, workspace_of(request))
    reference = request.metadata.training_experiment_reference
    if reference is not None and reference.id:
        uow.experiments.get(reference.id)
    folders, pinned = find_folders(uow, who, request.spec.folders, job_id)
    named = []
    for part in parts:
        try:
            named.append(_find(ctx, uow, who, part, folders))
        except TrainwrightError as exc:
            raise part.blame(exc) from exc
    return tuple(replace(one, asked=_with_folders(one.asked, pinned)) for one in named)


def _find(ctx: Services, uow: UnitOfWork, who: Principal, part: Part, folders: Folders | None) -> Named:
    request = part.request
    source = find_source(uow, request)
    if source is not None:
        if source.code_hidden and part.appended:
            field = f"{part.own.get('algorithm.command', 'tasks')}.parameters"
            raise AlgorithmMismatch(field=field, algorithm=source.name, detail=_NOTHING_APPENDED)
        request = merge(source.name, source.document, request, code_hidden=source.code_hidden)
        check_datasets(uow, source, request)
    pool = find_pool(ctx, uow, who, request.spec.resource.pool_id or "")
    _check_pool(pool, workspace_of(request))
    found = dict(_inputs(uow, who, request))
    return Named(replace(part, request=request), _pinned(part, found), source, pool, found, folders)


def _check_pool(pool: Pool, workspace_id: str) -> None:
    """A workspace's pool takes its jobs only: else who may not create jobs there would run them there.

    Raises:
        InvalidParam: the job lies elsewhere.
    """
    if pool.workspace_id not in ("", DEFAULT_WORKSPACE, workspace_id):
        raise InvalidParam(
            field="spec.resource.pool_id", detail=_POOL_ELSEWHERE, pool=pool.id, workspace=pool.workspace_id
        )


def _has_id(channel: InputRequest) -> bool:
    remote = channel.remote
    return remote is not None and bool(
        (remote.dataset is not None and remote.dataset.id) or (remote.job is not None and remote.job.id)
    )


def _inputs(uow: UnitOfWork, who: Principal, request: JobRequest) -> Iterator[tuple[int, Place]]:
    channels = request.algorithm.inputs if request.algorithm else None
    for index, channel in enumerate(channels or []):
        remote, field = channel.remote, f"algorithm.inputs[{index}].remote"
        if remote is None:
            continue
        if remote.dataset is not None and remote.dataset.id:
            with _about(f"{field}.dataset"):
                version = find_version(uow, who, remote.dataset.id, remote.dataset.version_id or "")
            folder = parse_path(f"{field}.dataset", version.uri).as_folder()
            yield index, Place(f"{field}.dataset", folder, version.id, version.bytes)
        elif remote.job is not None and remote.job.id:
            with _about(f"{field}.job"):
                output = _output_of(uow, remote.job.id, remote.job, f"{field}.job")
            place = parse_path(f"{field}.job", output.uri)
            yield index, Place(f"{field}.job", place, ours=is_platforms(place.bucket))


@contextmanager
def _about(field: str) -> Iterator[None]:
    """What stands for nothing is told with the field that names it."""
    try:
        yield
    except NotFound as exc:
        raise exc.about(field) from exc


def _output_of(uow: UnitOfWork, job_id: str, wanted: JobOutputRequest, field: str) -> Channel:
    """The output that another job writes. The caller's own home, which many jobs write to, is nobody's output."""
    launch = uow.jobs.get(job_id).launch
    outputs = {channel.name: channel for channel in reversed(launch.all_outputs()) if not _is_home(channel)}
    if wanted.output:
        if wanted.output not in outputs:
            raise InvalidParam(field=f"{field}.output", detail=_NO_OUTPUT, job=job_id, name=wanted.output)
        return outputs[wanted.output]
    if not outputs:
        raise InvalidParam(field=f"{field}.id", detail=_NO_OUTPUT, job=job_id, name="-")
    if len(outputs) > 1:
        raise InvalidParam(field=f"{field}.output", detail=_WHICH_OUTPUT, job=job_id)
    return next(iter(outputs.values()))


def _is_home(channel: Channel) -> bool:
    return channel.uri.startswith(f"obs://{HOMES}/")


def _pinned(part: Part, found: Mapping[int, Place]) -> Part:
    """The part with the dataset versions that were found."""
    algorithm = part.request.algorithm
    if algorithm is None or not algorithm.inputs or not found:
        return part
    inputs = []
    for index, channel in enumerate(algorithm.inputs):
        remote, place = channel.remote, found.get(index)
        if place is not None and place.version_id and remote is not None and remote.dataset is not None:
            dataset = remote.dataset.model_copy(update={"version_id": place.version_id})
            channel = channel.model_copy(update={"remote": remote.model_copy(update={"dataset": dataset})})
        inputs.append(channel)
    pinned = algorithm.model_copy(update={"inputs": inputs})
    return replace(part, request=part.request.model_copy(update={"algorithm": pinned}))


def _with_folders(part: Part, pinned: FoldersRequest | None) -> Part:
    if pinned is None:
        return part
    spec = part.request.spec.model_copy(update={"folders": pinned})
    return replace(part, request=part.request.model_copy(update={"spec": spec}))
