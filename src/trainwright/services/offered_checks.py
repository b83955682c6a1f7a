"""What the contract knows and this server does not do yet: refused by name, never silently ignored."""

from collections.abc import Iterator, Mapping

from trainwright.domain.errors import NotOffered
from trainwright.wire.job_search import JobSearch
from trainwright.wire.jobs import AlgorithmRequest, JobRequest, JobUpdate, SpecRequest

DEFAULT_WORKSPACE = "0"
_OFF: tuple[object, ...] = (None, "", "0", "false", "disabled", False, [], {})
_ANNOTATIONS = (
    "fault-tolerance/hang-retry",
    "fault-tolerance/pod-retry-num",
    "fault-tolerance/hccl_op_retry",
    "jupyter-lab/enable",
    "tensorboard/enable",
    "mindstudio-insight/enable",
    "performance_diagnosis_enabled",
    "record/code-dir",
    "job_template",
)
_IN_IMAGE = "file://"


def check_job_offered(request: JobRequest) -> None:
    """Nothing in `request` asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    for field, value in _job_fields(request):
        if value not in _OFF:
            raise NotOffered(field=field)


def check_update_offered(update: JobUpdate) -> None:
    """Nothing in `update` but the description is to be changed.

    Raises:
        NotOffered: with the first field that is.
    """
    for field, value in (
        ("spec", update.spec),
        ("endpoints", update.endpoints),
        ("metadata", update.metadata),
    ):
        if value not in _OFF:
            raise NotOffered(field=field)


def check_search_offered(search: JobSearch) -> None:
    """Nothing in `search` asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    for field, value in (
        ("tags", search.tags),
        ("host_ips", search.host_ips),
        ("train_type", "" if search.train_type == "job" else search.train_type),
    ):
        if value not in _OFF:
            raise NotOffered(field=field)


def _job_fields(request: JobRequest) -> Iterator[tuple[str, object]]:
    if request.kind != "job":
        yield f"kind {request.kind}", request.kind
    yield "tasks", request.tasks
    yield "endpoints", _without_empty(request.endpoints)
    yield "train_type", request.train_type
    yield "ftjob_config", request.ftjob_config
    metadata = request.metadata
    if metadata.workspace_id != DEFAULT_WORKSPACE:
        yield "metadata.workspace_id", metadata.workspace_id
    yield "metadata.training_experiment_reference", _without_empty(metadata.training_experiment_reference)
    for key in _ANNOTATIONS:
        yield f"metadata.annotations.{key}", (metadata.annotations or {}).get(key)
    if request.algorithm is not None:
        yield from _algorithm_fields(request.algorithm)
    yield from _spec_fields(request.spec)


def _algorithm_fields(algorithm: AlgorithmRequest) -> Iterator[tuple[str, object]]:
    yield "algorithm.id", algorithm.id
    yield "algorithm.subscription_id", algorithm.subscription_id
    yield "algorithm.item_version_id", algorithm.item_version_id
    yield "algorithm.autosearch_config_path", algorithm.autosearch_config_path
    yield "algorithm.autosearch_framework_path", algorithm.autosearch_framework_path
    yield "algorithm.policies.auto_search", algorithm.policies.auto_search if algorithm.policies else None
    yield "algorithm.summary", _without_empty(algorithm.summary)
    if algorithm.engine is not None:
        yield "algorithm.engine.image_url", algorithm.engine.image_url
        yield "algorithm.engine.image_repo_id", algorithm.engine.image_repo_id
        yield "algorithm.engine.install_sys_packages", algorithm.engine.install_sys_packages
    if (algorithm.code_dir or "").startswith(_IN_IMAGE):
        yield "algorithm.code_dir file://", algorithm.code_dir
    for kind, channels in (("inputs", algorithm.inputs), ("outputs", algorithm.outputs)):
        for index, channel in enumerate(channels or []):
            if channel.remote is not None:
                yield f"algorithm.{kind}[{index}].remote.dataset", channel.remote.dataset


def _spec_fields(spec: SpecRequest) -> Iterator[tuple[str, object]]:
    yield "spec.resource.pool_group_id", spec.resource.pool_group_id
    yield "spec.resource.main_container_customized_flavor", spec.resource.main_container_customized_flavor
    yield "spec.volumes", spec.volumes
    if spec.log_export_path is not None:
        yield "spec.log_export_path.host_path", spec.log_export_path.host_path
    yield "spec.reserved_time", spec.reserved_time
    yield "spec.retention", _without_empty(spec.retention)
    if spec.schedule_policy is not None:
        yield "spec.schedule_policy.preemptible", spec.schedule_policy.preemptible
        yield "spec.schedule_policy.required_affinity", spec.schedule_policy.required_affinity
        yield "spec.schedule_policy.preferred_affinity", spec.schedule_policy.preferred_affinity
    yield "spec.log_export_config", _without_default_version(spec.log_export_config)
    yield "spec.notification", _without_empty(spec.notification)
    yield "spec.custom_metrics", spec.custom_metrics
    yield "spec.output_model", spec.output_model
    yield "spec.asset_model", spec.asset_model
    yield "spec.asset_id", spec.asset_id


def _without_empty(value: object) -> object:
    """An object whose fields are all switched off asks for nothing: clients send such forms."""
    if isinstance(value, Mapping):
        return {key: kept for key, inner in value.items() if (kept := _without_empty(inner)) not in _OFF}
    return value


def _without_default_version(value: object) -> object:
    kept = _without_empty(value)
    if isinstance(kept, Mapping):
        return {key: inner for key, inner in kept.items() if (key, inner) != ("version", "v0")}
    return kept
