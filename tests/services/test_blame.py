"""The field of the request that a refusal is about, where what was refused is a name, a pool, a flavor…"""

from typing import Any

import pytest

from tests.services.test_algorithms import BODY
from tests.services.world import ALICE, EN, World, job_body
from trainwright.domain.errors import TrainwrightError
from trainwright.services import algorithms, jobs, previews

pytestmark = pytest.mark.anyio

ROLE: dict[str, Any] = {
    "role": "b",
    "command": "echo",
    "task_resource": {"flavor_id": "cpu.1", "node_count": 1},
}


def roles(**changes: Any) -> dict[str, Any]:
    """A body with two roles, the second of which is changed."""
    return {
        "kind": "hetero_job",
        "metadata": {"name": "two"},
        "tasks": [{**ROLE, "role": "a"}, {**ROLE, **changes}],
    }


async def blamed(world: World, body: dict[str, Any]) -> str:
    """The field that creating `body` blames; its preview blames the same."""
    with pytest.raises(TrainwrightError) as created:
        await jobs.create(world.ctx, ALICE, body, EN)
    with pytest.raises(TrainwrightError) as previewed:
        await previews.preview(world.ctx, ALICE, body)
    assert str(created.value) == str(previewed.value)
    assert created.value.slots["field"] == previewed.value.slots["field"]
    return str(created.value.slots["field"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (job_body(spec__resource={"flavor_id": "none", "node_count": 1}), "spec.resource.flavor_id"),
        (job_body(spec__resource={"flavor_id": "cpu.1", "node_count": 99}), "spec.resource.node_count"),
        (
            job_body(spec__resource={"flavor_id": "cpu.1", "node_count": 1, "pool_id": "x"}),
            "spec.resource.pool_id",
        ),
        (job_body(algorithm={"id": "none"}), "algorithm.id"),
        (
            job_body(algorithm={"subscription_id": "none", "item_version_id": "1"}),
            "algorithm.subscription_id",
        ),
        (job_body(metadata__workspace_id="none"), "metadata.workspace_id"),
        (
            job_body(metadata__training_experiment_reference={"id": "none"}),
            "metadata.training_experiment_reference",
        ),
        (
            job_body(algorithm__inputs=[{"name": "a", "remote": {"dataset": {"id": "none"}}}]),
            "algorithm.inputs[0].remote.dataset",
        ),
        (
            job_body(algorithm__inputs=[{"name": "a", "remote": {"job": {"id": "none"}}}]),
            "algorithm.inputs[0].remote.job",
        ),
        (
            job_body(
                algorithm__parameters=[
                    {"name": "a", "value": "1"},
                    {"name": "b", "value": "x", "constraint": {"type": "Integer"}},
                ]
            ),
            "algorithm.parameters[1].value",
        ),
        (
            roles(task_resource={"flavor_id": "none", "node_count": 1}),
            "tasks[1].task_resource.flavor_id",
        ),
        (
            roles(task_resource={"flavor_id": "cpu.1", "node_count": 99}),
            "tasks[1].task_resource.node_count",
        ),
        (roles(algorithm={"working_dir": "here"}), "tasks[1].algorithm.working_dir"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_not_there_is_told_with_its_field(
    world: World, body: dict[str, Any], field: str
) -> None:
    """Guards that a console can show every refusal where its reader can mend it."""
    assert await blamed(world, body) == field


async def test_a_name_that_is_taken_is_told_with_its_field(world: World) -> None:
    """Guards the one check that only the transaction that writes makes."""
    await jobs.create(world.ctx, ALICE, job_body(), EN)
    with pytest.raises(TrainwrightError) as caught:
        await jobs.create(world.ctx, ALICE, job_body(), EN)
    assert (caught.value.code, caught.value.slots["field"]) == ("ModelArts.2751", "metadata.name")


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"boot_file": "/bucket/code/app/none.py"}, "job_config.boot_file"),
        ({"code_dir": "/bucket/none/", "boot_file": "/bucket/none/a.py"}, "job_config.code_dir"),
        ({"engine": {"engine_id": "none"}}, "job_config.engine"),
        ({"engine": {"engine_id": "py-1", "engine_name": "PyTorch"}}, "job_config.engine"),
    ],
)
async def test_an_algorithms_fields_are_those_of_its_body(
    world: World, config: dict[str, Any], field: str
) -> None:
    """Guards that the checks it shares with jobs blame `job_config`, not the `algorithm` that only jobs have."""
    body = {**BODY, "job_config": {**BODY["job_config"], **config}}
    with pytest.raises(TrainwrightError) as caught:
        await algorithms.create(world.ctx, ALICE, body)
    assert caught.value.slots["field"] == field


async def test_an_algorithm_that_is_not_there_blames_no_field(world: World) -> None:
    """Guards that the id of a route is no field of its body."""
    with pytest.raises(TrainwrightError) as caught:
        await algorithms.change(world.ctx, ALICE, "none", BODY)
    assert "field" not in caught.value.slots
