"""The bubblewrap command line of a job that runs in an image: the image's files, and the job's own among them.

The image is read-only. Where a folder of the job belongs into one of its folders, that one is made anew, of all that
the image has in it: nothing can be added to a folder that is bound as a whole. Links of the image are made again, never
followed: outside of the sandbox they would lead to the machine's files.
"""

from __future__ import annotations

import os
import stat

from . import layout, sandbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .images import ImageRoot
    from .sandbox import Machine

ARCHIVE = "/.trainwright/runner.pyz"
"""Where programs of ours that run beside the command see the runner."""
_SETTINGS = "/.etc"
_OWN_SETTINGS = ("hosts", "passwd", "group", "resolv.conf")
_MADE = ("/proc", "/dev", "/sys", "/tmp", "/run", "/etc", _SETTINGS, "/.trainwright")  # noqa: S108


class Mounted:
    """What of the job's is seen in the image. Paths are the job's.

    `folders`: bound from the task's file tree, those in `fixed` read-only. `homes`: of the image, shown read-only
    below homes. `driver`: of the machine, by where the job sees them.
    """

    def __init__(
        self,
        folders: Sequence[str],
        *,
        fixed: Sequence[str] = (),
        homes: Sequence[str] = (),
        driver: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.folders = list(folders)
        self.fixed = list(fixed)
        self.homes = list(homes)
        self.driver = list(driver)


def argv(
    machine: Machine,
    image: ImageRoot,
    mounted: Mounted,
    *,
    root: str,
    mounts: str,
    archive: str,
    host: str,
    cwd: str,
) -> list[str]:
    """The bwrap command up to (not including) the job's own. `root`, `mounts`: as in `sandbox.argv`."""
    own = [layout.HOME, layout.CACHE, *sandbox.outside(mounted.folders)]
    opened = _opened([*own, *(path for _, path in mounted.driver)])
    line = sandbox.head(machine, host)
    line += _entries(image, "/", leave=[*own, *opened, *_MADE])
    for folder in opened:
        line += ["--dir", folder, *_entries(image, folder, leave=[*own, *opened])]
    line += _settings(image, root=root, mounts=mounts)
    line += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--tmpfs", "/run"]  # noqa: S108
    for path in machine.devices:
        line += ["--dev-bind", path, path]
    if "/sys" in machine.folders:
        line += ["--ro-bind", "/sys", "/sys"]
    line += ["--ro-bind", archive, ARCHIVE, "--bind", root + layout.TMP, layout.TMP]
    for path in sorted(own, key=lambda path: path.count("/")):
        line += ["--ro-bind" if path in mounted.fixed else "--bind", root + path, path]
    for path in mounted.homes:
        line += ["--ro-bind", image.resolve(path), path]
    for source, path in mounted.driver:
        line += ["--ro-bind", source, path]
    return [*line, "--chdir", cwd, "--"]


def _opened(paths: Sequence[str]) -> list[str]:
    """Folders of the image that something is to be added to, those above first."""
    found: set[str] = set()
    for path in paths:
        above = os.path.dirname(path)
        while above != "/":
            found.add(above)
            above = os.path.dirname(above)
    return sorted(
        (path for path in found if not any(path == own or path.startswith(own + "/") for own in paths)),
        key=lambda path: (path.count("/"), path),
    )


def _entries(image: ImageRoot, folder: str, leave: Sequence[str]) -> list[str]:
    """Everything the image has in a folder, but for the paths in `leave`."""
    there = image.resolve(folder)
    line: list[str] = []
    for name in sorted(os.listdir(there)) if there and os.path.isdir(there) else ():
        path, source = os.path.join(folder, name), os.path.join(there, name)
        mode = os.lstat(source).st_mode
        if path in leave:
            continue
        if stat.S_ISLNK(mode):
            line += ["--symlink", os.readlink(source), path]
        elif stat.S_ISDIR(mode) or stat.S_ISREG(mode):
            line += ["--ro-bind", source, path]
    return line


def _settings(image: ImageRoot, *, root: str, mounts: str) -> list[str]:
    """/etc as the image has it, but for our own files; of links, as `sandbox` makes the machine's."""
    there = image.resolve("/etc")
    line = ["--tmpfs", "/etc"]
    if there and os.path.isdir(there):
        line = ["--ro-bind", there, _SETTINGS, *line]
        for name in sorted(os.listdir(there)):
            if name not in (*_OWN_SETTINGS, os.path.basename(layout.HOST_FILES)):
                line += ["--symlink", f"{_SETTINGS}/{name}", f"/etc/{name}"]
    for name in ("hosts", "passwd", "group"):
        line += ["--ro-bind", os.path.join(mounts, name), f"/etc/{name}"]
    resolver = os.path.realpath("/etc/resolv.conf")
    if os.path.isfile(resolver):
        line += ["--ro-bind", resolver, "/etc/resolv.conf"]
    return [*line, "--ro-bind", root + layout.HOST_FILES, layout.HOST_FILES, "--remount-ro", "/etc"]
