"""What a job is to do, frozen at creation: one `LaunchSpec`, wherever the job came from.

Paths called `local_path` are the paths a job sees under the sandbox launcher; under the process launcher the runner
prefixes them with the task's own root folder (docs/design/runner.md).
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Immutable; stored blobs are read leniently, so unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Resources(Frozen):
    """What one task (node) needs of a machine. `disk_mib` 0 means no limit."""

    cpus: float = Field(gt=0)
    memory_mib: int = Field(gt=0)
    accelerators: int = 0
    accelerator_kind: Literal["", "gpu", "npu"] = ""
    disk_mib: int = 0


class PassAs(StrEnum):
    """How a channel's local path reaches the script."""

    ARGUMENT = "argument"  # --name=<local path>
    ENVIRONMENT = "environment"  # variable `name`


class Channel(Frozen):
    """A named input or output of a job. `uri` is always in the form `obs://bucket/key`."""

    name: str
    uri: str
    local_path: str
    pass_as: PassAs = PassAs.ARGUMENT
    prefetch: bool = False  # outputs only: download what is there before the start
    dataset_version_id: str = ""  # inputs only: exactly the objects of this version's manifest, checked


class CodeSpec(Frozen):
    """The code folder. It is laid at `local_path`, which already ends in the folder's own name."""

    uri: str
    local_path: str


class Distribution(StrEnum):
    """How an engine's boot file is started on several nodes (facts/modelarts-runtime-facts.md §3)."""

    NONE = ""  # once per node, nothing added
    PYTORCH = "pytorch"  # once per node with --init_method --rank --world_size
    TENSORFLOW = "tensorflow"  # roles ps and worker with their arguments, and TF_CONFIG
    MPI = "mpi"  # mpirun on worker-0 over all hosts
    ASCEND = "ascend"  # once per device, with the rank table


class EngineSpec(Frozen):
    """A preset AI framework, resolved from the catalogue.

    `requirements` empty and `interpreter` set: an existing interpreter. Otherwise the runner makes a virtual
    environment from `requirements` with `interpreter` (empty: the one that runs the runner) on first use.
    """

    engine_id: str
    name: str
    version: str
    interpreter: str = ""
    requirements: tuple[str, ...] = ()
    pip_options: tuple[str, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    distribution: Distribution = Distribution.NONE


class ImageSpec(Frozen):
    """The image that tasks run in. `path`: a folder or archive on the nodes; `uri`: an archive in the object store; one
    of them is set. `environment` and `working_dir` go before what the image itself says.
    """

    name: str
    path: str = ""
    uri: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    working_dir: str = ""


class BootFile(Frozen):
    """Start `path` (relative to the code folder) with the engine's interpreter and the job's arguments."""

    kind: Literal["boot_file"] = "boot_file"
    path: str


class ShellCommand(Frozen):
    """Start `line` with `bash -c`; nothing is appended to it."""

    kind: Literal["shell"] = "shell"
    line: str


class Parameter(Frozen):
    """One hyperparameter, handed over as `--name=value`, text unchanged; as a bare `--name` when it is a flag."""

    name: str
    value: str
    is_flag: bool = False

    @property
    def argument(self) -> str:
        """As the command is given it."""
        return f"--{self.name}" if self.is_flag else f"--{self.name}={self.value}"


class MetricRule(Frozen):
    """A training metric that is read from the log: `regex` (RE2) finds a number, and perhaps its step, in a line."""

    name: str
    regex: str


class Work(Frozen):
    """What tasks are given and run: of the whole job, or of one role that has its own."""

    engine: EngineSpec | None = None
    image: ImageSpec | None = None  # with an engine, that says only how boot files are started
    code: CodeSpec | None = None
    inputs: tuple[Channel, ...] = ()
    outputs: tuple[Channel, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    working_dir: str = ""  # empty: the code folder's parent for a boot file, home otherwise
    log_export_uri: str = ""
    metrics: tuple[MetricRule, ...] = ()


class CheckpointPolicy(Frozen):
    """Which checkpoints of the outputs are kept. 0 and empty: all of them.

    Kept are the newest `keep_last` and, with a `metric` in their names, the best `keep_best` by it.
    """

    keep_last: int = 0
    keep_best: int = 0
    metric: str = ""
    smaller_is_better: bool = True


class RoleSpec(Frozen):
    """A kind of node in a job.

    `min_failed` failures fail the role, `min_succeeded` successes complete it; 0 for `min_succeeded` means all.
    `work`: what it has of its own instead of the launch's. `processes`: of the user's command per node, under the
    Ascend distribution; 0: one for each accelerator.
    """

    name: str
    replicas: int = Field(ge=1)
    resources: Resources
    flavor_id: str
    command: BootFile | ShellCommand = Field(discriminator="kind")
    min_succeeded: int = 0
    min_failed: int = 1
    main: bool = False
    work: Work | None = None
    processes: int = 0

    def task_names(self) -> tuple[str, ...]:
        """`worker-0`, `worker-1`, … in order."""
        return tuple(f"{self.name}-{index}" for index in range(self.replicas))


class LaunchSpec(Work):
    """Everything needed to run a job, for ever. Nothing after creation asks where it came from."""

    job_id: str
    job_name: str
    project_id: str
    roles: tuple[RoleSpec, ...] = Field(min_length=1)
    max_run_s: int = 0  # 0: no limit
    priority: int = Field(default=1, ge=1, le=3)
    retry_budget: int = 0
    retry_unconditional: bool = False
    upload_period_s: int = 30
    grace_s: int = 30
    pool_id: str = ""  # empty: the public pool
    preemptible: bool = False  # where its pool allows pre-emption
    precheck: bool = False  # check the node before anything else
    retry_hang: bool = False  # start processes again in place, then the job, when it hangs
    process_retries: int = (
        0  # how often processes of all tasks are started again in place after one has failed
    )
    reserve_s: int = 0  # keep the environment so long after a failure
    checkpoints: CheckpointPolicy | None = None
    model_name: str = ""  # register what output `MODEL_CHANNEL` holds under this name after success

    def work_of(self, role: RoleSpec) -> Work:
        """What the tasks of `role` are given and run."""
        return role.work or self

    def main_role(self) -> RoleSpec:
        """The role that stands for the job where there is room for one: the first main one, or the first."""
        return next((role for role in self.roles if role.main), self.roles[0])

    def all_inputs(self) -> tuple[Channel, ...]:
        """Inputs of all roles, each uri and place once."""
        return tuple(dict.fromkeys(c for role in self.roles for c in self.work_of(role).inputs))

    def all_outputs(self) -> tuple[Channel, ...]:
        """Outputs of all roles, each uri and place once."""
        return tuple(dict.fromkeys(c for role in self.roles for c in self.work_of(role).outputs))

    def task_names(self) -> tuple[str, ...]:
        """All tasks, roles in order, replicas in order."""
        return tuple(name for role in self.roles for name in role.task_names())


MODEL_CHANNEL = "model"
"""Name of the output that a job's model is registered from; it lies at `/model`."""


def attempt_key(job_id: str, number: int) -> str:
    """The name of one attempt everywhere: on the backend, in reports, in folder names. `number` starts at 1."""
    return f"{job_id}-a{number}"


def attempt_of(key: str) -> tuple[str, int]:
    """The job's id and the number that `attempt_key` made `key` of. Raises ValueError for any other text."""
    job_id, _, number = key.rpartition("-a")
    return job_id, int(number)
