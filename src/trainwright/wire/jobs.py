"""Request bodies of training jobs (contract §3, §6.1, §6.2). Null means "not given" everywhere.

Which of these fields this server acts on, which it only keeps, and which it refuses: `services.handling`.
"""

from typing import Annotated, Literal

from pydantic import Field

from trainwright.wire.auto_search import AutoSearch
from trainwright.wire.experiments import ExperimentReference
from trainwright.wire.job_parts import (
    ITEMS_MAX,
    ConstraintRequest,
    DatasetRequest,
    InputRequest,
    ObsRequest,
    OutputRequest,
    ParameterRequest,
    RemoteRequest,
)
from trainwright.wire.job_spec import NotificationRequest, RolesSpecRequest, SpecRequest
from trainwright.wire.job_tasks import JobRoleRequest, TuningRequest
from trainwright.wire.model import LongText, RequestModel, ResourceName, ShortText
from trainwright.wire.training_metrics import MetricRuleRequest

__all__ = [
    "AlgorithmRequest",
    "ConstraintRequest",
    "DatasetRequest",
    "EngineRequest",
    "InputRequest",
    "JobAction",
    "JobRequest",
    "JobUpdate",
    "MetadataRequest",
    "ObsRequest",
    "OutputRequest",
    "ParameterRequest",
    "RemoteRequest",
    "SpecRequest",
]

DESCRIPTION_LENGTH_MAX = 256
ANNOTATIONS_MAX = 100
ROLES_MAX = 100

Description = Annotated[str, Field(max_length=DESCRIPTION_LENGTH_MAX)]
Annotations = Annotated[dict[ShortText, LongText], Field(max_length=ANNOTATIONS_MAX)]


class MetadataRequest(RequestModel):
    """`metadata`: what the job is called. `annotations` are texts only."""

    name: ResourceName
    workspace_id: ShortText | None = None
    description: Description | None = None
    annotations: Annotations | None = None
    training_experiment_reference: ExperimentReference | None = None


class EngineRequest(RequestModel):
    """Which preset AI framework: by id, by name and version, or by the image of one."""

    engine_id: ShortText | None = None
    engine_name: ShortText | None = None
    engine_version: ShortText | None = None
    image_url: ShortText | None = None
    image_repo_id: ShortText | None = None
    install_sys_packages: bool | None = None


class PoliciesRequest(RequestModel):
    """`{"auto_search": null}` and `{}` are usual and mean none."""

    auto_search: AutoSearch | None = None


class PfsFolder(RequestModel):
    """A folder of a parallel file system."""

    pfs_path: ShortText | None = None


class SummaryFolder(RequestModel):
    """Where summaries are written."""

    pfs: PfsFolder | None = None


class SummaryJob(RequestModel):
    """Another job whose summaries are shown."""

    job_id: ShortText | None = None


class SummaryNfs(RequestModel):
    """A file server's folder whose summaries are shown."""

    nfs_path: ShortText | None = None


class SummarySource(RequestModel):
    """Whose summaries are shown."""

    job: SummaryJob | None = None
    nfs: SummaryNfs | None = None


class SummaryRequest(RequestModel):
    """What a visualisation shows."""

    log_type: Literal["", "tensorboard", "mindstudio-insight"] | None = None
    log_dir: SummaryFolder | None = None
    data_sources: list[SummarySource] | None = Field(default=None, max_length=ITEMS_MAX)


class AlgorithmRequest(RequestModel):
    """`algorithm`: what to run. A saved one (`id`), a subscribed one (`subscription_id` and `item_version_id`), or
    `code_dir`, `boot_file` and `engine`, or `command`. `metrics` is ours: what is read from the log.
    """

    id: ShortText | None = None
    name: ShortText | None = None
    subscription_id: ShortText | None = None
    item_version_id: ShortText | None = None
    code_dir: ShortText | None = None
    boot_file: ShortText | None = None
    autosearch_config_path: ShortText | None = None
    autosearch_framework_path: ShortText | None = None
    command: str | None = None
    parameters: list[ParameterRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    policies: PoliciesRequest | None = None
    inputs: list[InputRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    outputs: list[OutputRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    engine: EngineRequest | None = None
    local_code_dir: str | None = None
    working_dir: str | None = None
    environments: dict[str, str] | None = None
    summary: SummaryRequest | None = None
    metrics: list[MetricRuleRequest] | None = Field(default=None, max_length=ITEMS_MAX)


class SshRequest(RequestModel):
    """Key pairs that may log in to the tasks."""

    key_pair_names: list[ShortText] | None = Field(default=None, max_length=ITEMS_MAX)


class EndpointsRequest(RequestModel):
    """Ways into a running job."""

    ssh: SshRequest | None = None


JobKind = Literal[
    "job",
    "federated_pool_job",
    "edge_job",
    "hetero_job",
    "mrs_job",
    "autosearch_job",
    "diag_job",
    "visualization_job",
]


class JobRequest(RequestModel):
    """Body of `POST /v2/{P}/training-jobs`."""

    kind: JobKind | None = "job"
    metadata: MetadataRequest
    algorithm: AlgorithmRequest | None = None
    spec: SpecRequest
    tasks: list[JobRoleRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    endpoints: EndpointsRequest | None = None
    train_type: Literal["", "SFT", "PRETRAIN", "LORA", "DPO", "RFT"] | None = None
    ftjob_config: TuningRequest | None = None


class RoleJobRequest(RequestModel):
    """A job with roles of its own; `algorithm` and `spec` are what those have in common."""

    kind: Literal["hetero_job"]
    metadata: MetadataRequest
    algorithm: AlgorithmRequest | None = None
    spec: RolesSpecRequest | None = None
    tasks: list[JobRoleRequest] = Field(min_length=1, max_length=ROLES_MAX)
    endpoints: EndpointsRequest | None = None
    train_type: Literal["", "SFT", "PRETRAIN", "LORA", "DPO", "RFT"] | None = None
    ftjob_config: TuningRequest | None = None


class PolicyUpdate(RequestModel):
    """What may change of the scheduling, while the job waits."""

    priority: int | None = None
    preemptible: bool | None = None


class SpecUpdate(RequestModel):
    """What may change of `spec`."""

    notification: NotificationRequest | None = None
    schedule_policy: PolicyUpdate | None = None


class MetadataUpdate(RequestModel):
    """What may change of `metadata`; the contract calls it `annotation` here."""

    annotation: Annotations | None = None


class JobUpdate(RequestModel):
    """Body of `PUT /v2/{P}/training-jobs/{job}`. Only what is given changes; `""` empties the description."""

    description: Description | None = None
    spec: SpecUpdate | None = None
    endpoints: EndpointsRequest | None = None
    metadata: MetadataUpdate | None = None


class JobAction(RequestModel):
    """Body of `POST /v2/{P}/training-jobs/{job}/actions`; the only action is `terminate`."""

    action_type: ShortText
