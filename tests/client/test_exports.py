"""What the packages export: types, `__all__` and the places agree, and importing them stays cheap."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import trainwright
import trainwright.client
from trainwright.client.job_body import JobDraft
from trainwright.client.sdk.creation import JobFields
from trainwright.client.sdk.jobs import Jobs
from trainwright.portable.deferred import deferred

HEAVY = ("httpx", "pydantic", "asyncio", "websockets", "yaml", "rich", "typer", "numpy", "trainwright.wire")


def typed_places(package: ModuleType) -> dict[str, str]:
    """Name and module of everything that is imported for type checkers only."""
    tree = ast.parse(Path(str(package.__file__)).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("package", [trainwright, trainwright.client], ids=lambda package: package.__name__)
def test_exports_agree(package: ModuleType) -> None:
    """A name that type checkers know and Python does not would be found out by a user."""
    places = {name: place for place, names in package._PLACES.items() for name in names.split()}
    typed = typed_places(package)
    assert set(typed) == set(places) == set(package.__all__)
    for name, place in places.items():
        assert typed[name] in (place, package.__name__)
        assert getattr(package, name) is not None
    assert not hasattr(package, "no_such_name")


@pytest.mark.parametrize(
    "statement",
    [
        "import trainwright.client",
        "from trainwright import connect, Job, AsyncJob, connect_async, inside, ApiError",
        "from trainwright.client import Client, AsyncClient, Storage, resolve_access, TransferOptions",
        "import moxing",
        "import modelarts.session, modelarts.estimator, modelarts.estimatorV2",
    ],
)
def test_importing_brings_nothing_heavy(statement: str) -> None:
    """Names of modules, since times depend on the machine."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()) & set(HEAVY) == set()


def test_keywords_of_creation_are_the_drafts_fields() -> None:
    """A field that the draft gains must be given to `jobs.create`, and shows in its help."""
    fields = set(JobDraft.__dataclass_fields__) - {"name", "code_dir"}
    assert set(JobFields.__annotations__) == fields
    shown = inspect.signature(Jobs.create).parameters
    assert fields <= set(shown)
    assert shown["auto_stop"].default == "" and shown["priority"].default is None


def test_a_deferred_module_that_is_not_there() -> None:
    """Found out when it is used, in Python's own words."""
    missing = deferred("no_such_module")
    assert "no_such_module" in repr(missing)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        missing.anything  # noqa: B018
