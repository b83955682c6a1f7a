"""What the user's command is started with: argv and environment, as scripts written for ModelArts expect them. Pure."""

from __future__ import annotations

from . import layout
from .procfs import MARKER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_PASSED_ON = frozenset(
    (
        *("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "LIBRARY_PATH"),
        *("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("CUDA_VISIBLE_DEVICES", "ASCEND_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES", "RANK_TABLE_FILE"),
    )
)
_PASSED_ON_PREFIXES = ("LC_", "PIP_", "NVIDIA_", "CUDA_", "NCCL_", "ASCEND_")
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Interpreter:
    """The Python that runs the user's code: its path, and folders to put first on PATH."""

    def __init__(self, path: str, bin_dirs: Sequence[str] = ()) -> None:
        self.path = path
        self.bin_dirs = list(bin_dirs)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the supervisor's own environment a job may see: search paths, language, proxies, devices."""
    return {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


def job_environment(
    order: dict[str, Any],
    places: layout.Layout,
    python: Interpreter,
    *,
    ip: str,
    attempt_key: str,
    base: Mapping[str, str],
) -> dict[str, str]:
    """The environment of the command, of its pre-start script and of pip.

    Later wins: `base` (see `inherited`), ours, the engine's, channels handed over as variables, the user's own.
    """
    environment = dict(base)
    environment.update(_paths(order, places, python, base.get("PATH", DEFAULT_PATH)))
    environment.update(_distribution(order, ip))
    environment[MARKER] = f"{attempt_key}/{order['task']}"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["OMP_NUM_THREADS"] = str(max(1, int(order["resources"]["cpus"])))
    if order["engine"]:
        environment.update(order["engine"].get("environment", {}))
    for channel in (*order["inputs"], *order["outputs"]):
        # A command line gets no arguments appended, so variables are the only way it can learn its paths.
        if channel["pass_as"] == "environment" or order["shell"]:
            environment[channel["name"]] = places.view(channel["local_path"])
    environment.update(order["environment"])
    return environment


def _paths(
    order: dict[str, Any], places: layout.Layout, python: Interpreter, search_path: str
) -> dict[str, str]:
    code = order["code"]
    job_dir = places.view(layout.code_parent(order))
    return {
        "HOME": places.view(layout.HOME),
        "USER": "ma-user",
        "LOGNAME": "ma-user",
        "PATH": ":".join([*python.bin_dirs, search_path]),
        "PYTHONPATH": job_dir,
        "MA_HOME": places.view(layout.HOME),
        "MA_MOUNT_PATH": places.view(layout.MOUNT),
        "MA_LOG_DIR": places.view(layout.LOG_DIR),
        "MA_JOB_DIR": job_dir,
        "MA_SCRIPT_INTERPRETER": python.path,
        "WORKSPACE": places.view(code["local_path"]) if code else job_dir,
    }


def _distribution(order: dict[str, Any], ip: str) -> dict[str, str]:
    count, index = str(order["replicas"]), str(order["index"])
    return {
        "MA_CURRENT_IP": ip,
        "MA_CURRENT_INSTANCE_NAME": instance_name(order),
        "MA_NUM_GPUS": str(order["resources"]["accelerators"]),
        "MA_NUM_HOSTS": count,
        "MA_TASK_NAME": order["role"],
        "VC_TASK_INDEX": index,
        "VK_TASK_INDEX": index,
        "VC_WORKER_NUM": count,
        "VC_WORKER_HOSTS": ",".join(order["hosts"]),
    }


def instance_name(order: dict[str, Any]) -> str:
    """The task's name among all tasks of all jobs; also its host name and the stem of its log's file name."""
    return f"modelarts-job-{order['job_id']}-{order['task']}"


def job_argv(order: dict[str, Any], places: layout.Layout, python: Interpreter) -> list[str]:
    """The command: `bash -c line` with nothing appended, or the boot file with hyperparameters and channels."""
    if order["shell"]:
        return ["bash", "-c", order["shell"]]
    argv = [python.path, "-u", places.view(layout.boot_file(order)), *order["arguments"]]
    for channel in (*order["inputs"], *order["outputs"]):
        if channel["pass_as"] == "argument":
            argv.append(f"--{channel['name']}={places.view(channel['local_path'])}")
    return argv
