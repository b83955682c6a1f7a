"""The server's side of the runner protocol: nothing lost, nothing doubled, nothing from the wrong attempt."""

from typing import Any

import pytest

from tests.services.world import ALICE, EN, REGISTRATION, START_MS, World, done
from trainwright.domain.errors import AttemptClosed, InvalidQuery, LogGap
from trainwright.domain.observation import RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import render_event
from trainwright.ports.uow import PLATFORM, MetricBatch
from trainwright.services import jobs, reports
from trainwright.wire.runner import Registration, Report, TaskOrder, UrlGrant

pytestmark = pytest.mark.anyio
TASK = "worker-0"


def report(*seqs: int, **more: Any) -> Report:
    """A report with `training_started` events of these numbers."""
    events = [{"seq": seq, "at_ms": START_MS + seq, "code": "training_started"} for seq in seqs]
    return Report.model_validate({"step": "command", "events": events, **more})


async def submitted(world: World, **changes: Any) -> tuple[str, str]:
    """A pending job: its id and attempt key."""
    job_id = await world.create(**changes)
    world.step(job_id)
    world.woken.clear()
    world.events_told.clear()
    return job_id, f"{job_id}-a1"


def task_events(world: World, job_id: str) -> list[tuple[str, int]]:
    """Codes and times of the events of its tasks."""
    return [(event.code, event.at_ms) for event in world.events(job_id) if event.task]


def batches(world: World, key: str) -> tuple[MetricBatch, ...]:
    """Stored samples."""
    with world.ctx.units(PLATFORM, write=False) as uow:
        return uow.metrics.list_of_task(key, TASK)


async def test_the_order_holds_the_whole_launch(world: World) -> None:
    """Guards what a runner is told: folders with grants, arguments, environment, limits."""
    job_id, key = await submitted(
        world,
        algorithm__inputs=[{"name": "one", "remote": {"obs": {"obs_url": "obs://bucket/data/a.png"}}}],
        algorithm__environments={"SEED": "7"},
        algorithm__working_dir="/home/ma-user/w",
        spec__resource={"flavor_id": "cpu.1", "node_count": 2},
        spec__log_export_path={"obs_url": "obs://results/logs/"},
    )
    order = await reports.register(world.ctx, key, "worker-1", REGISTRATION)
    assert (order.job_id, order.job_name, order.attempt, order.task) == (job_id, "digits", 1, "worker-1")
    assert (order.role, order.index, order.replicas, len(order.hosts)) == ("worker", 1, 2, 2)
    assert order.resources.memory_mib == 1024
    assert order.code is not None and order.code.local_path.endswith("/user-job-dir/app")
    base = f"http://127.0.0.1:8000/runner/v1/attempts/{key}/tasks/worker-1/files"
    assert order.code.grant == UrlGrant(url=f"{base}/code/0")
    (one,) = order.inputs
    assert (one.is_file, one.pass_as, one.grant) == (True, "argument", UrlGrant(url=f"{base}/inputs/0"))
    (out,) = order.outputs
    assert (out.is_file, out.uri) == (False, "obs://results/run1/")
    assert order.log_export is not None and order.log_export.uri == "obs://results/logs/"
    assert (order.boot_file, order.shell, order.arguments) == ("train.py", "", ("--lr=0.1",))
    assert order.environment == {"ENGINE": "yes", "SEED": "7"}
    assert order.working_dir == "/home/ma-user/w"
    assert TaskOrder.model_validate_json(order.model_dump_json()) == order


async def test_registration_is_noted_once_and_repeatable(world: World) -> None:
    """Guards a supervisor that was killed and asks again."""
    job_id, key = await submitted(world)
    first = await reports.register(world.ctx, key, TASK, REGISTRATION)
    world.clock.ms += 5000
    assert await reports.register(world.ctx, key, TASK, REGISTRATION) == first
    task = world.task(job_id)
    assert (task.registered_at_ms, task.ip, task.host) == (START_MS, "10.0.0.7", "node-7")
    assert world.woken == [job_id]


async def test_repeated_and_overlapping_reports_store_each_event_once(world: World) -> None:
    """Guards idempotency by number."""
    job_id, key = await submitted(world)
    for seqs in ((1, 2), (1, 2), (2, 3), (3, 1, 2), ()):
        answer = await reports.report(world.ctx, key, TASK, report(*seqs))
    assert answer.acked_seq == 3
    assert [at for _, at in task_events(world, job_id)] == [START_MS + 1, START_MS + 2, START_MS + 3]


async def test_events_behind_a_gap_wait_for_what_is_missing(world: World) -> None:
    """Guards that a report that overtook another loses nothing: the gap is not acknowledged."""
    job_id, key = await submitted(world)
    assert (await reports.report(world.ctx, key, TASK, report(2, 3))).acked_seq == 0
    assert (await reports.report(world.ctx, key, TASK, report(1, 2, 3, 5))).acked_seq == 3
    assert len(task_events(world, job_id)) == 3


async def test_followers_and_the_control_loop_hear_what_matters_to_them(world: World) -> None:
    """Guards wake-ups: events for followers, ends for the reconciler, starts and heartbeats for nobody."""
    job_id, key = await submitted(world)
    await reports.report(world.ctx, key, TASK, report(1))
    assert (world.events_told, world.woken) == ([job_id], [])
    await reports.report(world.ctx, key, TASK, report(started_at_ms=START_MS + 9))
    assert world.woken == []
    world.events_told.clear()
    await reports.report(world.ctx, key, TASK, report(1, started_at_ms=START_MS + 9))
    assert (world.events_told, world.woken, world.logs_told) == ([], [], [])
    await reports.report(world.ctx, key, TASK, done())
    assert (world.woken, world.logs_told) == ([job_id], [(key, TASK)])


async def test_a_final_result_is_never_overwritten(world: World) -> None:
    """Guards the exit code against repeated and contradicting reports."""
    job_id, key = await submitted(world)
    await reports.report(world.ctx, key, TASK, done(3, "user_exit"))
    world.clock.ms += 1000
    answer = await reports.report(world.ctx, key, TASK, done(0, "completed"))
    task = world.task(job_id)
    assert (task.reason, task.exit_code, task.ended_at_ms) == (Reason.USER_EXIT, 3, START_MS)
    assert answer.stop_grace_s is None


async def test_reports_of_foreign_late_and_unknown_attempts_are_closed_out(world: World) -> None:
    """Guards that nothing but the live attempt can speak for a job."""
    job_id, key = await submitted(world)
    calls = (f"{job_id}-a2", "nonsense", f"{key}-a1", "")
    for other in calls:
        with pytest.raises(AttemptClosed):
            await reports.register(world.ctx, other, TASK, REGISTRATION)
        with pytest.raises(AttemptClosed):
            await reports.report(world.ctx, other, TASK, report(1))
        with pytest.raises(AttemptClosed):
            await reports.append_log(world.ctx, other, TASK, 0, b"x")
    with pytest.raises(AttemptClosed):
        await reports.report(world.ctx, key, "worker-9", report(1))
    with pytest.raises(AttemptClosed):
        await reports.append_log(world.ctx, key, "../../etc", 0, b"x")

    ended = await world.ended(metadata__name="ended", algorithm__outputs=[])
    with pytest.raises(AttemptClosed):
        await reports.report(world.ctx, f"{ended}-a1", TASK, done(1, "user_exit"))
    with pytest.raises(AttemptClosed):
        await reports.append_log(world.ctx, f"{ended}-a1", TASK, 0, b"late")
    assert world.read(ended).job.phase == "Completed"


async def test_a_stop_reaches_the_runner_with_its_next_report(world: World) -> None:
    """Guards the stop flag: from the request on, and while the job settles; not to a task that has ended."""
    job_id, key = await submitted(world, spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    assert (await reports.report(world.ctx, key, TASK, report())).stop_grace_s is None
    await jobs.stop(world.ctx, ALICE, job_id, {"action_type": "terminate"}, EN)
    assert (await reports.report(world.ctx, key, TASK, report())).stop_grace_s == 30
    world.step(job_id, RunState.RUNNING)
    assert (await reports.report(world.ctx, key, TASK, report())).stop_grace_s == 30
    assert (await reports.report(world.ctx, key, TASK, done(143, "stopped_by_user"))).stop_grace_s is None


async def test_the_others_are_stopped_when_one_task_has_failed(world: World) -> None:
    """Guards that a settling job ends its remaining tasks without a user's stop."""
    job_id = await world.running(spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    await reports.report(world.ctx, f"{job_id}-a1", "worker-1", done(1, "user_exit"))
    world.step(job_id, RunState.RUNNING)
    assert (await reports.report(world.ctx, f"{job_id}-a1", TASK, report())).stop_grace_s == 30


async def test_codes_a_task_may_not_use_become_messages(world: World) -> None:
    """Guards that a newer runner loses nothing and that no task can speak for the job."""
    job_id, key = await submitted(world)
    events = [
        {"seq": 1, "at_ms": START_MS, "code": "brand_new", "slots": {"b": 2, "a": "x"}},
        {"seq": 2, "at_ms": START_MS, "code": "job_completed"},
        {"seq": 3, "at_ms": 10**40, "code": "task_message", "slots": {"detail": "x" * 100_000}},
    ]
    await reports.report(world.ctx, key, TASK, report(events=events))
    stored = [event for event in world.events(job_id) if event.task]
    assert [event.code for event in stored] == ["task_message"] * 3
    assert render_event(stored[0], EN) == '[worker-0] brand_new {"a": "x", "b": 2}'
    assert (stored[2].at_ms, len(str(stored[2].slots["detail"]))) == (START_MS, 4096)


async def test_wild_numbers_do_no_harm(world: World) -> None:
    """Guards the database against numbers it cannot hold."""
    job_id, key = await submitted(world)
    wild = Report.model_validate(
        {
            "step": "x" * 1000,
            "started_at_ms": 10**30,
            "final": {"reason": "user_exit", "exit_code": 10**30, "message": "m" * 10_000},
            "samples": [{"start_s": 10**30, "values": {"cpuUsage": [1.0]}}, {"start_s": 1, "values": {}}],
        }
    )
    await reports.report(world.ctx, key, TASK, wild)
    task = world.task(job_id)
    assert (task.exit_code, task.started_at_ms, len(task.message)) == (2**31 - 1, START_MS, 4096)
    assert batches(world, key) == ()


async def test_samples_are_stored_once(world: World) -> None:
    """Guards that a repeated report does not double samples."""
    _, key = await submitted(world)
    samples = {"start_s": START_MS // 1000, "values": {"cpuUsage": [1.0, 2.0]}}
    for _ in range(2):
        await reports.report(world.ctx, key, TASK, report(samples=[samples]))
    (stored,) = batches(world, key)
    assert (stored.step_s, stored.values) == (1, {"cpuUsage": [1.0, 2.0]})


async def test_a_heartbeat_writes_only_now_and_then(world: World) -> None:
    """Guards the database against one write per task and heartbeat, and that a silent task is still seen."""
    job_id, key = await submitted(world)
    await reports.report(world.ctx, key, TASK, report())
    world.clock.ms += reports.SEEN_EVERY_MS - 1
    await reports.report(world.ctx, key, TASK, report())
    assert world.task(job_id).last_seen_ms == START_MS
    world.clock.ms += 1
    await reports.report(world.ctx, key, TASK, report())
    assert world.task(job_id).last_seen_ms == world.clock.ms


async def test_log_bytes_are_stored_by_offset(world: World) -> None:
    """Guards repeats, overlaps and gaps of log bytes."""
    _, key = await submitted(world)

    async def put(offset: int, data: bytes) -> int:
        return (await reports.append_log(world.ctx, key, TASK, offset, data)).stored

    assert [await put(0, b"abc"), await put(0, b"abc"), await put(1, b"bcd"), await put(4, b"")] == [
        3,
        3,
        4,
        4,
    ]
    assert world.ctx.logs.read(key, TASK, 0, 100) == b"abcd"
    with pytest.raises(LogGap):
        await put(9, b"x")
    with pytest.raises(InvalidQuery):
        await put(-1, b"x")
    assert world.logs_told == [(key, TASK)] * 3


async def test_only_the_first_registration_says_where_a_task_is(world: World) -> None:
    """Guards isolation: what registers again may be the job itself, with its runner's token."""
    job_id = await world.running()
    again = Registration(ip="10.0.0.8", host="x", launcher="sandbox", node="somebody-elses-node")
    await reports.register(world.ctx, f"{job_id}-a1", "worker-0", again)
    task = world.task(job_id)
    assert (task.node, task.launcher) == ("node-7", "process")
    assert (task.ip, task.host) == ("10.0.0.8", "x")
