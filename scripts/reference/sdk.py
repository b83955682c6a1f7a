"""The pages on the Python packages, from their sources: signatures and docstrings, nothing is imported."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from scripts.reference.markdown import page

SOURCE = Path(__file__).resolve().parents[2] / "src"
WIDTH = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A section: what a module has, or only the names given."""

    title: str
    module: str
    names: tuple[str, ...] = ()


NATIVE = (
    Part("Connecting", "trainwright.client.sdk.platform", ("connect", "Platform")),
    Part("Jobs", "trainwright.client.sdk.jobs", ("Jobs", "Job")),
    Part("What a job says of itself", "trainwright.client.sdk.facts", ("JobFacts",)),
    Part("What a job is made of", "trainwright.client.job_body", ("JobDraft",)),
    Part("Metrics", "trainwright.client.sdk.metrics", ("Metrics", "Series")),
    Part("Outputs", "trainwright.client.sdk.outputs", ("Outputs", "Output")),
    Part("Lists and collections", "trainwright.client.sdk.listing", ("Listing",)),
    Part("", "trainwright.client.sdk.catalogue", ("Collection",)),
    Part("The object store", "trainwright.client.storage", ("Storage",)),
    Part("", "trainwright.client.transfers.report", ("TransferOptions", "TransferReport")),
    Part(
        "Errors",
        "trainwright.client.errors",
        (
            "ClientError",
            "ApiError",
            "ConnectionFailed",
            "NotConfigured",
            "TransferError",
            "UnsafeKey",
            "JobFailed",
            "WaitTimeout",
        ),
    ),
    Part("For asyncio", "trainwright.client.sdk.platform_asynchronous", ("connect_async", "AsyncPlatform")),
    Part("", "trainwright.client.sdk.jobs_asynchronous", ("AsyncJobs", "AsyncJob")),
    Part("", "trainwright.client.sdk.outputs", ("AsyncOutputs", "AsyncOutput")),
    Part("", "trainwright.client.sdk.listing", ("AsyncListing",)),
    Part("", "trainwright.client.storage", ("AsyncStorage",)),
)
MODELARTS = (
    Part("`modelarts.session`", "modelarts.session", ("Session",)),
    Part("`session.obs`", "modelarts.obs", ("Obs",)),
    Part("`modelarts.estimatorV2`", "modelarts.estimatorV2", ("Estimator", "TrainingJob")),
    Part("`modelarts.train_params`", "modelarts.train_params"),
    Part("`modelarts.estimator`", "modelarts.estimator", ("Estimator",)),
    Part("", "modelarts.v1.jobs", ("JobMethods", "TrainingJob")),
    Part("", "modelarts.v1.configs", ("ConfigMethods", "JobConfig")),
    Part("", "modelarts.v1.visualization", ("VisualizationJob",)),
    Part("`modelarts.environment`", "modelarts.environment.environment"),
    Part("", "modelarts.environment.conda_env", ("CondaDependencies",)),
    Part("`modelarts.algorithm`", "modelarts.algorithm"),
    Part("`modelarts.model`", "modelarts.model"),
    Part(
        "`modelarts.exception`",
        "modelarts.exception",
        (
            "ModelArtsError",
            "InvalidArgument",
            "AuthenticationError",
            "NotReachable",
            "TransferFailed",
            "RequestRefused",
            "JobFailed",
        ),
    ),
)
NATIVE_INTRODUCTION = """
`pip install trainwright[client]` brings the SDK and the command line. Names are imported from `trainwright`; what is
not there is in `trainwright.client`. How it is used: [Use the SDK](../howto/use-the-sdk.md).
"""
MODELARTS_INTRODUCTION = """
The package that ModelArts' own examples import, over a Trainwright server. What differs from ModelArts:
[Move from ModelArts](../howto/migrate-from-modelarts.md).
"""


def sdk_page() -> str:
    """docs/reference/sdk.md: the native SDK, then `trainwright.inside`."""
    return page(
        "Python SDK",
        NATIVE_INTRODUCTION,
        *_sections(NATIVE),
        "## Inside a job: `trainwright.inside`",
        _prose(ast.get_docstring(_tree("trainwright.inside")) or ""),
        *_sections(_exports("trainwright.inside")),
    )


def modelarts_page() -> str:
    """docs/reference/sdk-modelarts.md: the `modelarts` package."""
    return page("The `modelarts` package", MODELARTS_INTRODUCTION, *_sections(MODELARTS))


def moxing_page() -> str:
    """docs/reference/moxing.md: the `moxing` package."""
    return page(
        "The `moxing` package",
        _prose(ast.get_docstring(_tree("moxing")) or ""),
        "## `mox.file`",
        _prose(ast.get_docstring(_tree("moxing.framework.file")) or ""),
        *_sections(_exports("moxing.framework.file")),
    )


def _exports(package: str) -> Iterator[Part]:
    """What a package offers under its own name, by the modules it is from, in the order of its imports."""
    tree = _tree(package)
    offered = frozenset[str]()
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            offered = frozenset(ast.literal_eval(node.value))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            module = f"{package}.{node.module}" if node.level else node.module
            if not module.startswith(package):
                continue
            names = [alias.name for alias in node.names if alias.name in offered and alias.name[0] != "_"]
            members = {each.name for each in _tree(module).body if isinstance(each, Member)}
            if found := tuple(name for name in names if name in members):
                yield Part("", module, found)


def _sections(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        tree = _tree(part.module)
        if part.title:
            yield f"## {part.title}"
        if not part.names:
            yield _prose(ast.get_docstring(tree) or "")
        for member in _members(tree, part.names):
            yield from _member(member, "###")


def _tree(module: str) -> ast.Module:
    path = SOURCE / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


Member = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _members(tree: ast.Module, names: Sequence[str]) -> Iterator[Member]:
    """Public classes and functions: in the given order, else as they stand."""
    found = {node.name: node for node in tree.body if isinstance(node, Member)}
    for name in names or [name for name in found if not name.startswith("_")]:
        yield found[name]


def _member(node: Member, mark: str) -> Iterator[str]:
    if not isinstance(node, ast.ClassDef):
        yield f"{mark} `{node.name}`"
        yield _code(_signature(node))
        yield _prose(ast.get_docstring(node) or "")
        return
    bases = ", ".join(ast.unparse(base) for base in node.bases if "Generic" not in ast.unparse(base))
    yield f"{mark} class `{node.name}`"
    constructor = next((each for each in node.body if _named(each, "__init__")), None)
    is_open = isinstance(constructor, ast.FunctionDef) and not _is_ours(constructor)
    shown = _signature(constructor, node.name) if is_open and isinstance(constructor, ast.FunctionDef) else ""
    yield _code(shown or f"class {node.name}" + (f"({bases})" if bases else ""))
    yield _prose(ast.get_docstring(node) or "")
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and not _is_private(each)]
    if fields:
        yield _code("\n".join(ast.unparse(each) for each in fields))
    if isinstance(constructor, ast.FunctionDef) and ast.get_docstring(constructor):
        yield _prose(ast.get_docstring(constructor) or "")
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
            yield f"{mark}# `{node.name}.{each.name}`"
            yield _code(_signature(each))
            yield _prose(ast.get_docstring(each) or "")


def _is_ours(constructor: ast.FunctionDef) -> bool:
    """Whether nobody but us calls it: it takes a client, a storage, an answer."""
    given = {each.arg for each in constructor.args.args}
    return bool(given & {"client", "storage", "answer", "read", "series", "total"})


def _is_private(field: ast.AnnAssign) -> bool:
    return ast.unparse(field.target).startswith("_")


def _named(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str = "") -> str:
    """As it is written, without `self`, on one line or one argument a line. A property shows as an attribute."""
    kinds = {ast.unparse(each) for each in node.decorator_list}
    answer = ast.unparse(node.returns) if node.returns else ""
    if "property" in kinds:
        return f"{node.name}: {answer}"
    arguments = [each for each in _arguments(node.args) if each.split(":")[0] not in ("self", "cls")]
    before = ("await " if isinstance(node, ast.AsyncFunctionDef) and "Iterator" not in answer else "") + (
        name or node.name
    )
    after = f" -> {answer}" if answer and not name else ""
    line = f"{before}({', '.join(arguments)}){after}"
    if len(line) <= WIDTH:
        return line
    return f"{before}(\n" + indent(",\n".join(arguments), "    ") + f",\n){after}"


def _arguments(given: ast.arguments) -> Iterator[str]:
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    for place, (each, default) in enumerate(
        zip(positional, [*defaults, *given.defaults], strict=True), start=1
    ):
        yield _argument(each, default)
        if given.posonlyargs and place == len(given.posonlyargs) and each.arg != "self":
            yield "/"
    if given.vararg:
        yield f"*{_argument(given.vararg, None)}"
    elif given.kwonlyargs:
        yield "*"
    for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _argument(each, default)
    if given.kwarg:
        yield f"**{_argument(given.kwarg, None)}"


def _argument(each: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(each.annotation)}" if each.annotation else ""
    if default is None:
        return each.arg + kind
    return f"{each.arg}{kind}{' = ' if kind else '='}{ast.unparse(default)}"


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _prose(docstring: str) -> str:
    """A docstring as Markdown: examples, indented text and trees as code, `Raises:` as a list."""
    blocks = [_block(block) for block in re.split(r"\n[ \t]*\n", dedent(docstring).strip())]
    whole = "\n\n".join(block for block in blocks if block)
    return whole.replace("\n```\n\n```python\n", "\n\n")  # an example with blank lines in it


def _block(block: str) -> str:
    lines = block.splitlines()
    if block.startswith(">>>"):
        return f"```pycon\n{block}\n```"
    if all(line.startswith("    ") for line in lines):
        return _code(dedent(block))
    if any(line.startswith(("├", "└", "│")) for line in lines):
        return f"```text\n{block}\n```"
    if re.fullmatch(r"[A-Z][a-z]+:", lines[0]) and len(lines) > 1:
        return f"{lines[0]}\n\n{_items(dedent(chr(10).join(lines[1:])))}"
    return "\n".join(line.strip() if not line.startswith(("*", "-", "|")) else line for line in lines)


def _items(text: str) -> str:
    """`Name: meaning`, with lines that belong to the one before indented, as a list."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and found:
            found[-1] += " " + line.strip()
        else:
            found.append(line.strip())
    shown = []
    for item in found:
        name, colon, meaning = item.partition(": ")
        shown.append(f"- `{name}`: {meaning}" if colon else f"- {item}")
    return "\n".join(shown)
