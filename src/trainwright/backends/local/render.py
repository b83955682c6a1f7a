"""The native form of a launch on this machine, as text for people: what would be started, with what, where."""

import json
import shlex

from trainwright.backends.local.settings import LocalSettings
from trainwright.domain.demand import Demand
from trainwright.ports.backend import Launch

MASK = "***"


def render_launch(launch: Launch, settings: LocalSettings) -> str:
    """One block a task: its resources, its launch.json and the command that supervises it. Pure.

    The token is masked, and of the job's own environment only the names are shown: its values may be secrets.
    """
    demand = Demand.of_launch(launch.spec)
    place = "before every priority" if launch.urgent else f"priority {launch.spec.priority}"
    lines = [f"# attempt {launch.key}, {place}: starts when {_amount(demand)} are free together"]
    if launch.avoid:
        lines.append(f"# not on: {' '.join(launch.avoid)}")
    if launch.spec.environment:
        lines.append(f"# environment (values not shown): {' '.join(sorted(launch.spec.environment))}")
    for role in launch.spec.roles:
        for name in role.task_names():
            folder = settings.runs_dir / launch.key / name
            content = {
                "server_url": launch.server_url,
                "attempt_key": launch.key,
                "task": name,
                "token": MASK,
                "memory_limit_mib": role.resources.memory_mib,
                "disk_limit_mib": role.resources.disk_mib,
            }
            lines += [
                "",
                f"# task {name}: {_amount(Demand.of_task(role.resources))}",
                f"# {folder / 'launch.json'}: {json.dumps(content, ensure_ascii=False)}",
                shlex.join([*settings.runner_argv, str(folder)]),
            ]
    return "\n".join(lines) + "\n"


def _amount(demand: Demand) -> str:
    return f"{demand.cpus} CPUs, {demand.memory_mib} MiB of memory, {demand.accelerators} accelerators"
