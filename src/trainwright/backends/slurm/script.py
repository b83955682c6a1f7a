"""The batch script of an attempt. Pure, and golden-tested: tests/backends/slurm/golden."""

import math
import shlex
from collections.abc import Collection, Sequence
from itertools import groupby

from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.domain.specs import LaunchSpec, Resources
from trainwright.ports.backend import Launch

Part = tuple[Resources, int]
"""What one task needs, and how many tasks."""

MINUTE_S = 60
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def render_script(
    launch: Launch,
    settings: SlurmSettings,
    *,
    comment: str,
    exclude: Collection[str] = (),
    max_minutes: int = 0,
    parts: Sequence[Part] = (),
) -> str:
    """The script given to sbatch: one task of Slurm for each task of the launch, roles in order.

    `parts`: how it is divided, else by what its roles need; several make a heterogeneous job and start together.
    `max_minutes`: the longest time the partition allows, 0: any. Holds no secret: those lie in the shared folder.
    """
    parts = parts or parts_of(launch.spec)
    common = _common(launch, settings, comment=comment, exclude=exclude, max_minutes=max_minutes)
    lines = ["#!/bin/bash", f"#SBATCH --job-name={launch.key}"]
    for index, (resources, count) in enumerate(parts):
        lines += ["#SBATCH hetjob"] if index else []
        lines += [f"#SBATCH {option}" for option in (*common, *_shape(resources, count, settings))]
    folder = settings.runs_dir / launch.key
    keep = [settings.python, "-I", "-S", str(settings.archive), "keep", str(folder)]
    steps = [
        shlex.join([*_step(resources, count, index if len(parts) > 1 else None), *keep])
        for index, (resources, count) in enumerate(parts)
    ]
    lines += [
        "",
        f"# attempt {launch.key} of Trainwright: each task runs a keeper, which runs what {folder} says",
        f'export PATH="${{PATH:-{PATH}}}" LANG="${{LANG:-C.UTF-8}}"',
        f"[ -e {shlex.quote(str(folder / 'attempt.json'))} ] || exit 0  # reaped meanwhile",
        "trap : TERM  # for the tasks to answer, not for this shell",
        "srun " + " : \\\n     ".join(steps) + " &",
        "while :; do wait $!; code=$?; kill -0 $! 2>/dev/null || exit $code; done",
    ]
    return "\n".join(lines) + "\n"


def parts_of(spec: LaunchSpec) -> list[Part]:
    """Neighbouring roles with the same needs together, in the order of the launch's task names."""
    return [
        (resources, sum(role.replicas for role in roles))
        for resources, roles in groupby(spec.roles, key=lambda role: role.resources)
    ]


def priority_options(settings: SlurmSettings, priority: int, *, urgent: bool) -> list[str]:
    """What tells sbatch the priority, but for the partition."""
    by = settings.priorities
    if by.by == "nice":
        return [f"--nice={by.nice_of(priority, urgent=urgent)}"]
    name = by.name_of(priority, urgent=urgent)
    return [f"--qos={name}"] if by.by == "qos" and name else []


def minutes_for(seconds: int, margin_s: int, max_minutes: int) -> int:
    """Slurm's limit for a job of so many seconds; 0: the partition's own. The server's limit comes first."""
    if not seconds:
        return 0
    wanted = math.ceil((seconds + margin_s) / MINUTE_S)
    return min(wanted, max_minutes) if max_minutes else wanted


def cpus_of(resources: Resources) -> int:
    """Slurm counts whole CPUs."""
    return max(1, math.ceil(resources.cpus))


def _common(
    launch: Launch, settings: SlurmSettings, *, comment: str, exclude: Collection[str], max_minutes: int
) -> list[str]:
    spec = launch.spec
    output = settings.runs_dir / launch.key / "slurm.out"
    options = [
        f"--comment={comment}",
        f"--partition={settings.partition_for(spec.pool_id, spec.priority, urgent=launch.urgent)}",
        *priority_options(settings, spec.priority, urgent=launch.urgent),
        "--no-requeue",
        "--open-mode=append",
        f"--output={output}",
        f"--error={output}",
        "--chdir=/",
        "--export=ALL",
    ]
    minutes = minutes_for(spec.max_run_s, settings.time_margin_s, max_minutes)
    options += [f"--time={minutes}"] if minutes else []
    options += [f"--account={settings.account}"] if settings.account else []
    options += [f"--exclude={','.join(sorted(exclude))}"] if exclude else []
    return [*options, *settings.options]


def _shape(resources: Resources, count: int, settings: SlurmSettings) -> list[str]:
    cpus = cpus_of(resources)
    options = [f"--ntasks={count}", f"--cpus-per-task={cpus}"]
    if not resources.accelerators:
        return [*options, f"--mem-per-cpu={math.ceil(resources.memory_mib / cpus)}"]
    gres = settings.accelerators.get(resources.accelerator_kind or "gpu", resources.accelerator_kind or "gpu")
    name, _, model = gres.partition(":")
    if name == "gpu":  # Slurm gives each task its own, also several tasks on one node
        amount = f"{model}:{resources.accelerators}" if model else str(resources.accelerators)
        return [
            *options,
            f"--gpus-per-task={amount}",
            f"--mem-per-cpu={math.ceil(resources.memory_mib / cpus)}",
        ]
    return [
        *options,
        f"--nodes={count}",
        "--ntasks-per-node=1",
        f"--gres={gres}:{resources.accelerators}",
        f"--mem={resources.memory_mib}",
    ]


def _step(resources: Resources, count: int, group: int | None) -> Sequence[str]:
    options = [] if group is None else [f"--het-group={group}"]
    if group in (None, 0):
        options += ["--export=ALL", "--input=none", "--mpi=none", "--kill-on-bad-exit=0", "--wait=0"]
    return [*options, f"--ntasks={count}", f"--cpus-per-task={cpus_of(resources)}"]
