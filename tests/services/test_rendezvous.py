"""Rendezvous, verdicts and stacks: what runners that report again, late and out of order are answered."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, REGISTRATION, World, done
from trainwright.domain.entities import Attempt
from trainwright.domain.errors import AttemptClosed, BodyTooLarge
from trainwright.domain.observation import RunState
from trainwright.domain.reasons import Reason
from trainwright.ports.uow import PLATFORM
from trainwright.services import reports, stacks
from trainwright.wire.runner import CheckLimits, Report, ReportAnswer

pytestmark = pytest.mark.anyio
TWO = {"spec__resource": {"flavor_id": "cpu.1", "node_count": 2}}


def ready(number: int, port: int, **more: Any) -> Report:
    """A task waits for the others."""
    return Report.model_validate({"step": "rendezvous", "ready": {"round": number, "port": port}, **more})


def failed(number: int, reason: str = "user_exit") -> Report:
    """The command has failed, and the task waits for the verdict."""
    failure = {"round": number, "reason": reason, "exit_code": 1}
    return Report.model_validate({"step": "command", "failed": failure})


async def tell(world: World, job_id: str, task: int, report: Report) -> ReportAnswer:
    """One report of one task."""
    return await reports.report(world.ctx, f"{job_id}-a1", f"worker-{task}", report)


def retries(world: World, job_id: str, times: int) -> None:
    """So many process retries, as the creation of jobs sets them."""
    with world.ctx.units(PLATFORM) as uow:
        job = uow.jobs.get_to_change(job_id)
        uow.jobs.save_documents(replace(job, launch=job.launch.model_copy(update={"process_retries": times})))
        uow.commit()


def want(world: World, job_id: str, **changes: Any) -> Attempt:
    """What the reconciler decided for the attempt."""
    with world.ctx.units(PLATFORM) as uow:
        (claim,) = uow.leases.claim_due("t", world.clock.ms, lease_ms=1000, limit=1, job_ids=[job_id])
        assert claim.attempt is not None
        wanted = replace(claim.attempt, **changes)
        uow.leases.save(claim, claim.job, wanted, ())
        uow.leases.release(claim, world.clock.ms)
        uow.commit()
    return wanted


async def test_all_go_once_all_are_ready_and_hear_the_same(world: World) -> None:
    """Guards the gang barrier: nobody before the last, and repeated questions get the same answer."""
    job_id = await world.running(**TWO)
    assert (await tell(world, job_id, 0, ready(0, 5000))).go is None
    assert (await tell(world, job_id, 0, ready(0, 5000))).go is None
    second = (await tell(world, job_id, 1, ready(0, 5001))).go
    assert second is not None
    assert [(peer.task, peer.ip, peer.port) for peer in second.peers] == [
        ("worker-0", "10.0.0.7", 5000),
        ("worker-1", "10.0.0.7", 5001),
    ]
    for task, port in ((0, 5000), (1, 5001), (0, 5000)):
        assert (await tell(world, job_id, task, ready(0, port))).go == second
    assert world.woken[-1] == job_id


async def test_a_port_that_was_said_stays(world: World) -> None:
    """Guards against peers that meet at different places after a supervisor was killed while it waited."""
    job_id = await world.running(**TWO)
    await tell(world, job_id, 0, ready(0, 5000))
    await tell(world, job_id, 0, ready(0, 6000))
    go = (await tell(world, job_id, 1, ready(0, 5001))).go
    assert go is not None
    assert go.peers[0].port == 5000


async def test_waiting_tasks_only_ask(world: World) -> None:
    """Guards the database: a task that asks five times a second takes no turn to write."""
    job_id = await world.running(**TWO)
    await tell(world, job_id, 0, ready(0, 5000))
    with world.ctx.units(PLATFORM):  # a writer is at it, and takes its time
        assert (await tell(world, job_id, 0, ready(0, 5000))).go is None


async def test_a_task_alone_goes_at_once_and_meets_itself_again_later(world: World) -> None:
    """Guards the budget from submission to the first line, and restarts in place of one task."""
    job_id = await world.create()
    world.step(job_id)
    order = await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    assert order.go is not None
    assert (order.go.round, [peer.task for peer in order.go.peers]) == (0, ["worker-0"])
    world.step(job_id, RunState.RUNNING)
    want(world, job_id, wanted_starts=1)
    assert (await tell(world, job_id, 0, ready(0, 1))).go is None
    go = (await tell(world, job_id, 0, ready(1, 1))).go
    assert go is not None
    assert go.round == 1
    again = await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    assert again.go is None


async def test_an_old_rendezvous_is_called_off_by_a_restart(world: World) -> None:
    """Guards that one task does not start while the others begin anew."""
    job_id = await world.running(**TWO)
    await tell(world, job_id, 0, ready(0, 5000))
    want(world, job_id, wanted_starts=1)
    answer = await tell(world, job_id, 1, ready(0, 5001))
    assert (answer.go, answer.starts) == (None, 1)
    await tell(world, job_id, 1, ready(1, 5003))
    assert (await tell(world, job_id, 0, ready(0, 5000))).go is None
    go = (await tell(world, job_id, 0, ready(1, 5002))).go
    assert go is not None
    assert [peer.port for peer in go.peers] == [5002, 5003]


async def test_nobody_goes_once_the_job_is_to_end(world: World) -> None:
    """Guards a stop that comes while tasks wait."""
    job_id = await world.running(**TWO)
    await tell(world, job_id, 0, ready(0, 5000))
    await tell(world, job_id, 0, done(1, "user_exit"))
    world.step(job_id, RunState.RUNNING)
    answer = await tell(world, job_id, 1, ready(0, 5001))
    assert (answer.go, answer.stop_grace_s) == (None, 30)


async def test_a_failure_is_final_unless_a_restart_is_granted(world: World) -> None:
    """Guards the verdict: not before it is clear, never taken back."""
    job_id = await world.running(**TWO)
    retries(world, job_id, 1)
    answer = await tell(world, job_id, 0, failed(0))
    assert (answer.finish, answer.starts, world.woken[-1]) == (False, 0, job_id)
    world.step(job_id, RunState.RUNNING)
    answer = await tell(world, job_id, 0, failed(0))
    assert (answer.finish, answer.starts) == (False, 1)
    for task in (0, 1):
        await tell(world, job_id, task, ready(1, 1))
    for _ in range(2):
        assert (await tell(world, job_id, 1, failed(1))).finish
        world.step(job_id, RunState.RUNNING)
    assert world.attempt(job_id).wanted_starts == 1


@pytest.mark.parametrize("reason", ["disk_full", "hardware_fault"])
async def test_what_no_new_process_mends_is_final_at_once(world: World, reason: str) -> None:
    """Guards against restarts in place on a broken node."""
    job_id = await world.running(**TWO)
    retries(world, job_id, 3)
    assert (await tell(world, job_id, 0, failed(0, reason))).finish


async def test_a_task_that_has_ended_makes_it_a_matter_of_the_job(world: World) -> None:
    """Guards against waiting for a runner that is gone."""
    job_id = await world.running(**TWO)
    retries(world, job_id, 3)
    await tell(world, job_id, 1, done())
    assert (await tell(world, job_id, 0, failed(0))).finish


async def test_quiet_is_kept_as_since_when(world: World) -> None:
    """Guards the hang rule's input: small drifts write nothing, a word of activity clears it."""
    job_id = await world.running()

    async def say(quiet_s: int) -> int:
        world.clock.ms += 1000
        activity = {"quiet_s": quiet_s, "measure": "cpu"}
        await tell(world, job_id, 0, Report.model_validate({"step": "command", "activity": activity}))
        return world.task(job_id).quiet_since_ms

    first = await say(60)
    assert first == world.clock.ms - 60_000
    assert await say(62) == first
    assert await say(0) == 0


async def test_stacks_are_kept_and_the_odd_task_is_named_once(world: World) -> None:
    """Guards dumps: only those asked for, replaced when repeated, judged when the last is there."""
    job_id = await world.running(**TWO)
    key = f"{job_id}-a1"
    odd = 'Process 7: python train.py\nThread 7 (idle): "MainThread"\n    skip (train.py:9)\n'
    most = 'Process 8: python train.py\nThread 8 (idle): "MainThread"\n    all_reduce (torch/distributed/d.py:4)\n'
    await stacks.store(world.ctx, key, "worker-0", 1, odd.encode())
    assert (await stacks.list_of_job(world.ctx, ALICE, job_id)).stacks == []
    want(world, job_id, wanted_stacks=1)
    assert (await tell(world, job_id, 0, Report(step="command"))).stacks == 1
    for task, text in (("worker-0", odd), ("worker-1", most), ("worker-1", most)):
        await stacks.store(world.ctx, key, task, 1, text.encode())
    kept = (await stacks.list_of_job(world.ctx, ALICE, job_id)).stacks
    assert [(dump.task, dump.number, dump.attempt) for dump in kept] == [
        ("worker-0", 1, 1),
        ("worker-1", 1, 1),
    ]
    named = [event for event in world.events(job_id) if event.code == "job_hang_odd_task"]
    assert [event.slots["odd"] for event in named] == ["worker-0"]
    with pytest.raises(BodyTooLarge):
        await stacks.store(world.ctx, key, "worker-0", 1, b"x" * (stacks.STACKS_MAX + 1))
    with pytest.raises(AttemptClosed):
        await stacks.store(world.ctx, key, "worker-9", 1, b"x")


async def test_a_kept_environment_is_released_by_time_and_by_a_stop(world: World) -> None:
    """Guards `release`: not while it is kept; a task that still works is stopped with it once all is to end."""
    job_id = await world.running(**TWO)
    await tell(world, job_id, 0, done(1, "user_exit"))
    assert not (await tell(world, job_id, 0, Report(step="reserved"))).release
    world.step(job_id, RunState.RUNNING)
    want(world, job_id, reserved_until_ms=world.clock.ms + 60_000)
    assert not (await tell(world, job_id, 0, Report(step="reserved"))).release
    decided = await tell(world, job_id, 1, Report(step="command"))
    assert (decided.stop_grace_s, decided.release) == (30, False)
    world.clock.ms += 60_000
    assert (await tell(world, job_id, 0, Report(step="reserved"))).release
    over = await tell(world, job_id, 1, Report(step="command"))
    assert (over.stop_grace_s, over.release) == (30, True)


async def test_a_node_is_checked_when_the_job_asks_for_it(world: World) -> None:
    """Guards the two variables that turn the pre-check off, and the node's name."""
    ctx = replace(world.ctx, check=CheckLimits(root_mib=1))
    for value, expected in (("1", CheckLimits(root_mib=1)), ("0", None)):
        job_id = await world.create(
            metadata__name=f"n{value}",
            metadata__annotations={"fault-tolerance/job-retry-num": "1"},
            algorithm__environments={"MA_SKIP_IMAGE_DETECT": value},
            algorithm__outputs=[],
        )
        world.step(job_id)
        with ctx.units(PLATFORM) as uow:
            job = uow.jobs.get_to_change(job_id)
            uow.jobs.save_documents(replace(job, launch=job.launch.model_copy(update={"precheck": True})))
            uow.commit()
        order = await reports.register(ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
        assert order.check == expected
        assert world.task(job_id).node == "node-7"
        assert order.roles[0].hosts == (f"modelarts-job-{job_id}-worker-0.modelarts-job-{job_id}",)
    assert world.task(job_id).reason is not Reason.COMPLETED


async def test_an_attempt_keeps_its_newest_dumps(world: World) -> None:
    """Guards the database against a job that hangs, and moves, over and over."""
    job_id = await world.running()
    key, newest = f"{job_id}-a1", stacks.KEPT + 3
    want(world, job_id, wanted_stacks=newest)
    for number in range(1, newest + 1):
        await stacks.store(world.ctx, key, "worker-0", number, b"Process 1: x")
    kept = (await stacks.list_of_job(world.ctx, ALICE, job_id)).stacks
    assert [dump.number for dump in kept] == list(range(newest, 3, -1))
    want(world, job_id, wanted_stacks=newest + 2)
    await stacks.store(world.ctx, key, "worker-0", newest + 2, b"Process 1: x")
    assert (await stacks.list_of_job(world.ctx, ALICE, job_id)).stacks[-1].number == 6
