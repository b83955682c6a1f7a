"""Fixtures of the runner's tests."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.runner.rig import KEY, Rig, poll_until, processes_of
from tests.runner.stub_server import StubServer
from trainwright.backends.runner_archive import build

StartRig = Callable[..., Rig]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner, packed."""
    return build(tmp_path_factory.mktemp("runner") / "runner.pyz")


@pytest.fixture(params=["process", "sandbox"])
def launcher(request: pytest.FixtureRequest) -> str:
    """Both ways of starting a command."""
    if request.param == "sandbox" and shutil.which("bwrap") is None:
        pytest.fail("bubblewrap is not installed: make test-setup")
    return str(request.param)


@pytest.fixture
def rig(tmp_path: Path, archive: Path) -> Iterator[StartRig]:
    """`rig(order, launcher)`: a server and a task. Afterwards no process of it may be left."""
    with ExitStack() as stack:

        def make(order: dict[str, Any], launcher: str = "process") -> Rig:
            server = stack.enter_context(StubServer(order))
            return stack.enter_context(Rig(tmp_path, archive, server, launcher))

        yield make
        left = processes_of(KEY)
    poll_until(lambda: not processes_of(KEY))
    assert not left, "processes were left behind"
