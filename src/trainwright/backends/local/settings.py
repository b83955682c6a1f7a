"""What the local backend is told by the admin."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from trainwright.domain.plan import KILL_MARGIN_MS


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How often a supervisor that died is started again: `limit` times within `window_s`, then it is lost.

    The first restart is immediate, the next ones wait `base_s`, doubling up to `cap_s`.
    """

    limit: int = 20
    window_s: float = 600.0
    base_s: float = 0.1
    cap_s: float = 10.0

    def delay_s(self, restarts: int) -> float:
        """Seconds to wait before the next start, after `restarts` of them within the window."""
        return 0.0 if restarts == 0 else min(self.cap_s, self.base_s * 2.0 ** min(restarts - 1, 30))


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """`runner_argv` is the command that supervises one task; the task's RUNDIR is appended to it.

    Attempts lie under `data_dir/runs/<attempt key>/<task>`. `cpus`, `memory_mib` and `accelerators` override what
    the machine has. `sandbox`: `on` makes a machine without working bubblewrap an error, `off` never uses it.
    `hard_kill_after_s` is the time a runner has to end by itself after a stop without grace, `leave_within_s` the time
    one that was sent away for another has beyond its grace, to upload outputs. `server_url` only tells which of its
    addresses this machine goes by.
    """

    data_dir: Path
    runner_argv: tuple[str, ...]
    cpus: float | None = None
    memory_mib: int | None = None
    accelerators: int | None = None
    accelerator_kind: Literal["gpu", "npu"] = "gpu"  # of the override
    sandbox: Literal["auto", "on", "off"] = "auto"
    engines_dir: Path | None = None
    pip_cache_dir: Path | None = None
    cgroups: bool = True
    pids_limit: int = 32_768  # processes and threads of one task, where a version 2 cgroup can be had
    hard_kill_after_s: float = 5.0
    leave_within_s: float = KILL_MARGIN_MS / 1000
    server_url: str = ""
    restarts: RestartPolicy = field(default_factory=RestartPolicy)

    @property
    def runs_dir(self) -> Path:
        """Where attempts lie."""
        return self.data_dir / "runs"

    @property
    def run_times_file(self) -> Path:
        """How long attempts ran, for estimates."""
        return self.data_dir / "run-times.json"

    @property
    def engines_folder(self) -> Path:
        """Where runners build and share environments of engines."""
        return self.engines_dir or self.data_dir / "engines"

    @property
    def pip_cache_folder(self) -> Path:
        """The cache of pip, shared by all runners."""
        return self.pip_cache_dir or self.data_dir / "pip-cache"
