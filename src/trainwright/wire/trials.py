"""Answers about hyperparameter search (contract §9)."""

from typing import Any

from trainwright.wire.model import AnswerModel


class SearchSetting(AnswerModel):
    """A setting of a search algorithm with its default, as text."""

    key: str
    value: str
    type: str


class SearchAlgorithm(AnswerModel):
    """One search algorithm."""

    name: str
    params: list[SearchSetting]
    description: str


class SearchAlgorithms(AnswerModel):
    """All of them."""

    search_algo_count: int
    search_algo_list: list[SearchAlgorithm]


class YamlTemplateGroup(AnswerModel):
    """Templates of one type, by name."""

    algorithm_type_en: str
    algorithm_type_zh: str
    algorithm_names: list[str]


class YamlTemplates(AnswerModel):
    """All types."""

    yaml_templates: list[YamlTemplateGroup]


class YamlTemplate(AnswerModel):
    """A file to start from."""

    file_name: str
    content: str


class Table(AnswerModel):
    """Rows under a header; cells are what they are."""

    header: list[str]
    data: list[list[Any]]


class Trials(AnswerModel):
    """One page of trials. `count` counts this page's rows."""

    total: int
    count: int
    limit: int
    offset: int
    group_by: str = ""
    items: Table


class EarlyStop(AnswerModel):
    """Which trial was stopped."""

    earlystop_trial: str


class ImagePath(AnswerModel):
    """Where a picture lies."""

    file_path: str
