"""What the official client can say and hear, read from the client itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from huaweicloudsdkmodelarts import v1
from huaweicloudsdkmodelarts.v1 import ModelArtsClient

PATH_PARAMETER = re.compile(r"{(\w+)}")

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Training jobs": (
            "create_training_job",
            "list_training_jobs",
            "show_training_job_details",
            "change_training_job_description",
            "stop_training_job",
            "delete_training_job",
            "batch_delete_training_job",
            "validate_training_job_name",
            "list_training_job_tasks",
            "list_training_job_stages",
            "list_training_job_events",
            "show_training_job_metrics",
            "show_training_job_logs_preview",
            "show_training_job_logs_from_aom",
            "notify_training_job_information",
            "show_training_job_route_plan",
            "list_event_categories",
            "show_training_job_engines",
            "show_training_job_flavors",
            "show_training_flavor_max_available_resource",
            "show_training_quotas",
            "modify_training_quotas",
        ),
        "Saving the image of a task": ("create_save_image_job", "show_save_image_job"),
        "Tags of jobs": (
            "show_train_job_tags",
            "create_train_job_tags",
            "delete_train_job_tags",
            "list_training_job_tags",
            "list_training_jobs_by_tags",
            "count_training_jobs_by_tags",
        ),
        "Algorithms": (
            "create_algorithm",
            "list_algorithms",
            "show_algorithm_by_uuid",
            "change_algorithm",
            "delete_algorithm",
            "create_algorithm_version_to_gallery",
        ),
        "Hyperparameter search": (
            "show_search_algorithms",
            "show_auto_search_trials",
            "show_auto_search_per_trial",
            "show_auto_search_trial_early_stop",
            "show_auto_search_params_analysis",
            "show_auto_search_param_analysis_result_path",
            "show_auto_search_yaml_templates_info",
            "show_auto_search_yaml_template_content",
        ),
        "Experiments": (
            "create_training_experiment",
            "list_training_experiments",
            "show_training_experiment_details",
            "change_training_experiment",
            "delete_training_experiment",
            "check_training_experiment",
        ),
        "Fine-tuning artefacts": (
            "show_ft_detail",
            "show_ft_metrics",
            "list_ft_artifacts",
            "publish_ft_artifacts",
        ),
        "Workspaces": (
            "list_workspace",
            "create_workspace",
            "show_workspace",
            "update_workspace",
            "delete_workspace",
            "show_workspace_quotas",
            "update_workspace_quotas",
            "validate_authorization",
            "list_users",
        ),
        "Authorisation": (
            "create_authorization",
            "get_authorizations",
            "delete_authorizations",
            "create_model_arts_agency",
            "show_authmode_detail",
            "update_auth_mode",
        ),
        "Resource pools": (
            "list_pools",
            "create_pool",
            "show_pool",
            "patch_pool",
            "delete_pool",
            "list_pool_nodes",
            "show_pool_node",
            "list_workloads",
            "show_workload_statistics",
            "show_pool_statistics",
            "show_pool_runtime_metrics",
            "show_pool_monitor",
            "list_events",
            "list_jobs",
            "list_resource_flavors",
            "show_os_config",
            "show_os_quota",
            "list_pool_tags",
            "show_pool_tags",
            "batch_create_pool_tags",
            "batch_delete_pool_tags",
            "list_node_pools",
            "create_node_pool",
            "show_node_pool",
            "patch_node_pool",
            "delete_node_pool",
            "list_node_pool_nodes",
            "batch_bind_pool_nodes",
            "batch_delete_pool_nodes",
            "batch_drain_pool_nodes",
            "batch_lock_pool_nodes",
            "batch_migrate_pool_nodes",
            "batch_reboot_pool_nodes",
            "batch_reset_pool_nodes",
            "batch_resize_pool_nodes",
            "batch_unlock_pool_nodes",
            "batch_update_pool_nodes",
            "show_pool_node_config",
            "show_pool_node_config_template",
            "show_node_config_template",
            "list_pool_plugins",
            "create_pool_plugin",
            "list_plugin_templates",
            "show_plugin_template",
            "list_networks",
            "create_network",
            "show_network",
            "patch_network",
            "delete_network",
            "show_network_available_ip",
            "create_order_id",
            "show_order",
        ),
    }
)
"""Every operation of the contract, by section. What the client has beside it is not about training."""

SHARED_ANSWERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "training job": {
            "create_training_job": "",
            "show_training_job_details": "",
            "stop_training_job": "",
            "list_training_jobs": "items.",
        },
        "algorithm": {
            "create_algorithm": "",
            "show_algorithm_by_uuid": "",
            "change_algorithm": "",
            "list_algorithms": "items.",
        },
        "experiment": {
            "create_training_experiment": "",
            "show_training_experiment_details": "",
            "list_training_experiments": "items.",
        },
        "workspace": {"show_workspace": "", "create_workspace": "", "list_workspace": "workspaces."},
        "pool": {
            "show_pool": "",
            "create_pool": "",
            "patch_pool": "",
            "delete_pool": "",
            "list_pools": "items.",
        },
        "node": {"show_pool_node": "", "list_pool_nodes": "items."},
    }
)
"""Objects that several operations answer with, each with where it lies in their answers."""

FILLED_BY_SERVER = {("Algorithm", "metadata.id")}
"""Fields of requests that belong to answers: callers leave them out."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of the client. `fields` are what its request may carry besides what the path names."""

    name: str
    verb: str
    path: str
    request: type[Any]
    response: str
    path_parameters: tuple[str, ...]
    fields: tuple[str, ...]
    answers: tuple[str, ...]


def model(name: str) -> type[Any]:
    """A model class of the client."""
    found: type[Any] = getattr(v1, name)
    return found


def names() -> tuple[str, ...]:
    """All operations in scope."""
    return tuple(name for group in GROUPS.values() for name in group)


@cache
def operation(name: str) -> Operation:
    """The method's particulars, from what it would send."""
    request = model("".join(part.title() for part in name.split("_")) + "Request")
    info = getattr(ModelArtsClient, f"_{name}_http_info")(request())
    in_path = tuple(PATH_PARAMETER.findall(info["resource_path"]))
    fields: list[str] = []
    for attribute, kind in request.openapi_types.items():
        wire = request.attribute_map[attribute]
        if attribute == "body":
            fields += (leaf for leaf in leaves(kind) if (kind, leaf) not in FILLED_BY_SERVER)
        elif attribute not in in_path:
            fields.append(wire)
    answers = tuple(leaves(info["response_type"]))
    return Operation(
        name, info["method"], info["resource_path"], request, info["response_type"], in_path, tuple(fields), answers
    )  # fmt: skip


def shared_answer(name: str) -> tuple[str, str]:
    """The object an operation answers with and where it lies; nothing for an answer of its own."""
    for title, where in SHARED_ANSWERS.items():
        if name in where:
            return title, where[name]
    return "", ""


def canonical(name: str, leaf: str) -> tuple[str, str]:
    """An answer's field, named alike in every operation that answers with the same object."""
    title, prefix = shared_answer(name)
    if not title or not leaf.startswith(prefix):
        return name, leaf
    return title, leaf.removeprefix(prefix)


def leaves(kind: str) -> Iterator[str]:
    """Dotted wire names of everything a model can hold; a model inside itself is not opened again."""
    yield from _below(_inner(kind), (), frozenset())


def _below(kind: str, path: tuple[str, ...], opened: frozenset[str]) -> Iterator[str]:
    owner = model(kind)
    for attribute, declared in owner.openapi_types.items():
        here = (*path, owner.attribute_map[attribute])
        inside = _inner(declared)
        if is_model(inside) and inside not in opened:
            yield from _below(inside, here, opened | {inside})
        else:
            yield ".".join(here)


def _inner(kind: str) -> str:
    """The innermost element type of a list type."""
    while kind.startswith("list["):
        kind = kind[len("list[") : -1]
    return kind


def is_model(kind: str) -> bool:
    """Whether a declared type is one of the client's models with fields of its own."""
    return bool(getattr(getattr(v1, kind, None), "openapi_types", None))


def build(kind: str, value: Any) -> Any:
    """`value`, given in wire names, as the client's own model objects.

    Raises:
        KeyError: a name that the model does not have.
    """
    if value is None:
        return None
    if kind.startswith("list["):
        return [build(kind[len("list[") : -1], item) for item in value]
    if not is_model(kind):
        return value
    owner = model(kind)
    attributes = {wire: attribute for attribute, wire in owner.attribute_map.items()}
    return owner(
        **{
            attributes[name]: build(owner.openapi_types[attributes[name]], inner)
            for name, inner in value.items()
        }
    )


def request_of(op: Operation, values: Mapping[str, Any]) -> Any:
    """The request object: `body` in wire names, everything else by the client's attribute names."""
    made = dict(values)
    if "body" in made and not isinstance(made["body"], (str, bytes)):
        made["body"] = build(op.request.openapi_types["body"], made["body"])
    return op.request(**made)


def present(kind: str, value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The leaves of model `kind` that a JSON value holds something in."""
    if isinstance(value, list):
        for item in value:
            yield from present(kind, item, path)
        return
    if not isinstance(value, dict):
        return
    owner = model(kind)
    for attribute, declared in owner.openapi_types.items():
        wire = owner.attribute_map[attribute]
        inside, held = _inner(declared), value.get(wire)
        if is_model(inside) and inside not in path:
            yield from (f"{wire}.{leaf}" for leaf in present(inside, held, (*path, inside)))
        elif held is not None and held != "" and held != [] and held != {}:
            yield wire
