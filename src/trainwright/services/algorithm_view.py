"""An algorithm as the contract shows it (§8.2). Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainwright.catalog import search_settings
from trainwright.ports.algorithms import Algorithm
from trainwright.wire.algorithms import (
    DEFAULT_AI_PROJECT,
    AlgorithmMetadata,
    AlgorithmResponse,
    ResourceRequirement,
)
from trainwright.wire.auto_search import AutoSearch

READY, UNUSABLE = "ready", "unusable"


def algorithm_response(algorithm: Algorithm, *, is_valid: bool = True) -> AlgorithmResponse:
    """`algorithm`; `is_valid`: whether its code can be used now."""
    document = algorithm.document
    config = shown_config(document)
    if algorithm.code_tree:
        config["code_tree"] = algorithm.code_tree
    return AlgorithmResponse(
        metadata=_metadata(algorithm, is_valid=is_valid),
        job_config=config,
        resource_requirements=shown_requirements(document),
        advanced_config=shown_advanced(document),
    )


def with_code(algorithm: Algorithm, code_bytes: int, tree: dict[str, Any]) -> Algorithm:
    """`algorithm` with its code as it is now."""
    return replace(algorithm, code_bytes=code_bytes, code_tree=tree)


def shown_config(document: Mapping[str, Any]) -> dict[str, Any]:
    """`job_config` as given, with what the client expects to be there."""
    given = _part(document, "job_config")
    parameters = [
        {"description": "", "i18n_description": None, **_told(parameter)}
        for parameter in given.get("parameters") or []
    ]
    customizable = given.get("parameters_customization")
    return {
        **_told(given),
        "code_dir": given.get("code_dir") or "",
        "boot_file": given.get("boot_file") or "",
        "command": given.get("command") or "",
        "parameters": parameters,
        "inputs": [_told(channel) for channel in given.get("inputs") or []],
        "outputs": [_told(channel) for channel in given.get("outputs") or []],
        "engine": _told(_part(given, "engine")),
        "parameters_customization": True if customizable is None else customizable,
    }


def shown_requirements(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """`resource_requirements` in both spellings: the request's `values`, and `value`, which the client reads."""
    given = document.get("resource_requirements")
    if given is None:
        return None
    shown = []
    for raw in given:
        requirement = ResourceRequirement.model_validate(raw)
        values = requirement.values or requirement.value or []
        shown.append({**raw, "values": values, "value": values, "operator": requirement.operator or "in"})
    return shown


def shown_advanced(document: Mapping[str, Any]) -> dict[str, Any]:
    """`advanced_config`, empty when there is no search. The client reads `discrete_values` as one text here."""
    given = _part(document, "advanced_config")
    raw = _part(given, "auto_search")
    settings = AutoSearch.model_validate(raw)
    if search_settings.is_none(settings):
        return {}
    parameters = []
    for parameter, echo in zip(settings.search_params or [], raw.get("search_params") or [], strict=True):
        shown = {**_told(echo), "discrete_values": ",".join(search_settings.discrete_values(parameter))}
        if parameter.discrete_points_num is not None:
            shown["discrete_points_num"] = str(parameter.discrete_points_num)
        parameters.append(shown)
    return {**_told(given), "auto_search": {**_told(raw), "search_params": parameters}}


def _metadata(algorithm: Algorithm, *, is_valid: bool) -> AlgorithmMetadata:
    echo = _part(algorithm.document, "metadata")
    given = {
        "id": algorithm.id,
        "name": algorithm.name,
        "description": algorithm.description,
        "workspace_id": algorithm.workspace_id,
        "ai_project": echo.get("ai_project") or DEFAULT_AI_PROJECT,
        "user_name": algorithm.user_name,
        "domain_id": algorithm.project_id,
        "source": "custom",
        "api_version": "",
        "is_valid": is_valid,
        "state": READY if is_valid else UNUSABLE,
        "tags": _tags(echo.get("tags")),
        "attr_list": None,
        "version_num": algorithm.version,
        "size": algorithm.code_bytes,
        "create_time": algorithm.created_at_ms,
        "update_time": algorithm.updated_at_ms,
    }
    return AlgorithmMetadata.model_validate({**echo, **given})


def _tags(given: list[dict[str, Any]] | None) -> list[dict[str, str]] | None:
    if not given:
        return None
    return [{name: str(value) for name, value in tag.items() if value is not None} for tag in given]


def _told(part: Mapping[str, Any]) -> dict[str, Any]:
    """`part` without its nulls."""
    return {name: value for name, value in part.items() if value is not None}


def _part(whole: Mapping[str, Any], key: str) -> dict[str, Any]:
    return dict(whole.get(key) or {})
