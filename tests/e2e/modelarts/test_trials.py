"""Hyperparameter search: what is listed, and what is refused until searches are executed."""

from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import Platform
from tests.e2e.modelarts.shapes import AUTO_SEARCH, PARAMETERS


@covers("show_search_algorithms", answers="*")
def test_the_three_search_algorithms_with_their_defaults(api: Caller) -> None:
    """Guards the table that the console fills its form from."""
    answer = api.call("show_search_algorithms")
    algorithms = {one.name: {p.key: p.value for p in one.params} for one in answer.search_algo_list}
    assert answer.search_algo_count == len(algorithms)
    assert algorithms["bayes_opt_search"] == {
        "kind": "ucb",
        "kappa": "2.5",
        "xi": "0.0",
        "num_samples": "20",
        "seed": "1",
    }
    assert algorithms["tpe_search"] == {
        "gamma": "0.25",
        "n_initial_points": "20",
        "num_samples": "20",
        "seed": "1",
    }
    assert algorithms["anneal_search"] == {
        "avg_best_idx": "2.0",
        "shrink_coef": "0.1",
        "num_samples": "20",
        "seed": "1",
    }


@covers("show_auto_search_yaml_templates_info", answers="*")
@covers("show_auto_search_yaml_template_content", answers="*")
def test_yaml_templates_are_not_taken_for_a_job(api: Caller) -> None:
    """Guards the list, each of its templates, and the route order."""
    templates = api.call("show_auto_search_yaml_templates_info").yaml_templates
    assert templates and "training-jobs" not in str(templates)
    for group in templates:
        assert group.algorithm_type_en and group.algorithm_type_zh
        for name in group.algorithm_names:
            one = api.call(
                "show_auto_search_yaml_template_content",
                algorithm_type=group.algorithm_type_en,
                algorithm_name=name,
            )
            assert one.file_name.endswith((".yaml", ".yml")) and one.content
    api.refused("show_auto_search_yaml_template_content", algorithm_type="hpo", algorithm_name="Nothing")


@covers("show_auto_search_trials", refused_with="ModelArts.2858")
@covers("show_auto_search_per_trial", refused_with="ModelArts.2858")
@covers("show_auto_search_trial_early_stop", refused_with="ModelArts.2858")
@covers("show_auto_search_params_analysis", refused_with="ModelArts.2858")
@covers("show_auto_search_param_analysis_result_path", refused_with="ModelArts.2858")
def test_no_job_has_trials_yet(api: Caller, finished: Any) -> None:
    """Guards the answer until searches are executed: no job is one."""
    job = finished.metadata.id
    for call, more in (
        ("show_auto_search_trials", {"limit": 50, "offset": 0}),
        ("show_auto_search_per_trial", {"trial_id": "0a1b2c3d"}),
        ("show_auto_search_trial_early_stop", {"trial_id": "0a1b2c3d"}),
        ("show_auto_search_params_analysis", {}),
        ("show_auto_search_param_analysis_result_path", {"parameter_name": "lr"}),
    ):
        api.refused(call, "ModelArts.2858", training_job_id=job, **more)
        api.refused(call, "ModelArts.2775", training_job_id="never-was", **more)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no such parameter": (
        {"search_params": [AUTO_SEARCH["search_params"][0] | {"name": "nobody"}]},
        "ModelArts.2826",
    ),
    "bounds reversed": (
        {"search_params": [AUTO_SEARCH["search_params"][0] | {"lower_bound": "1", "upper_bound": "0"}]},
        "ModelArts.2826",
    ),
    "unknown algorithm": ({"algo_configs": [{"name": "guess", "params": []}]}, "ModelArts.2826"),
    "bad expression": ({"reward_attrs": [{"name": "a", "mode": "max", "regex": "("}]}, "ModelArts.2826"),
    "no reward": ({"reward_attrs": []}, "ModelArts.2826"),
    "reward twice": ({"reward_attrs": AUTO_SEARCH["reward_attrs"] * 2}, "ModelArts.2824"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_search_is_validated_before_it_is_refused(api: Caller, platform: Platform, what: str) -> None:
    """Guards the codes of a wrong search: they are told even where searches are not executed."""
    change, code = WRONG[what]
    body = platform.job(
        platform.unique("search"), parameters=PARAMETERS, policies={"auto_search": AUTO_SEARCH | change}
    )
    api.refused("create_training_job", code, body=body)


def test_a_regular_expression_cannot_hang_the_server(api: Caller, platform: Platform) -> None:
    """Guards against expressions that take for ever, and against those too long."""
    for regex in ("(a+)+$" * 20, "x" * 513):
        search = AUTO_SEARCH | {"reward_attrs": [{"name": "a", "mode": "max", "regex": regex}]}
        body = platform.job(platform.unique("hang"), parameters=PARAMETERS, policies={"auto_search": search})
        api.refused("create_training_job", body=body)
