"""What the private server offers: engines over the caller's own Python, and sizes of node that fit this machine."""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelarts.environment import Environment
from modelarts.exception import InvalidArgument
from modelarts.local.places import LocalModeFailed, Places

DISTRIBUTIONS = {
    "pytorch": "pytorch",
    "tensorflow": "tensorflow",
    "horovod": "mpi",
    "mpi": "mpi",
    "ascend-powered-engine": "ascend",
    "mindspore": "ascend",
}
NAMES = {
    "": "Python",
    "pytorch": "PyTorch",
    "tensorflow": "TensorFlow",
    "mpi": "MPI",
    "ascend": "Ascend-Powered-Engine",
}
FLAVOR = "local"
NODES_MAX = 8
JOBS_AT_ONCE = 64
"""How many jobs of whole nodes run beside each other: a notebook waits for nobody's training."""
_PYTHON = re.compile(r"python\s*=+\s*(\d+)\.(\d+)(?:\.\d+)?(?:\.?\*)?")
_MIB = 1 << 20
_TOOL_S = 10


@dataclass(frozen=True, slots=True)
class Packages:
    """An interpreter, and what is installed beside it: empty for the interpreter as it is."""

    interpreter: str
    requirements: tuple[str, ...] = ()
    name: str = ""

    @property
    def key(self) -> str:
        """Tells it from all others."""
        text = json.dumps([self.interpreter, self.requirements])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def engine_id(self, framework_type: str) -> str:
        """The engine that starts a framework's boot files with it."""
        return f"local-{self.key}-{distribution_of(framework_type) or 'plain'}"

    def engines(self) -> list[dict[str, Any]]:
        """Entries of the catalogue: one for each way of starting boot files on several nodes."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        added = f" with {', '.join(self.requirements)}" if self.requirements else ""
        return [
            {
                "id": f"local-{self.key}-{distribution or 'plain'}",
                "name": name,
                "version": f"local-{self.name or python}",
                "description": self.interpreter + added,
                "interpreter": self.interpreter,
                "requirements": list(self.requirements),
                "distribution": distribution,
            }
            for distribution, name in NAMES.items()
        ]


def distribution_of(framework_type: str) -> str:
    """How boot files of that framework are started on several nodes; empty: once on each, with nothing added."""
    return DISTRIBUTIONS.get(framework_type.strip().lower(), "")


def packages_of(environment: Environment | None) -> Packages:
    """The caller's own interpreter with the packages of `environment`.

    Raises:
        InvalidArgument: it asks for another Python, or for conda packages.
        LocalModeFailed: this Python has no interpreter of its own (it is embedded in another program).
    """
    if not sys.executable:
        raise LocalModeFailed("Local training needs a Python interpreter: sys.executable is empty here.")
    conda = environment.conda if environment is not None else None
    if environment is None or conda is None:
        return Packages(sys.executable)
    others = [package for package in conda.conda_packages if not _is_this_python(package)]
    if others:
        raise InvalidArgument(
            f"Environment {environment.name}: {', '.join(others)} cannot be installed: local training makes "
            f"environments from this Python ({sys.version_info.major}.{sys.version_info.minor}) with pip.",
            error_solution="Put packages into pip_packages; for another Python run the script with that Python.",
        )
    return Packages(sys.executable, tuple(conda.pip_packages), environment.name)


def _is_this_python(package: str) -> bool:
    if package.strip().lower() == "python":
        return True
    asked = _PYTHON.fullmatch(package.strip().lower())
    return asked is not None and (int(asked[1]), int(asked[2])) == sys.version_info[:2]


def add_engines(places: Places, packages: Packages) -> bool:
    """Add its engines to the catalogue file; whether that changed it. The caller holds `places.start`."""
    known = _read_engines(places.engines)
    ids = {entry.get("id") for entry in known}
    new = [entry for entry in packages.engines() if entry["id"] not in ids]
    if not new:
        return False
    _write(places.engines, {"engines": [*known, *new]})
    return True


def write_flavors(places: Places) -> None:
    """Sizes of node: the whole machine, and equal parts of it for jobs of several nodes."""
    cpus, memory_mib, gpus = len(os.sched_getaffinity(0)), _memory_mib(), _gpus()
    flavors = []
    for nodes in range(1, NODES_MAX + 1):
        cards = gpus // nodes
        resources: dict[str, Any] = {
            "cpus": max(0.1, round(cpus / nodes, 3)),
            "memory_mib": max(1, memory_mib // nodes),
        }
        if cards:
            resources |= {"accelerators": cards, "accelerator_kind": "gpu"}
        flavors.append({"id": flavor_for(nodes), "resources": resources, "max_nodes": nodes})
    _write(places.flavors, {"flavors": flavors})


def pool_settings() -> dict[str, str]:
    """Variables that tell the server how much it may give: more than there is, so that nobody waits for CPUs."""
    return {
        "TRAINWRIGHT_POOL__CPUS": str(len(os.sched_getaffinity(0)) * JOBS_AT_ONCE),
        "TRAINWRIGHT_POOL__MEMORY_MIB": str(_memory_mib() * JOBS_AT_ONCE),
    }


def flavor_for(nodes: int) -> str:
    """The size of node of which `nodes` fit on this machine.

    Raises:
        InvalidArgument: so many are not offered.
    """
    if not 1 <= nodes <= NODES_MAX:
        raise InvalidArgument(
            f"train_instance_count: local training runs on 1 to {NODES_MAX} nodes, not {nodes}."
        )
    return FLAVOR if nodes == 1 else f"{FLAVOR}.1of{nodes}"


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB


def _gpus() -> int:
    """NVIDIA GPUs that may be used, counted as the server does."""
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_TOOL_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    devices = set(re.findall(r"^\s*(\d+)\s*$", told, re.MULTILINE))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and re.fullmatch(r"[\d,\s]*", visible):
        devices &= set(re.findall(r"\d+", visible))
    return len(devices)


def _read_engines(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return []  # nobody else writes it: a damaged one is written anew
    entries = content.get("engines") if isinstance(content, dict) else None
    return [entry for entry in entries or [] if isinstance(entry, dict)]


def _write(path: Path, content: dict[str, Any]) -> None:
    """As JSON, which is YAML as well."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=2), "utf-8")
    draft.replace(path)
