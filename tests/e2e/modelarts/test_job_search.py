"""Finding jobs: every filter key and operator, sorting, pages, tags."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import LARGE, Platform

FAILS = "raise SystemExit(1)\n"


@pytest.fixture(scope="module")
def jobs(platform: Platform) -> Iterator[list[Any]]:
    """Four ended jobs, oldest first: two completed, two failed; the last on another flavor."""
    made = []
    for index, script in enumerate(("print(1)\n", FAILS, "print(1)\n", FAILS)):
        body = platform.job(f"seek-Case-{index}", script)
        if index == 3:
            body["spec"]["resource"]["flavor_id"] = LARGE
        made.append(platform.admin.api.call("create_training_job", body=body).metadata.id)
    yield [platform.wait(job) for job in made]


def found(api: Caller, *filters: tuple[str, str, list[str]], **more: Any) -> list[str]:
    """Indices of the module's jobs that a search finds, in the order found."""
    asked = [{"key": key, "operator": operator, "value": value} for key, operator, value in filters]
    body = {
        "limit": 50,
        "filters": [{"key": "name", "operator": "like", "value": ["seek-Case-"]}, *asked],
    } | more
    answer = api.call("list_training_jobs", body=body)
    return [item.metadata.name.removeprefix("seek-Case-") for item in answer.items or []]


@covers("list_training_jobs", "filters.*")
def test_every_filter_key(api: Caller, platform: Platform, jobs: list[Any]) -> None:
    """Guards the keys of the contract, each with the operator it is documented with."""
    ids = [job.metadata.id for job in jobs]
    times = [str(job.metadata.create_time) for job in jobs]
    assert found(api) == ["3", "2", "1", "0"]
    assert found(api, ("id", "in", [ids[0], ids[2]])) == ["2", "0"]
    assert found(api, ("name", "like", ["Case-1"])) == ["1"]
    assert found(api, ("name", "like", ["case-1"])) == []
    assert found(api, ("create_time", "between", [times[1], times[2]])) == ["2", "1"]
    assert found(api, ("phase", "in", ["Failed"])) == ["3", "1"]
    assert found(api, ("phase", "in", ["Failed", "Completed"])) == ["3", "2", "1", "0"]
    assert found(api, ("kind", "in", ["job"])) == ["3", "2", "1", "0"]
    assert found(api, ("kind", "in", ["hetero_job"])) == []
    assert found(api, ("runtime_type", "in", ["debug"])) == []
    assert found(api, ("algorithm_name", "like", ["nothing is called this"])) == []
    everyone = {job.metadata.user_name for job in jobs}
    assert everyone == {platform.admin.name}
    assert found(api, ("user_id", "in", ["no-such-user"])) == []


@covers("list_training_jobs", "filters.operator")
def test_every_operator(api: Caller, jobs: list[Any]) -> None:
    """Guards `not`, and that filters hold together."""
    assert found(api, ("phase", "not", ["Failed"])) == ["2", "0"]
    assert found(api, ("id", "not", [jobs[0].metadata.id, jobs[1].metadata.id])) == ["3", "2"]
    assert found(api, ("phase", "in", ["Failed"]), ("id", "not", [jobs[1].metadata.id])) == ["3"]


def test_an_empty_filter_filters_nothing(api: Caller, jobs: list[Any]) -> None:
    """Guards the requests that the console sends: keys with no value, or with an empty one."""
    for value in ([], [""]):
        for key, operator in (
            ("phase", "in"),
            ("create_time", "between"),
            ("id", "not"),
            ("algorithm_name", "like"),
        ):
            assert len(found(api, (key, operator, value))) == 4, (key, value)


def test_a_wrong_filter_is_refused_with_its_own_code(api: Caller) -> None:
    """Guards against a search that silently finds everything."""
    for one, code in (
        ({"key": "colour", "operator": "in", "value": ["red"]}, "ModelArts.2807"),
        ({"key": "phase", "operator": "near", "value": ["Failed"]}, "ModelArts.2808"),
        ({"key": "create_time", "operator": "between", "value": ["1"]}, "ModelArts.2809"),
        ({"key": "create_time", "operator": "between", "value": ["soon", "late"]}, "ModelArts.2809"),
        ({"key": "phase", "operator": "in", "value": ["Sleeping"]}, "ModelArts.2809"),
    ):
        refusal = api.refused("list_training_jobs", body={"filters": [one]})
        assert refusal.error_code == code, (one, str(refusal))
    for body in ({"limit": 0}, {"limit": 51}, {"offset": -1}, {"sort_by": "colour"}, {"order": "up"}):
        api.refused("list_training_jobs", body=body)
    api.refused("list_training_jobs", "ModelArts.2790", body={"sort_by": "colour"})


@covers(
    "list_training_jobs",
    "offset limit sort_by order workspace_id train_type",
    kept="group_by",
    answers="""
        total count limit offset sort_by order group_by workspace_id ai_project train_type items.kind
        items.metadata.id items.metadata.name items.status.phase
        items.status.running_records.xpu_start_at items.status.running_records.end_related_task
        items.spec.resource.flavor_id
    """,
)
def test_pages_by_record_and_order(api: Caller, jobs: list[Any]) -> None:
    """Guards paging: offsets count records, `count` the matches, `total` everything."""
    everything = found(api)
    assert found(api, offset=1, limit=2) == everything[1:3]
    assert found(api, order="asc") == everything[::-1]
    assert found(api, sort_by="create_time", order="desc") == everything
    assert found(api, workspace_id="0") == everything
    assert found(api, train_type="job") == everything
    assert found(api, train_type="ftjob") == []
    like = [{"key": "name", "operator": "like", "value": ["seek-Case-"]}]
    page = api.call(
        "list_training_jobs",
        body={
            "offset": 1, "limit": 2, "filters": like, "group_by": "name", "sort_by": "create_time", "order": "asc",
            "workspace_id": "0",
        },
    )  # fmt: skip
    assert (page.count, page.offset, page.limit, len(page.items)) == (4, 1, 2, 2)
    assert (page.sort_by, page.order, page.workspace_id) == ("create_time", "asc", "0")
    assert page.ai_project == "default-ai-project"
    assert page.total >= page.count
    assert len(api.call("list_training_jobs", body={}).items) <= 10


@covers("list_training_jobs", "tags.* host_ips", answers="items.status.task_ips.*")
def test_by_tags_and_by_the_host_they_ran_on(api: Caller, jobs: list[Any]) -> None:
    """Guards the two filters outside `filters`; the second adds where each task ran."""
    for index, value in ((0, "red"), (1, "blue"), (2, "red")):
        body = {"tags": [{"key": "seek-colour", "value": value}, {"key": "seek-all", "value": ""}]}
        api.call("create_train_job_tags", training_job_id=jobs[index].metadata.id, body=body)

    def tagged(*tags: tuple[str, list[str]]) -> list[str]:
        return found(api, tags=[{"key": key, "values": values} for key, values in tags])

    assert tagged(("seek-colour", ["red"])) == ["2", "0"]
    assert tagged(("seek-colour", ["red", "blue"])) == ["2", "1", "0"]
    assert tagged(("seek-colour", [])) == ["2", "1", "0"]
    assert tagged(("seek-colour", ["blue"]), ("seek-all", [])) == ["1"]
    api.refused("list_training_jobs", body={"tags": [{"key": f"k{n}", "values": []} for n in range(11)]})
    ip = api.call("list_training_job_tasks", training_job_id=jobs[0].metadata.id).body[0].host_ip
    assert found(api, host_ips=[ip]) == ["3", "2", "1", "0"]
    assert found(api, host_ips=["203.0.113.9"]) == []
