"""The routes of algorithms and the gallery: statuses, bodies, query parameters, and actions."""

from typing import Any

import pytest

from tests.server.test_app import check_shape
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.access import VIEWER
from trainwright.ports.identity import Token, User
from trainwright.ports.uow import PLATFORM
from trainwright.services import principals

pytestmark = pytest.mark.anyio

BASE = f"/v2/{PROJECT}"
ALGORITHMS, ITEMS, SUBSCRIPTIONS = (
    f"{BASE}/algorithms",
    f"{BASE}/gallery/algorithms",
    f"{BASE}/gallery/subscriptions",
)
PUBLICATION = f"{BASE}/gallery-algorithm-publication"
BODY: dict[str, Any] = {"metadata": {"name": "digits"}, "job_config": {"command": "echo hello"}}
JOB: dict[str, Any] = {"resource": {"flavor_id": "", "node_count": 1}}


async def test_an_algorithm_over_http(world: ServerWorld) -> None:
    """Guards statuses and bodies: 201, 200, 201, and 202 with null; every int field is an int."""
    async with world.client() as client:
        made = await client.post(ALGORITHMS, json=BODY)
        assert made.status_code == 201
        algorithm_id = made.json()["metadata"]["id"]
        shown = await client.get(f"{ALGORITHMS}/{algorithm_id}")
        assert (shown.status_code, shown.json()) == (200, made.json())
        for name in ("create_time", "update_time", "size", "version_num"):
            assert type(shown.json()["metadata"][name]) is int
        changed = await client.put(f"{ALGORITHMS}/{algorithm_id}", json=BODY)
        assert changed.status_code == 201
        page = await client.get(ALGORITHMS, params={"searches": "name:dig", "limit": 50, "group_by": "g"})
        assert {name: page.json()[name] for name in ("total", "count", "limit", "offset", "group_by")} == {
            "total": 1,
            "count": 1,
            "limit": 50,
            "offset": 0,
            "group_by": "g",
        }
        gone = await client.delete(f"{ALGORITHMS}/{algorithm_id}")
        assert (gone.status_code, gone.content) == (202, b"null")
        for verb in ("GET", "PUT", "DELETE"):
            for unknown in (algorithm_id, "a%00b"):
                answer = await client.request(verb, f"{ALGORITHMS}/{unknown}", json=BODY)
                check_shape(answer, 400, "ModelArts.2755")
            unset = await client.request(verb, f"{ALGORITHMS}/%7Balgorithm_id%7D", json=BODY)
            assert (unset.status_code, unset.json()["error_code"]) == (400, "ModelArts.2755")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "ModelArts.2764"),
        ("limit=51", "ModelArts.2764"),
        ("offset=-1", "ModelArts.2764"),
        ("offset=99999999999999999999", "ModelArts.2764"),
        ("order=up", "ModelArts.2764"),
        ("searches=digits", "ModelArts.2764"),
        ("searches=colour%3Ared", "ModelArts.2807"),
        ("searches=create_time%3Anow", "ModelArts.2809"),
        ("sort_by=colour", "ModelArts.2790"),
        (f"searches=name%3A{'x' * 1024}", "ModelArts.2764"),
    ],
)
async def test_lists_refuse_what_they_do_not_understand(world: ServerWorld, query: str, code: str) -> None:
    """Guards query parameters, each with the contract's code."""
    async with world.client() as client:
        check_shape(await client.get(f"{ALGORITHMS}?{query}"), 400, code)


async def test_the_gallery_over_http(world: ServerWorld) -> None:
    """Guards statuses and bodies from publishing to withdrawing."""
    async with world.client() as client:
        algorithm_id = (await client.post(ALGORITHMS, json=BODY)).json()["metadata"]["id"]
        published = await client.post(PUBLICATION, json={"algorithm": {"id": algorithm_id}})
        assert published.status_code == 201
        item, version = published.json()["content_id"], published.json()["version_id"]
        assert (await client.get(published.json()["content_uri"])).json()["id"] == item
        assert [one["id"] for one in (await client.get(ITEMS)).json()["items"]] == [item]
        changed = await client.put(f"{ITEMS}/{item}", json={"title": "Digits"})
        assert (changed.status_code, changed.json()["title"]) == (200, "Digits")
        made = await client.post(SUBSCRIPTIONS, json={"item_id": item})
        assert (made.status_code, made.json()["item_version_id"]) == (201, version)
        subscription = f"{SUBSCRIPTIONS}/{made.json()['subscription_id']}"
        assert (await client.get(subscription)).json()["version_num"] == "1.0.0"
        assert (await client.get(SUBSCRIPTIONS, params={"title": "Dig"})).json()["count"] == 1
        chosen = await client.put(subscription, json={"version_id": version})
        assert chosen.status_code == 200
        check_shape(await client.put(subscription, json={"version_id": "x"}), 404, "Trainwright.0806")
        for path in (subscription, f"{ITEMS}/{item}"):
            gone = await client.delete(path)
            assert (gone.status_code, gone.content) == (202, b"null")
        check_shape(await client.get(subscription), 404, "Trainwright.0804")
        check_shape(await client.get(f"{ITEMS}/{item}"), 404, "Trainwright.0801")
        assert (await client.get(f"{ALGORITHMS}/{algorithm_id}")).status_code == 200


async def test_a_viewer_only_looks(world: ServerWorld) -> None:
    """Guards actions: who may only look cannot save, change, delete, publish, withdraw or subscribe."""
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_user(User("v", "vic", PROJECT, is_admin=False, roles=(VIEWER,)), 0)
        uow.principals.add_token(Token("v", "v"), principals.hash_token("tw_view"))
        uow.commit()
    refused = [
        ("POST", ALGORITHMS),
        ("PUT", f"{ALGORITHMS}/x"),
        ("DELETE", f"{ALGORITHMS}/x"),
        ("POST", f"{BASE}/training-jobs/x/algorithm"),
        ("POST", PUBLICATION),
        ("PUT", f"{ITEMS}/x"),
        ("DELETE", f"{ITEMS}/x"),
        ("POST", SUBSCRIPTIONS),
        ("PUT", f"{SUBSCRIPTIONS}/x"),
        ("DELETE", f"{SUBSCRIPTIONS}/x"),
    ]
    async with world.client(token="tw_view") as client:
        for verb, path in refused:
            check_shape(await client.request(verb, path, json={}), 403, "ModelArts.0108")
        for path in (ALGORITHMS, ITEMS, SUBSCRIPTIONS):
            assert (await client.get(path)).status_code == 200


async def test_bodies_that_are_none(world: ServerWorld) -> None:
    """Guards every operation with a body: wrong types and oversized texts are refused by their field."""
    wrong: list[tuple[str, str, Any]] = [
        ("POST", ALGORITHMS, {"metadata": {"name": "x"}, "job_config": []}),
        ("POST", ALGORITHMS, {"metadata": {"name": "x", "tags": "none"}, "job_config": {"command": "x"}}),
        ("POST", ALGORITHMS, {"metadata": {"name": "x"}, "job_config": {"command": "x", "parameters": {}}}),
        ("POST", PUBLICATION, {"algorithm": "x"}),
        ("POST", PUBLICATION, {"algorithm": {"id": "x" * 2000}}),
        ("POST", SUBSCRIPTIONS, {}),
        ("POST", SUBSCRIPTIONS, {"item_id": 7}),
    ]
    async with world.client() as client:
        for verb, path, body in wrong:
            check_shape(await client.request(verb, path, json=body), 400, "ModelArts.2788")
        broken = await client.post(ALGORITHMS, content=b"{")
        check_shape(broken, 400, "ModelArts.2787")
