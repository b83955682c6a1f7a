"""Training metrics: kept from reports, whatever comes; shown whole and thinned."""

import math
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, REGISTRATION, START_MS, ZH, World, done
from trainwright.domain.errors import InvalidQuery, JobNotFound, TaskNotFound
from trainwright.domain.observation import RunState
from trainwright.domain.texts import render_event
from trainwright.services import jobs, reports, training_metrics
from trainwright.services.training_metrics import Wanted
from trainwright.wire.runner import Report
from trainwright.wire.training_metrics import TrainingMetricsResponse, TrainingSeries

pytestmark = pytest.mark.anyio

TASK = "worker-0"


def points(name: str = "loss", **lists: list[Any]) -> dict[str, Any]:
    """Of steps 1 and 2 unless said otherwise."""
    steps = lists.get("steps", [1, 2])
    count = len(steps)
    times = lists.get("times", [START_MS + step for step in range(count)])
    return {"name": name, "steps": steps, "values": lists.get("values", [0.5] * count), "times": times}


async def tell(world: World, job_id: str, *sent: dict[str, Any], task: str = TASK, attempt: int = 1) -> None:
    report = Report.model_validate({"step": "command", "points": sent})
    await reports.report(world.ctx, f"{job_id}-a{attempt}", task, report)


async def ask(world: World, job_id: str, **wanted: Any) -> list[TrainingSeries]:
    return (await training_metrics.show(world.ctx, ALICE, job_id, Wanted(**wanted))).series


def said(world: World, job_id: str) -> list[str]:
    return [event.code for event in world.events(job_id) if event.code.startswith("metric_")]


async def test_points_become_series(world: World) -> None:
    """Guards the way of a number from a report to the answer, and that a repeated report changes nothing."""
    job_id = await world.running()
    assert await ask(world, job_id) == []
    for _ in range(2):
        await tell(world, job_id, points(values=[0.5, "NaN"]), points("acc", steps=[7], values=[1]))
    await tell(world, job_id, points(steps=[2, 3], values=[0.25, "-Infinity"]))
    acc, loss = await ask(world, job_id)
    assert (acc.name, acc.task, acc.attempt, acc.steps, acc.values, acc.total) == (
        "acc",
        TASK,
        1,
        [7],
        [1.0],
        1,
    )
    assert (loss.steps, loss.values, loss.total, loss.complete) == (
        [1, 2, 3],
        [0.5, 0.25, -math.inf],
        3,
        True,
    )
    assert loss.times == [START_MS, START_MS, START_MS + 1]
    answer = TrainingMetricsResponse(series=[loss])
    assert '"-Infinity"' in answer.model_dump_json()
    assert TrainingMetricsResponse.model_validate_json(answer.model_dump_json()) == answer
    assert said(world, job_id) == []


async def test_series_are_chosen(world: World) -> None:
    """Guards the filters: task, name, attempt, steps."""
    job_id = await world.running(
        spec__resource={"flavor_id": "cpu.1", "node_count": 2},
        metadata__annotations={
            "fault-tolerance/job-retry-num": "1",
            "fault-tolerance/job-unconditional-retry": "true",
        },
    )
    for task in ("worker-1", TASK):
        await tell(world, job_id, points("loss"), points("lr"), task=task)
    assert [(each.task, each.name) for each in await ask(world, job_id)] == [
        (TASK, "loss"), (TASK, "lr"), ("worker-1", "loss"), ("worker-1", "lr")
    ]  # fmt: skip
    assert [each.name for each in await ask(world, job_id, task="worker-1")] == ["loss", "lr"]
    assert [each.task for each in await ask(world, job_id, name="lr")] == [TASK, "worker-1"]
    (one,) = await ask(world, job_id, task=TASK, name="lr", after_step=1)
    assert (one.steps, one.total, one.complete) == ([2], 2, True)
    for task in (TASK, "worker-1"):
        await reports.report(world.ctx, f"{job_id}-a1", task, done(1, "user_exit"))
    for state in (RunState.RUNNING, RunState.GONE, None):
        world.step(job_id, state)
    for task in (TASK, "worker-1"):
        await reports.register(world.ctx, f"{job_id}-a2", task, REGISTRATION)
    assert await ask(world, job_id) == []
    await tell(world, job_id, points(), attempt=2)
    assert [each.attempt for each in await ask(world, job_id)] == [2]
    assert [each.attempt for each in await ask(world, job_id, attempt=1, name="loss")] == [1, 1]
    assert [each.attempt for each in await ask(world, job_id, attempt=0, name="loss")] == [1, 1, 2]


async def test_wrong_questions_are_refused(world: World) -> None:
    """Guards 404 and 400 instead of an empty answer that would be believed."""
    job_id = await world.running()
    with pytest.raises(TaskNotFound):
        await ask(world, job_id, task="worker-9")
    with pytest.raises(InvalidQuery, match="attempt"):
        await ask(world, job_id, attempt=2)
    with pytest.raises(JobNotFound):
        await training_metrics.show(world.ctx, BOB, job_id, Wanted())
    with pytest.raises(JobNotFound):
        await ask(world, "none")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (points("la*la"), "metric_name_unusable"),
        (points(""), "metric_name_unusable"),
        (points("x" * 129), "metric_name_unusable"),
        (points("\ufffd\n" * 200), "metric_name_unusable"),
        (points("deep", steps=[2**53 + 1, -(10**30), 5]), "metric_step_unusable"),
    ],
)
async def test_what_is_not_kept_is_told_once(world: World, sent: dict[str, Any], code: str) -> None:
    """Guards a script with a bad name: its other numbers are kept, it is told why, once, in both languages."""
    job_id = await world.running()
    for _ in range(3):
        await tell(world, job_id, sent, points())
    kept = {each.name: each.steps for each in await ask(world, job_id)}
    assert kept == {"loss": [1, 2]} | ({"deep": [5]} if sent["name"] == "deep" else {})
    assert said(world, job_id) == [code]
    event = next(event for event in world.events(job_id) if event.code == code)
    assert (event.task, event.attempt) == (TASK, 1)
    assert render_event(event, EN) != render_event(event, ZH)
    assert len(render_event(event, EN)) < 500


async def test_wild_points_do_no_harm(world: World) -> None:
    """Guards reports: lists of unequal lengths, times from nowhere, and steps in any order, several times."""
    job_id = await world.running()
    await tell(
        world,
        job_id,
        {"name": "short", "steps": [1, 2], "values": [1.0], "times": [1, 2]},
        points("loss", steps=[3, 1, 3, 2], values=[1.0, 2.0, 3.0, 4.0], times=[-5, 0, 10**30, START_MS]),
        points("loss", steps=[2], values=[9.0], times=[7]),
        points("none", steps=[]),
    )
    (loss,) = await ask(world, job_id)
    assert (loss.steps, loss.values, loss.times) == ([1, 2, 3], [2.0, 9.0, 3.0], [START_MS, 7, START_MS])


async def test_bounds_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the database: names of a task, points of a series and of a task; what was there may still change."""
    monkeypatch.setattr(training_metrics, "NAMES_MAX", 2)
    monkeypatch.setattr(training_metrics, "POINTS_MAX", 3)
    monkeypatch.setattr(training_metrics, "TASK_POINTS_MAX", 5)
    job_id = await world.running()
    await tell(world, job_id, points("a"), points("b"), points("c"), points("d"))
    assert said(world, job_id) == ["metric_names_full"]
    await tell(world, job_id, points("a", steps=[2, 3, 4], values=[7.0, 7.0, 7.0]))
    assert said(world, job_id)[1:] == ["metric_points_full"]
    await tell(world, job_id, points("b", steps=[5]))
    await tell(world, job_id, points("b", steps=[1, 6], values=[8.0, 8.0]))
    a, b = await ask(world, job_id)
    assert (a.steps, a.values) == ([1, 2, 3], [0.5, 7.0, 7.0])
    assert (b.steps, b.values) == ([1, 2], [8.0, 0.5])
    assert said(world, job_id)[2:] == ["metric_task_full"]
    monkeypatch.setattr(training_metrics, "NAMES_MAX", 9)
    await tell(world, job_id, points("new"))
    assert [each.name for each in await ask(world, job_id)] == ["a", "b"]


async def test_a_long_series_is_thinned_or_comes_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the size of an answer, and that the parts make the whole."""
    job_id = await world.running()
    steps = list(range(5000))
    await tell(world, job_id, points(steps=steps, values=[math.sin(step / 50) for step in steps]))
    (few,) = await ask(world, job_id)
    assert (few.total, few.complete, few.steps[0], few.steps[-1]) == (5000, False, 0, 4999)
    assert 500 < len(few.steps) <= 1000
    (three,) = await ask(world, job_id, max_points=3)
    assert len(three.steps) <= 3
    (whole,) = await ask(world, job_id, max_points=0)
    assert (whole.steps, whole.complete) == (steps, True)
    monkeypatch.setattr(training_metrics, "ANSWER_POINTS_MAX", 1200)
    found: list[int] = []
    after, complete = None, False
    while not complete:
        (part,) = await ask(world, job_id, max_points=0, after_step=after)
        assert len(part.steps) <= 1200
        found += part.steps
        after, complete = part.steps[-1], part.complete
    assert found == steps
    monkeypatch.setattr(training_metrics, "SERIES_SHOWN_MAX", 1)
    await tell(world, job_id, points("lr"))
    with pytest.raises(InvalidQuery, match="more than 1 series"):
        await ask(world, job_id)
    monkeypatch.setattr(training_metrics, "THINNED_AT_ONCE_MAX", 4999)
    with pytest.raises(InvalidQuery, match="5000"):
        await ask(world, job_id, name="loss")


async def test_series_go_with_their_job(world: World) -> None:
    """Guards deletion: nothing of a deleted job is left."""
    job_id = await world.running()
    await tell(world, job_id, points())
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    for state in (RunState.RUNNING, RunState.GONE):
        world.step(job_id, state)
    assert len(await ask(world, job_id)) == 1
    await jobs.delete(world.ctx, ALICE, job_id)
    with pytest.raises(JobNotFound):
        await ask(world, job_id)
