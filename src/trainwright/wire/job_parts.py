"""Parts that jobs, their roles and algorithms share: hyperparameters and channels (contract §3.3, §3.4)."""

from typing import Literal

from pydantic import Field

from trainwright.wire.model import COUNT_MAX, LongText, RequestModel, ResourceName, ShortText

ITEMS_MAX = 1000


class ConstraintRequest(RequestModel):
    """What a hyperparameter's value must fulfil."""

    type: ShortText | None = None
    editable: bool | None = None
    required: bool | None = None
    sensitive: bool | None = None
    valid_type: ShortText | None = None
    valid_range: list[ShortText] | None = Field(default=None, max_length=ITEMS_MAX)


class TranslatedDescription(RequestModel):
    """A description in a named language."""

    language: Literal["", "zh-cn", "en-us"] | None = None
    description: LongText | None = None


class ParameterRequest(RequestModel):
    """One hyperparameter. `value` is always text; without one the hyperparameter is not passed, unless it is a `flag`
    (ours): then as a bare `--name`.
    """

    name: ResourceName
    value: LongText | None = None
    flag: bool | None = None
    description: LongText | None = None
    constraint: ConstraintRequest | None = None
    i18n_description: TranslatedDescription | None = None


class ObsRequest(RequestModel):
    """A place in the object store."""

    obs_url: ShortText | None = None


class DatasetRequest(RequestModel):
    """A version of a registered dataset; without `version_id` the newest one. `obs_url` and `name` only describe."""

    id: ShortText | None = None
    version_id: ShortText | None = None
    obs_url: ShortText | None = None
    service_type: ShortText | None = None
    name: ShortText | None = None
    dataset_proportion: int | None = Field(default=None, ge=0, le=COUNT_MAX)


class JobOutputRequest(RequestModel):
    """What another job has written. `output`: the name of one of its outputs; may be left out when it has one only."""

    id: ShortText | None = None
    output: ShortText | None = None


class RemoteRequest(RequestModel):
    """Where a channel's bytes lie: `obs`, or for inputs `dataset`, or (ours) `job`."""

    obs: ObsRequest | None = None
    dataset: DatasetRequest | None = None
    job: JobOutputRequest | None = None


class RemoteConstraint(RequestModel):
    """What kind of data an input takes; it describes, nothing else."""

    data_type: ShortText | None = None
    attributes: LongText | None = None


class ChannelRequest(RequestModel):
    """One input or output channel. `local_dir` is the server's choice when absent."""

    name: ResourceName
    description: LongText | None = None
    local_dir: ShortText | None = None
    access_method: Literal["", "parameter", "env"] | None = None
    remote: RemoteRequest | None = None


class InputRequest(ChannelRequest):
    """One input channel."""

    remote_constraint: list[RemoteConstraint] | None = Field(default=None, max_length=ITEMS_MAX)


class OutputRequest(ChannelRequest):
    """One output channel. `prefetch_to_local`: download what lies there before the start."""

    prefetch_to_local: bool | None = None
