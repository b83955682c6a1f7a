"""Request bodies of training jobs (contract §3, §6.1, §6.2). Null means "not given" everywhere.

What the contract knows and this server does not do yet is declared as `Any`: `services.create_checks` refuses it by
name instead of ignoring it.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from trainwright.wire.model import RequestModel, ResourceName

DESCRIPTION_LENGTH_MAX = 256

Description = Annotated[str, Field(max_length=DESCRIPTION_LENGTH_MAX)]


class MetadataRequest(RequestModel):
    """`metadata`: what the job is called. `annotations` are texts only."""

    name: ResourceName
    workspace_id: str | None = None
    description: Description | None = None
    annotations: dict[str, str] | None = None
    training_experiment_reference: Any = None


class ConstraintRequest(RequestModel):
    """What a hyperparameter's value must fulfil."""

    type: str | None = None
    editable: bool | None = None
    required: bool | None = None
    sensitive: bool | None = None
    valid_type: str | None = None
    valid_range: list[str] | None = None


class ParameterRequest(RequestModel):
    """One hyperparameter. `value` is always text; without one the hyperparameter is not passed."""

    name: ResourceName
    value: str | None = None
    description: str | None = None
    constraint: ConstraintRequest | None = None


class ObsRequest(RequestModel):
    """A place in the object store."""

    obs_url: str | None = None


class RemoteRequest(RequestModel):
    """Where a channel's bytes lie."""

    obs: ObsRequest | None = None
    dataset: Any = None


class InputRequest(RequestModel):
    """One input channel. `local_dir` is the server's choice when absent."""

    name: ResourceName
    description: str | None = None
    local_dir: str | None = None
    access_method: Literal["parameter", "env"] | None = None
    remote: RemoteRequest | None = None


class OutputRequest(InputRequest):
    """One output channel. `prefetch_to_local`: download what lies there before the start."""

    prefetch_to_local: bool | None = None


class EngineRequest(RequestModel):
    """Which preset AI framework: by id, or by name and version."""

    engine_id: str | None = None
    engine_name: str | None = None
    engine_version: str | None = None
    image_url: Any = None
    image_repo_id: Any = None
    install_sys_packages: bool | None = None


class PoliciesRequest(RequestModel):
    """`{"auto_search": null}` and `{}` are usual and mean none."""

    auto_search: Any = None


class AlgorithmRequest(RequestModel):
    """`algorithm`: what to run. Either `code_dir`, `boot_file` and `engine`, or `command`."""

    id: Any = None
    name: str | None = None
    subscription_id: Any = None
    item_version_id: Any = None
    code_dir: str | None = None
    boot_file: str | None = None
    autosearch_config_path: Any = None
    autosearch_framework_path: Any = None
    command: str | None = None
    parameters: list[ParameterRequest] | None = None
    policies: PoliciesRequest | None = None
    inputs: list[InputRequest] | None = None
    outputs: list[OutputRequest] | None = None
    engine: EngineRequest | None = None
    local_code_dir: str | None = None
    working_dir: str | None = None
    environments: dict[str, str] | None = None
    summary: Any = None


class ResourceRequest(RequestModel):
    """`spec.resource`: how many nodes of which flavor."""

    flavor_id: str | None = None
    node_count: int = Field(ge=1)
    pool_id: str | None = None
    pool_group_id: Any = None
    main_container_customized_flavor: Any = None


class LogExportPathRequest(RequestModel):
    """Where logs are kept for good. `{}` and an empty `obs_url` mean nowhere."""

    obs_url: str | None = None
    host_path: Any = None


class AutoStopRequest(RequestModel):
    """Run-time limit. The contract knows `HOURS`; `SECONDS` is ours, for trials and tests."""

    time_unit: Literal["HOURS", "SECONDS"]
    duration: int = Field(ge=1, le=31_536_000)


class SchedulePolicyRequest(RequestModel):
    """`priority` 1 to 3, 0 and absent mean 1."""

    priority: int | None = None
    preemptible: bool | None = None
    required_affinity: Any = None
    preferred_affinity: Any = None


class SpecRequest(RequestModel):
    """`spec`: on what and under which conditions the job runs.

    `stop_grace_seconds` is ours: the time between SIGTERM and the kill.
    """

    resource: ResourceRequest
    volumes: Any = None
    log_export_path: LogExportPathRequest | None = None
    auto_stop: AutoStopRequest | None = None
    stop_grace_seconds: int | None = Field(default=None, ge=0, le=3600)
    reserved_time: Any = None
    retention: Any = None
    schedule_policy: SchedulePolicyRequest | None = None
    log_export_config: Any = None
    notification: Any = None
    custom_metrics: Any = None
    output_model: Any = None
    asset_model: Any = None
    asset_id: Any = None


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

    kind: JobKind = "job"
    metadata: MetadataRequest
    algorithm: AlgorithmRequest | None = None
    spec: SpecRequest
    tasks: Any = None
    endpoints: Any = None
    train_type: Any = None
    ftjob_config: Any = None


class JobUpdate(RequestModel):
    """Body of `PUT /v2/{P}/training-jobs/{job}`. Only what is given changes; `""` empties the description."""

    description: Description | None = None
    spec: Any = None
    endpoints: Any = None
    metadata: Any = None


class JobAction(RequestModel):
    """Body of `POST /v2/{P}/training-jobs/{job}/actions`; the only action is `terminate`."""

    action_type: str
