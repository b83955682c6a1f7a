"""Which interpreter a job runs on, and whether its environment is there yet."""

from __future__ import annotations

import hashlib
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COMPLETE = ".complete"
MARK = "== "
"""Lines of the builder's output that begin so are for the supervisor; the rest is pip's."""
WAITING = MARK + "waiting"
BUILDING = MARK + "building"
_TOLD = ("Collecting ", "Downloading ", "Building wheel", "Installing collected", "Using cached ")


def fingerprint(engine: dict[str, Any], interpreter: str) -> str:
    """Name of the folder of the environment: changes with the interpreter, the requirements and the options."""
    real = os.path.realpath(interpreter)
    status = os.stat(real)
    version = [
        real,
        status.st_size,
        status.st_mtime_ns,
    ]  # of the binary: says more than its number, and at once
    text = json.dumps([version, list(engine["requirements"]), list(engine["pip_options"])])
    return f"{engine['engine_id'] or 'engine'}-{hashlib.sha256(text.encode()).hexdigest()[:24]}".replace(
        "/", "_"
    )


def venv_python(prefix: str) -> str:
    """The interpreter of the environment in the folder `prefix`."""
    return os.path.join(prefix, "bin", "python")


def is_complete(prefix: str) -> bool:
    """Whether it was built to the end."""
    return os.path.exists(os.path.join(prefix, COMPLETE))


def progress_of(line: str) -> str:
    """What a line of pip tells a user about how far it is, shortened; empty when it tells nothing."""
    text = line.strip()
    if text.startswith(MARK):
        return ""
    return text[:117] + "…" if text.startswith(_TOLD) and len(text) > 118 else text * text.startswith(_TOLD)
