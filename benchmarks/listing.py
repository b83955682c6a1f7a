"""Pages and searches over 100,000 jobs with 1,000 tags, written by the database's own repositories; and creating one
more job among them.
"""

import json
import random
import time
import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, at_most, percentile
from benchmarks.running_page import PAGE, let_run
from benchmarks.setting import Setting, timed
from tests.e2e.live import LiveServer
from trainwright.db.database import Database
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import EngineSpec, LaunchSpec, Resources, RoleSpec, ShellCommand
from trainwright.ports.uow import PLATFORM

BATCH = 2000
ENDS = {
    Phase.COMPLETED: Reason.COMPLETED,
    Phase.FAILED: Reason.USER_EXIT,
    Phase.TERMINATED: Reason.STOPPED_BY_USER,
    Phase.ABNORMAL: Reason.NODE_LOST,
}
DAY_MS = 86_400_000


def _search(**body: Any) -> dict[str, Any]:
    return {"limit": 10, **body}


def _filter(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": list(values)}


def searches(count: int) -> Mapping[str, dict[str, Any]]:
    """What is asked, by name."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "newest page": _search(),
        "page in the middle": _search(offset=count // 2),
        "Failed, newest first": _search(filters=[_filter("phase", "in", "Failed")]),
        "Failed, by name": _search(filters=[_filter("phase", "in", "Failed")], sort_by="name", order="asc"),
        "Completed, by duration": _search(filters=[_filter("phase", "in", "Completed")], sort_by="duration"),
        "name like, newest first": _search(filters=[_filter("name", "like", "net-7")]),
        "name like (rare)": _search(filters=[_filter("name", "like", f"-{count - 1}")]),
        "last week, Failed, by name": _search(
            filters=[
                _filter("phase", "in", "Failed"),
                _filter("create_time", "between", str(now_ms - 7 * DAY_MS), str(now_ms)),
            ],
            sort_by="name",
            order="asc",
        ),
        "one tag, newest first": _search(tags=[{"key": "team-7", "values": ["v3"]}]),
        "two tags, newest first": _search(
            tags=[{"key": "team-7", "values": ["v3", "v4"]}, {"key": "stage", "values": []}]
        ),
        "algorithm name like": _search(filters=[_filter("algorithm_name", "like", "algorithm-42")]),
        "one user's": _search(filters=[_filter("user_id", "in", "user-7")]),
        "one user's, Failed, by engine and flavor": _search(
            filters=[
                _filter("user_id", "in", "user-7"),
                _filter("phase", "in", "Failed", "Abnormal"),
                _filter("engine_id", "in", "engine-3"),
                _filter("flavor_id", "like", "cpu"),
            ]
        ),
        "by owner": _search(sort_by="user_name", order="asc"),
        "by priority": _search(sort_by="priority"),
        "50 newest, all running": {"limit": PAGE},
        "50 newest, all running, with summaries": {"limit": PAGE, "summary": True},
    }


def other_calls() -> Mapping[str, tuple[str, str, dict[str, Any] | None]]:
    """Verb, path and body of what else is asked, by name."""
    resources = "/v2/{P}/modelarts-training-job"
    one = {"tags": [{"key": "team-7", "values": ["v3"]}]}
    return {
        "overview": ("GET", "/v2/{P}/training-overview", None),
        "room in pools": ("GET", "/v2/{P}/training-pool-room", None),
        "tags of the project": ("GET", f"{resources}/tags", None),
        "jobs by one tag": ("POST", f"{resources}/resource-instances/filter?limit=10", one),
        "count by one tag": ("POST", f"{resources}/resource-instances/count", one),
    }


def run(setting: Setting) -> list[Row]:
    """Each search is asked in turn, so that none profits from the one before."""
    count, rounds = setting.amount(100_000, 5_000), setting.amount(100, 20)
    folder = setting.folder / "listing"
    project = first_start(folder)
    began = time.perf_counter()
    fill(folder, project, count)
    filled_s = time.perf_counter() - began
    let_run(folder / "trainwright.db")
    asked = searches(count)
    taken: dict[str, list[float]] = {name: [] for name in (*asked, *other_calls())}
    with setting.server("listing", POOL__CPUS="1") as live:
        for _ in range(rounds):
            for name, body in asked.items():
                taken[name].append(timed(partial(_ask, live, body)))
            for name, call in other_calls().items():
                taken[name].append(timed(partial(_call, live, *call)))
        made = _create(live, rounds)
        total = live.call("POST", "/v2/{P}/training-job-searches", json={"limit": 1}).json()["total"]
    note = f"{total:,} jobs, written in {filled_s:.0f} s"
    rows = [
        Row(
            "list and search, all kinds, p99",
            percentile([ms for values in taken.values() for ms in values], 0.99),
            "ms",
            None,
            note=note,
        )
    ]
    rows.append(
        Row("create one more, p99", percentile(made, 0.99), "ms", note=f"p50 {percentile(made, 0.5):.1f} ms")
    )
    for name, values in taken.items():
        p50 = percentile(values, 0.5)
        rows.append(
            Row(f"{name}, p99", percentile(values, 0.99), "ms", at_most(50), note=f"p50 {p50:.1f} ms")
        )
    return rows


def _ask(live: LiveServer, body: dict[str, Any]) -> None:
    live.call("POST", "/v2/{P}/training-job-searches", json=body).raise_for_status()


def _call(live: LiveServer, verb: str, path: str, body: dict[str, Any] | None) -> None:
    live.call(verb, path, json=body).raise_for_status()


def _create(live: LiveServer, count: int) -> list[float]:
    """Milliseconds of each creation; the machine's only place is taken first, so that none of them starts."""
    live.create(live.body("holder", command="sleep 3600"))
    taken = []
    for number in range(count):
        body = live.body(f"one-more-{number}", command="true")
        taken.append(timed(partial(_call, live, "POST", "/v2/{P}/training-jobs", body)))
    return taken


def first_start(folder: Path) -> str:
    """Lets a server make database and admin; the admin's project."""
    live = LiveServer(folder).start()
    live.stop()
    return str(json.loads((folder / "admin.json").read_text(encoding="utf-8"))["project_id"])


def fill(folder: Path, project: str, count: int) -> None:
    """Write `count` ended jobs into the database of a server's data folder; the server may run meanwhile."""
    database = Database.open(f"sqlite:///{folder / 'trainwright.db'}")
    try:
        jobs = _jobs(project, count)
        for _ in range(-(-count // BATCH)):
            with database.units(PLATFORM) as unit:
                for job in (job for _, job in zip(range(BATCH), jobs, strict=False)):
                    unit.jobs.add(job)
                    unit.tags.put(job.id, _tags(job))
                unit.commit()
    finally:
        database.close()


def _jobs(project: str, count: int) -> Iterator[Job]:
    """Ended jobs of the last hundred days, seeded, so that every run has the same ones."""
    chance = random.Random(20261122)
    now_ms = time.time_ns() // 1_000_000
    for number in range(count):
        phase = chance.choices(list(ENDS), [80, 15, 4, 1])[0]
        created = now_ms - chance.randrange(100 * DAY_MS)
        name = f"net-{chance.randrange(100)}-{number}"
        owner = chance.randrange(40)
        job_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        yield Job(
            id=job_id,
            project_id=project,
            workspace_id="0",
            name=name,
            description="benchmark",
            user_name=f"user-{owner}",
            user_id=f"user-{owner}",
            kind="job",
            request=_request(name),
            launch=_launch(job_id, name, project, number),
            phase=phase,
            created_at_ms=created,
            started_at_ms=created + 1000,
            ended_at_ms=created + 1000 + chance.randrange(3_600_000),
            reason=ENDS[phase],
            attempt_number=1,
            algorithm_name=f"algorithm-{number % 100}" if number % 2 else "",
        )


def _tags(job: Job) -> dict[str, str]:
    """Of every tenth job: one of 999 pairs of key and value, and half of them a second key; 1,000 pairs in all."""
    number = int(job.name.rpartition("-")[2])
    if number % 10:
        return {}
    pair = number // 10 % 999
    return {f"team-{pair % 111}": f"v{pair // 111}"} | ({"stage": "final"} if number % 20 == 0 else {})


def _request(name: str) -> dict[str, Any]:
    return {
        "kind": "job",
        "metadata": {"name": name},
        "algorithm": {"command": "true", "parameters": [{"name": "lr", "value": "0.1"}]},
        "spec": {"resource": {"flavor_id": "cpu-1", "node_count": 1}},
    }


def _launch(job_id: str, name: str, project: str, number: int) -> LaunchSpec:
    engine = EngineSpec(engine_id=f"engine-{number % 7}", name="Engine", version=str(number % 7))
    role = RoleSpec(
        name="worker",
        replicas=1,
        resources=Resources(cpus=1, memory_mib=1024),
        flavor_id=f"cpu-{number % 5}",
        command=ShellCommand(line="true"),
    )
    return LaunchSpec(
        job_id=job_id,
        job_name=name,
        project_id=project,
        roles=(role,),
        engine=engine if number % 3 else None,
        priority=1 + number % 3,
    )
