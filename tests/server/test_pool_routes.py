"""Pools over HTTP: every operation of the official client has an answer, in a form that the client can read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from huaweicloudsdkmodelarts import v1
from huaweicloudsdkmodelarts.v1 import modelarts_client

from tests.server.test_app import check_shape
from tests.server.world import PROJECT, ServerWorld
from tests.services.test_pools import pool_body

pytestmark = pytest.mark.anyio

V1, V2 = f"/v1/{PROJECT}", f"/v2/{PROJECT}"
PUBLIC = "pool-public"
OF_POOLS = re.compile(
    r"/v[12]/{project_id}/(pools|networks|plugintemplates|orders|nodeconfigtemplates|resourceflavors|events|jobs|quotas"
    r"|os-user-config|statistics/pools|metrics/runtime/pools)(/.*)?"
)
VALUES = {
    "pool_name": PUBLIC,
    "name": PUBLIC,
    "node_name": "node-7",
    "nodepool_name": "nodepool-default",
}
ELSEWHERE = {"create_pool", "patch_pool", "delete_pool"}
LOCKS = {"batch_lock_pool_nodes", "batch_unlock_pool_nodes"}
"""What the public pool cannot show: done on a pool of its own."""


@dataclass(frozen=True)
class Operation:
    """One method of the official client."""

    name: str
    verb: str
    path: str
    answer: str
    has_body: bool

    def url(self, **values: str) -> str:
        """The path with its parameters filled in."""
        filled = {"project_id": PROJECT, **VALUES, **values}
        return re.sub(r"{(\w+)}", lambda found: filled.get(found[1], "x"), self.path)


def operations() -> Iterator[Operation]:
    """Those of contract §2.10, read from the client itself."""
    text = Path(modelarts_client.__file__).read_text(encoding="utf-8")
    for source in re.split(r"\n    @classmethod\n", text):
        name = re.match(r"    def _(\w+)_http_info", source)
        if name is None:
            continue
        said = dict(re.findall(r'"(method|resource_path|response_type)": "([^"]+)"', source))
        if OF_POOLS.fullmatch(said["resource_path"]):
            has_body = "local_var_params['body']" in source.split("return http_info")[0]
            yield Operation(name[1], said["method"], said["resource_path"], said["response_type"], has_body)


OPERATIONS = {operation.name: operation for operation in operations()}
REFUSED = {
    name
    for name in OPERATIONS.keys() - LOCKS
    if re.match(r"batch_|create_(?!pool$)|patch_(?!pool$)|delete_(?!pool$)", name)
    or name in {"show_network", "show_network_available_ip", "show_order", "show_plugin_template"}
    or "config_template" in name
    or name == "show_pool_node_config"
}


async def send(client: httpx.AsyncClient, operation: Operation, **values: str) -> httpx.Response:
    """The operation with as little of a body as it takes."""
    body = b"{}" if operation.has_body else None
    if operation.name in LOCKS:
        body = b'{"nodeNames": ["node-7"]}'
    return await client.request(operation.verb, operation.url(**values), content=body)


def read(operation: Operation, answer: httpx.Response) -> Any:
    """The answer as the official client reads it; it raises where a field has the wrong form."""
    return v1.ModelArtsClient()._deserialize(json.loads(answer.content), getattr(v1, operation.answer))


async def test_every_operation_of_the_client_has_an_answer(world: ServerWorld) -> None:
    """Guards all 52 operations: what is there is answered, the rest refused by name, none is an unknown route."""
    assert len(OPERATIONS) == 52
    async with world.client() as client:
        for operation in OPERATIONS.values():
            if operation.name in ELSEWHERE:
                continue
            answer = await send(client, operation)
            if operation.name in REFUSED:
                check_shape(answer, 400, "Trainwright.0004")
                assert operation.name in answer.json()["error_msg"]
            else:
                assert answer.status_code == 200, (operation.name, answer.text)
                read(operation, answer)


async def test_no_operation_knows_a_pool_that_is_not_there(world: ServerWorld) -> None:
    """Guards ids: every operation on a pool looks for it first, also those that are refused afterwards."""
    names = [one for one in OPERATIONS.values() if re.search(r"{(pool_)?name}", one.path)]
    assert len(names) > 30
    async with world.client() as client:
        for operation in names:
            for pool in ("never-was", "%00", "pool-" + "0" * 32):
                check_shape(await send(client, operation, pool_name=pool, name=pool), 404, "ModelArts.2890")


def job_body(name: str, pool: str) -> dict[str, Any]:
    """A job of one CPU in a pool."""
    return {
        "kind": "job",
        "metadata": {"name": name},
        "algorithm": {"command": "true"},
        "spec": {"resource": {"flavor_id": "local.cpu.1u", "node_count": 1, "pool_id": pool}},
    }


async def test_the_life_of_a_pool(world: ServerWorld) -> None:
    """Guards creation, reading, change and deletion as the official client sees them."""
    body = pool_body(resources=[{"flavor": "local.cpu.1u", "count": 1}])
    async with world.client() as client:
        answer = await client.post(f"{V2}/pools", json=body)
        assert answer.status_code == 200
        made = read(OPERATIONS["create_pool"], answer)
        pool = made.metadata.name
        assert made.metadata.labels.os_modelarts_name == "night"
        assert made.metadata.annotations.os_modelarts_description == "for the night"
        assert (made.spec.resources[0].flavor, made.spec.resources[0].max_count) == ("local.cpu.1u", 1)
        assert (made.status.phase, made.status.resources.available.count) == ("Running", 1)
        assert [(scope.scope_type, scope.state) for scope in made.status.scope] == [
            ("Train", "Enabled"),
            ("Infer", "Disabled"),
        ]
        listed = await client.get(f"{V2}/pools", params={"labelSelector": "os.modelarts/name=night"})
        assert [item["metadata"]["name"] for item in listed.json()["items"]] == [pool]
        for operation in OPERATIONS.values():
            if "{pool_name}" in operation.path and operation.name not in ELSEWHERE | REFUSED:
                answer = await send(client, operation, pool_name=pool)
                assert answer.status_code == 200, operation.name
        change = {"metadata": {"annotations": {"os.modelarts/description": "later"}}}
        changed = await client.patch(f"{V2}/pools/{pool}", json=change)
        assert (
            read(OPERATIONS["patch_pool"], changed).metadata.annotations.os_modelarts_description == "later"
        )
        job = (await client.post(f"{V2}/training-jobs", json=job_body("inside", pool))).json()["metadata"][
            "id"
        ]
        check_shape(await client.delete(f"{V2}/pools/{pool}"), 409, "Trainwright.1003")
        workloads = read(
            OPERATIONS["list_workloads"], await client.get(f"{V2}/pools/{pool}/workloads?hostip=&limit=0")
        )
        assert [item.job_uuid for item in workloads.items] == [job]
        check_shape(await client.delete(f"{V2}/pools/{PUBLIC}"), 409, "Trainwright.1006")


async def test_a_job_finds_its_way_into_its_pool(world: ServerWorld) -> None:
    """Guards the whole path: a pool made over HTTP is a machine of its own to the schedule, from then on."""
    async with world.client() as client:
        body = pool_body(resources=[{"flavor": "local.cpu.1u", "count": 1}])
        pool = (await client.post(f"{V2}/pools", json=body)).json()["metadata"]["name"]
        jobs = []
        for name in ("first", "second"):
            made = (await client.post(f"{V2}/training-jobs", json=job_body(name, pool))).json()
            jobs.append(made["metadata"]["id"])
        for job_id in jobs:
            for _ in range(4):
                await world.control.pass_once((job_id,))
        items = {
            item["uid"]: item for item in (await client.get(f"{V2}/pools/{pool}/workloads")).json()["items"]
        }
        assert [items[job_id]["status"] for job_id in jobs] == ["Pending", "Queue"]
        assert items[jobs[1]]["pendingPosition"] == 1
        (public, mine) = (await client.get(f"{V2}/metrics/runtime/pools")).json()["items"]
        assert mine["table"]["allocated"]["value"]["cpu"] == mine["table"]["capacity"]["value"]["cpu"] == "1"
        assert public["table"]["capacity"]["value"]["cpu"] == "3"
        events = (await client.get(f"{V2}/training-jobs/{jobs[1]}/events")).json()["events"]
        assert any(pool in event["message"] for event in events)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (f"{V2}/pools", {"labelSelector": "a b"}),
        (f"{V2}/pools", {"status": "odd"}),
        (f"{V2}/pools/{PUBLIC}/nodes", {"limit": "501"}),
        (f"{V2}/pools/{PUBLIC}/nodes", {"limit": "-1"}),
        (f"{V2}/pools/{PUBLIC}/workloads", {"offset": "99999999999"}),
        (f"{V2}/pools/{PUBLIC}/workloads", {"ascend": "maybe"}),
        (f"{V2}/pools/{PUBLIC}/workloads", {"hostip": ["1"] * 101}),
        (f"{V2}/pools/{PUBLIC}/workloads", {"hostip": ",".join(["1"] * 101)}),
        (f"{V2}/pools/{PUBLIC}/monitor", {"period": "7"}),
        (f"{V1}/events", {"since": str(2**64)}),
        (f"{V1}/events", {"resource": "x"}),
        (f"{V1}/resourceflavors", {"limit": "many"}),
        (f"{V1}/networks", {"labelSelector": "=,"}),
        (f"{V2}/training-job-flavors", {"flavor_type": "TPU"}),
        (f"{V2}/training-pool-flavors", {"flavor_id": "local.cpu.1u"}),
    ],
)
async def test_queries_out_of_bounds_are_refused(
    world: ServerWorld, path: str, params: dict[str, Any]
) -> None:
    """Guards the bounds of every list."""
    async with world.client() as client:
        check_shape(await client.get(path, params=params), 400, "ModelArts.2764")


async def test_flavors_are_told_in_full(world: ServerWorld) -> None:
    """Guards contract §7.2: engines as JSON text, the pool, a price code, and one flavor for several nodes."""
    async with world.client() as client:
        answer = await client.get(f"{V2}/training-job-flavors", params={"flavor_type": "CPU"})
        flavors = answer.json()["flavors"]
        read_by_client = v1.ModelArtsClient()._deserialize(answer.json(), v1.ShowTrainingJobFlavorsResponse)
        assert read_by_client.total_count == len(flavors)
        assert max(flavor["max_num"] for flavor in flavors) >= 2
        engines = (await client.get(f"{V2}/training-job-engines")).json()["items"]
        for flavor in flavors:
            assert json.loads(flavor["support_engines"]) == [engine["engine_id"] for engine in engines]
            assert flavor["billing"] == {"code": flavor["flavor_id"], "unit_num": 1}
            assert (flavor["pool_id"], flavor["flavor_type"]) == (PUBLIC, "CPU")
        most = await client.get(
            f"{V2}/training-pool-flavors", params={"flavor_id": flavors[0]["flavor_id"], "pool_id": PUBLIC}
        )
        assert most.json() == {"cpu_core_num": 1, "mem_size": 2}
