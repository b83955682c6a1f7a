"""The checks of `console/`: its own tools (scripts of package.json), its lock file, the size of its modules."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scripts.console.node import find_npm
from scripts.console.npm import NpmFailed, log_text, run_npm
from scripts.console.site import lacks_packages
from scripts.gates.finding import Finding, Outcome

SOURCE = "console/src"
LOCK = "console/package-lock.json"
SCRIPT_TIMEOUT_S = 300
COMPONENT_MAX, MODULE_MAX = 200, 400
# What npm calls systems, processors and C libraries, as they stand in the names of packages made for one of them.
MADE_FOR = {
    "os": {
        "aix",
        "android",
        "darwin",
        "freebsd",
        "linux",
        "netbsd",
        "openbsd",
        "openharmony",
        "sunos",
        "win32",
    },
    "cpu": {"arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"},
    "libc": {"musl"},
}

Packages = dict[str, dict[str, Any]]


def console_script(name: str, fix: str | None = None) -> Callable[[Path, bool], Outcome]:
    """The step that runs `npm run NAME` in console/, or `npm run FIX` where there is one when it is to mend."""

    def run(root: Path, mend: bool) -> Outcome:
        npm = find_npm()
        if npm is None or lacks_packages(root, checks=True):
            return Outcome(False, "what it needs is not installed: scripts/bootstrap dev")
        log = root / ".cache" / f"console-{name}.log"
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)
        script = fix if mend and fix else name
        try:
            run_npm(root, npm, "run", "--silent", script, log=log, timeout_s=SCRIPT_TIMEOUT_S)
        except NpmFailed as failure:
            return Outcome(False, f"{log_text(log)}\n{failure}")
        return Outcome(True, log_text(log))

    return run


def check_console_sizes(root: Path) -> list[Finding]:
    """Modules of the console that are too long; generated ones may be."""
    return list(_sizes(root))


def _sizes(root: Path) -> Iterator[Finding]:
    for path in sorted((root / SOURCE).rglob("*.ts*")):
        if path.suffix not in (".ts", ".tsx") or path.name.endswith(".gen.ts"):
            continue
        is_component = path.suffix == ".tsx" and not path.name.endswith(".test.tsx")
        limit = COMPONENT_MAX if is_component else MODULE_MAX
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > limit:
            how = (
                "components of its own, hooks and plain functions"
                if is_component
                else "modules by reason to change"
            )
            yield Finding(
                path.relative_to(root).as_posix(), 0, f"{lines} lines, at most {limit}: split it into {how}"
            )


def check_lock(root: Path, mend: bool) -> Outcome:
    """package-lock.json names no host, and every package that is for other kinds of machines.

    npm leaves out what its registry has not got, and `npm ci` then refuses the file wherever it misses something.
    """
    path = root / LOCK
    if not path.is_file():
        return Outcome(True, "")
    lock = json.loads(path.read_text(encoding="utf-8"))
    packages: Packages = lock["packages"]
    hosts = [place for place, entry in packages.items() if "://" in str(entry.get("resolved", ""))]
    missing = dict(_missing(packages))
    if mend and (hosts or missing):
        for place in hosts:
            del packages[place]["resolved"]
        lock["packages"] = _with(packages, missing)
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return Outcome(True, "")
    findings = [
        *(Finding(LOCK, 0, f"{place} names a host: {packages[place]['resolved']}") for place in hosts),
        *(Finding(LOCK, 0, f"{place} is missing, an optional dependency") for place in missing),
    ]
    return Outcome(not findings, "\n".join(str(finding) for finding in findings))


def _missing(packages: Packages) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and entry of each optional dependency that has none. Each is for one kind of machine, and its version is
    named exactly.
    """
    for place, entry in packages.items():
        for name, version in entry.get("optionalDependencies", {}).items():
            hoisted = f"node_modules/{name}"
            if hoisted in packages or f"{place}/{hoisted}" in packages:
                continue
            words = set(re.split(r"[-/]", name))
            made_for = {key: sorted(words & known) for key, known in MADE_FOR.items() if words & known}
            marks = {key: True for key in ("dev",) if entry.get(key)} | {"optional": True}
            yield hoisted, dict(sorted({"version": version, **made_for, **marks}.items(), key=_as_npm_does))


def _as_npm_does(item: tuple[str, object]) -> tuple[bool, str]:
    """npm puts the version first and sorts the rest."""
    return item[0] != "version", item[0]


def _with(packages: Packages, missing: Packages) -> Packages:
    """All of them, those that were missing at their places in the alphabet."""
    merged = list(packages.items())
    for place, entry in missing.items():
        after = [position for position, (other, _) in enumerate(merged) if other.lower() < place.lower()]
        merged.insert(max(after) + 1, (place, entry))
    return dict(merged)
