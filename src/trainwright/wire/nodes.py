"""Nodes, workloads, measurements of pools and resource flavors (contract §2.10). Amounts are Kubernetes quantities."""

from typing import Annotated

from pydantic import Field

from trainwright.wire.pools import CamelAnswer, CamelRequest, FlavorCount, ListMeta


class NodeMetadata(CamelAnswer):
    """`name` is the host's."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)


class NodeOs(CamelAnswer):
    """The operating system."""

    name: str


class NodeSpec(CamelAnswer):
    """The size of the node: a flavor where one is just as large, else empty."""

    flavor: str
    os: NodeOs


class NodeCondition(CamelAnswer):
    """One thing to know of a node."""

    type: str
    status: str
    reason: str
    message: str


class NodesLockRequest(CamelRequest):
    """Body of `batch_lock_pool_nodes` and `batch_unlock_pool_nodes`. `actions` is accepted and not looked at: a locked
    node starts nothing more. `reason` is ours: why nodes are locked, for whoever finds them so.
    """

    node_names: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=256)]], Field(min_length=1, max_length=200)
    ]
    actions: Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=32)] = Field(
        default_factory=list
    )
    reason: Annotated[str, Field(max_length=256)] = ""


class NodeResult(CamelAnswer):
    """What became of one node: `success` or `failed` (there is no such node in the pool)."""

    name: str
    status: str


class NodesLockResponse(CamelAnswer):
    """The nodes in the order asked."""

    nodes: list[NodeResult]


class NodeStatus(CamelAnswer):
    """What the node gives to the pool, and what of it is free. Keys of the amounts: `cpu`, `memory`,
    `nvidia.com/gpu`, `huawei.com/ascend-snt9`.
    """

    phase: str
    az: str
    private_ip: str
    resources: dict[str, str]
    available_resources: dict[str, str]
    conditions: list[NodeCondition]


class NodeItem(CamelAnswer):
    """One node."""

    api_version: str = "v2"
    kind: str = "Node"
    metadata: NodeMetadata
    spec: NodeSpec
    status: NodeStatus


class NodesResponse(CamelAnswer):
    """One page of nodes."""

    api_version: str = "v2"
    kind: str = "NodeList"
    metadata: ListMeta
    items: list[NodeItem]


class NodePoolMetadata(CamelAnswer):
    """Its name."""

    name: str


class NodePoolSpec(CamelAnswer):
    """The nodes it is to have."""

    resources: FlavorCount


class NodePoolResources(CamelAnswer):
    """The nodes it has."""

    available: FlavorCount


class NodePoolStatus(CamelAnswer):
    """The nodes it has."""

    resources: NodePoolResources


class NodePoolItem(CamelAnswer):
    """One group of nodes in a pool."""

    api_version: str = "v2"
    kind: str = "NodePool"
    metadata: NodePoolMetadata
    spec: NodePoolSpec
    status: NodePoolStatus


class NodePoolsResponse(CamelAnswer):
    """All groups of nodes in a pool."""

    api_version: str = "v2"
    kind: str = "NodePoolList"
    items: list[NodePoolItem]


class WorkloadNode(CamelAnswer):
    """What a workload has on one node."""

    host_ip: str
    npu_topology_placement: str = ""
    resource_requirement: dict[str, str]


class WorkloadItem(CamelAnswer):
    """An unfinished job. Durations are seconds, the time of creation milliseconds; place 0: it does not queue."""

    api_version: str = "v1"
    kind: str = "Workload"
    type: str = "train"
    namespace: str = ""
    name: str
    job_name: str
    uid: str
    job_uuid: str = Field(serialization_alias="jobUUID")
    flavor: str
    status: str
    user_name: str
    resource_requirement: dict[str, str]
    priority: str
    running_duration: int
    pending_duration: int
    pending_position: int
    create_time: int
    gvk: str = ""
    host_ips: str
    nodes: list[WorkloadNode]


class WorkloadsResponse(CamelAnswer):
    """One page of workloads."""

    api_version: str = "v1"
    kind: str = "WorkloadList"
    items: list[WorkloadItem]


class WorkloadTypeCounts(CamelAnswer):
    """Workloads of one type, by status."""

    type: str = "train"
    total: int
    status: dict[str, int]


class WorkloadCounts(CamelAnswer):
    """Workloads by type."""

    total: int
    items: list[WorkloadTypeCounts]


class WorkloadStatisticsResponse(CamelAnswer):
    """Workloads by type and status."""

    statistics: WorkloadCounts


class MonitorDimension(CamelAnswer):
    """What a series is of."""

    name: str
    value: str


class MonitorMetric(CamelAnswer):
    """Which series."""

    dimensions: list[MonitorDimension]
    metric_name: str
    namespace: str


class MonitorStatistic(CamelAnswer):
    """One number; -1: no sample."""

    statistic: str
    value: float


class MonitorPoint(CamelAnswer):
    """What was at a time."""

    timestamp: int
    unit: str
    statistics: list[MonitorStatistic]


class MonitorSeries(CamelAnswer):
    """One series."""

    metric: MonitorMetric
    data_points: list[MonitorPoint]


class PoolMonitorResponse(CamelAnswer):
    """All series of a pool."""

    metrics: list[MonitorSeries]


class Amounts(CamelAnswer):
    """`tnt004`: accelerators."""

    cpu: str
    memory: str
    tnt004: str


class AllocatedAmounts(CamelAnswer):
    """What is given to jobs."""

    value: Amounts
    timestamp: str
    window: str = "1s"


class CapacityAmounts(CamelAnswer):
    """What the pool has."""

    value: Amounts
    max_value: Amounts
    all_value: Amounts
    all_max_value: Amounts
    timestamp: str
    window: str = "1s"


class AvailableAmounts(CamelAnswer):
    """What is left."""

    value: Amounts
    max_value: Amounts
    timestamp: str
    window: str = "1s"


class WorkloadSums(CamelAnswer):
    """Jobs by what they are."""

    infer: int = 0
    notebook: int = 0
    train: int
    warm_up_task: int = 0
    x_infer: int = Field(default=0, serialization_alias="x-infer")
    sum: int


class WorkloadAmounts(CamelAnswer):
    """The caller's jobs that have resources, and those that wait for them."""

    allocated: WorkloadSums
    queue: WorkloadSums
    timestamp: str
    window: str = "1s"


class MetricsTable(CamelAnswer):
    """How full a pool is."""

    allocated: AllocatedAmounts
    capacity: CapacityAmounts
    available: AvailableAmounts
    workload: WorkloadAmounts


class MetricsMetadata(CamelAnswer):
    """Which pool."""

    name: str
    labels: dict[str, str]


class MetricsItem(CamelAnswer):
    """How full one pool is."""

    table: MetricsTable
    metadata: MetricsMetadata


class RuntimeMetricsResponse(CamelAnswer):
    """How full the pools are."""

    api_version: str = "v1"
    kind: str = "MetricsList"
    items: list[MetricsItem]


class ResourceFlavorMetadata(CamelAnswer):
    """`name` is the flavor's id."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)


class ResourceFlavorCards(CamelAnswer):
    """Accelerators, all numbers as text."""

    type: str
    size: str
    memory: str
    card: str
    chip: str


class ResourceFlavorVolume(CamelAnswer):
    """Disk, in GiB."""

    volume_type: str
    size: str


class ResourceFlavorSpec(CamelAnswer):
    """The size of a node; memory in GiB."""

    type: str = "Dedicate"
    cpu_arch: str
    cpu: str
    memory: str
    gpu: ResourceFlavorCards | None = None
    npu: ResourceFlavorCards | None = None
    data_volume: list[ResourceFlavorVolume]
    billing_modes: list[int]
    billing_code: str
    job_flavors: list[str]


class ResourceFlavorStatus(CamelAnswer):
    """By place: `normal` or `soldout`."""

    phase: dict[str, str]


class ResourceFlavorItem(CamelAnswer):
    """A flavor of which pools are made."""

    api_version: str = "v1"
    kind: str = "ResourceFlavor"
    metadata: ResourceFlavorMetadata
    spec: ResourceFlavorSpec
    status: ResourceFlavorStatus


class ResourceFlavorsResponse(CamelAnswer):
    """One page of flavors."""

    api_version: str = "v1"
    kind: str = "ResourceFlavorList"
    metadata: ListMeta
    items: list[ResourceFlavorItem]
