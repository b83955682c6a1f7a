"""Creating, changing and copying jobs over HTTP: statuses, names of operations, and who may do what."""

import pytest

from tests.server.test_app import check_shape
from tests.server.test_routes import JOBS, body
from tests.server.world import ServerWorld

pytestmark = pytest.mark.anyio


async def test_a_copy_of_a_job_is_created_from_its_request(world: ServerWorld) -> None:
    """`GET …/request` is what `POST` takes; unknown ids look like any other."""
    async with world.client() as client:
        made = (await client.post(JOBS, json={**body(), "own": {"x": [1, None]}})).json()["metadata"]["id"]
        copied = await client.get(f"{JOBS}/{made}/request")
        assert copied.status_code == 200
        assert copied.json()["metadata"]["name"] == "made-copy"
        assert copied.json()["own"] == {"x": [1, None]}
        assert (await client.post(JOBS, json=copied.json())).status_code == 201
        check_shape(await client.get(f"{JOBS}/never-was/request"), 404, "ModelArts.2775")


async def test_a_creation_with_a_key_is_repeated_without_harm(world: ServerWorld) -> None:
    """201 with the same job; 409 for another body; 400 for a header that is no key."""
    keyed = {"Idempotency-Key": "order 66: a"}
    async with world.client() as client:
        first = await client.post(JOBS, json=body(), headers=keyed)
        again = await client.post(JOBS, json=body(), headers=keyed)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        other = await client.post(JOBS, json={**body(), "own": 1}, headers=keyed)
        check_shape(other, 409, "Trainwright.0012")
        for wrong in ("", "x" * 129, "\x7f", "\xe9"):
            bad = [(b"Idempotency-Key", wrong.encode("latin-1"))]
            check_shape(await client.post(JOBS, json=body(), headers=bad), 400, "ModelArts.2764")


async def test_changes_answer_null_or_say_why_not(world: ServerWorld) -> None:
    """200 with `null`; a started job 409, a feature that is not here 400 with its own code."""
    async with world.client() as client:
        made = (await client.post(JOBS, json=body())).json()["metadata"]["id"]
        changed = await client.put(f"{JOBS}/{made}", json={"spec": {"schedule_policy": {"priority": 2}}})
        assert (changed.status_code, changed.content) == (200, b"null")
        shown = (await client.get(f"{JOBS}/{made}")).json()
        assert shown["spec"]["schedule_policy"] == {"priority": 2}
        keys = {"endpoints": {"ssh": {"key_pair_names": ["k"]}}}
        check_shape(await client.put(f"{JOBS}/{made}", json=keys), 400, "Trainwright.0004")
        check_shape(await client.put(f"{JOBS}/never-was", json=keys), 404, "ModelArts.2775")
    started = await world.start_job("started")
    async with world.client() as client:
        late = await client.put(f"{JOBS}/{started.id}", json={"spec": {"schedule_policy": {"priority": 2}}})
        check_shape(late, 409, "ModelArts.2878")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": "hetero_job"}, 400, "ModelArts.2788"),
        ({"kind": "mrs_job"}, 400, "Trainwright.0004"),
        ({"algorithm": {"id": "never-was"}}, 400, "ModelArts.2755"),
        ({"algorithm": {"engine": {"image_url": "x/y:1"}}}, 400, "ModelArts.2806"),
        ({"metadata": {"name": "a", "workspace_id": "never-was"}}, 404, "ModelArts.0102"),
        (
            {"spec": {"resource": {"flavor_id": "local.cpu.1u", "node_count": 1, "pool_id": "p"}}},
            404,
            "ModelArts.2890",
        ),
        ({"algorithm": None}, 400, "ModelArts.2788"),
    ],
)
async def test_refusals_have_the_contracts_status(
    world: ServerWorld, change: dict[str, object], status: int, code: str
) -> None:
    """Codes and statuses of contract §12 and §15."""
    async with world.client() as client:
        check_shape(await client.post(JOBS, json={**body(), **change}), status, code)
        assert (await client.post(JOBS, json=body())).status_code == 201  # the name is still free


async def test_operations_have_the_official_names(world: ServerWorld) -> None:
    """Generated clients call them as the official one does."""
    async with world.client() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    found = {operation["operationId"] for verbs in paths.values() for operation in verbs.values()}
    assert {
        "create_training_job",
        "show_training_job_details",
        "change_training_job_description",
        "stop_training_job",
        "delete_training_job",
        "list_training_job_tasks",
        "jobs_request",
    } <= found
