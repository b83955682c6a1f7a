"""One control group per task where the kernel lets us: memory limits that hold, and exact news of out-of-memory kills.

What is created here is named to the runner by a *reference* in launch.json: the folder's path for version 2,
`v1:<folder in the memory hierarchy>` for version 1. The runner puts the user's command into it, not itself.
Groups are made below the server's own one where possible, so that a limit put on the server holds for its jobs too.
CPU time is not limited: a task may use what others leave.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trainwright.backends.local.machine import Roots, own_cgroups, read_text

log = logging.getLogger(__name__)

PARENT = "trainwright"
PROBE = "probe"
V1_PREFIX = "v1:"


@dataclass(frozen=True, slots=True)
class CgroupParent:
    """The folder below which one group per task is made."""

    version: Literal[1, 2]
    folder: Path


def find_parent(roots: Roots | None = None) -> CgroupParent | None:
    """The first place where a group with a memory limit can really be created and removed; None if there is none."""
    roots = roots or Roots()
    version: Literal[1, 2] = 2 if (roots.cgroup / "cgroup.controllers").exists() else 1
    for above in own_cgroups(roots, "memory"):
        parent = CgroupParent(version, above / PARENT)
        if _works(parent):
            return parent
    return None


def _works(parent: CgroupParent) -> bool:
    try:
        reference = create(parent, f"{PROBE}-{os.getpid()}", memory_mib=64, pids=64)
    except OSError:
        _remove_parent(parent.folder)
        return False
    remove(reference)
    return True


def create(parent: CgroupParent, name: str, *, memory_mib: int, pids: int) -> str:
    """Make (or take over) the group `name` with these limits; returns its reference.

    Raises:
        OSError: it cannot be had.
    """
    if parent.version == 2:
        return _create_v2(parent.folder, name, memory_mib=memory_mib, pids=pids)
    group = parent.folder / name
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(memory_mib << 20))
    with_swap = group / "memory.memsw.limit_in_bytes"
    if with_swap.exists():
        with_swap.write_text(str(memory_mib << 20))
    return V1_PREFIX + str(group)


def _create_v2(folder: Path, name: str, *, memory_mib: int, pids: int) -> str:
    folder.mkdir(exist_ok=True)
    for above in (
        folder.parent,
        folder,
    ):  # fails where `folder.parent` has processes of its own: the next one up is tried
        if "memory" not in read_text(above / "cgroup.subtree_control").split():
            (above / "cgroup.subtree_control").write_text("+memory +pids")
    group = folder / name
    group.mkdir(exist_ok=True)
    (group / "memory.max").write_text(str(memory_mib << 20))
    if (group / "memory.swap.max").exists():
        (group / "memory.swap.max").write_text("0")
    if (group / "pids.max").exists():
        (group / "pids.max").write_text(str(pids))
    return str(group)


def group_name(key: str, task: str) -> str:
    """The name of a task's group."""
    return f"{key}.{task}"


def reference_of(parent: CgroupParent, name: str) -> str:
    """The reference `create` would return."""
    prefix = "" if parent.version == 2 else V1_PREFIX
    return prefix + str(parent.folder / name)


def group_folder(reference: str) -> Path:
    """Where the group lies."""
    return Path(reference.removeprefix(V1_PREFIX))


def members(reference: str) -> tuple[int, ...]:
    """Ids of the processes in the group; none when it is gone."""
    if not reference:
        return ()
    return tuple(int(pid) for pid in read_text(group_folder(reference) / "cgroup.procs").split())


def remove(reference: str) -> None:
    """Remove the group, and our parent folder with the last one. Gone already is success; what the kernel refuses
    is logged and left: an empty group costs nothing, and a job must not hang on it.
    """
    if not reference:
        return
    group = group_folder(reference)
    try:
        group.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("cgroup_left_behind", extra={"cgroup": str(group), "error": str(error)})
    _remove_parent(group.parent)


def _remove_parent(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # other tasks have theirs in it
