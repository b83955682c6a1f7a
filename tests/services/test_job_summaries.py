"""What lists say of jobs besides: the last metric, progress, use of the machine, tags; only when asked."""

import math
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, World
from trainwright.ports.training_metrics import Curve, SeriesKey
from trainwright.ports.uow import PLATFORM, MetricBatch, Scope
from trainwright.services import job_search
from trainwright.services.training_metrics import curve_of
from trainwright.wire.job_summary import JobSummary

pytestmark = pytest.mark.anyio


async def summary_of(world: World, job_id: str) -> JobSummary:
    """As a search with `summary` tells it."""
    filters = [{"key": "id", "operator": "in", "value": [job_id]}]
    answer = await job_search.search(world.ctx, ALICE, {"filters": filters, "summary": True}, EN)
    (item,) = answer.items
    assert item.summary is not None
    return item.summary


def curve(**points: float) -> Curve:
    """`s3=0.5`: at step 3."""
    return curve_of({int(name[1:]): (value, 77) for name, value in points.items()})


def put(world: World, job_id: str, task: str = "worker-0", /, **series: Curve) -> None:
    """Store series of the first attempt; `__` stands for a slash."""
    with world.ctx.units(PLATFORM) as uow:
        for name, points in series.items():
            key = SeriesKey(f"{job_id}-a1", task, name.replace("__", "/"))
            uow.training_metrics.put(key, points, total=0, room=1_000_000)
        uow.commit()


def sample(world: World, job_id: str, seconds_ago: int, count: int = 5, **values: float) -> None:
    """A batch of the first task."""
    start = world.clock.ms // 1000 - seconds_ago
    with world.ctx.units(PLATFORM) as uow:
        numbers = {name: [value] * count for name, value in values.items()}
        uow.metrics.add(MetricBatch(f"{job_id}-a1", "worker-0", start, 1, numbers))
        uow.commit()


async def test_only_when_asked(world: World) -> None:
    """Guards the contract: without the word the answer is what it was."""
    job_id = await world.running()
    for raw in ({}, {"summary": False}, {"summary": None}):
        answer = await job_search.search(world.ctx, ALICE, raw, EN)
        assert answer.items[0].summary is None
        assert "summary" not in answer.model_dump_json(exclude_none=True)
    told = await summary_of(world, job_id)
    assert (told.user_id, told.priority, told.tags) == (ALICE.user_id, 1, {})
    assert (told.metric, told.progress, told.usage) == (None, None, None)


async def test_a_request_may_hold_a_word_called_summary(world: World) -> None:
    """Guards the echo: what a caller puts beside the contract is no summary of ours."""
    await world.create(summary={"any": "thing"})
    answer = await job_search.search(world.ctx, ALICE, {}, EN)
    assert answer.items[0].summary is None


async def test_the_metric_that_stands_for_the_job(world: World) -> None:
    """Guards the choice: a loss, else an accuracy, else the first by task; its greatest step."""
    job_id = await world.running(spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    put(world, job_id, "worker-1", aaa=curve(s1=1))
    put(world, job_id, epoch=curve(s1=1))
    metric = (await summary_of(world, job_id)).metric
    assert metric is not None and (metric.name, metric.task) == ("aaa", "worker-1")
    for name, points in (
        ("zzz", curve(s4=0.125)),
        ("top_acc", curve(s5=0.25)),
        ("accuracy", curve(s6=0.5)),
        ("eval__Loss_1", curve(s7=2.5)),
        ("Train__Loss", curve(s8=1.5, s3=4)),
    ):
        put(world, job_id, "worker-1", **{name: curve(s99=9)})
        put(world, job_id, **{name: points})
        metric = (await summary_of(world, job_id)).metric
        assert metric is not None
        shown = (metric.name, metric.task, metric.step, metric.value, metric.time)
        assert shown == (name.replace("__", "/"), "worker-0", points.steps[-1], points.values[-1], 77)


async def test_long_series_and_odd_values(world: World) -> None:
    """Guards the tail of a series of many rows, and what JSON has no words for."""
    job_id = await world.running()
    steps = range(1234)
    put(world, job_id, loss=curve_of({step: (float(step), step) for step in steps}))
    metric = (await summary_of(world, job_id)).metric
    assert metric is not None and (metric.step, metric.value, metric.time) == (1233, 1233.0, 1233)
    for value, word in ((math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")):
        with world.ctx.units(PLATFORM) as uow:
            key = SeriesKey(f"{job_id}-a1", "worker-0", "loss")
            uow.training_metrics.put(key, curve_of({1233: (value, 5)}), total=1234, room=9)
            uow.commit()
        metric = (await summary_of(world, job_id)).metric
        assert metric is not None and metric.value == word


@pytest.mark.parametrize(
    ("parameters", "series", "expected"),
    [
        ({"max_steps": "200"}, {"loss": curve(s50=1)}, (0.25, 50, 200, "step")),
        ({"max-iters": "10"}, {"loss": curve(s50=1)}, (1.0, 50, 10, "step")),
        ({"epochs": "8"}, {"loss": curve(s50=1), "epoch": curve(s50=2)}, (0.25, 2, 8, "epoch")),
        ({"num_train_epochs": "4"}, {"train__epoch": curve(s9=1)}, (0.25, 1, 4, "epoch")),
        ({}, {"progress": curve(s9=0.75)}, (0.75, 0.75, 1, "fraction")),
        ({"epochs": "8"}, {"loss": curve(s50=1)}, None),
        ({"max_steps": "many"}, {"loss": curve(s50=1)}, None),
        ({"max_steps": "0"}, {"loss": curve(s50=1)}, None),
        ({"max_steps": "9"}, {}, None),
        ({}, {"progress": curve(s9=75)}, None),
        ({"epochs": "8"}, {"epoch": curve(s1=math.nan)}, None),
    ],
)
async def test_progress(
    world: World, parameters: dict[str, str], series: dict[str, Curve], expected: Any
) -> None:
    """Guards that a bar is drawn only where the job itself says how far it is."""
    given = [{"name": name, "value": value} for name, value in parameters.items()]
    job_id = await world.running(algorithm__parameters=given)
    put(world, job_id, **series)
    told = (await summary_of(world, job_id)).progress
    assert (told and (told.fraction, told.done, told.total, told.unit)) == expected


async def test_use_of_the_machine(world: World) -> None:
    """Guards means of the last minutes, the manual's 50 %, and that what is not there is not zero."""
    world.clock.ms -= world.clock.ms % 30_000
    job_id = await world.running()
    sample(world, job_id, 600, cpuUsage=99)
    assert (await summary_of(world, job_id)).usage is None
    for ago in (30, 60, 90):
        sample(world, job_id, ago, cpuUsage=40, memUsage=10, gpuUtil=-1)
    usage = (await summary_of(world, job_id)).usage
    assert usage is not None
    assert (usage.cpu, usage.memory, usage.gpu, usage.npu, usage.low) == (40, 10, None, None, False)
    sample(world, job_id, 120, 15, npuUtil=49)
    usage = (await summary_of(world, job_id)).usage
    assert usage is not None and (usage.npu, usage.low) == (49.0, False)  # of too few samples
    sample(world, job_id, 150, npuUtil=49)
    usage = (await summary_of(world, job_id)).usage
    assert usage is not None and usage.low
    sample(world, job_id, 180, npuUtil=60)
    usage = (await summary_of(world, job_id)).usage
    assert usage is not None and not usage.low


async def test_ended_jobs_have_a_metric_but_no_use(world: World) -> None:
    """Guards lists of what is over: the last number stays, a load of now would be a lie."""
    job_id = await world.ended()
    put(world, job_id, loss=curve(s1=0.5))
    sample(world, job_id, 15, cpuUsage=40)
    told = await summary_of(world, job_id)
    assert told.metric is not None and told.usage is None


async def test_tags_and_priority(world: World) -> None:
    """Guards the columns of a list that jobs themselves do not answer."""
    job_id = await world.create(spec__schedule_policy={"priority": 2})
    with world.ctx.units(PLATFORM) as uow:
        uow.tags.put(job_id, {"team": "red"})
        uow.commit()
    told = await summary_of(world, job_id)
    assert (told.priority, told.tags) == (2, {"team": "red"})


async def test_other_projects_are_told_nothing(world: World) -> None:
    """Guards the scope of what is read by names of attempts, and that nothing is asked of none."""
    job_id = await world.running()
    put(world, job_id, loss=curve(s1=1))
    sample(world, job_id, 15, cpuUsage=1)
    place = (f"{job_id}-a1", "worker-0")
    with world.ctx.units(Scope(BOB.project_id), write=False) as uow:
        assert uow.training_metrics.last_points([place[0]]) == {}
        assert uow.metrics.recent([place], ("cpuUsage",), since_s=0) == {place: ()}
    with world.ctx.units(Scope(ALICE.project_id), write=False) as uow:
        assert list(uow.training_metrics.last_points([place[0]])) == [place[0]]
        assert uow.metrics.recent([], ("cpuUsage",), since_s=0) == {}
        assert uow.training_metrics.last_points([]) == {}
