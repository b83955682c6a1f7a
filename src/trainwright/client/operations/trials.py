"""Hyperparameter search: its algorithms, its trials (contract §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import trials
else:
    trials = deferred("trainwright.wire.trials")

TEMPLATES = "/v2/{project_id}/training-jobs/autosearch/yaml-templates"
ANALYSIS = JOB + "/autosearch-parameter-analysis"


def build_list_search_algorithms(project_id: str) -> Request[trials.SearchAlgorithms]:
    """The search algorithms with their settings and defaults."""
    return make_request(
        "GET",
        "/v2/{project_id}/search-algorithms",
        model_parser(trials.SearchAlgorithms),
        path={"project_id": project_id},
    )


def build_list_search_templates(project_id: str) -> Request[trials.YamlTemplates]:
    """Names of the YAML files to begin a search with."""
    return make_request("GET", TEMPLATES, model_parser(trials.YamlTemplates), path={"project_id": project_id})


def build_show_search_template(project_id: str, kind: str, name: str) -> Request[trials.YamlTemplate]:
    """One of these files."""
    return make_request(
        "GET",
        TEMPLATES + "/{algorithm_type}/{algorithm_name}",
        model_parser(trials.YamlTemplate),
        path={"project_id": project_id, "algorithm_type": kind, "algorithm_name": name},
    )


def build_list_trials(
    project_id: str, job_id: str, *, offset: int | None = None, limit: int | None = None
) -> Request[trials.Trials]:
    """One page of the trials of a search."""
    return make_request(
        "GET",
        JOB + "/autosearch-trials",
        model_parser(trials.Trials),
        path=_path(project_id, job_id),
        query={"offset": offset, "limit": limit},
    )


def build_show_trial(project_id: str, job_id: str, trial_id: str) -> Request[trials.Table]:
    """One trial, step by step."""
    path = {**_path(project_id, job_id), "trial_id": trial_id}
    return make_request("GET", JOB + "/autosearch-trials/{trial_id}", model_parser(trials.Table), path=path)


def build_stop_trial(project_id: str, job_id: str, trial_id: str) -> Request[trials.EarlyStop]:
    """Stop one trial; the search goes on."""
    return make_request(
        "POST",
        JOB + "/autosearch-trial-earlystop/{trial_id}",
        model_parser(trials.EarlyStop),
        path={**_path(project_id, job_id), "trial_id": trial_id},
    )


def build_analyse_parameters(project_id: str, job_id: str) -> Request[trials.Table]:
    """How much each hyperparameter of a search matters."""
    return make_request("GET", ANALYSIS, model_parser(trials.Table), path=_path(project_id, job_id))


def build_show_parameter_picture(project_id: str, job_id: str, parameter: str) -> Request[trials.ImagePath]:
    """Where the picture of one hyperparameter lies."""
    path = {**_path(project_id, job_id), "parameter_name": parameter}
    return make_request("GET", ANALYSIS + "/{parameter_name}", model_parser(trials.ImagePath), path=path)


def _path(project_id: str, job_id: str) -> dict[str, str]:
    return {"project_id": project_id, "training_job_id": job_id}
