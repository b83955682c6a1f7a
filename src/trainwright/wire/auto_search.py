"""Settings of a hyperparameter search (contract §9.2), in algorithms and in jobs. Null means "not given"."""

from typing import Annotated

from pydantic import Field

from trainwright.wire.model import RequestModel, ShortText

ITEMS_MAX = 100
VALUES_MAX = 1000


class RewardAttribute(RequestModel):
    """A metric read from the printed log: the first group of `regex` is a number, the last match counts."""

    name: ShortText | None = None
    mode: ShortText | None = None
    regex: str | None = Field(default=None, max_length=512)


class SearchParameter(RequestModel):
    """The values that one hyperparameter may take in the search; numbers are given as text."""

    name: ShortText | None = None
    param_type: ShortText | None = None
    lower_bound: ShortText | None = None
    upper_bound: ShortText | None = None
    discrete_points_num: ShortText | Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    discrete_values: Annotated[list[ShortText], Field(max_length=VALUES_MAX)] | ShortText | None = None


class SearchSetting(RequestModel):
    """One setting of a search algorithm."""

    key: ShortText | None = None
    value: ShortText | None = None
    type: ShortText | None = None


class SearchAlgorithmChoice(RequestModel):
    """A search algorithm by name, with its settings."""

    name: ShortText | None = None
    params: list[SearchSetting] | None = Field(default=None, max_length=ITEMS_MAX)


class AutoSearch(RequestModel):
    """A search: what is to be maximised or minimised, over what, and how. All empty means none."""

    skip_search_params: str | None = Field(default=None, max_length=65_536)
    reward_attrs: list[RewardAttribute] | None = Field(default=None, max_length=ITEMS_MAX)
    search_params: list[SearchParameter] | None = Field(default=None, max_length=ITEMS_MAX)
    algo_configs: list[SearchAlgorithmChoice] | None = Field(default=None, max_length=ITEMS_MAX)
