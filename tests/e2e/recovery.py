"""Kill a random rank of a DDP job, again and again: training goes on from the newest checkpoint to the very same end.

`recover` is a plain function, so that benchmarks can run it at length and tests in a shorter form.
"""

import os
import random
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.e2e.live import END, LiveServer, processes_of, wait_for

SCRIPT = Path("examples/ddp-resume/train.py")
_STEP = re.compile(rb"^step (\d+) ", re.MULTILINE)
_RESUMED = re.compile(rb"^going on after step (\d+)", re.MULTILINE)
_FINAL = re.compile(rb"^final loss (\S+)", re.MULTILINE)
JOB, PROCESS = "job", "process"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained, how, and how often it is killed."""

    kills: int
    level: str = PROCESS  # what is started again: the processes in place, or the whole job
    workers: int = 4
    every: int = 5  # steps between two checkpoints
    pause_s: float = 0.1  # after each step
    seed: int = 1
    steps_given: int = 0

    @property
    def steps(self) -> int:
        """Enough that it cannot end before the last kill: each life makes a few steps beyond a checkpoint."""
        return self.steps_given or (self.kills + 2) * self.every * 3

    def unbroken(self) -> "Plan":
        """The same training without a kill, and without the pauses that only make time for one."""
        return replace(self, kills=0, pause_s=0.0, steps_given=self.steps)


@dataclass(slots=True)
class Outcome:
    """What came of it. `lost_steps`: made before a kill and made again after it; `recovery_s`: kill → next new step."""

    kills: int = 0
    final: bytes = b""
    phase: str = ""
    lost_steps: list[int] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    attempts: int = 0


def body_of(live: LiveServer, name: str, plan: Plan, engine: str, flavor: str) -> dict[str, Any]:
    """The creation body; the script is uploaded."""
    live.put(f"obs://recovery/{name}/code/train.py", SCRIPT.read_bytes())
    retries = {
        JOB: {"fault-tolerance/job-retry-num": "100", "fault-tolerance/job-unconditional-retry": "true"},
        PROCESS: {"fault-tolerance/process-retry-num": "100"},
    }[plan.level]
    parameters = {"steps": plan.steps, "every": plan.every, "pause": plan.pause_s}
    return {
        "kind": "job",
        "metadata": {"name": name, "annotations": retries},
        "algorithm": {
            "code_dir": f"obs://recovery/{name}/code/",
            "boot_file": f"obs://recovery/{name}/code/train.py",
            "engine": {"engine_id": engine},
            "parameters": [{"name": key, "value": str(value)} for key, value in parameters.items()],
            "outputs": [
                {
                    "name": "train_url",
                    "prefetch_to_local": True,
                    "remote": {"obs": {"obs_url": f"obs://recovery/{name}/output/"}},
                }
            ],
        },
        "spec": {
            "resource": {"flavor_id": flavor, "node_count": plan.workers},
            "stop_grace_seconds": 2,
        },
    }


def recover(
    live: LiveServer,
    name: str,
    plan: Plan,
    *,
    engine: str,
    flavor: str,
    kill: Callable[[str, str], bool] | None = None,
) -> Outcome:
    """Run the job and kill a random rank `plan.kills` times, each time after some new steps.

    `kill(job, task)`: kill the user's process of that rank; False when there is none at this moment.
    """
    chance = random.Random(plan.seed)
    outcome = Outcome()
    job = live.create(body_of(live, name, plan, engine, flavor))
    known = 0
    while outcome.kills < plan.kills:
        known = _wait_for_step(live, job, known + chance.randint(1, 2 * plan.every - 1))
        task = f"worker-{chance.randrange(plan.workers)}"
        if not (kill or kill_rank)(job, task):
            continue
        killed = time.monotonic()
        outcome.kills += 1
        reached, resumed = _after_kill(live, job, known, lives=outcome.kills)
        outcome.lost_steps.append(reached - resumed)
        outcome.recovery_s.append(time.monotonic() - killed)
        known = resumed
    ended = live.wait(job, *END, timeout_s=600)
    outcome.phase = ended["status"]["phase"]
    outcome.attempts = int(ended["status"]["attempt"])
    outcome.final = final_loss(live, job)
    return outcome


def final_loss(live: LiveServer, job: str) -> bytes:
    """The loss that rank 0 printed at the end, all its bits; empty when it never did."""
    found = _FINAL.findall(_logs(live, job))
    return found[-1] if found else b""


def kill_rank(job: str, task: str) -> bool:
    """`kill -9` of the training process of one rank on this machine."""
    for pid in processes_of(job):
        try:
            environment = (Path("/proc") / str(pid) / "environ").read_bytes()
            arguments = (Path("/proc") / str(pid) / "cmdline").read_bytes()
        except OSError:
            continue
        mine = f"MA_CURRENT_INSTANCE_NAME=modelarts-job-{job}-{task}\0".encode() in environment + b"\0"
        if mine and b"train.py" in arguments and not arguments.startswith(b"bwrap"):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def _logs(live: LiveServer, job: str) -> bytes:
    """The logs of rank 0 of all attempts, in order."""
    attempts = int(live.show(job)["status"].get("attempt", 1))
    pieces = []
    for number in range(1, attempts + 1):
        path = f"/v2/{{P}}/training-jobs/{job}/tasks/worker-0/logs/content"
        answer = live.call("GET", path, params={"attempt": number})
        pieces.append(answer.content if answer.status_code == 200 else b"")
    return b"".join(pieces)


def _wait_for_step(live: LiveServer, job: str, step: int) -> int:
    def look() -> int | None:
        steps = [int(found) for found in _STEP.findall(_logs(live, job))]
        return steps[-1] if steps and steps[-1] >= step else None

    return wait_for(look, timeout_s=120, what=f"step {step} of {job}")


def _after_kill(live: LiveServer, job: str, known: int, *, lives: int) -> tuple[int, int]:
    """(the last step before the kill, the step it went on from), once a step after that has been made."""

    def look() -> tuple[int, int] | None:
        log = _logs(live, job)
        seen = list(_RESUMED.finditer(log))
        if len(seen) <= lives or not _STEP.search(log, seen[-1].end()):
            return None
        before = [int(found) for found in _STEP.findall(log[seen[-2].end() : seen[-1].start()])]
        return max([known, *before]), int(seen[-1].group(1))

    return wait_for(look, timeout_s=120, what=f"life {lives + 1} of {job}")
