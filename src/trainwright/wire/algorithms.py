"""Bodies of saved algorithms (contract §8, manual 3.3.3). Null means "not given" everywhere.

What an answer adds or spells differently is understood in a request, too: people change what they were shown and send
it back.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from trainwright.wire.auto_search import AutoSearch
from trainwright.wire.job_parts import ITEMS_MAX, ParameterRequest
from trainwright.wire.model import AnswerModel, LongText, RequestModel, ResourceName, ShortText
from trainwright.wire.training_metrics import MetricRuleRequest

DESCRIPTION_LENGTH_MAX = 256
SEARCH_LIMIT_MAX = 50
DEFAULT_AI_PROJECT = "default-ai-project"
_FEW = 100

Description = Annotated[str, Field(max_length=DESCRIPTION_LENGTH_MAX)]


class AlgorithmMetadataRequest(RequestModel):
    """`metadata`: what the algorithm is called. An `id` is ignored: the server makes it."""

    id: Any = None
    name: ResourceName
    description: Description | None = None
    workspace_id: ShortText | None = None
    ai_project: ShortText | None = None
    tags: list[dict[str, Any]] | None = Field(default=None, max_length=_FEW)


class AlgorithmEngineRequest(RequestModel):
    """By id, by name and version, or an image."""

    engine_id: ShortText | None = None
    engine_name: ShortText | None = None
    engine_version: ShortText | None = None
    image_url: ShortText | None = None


class DataConstraint(RequestModel):
    """What an input takes: `obs`, or `dataset` (also written `modelarts_dataset`) with `attributes` data_format,
    data_segmentation and dataset_type.
    """

    data_type: Literal["", "obs", "dataset", "modelarts_dataset"] | None = None
    attributes: list[dict[str, Any]] | dict[str, Any] | ShortText | None = None


class AlgorithmChannelRequest(RequestModel):
    """An output: its name in the script, and how the script learns where it lies."""

    name: ResourceName
    description: Description | None = None
    access_method: Literal["", "parameter", "env"] | None = None


class AlgorithmInputRequest(AlgorithmChannelRequest):
    """An input, and where its data may come from."""

    remote_constraints: list[DataConstraint] | None = Field(default=None, max_length=_FEW)


class JobConfigRequest(RequestModel):
    """`job_config`: what a job made of the algorithm runs. Without `parameters_customization: false` a job may add
    hyperparameters of its own. `metrics` is ours: what is read from the log.
    """

    code_dir: ShortText | None = None
    boot_file: ShortText | None = None
    command: LongText | None = None
    parameters: list[ParameterRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    inputs: list[AlgorithmInputRequest] | None = Field(default=None, max_length=_FEW)
    outputs: list[AlgorithmChannelRequest] | None = Field(default=None, max_length=_FEW)
    engine: AlgorithmEngineRequest | None = None
    parameters_customization: bool | None = None
    metrics: list[MetricRuleRequest] | None = Field(default=None, max_length=_FEW)


class ResourceRequirement(RequestModel):
    """What a job's nodes must be: `flavor_type` in CPU, GPU, Ascend; `device_distributed_mode` (several cards) and
    `host_distributed_mode` (several nodes) in multiple, singular. `value` is how answers spell `values`.
    """

    key: Literal["flavor_type", "device_distributed_mode", "host_distributed_mode"]
    values: list[ShortText] | None = Field(default=None, max_length=_FEW)
    value: list[ShortText] | None = Field(default=None, max_length=_FEW)
    operator: Literal["", "in"] | None = None


class AdvancedConfigRequest(RequestModel):
    """`advanced_config`: the hyperparameter search that the algorithm is made for."""

    auto_search: AutoSearch | None = None


class AlgorithmBody(RequestModel):
    """Body of `POST /v2/{P}/algorithms` and `PUT /v2/{P}/algorithms/{algorithm_id}`."""

    metadata: AlgorithmMetadataRequest
    job_config: JobConfigRequest
    resource_requirements: list[ResourceRequirement] | None = Field(default=None, max_length=_FEW)
    advanced_config: AdvancedConfigRequest | None = None


class SaveAsMetadata(RequestModel):
    """What the saved algorithm is called; without `workspace_id` it lies in the job's workspace."""

    name: ResourceName
    description: Description | None = None
    workspace_id: ShortText | None = None


class SaveAsBody(RequestModel):
    """Body of `POST /v2/{P}/training-jobs/{job}/algorithm`."""

    metadata: SaveAsMetadata


class AlgorithmMetadata(AnswerModel):
    """Who and what the algorithm is. Times in ms; `size` in bytes; `version_num` counts the changes."""

    id: str
    name: str
    description: str = ""
    workspace_id: str = "0"
    ai_project: str = DEFAULT_AI_PROJECT
    user_name: str = ""
    domain_id: str = ""
    source: str = "custom"
    api_version: str = ""
    is_valid: bool = True
    state: str = ""
    tags: list[dict[str, str]] | None = None
    attr_list: list[str] | None = None
    version_num: int = 0
    size: int = 0
    create_time: int = 0
    update_time: int = 0


class AlgorithmResponse(AnswerModel):
    """One algorithm, as it was given, with what the server filled in."""

    metadata: AlgorithmMetadata
    job_config: dict[str, Any]
    resource_requirements: list[dict[str, Any]] | None = None
    advanced_config: dict[str, Any] = Field(default_factory=dict)


class AlgorithmPage(AnswerModel):
    """One page. `total`: all of the workspace; `count`: all that match."""

    total: int
    count: int
    limit: int
    offset: int
    sort_by: str
    order: str
    group_by: str = ""
    items: list[AlgorithmResponse]
