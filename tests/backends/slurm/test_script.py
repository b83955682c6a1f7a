"""Batch scripts: golden texts, and the choices behind them."""

import os
from pathlib import Path

import pytest

from tests.domain.builders import make_launch, make_role
from trainwright.backends.slurm.cluster import Cluster
from trainwright.backends.slurm.commands import Commands, own_environment
from trainwright.backends.slurm.parsing import parse_nodes, parse_partitions
from trainwright.backends.slurm.script import minutes_for, render_script
from trainwright.backends.slurm.settings import Priorities, SlurmPool, SlurmSettings
from trainwright.domain.specs import LaunchSpec, Resources
from trainwright.ports.backend import Launch

GOLDEN = Path(__file__).with_name("golden")
RECORDED = Path(__file__).with_name("recorded")
BASE = SlurmSettings(partition="main", shared_dir=Path("/shared/tw"), pools={"big": SlurmPool("large")})
QOS = SlurmSettings(
    partition="main",
    shared_dir=Path("/shared/tw2"),
    accelerators={"gpu": "gpu:a100", "npu": "npu:910b"},
    priorities=Priorities("qos", ("low", "normal", "high"), urgent="now"),
    account="lab",
    options=("--constraint=ib",),
    python="/opt/python3.11/bin/python3",
)
BY_PARTITION = SlurmSettings(
    partition="main",
    shared_dir=Path("/s"),
    priorities=Priorities("partition", ("{partition}-low", "{partition}", "hi")),
)
GPUS = Resources(cpus=7.5, memory_mib=64_000, accelerators=2, accelerator_kind="gpu")
NPUS = Resources(cpus=24, memory_mib=100_000, accelerators=8, accelerator_kind="npu")


def launch(spec: LaunchSpec, **changes: object) -> Launch:
    return Launch("job-1-a2", 2, spec, "http://server:8600", "secret-token", **changes)  # type: ignore[arg-type]


CASES = {
    "simple": (BASE, launch(make_launch()), {}),
    "gang": (
        BASE,
        launch(make_launch(make_role(replicas=4), max_run_s=3601, priority=3, pool_id="big"), avoid=("n3",)),
        {"exclude": ("n3", "n1")},
    ),
    "gpus-qos-urgent": (QOS, launch(make_launch(make_role(replicas=2, resources=GPUS)), urgent=True), {}),
    "npus": (
        QOS,
        launch(make_launch(make_role(replicas=2, resources=NPUS), priority=2, max_run_s=86_400)),
        {"max_minutes": 60},
    ),
    "roles": (BY_PARTITION, launch(make_launch(make_role("ps", 2), make_role("worker", 3, resources=GPUS))), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    """Guards every byte given to sbatch. TRAINWRIGHT_GOLDEN=write writes them anew, to be read before they are kept."""
    settings, what, more = CASES[name]
    text = render_script(what, settings, comment="trainwright:abc", **more)  # type: ignore[arg-type]
    path = GOLDEN / f"{name}.sh"
    if os.environ.get("TRAINWRIGHT_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()
    assert "secret-token" not in text


def cluster_of(settings: SlurmSettings) -> Cluster:
    nodes = parse_nodes((RECORDED / "nodes.txt").read_text())
    return Cluster(settings, tuple(nodes), tuple(parse_partitions((RECORDED / "partitions.txt").read_text())))


def test_roles_that_cannot_have_nodes_of_their_own_become_one() -> None:
    """Guards heterogeneous jobs where nodes are too few: Slurm would never start them."""
    small, large = Resources(cpus=1, memory_mib=64), Resources(cpus=1, memory_mib=256)
    spec = make_launch(make_role("ps", 1, resources=small), make_role("worker", 1, resources=large))
    assert len(cluster_of(BASE).layout(spec)) == 2
    one = SlurmSettings(partition="one", shared_dir=Path("/s"))
    assert cluster_of(one).layout(spec) == [(large, 2)]
    assert cluster_of(one).never_fits(spec) == ""


def test_what_never_fits_is_explained() -> None:
    """Guards launches for nodes that there are none of, and pools that are none."""
    cluster = cluster_of(BASE)
    assert "room for 0" in cluster.never_fits(
        make_launch(make_role(resources=Resources(cpus=3, memory_mib=64)))
    )
    assert "room for 10" in cluster.never_fits(make_launch(make_role(replicas=11)))
    assert "no pool" in cluster.never_fits(make_launch(pool_id="nowhere"))
    assert cluster.never_fits(make_launch(make_role(replicas=10))) == ""
    assert cluster.kind == "gpu"
    assert cluster.known(["n9", "n2", "n2"]) == ("n2",)


def test_time_limits() -> None:
    """Guards that the server's own limit comes first, and the partition's is kept."""
    assert [minutes_for(s, 900, most) for s, most in ((0, 60), (1, 0), (60, 0), (3600, 0), (3600, 60))] == [
        0,
        16,
        16,
        75,
        60,
    ]


def test_commands_through_ssh_are_quoted() -> None:
    """Guards the other shell, and that nothing of the server's environment travels with jobs."""
    argv = Commands(("ssh", "login", "--")).argv(["scancel", "--signal=TERM", "a b"])
    assert argv == ["ssh", "login", "--", "env SLURM_TIME_FORMAT=%s scancel --signal=TERM 'a b'"]
    assert Commands().argv(["squeue"]) == ["env", "SLURM_TIME_FORMAT=%s", "squeue"]
    kept = own_environment({"PATH": "/bin", "SLURM_CONF": "/c", "TRAINWRIGHT_DATABASE_URL": "secret"})
    assert kept == {"PATH": "/bin", "SLURM_CONF": "/c"}
