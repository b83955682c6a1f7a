"""What happens to a job after its creation: running, watching, changing, stopping, deleting."""

import json
import re
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.e2e.live import wait_for
from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import NOT_OFFERED, Caller
from tests.e2e.modelarts.platform import SMALL, Platform

FOREVER = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"
LINES = "for n in range(1, 121):\n    print(f'line {n}')\n"


@covers(
    "show_training_job_details",
    answers="""
        status.running_records.start_at status.running_records.end_at status.running_records.start_type
        status.running_records.end_reason status.task_statuses.*
    """,
)
def test_a_failing_script_fails_its_job_with_its_exit_code(platform: Platform, api: Caller) -> None:
    """Guards phase, exit code, the record of the run, and units: seconds there, milliseconds elsewhere."""
    made = platform.create("failing", "import sys\nprint('bad')\nsys.exit(3)\n")
    ended = platform.wait(made.metadata.id)
    assert (ended.status.phase, ended.status.task_statuses[0].exit_code) == ("Failed", 3)
    assert ended.status.task_statuses[0].message
    (run,) = ended.status.running_records
    assert run.start_type == "init_or_rescheduled"
    assert abs(run.start_at - ended.status.start_time / 1000) < 60
    assert run.end_at >= run.start_at
    assert 0 < ended.status.duration < 60_000
    assert ended.status.duration == platform.show(made.metadata.id).status.duration
    assert all(isinstance(ms, int) and count in (0, 1) for ms, count in ended.status.node_count_metrics), (
        ended.status.node_count_metrics
    )


@covers("create_training_job", "metadata.annotations")
@covers(
    "show_training_job_details",
    answers="status.running_records.end_recover status.running_records.recover_records.*",
)
def test_a_failed_attempt_is_repeated_as_often_as_asked(platform: Platform, api: Caller) -> None:
    """Guards fault-tolerance annotations: a further record for each run, and no end phase in between."""
    body = platform.job(platform.unique("again"), "import sys\nsys.exit(9)\n")
    body["metadata"]["annotations"] = {
        "fault-tolerance/job-retry-num": "1",
        "fault-tolerance/job-unconditional-retry": "true",
    }
    job = api.call("create_training_job", body=body).metadata.id
    ended = platform.wait(job)
    assert ended.status.phase == "Failed"
    assert [run.start_type for run in ended.status.running_records] == ["init_or_rescheduled", "restarted"]


@covers("stop_training_job", "action_type", answers="status.phase metadata.id")
@covers("delete_training_job")
def test_a_running_job_is_stopped_then_deleted(platform: Platform, api: Caller) -> None:
    """Guards stop and delete: what can be stopped, what must be stopped first, and that a deleted job is gone."""
    made = platform.create("endless", FOREVER)
    job = made.metadata.id
    assert made.status.phase in ("Creating", "Pending")
    assert (made.status.duration, made.status.start_time) == (0, 0)
    platform.wait(job, "Running")
    api.refused("delete_training_job", "ModelArts.2858", training_job_id=job)
    api.refused("stop_training_job", "ModelArts.2812", training_job_id=job, body={"action_type": "restart"})
    stopping = api.call("stop_training_job", training_job_id=job, body={"action_type": "terminate"})
    assert (stopping.status_code, stopping.status.phase) == (202, "Terminating")
    assert platform.wait(job).status.phase == "Terminated"
    api.refused(
        "stop_training_job", "ModelArts.2858", "ModelArts.2878", training_job_id=job, body={"action_type": "terminate"}
    )  # fmt: skip
    gone = api.call("delete_training_job", training_job_id=job)
    assert (gone.status_code, gone.raw_content.strip()) in ((202, b""), (202, b"null"), (202, b"{}"))
    api.refused("show_training_job_details", "ModelArts.2775", training_job_id=job)


@covers("batch_delete_training_job", "jobs.kind jobs.metadata.id")
def test_several_jobs_are_deleted_at_once_or_not_at_all(platform: Platform, api: Caller) -> None:
    """Guards batch deletion: all or nothing, at most 100, one workspace."""
    ids = [platform.create("batch").metadata.id for _ in range(2)]
    for job in ids:
        platform.wait(job)
    running = platform.create("batch", FOREVER).metadata.id

    def jobs(*some: str) -> dict[str, object]:
        return {"jobs": [{"kind": "job", "metadata": {"id": one}} for one in some]}

    api.refused("batch_delete_training_job", "ModelArts.2858", body=jobs(*ids, running))
    api.refused("batch_delete_training_job", "ModelArts.2775", body=jobs(*ids, "never-was"))
    api.refused("batch_delete_training_job", body=jobs(*[f"id-{n}" for n in range(101)]))
    api.refused("batch_delete_training_job", body={"jobs": []})
    assert platform.show(ids[0]).metadata.id == ids[0]
    api.call("batch_delete_training_job", body=jobs(*ids))
    for job in ids:
        api.refused("show_training_job_details", "ModelArts.2775", training_job_id=job)
    platform.stop_job(running)


@covers("validate_training_job_name", "job_name workspace_id", answers="is_duplicate")
def test_a_name_is_taken_or_free(platform: Platform, api: Caller) -> None:
    """Guards the name check against what creating says."""
    name = platform.unique("name")
    assert api.call("validate_training_job_name", job_name=name).is_duplicate is False
    api.call("create_training_job", body=platform.job(name))
    assert api.call("validate_training_job_name", job_name=name, workspace_id="0").is_duplicate is True
    api.refused("create_training_job", "ModelArts.2751", body=platform.job(name))


@covers(
    "change_training_job_description",
    "description",
    kept="spec.notification.* metadata.annotation",
)
def test_a_job_is_changed_in_parts(platform: Platform, api: Caller) -> None:
    """Guards updates: what is given changes, what is not stays, an empty text empties."""
    body = platform.job(platform.unique("changed"), FOREVER)
    body["metadata"] |= {"description": "before", "annotations": {"own": "1"}}
    job = api.call("create_training_job", body=body).metadata.id
    answer = api.call("change_training_job_description", training_job_id=job, body={"description": "after"})
    assert (answer.status_code, answer.raw_content.strip()) in ((200, b"null"), (200, b""))
    assert platform.show(job).metadata.description == "after"
    api.call(
        "change_training_job_description",
        training_job_id=job,
        body={
            "spec": {"notification": {"topic_urn": "urn:smn:new", "events": ["JobFailed"]}},
            "metadata": {"annotation": {"added": "2"}},
        },
    )
    shown = json.loads(platform.show(job).raw_content)
    assert shown["metadata"]["description"] == "after"
    assert shown["metadata"]["annotations"]["added"] == "2"
    assert shown["spec"]["notification"]["topic_urn"] == "urn:smn:new"
    api.call("change_training_job_description", training_job_id=job, body={"description": ""})
    assert platform.show(job).metadata.description == ""
    api.refused("change_training_job_description", training_job_id=job, body={"description": "x" * 257})
    platform.stop_job(job)


@covers(
    "change_training_job_description",
    "spec.schedule_policy.priority",
    kept="spec.schedule_policy.preemptible",
)
def test_a_job_that_waits_is_moved_ahead_then_stopped(platform: Platform, api: Caller) -> None:
    """Guards priorities of waiting jobs, and the end of one that never ran."""
    share = [{"flavor": SMALL, "count": 1}]
    labels = {"os.modelarts/name": platform.unique("narrow"), "os.modelarts/workspace.id": "0"}
    spec = {"type": "Dedicate", "scope": ["Train"], "resources": share}
    pool = api.call(
        "create_pool", body={"apiVersion": "v2", "kind": "Pool", "metadata": {"labels": labels}, "spec": spec}
    ).metadata.name

    def create() -> str:
        body = platform.job(platform.unique("narrow"), FOREVER)
        body["spec"]["resource"]["pool_id"] = pool
        return str(api.call("create_training_job", body=body).metadata.id)

    first = create()
    platform.wait(first, "Running")
    job = create()
    platform.wait(job, "Pending")
    for priority in (2, 3):
        change = {"spec": {"schedule_policy": {"priority": priority, "preemptible": True}}}
        api.call("change_training_job_description", training_job_id=job, body=change)
        assert platform.show(job).spec.schedule_policy.priority == priority
    for priority in (-1, 4):
        change = {"spec": {"schedule_policy": {"priority": priority}}}
        api.refused("change_training_job_description", training_job_id=job, body=change)
    platform.stop_job(job)
    ended = platform.show(job)
    assert (ended.status.phase, ended.status.start_time, ended.status.duration) == ("Terminated", 0, 0)
    platform.stop_job(first)
    api.call("delete_pool", pool_name=pool)


@covers("change_training_job_description", unavailable="endpoints.ssh.key_pair_names")
def test_key_pairs_cannot_be_added_either(api: Caller, finished: Any) -> None:
    """Guards the update's share of what belongs to a later capability."""
    api.not_offered(
        "change_training_job_description",
        training_job_id=finished.metadata.id,
        body={"endpoints": {"ssh": {"key_pair_names": ["KeyPair-1"]}}},
    )


@covers(
    "list_training_job_tasks",
    "schedule_count",
    answers="body.task body.ip body.host_ip body.schedule_count",
)
def test_tasks_come_as_a_bare_array(api: Caller, finished: Any) -> None:
    """Guards the one answer that is an array."""
    job = finished.metadata.id
    answer = api.call("list_training_job_tasks", training_job_id=job)
    assert isinstance(json.loads(answer.raw_content), list)
    assert [(one.task, one.schedule_count) for one in answer.body] == [("worker-0", 1)]
    first = api.call("list_training_job_tasks", training_job_id=job, schedule_count=1)
    assert [one.task for one in first.body] == ["worker-0"]
    assert api.call("list_training_job_tasks", training_job_id=job, schedule_count=7).body in ([], None)


@covers(
    "list_training_job_stages",
    answers="*",
)
def test_the_stages_of_a_run(api: Caller, finished: Any) -> None:
    """Guards the four stages, in order, with times and both languages."""
    job = finished.metadata.id
    answer = api.call("list_training_job_stages", training_job_id=job)
    assert answer.total_count == 1
    (record,) = answer.running_records
    assert [(s.name, s.stage_order) for s in record.stages] == [
        ("scheduling", 1), ("preparing", 2), ("running", 3), ("end", 4)
    ]  # fmt: skip
    for stage in record.stages:
        assert stage.job_id == job
        assert stage.en_message.isascii() and not stage.zh_message.isascii()
    assert all(stage.start_time for stage in record.stages)


@covers(
    "list_training_job_events",
    "offset limit order start_time end_time level pattern X-Language",
    answers="*",
)
def test_events_in_both_languages_and_through_every_filter(
    platform: Platform, api: Caller, finished: Any
) -> None:
    """Guards what the console and scripts follow a job by."""
    job = finished.metadata.id

    def events(**query: Any) -> list[Any]:
        return list(api.call("list_training_job_events", training_job_id=job, **query).events)

    def messages(**query: Any) -> list[str]:
        return [event.message for event in events(**query)]

    everything = messages(order="asc", limit=100)
    assert len(everything) >= 4
    assert messages(order="desc", limit=100) == everything[::-1]
    page = api.call("list_training_job_events", training_job_id=job, order="asc", offset=1, limit=2)
    assert [event.message for event in page.events] == everything[1:3]
    assert (page.total, page.offset, page.limit, page.order) == (len(everything), 1, 2, "asc")
    assert any(not text.isascii() for text in messages(x_language="zh-cn", limit=100))
    assert all(text.isascii() for text in messages(x_language="en-us", limit=100))
    assert set(messages(level="Info", limit=100)) <= set(everything)
    word = everything[0].split()[-1]
    assert messages(pattern=word, limit=100) and all(
        word in text for text in messages(pattern=word, limit=100)
    )
    assert messages(pattern="nobody says this", limit=100) == []
    start, now = finished.metadata.create_time, finished.metadata.create_time + 600_000
    between = api.call(
        "list_training_job_events", training_job_id=job, start_time=str(start), end_time=str(now), limit=100
    )
    assert len(between.events) == len(everything)
    assert (between.start_time, between.end_time) == (str(start), str(now))
    assert messages(start_time="1", end_time="2") == []
    for event in between.events:
        assert event.level in ("Info", "Warning", "Error")
        assert event.source
        assert datetime.fromisoformat(event.time).tzinfo is not None
    for query in (
        {"start_time": "1"}, {"limit": 0}, {"limit": 101}, {"offset": -1}, {"order": "up"}, {"level": "Loud"},
        {"pattern": "x" * 257}, {"start_time": "soon", "end_time": "late"},
    ):  # fmt: skip
        api.refused("list_training_job_events", training_job_id=job, **query)


@covers("show_training_job_logs_preview", answers="content current_size full_size")
@covers("show_training_job_logs_from_aom", "base_line lines order", answers="*")
def test_logs_as_a_preview_and_in_pages(platform: Platform, api: Caller) -> None:
    """Guards log reading: the whole of a short one, and pages from either end that meet."""
    job = platform.create("lines", LINES).metadata.id
    platform.wait(job)
    preview = api.call("show_training_job_logs_preview", training_job_id=job, task_id="worker-0")
    assert [f"line {n}" for n in range(1, 121)] == re.findall(r"^line \d+$", preview.content, re.M)
    assert preview.current_size == preview.full_size == len(preview.content.encode())

    def page(order: str, base: str) -> Any:
        query: dict[str, Any] = {"base_line": base} if base else {}
        return api.call(
            "show_training_job_logs_from_aom", training_job_id=job, task_id="worker-0", lines=50, order=order, **query
        )  # fmt: skip

    def pages(order: str, base: str) -> tuple[list[str], str]:
        found: list[str] = []
        while (one := page(order, base)).lines:
            assert one.lines == len(one.content.splitlines()) and len(found) < 1000
            found += one.content.splitlines()
            base = one.end_line if order == "asc" else one.start_line
        return found, base

    backward, oldest = pages("desc", "")
    assert backward[::-1] == preview.content.splitlines()
    assert pages("asc", oldest)[0] == preview.content.splitlines()
    newest = api.call("show_training_job_logs_from_aom", training_job_id=job, task_id="worker-0")
    assert newest.lines == 50
    for query in ({"lines": 0}, {"lines": 501}, {"order": "up"}, {"base_line": "there"}):
        api.refused("show_training_job_logs_from_aom", training_job_id=job, task_id="worker-0", **query)


def test_a_log_link_is_open_to_anyone_who_has_it(platform: Platform, finished: Any) -> None:
    """Guards the call the client lacks: asked by query or header, absolute, fetched without credentials."""
    path = f"/v2/{{P}}/training-jobs/{finished.metadata.id}/tasks/worker-0/logs/url"
    for kind, asked in (
        ("text/plain", {"params": {"Content-Type": "text/plain"}}),
        ("application/octet-stream", {"params": {"Content-Type": "application/octet-stream"}}),
        ("application/octet-stream", {"headers": {"Content-Type": "application/octet-stream"}}),
    ):
        answer = platform.live.call("GET", path, **asked)
        assert answer.status_code == 200, answer.text
        link = answer.json()["obs_url"]
        assert link.startswith("http://")
        opened = httpx.get(link, trust_env=False)
        assert (opened.status_code, opened.headers["content-type"].split(";")[0]) == (200, kind)
        assert b"hello from the script" in opened.content


@covers("show_training_job_metrics", answers="*")
def test_metrics_name_six_series(platform: Platform, api: Caller) -> None:
    """Guards names and numbers of the resource metrics."""
    job = platform.create("measured", FOREVER).metadata.id
    platform.wait(job, "Running")

    def look() -> Any:
        return api.call("show_training_job_metrics", training_job_id=job, task_id="worker-0").metrics

    metrics = wait_for(lambda: [one for one in [look()] if any(m.value for m in one or ())], what="metrics")[
        0
    ]
    six = {"cpuUsage", "memUsage", "gpuUtil", "gpuMemUsage", "npuUtil", "npuMemUsage"}
    values = {one.metric: one.value for one in metrics}
    assert six <= set(values)
    assert all(value == -1 or 0 <= value <= 100 for name in six for value in values[name])
    platform.stop_job(job)


@covers("show_training_job_route_plan", answers="*")
def test_the_route_plan_says_that_there_is_none(api: Caller, finished: Any) -> None:
    """Guards an answer instead of an error where the network's order does not matter."""
    job = finished.metadata.id
    plan = api.call("show_training_job_route_plan", training_job_id=job)
    assert (plan.job_id, plan.status) == (job, "failed")


@covers("notify_training_job_information", "type")
def test_a_task_reports_about_itself(platform: Platform, api: Caller) -> None:
    """Guards reports from inside a job: taken, and told as an event."""
    job = platform.create("reporting", FOREVER).metadata.id
    platform.wait(job, "Running")
    before = api.call("list_training_job_events", training_job_id=job, limit=100).total
    api.call(
        "notify_training_job_information",
        training_job_id=job,
        task_id="worker-0",
        report_type="training-event",
        body={"type": "training-started"},
    )
    told = wait_for(
        lambda: [
            event.message
            for event in api.call("list_training_job_events", training_job_id=job, limit=100).events
            if "training-started" in event.message
        ],
        what="the event",
    )
    assert told and before >= 1
    api.refused(
        "notify_training_job_information",
        training_job_id=job, task_id="worker-0", report_type="weather", body={"type": "sunny"},
    )  # fmt: skip
    platform.stop_job(job)


@covers("list_event_categories", "flavor_type", answers="*")
def test_event_categories_have_the_ids_of_notifications(api: Caller) -> None:
    """Guards the list behind notification settings, whose key has a hyphen."""
    answer = api.call("list_event_categories")
    assert {"JobStarted", "JobCompleted", "JobFailed", "JobTerminated"} <= {
        one.id for one in answer.event_categories
    }
    assert b"event-categories" in answer.raw_content
    assert api.call("list_event_categories", flavor_type="CPU").event_categories


@pytest.mark.parametrize("verb", ["create_save_image_job", "show_save_image_job"])
def test_image_saving_knows_its_job_and_task(api: Caller, finished: Any, verb: str) -> None:
    """Guards that an unknown id is told before the missing capability."""
    body: dict[str, Any] = (
        {"body": {"name": "n", "namespace": "ns", "tag": "t"}} if verb.startswith("create") else {}
    )
    job = finished.metadata.id
    api.refused(verb, "ModelArts.2775", training_job_id="never-was", task_id="worker-0", **body)
    refusal = api.refused(verb, training_job_id=job, task_id="worker-9", **body)
    assert refusal.error_code != "Trainwright.0004"


@covers("create_save_image_job", refused_with=NOT_OFFERED)
@covers("show_save_image_job", refused_with="ModelArts.2881")
def test_saving_the_image_of_a_task_is_refused(api: Caller, finished: Any) -> None:
    """Guards what needs containers."""
    job = finished.metadata.id
    body = {"name": "image", "namespace": "group", "tag": "v1", "description": "d"}
    api.not_offered("create_save_image_job", training_job_id=job, task_id="worker-0", body=body)
    api.refused("show_save_image_job", "ModelArts.2881", training_job_id=job, task_id="worker-0")


@covers("show_ft_detail", refused_with=NOT_OFFERED)
@covers("show_ft_metrics", refused_with=NOT_OFFERED)
@covers("list_ft_artifacts", refused_with=NOT_OFFERED)
@covers("publish_ft_artifacts", refused_with=NOT_OFFERED)
def test_fine_tuning_artefacts_are_refused(api: Caller, finished: Any) -> None:
    """Guards what belongs to fine-tuning; an unknown job is told first."""
    job = finished.metadata.id
    publish = {"workspace_id": "0", "publish_artifacts": [{"artifact_id": "a", "asset_name": "n"}]}
    for name, values in (
        ("show_ft_detail", {}),
        ("show_ft_metrics", {}),
        ("list_ft_artifacts", {"limit": 10, "offset": 0, "steps": 1, "epoch": 1}),
        ("publish_ft_artifacts", {"body": publish}),
    ):
        api.not_offered(name, training_job_id=job, **values)
        api.refused(name, "ModelArts.2775", training_job_id="never-was", **values)
