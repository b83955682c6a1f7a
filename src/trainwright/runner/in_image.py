"""The step that makes a task's image ready: fetched, unpacked, looked at, its homes laid into the task's own."""

from __future__ import annotations

import os
import shutil
import stat

from . import deferred
from .beneath import Place
from .engines import BUILDING, WAITING
from .environment import DEFAULT_PATH
from .faults import StoreTrouble, TransferFailed
from .image_files import BadImage, is_root_folder
from .images import ImageRoot, key_of, open_image
from .layout import HOME, JOB_VENV, OLD_CODE, OLD_HOME, UnsafePath, check_absolute, job_folders
from .outcome import StepFailed, exit_code
from .pump import StopRequested
from .rundir import read_json, write_json
from .running import Running
from .staging import Progress, describe, fetch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .task import Task

FAILED = "image_failed"
SMALL_BYTES, SMALL_FILES = 64 << 20, 5000
_TAIL_BYTES = 16 << 10
_TELL_S = 0.5
_FETCHED = "/image"  # in the task's own folder
_STEP = "image"
_RESULT = "image-result.json"


def prepare(task: Task) -> None:
    """Make the order's image ready on this node. Raises `StepFailed` (`image_failed`, `storage_unavailable`)."""
    name = task.order["image"]["name"]
    if not task.places.sandboxed:
        _fail(task, "an image runs under bubblewrap only, and that does not work on this node")
    try:
        path = _folder(task)
        image = open_image(path)
        task.state.facts["image"] = {"path": path, "homes": _fill_homes(task, image)}
    except (BadImage, OSError, UnsafePath) as error:
        _fail(task, error.strerror if isinstance(error, OSError) and error.strerror else str(error))
    _find_programs(task, name)
    task.state.save()


def _fail(task: Task, detail: str) -> None:
    task.emit("image_failed", image=task.order["image"]["name"], detail=detail)
    raise StepFailed(FAILED, detail)


def _find_programs(task: Task, name: str) -> None:
    """What the command is started with: there must be a shell for a command line and Python for a boot file."""
    image = task.image
    assert image is not None
    search_path = image.environment.get("PATH") or DEFAULT_PATH
    facts = task.state.facts
    facts["shell"] = next((each for each in ("bash", "sh") if image.find_program(each, search_path)), "")
    python = image.find_program("python3", search_path) or image.find_program("python", search_path)
    if task.order["shell"] and not facts["shell"]:
        _fail(task, f"image {name} has neither bash nor sh on its PATH ({search_path})")
    if task.order["boot_file"] and not python:
        _fail(task, f"image {name} has no python3 on its PATH ({search_path})")
    facts.update(python=python or "python3", engine_python=python, bin_dirs=[])


def _folder(task: Task) -> str:
    """Where the image's files are: as they lie there, or unpacked into the cache of this node."""
    grant = task.order["image"]["grant"]
    if grant["kind"] == "url":
        return _unpacked(task, _fetched(task), key="")
    path = str(grant["path"])
    if not os.path.exists(path):
        raise BadImage("its file does not exist on this node")
    if os.path.isdir(path) and is_root_folder(path):
        return path
    return _unpacked(task, path, key=key_of(path, task.order["image"]["name"]))


def _fetched(task: Task) -> str:
    """The archive from a store that is no shared disk, in the task's own folder."""
    folder = os.path.join(task.rundir.path, _FETCHED[1:])
    access = task.access()
    try:
        task.pump.work(
            lambda: fetch(task.order["image"], Place(task.rundir.path, _FETCHED), access, Progress()),
            access.cancel,
        )
    except TransferFailed as error:
        reason = "storage_unavailable" if isinstance(error, StoreTrouble) else FAILED
        task.emit("image_failed", image=task.order["image"]["name"], detail=describe(error, task.hide))
        raise StepFailed(reason, describe(error, task.hide)) from error
    names = os.listdir(folder)
    if len(names) != 1:
        raise BadImage("the archive is not in the object store any more")
    return os.path.join(folder, names[0])


def _unpacked(task: Task, archive: str, *, key: str) -> str:
    images = deferred.load("images")
    cache = os.path.join(task.launch["engines_dir"], "images")
    begun = Running(task.rundir, _STEP).begun()  # by a former life of the supervisor: it is told to the end
    if key and not begun and images.is_complete(os.path.join(cache, key)):
        return os.path.join(cache, key)
    result = os.path.join(task.rundir.path, _RESULT)
    plan = os.path.join(task.rundir.path, "image-plan.json")
    content = {"archive": archive, "cache": cache, "name": task.order["image"]["name"], "key": key}
    write_json(plan, {**content, "result": result, "bytes_max": 0})
    os.makedirs(task.rundir.engine_log, mode=0o700, exist_ok=True)
    teller = _Teller(task)
    timer = task.pump.every(_TELL_S, teller.tell, first_s=0.1)
    try:
        ended = task.run(_STEP, lambda: _unpacker(task, plan))
    finally:
        task.pump.cancel(timer)
    teller.tell()
    if ended["stopped"]:
        raise StopRequested
    found = read_json(result)
    if exit_code(ended) != 0 or found is None:
        said = deferred.load("prepare").last_error(teller.log.tail(_TAIL_BYTES))
        prefix = "ERROR: "
        said = said[len(prefix) :] if said.startswith(prefix) else said
        raise BadImage(said or f"it could not be unpacked (exit code {exit_code(ended)})")
    task.emit("image_ready", image=content["name"], seconds=task.spool.seconds_since("image_started"))
    shutil.rmtree(os.path.join(task.rundir.path, _FETCHED[1:]), ignore_errors=True)
    return str(found["prefix"])


def _unpacker(task: Task, plan: str) -> dict[str, Any]:
    """Outside any sandbox: it writes where all jobs of this node read."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["TRAINWRIGHT_TASK"] = f"{task.launch['attempt_key']}/{task.order['task']}"
    return {
        "argv": [*task.helper(), "unpack-image", plan],
        "env": environment,
        "cwd": task.rundir.path,
        "cgroup": "",
        "sandbox": False,
        "log_dir": task.rundir.engine_log,
        "log_floor": 0,
        "log_limit_bytes": 1 << 20,
    }


class _Teller:
    """Tells what the unpacker says."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.log = deferred.load("segments").LogSpool(task.rundir.engine_log)

    def tell(self) -> None:
        """Events for what was said so far; each is told once."""
        said = self.log.tail(_TAIL_BYTES).decode("utf-8", "replace").splitlines()
        for line, code in ((WAITING, "image_waiting"), (BUILDING, "image_started")):
            if line in said:
                self._task.emit(code, image=self._task.order["image"]["name"])


def _fill_homes(task: Task, image: ImageRoot) -> list[str]:
    """What the image has in the homes, in the task's own homes: a copy, which may be written, of what is small. Returns
    the paths of the rest, which is to be shown read-only. Nothing of the job's has run by now; may be repeated.
    """
    taken = [check_absolute(path) for path in (*job_folders(task.order), JOB_VENV)]
    shown: list[str] = []
    for home in (HOME, OLD_HOME, OLD_CODE):
        there = image.resolve(home)
        for name in sorted(os.listdir(there)) if there and os.path.isdir(there) else ():
            path = f"{home}/{name}"
            if any(one == path or one.startswith(path + "/") for one in taken):
                continue  # the job's own
            source, target = os.path.join(there, name), task.places.real(path)
            if os.path.isdir(source) and not os.path.islink(source) and not _is_small(source):
                os.makedirs(target, exist_ok=True)
                shown.append(path)
            elif not os.path.lexists(target):
                _copy(source, target)
    return shown


def _is_small(folder: str) -> bool:
    size = count = 0
    for above, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        size += sum(os.lstat(os.path.join(above, name)).st_size for name in files)
        if count > SMALL_FILES or size > SMALL_BYTES:
            return False
    return True


def _copy(source: str, target: str) -> None:
    """In one step, however often it is begun. What is no file, folder or link is left out."""
    draft = f"{target}.tmp"
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft, symlinks=True, ignore=_strange)
    elif os.path.isfile(source):
        shutil.copy2(source, draft)
    else:
        return
    os.rename(draft, target)


def _strange(folder: str, names: list[str]) -> list[str]:
    def is_strange(name: str) -> bool:
        mode = os.lstat(os.path.join(folder, name)).st_mode
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))

    return [name for name in names if is_strange(name)]
