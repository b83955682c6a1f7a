"""Tags of jobs."""

from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import Platform


@pytest.fixture(scope="module")
def job(platform: Platform) -> str:
    """A job to tag."""
    return str(platform.create("tagged").metadata.id)


def tags_of(api: Caller, job: str) -> dict[str, str]:
    """Key to value."""
    return {
        tag.key: tag.value or "" for tag in api.call("show_train_job_tags", training_job_id=job).tags or []
    }


@covers(
    "create_train_job_tags",
    "tags.key tags.value",
    answers="*",
)
@covers("show_train_job_tags", answers="tags.key tags.value")
@covers("delete_train_job_tags", "tags.key tags.value")
def test_tags_are_set_replaced_and_removed(api: Caller, job: str) -> None:
    """Guards upsert by key, and a DELETE that carries a body."""
    assert tags_of(api, job) == {}
    api.call(
        "create_train_job_tags",
        training_job_id=job,
        body={"tags": [{"key": "team", "value": "视觉"}, {"key": "stage", "value": "test"}]},
    )
    api.call(
        "create_train_job_tags", training_job_id=job, body={"tags": [{"key": "stage", "value": "final"}]}
    )
    assert tags_of(api, job) == {"team": "视觉", "stage": "final"}
    api.call("delete_train_job_tags", training_job_id=job, body={"tags": [{"key": "team", "value": "视觉"}]})
    assert tags_of(api, job) == {"stage": "final"}
    api.call("delete_train_job_tags", training_job_id=job, body={"tags": [{"key": "stage"}]})
    assert tags_of(api, job) == {}


@pytest.mark.parametrize(
    "tag",
    [
        {"key": "_sys_mine", "value": "v"},
        {"key": "", "value": "v"},
        {"key": " blank", "value": "v"},
        {"key": "k" * 129, "value": "v"},
        {"key": "k", "value": "v" * 256},
    ],
)
def test_a_tag_of_the_wrong_form_is_refused(api: Caller, job: str, tag: dict[str, str]) -> None:
    """Guards the limits of keys and values; nothing is stored."""
    api.refused("create_train_job_tags", training_job_id=job, body={"tags": [tag]})
    assert tag["key"] not in tags_of(api, job)


@covers("list_training_job_tags", "limit offset", answers="tags.key tags.values")
def test_the_tags_of_the_project_by_key(api: Caller, platform: Platform) -> None:
    """Guards the list that the console offers as choices."""
    for value in ("a", "b"):
        job = platform.create("project-tags").metadata.id
        api.call(
            "create_train_job_tags", training_job_id=job, body={"tags": [{"key": "proj", "value": value}]}
        )
    tags = {tag.key: tag.values for tag in api.call("list_training_job_tags").tags}
    assert sorted(tags["proj"]) == ["a", "b"]
    everything = [tag.key for tag in api.call("list_training_job_tags").tags]
    assert [tag.key for tag in api.call("list_training_job_tags", limit=1, offset=0).tags] == everything[:1]


@covers(
    "list_training_jobs_by_tags",
    "limit offset workspace_id tags.* without_any_tag matches.*",
    answers="""
        resources.workspace_id resources.resource_id resources.resource_name resources.tags.* total_count
    """,
)
@covers(
    "count_training_jobs_by_tags",
    "limit offset workspace_id tags.* without_any_tag matches.*",
    answers="total_count",
)
def test_jobs_are_found_and_counted_by_tags(api: Caller, platform: Platform) -> None:
    """Guards values as alternatives, keys together, jobs without tags, and names."""
    jobs: dict[str, Any] = {}
    for name, tags in (("one", {"find": "x"}), ("two", {"find": "y", "more": "z"}), ("none", {})):
        jobs[name] = platform.create(f"findable-{name}").metadata
        if tags:
            body = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
            api.call("create_train_job_tags", training_job_id=jobs[name].id, body=body)

    def ask(**body: Any) -> set[str]:
        body = {"matches": [{"key": "resource_name", "value": "findable-"}], "workspace_id": "0"} | body
        answer = api.call("list_training_jobs_by_tags", limit=1000, offset=0, body=body)
        counted = api.call("count_training_jobs_by_tags", limit=1000, offset=0, body=body).total_count
        assert counted == answer.total_count == len(answer.resources or [])
        return {
            one.resource_name.removeprefix("findable-").partition("-")[0] for one in answer.resources or []
        }

    assert ask() == {"one", "two", "none"}
    assert ask(tags=[{"key": "find", "values": ["x"]}]) == {"one"}
    assert ask(tags=[{"key": "find", "values": ["x", "y"]}]) == {"one", "two"}
    assert ask(tags=[{"key": "find", "values": []}, {"key": "more", "values": ["z"]}]) == {"two"}
    assert ask(without_any_tag=True) == {"none"}
    assert ask(matches=[{"key": "resource_name", "value": "findable-two"}]) == {"two"}
    page = api.call(
        "list_training_jobs_by_tags", limit=1, offset=1, body={"tags": [{"key": "find", "values": []}]}
    )
    assert (page.total_count, len(page.resources)) == (2, 1)
    assert page.resources[0].resource_id == jobs["one"].id
    assert {tag.key: tag.value for tag in page.resources[0].tags} == {"find": "x"}
    api.refused("list_training_jobs_by_tags", body={"matches": [{"key": "colour", "value": "red"}]})
