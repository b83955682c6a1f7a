"""What this machine has to give: CPUs, memory, accelerators. Parsers are pure; `read_machine` asks the machine.

Source: cgroup v2 cpu.max, memory.max and v1 cpu.cfs_quota_us, memory.limit_in_bytes as in the kernel's documentation;
`nvidia-smi --query-gpu=index --format=csv,noheader`; `npu-smi info -l`.
"""

import logging
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from trainwright.backends.local.settings import LocalSettings
from trainwright.domain.demand import Demand
from trainwright.domain.specs import Resources

log = logging.getLogger(__name__)

TOOL_TIMEOUT_S = 5.0
NO_LIMIT_BYTES = 1 << 60  # version 1 says "no limit" with a number just below 2**63
LOOPBACK = "127.0.0.1"
AcceleratorKind = Literal["", "gpu", "npu"]
RunTool = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is. `accelerators` are the devices' own numbers, all of one kind."""

    cpus: float
    memory_mib: int
    accelerators: tuple[int, ...] = ()
    accelerator_kind: AcceleratorKind = ""
    host: str = "localhost"
    ip: str = LOOPBACK

    @property
    def total(self) -> Demand:
        """All of it."""
        return Demand(round(self.cpus * 1000), self.memory_mib, len(self.accelerators))

    def resources(self, amount: Demand) -> Resources:
        """`amount` as the port says it. Nothing free is a valid answer, so the checks of a demand are not made."""
        return Resources.model_construct(
            cpus=amount.millicpus / 1000,
            memory_mib=amount.memory_mib,
            accelerators=amount.accelerators,
            accelerator_kind=self.accelerator_kind,
        )


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel's files are looked up; tests put a recorded tree here."""

    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")


def parse_meminfo(text: str) -> int:
    """MiB of `MemTotal`.

    Raises:
        ValueError: there is no such line.
    """
    found = re.search(r"^MemTotal:\s+(\d+) kB", text, re.MULTILINE)
    if found is None:
        raise ValueError("no MemTotal line")
    return int(found[1]) // 1024


def parse_cpu_max(text: str) -> float | None:
    """CPUs granted by a version 2 `cpu.max` (`200000 100000`); None for `max`."""
    fields = text.split()
    if len(fields) != 2 or fields[0] == "max":
        return None
    return int(fields[0]) / int(fields[1])


def parse_limit_bytes(text: str) -> int | None:
    """A memory limit of either version in bytes; None for `max` and for version 1's huge numbers."""
    value = text.strip()
    if not value.isdigit() or int(value) >= NO_LIMIT_BYTES:
        return None
    return int(value)


def parse_membership(text: str) -> dict[str, str]:
    """/proc/self/cgroup as controller → path; version 2 is the controller named by the empty text."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def parse_nvidia_smi(text: str) -> tuple[int, ...]:
    """Device numbers, one a line; anything else (`No devices were found`) is none."""
    return tuple(int(line) for line in text.split("\n") if line.strip().isdigit())


def parse_npu_smi(text: str) -> tuple[int, ...]:
    """Logical device numbers 0, 1, … of all chips of all NPUs; a card may carry several chips."""
    npus = len(re.findall(r"^\s*NPU ID\s*:\s*\d+", text, re.MULTILINE))
    chips = [int(count) for count in re.findall(r"^\s*Chip Count\s*:\s*(\d+)", text, re.MULTILINE)]
    return tuple(range(sum(chips) if len(chips) == npus else npus))


def run_tool(argv: Sequence[str]) -> str:
    """What a tool prints; empty when it is missing, fails or hangs (logged, for a driver may be broken)."""
    if shutil.which(argv[0]) is None:
        return ""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("accelerator_tool_failed", extra={"tool": argv[0], "error": str(error)})
        return ""
    return done.stdout


def read_accelerators(run: RunTool = run_tool) -> tuple[AcceleratorKind, tuple[int, ...]]:
    """GPUs when there are any, else NPUs. Blocks up to twice `TOOL_TIMEOUT_S`."""
    gpus = parse_nvidia_smi(run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]))
    if gpus:
        return "gpu", gpus
    npus = parse_npu_smi(run(["npu-smi", "info", "-l"]))
    return ("npu", npus) if npus else ("", ())


def visible(kind: str, devices: tuple[int, ...], environment: Mapping[str, str]) -> tuple[int, ...]:
    """Those of `devices` that the server itself may use: an admin can keep some back by the vendors' variables."""
    text = environment.get("CUDA_VISIBLE_DEVICES" if kind == "gpu" else "ASCEND_RT_VISIBLE_DEVICES")
    if text is None or not re.fullmatch(r"[\d,\s]*", text):  # unset, or by other names than numbers
        return devices
    allowed = {int(number) for number in re.findall(r"\d+", text)}
    return tuple(device for device in devices if device in allowed)


def read_cpus(roots: Roots) -> float:
    """CPUs this process may use: its affinity, and the quota of its cgroup and of those above."""
    quotas = [cpus for folder in own_cgroups(roots, "cpu") if (cpus := _quota(folder)) is not None]
    return min([float(len(os.sched_getaffinity(0))), *quotas])


def read_memory_mib(roots: Roots) -> int:
    """Memory of the machine, or of the narrowest cgroup this process lies in."""
    limits = [parse_meminfo((roots.proc / "meminfo").read_text())]
    for folder in own_cgroups(roots, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = parse_limit_bytes(read_text(folder / name))
            if limit is not None:
                limits.append(limit >> 20)
    return min(limits)


def own_cgroups(roots: Roots, controller: str) -> tuple[Path, ...]:
    """Folders of the cgroup this process lies in and of those above it, for one controller, innermost first.

    Inside a container /proc may name a path that is not mounted there; then only the mount's root is left.
    """
    membership = parse_membership(read_text(roots.proc / "self/cgroup"))
    if controller in membership:
        base, path = roots.cgroup / controller, membership[controller]
    elif (roots.cgroup / "cgroup.controllers").exists():
        base, path = roots.cgroup, membership.get("", "/")
    else:
        return ()
    inner = base / path.lstrip("/")
    folders = [inner, *(above for above in inner.parents if above.is_relative_to(base))]
    return tuple(folder for folder in folders if folder.is_dir())


def _quota(folder: Path) -> float | None:
    version_2 = parse_cpu_max(read_text(folder / "cpu.max"))
    if version_2 is not None:
        return version_2
    quota, period = read_text(folder / "cpu.cfs_quota_us"), read_text(folder / "cpu.cfs_period_us")
    if not (quota.strip().isdigit() and period.strip().isdigit()):
        return None  # -1 is "no quota"
    return int(quota) / int(period)


def read_text(path: Path) -> str:
    """The file's text; empty when it is missing or may not be read."""
    try:
        return path.read_text()
    except OSError:
        return ""


def read_machine(settings: LocalSettings, roots: Roots | None = None, run: RunTool = run_tool) -> Machine:
    """The machine: what the settings say, else what the machine has. Blocks while the vendors' tools answer."""
    roots = roots or Roots()
    kind: AcceleratorKind
    if settings.accelerators is None:
        kind, devices = read_accelerators(run)
        devices = visible(kind, devices, os.environ)
        kind = kind if devices else ""
    else:
        devices = tuple(range(settings.accelerators))
        kind = settings.accelerator_kind if devices else ""
    return Machine(
        cpus=read_cpus(roots) if settings.cpus is None else settings.cpus,
        memory_mib=read_memory_mib(roots) if settings.memory_mib is None else settings.memory_mib,
        accelerators=devices,
        accelerator_kind=kind,
        host=socket.gethostname(),
        ip=read_ip(settings.server_url),
    )


def read_ip(server_url: str) -> str:
    """The address under which this machine speaks to the server, as the runners say it. Sends nothing."""
    target = urlsplit(server_url)
    if not target.hostname:
        return LOOPBACK
    try:
        found = socket.getaddrinfo(target.hostname, target.port or 80, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except (OSError, ValueError):
        return LOOPBACK
