"""The routes of datasets: statuses, shapes, parameters and who may call them."""

from typing import Any

import pytest

from tests.server.world import PROJECT, ServerWorld
from trainwright.services.dataset_builder import DatasetBuilder

pytestmark = pytest.mark.anyio

ROOT = f"/v2/{PROJECT}/datasets"


async def test_from_registration_to_manifest_and_away(world: ServerWorld) -> None:
    """Guards every route once: status, shape, and the ways of a dataset's life."""
    async with world.client() as http:
        await http.put(f"/v1/{PROJECT}/buckets/data")
        for name in ("a", "b", "c"):
            await http.put(f"/v1/{PROJECT}/buckets/data/objects/set/{name}", content=name.encode())
        made = await http.post(
            ROOT, json={"dataset_name": "set", "data_source": {"data_path": "obs://data/set/"}}
        )
        assert made.status_code == 201
        dataset = f"{ROOT}/{made.json()['dataset_id']}"
        assert (await http.get(dataset)).json() == made.json()
        listed = (await http.get(ROOT)).json()
        assert listed == {"total_number": 1, "offset": 0, "limit": 10, "datasets": [made.json()]}
        changed = await http.put(dataset, json={"description": "new"})
        assert (changed.status_code, changed.json()["description"]) == (200, "new")
        begun = await http.post(f"{dataset}/versions", json={})
        assert (begun.status_code, begun.json()["status"]) == (201, 0)
        await DatasetBuilder(world.services).run(until_idle=True)
        version = f"{dataset}/versions/{begun.json()['version_id']}"
        ready = (await http.get(version)).json()
        assert (ready["status"], ready["state"], ready["data_size"]) == (1, "ready", 3)
        versions = (await http.get(f"{dataset}/versions")).json()
        assert versions == {"total_number": 1, "offset": 0, "limit": 10, "versions": [ready]}
        page = (await http.get(f"{version}/manifest", params={"limit": 2})).json()
        assert ([item["path"] for item in page["objects"]], page["next_after"]) == (["a", "b"], "b")
        last = (await http.get(f"{version}/manifest", params={"after": "b"})).json()
        assert ([item["path"] for item in last["objects"]], last["next_after"]) == (["c"], "")
        assert (await http.delete(version)).status_code == 204
        assert (await http.get(version)).json()["error_code"] == "ModelArts.2782"
        assert (await http.delete(dataset)).status_code == 204
        assert (await http.get(dataset)).json()["error_code"] == "ModelArts.2783"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"offset": -1},
        {"offset": 2**63},
        {"sort_by": "size"},
        {"order": "up"},
        {"search_content": "x" * 101},
        {"workspace_id": "x" * 65},
    ],
)
async def test_lists_that_cannot_be(world: ServerWorld, params: dict[str, Any]) -> None:
    """Guards bounds of the listing: 400 with the documented code, whatever is asked."""
    async with world.client() as http:
        answer = await http.get(ROOT, params=params)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.2764")


@pytest.mark.parametrize("garbage", ["none", "%00", "a%00b", "%ff", "x" * 3000, "'; DROP TABLE datasets"])
async def test_ids_that_are_none(world: ServerWorld, garbage: str) -> None:
    """Guards garbage as an id: not found, never a crash."""
    async with world.client() as http:
        for path in (
            garbage,
            f"{garbage}/versions",
            f"{garbage}/versions/x",
            f"{garbage}/versions/x/manifest",
        ):
            assert (await http.get(f"{ROOT}/{path}")).status_code == 404
        assert (await http.post(f"{ROOT}/{garbage}/versions", json={})).status_code == 404
        assert (await http.delete(f"{ROOT}/{garbage}")).status_code == 404
