"""`spec` of a training job: on what and under which conditions it runs (contract §3.5). Null means "not given"."""

from typing import Annotated, Literal

from pydantic import Field

from trainwright.wire.model import COUNT_MAX, LongText, RequestModel, ShortText

VOLUMES_MAX = 8
ITEMS_MAX = 100

Texts = Annotated[list[ShortText], Field(max_length=ITEMS_MAX)]
EventId = Literal[
    "JobStarted",
    "JobCompleted",
    "JobFailed",
    "JobTerminated",
    "JobRestarted",
    "JobHanged",
    "JobPreempted",
]


class CustomizedFlavorRequest(RequestModel):
    """A node's size in numbers instead of a flavor; GB of memory."""

    cpu_core_num: float | None = Field(default=None, gt=0)
    mem_size: float | None = Field(default=None, gt=0)
    accelerator_num: float | None = Field(default=None, ge=0)


class ResourceRequest(RequestModel):
    """`spec.resource`: how many nodes of which flavor, in which pool."""

    flavor_id: ShortText | None = None
    node_count: int = Field(ge=1, le=COUNT_MAX)
    pool_id: ShortText | None = None
    pool_group_id: ShortText | None = None
    main_container_customized_flavor: CustomizedFlavorRequest | None = None


class NfsVolume(RequestModel):
    """A file server's folder, mounted."""

    nfs_server_path: ShortText | None = None
    local_path: ShortText | None = None
    read_only: bool | None = None


class PfsVolume(RequestModel):
    """A parallel file system's folder, mounted."""

    pfs_path: ShortText | None = None
    local_path: ShortText | None = None


class ObsVolume(RequestModel):
    """A bucket's folder, mounted."""

    obs_path: ShortText | None = None
    local_path: ShortText | None = None


class VolumeRequest(RequestModel):
    """One mount: exactly one of the three."""

    nfs: NfsVolume | None = None
    pfs: PfsVolume | None = None
    obs: ObsVolume | None = None


class LogExportPathRequest(RequestModel):
    """Where logs are kept for good. `{}` and an empty `obs_url` mean nowhere."""

    obs_url: ShortText | None = None
    host_path: ShortText | None = None


class AutoStopRequest(RequestModel):
    """Run-time limit. The contract knows `HOURS`; `SECONDS` is ours, for trials and tests."""

    time_unit: Literal["HOURS", "SECONDS"]
    duration: int = Field(ge=1, le=31_536_000)


class ReservedTimeRequest(RequestModel):
    """How long the environment is kept after a failure. The contract knows `HOURS`; `SECONDS` is ours, for tests."""

    time_unit: Literal["HOURS", "SECONDS"]
    duration: int = Field(ge=1, le=31_536_000)


class RetentionRequest(RequestModel):
    """`disabled`: the job is never removed for its age."""

    policy: Literal["", "enabled", "disabled"] | None = None


class NodeRequirement(RequestModel):
    """A condition on a label of a node."""

    key: ShortText
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: Texts | None = None


Requirements = Annotated[list[NodeRequirement], Field(max_length=ITEMS_MAX)]


class NodeSelectorTerm(RequestModel):
    """Conditions that hold together."""

    matchExpressions: Requirements | None = None
    matchFields: Requirements | None = None


class NodeSelector(RequestModel):
    """Terms of which one must hold."""

    nodeSelectorTerms: list[NodeSelectorTerm] = Field(max_length=ITEMS_MAX)


class RequiredAffinity(RequestModel):
    """Nodes that must lie together, or must have certain labels."""

    affinity_type: Literal["", "cabinet", "hyperinstance", "networkTopology"] | None = None
    job_level: Literal["", "cluster", "hyperinstanceGroup"] | None = None
    affinity_group_size: int | None = Field(default=None, ge=0, le=COUNT_MAX)
    affinity_group_level: Literal["", "hyperinstance", "slice"] | None = None
    node_affinity: NodeSelector | None = None


class PreferredTerm(RequestModel):
    """A wish with its weight."""

    weight: int | None = Field(default=None, ge=1, le=100)
    preference: NodeSelectorTerm | None = None


class PreferredAffinity(RequestModel):
    """Wishes for the nodes."""

    node_affinity: list[PreferredTerm] | None = Field(default=None, max_length=ITEMS_MAX)


class SchedulePolicyRequest(RequestModel):
    """`priority` 1 to 3, 0 and absent mean 1."""

    priority: int | None = None
    preemptible: bool | None = None
    required_affinity: RequiredAffinity | None = None
    preferred_affinity: PreferredAffinity | None = None


class LogExportConfigRequest(RequestModel):
    """In which form logs are kept for good."""

    version: Literal["", "v0", "v1"] | None = None
    rotation_enabled: bool | None = None


class NotificationRequest(RequestModel):
    """Whom to tell of which events."""

    topic_urn: ShortText | None = None
    events: list[EventId] | None = Field(default=None, max_length=ITEMS_MAX)


class ExecProbe(RequestModel):
    """A command that prints metrics."""

    command: Annotated[list[LongText], Field(max_length=ITEMS_MAX)] | None = None


class HttpProbe(RequestModel):
    """A page that shows metrics: both or neither."""

    path: ShortText | None = None
    port: int | None = Field(default=None, ge=1, le=65_535)


class CustomMetricsRequest(RequestModel):
    """Where the job's own metrics are read from."""

    exec: ExecProbe | None = None
    http_get: HttpProbe | None = None


class ModelObject(RequestModel):
    """A place for the trained model."""

    obs_path: ShortText | None = None
    local_path: ShortText | None = None


class OutputModelRequest(RequestModel):
    """Where the trained model goes."""

    obs: ModelObject | None = None


class AssetModelRequest(RequestModel):
    """The asset that the trained model becomes."""

    name: ShortText | None = None
    version: ShortText | None = None
    type: ShortText | None = None
    code: ShortText | None = None
    desc: ShortText | None = None
    series: ShortText | None = None
    model_desc: LongText | None = None
    parent_asset_id: ShortText | None = None


class CheckpointsRequest(RequestModel):
    """Ours: which checkpoints of the outputs are kept: the newest, and the best by a number in their names."""

    keep_last: int | None = Field(default=None, ge=0, le=COUNT_MAX)
    keep_best: int | None = Field(default=None, ge=0, le=COUNT_MAX)
    metric: ShortText | None = None
    mode: Literal["", "min", "max"] | None = None


class DatasetFolder(RequestModel):
    """What lies at `/dataset`: a version of a registered dataset (without `version_id` the newest one), or a place."""

    dataset_id: ShortText | None = None
    version_id: ShortText | None = None
    obs_url: ShortText | None = None


class ModelFolder(RequestModel):
    """What lies at `/pretrainmodel`: a version of a registered model; without `version_id` the newest one."""

    model_id: ShortText | None = None
    version_id: ShortText | None = None


class ModelOutput(RequestModel):
    """What becomes of `/model` after success: a version of the model of that name. `obs_url`: also kept there."""

    name: ShortText | None = None
    obs_url: ShortText | None = None


class FoldersRequest(RequestModel):
    """Ours: fixed folders at the root of the file system. Given at all, even empty, the code lies at `/code`, where
    commands start. `user_home`: the caller's own folder at `/userhome`, the same in all their jobs.
    """

    dataset: DatasetFolder | None = None
    pretrained_model: ModelFolder | None = None
    output_model: ModelOutput | None = None
    user_home: bool | None = None


class SharedSpecRequest(RequestModel):
    """`spec` without its resources. `stop_grace_seconds` (the time between SIGTERM and the kill), `checkpoints` and
    `folders` are ours.
    """

    volumes: list[VolumeRequest] | None = Field(default=None, max_length=VOLUMES_MAX)
    log_export_path: LogExportPathRequest | None = None
    auto_stop: AutoStopRequest | None = None
    stop_grace_seconds: int | None = Field(default=None, ge=0, le=3600)
    reserved_time: ReservedTimeRequest | None = None
    retention: RetentionRequest | None = None
    schedule_policy: SchedulePolicyRequest | None = None
    log_export_config: LogExportConfigRequest | None = None
    notification: NotificationRequest | None = None
    custom_metrics: list[CustomMetricsRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    output_model: OutputModelRequest | None = None
    asset_model: AssetModelRequest | None = None
    asset_id: ShortText | None = None
    checkpoints: CheckpointsRequest | None = None
    folders: FoldersRequest | None = None


class SpecRequest(SharedSpecRequest):
    """`spec` of a job without roles of its own."""

    resource: ResourceRequest


class RolesResourceRequest(RequestModel):
    """What roles that do not name their own have. `node_count` is taken and has no effect: each role names its
    own, and answers give the sum.
    """

    flavor_id: ShortText | None = None
    node_count: int | None = Field(default=None, ge=1, le=COUNT_MAX)
    pool_id: ShortText | None = None


class RolesSpecRequest(SharedSpecRequest):
    """`spec` of a job with roles of its own."""

    resource: RolesResourceRequest | None = None
