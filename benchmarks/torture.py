"""`kill -9` of the server, again and again, over a stream of jobs: none lost, doubled or falsely failed; every log
byte-identical to what the script wrote; running jobs found again soon after each start.

`torture` is a plain function, so that the tests can run it in a shorter form.
"""

import base64
import random
import signal
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting
from tests.e2e.live import LiveServer, processes_of, user_bytes, wait_for

UP_MAX_S = 1.2  # longest time a server lives between two kills, counted from its first answer
SCRIPT = """
import base64, sys, time
lines = {lines}
for number in range(lines):
    sys.stdout.buffer.write(b"%d " % number + base64.b64encode(b"%d" % (number * 7919)) + b"\\n")
    sys.stdout.buffer.flush()
    time.sleep({pause})
sys.exit({exit_code})
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of the batch and what must come of it."""

    name: str
    lines: int
    pause_s: float
    exit_code: int

    def script(self) -> str:
        """Prints numbered lines and exits."""
        return SCRIPT.format(lines=self.lines, pause=self.pause_s, exit_code=self.exit_code)

    def log(self) -> bytes:
        """What the script writes, byte for byte."""
        return b"".join(b"%d %s\n" % (n, base64.b64encode(b"%d" % (n * 7919))) for n in range(self.lines))

    @property
    def phase(self) -> str:
        """How it must end."""
        return "Failed" if self.exit_code else "Completed"


@dataclass(slots=True)
class Outcome:
    """What came of it. All lists of names are empty when nothing went wrong."""

    jobs: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    falsely_ended: list[str] = field(default_factory=list)
    wrong_logs: list[str] = field(default_factory=list)
    left_processes: list[str] = field(default_factory=list)
    reattach_s: list[float] = field(default_factory=list)  # from the server's first answer on
    gap_s: list[float] = field(default_factory=list)  # from the kill on

    def harm(self) -> dict[str, list[str]]:
        """Everything that went wrong, by kind; empty kinds are left out."""
        kinds = ("lost", "doubled", "falsely_ended", "wrong_logs", "left_processes")
        return {kind: getattr(self, kind) for kind in kinds if getattr(self, kind)}


def torture(live: LiveServer, *, kills: int, jobs: int, seed: int = 1) -> Outcome:
    """Kill the (started) server `kills` times at random moments while `jobs` jobs are handed in and run.

    Submissions that a kill cuts off are looked up by name and sent again when the server does not know them, as a
    careful client would. Returns when every job has ended.
    """
    chance = random.Random(seed)
    outcome = Outcome(jobs=jobs)
    waiting = [_plan(chance, number) for number in range(jobs)]
    planned = {plan.name: plan for plan in waiting}
    bodies = {plan.name: live.body(plan.name, plan.script()) for plan in waiting}
    per_life = max(1, round(jobs / max(1, kills)))
    ids: dict[str, str] = {}
    while outcome.kills < kills:
        for plan in waiting[:per_life]:
            ids[plan.name] = _submit(live, bodies[plan.name])
        del waiting[:per_life]
        time.sleep(chance.uniform(0, UP_MAX_S))
        watched = _a_running_job(live, ids, chance)
        killed = time.monotonic()
        live.kill(signal.SIGKILL)
        outcome.kills += 1
        live.start()
        answered = time.monotonic()
        if watched is not None and _log_grows(live, watched):
            outcome.reattach_s.append(time.monotonic() - answered)
            outcome.gap_s.append(time.monotonic() - killed)
    for plan in waiting:
        ids[plan.name] = _submit(live, bodies[plan.name])
    for name, job in ids.items():
        _judge(live, job, planned[name], outcome)
    _count(live, ids, outcome)
    return outcome


def run(setting: Setting) -> list[Row]:
    """At least a hundred kills."""
    kills, jobs = setting.amount(100, 5), setting.amount(120, 6)
    with setting.server("torture") as live:
        outcome = torture(live, kills=kills, jobs=jobs)
    harm = outcome.harm()
    note = "; ".join(f"{kind}: {', '.join(names[:5])}" for kind, names in harm.items())
    what = f"{kills} × kill -9, {jobs} jobs"
    rows = [Row(f"{what}: lost, doubled, wrong", sum(map(len, harm.values())), "jobs", at_most(0), note=note)]
    if outcome.reattach_s:
        seen = f"{len(outcome.reattach_s)} times"
        worst = max(outcome.reattach_s)
        rows += [
            Row("server answers → new log bytes, p50", percentile(outcome.reattach_s, 0.5), "s", note=seen),
            Row("server answers → new log bytes, worst", worst, "s", at_most(2)),
            Row("kill → new log bytes, p50", percentile(outcome.gap_s, 0.5), "s", note="with the start"),
        ]
    return rows


def _plan(chance: random.Random, number: int) -> Planned:
    lines = chance.choice([0, 1, 40, 120, 160, 200])
    return Planned(
        f"torture-{number}", lines, chance.choice([0.0, 0.02, 0.05, 0.05]), chance.choice([0, 0, 0, 3])
    )


def _submit(live: LiveServer, body: dict[str, Any]) -> str:
    name = body["metadata"]["name"]
    try:
        return live.create(body)
    except httpx.TransportError:
        found = _find(live, name)
        return found[0] if found else live.create(body)


def _find(live: LiveServer, name: str) -> list[str]:
    body = {"limit": 50, "filters": [{"key": "name", "operator": "like", "value": [name]}]}
    items = live.call("POST", "/v2/{P}/training-job-searches", json=body).json()["items"]
    return [item["metadata"]["id"] for item in items if item["metadata"]["name"] == name]


def _a_running_job(live: LiveServer, ids: dict[str, str], chance: random.Random) -> tuple[str, int] | None:
    """A job whose log grows right now, with the log's size."""
    body = {"limit": 50, "filters": [{"key": "phase", "operator": "in", "value": ["Running"]}]}
    items = live.call("POST", "/v2/{P}/training-job-searches", json=body).json()["items"]
    known = [item["metadata"]["id"] for item in items if item["metadata"]["id"] in ids.values()]
    for job in chance.sample(known, len(known)):
        before = _log_size(live, job)
        time.sleep(0.12)
        if before and _log_size(live, job) > before:
            return job, _log_size(live, job)
    return None


def _log_grows(live: LiveServer, watched: tuple[str, int]) -> bool:
    """Waits for new bytes; False when the job had written its last one before the kill."""
    job, size = watched
    wait_for(lambda: _log_size(live, job) > size or _has_ended(live, job), timeout_s=60, what="new log bytes")
    return _log_size(live, job) > size


def _log_size(live: LiveServer, job: str) -> int:
    answer = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/tasks")
    return int(answer.json()[0]["log_size"]) if answer.status_code == 200 and answer.json() else 0


def _has_ended(live: LiveServer, job: str) -> bool:
    return live.show(job)["status"]["phase"] in ("Completed", "Failed", "Terminated", "Abnormal")


def _judge(live: LiveServer, job: str, plan: Planned, outcome: Outcome) -> None:
    ended = live.wait(job, timeout_s=600)["status"]
    exit_codes = [task["exit_code"] for task in ended["task_statuses"]]
    if ended["phase"] != plan.phase or exit_codes != [plan.exit_code]:
        outcome.falsely_ended.append(f"{plan.name} {ended['phase']} {exit_codes} {ended.get('reason', '')}")
    if ended.get("attempt", 1) != 1 or len(ended["running_records"]) > 1:
        outcome.doubled.append(plan.name)
    if user_bytes(live.log(job)) != plan.log():
        outcome.wrong_logs.append(plan.name)
    if processes_of(job):
        outcome.left_processes.append(plan.name)


def _count(live: LiveServer, ids: dict[str, str], outcome: Outcome) -> None:
    for name, job in ids.items():
        found = _find(live, name)
        if job not in found:
            outcome.lost.append(name)
        if len(found) > 1:
            outcome.doubled.append(name)
