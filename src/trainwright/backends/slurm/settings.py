"""What the Slurm backend is told by the admin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

PLACE = "{partition}"


@dataclass(frozen=True, slots=True)
class SlurmPool:
    """A pool that is a partition."""

    partition: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Priorities:
    """How priorities 1 to 3, and `urgent` above them, are told to Slurm.

    `nice`: by --nice, `nice_step` for each step below urgent. `qos` and `partition`: by the name of one; in the name of
    a partition `{partition}` stands for that of the job's pool.
    """

    by: Literal["nice", "qos", "partition"] = "nice"
    names: tuple[str, str, str] = ("", "", "")
    urgent: str = ""
    nice_step: int = 1000

    def name_of(self, priority: int, *, urgent: bool) -> str:
        """The name for this priority; empty: none."""
        return (self.urgent or self.names[2]) if urgent else self.names[priority - 1]

    def nice_of(self, priority: int, *, urgent: bool) -> int:
        """What --nice is given: never negative, which only operators of the cluster may do."""
        return 0 if urgent else self.nice_step * (4 - priority)


@dataclass(frozen=True, slots=True)
class SlurmSettings:
    """`shared_dir` has the same path here and on all nodes; attempts lie in `runs` below it.

    `command` comes before every Slurm command: empty, or ("ssh", host, "--"). `accelerators`: the GRES of each kind
    (`gpu`, `gpu:a100`, `npu`). `missing` is how often in a row a job must be missing from the queue until Slurm's
    accounting is asked. `supervisor_argv`: what keepers start instead of the runner's own supervisor.
    """

    partition: str
    shared_dir: Path
    pools: Mapping[str, SlurmPool] = field(default_factory=dict)
    accelerators: Mapping[str, str] = field(default_factory=lambda: {"gpu": "gpu", "npu": "npu"})
    priorities: Priorities = field(default_factory=Priorities)
    command: tuple[str, ...] = ()
    python: str = "python3"
    account: str = ""
    options: tuple[str, ...] = ()
    sandbox: Literal["auto", "on", "off"] = "auto"
    engines_dir: Path | None = None
    shares_store: bool = False
    poll_s: float = 3.0
    timeout_s: float = 20.0
    missing: int = 3
    node_patience_s: float = 45.0  # with a job that failed by itself, for Slurm to notice that a node is down
    time_margin_s: int = 900  # beyond the job's own limit, which the server enforces: time to end in order
    beat_s: float = 5.0
    stale_s: float = 20.0
    hard_kill_after_s: float = 5.0
    supervisor_argv: tuple[str, ...] = ()

    @property
    def runs_dir(self) -> Path:
        """Where attempts lie."""
        return self.shared_dir / "runs"

    @property
    def archive(self) -> Path:
        """The runner, where nodes find it."""
        return self.shared_dir / "runner.pyz"

    @property
    def py_spy(self) -> Path:
        """What takes stacks of Python programs, where nodes find it. It may be missing."""
        return self.shared_dir / "py-spy"

    @property
    def engines_folder(self) -> Path:
        """Where runners build and share environments of engines."""
        return self.engines_dir or self.shared_dir / "engines"

    @property
    def pip_cache_folder(self) -> Path:
        """The cache of pip, shared by all runners."""
        return self.shared_dir / "pip-cache"

    def base_partition(self, pool: str) -> str | None:
        """The partition of a pool; None when there is no such pool."""
        if not pool:
            return self.partition
        found = self.pools.get(pool)
        return None if found is None else found.partition

    def partition_for(self, pool: str, priority: int, *, urgent: bool) -> str:
        """Where a job of this priority goes."""
        base = self.base_partition(pool) or self.partition
        if self.priorities.by != "partition":
            return base
        return (self.priorities.name_of(priority, urgent=urgent) or base).replace(PLACE, base)
