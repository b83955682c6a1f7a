"""A job's life as callers see it: shapes of contract §4 and §14, stop, delete, description."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, REGISTRATION, START_MS, ZH, World, done, job_body
from trainwright.domain.entities import Note
from trainwright.domain.errors import (
    InvalidParam,
    JobNotDeletable,
    JobNotFound,
    JobNotStoppable,
    NotOffered,
    UnsupportedAction,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.observation import RunState
from trainwright.domain.reasons import Reason
from trainwright.services import events, jobs, links, logs, metrics, reports, tasks
from trainwright.services.job_view import JobHistory, job_response
from trainwright.services.rebuilding import request_of
from trainwright.wire.job_answers import JobResponse

pytestmark = pytest.mark.anyio

STOP = {"action_type": "terminate"}


async def shown(world: World, job_id: str) -> dict[str, Any]:
    """The job as it goes over the wire."""
    answer = await jobs.show(world.ctx, ALICE, job_id, EN)
    loaded: dict[str, Any] = json.loads(answer.model_dump_json(exclude_none=True))
    return loaded


async def test_the_answer_echoes_and_completes_the_request(world: World) -> None:
    """Guards the gotchas of §14.1: environments a list, filled engine and local_dir, unknown fields kept."""
    body = job_body(
        metadata__annotations={"mine": "1"},
        metadata__owner="me",
        algorithm__policies={"auto_search": None},
        algorithm__inputs=[{"name": "d", "tag": 1, "remote": {"obs": {"obs_url": "/bucket/data/"}}}],
        spec__auto_stop={"time_unit": "HOURS", "duration": 3},
        spec__mystery=[1],
    )
    answer = await shown(world, (await jobs.create(world.ctx, ALICE, body, EN)).metadata.id)
    algorithm = answer["algorithm"]
    assert algorithm["environments"] == [{"SEED": "7"}]
    assert algorithm["engine"] == {"engine_id": "py-1", "engine_name": "Python", "engine_version": "1"}
    (data,) = algorithm["inputs"]
    assert data["remote"]["obs"]["obs_url"] == "/bucket/data/"  # the caller's spelling
    assert (data["tag"], data["local_dir"]) == (1, "/home/ma-user/modelarts/inputs/d_0")
    assert (answer["metadata"]["owner"], answer["metadata"]["annotations"]) == ("me", {"mine": "1"})
    assert answer["spec"]["mystery"] == [1]
    assert answer["spec"]["auto_stop"] == {"time_unit": "HOURS", "duration": 3}
    resource = answer["spec"]["resource"]
    assert (resource["policy"], resource["flavor_id"], resource["node_count"]) == ("regular", "cpu.1", 1)
    assert resource["flavor_detail"]["flavor_info"]["cpu"]["core_num"] == 1
    assert resource["main_container_allocated_resources"]["mem_size"] == 1.0
    assert "environments" in body["algorithm"] and body["algorithm"]["environments"] == {"SEED": "7"}


async def test_times_and_records_over_a_life(world: World) -> None:
    """Guards units (§14.2): ms everywhere, seconds in running_records; duration grows, then stays."""
    job_id = await world.create()
    assert (await shown(world, job_id))["status"]["secondary_phase"] == "Creating"
    world.step(job_id)
    waiting = (await shown(world, job_id))["status"]
    assert (waiting["phase"], waiting["secondary_phase"]) == ("Pending", "Queuing")
    assert (waiting["start_time"], waiting["duration"], waiting["running_records"]) == (0, 0, [])

    await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    world.step(job_id, RunState.RUNNING)
    world.clock.ms += 4000
    running = (await shown(world, job_id))["status"]
    assert (running["phase"], running["start_time"], running["duration"]) == ("Running", START_MS, 4000)
    assert running["task_statuses"] == []

    await reports.report(world.ctx, f"{job_id}-a1", "worker-0", done())
    world.step(job_id, RunState.RUNNING)
    assert (await shown(world, job_id))["status"][
        "phase"
    ] == "Running"  # settling is not the caller's business
    world.step(job_id, RunState.GONE)
    world.clock.ms += 60_000
    ended = (await shown(world, job_id))["status"]
    assert (ended["phase"], ended["duration"], ended["reason"]) == ("Completed", 4000, "completed")
    (status,) = ended["task_statuses"]
    assert (status["task"], status["exit_code"]) == ("worker-0", 0)
    (record,) = ended["running_records"]
    assert (record["start_at"], record["end_at"]) == (START_MS // 1000, START_MS // 1000 + 4)
    assert record["xpu_start_at"] == START_MS // 1000
    assert record["start_type"] == "init_or_rescheduled"
    assert ended["node_count_metrics"] == [[START_MS, 1]]


async def test_int_fields_are_ints_in_every_phase(world: World) -> None:
    """Guards §14.3: text or null in an int field crashes the official client."""
    created = await world.create()
    ended = await world.ended(metadata__name="ended", algorithm__outputs=[])
    for job_id in (created, ended):
        answer = await shown(world, job_id)
        status = answer["status"]
        found = [answer["metadata"]["create_time"], status["duration"], status["start_time"]]
        found += [answer["spec"]["resource"]["node_count"]]
        found += [entry["exit_code"] for entry in status["task_statuses"]]
        found += [record[key] for record in status["running_records"] for key in ("start_at", "end_at")]
        assert all(type(number) is int for number in found)
        JobResponse.model_validate(answer)


async def test_a_waiting_job_says_why_in_the_callers_language(world: World) -> None:
    """Guards that every wait explains itself."""
    job_id = await world.create()
    world.step(job_id)
    note = Note("wait_cpus", {"asked": 4, "free": 2, "position": 2})
    world.step(job_id, RunState.QUEUED, wait=note)
    english = (await jobs.show(world.ctx, ALICE, job_id, EN)).status.pending_message
    chinese = (await jobs.show(world.ctx, ALICE, job_id, ZH)).status.pending_message
    assert "waiting for 4 CPUs, 2 free; position 2" in english
    assert "需要 4 个 CPU" in chinese


async def test_a_failed_job_names_reason_task_and_exit_code(world: World) -> None:
    """Guards that every failure explains itself."""
    job_id = await world.running(spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    await reports.report(world.ctx, f"{job_id}-a1", "worker-1", done(3, "user_exit"))
    world.step(job_id, RunState.RUNNING)
    world.step(job_id, RunState.GONE)
    status = (await jobs.show(world.ctx, ALICE, job_id, ZH)).status
    assert (status.phase, status.reason, status.reason_message) == (
        "Failed",
        "user_exit",
        "训练进程以非零退出码结束",
    )
    assert [(entry.task, entry.exit_code) for entry in status.task_statuses] == [
        ("worker-0", -1),
        ("worker-1", 3),
    ]
    assert status.running_records[0].end_related_task == "worker-1"
    assert status.reason_advice.startswith("请查看最先失败的任务日志")


async def test_a_restarted_job_tells_what_was_done(world: World) -> None:
    """Guards running_records over several attempts (§4.1): how each began, and how the job recovered."""
    job_id = await world.running(
        metadata__annotations={
            "fault-tolerance/job-retry-num": "2",
            "fault-tolerance/job-unconditional-retry": "true",
        }
    )
    world.clock.ms += 5000
    await reports.report(world.ctx, f"{job_id}-a1", "worker-0", done(3, "user_exit"))
    world.step(job_id, RunState.RUNNING)
    settling = (await shown(world, job_id))["status"]
    assert (settling["reason"], settling["reason_advice"]) == ("user_exit", "")  # it will go on by itself
    world.step(job_id, RunState.GONE)
    (first,) = (await shown(world, job_id))["status"]["running_records"]
    assert first["end_recover"] == "job_reschedule"
    assert first["recover_records"] == [
        {
            "recover_start_at": START_MS // 1000 + 5,
            "recover_end_at": 0,
            "recover": "job_reschedule",
            "fault_scenario": "job_failed",
            "reason": "user_exit",
            "related_task": "worker-0",
            "recover_result": "recovering",
            "count": 1,
        }
    ]
    await reports.register(world.ctx, f"{job_id}-a2", "worker-0", REGISTRATION)
    world.clock.ms += 2000
    world.step(job_id, RunState.RUNNING)
    status = (await shown(world, job_id))["status"]
    first, second = status["running_records"]
    assert (first["start_type"], second["start_type"]) == ("init_or_rescheduled", "restarted")
    assert first["recover_records"][0]["recover_result"] == "success"
    assert first["recover_records"][0]["recover_end_at"] == second["start_at"] == START_MS // 1000 + 7
    assert second["recover_records"] == []
    assert status["node_count_metrics"] == [[START_MS, 1], [START_MS + 7000, 1]]


async def test_a_job_the_platform_could_not_start_says_so(world: World) -> None:
    """Guards CreateFailed for a platform fault before anything ran, Lost for one that lost what ran."""
    job = replace(world.read(await world.create()).job, phase=Phase.ABNORMAL, reason=Reason.NODE_LOST)
    answer = job_response(JobHistory(job, (), {}), EN, START_MS)
    assert (answer.status.phase, answer.status.secondary_phase) == ("Abnormal", "CreateFailed")
    answer = job_response(JobHistory(replace(job, started_at_ms=START_MS), (), {}), EN, START_MS)
    assert answer.status.secondary_phase == "Lost"


async def test_stop_shows_terminating_at_once_and_only_once(world: World) -> None:
    """Guards 202 with Terminating, 2858 for a second stop, and that the control loop is told."""
    job_id = await world.running()
    world.woken.clear()
    answer = await jobs.stop(world.ctx, ALICE, job_id, STOP, EN)
    assert (answer.status.phase, answer.status.secondary_phase) == ("Terminating", "Terminating")
    assert world.woken == [job_id]
    with pytest.raises(JobNotStoppable, match="Terminating"):
        await jobs.stop(world.ctx, ALICE, job_id, STOP, EN)
    assert [event.code for event in world.events(job_id)].count("job_stop_requested") == 1
    world.step(job_id, RunState.RUNNING)
    world.step(job_id, RunState.GONE)
    ended = await jobs.show(world.ctx, ALICE, job_id, EN)
    assert (ended.status.phase, ended.status.reason) == ("Terminated", "stopped_by_user")
    with pytest.raises(JobNotStoppable, match="Terminated"):
        await jobs.stop(world.ctx, ALICE, job_id, STOP, EN)


async def test_a_job_that_never_ran_has_a_status_for_each_task(world: World) -> None:
    """Guards one task_statuses entry per task at the end, with an int exit code."""
    job_id = await world.create()
    await jobs.stop(world.ctx, ALICE, job_id, STOP, EN)
    world.step(job_id)
    world.step(job_id)
    status = (await jobs.show(world.ctx, ALICE, job_id, EN)).status
    assert (status.phase, status.duration) == ("Terminated", 0)
    assert [(entry.task, entry.exit_code) for entry in status.task_statuses] == [("worker-0", -1)]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"action_type": "restart"}, UnsupportedAction),
        ({"action_type": 1}, InvalidParam),
        ({}, InvalidParam),
    ],
)
async def test_other_actions_are_refused(world: World, raw: dict[str, Any], kind: type[Exception]) -> None:
    """Guards 2812."""
    job_id = await world.create()
    with pytest.raises(kind):
        await jobs.stop(world.ctx, ALICE, job_id, raw, EN)


async def test_delete_removes_an_ended_job_and_its_logs_only(world: World) -> None:
    """Guards that running jobs stay, and that afterwards nothing of the job is left."""
    job_id = await world.running()
    with pytest.raises(JobNotDeletable, match="Running"):
        await jobs.delete(world.ctx, ALICE, job_id)
    await reports.append_log(world.ctx, f"{job_id}-a1", "worker-0", 0, b"line\n")
    await reports.report(world.ctx, f"{job_id}-a1", "worker-0", done())
    world.step(job_id, RunState.RUNNING)
    world.step(job_id, RunState.GONE)
    await jobs.delete(world.ctx, ALICE, job_id)
    assert world.ctx.logs.size(f"{job_id}-a1", "worker-0") == 0
    with pytest.raises(JobNotFound):
        await jobs.delete(world.ctx, ALICE, job_id)
    await world.create()  # the name is free again


async def test_the_description_changes_alone(world: World) -> None:
    """Guards that an empty text empties it, nothing changes nothing, and other changes are refused by name."""
    job_id = await world.create()
    await jobs.change(world.ctx, ALICE, job_id, {"description": "second"})
    assert world.read(job_id).job.description == "second"
    await jobs.change(world.ctx, ALICE, job_id, {})
    await jobs.change(world.ctx, ALICE, job_id, {"description": None})
    assert world.read(job_id).job.description == "second"
    await jobs.change(world.ctx, ALICE, job_id, {"description": ""})
    assert (await shown(world, job_id))["metadata"]["description"] == ""
    assert [event.code for event in world.events(job_id)].count("job_described") == 2
    with pytest.raises(InvalidParam, match="description"):
        await jobs.change(world.ctx, ALICE, job_id, {"description": "x" * 257})
    with pytest.raises(NotOffered, match="endpoints"):
        await jobs.change(world.ctx, ALICE, job_id, {"endpoints": {"ssh": {"key_pair_names": ["k"]}}})


@pytest.mark.parametrize(
    "job", ["theirs", "11111111-2222-3333-4444-555555555555", "%7Btraining_job_id%7D", ""]
)
async def test_another_projects_job_looks_like_none(world: World, job: str) -> None:
    """Guards isolation on every call that takes a job id, with one and the same error."""
    job_id = await world.create() if job == "theirs" else job
    calls = [
        jobs.show(world.ctx, BOB, job_id, EN),
        jobs.stop(world.ctx, BOB, job_id, STOP, EN),
        jobs.delete(world.ctx, BOB, job_id),
        jobs.change(world.ctx, BOB, job_id, {"description": "mine"}),
        jobs.change(world.ctx, BOB, job_id, {}),
        tasks.list_tasks(world.ctx, BOB, job_id, EN),
        events.list_events(world.ctx, BOB, job_id, events.EventFilter(), EN),
        events.tail(world.ctx, BOB, job_id, 0, EN),
        metrics.show(world.ctx, BOB, job_id, "worker-0"),
        metrics.samples(world.ctx, BOB, job_id, "worker-0"),
        logs.find(world.ctx, BOB, job_id, "worker-0"),
        logs.preview(world.ctx, BOB, job_id, "worker-0"),
        logs.lines(world.ctx, BOB, job_id, "worker-0", base_line=None, count=1, order="desc"),
        links.share(world.ctx, BOB, job_id, "worker-0", download=False),
        links.list_links(world.ctx, BOB, job_id, offset=0, limit=10),
        links.revoke(world.ctx, BOB, job_id, "link"),
        request_of(world.ctx, BOB, job_id),
    ]
    for call in calls:
        with pytest.raises(JobNotFound):
            await call
