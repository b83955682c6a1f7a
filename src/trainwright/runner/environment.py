"""What the user's command is started with: argv and environment, as scripts written for ModelArts expect them. Pure."""

from __future__ import annotations

from . import layout
from .hosts import Peers
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
_SEARCH_PATHS = ("PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH")
_PASSED_ON_PREFIXES = ("LC_", "PIP_", "NVIDIA_", "CUDA_", "NCCL_", "ASCEND_")
_ENDPOINT = "TRAINWRIGHT_ENDPOINT"
_OURS = frozenset(("PATH", "PYTHONPATH", "HOME", "USER", "LOGNAME", "WORKSPACE", "PWD"))
_OURS_PREFIXES = ("MA_", "VC_", "VK_", "DLS_", "BATCH_", "TRAINWRIGHT_", "TASKROLE_", "TASKSET_")
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


def in_image(environment: Mapping[str, str], image: Mapping[str, str]) -> dict[str, str]:
    """The same for a job in an image: without what holds paths of the machine, and under what the image sets."""
    kept = {
        name: value
        for name, value in inherited(environment).items()
        if name not in _SEARCH_PATHS and not value.startswith("/")
    }
    return {**kept, "PATH": DEFAULT_PATH, **image}


def job_environment(
    order: dict[str, Any],
    places: layout.Layout,
    python: Interpreter,
    *,
    peers: Peers,
    attempt_key: str,
    server_url: str,
    base: Mapping[str, str],
    started: Mapping[str, str],
) -> dict[str, str]:
    """The environment of the command, of its pre-start script and of pip.

    Later wins: `base` (see `inherited`), ours, the engine's, a command's hyperparameters, `started` (of this start: see
    `launching`), channels handed over as variables, the user's own. Whatever they make of PYTHONPATH, the library comes
    after it.
    """
    environment = dict(base)
    environment.update(_paths(order, places, python, base.get("PATH", DEFAULT_PATH)))
    if "PYTHONPATH" in base:  # an image's
        environment["PYTHONPATH"] += ":" + base["PYTHONPATH"]
    environment.update(_distribution(order, peers))
    environment.update(host_lists(peers, [role["hosts"] for role in peers.roles]))
    environment.update(_of_old_images(order, peers))
    environment.update(_of_library(order, places, server_url))
    environment["MA_APIGW_ENDPOINT"] = server_url
    if "PIP_INDEX_URL" in base:
        environment["MA_PIP_URL"] = base["PIP_INDEX_URL"]
        environment["MA_PIP_HOST"] = base["PIP_INDEX_URL"].partition("://")[2].partition("/")[0]
    if order["resources"].get("accelerator_kind") == "gpu":
        environment.setdefault("NCCL_DEBUG", "INFO")
    environment[MARKER] = f"{attempt_key}/{order['task']}"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["OMP_NUM_THREADS"] = str(max(1, int(order["resources"]["cpus"])))
    if order["engine"]:
        environment.update(order["engine"].get("environment", {}))
    if order["shell"]:  # a boot file has them as arguments
        environment.update(hyperparameters(order)[0])
    environment.update(started)
    for channel in (*order["inputs"], *order["outputs"]):
        # A command line gets no arguments appended, so variables are the only way it can learn its paths.
        if channel["pass_as"] == "environment" or order["shell"]:
            environment[channel["name"]] = places.view(channel["local_path"])
    environment.update(order["environment"])
    search_path = [environment.get("PYTHONPATH", ""), places.view(layout.LIBRARY)]
    environment["PYTHONPATH"] = ":".join(filter(None, search_path))
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
        "MA_VOLCANO_DIR": places.view(layout.HOST_FILES),
        "MA_JOB_DIR": job_dir,
        "MA_SCRIPT_INTERPRETER": python.path,
        "WORKSPACE": places.view(code["local_path"]) if code else job_dir,
    }


def hyperparameters(order: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Hyperparameters as variables, as commands have them (one without a value is empty), and the names of those that
    cannot be: because no variable is called so, or because the platform's own is.
    """
    found: dict[str, str] = {}
    left: list[str] = []
    for word in order["arguments"]:
        name, _, value = word[2:].partition("=")
        usable = (
            name.isascii()
            and name.isidentifier()
            and name not in _OURS
            and not name.startswith(_OURS_PREFIXES)
        )
        if usable and "\0" not in value:
            found[name] = value
        else:
            left.append(name)
    return found, left


def _of_library(order: dict[str, Any], places: layout.Layout, server_url: str) -> dict[str, str]:
    """Where what every job can import (see `library`) finds the platform. A job that names another server itself is
    given no token of ours: it would go there.
    """
    found = {"TRAINWRIGHT_INSIDE": places.view(layout.INSIDE)}
    if not reaches_server(server_url) or _ENDPOINT in order["environment"]:
        return found
    found[_ENDPOINT] = server_url
    if order.get("project_id"):
        found["TRAINWRIGHT_PROJECT"] = order["project_id"]
    if order.get("job_token"):
        found["TRAINWRIGHT_TOKEN_FILE"] = places.view(layout.JOB_TOKEN)
    return found


def reaches_server(server_url: str) -> bool:
    """Whether programs on the node can call the server: not where the runner itself talks to it through a folder."""
    return server_url.startswith(("http://", "https://"))


def _distribution(order: dict[str, Any], peers: Peers) -> dict[str, str]:
    index = str(order["index"])
    system_name = f"task{peers.role_index}"
    return {
        "MA_CURRENT_IP": peers.ip(order["role"], order["index"]),
        "MA_CURRENT_INSTANCE_NAME": instance_name(order),
        "MA_NUM_GPUS": str(order["resources"]["accelerators"] or order.get("processes") or 0),
        "MA_NUM_HOSTS": str(order["replicas"]),
        "MA_TASK_NAME": order["role"],
        "MA_VJ_NAME": f"ma-job-{order['job_id']}",
        "VC_TASK_INDEX": index,
        "VK_TASK_INDEX": index,
        "VC_TASK_NAME": system_name,
        "TASKROLE_NAME": system_name,
        "TASKROLE_REPLICA_INDEX": index,
        "TASKSET_NAME": order["job_id"],
        "TASKSET_NAMESPACE": order.get("user_id") or "",
    }


def host_lists(peers: Peers, hosts: Sequence[Sequence[str]]) -> dict[str, str]:
    """`VC_<ROLE>_HOSTS` and `VC_<ROLE>_NUM` of every role by its name and its number, with these `hosts`.

    A job with a single role has them as `WORKER`, too, whatever its role is called.
    """
    found: dict[str, str] = {}
    for number, (role, members) in enumerate(zip(peers.roles, hosts)):
        names = [f"TASK{number}", variable_name(role["name"])]
        for name in (*names, *(("WORKER",) if len(peers.roles) == 1 else ())):
            found[f"VC_{name}_HOSTS"] = ",".join(members)
            found[f"VC_{name}_NUM"] = str(len(members))
    return found


def variable_name(text: str) -> str:
    """`text` as a part of a variable's name."""
    return "".join(char.upper() if char.isascii() and char.isalnum() else "_" for char in text)


def _of_old_images(order: dict[str, Any], peers: Peers) -> dict[str, str]:
    """Variables of the old runtime that custom images may still read. Theirs are places in the store, not paths."""
    found = {"DLS_TASK_INDEX": str(order["index"]), "DLS_TASK_NUMBER": str(order["replicas"])}
    if order["code"] and order["code"]["uri"]:
        found["DLS_APP_URL"] = order["code"]["uri"]
    for kind, channel, name in (
        ("inputs", "data_url", "DLS_DATA_URL"),
        ("outputs", "train_url", "DLS_TRAIN_URL"),
    ):
        named = [folder for folder in (*order["inputs"], *order["outputs"]) if folder["name"] == channel]
        for folder in (named or order[kind])[:1]:  # called otherwise, it is the first one that is meant
            if folder["uri"]:
                found[name] = folder["uri"]
    endpoints = peers.endpoints(peers.own_role)
    if len(endpoints) == 1:
        job_name = order["job_name"].replace("=", "_").replace("\0", "_")
        found[f"BATCH_{job_name}.0_HOSTS"] = endpoints[0]
    for index, endpoint in enumerate(endpoints):
        found[f"BATCH_CUSTOM{index}_HOSTS"] = endpoint
    return found


def instance_name(order: dict[str, Any]) -> str:
    """The task's name among all tasks of all jobs; also its host name and the stem of its log's file name."""
    return f"modelarts-job-{order['job_id']}-{order['task']}"
