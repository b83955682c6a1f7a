"""The calls behind first pages, forms and the file browser, over HTTP: statuses, shapes, and whose they are."""

import pytest

from tests.server.test_app import check_shape
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.access import VIEWER
from trainwright.ports.identity import Token, User
from trainwright.ports.uow import PLATFORM
from trainwright.services import principals

pytestmark = pytest.mark.anyio
BASE = f"/v2/{PROJECT}"
BUCKETS = f"/v1/{PROJECT}/buckets"


async def test_overview_and_room(world: ServerWorld) -> None:
    """Guards the answers' names: what the console reads."""
    job = await world.start_job()
    async with world.client() as client:
        told = (await client.get(f"{BASE}/training-overview", params={"since": 5})).json()
        assert (told["counts"], told["my_counts"]) == ({"Running": 1}, {})
        assert told["failed"] == {"since": 5, "count": 0, "jobs": []}
        assert told["usage"]["spans"] == 24 and told["pools"][0]["pool_id"] == "pool-public"
        rooms = (await client.get(f"{BASE}/training-pool-room", params={"pool_id": "pool-public"})).json()
        assert rooms["pools"][0]["flavors"][0].keys() >= {"flavor_id", "nodes", "free_nodes"}
        check_shape(await client.get(f"{BASE}/training-pool-room?pool_id=none"), 404, "ModelArts.2890")
        check_shape(await client.get(f"{BASE}/training-overview?since=-1"), 400, "ModelArts.2764")
        found = await client.post(f"{BASE}/training-job-searches", json={"summary": True})
        assert found.json()["items"][0]["summary"] == {"user_id": "", "priority": 1, "tags": {}}
        assert found.json()["items"][0]["metadata"]["id"] == job.id


async def test_folders(world: ServerWorld) -> None:
    """Guards the file browser's calls, and that reading alone allows no change."""
    with world.services.units(PLATFORM) as uow:
        viewer = User("v", "viewer", PROJECT, is_admin=False, roles=(VIEWER,))
        uow.principals.add_user(viewer, 0)
        uow.principals.add_token(Token("tv", viewer.id), principals.hash_token("tw_view"))
        uow.commit()
    async with world.client() as client, world.client(token="tw_view") as looker:
        await client.put(f"{BUCKETS}/data")
        for key in ("a/1", "a/2"):
            await client.put(f"{BUCKETS}/data/objects/{key}", content=b"12345")
        for who in (client, looker):
            told = (await who.get(f"{BUCKETS}/data/usage", params={"prefix": "a/"})).json()
            assert (told["objects"], told["bytes"], told["complete"]) == (2, 10, True)
            assert (await who.get(f"{BUCKETS}/data/folder-use")).json() == {"jobs": [], "others": 0}
        copying, deleting = {"source": "a/", "target": "b/"}, {"prefixes": ["a/"]}
        check_shape(await looker.post(f"{BUCKETS}/data/copies", json=copying), 403, "ModelArts.0108")
        check_shape(await looker.post(f"{BUCKETS}/data/deletions", json=deleting), 403, "ModelArts.0108")
        assert (await client.post(f"{BUCKETS}/data/copies", json=copying)).json()["objects"] == 2
        check_shape(await client.post(f"{BUCKETS}/data/copies", json=copying), 409, "Trainwright.0111")
        assert (await client.post(f"{BUCKETS}/data/deletions", json=deleting)).json() == {
            "deleted": 2,
            "complete": True,
        }
        check_shape(await client.get(f"{BUCKETS}/none/usage"), 404, "Trainwright.0101")
