"""Answers about what is on offer: engines (§7.1), flavors (§7.2), the backend (ours)."""

from pydantic import Field

from trainwright.wire.model import AnswerModel


class ImageInfo(AnswerModel):
    """What a job can name as `image_url` instead of the engine; it stands for the engine's Python environment."""

    cpu_image_url: str = ""
    gpu_image_url: str = ""
    image_version: str = ""


class EngineItem(AnswerModel):
    """One preset AI framework. `description`, `requirements` and `aliases` are ours: `aliases` are names and versions
    that it stands in for, `*` in them for any text.
    """

    engine_id: str
    engine_name: str
    engine_version: str
    v1_compatible: bool = False
    run_user: str = ""
    image_info: ImageInfo = Field(default_factory=ImageInfo)
    description: str = ""
    requirements: list[str] = Field(default_factory=list)
    aliases: list[str] = Field(default_factory=list)


class EnginesResponse(AnswerModel):
    """All engines; not paged."""

    total: int
    items: list[EngineItem]


class Billing(AnswerModel):
    """Nothing is billed here; the contract wants the fields."""

    code: str
    unit_num: int


class CpuInfo(AnswerModel):
    """CPUs of a flavor."""

    arch: str
    core_num: int


class AcceleratorInfo(AnswerModel):
    """GPUs of a flavor."""

    unit_num: int
    product_name: str
    memory: str


class NpuInfo(AnswerModel):
    """NPUs of a flavor; `unit_num` is text in the contract."""

    unit_num: str
    product_name: str
    memory: str


class SizeInfo(AnswerModel):
    """A size in `unit`."""

    size: int
    unit: str = "GB"


class FlavorInfo(AnswerModel):
    """What one node of the flavor has. `gpu` and `npu` are left out where there are none."""

    max_num: int
    cpu: CpuInfo
    gpu: AcceleratorInfo | None = None
    npu: NpuInfo | None = None
    memory: SizeInfo
    disk: SizeInfo | None = None


class FlavorItem(AnswerModel):
    """One size of node. `max_num`: how many of them a job may have; `support_engines`: ids as JSON text; `aliases`
    (ours): other names that jobs may give for it.
    """

    flavor_id: str
    flavor_name: str
    flavor_type: str
    max_num: int
    billing: Billing
    flavor_info: FlavorInfo
    pool_id: str = ""
    support_engines: str = "[]"
    support_groups: str = "public"
    attributes: dict[str, str] = Field(default_factory=dict)
    aliases: list[str] = Field(default_factory=list)


class MaxResourcesResponse(AnswerModel):
    """What one node of a flavor has in a pool; memory in GB."""

    cpu_core_num: int
    mem_size: int


class FlavorsResponse(AnswerModel):
    """All flavors of the asked type."""

    total_count: int
    flavors: list[FlavorItem]


class ResourceAmounts(AnswerModel):
    """What a backend has or has free. `disk_mib` 0: not limited."""

    cpus: float
    memory_mib: int
    accelerators: int
    accelerator_kind: str
    disk_mib: int


class BackendItem(AnswerModel):
    """One backend. `launcher` is `sandbox` or `process`; `launcher_note` says why."""

    name: str
    launcher: str
    launcher_note: str
    total: ResourceAmounts
    free: ResourceAmounts
    queued: int
    running: int


class BackendsResponse(AnswerModel):
    """All backends."""

    backends: list[BackendItem]


class Health(AnswerModel):
    """Answer of `/health`."""

    status: str
    version: str
