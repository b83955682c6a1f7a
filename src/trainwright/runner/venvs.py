"""Programs of their own that make environments: run under a shim, so that their whole tree can be ended.

`build-engine PLAN`: the environment of a preset engine, shared by all jobs of this machine; one builder at a time.
`install-requirements PLAN`: a job's own packages, in an environment laid over the engine's.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys

from .engines import BUILDING, COMPLETE, MARK, WAITING, is_complete, venv_python
from .rundir import sync_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color")
_SITE_FOLDERS = (
    "import json, site, sysconfig as s; print(json.dumps([s.get_path('purelib'), *site.getsitepackages()]))"
)


def build_engine(plan_path: str) -> int:
    """Make the environment that the plan describes unless it is there; returns an exit code, 0 when it is ready.

    Killed half-way, it leaves a folder without `.complete`, which the next builder wipes. The lock is held by this
    process alone, so it falls with it.
    """
    plan = _plan(plan_path)
    prefix = plan["prefix"]
    os.makedirs(os.path.dirname(prefix), exist_ok=True)
    with open(prefix + ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(WAITING)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_complete(prefix):
            return 0
        _say(BUILDING)
        if os.path.lexists(prefix):
            shutil.rmtree(prefix)
        code = _make_venv(plan["interpreter"], prefix, with_pip=True)
        code = code or _run(
            [venv_python(prefix), *_PIP, "install", *_pip_arguments(plan), *plan["requirements"]]
        )
        if code:
            shutil.rmtree(prefix, ignore_errors=True)
            return code
        _complete(prefix)
    return 0


def install_requirements(plan_path: str) -> int:
    """Install the plan's `file` for one job, over its engine; returns pip's exit code. Run from the code folder, so
    that wheel files named in `file` are found there.
    """
    plan = _plan(plan_path)
    prefix = plan["prefix"]
    engine_python = plan["interpreter"]
    code = _make_venv(engine_python, prefix, with_pip=False)
    if code:
        return code
    if not os.path.exists(os.path.join(prefix, COMPLETE)):
        _lay_over(engine_python, prefix)
    python = venv_python(prefix)
    if _run([python, "-c", "import pip"], quiet=True):
        code = _run([python, "-m", "ensurepip", "--default-pip"])
        if code:
            return code
    return _run([python, *_PIP, "install", *_pip_arguments(plan), "-r", plan["file"]])


def _plan(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        plan: dict[str, Any] = json.load(file)
    return plan


def _say(line: str) -> None:
    print(line, flush=True)


def _make_venv(interpreter: str, prefix: str, *, with_pip: bool) -> int:
    options = [] if with_pip else ["--without-pip"]
    return _run([interpreter, "-I", "-m", "venv", *options, prefix])


def _lay_over(engine_python: str, prefix: str) -> None:
    """Let the job's environment see the engine's packages, after its own."""
    answer = subprocess.run(
        [engine_python, "-I", "-c", _SITE_FOLDERS],
        capture_output=True,
        check=True,
        timeout=60,
        env=_clean(os.environ),
    )
    own = subprocess.run(
        [venv_python(prefix), "-I", "-c", _SITE_FOLDERS],
        capture_output=True,
        check=True,
        timeout=60,
        env=_clean(os.environ),
    )
    folders = list(dict.fromkeys(json.loads(answer.stdout)))
    target = json.loads(own.stdout)[0]
    lines = "".join(f"import site; site.addsitedir({folder!r})\n" for folder in folders)
    with open(os.path.join(target, "engine.pth"), "w", encoding="utf-8") as file:
        file.write(lines)


def _pip_arguments(plan: Mapping[str, Any]) -> Sequence[str]:
    options: list[str] = ["--progress-bar", "off", *plan.get("pip_options", ())]
    if plan.get("cache_dir"):
        options += ["--cache-dir", plan["cache_dir"]]
    return options


def _run(argv: Sequence[str], *, quiet: bool = False) -> int:
    """Exit code of a program whose output is ours. No time limit of its own: the job's limits end it."""
    sink = subprocess.DEVNULL if quiet else None
    if not quiet:
        _say(f"{MARK}{' '.join(argv[:6])}")
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=sink,
        check=False,
        env=_clean(os.environ),
        timeout=None,
    ).returncode


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would send Python looking for modules in the user's folders."""
    return {name: value for name, value in environment.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _complete(prefix: str) -> None:
    with open(os.path.join(prefix, COMPLETE), "w", encoding="ascii") as file:
        file.write(sys.version)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(prefix)
