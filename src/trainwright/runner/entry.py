"""Which of the runner's programs is meant."""

from __future__ import annotations

import sys

from . import deferred
from .rundir import RunDir

_USAGE = (
    "usage: runner.pyz supervise RUNDIR | shim RUNDIR STEP | keep ATTEMPT | enter RUNDIR [ARGV...] | build-engine PLAN"
    " | install-requirements PLAN | unpack-image PLAN"
)

_INNER = {  # started by the runner itself, below the shim
    "ascend": ("ascend", "main"),
    "mpi-run": ("mpi", "run"),
    "mpi-serve": ("mpi", "serve"),
    "mpi-shell": ("mpi", "shell"),
}


def main(arguments: list[str]) -> int:
    """Run the program that `arguments` name; returns its exit status (2: wrong usage)."""
    if len(arguments) == 2 and arguments[0] == "supervise":
        return int(deferred.load("supervisor").main(RunDir(arguments[1])))
    if len(arguments) == 3 and arguments[0] == "shim":
        return int(deferred.load("shim").main(RunDir(arguments[1]), arguments[2]))
    if len(arguments) == 2 and arguments[0] == "keep":
        return int(deferred.load("keep").main(arguments[1]))
    if len(arguments) == 2 and arguments[0] == "build-engine":
        return int(deferred.load("venvs").build_engine(arguments[1]))
    if len(arguments) == 2 and arguments[0] == "install-requirements":
        return int(deferred.load("venvs").install_requirements(arguments[1]))
    if len(arguments) == 2 and arguments[0] == "unpack-image":
        return int(deferred.load("images").unpack_image(arguments[1]))
    if len(arguments) >= 2 and arguments[0] == "enter":
        return int(deferred.load("enter").main(RunDir(arguments[1]), arguments[2:]))
    if len(arguments) >= 2 and arguments[0] in _INNER:
        module, function = _INNER[arguments[0]]
        given = arguments[1:] if function == "shell" else arguments[1]
        return int(getattr(deferred.load(module), function)(given))
    print(_USAGE, file=sys.stderr)
    return 2
