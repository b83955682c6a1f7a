"""The console's built files: whether they are up to date, and how they come about.

`console/` is built into `src/trainwright/server/site/`, from where the server serves it and the wheel takes it. A stamp
in there, written last, holds a fingerprint of what it was built from: as long as that is the same nothing is done.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scripts.console.node import Npm
from scripts.console.npm import CONSOLE, run_npm

try:
    import fcntl
except ImportError:  # Windows, where only one builds at a time
    fcntl = None  # type: ignore[assignment]

SITE = "src/trainwright/server/site"
LOG = ".cache/console.log"
LOCK = ".cache/console.lock"
STAMP = ".stamp"
SWITCH = "TRAINWRIGHT_BUILD_CONSOLE"
# What the built files do not depend on: installed packages, generated types, tests.
_FOLDERS = frozenset({"node_modules", "coverage", "dist"})
_ENDINGS = (".gen.ts", ".test.ts", ".test.tsx", ".md")

Say = Callable[[str], None]
Packages = dict[str, dict[str, Any]]


def is_wanted() -> bool:
    """False when the environment says that no console is to be built: `TRAINWRIGHT_BUILD_CONSOLE=0`."""
    return os.environ.get(SWITCH, "").lower() not in ("0", "no", "off", "false")


def is_current(root: Path) -> bool:
    """Whether the built files are those of the sources below `root`."""
    site = root / SITE
    try:
        stamp = (site / STAMP).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return False
    return (site / "index.html").is_file() and stamp == fingerprint(root)


def fingerprint(root: Path) -> str:
    """A hash over everything in `console/` that the built files depend on; package-lock.json is among it."""
    digest = hashlib.sha256()
    console = root / CONSOLE
    for name, path in sorted((path.relative_to(console).as_posix(), path) for path in _sources(console)):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def site_files(root: Path) -> list[Path]:
    """The built files without the stamp, relative to the site."""
    site = root / SITE
    found = (path.relative_to(site) for path in site.rglob("*") if path.is_file())
    return sorted(path for path in found if path.as_posix() != STAMP)


def lacks_packages(root: Path, *, checks: bool) -> bool:
    """Whether node_modules lacks a package of package-lock.json, or has it in another version.

    npm's own record of what it installed is asked, so that `npm install` by hand counts. Packages for other kinds of
    machines do not; with `checks` False neither do those that only checks and tests need.
    """
    console = root / CONSOLE
    try:
        present = _packages(console / "node_modules" / ".package-lock.json")
    except FileNotFoundError:
        return True
    spared = ("optional",) if checks else ("optional", "dev", "devOptional")
    return any(
        present.get(place, {}).get("version") != entry.get("version")
        for place, entry in _packages(console / "package-lock.json").items()
        if place and not any(entry.get(mark) for mark in spared)
    )


def ensure_built(root: Path, npm: Npm, say: Say, *, checks: bool = False, force: bool = False) -> None:
    """Install the packages that are missing, then build what is out of date.

    Several may ask at once: one works, the others wait and find it done.

    Raises:
        NpmFailed: npm ended with an error or took too long.
        FileNotFoundError: `root` is no whole source tree.
    """
    log = root / LOG
    log.parent.mkdir(exist_ok=True)
    with _alone(root / LOCK, say):
        log.write_bytes(b"")
        if lacks_packages(root, checks=checks):
            say("installing the console's packages")
            # None of them has to run anything when it is installed.
            quiet = ("--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts")
            run_npm(root, npm, "ci", *quiet, "--include=dev" if checks else "--omit=dev", log=log)
        if force or not is_current(root):
            say("building the console")
            taken = fingerprint(root)  # before: what is changed meanwhile is built the next time
            (root / SITE / STAMP).unlink(missing_ok=True)
            run_npm(root, npm, "run", "build", log=log)
            (root / SITE / STAMP).write_text(taken + "\n", encoding="utf-8")


@contextlib.contextmanager
def _alone(lock: Path, say: Say) -> Iterator[None]:
    with lock.open("ab") as held:
        if fcntl is not None:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another build of the console is under way; waiting for it")
                fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _packages(lock: Path) -> Packages:
    packages: Packages = json.loads(lock.read_bytes())["packages"]
    return packages


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _FOLDERS or path.name.endswith(_ENDINGS):
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path
