"""Processes of this machine: who they are, whether they live, how they are started and how a whole tree is ended.

Source: proc(5). A process is named by (pid, start_ticks, boot_id), which no other process ever has.
"""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainwright.backends.local import cgroup

PROC = Path("/proc")
KILL_ROUNDS, KILL_PAUSE_S = 100, 0.02
RUNDIR_VARIABLE = "TRAINWRIGHT_RUNDIR"  # in every supervisor's and shim's environment
TASK_VARIABLE = "TRAINWRIGHT_TASK"  # in every job's environment, set by the runner: <attempt key>/<task>
# What a runner needs of the server's own environment: where programs, certificates, proxies and pip's settings are,
# and how the vendors' libraries are set up (src/trainwright/runner/environment.py says what of it a job may see).
KEPT_VARIABLES = frozenset(
    {"HOME", "LOGNAME", "USER", "PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "TMPDIR", "LANG", "LANGUAGE", "TZ"}
)
KEPT_PREFIXES = ("PIP_", "LC_", "NVIDIA_", "CUDA_", "NCCL_", "ASCEND_")
KEPT_CONFIG = frozenset({"XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "RANK_TABLE_FILE"})
KEPT_CERTIFICATES = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"})
KEPT_PROXIES = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"})


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, for ever."""

    pid: int
    start_ticks: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """What /proc/PID/stat says; a zombie is dead."""

    pid: int
    parent: int
    session: int
    start_ticks: int
    is_dead: bool


def read_boot_id() -> str:
    """This boot's id."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def read_stat(pid: int) -> ProcessStat | None:
    """The process's entry; None when there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything, also parentheses
    return ProcessStat(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        start_ticks=int(fields[19]),
        is_dead=fields[0] in "ZX",
    )


def is_alive(identity: Identity, boot_id: str) -> bool:
    """Whether that very process lives in this boot."""
    if identity.boot_id != boot_id:
        return False
    stat = read_stat(identity.pid)
    return stat is not None and not stat.is_dead and stat.start_ticks == identity.start_ticks


def read_identity(path: Path) -> Identity | None:
    """The identity a runner wrote to `path`; None when it is missing or (after a power cut) unreadable."""
    try:
        found = json.loads(path.read_bytes())
        return Identity(int(found["pid"]), int(found["start_ticks"]), str(found["boot_id"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_locked(path: Path) -> bool:
    """Whether someone holds the exclusive flock on `path`. Takes it shared for an instant to find out."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def runner_environment(own: Mapping[str, str], folder: Path, devices: Mapping[str, str]) -> dict[str, str]:
    """The environment of a supervisor: what it needs of `own`, a mark by which its descendants are found, and the
    variables that show a job its `devices` and no others.
    """
    kept = {
        name: value
        for name, value in own.items()
        if name in KEPT_VARIABLES | KEPT_CONFIG | KEPT_CERTIFICATES
        or name.lower() in KEPT_PROXIES
        or name.startswith(KEPT_PREFIXES)
    }
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **kept, **devices, RUNDIR_VARIABLE: str(folder)}


def device_variables(kind: str, devices: Sequence[int]) -> dict[str, str]:
    """What shows a job exactly these accelerators. A job without any on a machine that has some sees none.

    Source: CUDA programming guide (CUDA_VISIBLE_DEVICES; nvidia-smi counts in the order of the bus), CANN
    (ASCEND_RT_VISIBLE_DEVICES), Ascend container runtime (ASCEND_VISIBLE_DEVICES).
    """
    numbers = ",".join(str(device) for device in devices)
    if kind == "gpu":
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": numbers}
    if kind == "npu":
        return {"ASCEND_VISIBLE_DEVICES": numbers, "ASCEND_RT_VISIBLE_DEVICES": numbers}
    return {}


def spawn_detached(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Start `argv` as a session of its own in `folder`, sharing nothing with us; returns its pid.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=True,
    )
    process.returncode = 0  # whoever watches the pid collects it; the object must neither wait nor complain
    return process.pid


def list_stats() -> list[ProcessStat]:
    """All living processes."""
    found = (read_stat(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return [stat for stat in found if stat is not None and not stat.is_dead]


def find_tree(roots: Iterable[Identity], boot_id: str) -> set[int]:
    """The living ones of `roots`, all their descendants and all members of their sessions."""
    heads = {identity.pid for identity in roots if is_alive(identity, boot_id)}
    if not heads:
        return set()
    stats = list_stats()
    tree = heads | {stat.pid for stat in stats if stat.session in heads}
    grown = True
    while grown:
        children = {stat.pid for stat in stats if stat.parent in tree} - tree
        tree |= children
        grown = bool(children)
    return tree


def find_marked(folder: Path) -> set[int]:
    """Processes that work in `folder` or carry its mark in their environment, whoever their parent is now."""
    marks = {
        f"{RUNDIR_VARIABLE}={folder}".encode(),
        f"{TASK_VARIABLE}={folder.parent.name}/{folder.name}".encode(),
    }
    return {stat.pid for stat in list_stats() if _is_marked(PROC / str(stat.pid), folder, marks)}


def _is_marked(entry: Path, folder: Path, marks: set[bytes]) -> bool:
    try:
        if (entry / "cwd").readlink().is_relative_to(folder):
            return True
        return not marks.isdisjoint((entry / "environ").read_bytes().split(b"\0"))
    except OSError:  # it has ended, or is another user's
        return False


def find_task_processes(folder: Path, cgroup_reference: str, boot_id: str) -> set[int]:
    """Everything that lives of the task whose RUNDIR is `folder`."""
    files = [folder / "supervisor.json", *folder.glob("shim-*.json")]
    identities = [identity for path in files if (identity := read_identity(path)) is not None]
    found = find_tree(identities, boot_id) | find_marked(folder) | set(cgroup.members(cgroup_reference))
    return found - {1, os.getpid()}


def kill_task(folder: Path, cgroup_reference: str, boot_id: str) -> bool:
    """SIGKILL everything that lives of a task until nothing is left; True when that was reached. Blocks ≤ 2 s.

    Processes forked while a round was under way are found in the next one.
    """
    for _ in range(KILL_ROUNDS):
        living = find_task_processes(folder, cgroup_reference, boot_id)
        if not living:
            return True
        for pid in living:
            kill(pid, signal.SIGKILL)
        time.sleep(KILL_PAUSE_S)
    return False


def kill(pid: int, number: signal.Signals) -> None:
    """Signal a process; one that has ended is success."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
