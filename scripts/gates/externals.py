"""Which third-party packages each package may import. Import-linter forbids by name; this allows by name."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.gates.finding import Finding, python_files

SOURCE = "src/trainwright"
FIRST_PARTY = "trainwright"
OURS = frozenset({FIRST_PARTY, "modelarts", "moxing"})
ALLOWED: Mapping[str, frozenset[str]] = {
    f"{SOURCE}/runner": frozenset(),
    f"{SOURCE}/portable": frozenset(),
    f"{SOURCE}/inside": frozenset(),
    f"{SOURCE}/domain": frozenset({"pydantic", "pydantic_core"}),
    f"{SOURCE}/ports": frozenset(),
    f"{SOURCE}/wire": frozenset({"pydantic", "pydantic_core"}),
    f"{SOURCE}/client": frozenset({"httpx", "pydantic", "websockets", "yaml"}),
    "src/moxing": frozenset(),
    "src/modelarts": frozenset({"httpx", "pydantic", "yaml"}),
}
ADAPTERS = ("backends", "storage", "notify", "db")
# Not behind a port: there is one way to keep the parts of an unfinished upload, whatever the store.
NO_ADAPTERS = frozenset({"trainwright.storage.uploads"})
WIRING = f"{SOURCE}/server/bootstrap.py"
# The Slurm backend's own settings, and the command that checks a cluster before there is a server.
SLURM = frozenset({f"{SOURCE}/server/slurm_settings.py", f"{SOURCE}/server/slurm_check.py"})
SLURM_ADAPTER = f"{FIRST_PARTY}.backends.slurm"


def check_externals(root: Path) -> list[Finding]:
    """Third-party imports beyond `ALLOWED`, first-party ones in the runner, and adapters known outside bootstrap."""
    findings: list[Finding] = []
    for package, allowed in ALLOWED.items():
        for path in python_files(root, package):
            findings += _foreign(path.relative_to(root).as_posix(), path, package, allowed)
    for path in python_files(root, f"{SOURCE}/server"):
        name = path.relative_to(root).as_posix()
        findings += [] if name == WIRING else _adapters(name, path)
    return sorted(findings)


def _foreign(name: str, path: Path, package: str, allowed: frozenset[str]) -> Iterator[Finding]:
    for line, module in _imports(path):
        top = module.split(".")[0]
        if top in OURS:
            if package == f"{SOURCE}/runner" and not module.startswith(f"{FIRST_PARTY}.runner"):
                yield Finding(name, line, f"the runner must not import {module}: it ships alone")
        elif top not in sys.stdlib_module_names and top not in allowed:
            yield Finding(
                name,
                line,
                f"{Path(package).name} must not import {top}; allowed: {', '.join(allowed) or 'none'}",
            )


def _adapters(name: str, path: Path) -> Iterator[Finding]:
    for line, module in _imports(path):
        is_adapter = module.startswith(tuple(f"{FIRST_PARTY}.{adapter}" for adapter in ADAPTERS))
        is_own = name in SLURM and module.startswith(SLURM_ADAPTER)
        if is_adapter and not is_own and module not in NO_ADAPTERS:
            yield Finding(name, line, f"{module} is an adapter: only {WIRING} may know it")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute module name of every import; relative imports stay inside the package and do not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from trainwright import db` names the package in its aliases
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (
                (node.lineno, name) for name in (names if node.module == FIRST_PARTY else [node.module])
            )
