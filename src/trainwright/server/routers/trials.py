"""Hyperparameter search: algorithms, trials, analysis, templates (contract §9)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from trainwright.domain.access import Action
from trainwright.ports.identity import Principal
from trainwright.server.answers import answer_model
from trainwright.server.dependencies import JobId, LanguageDep, ServicesDep, needs
from trainwright.services import trials
from trainwright.wire.trials import (
    EarlyStop,
    ImagePath,
    SearchAlgorithms,
    Table,
    Trials,
    YamlTemplate,
    YamlTemplates,
)

router = APIRouter(prefix="/v2/{project_id}", tags=["trials"])

MayGet = Annotated[Principal, needs(Action.JOB_GET)]
MayStop = Annotated[Principal, needs(Action.JOB_STOP)]
MayList = Annotated[Principal, needs(Action.ALGORITHM_LIST)]
TrialId = Annotated[str, Path(description="Id of a trial, from their list.")]
_JOB = "/training-jobs/{training_job_id}"
_TEMPLATES = "/training-jobs/autosearch/yaml-templates"


@router.get("/search-algorithms", operation_id="show_search_algorithms", response_model=SearchAlgorithms)
async def list_algorithms(_who: MayList, language: LanguageDep) -> Response:
    """The search algorithms with their settings and defaults."""
    return answer_model(trials.search_algorithms(language))


@router.get(_TEMPLATES, operation_id="show_auto_search_yaml_templates_info", response_model=YamlTemplates)
async def list_templates(_who: MayList) -> Response:
    """Names of the YAML files to begin a search with."""
    return answer_model(trials.yaml_templates())


@router.get(
    _TEMPLATES + "/{algorithm_type}/{algorithm_name}",
    operation_id="show_auto_search_yaml_template_content",
    response_model=YamlTemplate,
)
async def show_template(
    algorithm_type: Annotated[str, Path(description="Such as hpo.")],
    algorithm_name: Annotated[str, Path(description="Such as TPE.")],
    _who: MayList,
) -> Response:
    """One of these files."""
    return answer_model(trials.yaml_template(algorithm_type, algorithm_name))


@router.get(_JOB + "/autosearch-trials", operation_id="show_auto_search_trials", response_model=Trials)
async def list_trials(
    job_id: JobId,
    who: MayGet,
    ctx: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=50)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Any:
    """The trials of a search."""
    await trials.refuse(ctx, who, job_id)


@router.get(
    _JOB + "/autosearch-trials/{trial_id}", operation_id="show_auto_search_per_trial", response_model=Table
)
async def show_trial(job_id: JobId, trial_id: TrialId, who: MayGet, ctx: ServicesDep) -> Any:
    """One trial, step by step."""
    await trials.refuse(ctx, who, job_id)


@router.post(
    _JOB + "/autosearch-trial-earlystop/{trial_id}",
    operation_id="show_auto_search_trial_early_stop",
    response_model=EarlyStop,
)
async def stop_trial(job_id: JobId, trial_id: TrialId, who: MayStop, ctx: ServicesDep) -> Any:
    """Stop one trial; the search goes on."""
    await trials.refuse(ctx, who, job_id)


@router.get(
    _JOB + "/autosearch-parameter-analysis",
    operation_id="show_auto_search_params_analysis",
    response_model=Table,
)
async def analyse(job_id: JobId, who: MayGet, ctx: ServicesDep) -> Any:
    """How much each hyperparameter matters."""
    await trials.refuse(ctx, who, job_id)


@router.get(
    _JOB + "/autosearch-parameter-analysis/{parameter_name}",
    operation_id="show_auto_search_param_analysis_result_path",
    response_model=ImagePath,
)
async def show_analysis(
    job_id: JobId,
    parameter_name: Annotated[str, Path(description="A hyperparameter of the search.")],
    who: MayGet,
    ctx: ServicesDep,
) -> Any:
    """Where the picture of one hyperparameter lies."""
    await trials.refuse(ctx, who, job_id)
