"""The steps of `scripts/check` in the order they are shown."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.gates.console import check_console_sizes, check_lock, console_script
from scripts.gates.externals import check_externals
from scripts.gates.finding import Finding, Outcome
from scripts.gates.fragments import check_fragments
from scripts.gates.shape import MEASURED, check_shape
from scripts.gates.words import check_words

TOOL_TIMEOUT_S = 300
TYPED = ("src", "tests", "scripts", "benchmarks")
BUILD_HOOK = "hatch_build.py"


@dataclass(frozen=True, slots=True)
class Step:
    """One check. `repair` is what a person does when it fails."""

    name: str
    run: Callable[[Path, bool], Outcome]
    repair: str


def import_contracts(root: Path, mend: bool) -> Outcome:
    """The contracts of `root`'s .importlinter over the packages in `root`'s src, wherever trainwright is installed."""
    # import-linter has no __main__, and its console script would be found by PATH only
    command = (
        "-c",
        "from importlinter.cli import lint_imports_command as main; main()",
        "--no-logo",
        "--no-cache",
    )
    return _python(root, "import-linter", command)


def _tool(
    *command: str, fix: Sequence[str] = (), check: Sequence[str] = ()
) -> Callable[[Path, bool], Outcome]:
    """A program run by this interpreter (`-m`), with `fix` or `check` appended."""

    def run(root: Path, mend: bool) -> Outcome:
        return _python(root, command[0], ("-m", *command, *(fix if mend else check)))

    return run


def _python(root: Path, name: str, arguments: Sequence[str]) -> Outcome:
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TOOL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(False, f"{name} took longer than {TOOL_TIMEOUT_S} s")
    return Outcome(done.returncode == 0, (done.stdout + done.stderr).strip())


def _rule(check: Callable[[Path], list[Finding]]) -> Callable[[Path, bool], Outcome]:
    def run(root: Path, mend: bool) -> Outcome:
        findings = check(root)
        lines = [f"{'' if finding.fatal else 'note: '}{finding}" for finding in findings]
        return Outcome(not any(finding.fatal for finding in findings), "\n".join(lines))

    return run


def all_steps(root: Path) -> tuple[Step, ...]:
    """Every step; slow ones first, so that two workers end together."""
    measured = [folder for folder in MEASURED if (root / folder).is_dir()]
    measured += [name for name in (BUILD_HOOK,) if (root / name).is_file()]
    typed = [folder for folder in TYPED if next((root / folder).rglob("*.py"), None)]
    typed += [name for name in (BUILD_HOOK,) if (root / name).is_file()]
    return (
        Step(
            "types",
            _tool("mypy", *typed),
            "give the types mypy misses; `# type: ignore[code]` needs a reason",
        ),
        Step(
            "lint", _tool("ruff", "check", *measured, fix=["--fix"]), "scripts/check --fix, the rest by hand"
        ),
        Step("format", _tool("ruff", "format", *measured, check=["--check"]), "scripts/check --fix"),
        Step("site-types", console_script("types"), "give the types tsc misses; in console/: npm run types"),
        Step(
            "generated",
            _tool("scripts.reference", check=["--check"]),
            "scripts/check --fix, then look at the difference and commit it",
        ),
        Step("site-lint", console_script("lint", fix="fix"), "scripts/check --fix, the rest by hand"),
        Step("site-words", console_script("words"), "say it in both languages; console/tools/words.mjs"),
        Step(
            "imports",
            import_contracts,
            "move the code or the import; contracts: .importlinter, reasons: docs/design/architecture.md",
        ),
        Step(
            "externals",
            _rule(check_externals),
            "keep the library out of this package; scripts/gates/externals.py",
        ),
        Step("shape", _rule(check_shape), "split, annotate or document it; limits: scripts/gates/shape.py"),
        Step("words", _rule(check_words), "name no registry host and no path of one machine"),
        Step("changes", _rule(check_fragments), "see changes/README.md"),
        Step("site-sizes", _rule(check_console_sizes), "split it; limits: scripts/gates/console.py"),
        Step("site-lock", check_lock, "scripts/check --fix, and commit console/package-lock.json"),
    )
