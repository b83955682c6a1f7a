"""Which process of which node this is, under every way of starting it."""

import ast
from pathlib import Path

import pytest

from tests.runner.test_launching import NEWER, STANDARD
from trainwright import inside

SOURCE = Path(inside.__file__).parents[2]
JOB = "11112222-3333-4444-5555-666677778888"
NODE = {"MA_NUM_HOSTS": "2", "VC_TASK_INDEX": "1", "TRAINWRIGHT_TASK": f"{JOB}-a3/worker-1"}
TORCHRUN = {"RANK": "9", "WORLD_SIZE": "16", "LOCAL_RANK": "1", "GROUP_RANK": "1", "GROUP_WORLD_SIZE": "2"}
ASCEND = {"RANK_ID": "9", "RANK_SIZE": "16", "ASCEND_DEVICE_ID": "1"}
MPI = {"OMPI_COMM_WORLD_RANK": "9", "OMPI_COMM_WORLD_SIZE": "16", "OMPI_COMM_WORLD_LOCAL_RANK": "1"}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NODE, *TORCHRUN, *ASCEND, *MPI, "DEVICE_ID", "MA_PROC_START_CNT"):
        monkeypatch.delenv(name, raising=False)


def place() -> tuple[int, int, int, int, int]:
    return inside.rank(), inside.world_size(), inside.local_rank(), inside.node_rank(), inside.nodes()


@pytest.mark.parametrize("way", [TORCHRUN, ASCEND, MPI], ids=["torchrun", "ascend", "mpi"])
def test_several_processes_on_a_node(monkeypatch: pytest.MonkeyPatch, way: dict[str, str]) -> None:
    """The launcher numbers processes, the platform nodes."""
    for name, value in {**NODE, **way}.items():
        monkeypatch.setenv(name, value)
    assert place() == (9, 16, 1, 1, 2)


def test_one_process_on_each_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a launcher a process is its node."""
    for name, value in NODE.items():
        monkeypatch.setenv(name, value)
    assert place() == (1, 2, 0, 1, 2)
    assert (inside.task(), inside.attempt(), inside.start()) == ("worker-1", 3, 1)
    monkeypatch.setenv("MA_PROC_START_CNT", "2")
    assert inside.start() == 2


def test_torchrun_off_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script runs anywhere."""
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    assert place() == (9, 16, 1, 1, 2)


def test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain script at home; words that are no numbers count for nothing."""
    assert place() == (0, 1, 0, 0, 1)
    assert (inside.task(), inside.attempt(), inside.start()) == ("", 0, 1)
    monkeypatch.setenv("RANK", "-1")
    monkeypatch.setenv("WORLD_SIZE", "")
    assert place() == (0, 1, 0, 0, 1)


@pytest.mark.parametrize(
    "source", sorted((SOURCE / "trainwright" / "inside").glob("*.py")), ids=lambda path: path.stem
)
def test_runs_on_python_3_8(source: Path) -> None:
    """Guards jobs with an old Python: syntax, names that came later, other packages."""
    tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 8))
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Attribute) and node.attr in NEWER), f"{source.name}:{node.lineno}"
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= STANDARD
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").split(".")[0] in STANDARD, f"{source.name}:{node.lineno}"
