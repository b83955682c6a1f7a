"""What the numbers were measured on, and what processes cost, read from /proc."""

import os
import platform
import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import Any

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def machine_facts() -> dict[str, Any]:
    """CPU, memory, kernel, versions and the commit measured."""
    return {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": _field(Path("/proc/cpuinfo"), "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": int(_field(Path("/proc/meminfo"), "MemTotal").split()[0]) // 1024,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {
            name: metadata.version(name) for name in ("fastapi", "uvicorn", "sqlalchemy", "pydantic")
        },
        "commit": _commit(),
    }


def rss_mib(pid: int) -> float:
    """Resident memory of one process; 0 when it is gone."""
    return _kib(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def pss_mib(pid: int) -> float:
    """Its share of memory, shared pages divided among those who share them; 0 when it is gone."""
    return _kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss") / 1024


def cpu_s(pid: int) -> float:
    """CPU time used so far, without children; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _kib(path: Path, name: str) -> int:
    try:
        return int(_field(path, name).split()[0])
    except (OSError, IndexError):
        return 0


def _field(path: Path, name: str) -> str:
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
