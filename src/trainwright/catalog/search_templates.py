"""YAML files to begin a search with, one for each algorithm (contract §9.6). Ours; the cloud's are not public."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trainwright.domain.texts import Text


@dataclass(frozen=True, slots=True)
class TemplateGroup:
    """Templates of one type: what it is called, and the text of each by the algorithm's name."""

    title: Text
    templates: Mapping[str, str]


def _hpo(comment: str, algorithm: str, *settings: str, discrete: bool = False) -> str:
    lines = [f"    {line}" for line in settings]
    space = (
        ["  - name: lr", "    type: DISCRETE", "    values: [0.001, 0.01, 0.1]"]
        if discrete
        else ["  - name: lr", "    type: CONTINUOUS_PARAM", "    start: 0.001", "    stop: 0.1"]
    )
    return "\n".join(
        [
            f"# {comment}",
            "general:",
            "  instance_per_trial: 1",
            "search_space:",
            *space,
            "search_algorithm:",
            f"  type: {algorithm}",
            *(["  params:", *lines] if lines else []),
            "  reward_attr: accuracy",
            "  mode: max",
            "  regex: 'accuracy=([0-9.]+)'",
            "",
        ]
    )


SEARCH_TEMPLATES: Mapping[str, TemplateGroup] = MappingProxyType(
    {
        "hpo": TemplateGroup(
            Text("hpo", "超参搜索"),
            MappingProxyType(
                {
                    "Anneal": _hpo(
                        "Simulated annealing: samples near the best trials so far, ever closer.",
                        "anneal_search",
                        "num_samples: 20",
                        "avg_best_idx: 2.0",
                        "shrink_coef: 0.1",
                    ),
                    "Bayes": _hpo(
                        "Bayesian optimisation: a model of the reward chooses the next trial.",
                        "bayes_opt_search",
                        "num_samples: 20",
                        "kind: ucb",
                        "kappa: 2.5",
                        "xi: 0.0",
                    ),
                    "DragonFly": _hpo(
                        "Bayesian optimisation for many hyperparameters.",
                        "dragonfly_search",
                        "num_samples: 20",
                    ),
                    "FixNorm": _hpo(
                        "A search over learning rate and weight decay together.",
                        "fixnorm_search",
                        "num_samples: 20",
                    ),
                    "GridSearch": _hpo("Every combination once.", "grid_search", discrete=True),
                    "TPE": _hpo(
                        "Tree of Parzen estimators: tells good regions from bad ones.",
                        "tpe_search",
                        "num_samples: 20",
                        "n_initial_points: 20",
                        "gamma: 0.25",
                    ),
                }
            ),
        ),
        "nas": TemplateGroup(Text("nas", "网络结构搜索"), MappingProxyType({})),
        "augment": TemplateGroup(Text("augment", "数据增强"), MappingProxyType({})),
        "compression": TemplateGroup(Text("compression", "模型压缩"), MappingProxyType({})),
    }
)
