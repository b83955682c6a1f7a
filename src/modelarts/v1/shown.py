"""Jobs, configurations and offers as the dicts of the first generation show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelarts.v1.settings import INPUT, OUTPUT
from modelarts.v1.states import status_number
from trainwright.client import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modelarts.v1.versions import Version
    from trainwright.client import Client
    from trainwright.wire.job_answers import JobResponse

Json = dict[str, Any]

_ENGINE_TYPES = {
    "tensorflow": 1,
    "mxnet": 2,
    "ray": 3,
    "caffe": 4,
    "spark": 5,
    "xgboost": 9,
    "scikit": 9,
    "pytorch": 10,
    "horovod": 12,
}
_METRICS = ("cpuUsage", "memUsage", "gpuUtil")


def engine_type(name: str) -> int:
    """The number of an engine's name; 0 for one that has none."""
    lower = name.lower()
    return next((number for word, number in _ENGINE_TYPES.items() if word in lower), 0)


def job_detail(version: Version) -> Json:
    """`get_job_info` of one version, but for `system_metric_list`."""
    job = version.job
    algorithm, resource = job.algorithm, job.spec.resource
    engine = algorithm.get("engine") or {}
    have = resource.main_container_allocated_resources
    return {
        "job_id": version.job_id,
        "job_name": version.job_name,
        "job_desc": job.metadata.description,
        "version_id": version.id,
        "version_name": version.name,
        "pre_version_id": version.previous,
        "engine_type": engine_type(engine.get("engine_name") or ""),
        "engine_name": engine.get("engine_name") or "",
        "engine_id": engine.get("engine_id") or "",
        "engine_version": engine.get("engine_version") or "",
        "status": status_number(job),
        "app_url": algorithm.get("code_dir") or "",
        "boot_file_url": algorithm.get("boot_file") or "",
        "create_time": job.metadata.create_time,
        "parameter": [
            {"label": item.get("name"), "value": item.get("value")}
            for item in algorithm.get("parameters") or []
        ],
        "duration": job.status.duration,
        "spec_id": resource.flavor_id,
        "core": f"{have.cpu_core_num:g}",
        "cpu": f"{have.mem_size:g}",  # GB of memory, by this name
        "gpu_num": int(have.accelerator_num),
        "gpu_type": have.accelerator_type,
        "worker_server_num": resource.node_count,
        **_data(algorithm.get("inputs") or []),
        "train_url": _obs_url(_named(algorithm.get("outputs") or [], OUTPUT)),
        "log_url": (getattr(job.spec, "log_export_path", None) or {}).get("obs_url") or "",
        "model_id": algorithm.get("subscription_id") or algorithm.get("id") or "",
        "model_metric_list": [],
        "system_metric_list": {name: [] for name in _METRICS},
        "user_image_url": engine.get("image_url") or "",
        "user_command": algorithm.get("command") or "",
        "resource_id": version.id,
        "pool_id": resource.pool_id,
        **_nas(getattr(job.spec, "volumes", None) or []),
        "phase": job.status.phase,
        "reason": job.status.reason_message or job.status.pending_message,
    }


def system_metrics(client: Client, job: JobResponse) -> Json:
    """Percent of the first task's CPUs, memory and GPUs, a text for each minute; "" where there was no sample."""
    found: Json = {name: [] for name in _METRICS}
    try:
        answer = client.show_metrics(job.metadata.id, job.status.tasks[0]) if job.status.tasks else None
    except ApiError:
        return found  # nothing has run yet
    for series in answer.metrics if answer is not None else ():
        if series.metric in found:
            found[series.metric] = ["" if value < 0 else f"{value:g}" for value in series.value]
    return found


def job_item(versions: Sequence[Version]) -> Json:
    """One job of `get_job_list`: what its newest version says."""
    newest = versions[-1]
    job = newest.job
    return {
        "job_id": newest.job_id,
        "job_name": newest.job_name,
        "version_id": newest.id,
        "status": status_number(job),
        "create_time": versions[0].job.metadata.create_time,
        "duration": job.status.duration,
        "job_desc": job.metadata.description,
        "version_count": len(versions),
    }


def job_engine(version: Version) -> str:
    """The name of its engine."""
    return str((version.job.algorithm.get("engine") or {}).get("engine_name") or "")


def _data(inputs: Sequence[Mapping[str, Any]]) -> Json:
    first = _named(inputs, INPUT)
    dataset = (first.get("remote") or {}).get("dataset") or {}
    return {
        "data_url": _obs_url(first),
        "dataset_id": dataset.get("id") or "",
        "dataset_version_id": dataset.get("version_id") or "",
        "data_source": [_source(item) for item in inputs] if len(inputs) > 1 else [],
    }


def _source(channel: Mapping[str, Any]) -> Json:
    dataset = (channel.get("remote") or {}).get("dataset") or {}
    if dataset.get("id"):
        return {
            "type": "dataset",
            "dataset_id": dataset["id"],
            "dataset_version": dataset.get("version_id") or "",
        }
    return {"type": "obs", "data_url": _obs_url(channel)}


def _named(channels: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The channel of that name, or the first one: jobs that were made otherwise name theirs as they like."""
    exact = [channel for channel in channels if channel.get("name") == name]
    return next(iter([*exact, *channels]), {})


def _obs_url(channel: Mapping[str, Any]) -> str:
    return str(((channel.get("remote") or {}).get("obs") or {}).get("obs_url") or "")


def _nas(volumes: Sequence[Mapping[str, Any]]) -> Json:
    nfs: Mapping[str, Any] = next((volume["nfs"] for volume in volumes if volume.get("nfs")), {})
    return {
        "nas_type": "nfs" if nfs else "",
        "nas_share_addr": nfs.get("nfs_server_path") or "",
        "nas_mount_path": nfs.get("local_path") or "",
    }
