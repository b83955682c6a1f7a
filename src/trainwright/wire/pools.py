"""Pools of the contract (§2.10, §11.3): requests and answers in the manner of Kubernetes objects.

Keys are camelCase; labels and annotations are texts by dotted names.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from trainwright.wire.model import COUNT_MAX, AnswerModel, RequestModel, ShortText

NAME_LABEL = "os.modelarts/name"
WORKSPACE_LABEL = "os.modelarts/workspace.id"
DESCRIPTION = "os.modelarts/description"
POOL_NAME_MAX = 64
FLAVORS_MAX = 50

Count = Annotated[int, Field(ge=1, le=COUNT_MAX)]
LabelKey = Annotated[str, Field(max_length=128)]
Texts = Annotated[dict[LabelKey, ShortText], Field(max_length=100)]
Names = Annotated[list[ShortText], Field(max_length=100)]


class CamelRequest(RequestModel):
    """A request with camelCase keys."""

    model_config = ConfigDict(alias_generator=to_camel)


class CamelAnswer(AnswerModel):
    """An answer with camelCase keys."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)


class PoolResourceRequest(CamelRequest):
    """So many nodes of a flavor. `maxCount`, where it is given, must be the same number."""

    flavor: ShortText
    count: Count
    max_count: Count | None = None


class PoolMetadataRequest(CamelRequest):
    """Labels and annotations; `os.modelarts/name` is the display name."""

    labels: Texts
    annotations: Texts = Field(default_factory=dict)


class PoolPreemption(CamelRequest):
    """Ours: whether a job of higher priority may end jobs in the pool that allow it."""

    enabled: bool = False


class PoolSpecRequest(CamelRequest):
    """What the pool is to have. `jobFlavors` empty: every flavor that fits."""

    type: ShortText
    scope: Names
    resources: Annotated[list[PoolResourceRequest], Field(min_length=1, max_length=FLAVORS_MAX)]
    job_flavors: Names = Field(default_factory=list)
    preemption: PoolPreemption | None = None


class PoolRequest(CamelRequest):
    """Body of `create_pool`."""

    api_version: ShortText = "v2"
    kind: ShortText = "Pool"
    metadata: PoolMetadataRequest
    spec: PoolSpecRequest


class PoolMetadataChange(CamelRequest):
    """Labels and annotations to be set; those not named stay."""

    labels: Texts = Field(default_factory=dict)
    annotations: Texts = Field(default_factory=dict)


class PoolSpecChange(CamelRequest):
    """What is given replaces what was."""

    scope: Names | None = None
    resources: Annotated[list[PoolResourceRequest], Field(min_length=1, max_length=FLAVORS_MAX)] | None = None
    job_flavors: Names | None = None
    preemption: PoolPreemption | None = None


class PoolChange(CamelRequest):
    """Body of `patch_pool`."""

    metadata: PoolMetadataChange = Field(default_factory=PoolMetadataChange)
    spec: PoolSpecChange = Field(default_factory=PoolSpecChange)


class PoolMetadata(CamelAnswer):
    """`name` is the pool's id."""

    name: str
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class PoolResourceItem(CamelAnswer):
    """So many nodes of a flavor."""

    flavor: str
    count: int
    max_count: int


class PoolSpec(CamelAnswer):
    """What the pool is to have."""

    type: str
    scope: list[str]
    resources: list[PoolResourceItem]
    job_flavors: list[str]
    control_mode: int = 0  # 0: no restriction


class PoolScopeState(CamelAnswer):
    """Whether a kind of work is possible in the pool: Enabled or Disabled."""

    scope_type: str
    state: str


class FlavorCount(CamelAnswer):
    """Nodes of a pool; several flavors in one are named with commas between them."""

    flavor: str
    count: int
    max_count: int
    node_pool: str


class PoolResourcesState(CamelAnswer):
    """The nodes there are."""

    available: FlavorCount


class PoolStatus(CamelAnswer):
    """How the pool is."""

    phase: str
    message: str = ""
    resources: PoolResourcesState
    scope: list[PoolScopeState]
    parent: str = ""
    root: str


class PoolItem(CamelAnswer):
    """One pool."""

    api_version: str = "v2"
    kind: str = "Pool"
    metadata: PoolMetadata
    spec: PoolSpec
    status: PoolStatus


class PoolsResponse(CamelAnswer):
    """All pools that the caller sees."""

    api_version: str = "v2"
    kind: str = "PoolList"
    items: list[PoolItem]


class ListMeta(CamelAnswer):
    """Where the next page begins (empty: there is none), and how many are beyond this one."""

    continue_: str = Field(default="", alias="continue")
    remaining_item_count: int = 0


class PoolEventItem(CamelAnswer):
    """Something that happened to a pool."""

    api_version: str = "v1"
    kind: str = "Event"
    type: str = "Normal"
    first_timestamp: str
    last_timestamp: str
    count: int = 1
    reason: str
    message: str
    involved_object: dict[str, str]


class PoolEventsResponse(CamelAnswer):
    """One page, newest first."""

    api_version: str = "v1"
    kind: str = "EventList"
    metadata: ListMeta
    items: list[PoolEventItem]


class PoolStatusCounts(CamelAnswer):
    """Pools by state; here they are there at once or not at all."""

    creating: int = 0
    created: int
    failed: int = 0
    pending: int = 0


class PoolStatistics(CamelAnswer):
    """Numbers of pools."""

    status: PoolStatusCounts


class PoolStatisticsResponse(CamelAnswer):
    """Numbers of pools, and when they were counted."""

    statistics: PoolStatistics
    operation_time: str


class EmptyList(CamelAnswer):
    """A list of what this server never has: networks, plug-ins."""

    api_version: str
    kind: str
    metadata: ListMeta | None = None
    items: list[dict[str, Any]] = Field(default_factory=list)


class PoolJobsResponse(CamelAnswer):
    """Operations on nodes that take their time; there are none here."""

    count: int = 0
    items: list[dict[str, Any]] = Field(default_factory=list)


class PoolTagsResponse(CamelAnswer):
    """Tags of pools; there are none here."""

    tags: list[dict[str, Any]] = Field(default_factory=list)


class ResourceQuota(CamelAnswer):
    """One limit, as text."""

    type: str
    quota: str
    used: str


class ResourceQuotas(CamelAnswer):
    """All limits."""

    resources: list[ResourceQuota]


class OsQuotaResponse(CamelAnswer):
    """Limits of a project."""

    quotas: ResourceQuotas


class OsConfigResponse(CamelAnswer):
    """What pools can be like here."""

    network_cidrs: list[str] = Field(default_factory=list)
    network_quota: int = 0
    pool_quota: int
    pool_high_available: bool = False
