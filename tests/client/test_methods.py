"""Methods made of builders: what they ask, how they page, what they say of themselves."""

import inspect

import httpx
import pytest

from tests.client.wires import asynchronous, blocking, body_of, refusal
from trainwright.client import ApiError, AsyncClient, Client
from trainwright.wire.datasets import DatasetItem

pytestmark = pytest.mark.anyio

DATASET = {
    "dataset_id": "d",
    "dataset_name": "digits",
    "description": "",
    "dataset_type": 900,
    "data_source": {"data_path": "obs://b/d/", "data_type": 0},
    "workspace_id": "0",
    "create_time": 1,
    "update_time": 1,
    "next_version_num": 1,
    "user_id": "u",
    "user_name": "admin",
}


def serve(request: httpx.Request) -> httpx.Response:
    """Five datasets in pages; three objects in pages by key; one that is created."""
    query = request.url.params
    if request.url.path.endswith("/manifest"):
        after = query.get("after", "")
        left = [key for key in "abc" if key > after][: int(query["limit"])]
        items = [{"path": key, "size": 1, "sha256": "", "etag": ""} for key in left]
        return httpx.Response(
            200, json={"objects": items, "next_after": left[-1] if left[-1:] < ["c"] else ""}
        )
    if request.method == "POST":
        return httpx.Response(201, json={**DATASET, "dataset_name": body_of(request)["dataset_name"]})
    offset, limit = int(query["offset"]), int(query["limit"])
    names = [{**DATASET, "dataset_name": f"d{number}"} for number in range(5)][offset : offset + limit]
    return httpx.Response(200, json={"total_number": 5, "offset": offset, "limit": limit, "datasets": names})


async def test_both_clients_send_what_is_built() -> None:
    """The same answer, typed; a refusal is an `ApiError`."""
    body = {"dataset_name": "x", "data_source": {"data_path": "obs://b/x/"}}
    with blocking(serve) as client:
        made = client.create_dataset(body)
        assert isinstance(made, DatasetItem) and made.dataset_name == "x"
    async with asynchronous(serve) as other:
        assert await other.create_dataset(body) == made
    with blocking(lambda _: refusal(403, "ModelArts.0010")) as client, pytest.raises(ApiError):
        client.show_dataset("d")


@pytest.mark.parametrize(("limit", "requests"), [(2, 3), (5, 2), (50, 1)])
async def test_pages_by_number(limit: int, requests: int) -> None:
    """Each item once, whatever the size of a page; from where one says."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return serve(request)

    with blocking(handler) as client:
        names = [item.dataset_name for item in client.iter_datasets(limit=limit)]
        assert names == ["d0", "d1", "d2", "d3", "d4"] and len(seen) == requests
        assert [item.dataset_name for item in client.iter_datasets(offset=3, limit=limit)] == names[3:]
    async with asynchronous(handler) as other:
        assert [item.dataset_name async for item in other.iter_datasets(limit=limit)] == names


async def test_pages_by_key() -> None:
    """Behind the last key of the page before."""
    with blocking(serve) as client:
        assert [item.path for item in client.iter_manifest("d", "v", limit=2)] == ["a", "b", "c"]
    async with asynchronous(serve) as other:
        assert [item.path async for item in other.iter_manifest("d", "v", limit=1)] == ["a", "b", "c"]


def test_methods_explain_themselves() -> None:
    """`help(client)` shows names, parameters and sentences as if they were written out."""
    for client in (Client, AsyncClient):
        method = client.change_dataset
        assert method.__name__ == "change_dataset" and "DatasetUpdate" in (method.__doc__ or "")
        assert list(inspect.signature(method).parameters) == ["self", "dataset_id", "body"]
        assert "limit" in (client.iter_datasets.__doc__ or "")
    assert inspect.iscoroutinefunction(AsyncClient.change_dataset)
