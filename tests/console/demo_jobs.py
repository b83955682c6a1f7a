"""Makes the demo's jobs on a server, and waits for them."""

import time
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from tests.console.demo_library import FOLDERS, OUTPUT
from tests.console.demo_people import Demo
from tests.console.demo_plans import FINISHED, GREEDY, MEMORY_MAX_MIB, RUNNING, STOPPED, WAITING, Plan
from trainwright.client import ApiError, JobDraft, Platform
from trainwright.client.job_body import draft_body

ENDED_WITHIN_S = 240.0
ENDED = frozenset({"Completed", "Failed", "Terminated", "Abnormal"})


def make_finished(demo: Demo) -> None:
    """Jobs that have come to an end, each the way it was meant to; they run side by side as far as there is room."""
    plans = (*FINISHED, GREEDY) if demo.smallest_memory_mib() <= MEMORY_MAX_MIB else FINISHED
    submit(demo, plans)
    demo.jobs["rl-actors"] = _make_actors(demo)
    await_end(demo, {**{plan.name: plan.ends for plan in plans}, "rl-actors": "Completed"})


def make_stopped(demo: Demo) -> None:
    """Jobs that somebody stopped while they ran."""
    submit(demo, STOPPED)
    for plan in STOPPED:
        if _await(demo, plan.name, frozenset({"Running"})) == "Running":  # else an earlier demo stopped it
            demo.people[plan.owner].client.stop_job(demo.jobs[plan.name])
    await_end(demo, {plan.name: plan.ends for plan in STOPPED})


def make_running(demo: Demo) -> None:
    """Jobs that run for hours, with a line of log and numbers each second."""
    submit(demo, RUNNING)
    for plan in RUNNING:
        _await(demo, plan.name, frozenset({"Running"}))


def make_waiting(demo: Demo) -> None:
    """Jobs that ask for more than is free while others run."""
    submit(demo, WAITING)
    for plan in WAITING:
        _await(demo, plan.name, frozenset({"Pending"}))


def stop_all(admin: Platform) -> None:
    """End what is not ended, so that no process of the demo outlives its server."""
    ending = list(admin.jobs.list(phases=["Terminating"]))
    unfinished = list(admin.jobs.list(phases=["Creating", "Pending", "Running"]))
    for job in unfinished:  # newest first: those that wait do not start meanwhile
        try:
            admin.client.stop_job(job.id)
        except ApiError as exc:
            if exc.status != HTTPStatus.CONFLICT:  # it has ended meanwhile
                raise
    for job in (*unfinished, *ending):
        job.wait(timeout=ENDED_WITHIN_S)


def submit(demo: Demo, plans: Iterable[Plan]) -> None:
    """Create jobs. Those that an earlier demo made are found again instead."""
    for plan in plans:
        body = job_body(demo, plan)
        client = demo.people[plan.owner].client
        made = client.create_job(body, idempotency_key=f"demo-{plan.name}")
        demo.jobs[plan.name] = made.metadata.id
        if plan.tags:
            client.put_job_tags(made.metadata.id, dict(plan.tags))


def job_body(demo: Demo, plan: Plan) -> dict[str, Any]:
    """The request that makes the job of a plan."""
    code = FOLDERS.get(plan.code, "")
    output = {"train_url": f"{OUTPUT}/{plan.name}/"} if plan.output else {}
    saved = plan.algorithm
    flavor, nodes = demo.largest() if plan.fills else (demo.smallest(), plan.nodes)
    draft = JobDraft(
        name=plan.name,
        description=plan.description or None,
        code_dir="" if saved else code,
        boot_file="" if saved or not code else "train.py",
        command=plan.command,
        engine="" if saved else demo.engine(),
        algorithm=demo.algorithms[saved] if saved else "",
        flavor=flavor,
        nodes=nodes,
        parameters=plan.parameters,
        inputs=plan.inputs,
        outputs=output,
        workspace=demo.workspaces.get(plan.workspace, ""),
        experiment=plan.experiment,
        annotations=plan.annotations,
        priority=plan.priority,
    )
    body = draft_body(draft)
    if plan.dataset:
        remote = {"dataset": {"id": demo.datasets[plan.dataset]}}
        body["algorithm"]["inputs"] = [{"name": "data_url", "remote": remote}]
    if plan.model:
        body["spec"]["folders"] = {"output_model": {"name": plan.model}}
    return body


def _make_actors(demo: Demo) -> str:
    flavor = demo.smallest()
    body = {
        "kind": "hetero_job",
        "metadata": {"name": "rl-actors", "description": "学习者与演员 / one learner, one actor"},
        "algorithm": {"code_dir": FOLDERS["actors"], "engine": {"engine_id": demo.engine()}},
        "tasks": [
            {
                "role": "learner",
                "command": "python learn.py",
                "isMainRole": True,
                "task_resource": {"flavor_id": flavor, "node_count": 1},
            },
            {
                "role": "actor",
                "command": "python act.py",
                "parameters": [{"name": "episodes", "value": "12"}],
                "minSucceededTaskCount": 1,
                "task_resource": {"flavor_id": flavor, "node_count": 1},
            },
        ],
        "spec": {"folders": {"user_home": True}},
    }
    client = demo.people["engineer"].client
    return client.create_job(body, idempotency_key="demo-rl-actors").metadata.id


def await_end(demo: Demo, expected: Mapping[str, str]) -> None:
    """Return once all jobs have ended. Raises `AssertionError` when one has ended in another phase."""
    wrong = {
        name: (phase, wanted)
        for name, wanted in expected.items()
        if (phase := _await(demo, name, ENDED)) != wanted
    }
    if wrong:
        told = ", ".join(f"{name} is {phase}, not {wanted}" for name, (phase, wanted) in wrong.items())
        raise AssertionError(f"jobs of the demo ended otherwise than planned: {told}")


def _await(demo: Demo, name: str, phases: frozenset[str]) -> str:
    give_up = time.monotonic() + ENDED_WITHIN_S
    for phase in _phases(demo, demo.jobs[name]):
        if phase in phases or phase in ENDED:
            return phase
        if time.monotonic() > give_up:
            raise TimeoutError(f"job {name} is still {phase}")
        time.sleep(0.2)
    raise AssertionError("unreachable")


def _phases(demo: Demo, job_id: str) -> Iterator[str]:
    while True:
        yield demo.admin.client.show_job(job_id).status.phase
