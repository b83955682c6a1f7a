"""Size and shape of our Python: length of modules and functions, docstrings, annotations, imports, broad excepts."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.gates.finding import Finding, python_files

MODULE_MAX, MODULE_WARN = 600, 400
FUNCTION_MAX = 60
POSITIONAL_MAX = 5
BROAD_EXCEPTS_MAX = 3
BROAD_EXCEPTS_LIST = "scripts/gates/broad_excepts.txt"

SOURCE = "src/"
PACKAGE = "src/trainwright"
MEASURED = ("src", "tests", "scripts", "benchmarks", "examples")
DOCUMENTED = (
    *(f"{PACKAGE}/{package}/" for package in ("domain", "ports", "wire", "client", "inside", "portable")),
    "src/modelarts/",
    "src/moxing/",
)
# Typer and FastAPI read signatures and call by name: there a parameter is an option or a part of the request. The
# signatures of the drop-in packages are those of what they stand in for.
CALLED_BY_NAME = (
    f"{PACKAGE}/cli/",
    f"{PACKAGE}/server/routers/",
    f"{PACKAGE}/server/dependencies.py",
    "src/modelarts/",
    "src/moxing/",
)
VAGUE_NAMES = frozenset({"utils", "util", "common", "helpers", "helper", "manager", "misc", "info"})

Function = ast.FunctionDef | ast.AsyncFunctionDef
BROAD = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class _Module:
    """One parsed file."""

    path: str
    tree: ast.Module
    lines: int


def check_shape(root: Path) -> list[Finding]:
    """Everything out of shape below `root`; see the functions below for the rules."""
    findings: list[Finding] = []
    broad: list[tuple[str, Finding]] = []
    for path in python_files(root, *MEASURED):
        text = path.read_text(encoding="utf-8")
        module = _Module(path.relative_to(root).as_posix(), ast.parse(text), text.count("\n"))
        findings += _lengths(module)
        if module.path.startswith(SOURCE):
            findings += _habits(module)
            broad += _broad_excepts(module)
        if module.path.startswith(DOCUMENTED):
            findings += _undocumented(module.path, module.tree)
    return sorted([*findings, *_unlisted_excepts(root, broad)])


def _lengths(module: _Module) -> Iterator[Finding]:
    if module.lines > MODULE_MAX:
        yield Finding(
            module.path, 0, f"{module.lines} lines, at most {MODULE_MAX}: split it by reason to change"
        )
    elif module.lines > MODULE_WARN:
        yield Finding(module.path, 0, f"{module.lines} lines, better {MODULE_WARN}", fatal=False)
    for node in _functions(module.tree):
        length = (
            (node.end_lineno or node.lineno) - node.body[0].lineno + 2
        )  # a long signature is no long function
        if length > FUNCTION_MAX:
            yield Finding(module.path, node.lineno, f"{node.name} has {length} lines, at most {FUNCTION_MAX}")


def _habits(module: _Module) -> Iterator[Finding]:
    """Return annotations, number of positional parameters, imports inside functions, `global`, vague names."""
    if Path(module.path).stem in VAGUE_NAMES:
        yield Finding(module.path, 0, "the name says nothing; name the module after what it holds")
    for node in _functions(module.tree):
        if node.returns is None:
            yield Finding(module.path, node.lineno, f"{node.name} has no return annotation")
        positional = [*node.args.posonlyargs, *node.args.args]
        count = len([argument for argument in positional if argument.arg not in ("self", "cls")])
        if count > POSITIONAL_MAX and not module.path.startswith(CALLED_BY_NAME):
            yield Finding(
                module.path,
                node.lineno,
                f"{node.name} takes {count} positional parameters, at most {POSITIONAL_MAX}: put `*` before options",
            )
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                yield Finding(module.path, inner.lineno, f"import inside {node.name}: move it to the top")
            elif isinstance(inner, ast.Global):
                yield Finding(
                    module.path, inner.lineno, f"global in {node.name}: wire it up in bootstrap instead"
                )


def _undocumented(path: str, scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[Finding]:
    if isinstance(scope, ast.Module) and scope.body and ast.get_docstring(scope) is None:
        yield Finding(path, 1, "the module has no docstring")
    for node in scope.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _is_overload(node):
            yield Finding(path, node.lineno, f"{prefix}{node.name} has no docstring")
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(path, node, f"{prefix}{node.name}.")


def _is_overload(node: Function | ast.ClassDef) -> bool:
    names = (
        decorator.attr if isinstance(decorator, ast.Attribute) else decorator
        for decorator in node.decorator_list
    )
    return any(getattr(name, "id", name) in ("overload", "setter") for name in names)


def _broad_excepts(module: _Module) -> Iterator[tuple[str, Finding]]:
    """Each broad handler with its place, `path::function`."""
    for function, handler in _handlers(module.tree, "<module>"):
        names = (
            [node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)] if handler.type else []
        )
        if (handler.type is None or BROAD.intersection(names)) and not _hands_on(handler):
            what = "bare except" if handler.type is None else f"except {names[0]}"
            yield f"{module.path}::{function}", Finding(module.path, handler.lineno, f"{what} in {function}")


def _hands_on(handler: ast.ExceptHandler) -> bool:
    """Whether nothing is swallowed: it raises again at its end, or does nothing but keep the exception for another
    thread that raises it.
    """
    last = handler.body[-1]
    if isinstance(last, ast.Raise):
        return last.exc is None
    if handler.name is None or len(handler.body) > 1:
        return False
    kept = last.value if isinstance(last, ast.Assign) else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and _is_append(last.value.func):
        kept = last.value.args[0]
    return isinstance(kept, ast.Name) and kept.id == handler.name


def _is_append(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in ("append", "set_exception")


def _handlers(scope: ast.AST, function: str) -> Iterator[tuple[str, ast.ExceptHandler]]:
    for node in ast.iter_child_nodes(scope):
        inner = node.name if isinstance(node, Function) else function
        if isinstance(node, ast.ExceptHandler):
            yield function, node
        yield from _handlers(node, inner)


def _unlisted_excepts(root: Path, broad: list[tuple[str, Finding]]) -> Iterator[Finding]:
    lines = (root / BROAD_EXCEPTS_LIST).read_text(encoding="utf-8").splitlines()
    listed = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if len(listed) > BROAD_EXCEPTS_MAX:
        yield Finding(BROAD_EXCEPTS_LIST, 0, f"{len(listed)} places, at most {BROAD_EXCEPTS_MAX}")
    for place, finding in broad:
        if place not in listed:
            yield Finding(
                finding.path, finding.line, f"{finding.message}: catch what you expect, or list {place}"
            )
    for place in sorted(set(listed) - {place for place, _ in broad}):
        yield Finding(BROAD_EXCEPTS_LIST, 0, f"{place} catches nothing broad any more: remove the line")


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))
