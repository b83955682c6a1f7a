"""The settings of a hyperparameter search, in jobs and in algorithms."""

import copy
from typing import Any

import pytest

from trainwright.catalog.search_settings import SEARCH_ALGORITHMS, check, discrete_values, is_none
from trainwright.domain.errors import SearchRewardRepeated, SearchSettingsInvalid
from trainwright.wire.auto_search import AutoSearch, SearchParameter

FIELD = "algorithm.policies.auto_search"
GOOD: dict[str, Any] = {
    "skip_search_params": "",
    "reward_attrs": [{"name": "acc", "mode": "max", "regex": r"accuracy=([0-9.]+)"}],
    "search_params": [
        {"name": "lr", "param_type": "continuous", "lower_bound": "0.01", "upper_bound": "0.1"},
        {"name": "size", "param_type": "discrete", "discrete_values": ["16", "32"]},
    ],
    "algo_configs": [
        {
            "name": "bayes_opt_search",
            "params": [
                {"key": "num_samples", "value": "2", "type": "Integer"},
                {"key": "kind", "value": "ei", "type": "String"},
                {"key": "kappa", "value": "2.5", "type": "Float"},
            ],
        }
    ],
}


def settings(path: str = "", value: Any = None) -> AutoSearch:
    """The good ones with the value at `path`, such as `reward_attrs.0.mode`, replaced."""
    raw = copy.deepcopy(GOOD)
    if path:
        *parents, leaf = (int(part) if part.isdigit() else part for part in path.split("."))
        part: Any = raw
        for name in parents:
            part = part[name]
        part[leaf] = value
    return AutoSearch.model_validate(raw)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", None),
        ("reward_attrs.0.regex", "10.0"),
        ("search_params.0.param_type", None),
        ("search_params.0.discrete_points_num", "5"),
        ("search_params.0.discrete_points_num", 5),
        ("search_params.0.discrete_points_num", ""),
        ("search_params.1.param_type", None),
        ("search_params.1.discrete_values", "16,32"),
        ("algo_configs", None),
        ("algo_configs.0.params", None),
        ("algo_configs.0.params.0.type", None),
    ],
)
def test_settings_that_make_sense(path: str, value: Any) -> None:
    """Guards what the contract, the samples of the reference and the answers of this server hold."""
    check(settings(path, value), ["lr", "size"], FIELD)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("reward_attrs", [], "reward_attrs"),
        ("reward_attrs.0.name", "", "reward_attrs[0].name"),
        ("reward_attrs.0.mode", "best", "reward_attrs[0].mode"),
        ("reward_attrs.0.mode", None, "reward_attrs[0].mode"),
        ("reward_attrs.0.regex", "", "reward_attrs[0].regex"),
        ("reward_attrs.0.regex", "acc=(", "reward_attrs[0].regex"),
        ("reward_attrs.0.regex", "(a)(?=b)", "reward_attrs[0].regex"),
        ("search_params", None, "search_params"),
        ("algo_configs", [], "algo_configs"),
        ("search_params.0.name", None, "search_params[0].name"),
        ("search_params.0.name", "momentum", "search_params[0].name"),
        ("search_params.1.name", "lr", "search_params[1].name"),
        ("search_params.0.param_type", "log", "search_params[0].param_type"),
        ("search_params.0.lower_bound", "0.5", "search_params[0].upper_bound"),
        ("search_params.0.lower_bound", "0.1", "search_params[0].upper_bound"),
        ("search_params.0.lower_bound", "", "search_params[0].lower_bound"),
        ("search_params.0.upper_bound", "inf", "search_params[0].upper_bound"),
        ("search_params.0.upper_bound", "much", "search_params[0].upper_bound"),
        ("search_params.0.discrete_points_num", "0", "search_params[0].discrete_points_num"),
        ("search_params.1.discrete_values", [], "search_params[1].discrete_values"),
        ("algo_configs.0.name", "grid_search", "algo_configs[0].name"),
        ("algo_configs.0.name", None, "algo_configs[0].name"),
        ("algo_configs.0.params.0.key", "samples", "algo_configs[0].params[0].key"),
        ("algo_configs.0.params.1.key", "num_samples", "algo_configs[0].params[1].key"),
        ("algo_configs.0.params.0.value", "0", "algo_configs[0].params[0].value"),
        ("algo_configs.0.params.0.value", "many", "algo_configs[0].params[0].value"),
        ("algo_configs.0.params.0.value", "", "algo_configs[0].params[0].value"),
        ("algo_configs.0.params.1.value", "ucbx", "algo_configs[0].params[1].value"),
        ("algo_configs.0.params.2.value", "nan", "algo_configs[0].params[2].value"),
    ],
)
def test_settings_that_make_no_sense(path: str, value: Any, field: str) -> None:
    """Guards that a search that could not run is refused when it is asked for, by its field."""
    with pytest.raises(SearchSettingsInvalid) as refused:
        check(settings(path, value), ["lr", "size"], FIELD)
    assert refused.value.slots["field"] == f"{FIELD}.{field}"


def test_a_metric_is_there_once() -> None:
    """Guards the contract's own code for metrics of the same name."""
    with pytest.raises(SearchRewardRepeated):
        check(settings("reward_attrs", GOOD["reward_attrs"] * 2), None, FIELD)


def test_hyperparameters_may_come_later() -> None:
    """Guards the reference's sample, whose algorithm leaves the searched hyperparameter to the job."""
    check(settings("search_params.0.name", "momentum"), None, FIELD)


@pytest.mark.parametrize("raw", [{}, {"reward_attrs": [], "search_params": None}, {"skip_search_params": ""}])
def test_no_search(raw: dict[str, Any]) -> None:
    """Guards empty settings, which mean none."""
    assert is_none(AutoSearch.model_validate(raw))
    check(AutoSearch.model_validate(raw), [], FIELD)
    check(None, [], FIELD)


def test_discrete_values_as_text() -> None:
    """Guards values that come back as algorithm answers spell them."""
    assert discrete_values(SearchParameter(name="n", discrete_values="16, 32,")) == ["16", "32"]


def test_defaults_fit_their_algorithms() -> None:
    """Guards the table of algorithms: their own defaults are acceptable."""
    for name, known in SEARCH_ALGORITHMS.items():
        params = [{"key": one.key, "value": one.default, "type": one.type} for one in known]
        check(settings("algo_configs", [{"name": name, "params": params}]), None, FIELD)
