"""Parts of a training job that only other kinds of job have: roles of their own (contract §3.7; our additions are named
as in facts/octopus.md §1), fine-tuning (§3.1).
"""

from typing import Annotated, Literal

from pydantic import Field

from trainwright.wire.job_parts import InputRequest, ObsRequest, OutputRequest, ParameterRequest
from trainwright.wire.model import COUNT_MAX, LongText, RequestModel, ShortText

ITEMS_MAX = 100

Inputs = Annotated[list[InputRequest], Field(max_length=ITEMS_MAX)]
Outputs = Annotated[list[OutputRequest], Field(max_length=ITEMS_MAX)]


class RoleEngine(RequestModel):
    """The engine or image of a role."""

    engine_id: ShortText | None = None
    engine_name: ShortText | None = None
    engine_version: ShortText | None = None
    image_url: ShortText | None = None
    run_user: ShortText | None = None


class RoleSettings(RequestModel):
    """Hyperparameters, channels and engine of a role."""

    parameters: list[ParameterRequest] | None = Field(default=None, max_length=ITEMS_MAX)
    inputs: Inputs | None = None
    outputs: Outputs | None = None
    engine: RoleEngine | None = None


class RoleAlgorithm(RequestModel):
    """What a role runs."""

    job_config: RoleSettings | None = None
    code_dir: ShortText | None = None
    boot_file: ShortText | None = None
    engine: RoleEngine | None = None
    inputs: Inputs | None = None
    outputs: Outputs | None = None
    local_code_dir: ShortText | None = None
    working_dir: ShortText | None = None
    environments: dict[str, str] | None = None


class RoleResource(RequestModel):
    """Nodes of a role. Flavor and pool of `spec.resource` where it names none."""

    flavor_id: ShortText | None = None
    node_count: int = Field(ge=1, le=COUNT_MAX)
    pool_id: ShortText | None = None


class RoleParameter(RequestModel):
    """Appended to the role's command as `--name=value`, unquoted; one without name or value is left out."""

    name: ShortText | None = None
    value: LongText | None = None


class JobRoleRequest(RequestModel):
    """One role of a heterogeneous job. What it does not give is taken from the job's `algorithm` and `spec`.

    The fields after `log_export_path` are ours. A role has succeeded with `minSucceededTaskCount` of its tasks (all, if
    absent), and failed with `minFailedTaskCount` (1); a main role decides the job.
    """

    role: ShortText | None = None
    algorithm: RoleAlgorithm | None = None
    task_resource: RoleResource | None = None
    log_export_path: ObsRequest | None = None
    command: LongText | None = None
    parameters: list[RoleParameter] | None = Field(default=None, max_length=ITEMS_MAX)
    environments: dict[str, str] | None = None
    minSucceededTaskCount: int | None = Field(default=None, ge=1, le=COUNT_MAX)
    minFailedTaskCount: int | None = Field(default=None, ge=1, le=COUNT_MAX)
    isMainRole: bool | None = None


class TuningVariable(RequestModel):
    """A variable of a fine-tuning job."""

    label: ShortText | None = None
    des: LongText | None = None
    env_name: ShortText | None = None
    env_type: ShortText | None = None
    value: LongText | None = None
    modifiable: bool | None = None
    displayable: bool | None = None
    used_steps: list[ShortText] | None = Field(default=None, max_length=ITEMS_MAX)


class TuningEnvironment(RequestModel):
    """Variables of a fine-tuning job."""

    envs: list[TuningVariable] | None = Field(default=None, max_length=ITEMS_MAX)


class CheckpointConfig(RequestModel):
    """How a fine-tuning job keeps checkpoints: 0 none, -1 without limit."""

    checkpoint_id: ShortText | None = None
    save_checkpoints_max: int | None = Field(default=None, ge=-1, le=COUNT_MAX)
    skipped_steps: int | None = Field(default=None, ge=0, le=COUNT_MAX)
    restore_training: Literal[0, 1] | None = None


class TuningRequest(RequestModel):
    """`ftjob_config`: what a fine-tuning job is made of."""

    ft_job_uuid: ShortText | None = None
    ft_train_type: ShortText | None = None
    model_type: ShortText | None = None
    train_output_path: ShortText | None = None
    train_process: float | None = None
    checkpoint_id: ShortText | None = None
    task_env: TuningEnvironment | None = None
    checkpoint_config: CheckpointConfig | None = None
