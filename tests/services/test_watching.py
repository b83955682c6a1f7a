"""Events, tasks and metrics of a job, and what is on offer."""

from typing import Any

import pytest

from tests.services.world import ALICE, EN, REGISTRATION, START_MS, ZH, World, done
from trainwright.domain.errors import BackendUnavailable, InvalidQuery, TaskNotFound
from trainwright.domain.observation import RunState
from trainwright.ports.uow import PLATFORM, MetricBatch
from trainwright.services import events, metrics, offers, reports, tasks
from trainwright.services.events import EventFilter
from trainwright.wire.runner import Report

pytestmark = pytest.mark.anyio


async def messages(world: World, job_id: str, **query: Any) -> list[str]:
    """Messages of a page."""
    page = await events.list_events(world.ctx, ALICE, job_id, EventFilter(**query), EN)
    return [item.message for item in page.events]


async def eventful(world: World) -> str:
    """A failed job with five events a second apart."""
    job_id = await world.create()
    world.clock.ms += 1000
    world.step(job_id)
    await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    world.step(job_id, RunState.RUNNING)
    lines = [
        {"seq": 1, "at_ms": START_MS + 2000, "code": "training_started"},
        {"seq": 2, "at_ms": START_MS + 3000, "code": "killed_after_grace"},
    ]
    final = {"reason": "user_exit", "exit_code": 1}
    report = Report.model_validate({"step": "linger", "events": lines, "final": final})
    await reports.report(world.ctx, f"{job_id}-a1", "worker-0", report)
    world.clock.ms += 3000
    world.step(job_id, RunState.RUNNING)
    world.step(job_id, RunState.GONE)
    return job_id


async def test_events_are_filtered_paged_and_translated(world: World) -> None:
    """Guards contract §6.7: total of what matches, both orders, every filter, both languages."""
    job_id = await eventful(world)
    everything = await messages(world, job_id)
    assert everything[0] == "Training job created."
    assert everything[2] == "[worker-0] Training started."
    assert len(everything) == 5
    assert await messages(world, job_id, order="desc") == everything[::-1]
    assert await messages(world, job_id, offset=1, limit=2) == everything[1:3]
    assert await messages(world, job_id, level="Warning") == [everything[3]]
    assert await messages(world, job_id, source="Task") == everything[2:4]
    assert await messages(world, job_id, pattern="worker-0] Training st") == [everything[2]]
    assert await messages(world, job_id, start_ms=START_MS + 2000, end_ms=START_MS + 3000) == everything[2:4]
    page = await events.list_events(world.ctx, ALICE, job_id, EventFilter(limit=1, pattern="训练"), ZH)
    assert (page.total, page.limit, page.offset, page.order) == (5, 1, 0, "asc")
    item = page.events[0]
    assert item.message == "训练作业已创建。"
    assert (item.level, item.source, item.code, item.task) == ("Info", "Job", "job_created", "")
    assert item.time[:10] == "2026-09-21" and item.time[-6] in "+-" and "." not in item.time


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"offset": -1}, "offset"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"order": "up"}, "order"),
        ({"level": "Fatal"}, "level"),
        ({"source": "Elsewhere"}, "source"),
        ({"start_ms": 1}, "start_time"),
        ({"end_ms": 1}, "start_time"),
        ({"start_ms": 2, "end_ms": 1}, "start_time"),
        ({"pattern": "x" * 257}, "pattern"),
    ],
)
async def test_bad_event_queries_are_refused(world: World, query: dict[str, Any], field: str) -> None:
    """Guards 2764 with the parameter's name."""
    job_id = await world.create()
    with pytest.raises(InvalidQuery, match=field):
        await messages(world, job_id, **query)


async def test_the_tail_ends_only_behind_the_last_event(world: World) -> None:
    """Guards that a follower who resumes anywhere gets every event before it is told of the end."""
    job_id = await eventful(world)
    seen, after = [], 0
    while True:
        tail = await events.tail(world.ctx, ALICE, job_id, after, EN, limit=2)
        seen += [item.code for item in tail.events]
        if tail.ended:
            break
        after = tail.events[-1].seq
    assert seen == ["job_created", "job_running", "training_started", "killed_after_grace", "job_failed"]
    assert (tail.phase.phase, tail.phase.reason) == ("Failed", "user_exit")


async def test_tasks_over_a_life(world: World) -> None:
    """Guards contract §6.5: present from creation on, and our additions follow the runner."""

    async def one() -> Any:
        (item,) = await tasks.list_tasks(world.ctx, ALICE, job_id, EN)
        return item

    job_id = await world.create()
    created = await one()
    assert (created.task, created.ip, created.schedule_count, created.state) == ("worker-0", "", 1, "waiting")
    world.step(job_id)
    key = f"{job_id}-a1"
    await reports.register(world.ctx, key, "worker-0", REGISTRATION)
    assert (await one()).state == "preparing"
    await reports.report(world.ctx, key, "worker-0", Report(step="command", started_at_ms=START_MS + 1))
    await reports.append_log(world.ctx, key, "worker-0", 0, b"hello")
    running = await one()
    assert (running.state, running.host_ip, running.host, running.log_size) == (
        "running",
        "10.0.0.7",
        "node-7",
        5,
    )
    await reports.report(world.ctx, key, "worker-0", Report(step="outputs"))
    assert (await one()).state == "finishing"
    await reports.report(world.ctx, key, "worker-0", done(3, "user_exit"))
    ended = await one()
    assert (ended.state, ended.exit_code, ended.reason) == ("ended", 3, "user_exit")
    assert await tasks.list_tasks(world.ctx, ALICE, job_id, EN, schedule_count=1) == [ended]
    assert await tasks.list_tasks(world.ctx, ALICE, job_id, EN, schedule_count=2) == []


async def test_metrics_are_means_per_minute_with_gaps(world: World) -> None:
    """Guards contract §6.8: six series and no other, one value a minute, -1 for none; ours are samples only."""
    job_id = await world.running()
    empty = await metrics.show(world.ctx, ALICE, job_id, "worker-0")
    assert [(series.metric, series.value) for series in empty.metrics] == [
        (name, []) for name in metrics.CONTRACT_METRICS
    ]
    start_s = START_MS // 60_000 * 60
    with world.ctx.units(PLATFORM) as uow:
        key = f"{job_id}-a1"
        for at, step, values in (
            (start_s, 60, {"cpuUsage": [10.0]}),
            (start_s + 118, 1, {"cpuUsage": [30.0, 50.0, 70.0], "networkSend": [-1.0, 5.0, 6.0]}),
            (start_s + 250, 1, {"cpuUsage": [1.0]}),
        ):
            uow.metrics.add(MetricBatch(key, "worker-0", at, step, values))
        uow.commit()
    answer = await metrics.show(world.ctx, ALICE, job_id, "worker-0")
    series = {entry.metric: entry.value for entry in answer.metrics}
    assert series["cpuUsage"] == [10.0, 40.0, 70.0, -1.0, 1.0]
    assert series["gpuUtil"] == [-1.0] * 5
    assert set(series) == set(metrics.CONTRACT_METRICS)
    assert answer.start_time == start_s * 1000
    raw = await metrics.samples(world.ctx, ALICE, job_id, "worker-0", since_s=start_s + 100)
    assert [(batch.start_s, batch.step_s) for batch in raw.batches] == [
        (start_s + 118, 1),
        (start_s + 250, 1),
    ]
    with pytest.raises(TaskNotFound, match="worker-9"):
        await metrics.show(world.ctx, ALICE, job_id, "worker-9")


async def test_offers_have_the_contracts_shape(world: World) -> None:
    """Guards §7.1, §7.2: counts, ints, no gpu where there is none, and our list of backends."""
    engines = offers.list_engines(world.ctx)
    assert (engines.total, engines.items[1].engine_id) == (2, "sk-2")
    assert engines.items[0].v1_compatible is False
    flavors = offers.list_flavors(world.ctx, "CPU")
    first = flavors.flavors[0].model_dump(exclude_none=True)
    assert flavors.total_count == 2
    assert (first["flavor_type"], first["max_num"], first["billing"]["unit_num"]) == ("CPU", 4, 1)
    assert first["flavor_info"]["memory"] == {"size": 1, "unit": "GB"} and "gpu" not in first["flavor_info"]
    assert (first["support_engines"], first["support_groups"]) == ('["py-1", "sk-2"]', "public")
    assert offers.list_flavors(world.ctx, "GPU").total_count == 0
    with pytest.raises(InvalidQuery, match="flavor_type"):
        offers.list_flavors(world.ctx, "TPU")
    (backend,) = (await offers.list_backends(world.ctx)).backends
    assert (backend.name, backend.launcher, backend.total.cpus) == ("fake", "process", 1024)
    world.backend.fail_next("probe")
    with pytest.raises(BackendUnavailable):
        await offers.list_backends(world.ctx)
