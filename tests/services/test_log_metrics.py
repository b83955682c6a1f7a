"""Training metrics from logs: whatever the pieces and whoever is killed, each line counts once."""

import random
from contextlib import suppress
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, REGISTRATION, World, done
from trainwright.domain.errors import JobNotFound, StorageUnavailable
from trainwright.domain.observation import RunState
from trainwright.domain.texts import render_event
from trainwright.ports.training_metrics import Mark
from trainwright.ports.uow import PLATFORM
from trainwright.services import jobs, log_metrics, reports, training_metrics
from trainwright.services.log_metrics import LogMetrics
from trainwright.services.training_metrics import Wanted

pytestmark = pytest.mark.anyio

TASK = "worker-0"
RULES = [{"name": "loss", "regex": r"loss=(\S+)"}, {"name": "acc", "regex": r"epoch (?P<step>\d+) acc=(\S+)"}]


async def running(world: World, **changes: Any) -> str:
    return await world.running(algorithm__metrics=RULES, **changes)


async def write(world: World, job_id: str, data: bytes, *, task: str = TASK) -> None:
    key = f"{job_id}-a1"
    size = world.ctx.logs.size(key, task)
    await reports.append_log(world.ctx, key, task, size, data)


async def search(world: World) -> None:
    """As a server that starts, searches what there is, and is killed."""
    await LogMetrics(world.ctx).run(until_idle=True)


async def found(world: World, job_id: str) -> dict[str, tuple[list[int], list[float]]]:
    shown = await training_metrics.show(world.ctx, ALICE, job_id, Wanted(max_points=0))
    return {each.name: (each.steps, each.values) for each in shown.series}


def mark(world: World, job_id: str, task: str = TASK) -> Mark:
    with world.ctx.units(PLATFORM, write=False) as uow:
        return uow.training_metrics.mark(f"{job_id}-a1", task)


async def test_lines_become_series(world: World) -> None:
    """Guards the way of a number from a print to the answer: counted, or with the step that the line names."""
    job_id = await running(world)
    await write(world, job_id, b"start\nloss=0.5\nepoch 3 acc=0.25\nloss=0.25 epoch 1 acc=0.125\nloss=0.1")
    await search(world)
    assert await found(world, job_id) == {"loss": ([0, 1], [0.5, 0.25]), "acc": ([1, 3], [0.125, 0.25])}
    await write(world, job_id, b"25\n[ModelArts Service Log]2026 loss=9\r\n 10%\rloss=8\r 20%\rloss=7")
    await search(world)
    assert (await found(world, job_id))["loss"] == ([0, 1, 2, 3], [0.5, 0.25, 0.125, 8.0])
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    await search(world)
    assert (await found(world, job_id))["loss"][1][-2:] == [8.0, 7.0]
    assert not mark(world, job_id).reading


async def test_who_asks_sees_what_was_printed(world: World) -> None:
    """Guards the metrics of a job that has just ended: they are there, though nobody has searched its log yet. Only who
    may see the job has it searched.
    """
    job_id = await running(world)
    await write(world, job_id, b"loss=0.5\nloss=0.25\nloss=0.1")
    with pytest.raises(JobNotFound):
        await log_metrics.catch_up(world.ctx, BOB, job_id)
    assert await found(world, job_id) == {}
    await log_metrics.catch_up(world.ctx, ALICE, job_id)
    assert (await found(world, job_id))["loss"] == ([0, 1], [0.5, 0.25])
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    await log_metrics.catch_up(world.ctx, ALICE, job_id)
    assert (await found(world, job_id))["loss"] == ([0, 1, 2], [0.5, 0.25, 0.1])
    assert not mark(world, job_id).reading
    await log_metrics.catch_up(world.ctx, ALICE, job_id)


async def test_two_that_search_at_once_count_a_line_once(world: World) -> None:
    """Guards the search of who asks against the one that goes on beside it."""
    job_id = await running(world)
    await write(world, job_id, b"loss=1\nloss=2\n")
    one = log_metrics._search(world.ctx, (f"{job_id}-a1", TASK))
    await write(world, job_id, b"loss=3\n")
    other = log_metrics._search(world.ctx, (f"{job_id}-a1", TASK))
    assert one is not None and other is not None
    log_metrics._store(world.ctx, [one])
    log_metrics._store(world.ctx, [other])
    await search(world)
    assert (await found(world, job_id))["loss"] == ([0, 1, 2], [1.0, 2.0, 3.0])


async def test_jobs_without_rules_are_not_searched(world: World) -> None:
    """Guards the way of log bytes: where there is no rule there is no mark and no word to the search."""
    job_id = await world.running()
    await write(world, job_id, b"loss=1\n")
    assert mark(world, job_id) == Mark()
    assert await world.ctx.log_waits.wait(0) == set()
    await search(world)
    assert await found(world, job_id) == {}


async def test_growing_logs_are_heard_of(world: World) -> None:
    """Guards that new lines are searched soon, not at the next look at everything."""
    job_id = await running(world)
    await world.ctx.log_waits.wait(0)
    await write(world, job_id, b"loss=1\n")
    assert await world.ctx.log_waits.wait(60) == {(f"{job_id}-a1", TASK)}
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    assert await world.ctx.log_waits.wait(60) == {(f"{job_id}-a1", TASK)}


def _line(chance: random.Random, number: int) -> bytes:
    return chance.choice(
        [
            b"step %d loss=%s," % (number, repr(number / 8).encode()),
            b"loss=0.25 " + b"x" * chance.randrange(700),
            b" " * chance.randrange(30, 400) + b"loss=1000 and more",
            chance.choice([b"", b"\xe6\x8d\x9f", b"noise"]),
        ]
    )


@pytest.mark.parametrize("seed", range(4))
async def test_each_line_counts_once(world: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards every byte: random lines in random pieces, searched at random moments by searches that are killed, before
    they have stored and after, with small buffers.
    """
    chance = random.Random(seed)
    monkeypatch.setattr(log_metrics, "PIECE", chance.choice([70, 300, 5000]))
    monkeypatch.setattr(log_metrics, "PIECES_AT_ONCE", chance.choice([1, 8]))
    monkeypatch.setattr(log_metrics, "FIRST_PIECE", chance.choice([70, 5000]))
    monkeypatch.setattr(log_metrics, "SEARCH_S", chance.choice([0.0, 9.0]))
    monkeypatch.setattr(log_metrics, "LINE_MAX", 60)
    monkeypatch.setattr("trainwright.services.metric_rules.LINE_MAX", 60)
    job_id = await running(world)
    lines = [_line(chance, number) for number in range(120)]
    heads = [line[:60].split(b"loss=")[1].split() for line in lines if b"loss=" in line[:60]]
    expected = [float(words[0].rstrip(b",")) for words in heads if words]
    text = b"".join(line + chance.choice([b"\n", b"\r\n", b"\r"]) for line in lines) + b"loss=77"
    store = log_metrics._store
    while text:
        size = chance.choice([1, 17, 600])
        await write(world, job_id, text[:size])
        text = text[size:]
        if chance.random() < 0.3:
            how = chance.choice(["before", "after", "not"])

            def dying(*given: Any, how: str = how) -> Any:
                if how == "before":
                    raise InterruptedError
                told = store(*given)
                if how == "after":
                    raise InterruptedError
                return told

            monkeypatch.setattr(log_metrics, "_store", dying)
            with suppress(InterruptedError):
                await search(world)
    monkeypatch.setattr(log_metrics, "_store", store)
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    await search(world)
    steps, values = (await found(world, job_id))["loss"]
    assert values == [*expected, 77.0]
    assert steps == list(range(len(values)))


async def test_rules_that_match_everything_take_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards other logs, and the server: a megabyte of empty lines takes rules that match each of them many seconds."""
    monkeypatch.setattr(log_metrics, "SEARCH_S", 0.0)
    job_id = await world.running(algorithm__metrics=[{"name": "all", "regex": "(.*)"}])
    await write(world, job_id, b"\n" * 40_000 + b"7\n")
    searched = log_metrics._search(world.ctx, (f"{job_id}-a1", TASK))
    assert searched is not None and searched.behind
    assert searched.position == log_metrics.FIRST_PIECE
    await search(world)
    assert await found(world, job_id) == {"all": ([0], [7.0])}


async def test_an_attempt_that_ends_without_a_word_is_searched_to_its_end(world: World) -> None:
    """Guards lost nodes: no report says that the log is complete, the attempt's end does."""
    job_id = await running(world)
    await write(world, job_id, b"loss=1\nloss=2")
    await jobs.stop(world.ctx, ALICE, job_id, {"action_type": "terminate"}, EN)
    while not world.step(job_id, RunState.GONE).phase.is_end:
        world.clock.ms += 600_000
    await search(world)
    assert (await found(world, job_id))["loss"][1] == [1.0, 2.0]
    assert not mark(world, job_id).reading


async def test_a_new_attempt_has_series_of_its_own(world: World) -> None:
    """Guards restarts of a job: the next attempt's log is marked and searched from its start."""
    job_id = await running(
        world,
        metadata__annotations={
            "fault-tolerance/job-retry-num": "1",
            "fault-tolerance/job-unconditional-retry": "true",
        },
    )
    await write(world, job_id, b"loss=1\nloss=2\n")
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done(1, "user_exit"))
    for state in (RunState.RUNNING, RunState.GONE, None):
        world.step(job_id, state)
    await reports.register(world.ctx, f"{job_id}-a2", TASK, REGISTRATION)
    await reports.append_log(world.ctx, f"{job_id}-a2", TASK, 0, b"loss=3\n")
    await search(world)
    shown = await training_metrics.show(world.ctx, ALICE, job_id, Wanted(attempt=0))
    assert [(each.attempt, each.steps, each.values) for each in shown.series] == [
        (1, [0, 1], [1.0, 2.0]),
        (2, [0], [3.0]),
    ]


async def test_what_is_no_number_is_told_once(world: World) -> None:
    """Guards people who wrote an expression that takes too much: they are told, with what was found."""
    job_id = await running(world)
    for _ in range(2):
        await write(world, job_id, b"loss=tensor(0.5)\nloss=1\nepoch 99999999999999999 acc=0.5\n")
        await search(world)
    told = [event for event in world.events(job_id) if event.code.startswith("metric_")]
    assert [event.code for event in told] == ["metric_not_a_number", "metric_step_not_a_number"]
    assert "tensor(0.5)" in render_event(told[0], EN) and told[0].task == TASK
    assert world.events_told.count(job_id) >= 1
    assert (await found(world, job_id))["loss"][1] == [1.0, 1.0]


async def test_a_full_task_is_searched_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the server against a job that prints for ever: when there is no more room, nothing is looked for."""
    monkeypatch.setattr(training_metrics, "TASK_POINTS_MAX", 3)
    job_id = await running(world)
    await write(world, job_id, b"loss=1\n" * 9)
    await search(world)
    assert (await found(world, job_id))["loss"][0] == [0, 1, 2]
    assert not mark(world, job_id).reading


async def test_a_broken_log_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards other jobs against one file that cannot be read; it is read again later."""
    bad = await running(world, metadata__name="bad")
    good = await running(world, metadata__name="good", algorithm__outputs=[])
    for job_id in (bad, good):
        await write(world, job_id, b"loss=1\n")
    read = world.ctx.logs.read

    def broken(attempt_key: str, task: str, start: int, limit: int) -> bytes:
        if attempt_key.startswith(bad):
            raise StorageUnavailable(detail="broken")
        return read(attempt_key, task, start, limit)

    monkeypatch.setattr(world.ctx.logs, "read", broken)
    await search(world)
    assert await found(world, bad) == {} and len(await found(world, good)) == 1
    monkeypatch.undo()
    await search(world)
    assert len(await found(world, bad)) == 1


async def test_deleted_jobs_are_forgotten(world: World) -> None:
    """Guards the search against rows that go while it looks."""
    job_id = await running(world)
    await write(world, job_id, b"loss=1\n")
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    for state in (RunState.RUNNING, RunState.GONE):
        world.step(job_id, state)
    place = (f"{job_id}-a1", TASK)
    searched = log_metrics._search(world.ctx, place)
    assert searched is not None
    await jobs.delete(world.ctx, ALICE, job_id)
    assert log_metrics._store(world.ctx, [searched]) == set()
    assert log_metrics._search(world.ctx, place) is None
    await search(world)


async def test_every_task_of_a_job_is_searched(world: World) -> None:
    """Guards jobs of many nodes: each task has its own series."""
    job_id = await running(world, spec__resource={"flavor_id": "cpu.1", "node_count": 3})
    for number in range(3):
        await write(world, job_id, b"loss=%d\n" % number, task=f"worker-{number}")
    await search(world)
    shown = await training_metrics.show(world.ctx, ALICE, job_id, Wanted())
    assert [(each.task, each.values) for each in shown.series] == [
        (f"worker-{number}", [float(number)]) for number in range(3)
    ]
