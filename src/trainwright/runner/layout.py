"""Where the job's files lie and under which paths the job sees them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HOME = "/home/ma-user"
MOUNT = HOME + "/modelarts"
JOB_DIR = MOUNT + "/user-job-dir"
LOG_DIR = MOUNT + "/log"
RUN_DIR = MOUNT + "/run"
JOB_VENV = RUN_DIR + "/python"
LIBRARY = RUN_DIR + "/lib"  # what every job can import: see `library`
INSIDE = RUN_DIR + "/inside"  # what the job tells the platform and the other way round: see `inside`
JOB_TOKEN = RUN_DIR + "/token"
OLD_HOME = "/home/work"  # of jobs of ModelArts' first version, with what their commands name
OLD_CODE = OLD_HOME + "/user-job-dir"
RUN_TRAIN = OLD_HOME + "/run_train.sh"
CACHE = "/cache"
TMP = "/tmp"  # noqa: S108 - the job's own one
HOST_FILES = "/etc/volcano"
SANDBOX = "sandbox"
_READ_ONLY = ("dataset", "pretrainmodel")


class UnsafePath(ValueError):
    """A path from the server would leave the folder it belongs to."""


class Layout:
    """Paths of one task. *Job paths* are those of the contract; `real` is where we write, `view` what the job is told.

    Under the sandbox launcher the job's own view has exactly the contract's paths; under the process launcher it is
    told the real ones.
    """

    def __init__(self, root: str, launcher: str) -> None:
        self.root = root
        self.sandboxed = launcher == SANDBOX

    def real(self, path: str) -> str:
        """Where `path` lies on this machine. Raises `UnsafePath` unless it is absolute and without `..`."""
        return self.root + check_absolute(path)

    def view(self, path: str) -> str:
        """`path` as the job knows it."""
        return check_absolute(path) if self.sandboxed else self.real(path)


def check_absolute(path: str) -> str:
    """`path` without a trailing slash. Raises `UnsafePath` unless absolute, without `..` and NUL, and not the root."""
    if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise UnsafePath(f"{path!r} is not an absolute path without '..'")
    clean = os.path.normpath(path)
    if clean in ("/", "//"):
        raise UnsafePath("the root folder cannot be a job's folder")
    return "/" + clean.lstrip("/")


def check_relative(path: str) -> str:
    """`path` as it is. Raises `UnsafePath` unless it stays below the folder it is relative to."""
    parts = path.split("/")
    if not path or path.startswith("/") or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise UnsafePath(f"{path!r} is not a relative path without '..'")
    return path


def code_parent(order: dict[str, Any]) -> str:
    """The folder the code folder lies in (`MA_JOB_DIR`), as a job path; the code folder itself when it lies at the root
    of the file system.
    """
    code = order["code"]
    if not code:
        return JOB_DIR
    folder = check_absolute(code["local_path"])
    return os.path.dirname(folder) if os.path.dirname(folder) != "/" else folder


def working_dir(order: dict[str, Any]) -> str:
    """Where the command starts, as a job path: as asked for, else `MA_JOB_DIR` (the folder above the code folder) for a
    boot file and home for a command line.
    """
    if order["working_dir"]:
        return check_absolute(order["working_dir"])
    return code_parent(order) if order["boot_file"] else HOME


def boot_file(order: dict[str, Any]) -> str:
    """The boot file as a job path. Raises `UnsafePath` when it lies outside the code folder."""
    return f"{check_absolute(order['code']['local_path'])}/{check_relative(order['boot_file'])}"


def job_folders(order: dict[str, Any]) -> list[str]:
    """Every folder the job is to find, as job paths."""
    folders = [HOME, MOUNT, JOB_DIR, LOG_DIR, RUN_DIR, INSIDE, CACHE, TMP]
    folders += [HOME + "/ascend/log", working_dir(order)]
    if has_old_home(order):
        folders += [OLD_HOME, OLD_CODE]
    staged = [order["code"], *order["inputs"], *order["outputs"]]
    folders.extend(check_absolute(folder["local_path"]) for folder in staged if folder)
    return folders


def has_old_home(order: dict[str, Any]) -> bool:
    """Whether the job finds what commands of ModelArts' first version name: command lines do, and all images."""
    return bool(order["shell"] or order.get("image"))


def read_only(order: dict[str, Any]) -> list[str]:
    """Job paths of the inputs that have a fixed folder at the root: what lies there is for reading, as it always was
    for scripts that know these folders.
    """
    return [
        folder["local_path"]
        for folder in order["inputs"]
        if folder["local_path"] == f"/{folder['name']}" and folder["name"] in _READ_ONLY
    ]
