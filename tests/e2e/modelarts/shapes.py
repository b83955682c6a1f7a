"""Request parts that several tests send, and what it means that an answer holds them."""

from typing import Any

AUTO_SEARCH: dict[str, Any] = {
    "skip_search_params": "lr",
    "reward_attrs": [{"name": "accuracy", "mode": "max", "regex": r"accuracy: (\d+\.\d+)"}],
    "search_params": [
        {
            "name": "lr",
            "param_type": "continuous",
            "lower_bound": "0.001",
            "upper_bound": "0.1",
            "discrete_points_num": "5",
            "discrete_values": [],
        },
        {"name": "layers", "param_type": "discrete", "discrete_values": ["2", "4"]},
    ],
    "algo_configs": [
        {
            "name": "bayes_opt_search",
            "params": [
                {"key": "num_samples", "value": "3", "type": "Integer"},
                {"key": "kind", "value": "ucb", "type": "String"},
            ],
        }
    ],
}

PARAMETERS: list[dict[str, Any]] = [
    {"name": "lr", "value": "0.01", "constraint": {"type": "Float"}},
    {"name": "layers", "value": "2", "constraint": {"type": "Integer"}},
]

PARAMETER: dict[str, Any] = {
    "name": "lr",
    "value": "0.01",
    "description": "the step",
    "constraint": {
        "type": "Float",
        "editable": True,
        "required": True,
        "sensitive": False,
        "valid_type": "None",
        "valid_range": ["0.0"],
    },
    "i18n_description": {"language": "en-us", "description": "the step"},
}

TUNING: dict[str, Any] = {
    "ft_job_uuid": "11111111-2222-3333-4444-555555555555",
    "ft_train_type": "SFT",
    "model_type": "llm",
    "train_output_path": "obs://proof/tuned/",
    "train_process": 0.5,
    "checkpoint_id": "c-1",
    "task_env": {
        "envs": [
            {
                "label": "rate",
                "des": "the rate",
                "env_name": "RATE",
                "env_type": "float",
                "value": "0.1",
                "modifiable": True,
                "displayable": True,
                "used_steps": ["train"],
            }
        ]
    },
    "checkpoint_config": {
        "checkpoint_id": "c-1",
        "save_checkpoints_max": 2,
        "skipped_steps": 1,
        "restore_training": 1,
    },
}
"""The configuration of a fine-tuning job, with every field the client knows."""


def holds(asked: Any, shown: Any) -> bool:
    """Whether an answer shows everything a request said, and in the same words. It may show more.

    Raises:
        AssertionError: at the first thing it does not, naming it.
    """
    _holds(asked, shown, "")
    return True


def _holds(asked: Any, shown: Any, path: str) -> None:
    if isinstance(asked, dict):
        assert isinstance(shown, dict), f"{path}: {shown!r} for {asked!r}"
        for key, value in asked.items():
            if value is not None:
                assert key in shown, f"{path}.{key} is not shown; asked for {value!r}"
                _holds(value, shown[key], f"{path}.{key}")
    elif isinstance(asked, list):
        assert isinstance(shown, list) and len(shown) == len(asked), f"{path}: {shown!r} for {asked!r}"
        for index, (one, other) in enumerate(zip(asked, shown, strict=True)):
            _holds(one, other, f"{path}[{index}]")
    else:
        assert asked == shown, f"{path}: {shown!r} for {asked!r}"
