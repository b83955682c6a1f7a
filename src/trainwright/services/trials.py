"""Hyperparameter search (contract §9): what is known of it without running one.

No job of this server searches yet: whatever asks for the trials of one is refused, after the job is known to exist.
"""

from typing import NoReturn

from trainwright.catalog.search_settings import SEARCH_ALGORITHMS
from trainwright.catalog.search_templates import SEARCH_TEMPLATES
from trainwright.domain.errors import NotASearch, TemplateNotFound
from trainwright.domain.texts import Language, Text
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.reading import check_member, scope_of
from trainwright.wire.trials import (
    SearchAlgorithm,
    SearchAlgorithms,
    SearchSetting,
    YamlTemplate,
    YamlTemplateGroup,
    YamlTemplates,
)

_ABOUT = {
    "bayes_opt_search": Text(
        "Bayesian optimisation: a model of the reward chooses the next trial.",
        "贝叶斯优化：利用对指标建立的模型选择下一次 trial。",
    ),
    "tpe_search": Text(
        "Tree of Parzen estimators: tells good regions from bad ones.",
        "TPE：区分优劣区域并在优势区域采样。",
    ),
    "anneal_search": Text(
        "Simulated annealing: samples near the best trials so far, ever closer.",
        "模拟退火：在当前最优 trial 附近逐步收缩采样。",
    ),
}


def search_algorithms(language: Language) -> SearchAlgorithms:
    """The search algorithms with their settings and defaults."""
    found = [
        SearchAlgorithm(
            name=name,
            params=[
                SearchSetting(key=setting.key, value=setting.default, type=setting.type)
                for setting in settings
            ],
            description=_ABOUT[name].render(language, {}),
        )
        for name, settings in SEARCH_ALGORITHMS.items()
    ]
    return SearchAlgorithms(search_algo_count=len(found), search_algo_list=found)


def yaml_templates() -> YamlTemplates:
    """The types of templates with the names of each."""
    return YamlTemplates(
        yaml_templates=[
            YamlTemplateGroup(
                algorithm_type_en=group.title.render(Language.EN, {}),
                algorithm_type_zh=group.title.render(Language.ZH, {}),
                algorithm_names=list(group.templates),
            )
            for group in SEARCH_TEMPLATES.values()
        ]
    )


def yaml_template(kind: str, name: str) -> YamlTemplate:
    """One template.

    Raises:
        TemplateNotFound: no such type, or none of that name in it.
    """
    group = SEARCH_TEMPLATES.get(kind)
    content = group.templates.get(name) if group else None
    if content is None:
        raise TemplateNotFound(type=kind, name=name)
    return YamlTemplate(file_name=f"{name.lower()}.yaml", content=content)


async def refuse(ctx: Services, who: Principal, job_id: str) -> NoReturn:
    """What every question about trials comes to.

    Raises:
        JobNotFound: no such job for the caller.
        NotASearch: it searches for nothing.
    """
    await ctx.blocking(_check, ctx, who, job_id)
    raise NotASearch(job=job_id)


def _check(ctx: Services, who: Principal, job_id: str) -> None:
    with ctx.units(scope_of(who), write=False) as uow:
        check_member(uow, who, uow.jobs.get(job_id).workspace_id)
