"""What becomes of each field of a new job, as data: acted on, shown, kept, or refused. Never silently ignored.

A path covers everything below it that has no path of its own; `[]` stands for every item of a list. A test holds the
table against the request models, so that no field is forgotten; the compatibility page is made of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Handling(StrEnum):
    """What this server does with a field."""

    ACTED_ON = "acted on"
    SHOWN = "shown"  # it only describes: stored and given back
    KEPT = "kept"  # stored and given back; the job runs the same, and one event says so
    REFUSED = "refused"  # when it asks for anything: `NotOffered`


@dataclass(frozen=True, slots=True)
class Rule:
    """`off`: values that ask for nothing, beside the empty ones."""

    handling: Handling
    off: tuple[object, ...] = ()


_ACT, _SHOW = Rule(Handling.ACTED_ON), Rule(Handling.SHOWN)
_KEEP, _REFUSE = Rule(Handling.KEPT), Rule(Handling.REFUSED)
_AFFINITY = "spec.schedule_policy.required_affinity"
_CHANNEL = {
    "name": _ACT,
    "description": _SHOW,
    "local_dir": _ACT,
    "access_method": _ACT,
    "remote.obs": _ACT,
}
_PARAMETER = {
    "name": _ACT,
    "value": _ACT,
    "flag": _ACT,
    "constraint": _ACT,
    "description": _SHOW,
    "i18n_description": _SHOW,
}
_INPUT = {
    **_CHANNEL,
    "remote.dataset.id": _ACT,
    "remote.dataset.version_id": _ACT,
    "remote.dataset.obs_url": _SHOW,
    "remote.dataset.name": _SHOW,
    "remote.dataset.service_type": _KEEP,
    "remote.dataset.dataset_proportion": Rule(Handling.KEPT, off=(100,)),
    "remote.job": _ACT,
    "remote_constraint": _SHOW,
}
_OUTPUT = {**_CHANNEL, "remote.dataset": _REFUSE, "remote.job": _REFUSE, "prefetch_to_local": _ACT}
_ENGINE = {name: _ACT for name in ("engine_id", "engine_name", "engine_version", "image_url")}
_CHANNELS = {
    **{f"inputs[].{name}": rule for name, rule in _INPUT.items()},
    **{f"outputs[].{name}": rule for name, rule in _OUTPUT.items()},
}
_ROLE = {
    **_CHANNELS,
    **{f"engine.{name}": rule for name, rule in _ENGINE.items()},
    "engine.run_user": _KEEP,
}

RULES: Mapping[str, Rule] = {
    "kind": Rule(Handling.REFUSED, off=("job", "hetero_job")),
    "tasks": _ACT,
    **{f"tasks[].algorithm.job_config.parameters[].{name}": rule for name, rule in _PARAMETER.items()},
    **{
        f"tasks[].algorithm{part}.{name}": rule
        for part in ("", ".job_config")
        for name, rule in _ROLE.items()
    },
    "endpoints.ssh": _REFUSE,
    "train_type": _REFUSE,
    "ftjob_config": _REFUSE,
    "metadata.name": _ACT,
    "metadata.workspace_id": _ACT,
    "metadata.description": _SHOW,
    "metadata.training_experiment_reference": _ACT,
    "metadata.annotations": _SHOW,
    "metadata.annotations.fault-tolerance/job-retry-num": _ACT,
    "metadata.annotations.fault-tolerance/job-unconditional-retry": _ACT,
    "metadata.annotations.fault-tolerance/hang-retry": _ACT,
    "metadata.annotations.fault-tolerance/process-retry-num": _ACT,
    "metadata.annotations.fault-tolerance/pod-retry-num": _KEEP,
    "metadata.annotations.fault-tolerance/hccl_op_retry": _KEEP,
    "metadata.annotations.performance_diagnosis_enabled": _KEEP,
    "metadata.annotations.record/code-dir": _KEEP,
    "metadata.annotations.jupyter-lab/enable": _REFUSE,
    "metadata.annotations.tensorboard/enable": _REFUSE,
    "metadata.annotations.mindstudio-insight/enable": _REFUSE,
    "metadata.annotations.job_template": _REFUSE,
    "algorithm.id": _ACT,
    "algorithm.name": _SHOW,
    "algorithm.subscription_id": _ACT,
    "algorithm.item_version_id": _ACT,
    "algorithm.code_dir": _ACT,
    "algorithm.boot_file": _ACT,
    "algorithm.command": _ACT,
    "algorithm.autosearch_config_path": _REFUSE,
    "algorithm.autosearch_framework_path": _REFUSE,
    **{f"algorithm.parameters[].{name}": rule for name, rule in _PARAMETER.items()},
    "algorithm.policies.auto_search": _REFUSE,
    **{f"algorithm.{name}": rule for name, rule in _CHANNELS.items()},
    **{f"algorithm.engine.{name}": rule for name, rule in _ENGINE.items()},
    "algorithm.engine.image_repo_id": _KEEP,
    "algorithm.engine.install_sys_packages": _KEEP,
    "algorithm.local_code_dir": _ACT,
    "algorithm.working_dir": _ACT,
    "algorithm.environments": _ACT,
    "algorithm.summary": _REFUSE,
    "algorithm.metrics": _ACT,
    "spec.resource.flavor_id": _ACT,
    "spec.resource.node_count": _ACT,
    "spec.resource.pool_id": _ACT,
    "spec.resource.pool_group_id": _REFUSE,
    "spec.resource.main_container_customized_flavor": _REFUSE,
    "spec.volumes": _REFUSE,
    "spec.log_export_path.obs_url": _ACT,
    "spec.log_export_path.host_path": _REFUSE,
    "spec.auto_stop": _ACT,
    "spec.stop_grace_seconds": _ACT,
    "spec.reserved_time": _ACT,
    "spec.retention": _ACT,
    "spec.schedule_policy.priority": _ACT,
    "spec.schedule_policy.preemptible": _ACT,
    "spec.checkpoints": _ACT,
    "spec.folders": _ACT,
    f"{_AFFINITY}.affinity_type": _REFUSE,
    f"{_AFFINITY}.job_level": Rule(Handling.REFUSED, off=("cluster",)),
    f"{_AFFINITY}.affinity_group_size": Rule(Handling.REFUSED, off=(0, 1)),
    f"{_AFFINITY}.affinity_group_level": _REFUSE,
    f"{_AFFINITY}.node_affinity": _REFUSE,
    "spec.schedule_policy.preferred_affinity": _KEEP,
    "spec.log_export_config.version": Rule(Handling.KEPT, off=("v0",)),
    "spec.log_export_config.rotation_enabled": _KEEP,
    "spec.notification": _KEEP,
    "spec.custom_metrics": _KEEP,
    "spec.output_model": _REFUSE,
    "spec.asset_model": _KEEP,
    "spec.asset_id": _REFUSE,
}

_OFF: tuple[object, ...] = (None, "", "0", "false", "disabled", False, [], {})


def settings_on(raw: Mapping[str, Any], handling: Handling) -> Iterator[str]:
    """Paths in `raw` (a request body whose shape has been checked) of fields so handled that ask for something."""
    for path, rule in RULES.items():
        if rule.handling is handling:
            for found, value in _find(raw, path, ""):
                if not _is_off(value, rule):
                    yield found


def handling_of(path: str) -> Handling | None:
    """What becomes of the field at `path` (with `[]` for items of lists); None for one the contract does not know."""
    rule = RULES.get(path)
    while rule is None and path:
        path = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
        rule = RULES.get(path)
    return rule.handling if rule else None


def _find(value: Any, path: str, found: str) -> Iterator[tuple[str, object]]:
    if not path:
        yield found, value
        return
    name, _, rest = path.partition(".")
    key = name.removesuffix("[]")
    if not isinstance(value, Mapping) or key not in value:
        return
    found = f"{found}.{key}" if found else key
    if key == name:
        yield from _find(value[key], rest, found)
    elif isinstance(value[key], list):
        for index, item in enumerate(value[key]):
            yield from _find(item, rest, f"{found}[{index}]")


def _is_off(value: object, rule: Rule) -> bool:
    """An object or list whose fields are all switched off asks for nothing: clients send such forms."""
    if isinstance(value, Mapping):
        return all(_is_off(inner, rule) for inner in value.values())
    if isinstance(value, list):
        return all(_is_off(inner, rule) for inner in value)
    return value in _OFF or value in rule.off
