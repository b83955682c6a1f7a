"""Training experiments: groups of jobs."""

from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import Platform


def make(api: Caller, name: str, **more: Any) -> Any:
    """Create one."""
    return api.call("create_training_experiment", body={"metadata": {"name": name, **more}})


@covers("create_training_experiment", "metadata.*", answers="metadata.*")
@covers("show_training_experiment_details", answers="metadata.* statistic.job_count")
@covers("change_training_experiment", "name description", answers="name description")
@covers("delete_training_experiment")
@covers("check_training_experiment", "workspace_id experiment_name", answers="is_duplicate")
def test_an_experiment_from_its_making_to_its_end(api: Caller, platform: Platform) -> None:
    """Guards every field of an experiment, its counting of jobs, and that its jobs outlive it."""
    name = platform.unique("experiment")

    def is_taken(name: str) -> bool:
        return bool(
            api.call("check_training_experiment", experiment_name=name, workspace_id="0").is_duplicate
        )

    assert not is_taken(name)
    made = make(api, name, description="对比", workspace_id="0")
    assert (made.metadata.name, made.metadata.description, made.metadata.workspace_id) == (name, "对比", "0")
    assert made.metadata.create_time > 1_600_000_000_000
    assert made.statistic.job_count == 0
    assert is_taken(name)
    api.refused("create_training_experiment", "ModelArts.2841", body={"metadata": {"name": name}})

    body = platform.job(platform.unique("in"))
    body["metadata"]["training_experiment_reference"] = {"id": made.metadata.id}
    job = api.call("create_training_job", body=body)
    other = platform.unique("renamed")
    told = api.call(
        "change_training_experiment",
        experiment_id=made.metadata.id,
        body={"name": other, "description": "after"},
    )
    assert (told.name, told.description) == (other, "after")
    shown = api.call("show_training_experiment_details", experiment_id=made.metadata.id)
    assert (shown.metadata.name, shown.metadata.description, shown.statistic.job_count) == (other, "after", 1)
    assert shown.metadata.update_time >= shown.metadata.create_time
    assert not is_taken(name) and is_taken(other)
    reference = platform.show(job.metadata.id).metadata.training_experiment_reference
    assert (reference.id, reference.name, reference.serial_number) == (made.metadata.id, other, "1")

    api.call("delete_training_experiment", experiment_id=made.metadata.id)
    for call in ("show_training_experiment_details", "delete_training_experiment"):
        api.refused(call, "ModelArts.2842", experiment_id=made.metadata.id)
    assert platform.show(job.metadata.id).metadata.id == job.metadata.id


@covers("list_training_experiments", "workspace_id limit offset sort_by order", answers="*")
def test_experiments_in_pages_and_orders(api: Caller, platform: Platform) -> None:
    """Guards the list."""
    body = platform.job(platform.unique("in"))
    body["metadata"]["training_experiment_reference"] = {"name": platform.unique("zz-last")}
    api.call("create_training_job", body=body)
    names = [platform.unique(f"{letter}-listed") for letter in "bca"]
    for name in names:
        make(api, name, description="d")
    by_time = api.call("list_training_experiments", sort_by="create_time", order="desc", limit=3, offset=0)
    assert [one.metadata.name for one in by_time.items] == names[::-1]
    assert (by_time.limit, by_time.offset, by_time.sort_by, by_time.order) == (3, 0, "create_time", "desc")
    assert by_time.total >= by_time.count >= 4
    by_name = api.call("list_training_experiments", sort_by="name", order="asc", limit=50, workspace_id="0")
    listed = [one.metadata.name for one in by_name.items]
    assert listed == sorted(listed)
    api.call("list_training_experiments", sort_by="update_time")
    assert len(api.call("list_training_experiments", limit=1, offset=1).items) == 1
    counted = api.call("list_training_experiments", sort_by="name", order="desc", limit=1).items[0]
    assert counted.statistic.job_count == 1


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_out_of_bounds_is_refused(api: Caller, name: str) -> None:
    """Guards the limits of names."""
    api.refused("create_training_experiment", body={"metadata": {"name": name}})


def test_an_unknown_experiment_is_refused_everywhere(api: Caller, platform: Platform) -> None:
    """Guards every call that takes an experiment's id, job creation included."""
    calls: dict[str, dict[str, Any]] = {
        "show_training_experiment_details": {},
        "change_training_experiment": {"body": {"name": "n"}},
        "delete_training_experiment": {},
    }
    for call, more in calls.items():
        api.refused(call, "ModelArts.2842", experiment_id="never-was", **more)
    body = platform.job(platform.unique("nowhere"))
    body["metadata"]["training_experiment_reference"] = {"id": "never-was"}
    api.refused("create_training_job", "ModelArts.2842", body=body)
