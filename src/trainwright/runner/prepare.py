"""The steps before the command: folders, code, inputs, earlier outputs, engine, packages. Each may be repeated."""

from __future__ import annotations

import os
from functools import partial

from . import deferred, jsontext
from .environment import hyperparameters, reaches_server
from .faults import Changed, StoreTrouble, TransferFailed
from .layout import JOB_TOKEN, RUN_DIR, UnsafePath, check_absolute, job_folders
from .outcome import StepFailed, exit_code
from .pump import StopRequested
from .rundir import write_json
from .staging import Progress, describe, fetch, lay_small, small_items, without_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .task import Task

REQUIREMENTS = "pip-requirements.txt"
_PROGRESS_S = 5.0
_ENGINE_PROGRESS_S = 2.0
_TAIL_BYTES = 16 << 10


def directories(task: Task) -> None:
    """Make the folders of the contract, put down the job's token, and tell which launcher lays them out. With them the
    pre-check begins.
    """
    task.emit("precheck_started")
    for folder in job_folders(task.order):
        os.makedirs(task.places.real(folder), exist_ok=True)
    token = task.order.get("job_token")
    if token and reaches_server(task.launch["server_url"]):
        task.place(JOB_TOKEN).write(token.encode("ascii"))
    task.emit("launcher", launcher=task.launch["launcher"])
    left = hyperparameters(task.order)[1] if task.order["shell"] else ()
    if left:
        task.emit("parameters_no_variables", names=", ".join(left)[:500])


def precheck(task: Task) -> None:
    """Check the node, when that was asked for. Raises `StepFailed` (`precheck_failed`)."""
    if task.order.get("check"):
        deferred.load("checks").run(task)
    task.emit("precheck_done", seconds=task.spool.seconds_since("precheck_started"))


def code(task: Task) -> None:
    """Lay the code folder. Raises `StepFailed` (`code_download_failed`, `storage_unavailable`)."""
    folder = task.order["code"]
    if not folder:
        return
    task.line("code", f"[init] download code_url: {folder.get('shown') or folder['uri']}")
    task.emit("code_download_started")
    try:
        _lay(task, folder, Progress())
    except StepFailed as failure:
        task.emit("code_download_failed", detail=failure.message)
        raise StepFailed(failure.reason or "code_download_failed", failure.message) from failure
    task.emit("code_download_done", seconds=task.spool.seconds_since("code_download_started"))


def inputs(task: Task) -> None:
    """Lay every input. Raises `StepFailed` (`input_download_failed`, `storage_unavailable`, `dataset_changed`)."""
    if not task.order["inputs"]:
        return
    task.emit("input_download_started")
    for folder in task.order["inputs"]:
        name = folder["name"]
        if f"input {name}" in task.state.done:
            continue
        task.line(f"input {name}", f"[init] download input {name}: {folder.get('shown') or folder['uri']}")
        before = task.spool.seconds_since("input_download_started")
        progress = Progress()
        timer = task.pump.every(_PROGRESS_S, partial(_tell, task, name, progress))
        try:
            _lay(task, folder, progress)
        except Changed as changed:
            task.emit(
                "dataset_object_gone" if changed.gone else "dataset_object_changed",
                name=name,
                file=changed.path,
            )
            raise StepFailed("dataset_changed", f"input {name}: {changed}") from changed
        except StepFailed as failure:
            task.emit("input_download_failed", name=name, detail=failure.message)
            raise StepFailed(failure.reason or "input_download_failed", failure.message) from failure
        finally:
            task.pump.cancel(timer)
        seconds = float(task.spool.seconds_since("input_download_started")) - float(before)
        task.emit("input_download_done", name=name, seconds=f"{seconds:.3f}")
        task.state.finish(f"input {name}")


def _tell(task: Task, name: str, progress: Progress) -> None:
    task.emit(
        "input_download_progress", name=name, done_mib=progress.moved >> 20, total_mib=progress.total >> 20
    )


def prefetch(task: Task) -> None:
    """Lay what earlier attempts left in the outputs that ask for it. Raises `StepFailed` (`input_download_failed`)."""
    for folder in task.order["outputs"]:
        name = folder["name"]
        if not folder["prefetch"] or f"prefetch {name}" in task.state.done:
            continue
        began = task.spool.seconds_since("precheck_started")
        fetch_output(task, folder, None)
        seconds = float(task.spool.seconds_since("precheck_started")) - float(began)
        task.emit("prefetch_done", name=name, seconds=f"{seconds:.3f}")
        task.state.finish(f"prefetch {name}")


def fetch_output(task: Task, folder: dict[str, Any], wanted: Callable[[str, int], bool] | None) -> None:
    """Lay what lies in the store of an output; `wanted` chooses by path and size. Raises `StepFailed`."""
    grant = folder["grant"]
    if grant["kind"] != "url" and not os.path.isdir(grant["path"]):
        return
    try:
        _lay(task, folder, Progress(), wanted)
    except StepFailed as failure:
        task.emit("input_download_failed", name=folder["name"], detail=failure.message)
        raise StepFailed(failure.reason or "input_download_failed", failure.message) from failure


def _lay(
    task: Task,
    folder: dict[str, Any],
    progress: Progress,
    wanted: Callable[[str, int], bool] | None = None,
) -> None:
    """Raises `StepFailed` with the reason left empty unless the store is to blame, and `Changed`."""
    try:
        target = task.place(folder["local_path"])
        items = None if folder.get("is_file") else small_items(folder)
        if items is not None:
            lay_small([item for item in items if wanted is None or wanted(item.path, item.size)], target)
            return
        access = task.access()
        task.pump.work(lambda: fetch(folder, target, access, progress, wanted), access.cancel)
    except (OSError, UnsafePath) as error:
        raise StepFailed("", without_place(folder, describe(error, task.hide))) from error
    except Changed:
        raise
    except TransferFailed as error:
        reason = "storage_unavailable" if isinstance(error, StoreTrouble) else ""
        raise StepFailed(reason, without_place(folder, describe(error, task.hide))) from error


def engine(task: Task) -> None:
    """Find the job's interpreter, building the engine's environment on first use.

    Raises `StepFailed` (`engine_failed`, and for an image `image_failed`, `storage_unavailable`).
    """
    spec = task.order["engine"]
    if task.order.get("image"):
        deferred.load("in_image").prepare(task)
        return
    if not spec:
        return
    interpreter = spec["interpreter"] or task.executable
    if not spec["requirements"]:
        if not os.access(interpreter, os.X_OK):
            raise StepFailed("engine_failed", f"the engine's interpreter {interpreter} does not exist here")
        _use(task, interpreter)
        return
    engines = deferred.load("engines")
    try:
        prefix = os.path.join(task.launch["engines_dir"], engines.fingerprint(spec, interpreter))
    except OSError as error:
        raise StepFailed("engine_failed", describe(error, task.hide)) from error
    if not engines.is_complete(prefix):
        _build(task, spec, interpreter, prefix)
    _use(task, engines.venv_python(prefix))


def _use(task: Task, python: str) -> None:
    task.state.facts.update(python=python, engine_python=python, bin_dirs=[os.path.dirname(python)])


def _build(task: Task, spec: dict[str, Any], interpreter: str, prefix: str) -> None:
    name = spec["engine_id"] or spec["name"]
    plan = os.path.join(task.rundir.path, "engine-plan.json")
    write_json(
        plan,
        {
            "prefix": prefix,
            "interpreter": interpreter,
            "requirements": list(spec["requirements"]),
            "pip_options": list(spec["pip_options"]),
            "cache_dir": task.launch.get("pip_cache_dir", ""),
        },
    )
    os.makedirs(task.rundir.engine_log, mode=0o700, exist_ok=True)
    teller = _BuildTeller(task, name)
    timer = task.pump.every(_ENGINE_PROGRESS_S, teller.tell, first_s=0.2)
    try:
        result = task.run("engine", lambda: _builder(task, plan))
    finally:
        task.pump.cancel(timer)
    teller.tell()
    if result["stopped"]:
        raise StopRequested
    failed = exit_code(result) != 0
    if failed:
        said = teller.log.tail(_TAIL_BYTES)
        detail = last_error(said) or f"exit code {exit_code(result)}"
        if "engine failure" not in task.state.facts:
            task.log.append(said if said.endswith(b"\n") else said + b"\n")
            task.state.facts["engine failure"] = True
            task.state.save()
            task.shipper.notice()
        task.emit("engine_build_failed", engine=name, detail=detail)
        raise StepFailed("engine_failed", detail)
    task.emit("engine_build_done", engine=name, seconds=task.spool.seconds_since("engine_build_started"))


def _builder(task: Task, plan: str) -> dict[str, Any]:
    """Outside any sandbox and with the supervisor's own environment: the catalogue is the admin's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["TRAINWRIGHT_TASK"] = f"{task.launch['attempt_key']}/{task.order['task']}"
    return {
        "argv": [*task.helper(), "build-engine", plan],
        "env": environment,
        "cwd": task.rundir.path,
        "cgroup": "",
        "sandbox": False,
        "log_dir": task.rundir.engine_log,
        "log_floor": 0,
        "log_limit_bytes": 64 << 20,
    }


class _BuildTeller:
    """Turns what the builder prints into events, not more often than it is called."""

    def __init__(self, task: Task, name: str) -> None:
        self._task = task
        self._name = name
        self._engines = deferred.load("engines")
        self.log = deferred.load("segments").LogSpool(task.rundir.engine_log)
        self._read = 0
        self._rest = b""

    def tell(self) -> None:
        """Events for what has been printed since."""
        progress = ""
        while True:
            data = self.log.read(self._read, 1 << 20)
            if not data:
                break
            self._read += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for raw in lines:
                line = raw.decode("utf-8", "replace")
                if line == self._engines.WAITING:
                    self._task.emit("engine_build_waiting", engine=self._name)
                elif line == self._engines.BUILDING:
                    self._task.emit("engine_build_started", engine=self._name)
                progress = self._engines.progress_of(line) or progress
        if progress:
            self._task.emit("engine_build_progress", engine=self._name, detail=progress)


def last_error(said: bytes) -> str:
    """The last line that reads like a pip or Python error; empty when there is none."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if line.startswith("ERROR:") or "Error:" in line]
    return errors[-1][:300] if errors else ""


def requirements(task: Task) -> None:
    """Install the code folder's `pip-requirements.txt`. Raises `StepFailed` (`requirements_failed`)."""
    folder = task.order["code"]
    if not folder or (task.image is not None and not task.order["boot_file"]):
        return  # a command in an image has what the image has
    file = f"{check_absolute(folder['local_path'])}/{REQUIREMENTS}"
    if not os.path.isfile(task.places.real(file)):
        return
    task.line("requirements", f"[init] install {REQUIREMENTS}")
    task.emit("requirements_started", file=REQUIREMENTS)
    result = task.run("requirements", lambda: _installer(task, file))
    if result["stopped"]:
        raise StopRequested
    if exit_code(result) != 0:
        detail = last_error(task.log.tail(_TAIL_BYTES)) or f"pip ended with exit code {exit_code(result)}"
        task.emit("requirements_failed", file=REQUIREMENTS, detail=detail)
        raise StepFailed("requirements_failed", detail, exit_code(result))
    seconds = task.spool.seconds_since("requirements_started")
    task.emit("requirements_done", file=REQUIREMENTS, seconds=seconds)
    prefix = task.job_venv()
    task.state.facts["python"] = f"{prefix}/bin/python"
    task.state.facts["bin_dirs"] = [f"{prefix}/bin", *task.state.facts.get("bin_dirs", ())]


def _installer(task: Task, file: str) -> dict[str, Any]:
    spec = task.order["engine"] or {}
    plan = {
        "prefix": task.job_venv(),
        "interpreter": task.python.path,
        "file": task.places.view(file),
        "pip_options": list(spec.get("pip_options", ())),
        "cache_dir": "" if task.places.sandboxed else task.launch.get("pip_cache_dir", ""),
    }
    plan_path = f"{RUN_DIR}/requirements-plan.json"
    task.place(plan_path).write(jsontext.dumps(plan).encode("utf-8", "surrogatepass"), mode=0o644)
    argv = [*task.inner_helper(), "install-requirements", task.places.view(plan_path)]
    return task.command(argv, os.path.dirname(file))
