"""The bubblewrap command line that gives a job its own view of the file system. Pure: golden-tested.

Read-only: the system, the interpreters, the engine. Writable: what lies under the task's `root/`. Hidden: everything
else of the machine, above all the task's folder with the attempt token.
"""

from __future__ import annotations

import os

from . import layout
from .hosts import host_name
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UID, GID = "1000", "100"  # ma-user's, as in ModelArts' images
USERS = (f"ma-user:x:{UID}:{GID}::{layout.HOME}:/bin/bash",)
GROUPS = (f"ma-group:x:{GID}:",)  # where the group file is an image's
_SYSTEM = "/.etc"  # where the machine's /etc is seen: the job's own consists of links to what lies there
_SYSTEM_FOLDERS = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
_PROGRAM = "bwrap"
_USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"
_DEVICES = ("nvidia", "davinci", "hisi_hdc", "devmm_svm")


class Machine:
    """What of the machine's own file system the view depends on; gathered by `look`."""

    def __init__(self) -> None:
        self.program = _PROGRAM
        self.links: dict[str, str] = {}  # /bin and the like that are symbolic links, with their targets
        self.folders: list[str] = []  # those of them that are folders, and /opt, /sys
        self.devices: list[str] = []
        self.hidden_resolver = ""  # folder of resolv.conf when that is a link out of /etc
        self.settings: list[str] = []  # names in /etc


def look() -> Machine:
    """The machine as it is now."""
    machine = Machine()
    machine.program = program()
    for path in _SYSTEM_FOLDERS:
        if os.path.islink(path):
            machine.links[path] = os.readlink(path)
        elif os.path.isdir(path):
            machine.folders.append(path)
    machine.folders.extend(path for path in ("/opt", "/sys") if os.path.isdir(path))
    machine.devices = sorted("/dev/" + name for name in os.listdir("/dev") if name.startswith(_DEVICES))
    resolver = os.path.realpath("/etc/resolv.conf")
    if not resolver.startswith("/etc/") and os.path.exists(resolver):
        machine.hidden_resolver = os.path.dirname(resolver)
    machine.settings = sorted(os.listdir("/etc"))
    return machine


def program() -> str:
    """Where bwrap is, by our own PATH: the job's is not to choose what is started outside of the sandbox."""
    for folder in os.environ.get("PATH", _USUAL_PATH).split(":"):
        path = os.path.join(folder, _PROGRAM)
        if folder.startswith("/") and os.access(path, os.X_OK):
            return path
    return _PROGRAM  # from `/` there is none: that is what the start will say


def handed_over(argv: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """Bwrap's `argv` with the job's `variables` for what it starts, on a descriptor that this process holds open.

    Bwrap itself must be started without them: `LD_PRELOAD` and the like would bring the job's code out of its sandbox.
    They are not in its command line, where everybody on the machine could read them.

    Raises:
        ValueError: a name or value that no variable can have.
        OSError: there is no memory for it.
    """
    words = bytearray()
    for name, value in variables.items():
        raw = os.fsencode(name), os.fsencode(value)
        if not raw[0] or b"=" in raw[0] or b"\0" in raw[0] + raw[1]:
            raise ValueError(f"{name!r} cannot be set as a variable")
        words += b"--setenv\0%s\0%s\0" % raw
    if hasattr(os, "memfd_create"):
        sheet = os.memfd_create("variables")
    else:  # a Python for C libraries of before 2018
        sheet = os.open("/tmp", os.O_RDWR | os.O_TMPFILE, 0o600)  # noqa: S108 - it never has a name
    write_all(sheet, bytes(words))
    os.lseek(sheet, 0, os.SEEK_SET)
    os.set_inheritable(sheet, True)
    return [argv[0], "--args", str(sheet), *argv[1:]]


def argv(
    machine: Machine,
    *,
    root: str,
    mounts: str,
    readable: Sequence[str],
    folders: Sequence[str],
    host: str,
    cwd: str,
    fixed: Sequence[str] = (),
) -> list[str]:
    """The bwrap command up to (not including) the job's own.

    `root`: the task's file tree. `mounts`: folder with our own `hosts`, `passwd`, `group`. `readable`: interpreters,
    engine, runner, bound read-only at their own paths. `folders`: further job paths to be bound; those that
    are in `fixed`, too, cannot be written.
    """
    line = head(machine, host)
    line += ["--ro-bind", "/usr", "/usr", *_settings(machine, root=root, mounts=mounts)]
    for path, target in sorted(machine.links.items()):
        line += ["--symlink", target, path]
    for path in machine.folders:
        line += ["--ro-bind", path, path]
    line += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm"]  # noqa: S108 - the job's own one
    for path in machine.devices:
        line += ["--dev-bind", path, path]
    if machine.hidden_resolver:
        line += ["--ro-bind", machine.hidden_resolver, machine.hidden_resolver]
    line += ["--bind", root + layout.TMP, layout.TMP]
    for path in readable:
        line += ["--ro-bind", path, path]
    others = outside(folders)
    above = [path for path in others if (layout.HOME + "/").startswith(path + "/")]
    below = [path for path in others if path not in above]
    for path in (*above, layout.HOME, layout.CACHE, *below):  # what is bound cannot be replaced by a link
        line += ["--ro-bind" if path in fixed else "--bind", root + path, path]
    return [*line, "--chdir", cwd, "--"]


def head(machine: Machine, host: str) -> list[str]:
    """The beginning of every command line: who the job is, and what it does not share with the machine."""
    line = [machine.program, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    return [
        *(*line, "--uid", UID, "--gid", GID),
        *("--hostname", host_name(host), "--die-with-parent", "--new-session"),
    ]


def sources(folders: Sequence[str]) -> list[str]:
    """Job paths of what is bound from the task's file tree. Bwrap follows links there: there must be none."""
    return [layout.HOME, layout.CACHE, layout.TMP, layout.HOST_FILES, *outside(folders)]


def _settings(machine: Machine, *, root: str, mounts: str) -> list[str]:
    """/etc as the machine's, but for our own files and the lists of hosts.

    Of links, which are made in 1 ms; binding each entry takes 40 ms (measured 2026-11-22), and in a folder that is
    bound as a whole nothing can be added.
    """
    own = ("hosts", "passwd", "group")
    line = ["--ro-bind", "/etc", _SYSTEM, "--tmpfs", "/etc"]
    for name in machine.settings:
        if name not in (*own, os.path.basename(layout.HOST_FILES)):
            line += ["--symlink", f"{_SYSTEM}/{name}", f"/etc/{name}"]
    for name in own:
        line += ["--ro-bind", os.path.join(mounts, name), f"/etc/{name}"]
    return [*line, "--ro-bind", root + layout.HOST_FILES, layout.HOST_FILES, "--remount-ro", "/etc"]


def outside(folders: Sequence[str]) -> list[str]:
    """Those that are not seen already, each once, without what lies below another."""
    covered = [layout.HOME, layout.CACHE, layout.TMP]
    found: list[str] = []
    for path in sorted(set(folders)):
        if not any(path == above or path.startswith(above + "/") for above in (*covered, *found)):
            found.append(path)
    return found


def readable_prefixes(interpreters: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """Folders that must be seen for these interpreters to work: of every link on the way to the real binary and of the
    installation a virtual environment is made from. What lies in the system's own folders is seen anyway.
    """
    found = [path for path in others if path]
    for interpreter in interpreters:
        path = os.path.abspath(interpreter)
        for _ in range(40):
            found.extend(_prefixes(path))
            if not os.path.islink(path):
                break
            path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        found.extend(_prefixes(os.path.realpath(interpreter)))
    return _without_nested([path for path in found if not _is_system(path)])


def _prefixes(interpreter: str) -> list[str]:
    prefix = os.path.dirname(os.path.dirname(interpreter))
    settings = os.path.join(prefix, "pyvenv.cfg")
    found = [prefix]
    if os.path.isfile(settings):
        with open(settings, encoding="utf-8") as file:
            for line in file:
                key, _, value = line.partition("=")
                if key.strip() == "home":
                    found.append(os.path.dirname(value.strip()))
    return found


def _is_system(path: str) -> bool:
    return path in ("/", "") or any(
        path == above or path.startswith(above + "/") for above in ("/usr", "/etc")
    )


def _without_nested(paths: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path.startswith(above + "/") for above in kept):
            kept.append(path)
    return kept
