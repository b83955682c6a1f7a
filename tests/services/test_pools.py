"""Dedicated pools: made, changed and deleted by an administrator, without taking anything from what runs."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, World, job_body
from trainwright.domain.access import BUILT_IN, VIEWER, Action, allowed_by
from trainwright.domain.demand import Demand
from trainwright.domain.errors import (
    BackendUnavailable,
    DuplicatePoolName,
    FlavorNotFound,
    InvalidParam,
    PoolInUse,
    PoolNotFound,
    PoolTooLarge,
    PublicPoolFixed,
    TooManyNodes,
    TooManyPools,
    WorkspaceNotFound,
)
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.ports.pools import PUBLIC_POOL
from trainwright.ports.uow import PLATFORM
from trainwright.services import jobs, pool_events, pool_rules, pools

pytestmark = pytest.mark.anyio

ADMIN = replace(ALICE, actions=frozenset(Action))
ELSEWHERE = replace(BOB, actions=frozenset(Action))


def pool_body(name: str = "night", count: int = 2, **spec: Any) -> dict[str, Any]:
    """A pool of `count` nodes of one CPU and 1 GiB each."""
    resources = [{"flavor": "cpu.1", "count": count, "maxCount": count}]
    return {
        "apiVersion": "v2",
        "kind": "Pool",
        "metadata": {
            "labels": {"os.modelarts/name": name, "os.modelarts/node.prefix": "n"},
            "annotations": {"os.modelarts/description": "for the night"},
        },
        "spec": {"type": "Dedicate", "scope": ["Train", "Infer"], "resources": resources, **spec},
    }


async def make(world: World, who: Principal = ADMIN, **changes: Any) -> str:
    made = await pools.create_pool(world.ctx, who, pool_body(**changes))
    return made.metadata.name


async def job_in(world: World, pool_id: str, name: str = "digits", **changes: Any) -> str:
    body = job_body(metadata__name=name, spec__resource__pool_id=pool_id, **changes)
    return (await jobs.create(world.ctx, ALICE, body, EN)).metadata.id


async def end(world: World, job_id: str) -> None:
    await jobs.stop(world.ctx, ALICE, job_id, {"action_type": "terminate"}, EN)
    while not world.read(job_id).job.phase.is_end:
        world.step(job_id)


async def test_a_pool_is_shown_as_it_was_asked_for(world: World) -> None:
    """Guards what creation answers, and that showing and listing say the same."""
    body = pool_body(network={"name": "net-1"}, driver={"gpuVersion": "515"})
    made = await pools.create_pool(world.ctx, ADMIN, body)
    assert made.metadata.name.startswith("pool-")
    assert len(made.metadata.name) == 37
    assert made.metadata.labels == {
        "os.modelarts/name": "night",
        "os.modelarts/node.prefix": "n",
        "os.modelarts/workspace.id": "0",
        "os.modelarts/tenant.project.id": "project-a",
        "os.modelarts.pool/biz": "private",
    }
    assert made.metadata.annotations == {"os.modelarts/description": "for the night"}
    shown = made.model_dump(exclude_none=True)
    assert made.metadata.creation_timestamp == "2026-09-21T14:13:20Z"
    assert shown["spec"] == {
        "type": "Dedicate",
        "scope": ["Train", "Infer"],
        "resources": [{"flavor": "cpu.1", "count": 2, "maxCount": 2}],
        "jobFlavors": ["cpu.1"],
        "controlMode": 0,
        "network": {"name": "net-1"},
        "driver": {"gpuVersion": "515"},
    }
    assert shown["status"] == {
        "phase": "Running",
        "message": "",
        "resources": {
            "available": {"flavor": "cpu.1", "count": 2, "maxCount": 2, "nodePool": "nodepool-default"}
        },
        "scope": [
            {"scopeType": "Train", "state": "Enabled"},
            {"scopeType": "Infer", "state": "Disabled"},
        ],
        "parent": "",
        "root": made.metadata.name,
    }
    assert await pools.show_pool(world.ctx, ALICE, made.metadata.name) == made
    assert (await pools.list_pools(world.ctx, ALICE)).items[1:] == [made]


async def test_the_backend_hears_of_every_change(world: World) -> None:
    """Guards the step from the database to the schedule: creation, change, deletion, and a start after a crash."""
    pool_id = await make(world)
    assert world.backend.shares == {pool_id: Demand(2000, 2048)}
    await pools.change_pool(
        world.ctx, ADMIN, pool_id, {"spec": {"resources": [{"flavor": "cpu.4", "count": 1}]}}
    )
    assert world.backend.shares == {pool_id: Demand(4000, 4096)}
    world.backend.shares = {}
    await pools.announce(world.ctx)
    assert world.backend.shares == {pool_id: Demand(4000, 4096)}
    await pools.delete_pool(world.ctx, ADMIN, pool_id)
    assert world.backend.shares == {}


async def test_a_change_made_while_the_backend_is_told_is_told_as_well(world: World) -> None:
    """Guards two administrators at once: whoever comes last, the backend ends up with what the database says."""
    pool_id = await make(world)
    with world.ctx.units(PLATFORM) as uow:
        stale = uow.pools.list_shares()
        uow.pools.delete(pool_id)
        uow.commit()
    await world.backend.set_shares(stale)
    await pools.announce(world.ctx)
    assert world.backend.shares == {}


async def test_what_a_backend_does_not_hear_is_not_lost(world: World) -> None:
    """Guards a backend that is away at the wrong moment: it is said so, and the next change says it all."""
    world.backend.fail_next("set_shares")
    with pytest.raises(BackendUnavailable):
        await make(world)
    second = await make(world, name="day")
    assert len(world.backend.shares) == 2
    assert second in world.backend.shares


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "Pond"}, "kind"),
        ({"metadata": {"labels": {}}}, "metadata.labels.os.modelarts/name"),
        ({"metadata": {"labels": {"os.modelarts/name": ""}}}, "metadata.labels.os.modelarts/name"),
        ({"metadata": {"labels": {"os.modelarts/name": " a"}}}, "metadata.labels.os.modelarts/name"),
        ({"metadata": {"labels": {"os.modelarts/name": "a\nb"}}}, "metadata.labels.os.modelarts/name"),
        ({"metadata": {"labels": {"os.modelarts/name": "a" * 65}}}, "metadata.labels.os.modelarts/name"),
        ({"metadata": {"labels": {"os.modelarts/name": 5}}}, "metadata.labels.os.modelarts/name"),
        ({"metadata": {}}, "metadata.labels"),
        ({"spec": None}, "spec"),
        ({"spec": pool_body(type="Rented")["spec"]}, "spec.type"),
        ({"spec": pool_body(scope=["Infer"])["spec"]}, "spec.scope"),
        ({"spec": pool_body(scope=["Train", "Party"])["spec"]}, "spec.scope"),
        ({"spec": pool_body(resources=[])["spec"]}, "spec.resources"),
        ({"spec": pool_body(count=0)["spec"]}, "spec.resources[0].count"),
        ({"spec": pool_body(count=2**31)["spec"]}, "spec.resources[0].count"),
        (
            {"spec": pool_body(resources=[{"flavor": "cpu.1", "count": True}])["spec"]},
            "spec.resources[0].count",
        ),
        (
            {"spec": pool_body(resources=[{"flavor": "cpu.1", "count": 1, "maxCount": 2}])["spec"]},
            "spec.resources[0].maxCount",
        ),
        ({"spec": pool_body(resources=[{"flavor": "cpu.1", "count": 1}] * 2)["spec"]}, "spec.resources[1]"),
        ({"spec": pool_body(jobFlavors="cpu.1")["spec"]}, "spec.jobFlavors"),
    ],
)
async def test_a_wrong_field_is_named(world: World, change: dict[str, Any], field: str) -> None:
    """Guards each check of the creation body: it is refused by name, and nothing is left behind."""
    with pytest.raises(InvalidParam) as refused:
        await pools.create_pool(world.ctx, ADMIN, pool_body() | change)
    assert refused.value.slots["field"] == field
    assert len((await pools.list_pools(world.ctx, ADMIN)).items) == 1


async def test_flavors_names_and_workspaces_must_be_right(world: World) -> None:
    """Guards what a well-formed request can still get wrong."""
    for spec in ({"resources": [{"flavor": "gone", "count": 1}]}, {"jobFlavors": ["cpu.1", "gone"]}):
        with pytest.raises(FlavorNotFound):
            await make(world, **spec)
    pool_id = await make(world)
    with pytest.raises(DuplicatePoolName):
        await make(world)
    other = await make(world, name="day")
    with pytest.raises(DuplicatePoolName):
        rename = {"metadata": {"labels": {"os.modelarts/name": "day"}}}
        await pools.change_pool(world.ctx, ADMIN, pool_id, rename)
    body = pool_body("third")
    body["metadata"]["labels"]["os.modelarts/workspace.id"] = "f" * 32
    with pytest.raises(WorkspaceNotFound):
        await pools.create_pool(world.ctx, ADMIN, body)
    assert {item.metadata.name for item in (await pools.list_pools(world.ctx, ADMIN)).items[1:]} == {
        pool_id,
        other,
    }


async def test_the_machine_is_given_away_once(world: World) -> None:
    """Guards the sum of all projects' shares, and what is said when it is too much."""
    await make(world, count=1000)
    with pytest.raises(PoolTooLarge) as refused:
        await make(world, ELSEWHERE, name="theirs", count=25)
    assert refused.value.message(EN) == (
        "The pool asks for 25 CPUs, 25600 MiB of memory, 0 accelerators; "
        "it can have 24 CPUs, 24576 MiB of memory, 0 accelerators."
    )
    assert "25 个 CPU" in refused.value.message(Language.ZH)
    theirs = await make(world, ELSEWHERE, name="theirs", count=24)
    with pytest.raises(PoolTooLarge):
        grown = {"spec": {"resources": [{"flavor": "cpu.1", "count": 25}]}}
        await pools.change_pool(world.ctx, ELSEWHERE, theirs, grown)
    with pytest.raises(PoolTooLarge):
        await make(world, name="huge", count=2**31 - 1)


async def test_a_project_has_a_limit_of_pools(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the lists of pools against growing without end."""
    monkeypatch.setattr(pool_rules, "POOLS_MAX", 1)
    await make(world)
    with pytest.raises(TooManyPools):
        await make(world, name="second")


async def test_a_change_keeps_what_it_does_not_name(world: World) -> None:
    """Guards patching: name, description, size and scope on their own, in the place of what was."""
    pool_id = await make(world)
    world.clock.ms += 60_000
    change: dict[str, Any] = {
        "metadata": {"annotations": {"os.modelarts/description": "later"}},
        "spec": {"jobFlavors": ["cpu.4"]},
    }
    shown = await pools.change_pool(world.ctx, ADMIN, pool_id, change)
    assert shown.metadata.annotations == {"os.modelarts/description": "later"}
    assert shown.metadata.labels["os.modelarts/node.prefix"] == "n"
    assert shown.spec.job_flavors == ["cpu.4"]
    assert (shown.spec.resources[0].count, shown.spec.scope) == (2, ["Train", "Infer"])
    change = {
        "metadata": {"labels": {"os.modelarts/name": "day"}},
        "spec": {"scope": ["Train"], "resources": None},
    }
    shown = await pools.change_pool(world.ctx, ADMIN, pool_id, change)
    assert shown.metadata.labels["os.modelarts/name"] == "day"
    assert (shown.spec.resources[0].count, shown.spec.scope) == (2, ["Train"])
    assert await pools.show_pool(world.ctx, ADMIN, pool_id) == shown
    refused: tuple[dict[str, Any], ...] = (
        {"spec": {"scope": ["Infer"]}},
        {"spec": {"resources": []}},
        {"metadata": {"labels": {"os.modelarts/workspace.id": "f" * 32}}},
        {"metadata": {"labels": {"os.modelarts/name": ""}}},
    )
    for wrong in refused:
        with pytest.raises(InvalidParam):
            await pools.change_pool(world.ctx, ADMIN, pool_id, wrong)


async def test_a_pool_with_unfinished_jobs_is_not_deleted(world: World) -> None:
    """Guards jobs that wait or run in a pool; what has ended does not count."""
    pool_id = await make(world)
    job_id = await job_in(world, pool_id)
    with pytest.raises(PoolInUse) as refused:
        await pools.delete_pool(world.ctx, ADMIN, pool_id)
    assert refused.value.slots["jobs"] == 1
    await end(world, job_id)
    gone = await pools.delete_pool(world.ctx, ADMIN, pool_id)
    assert (gone.metadata.name, gone.status.phase) == (pool_id, "Deleting")
    assert gone.metadata.deletion_timestamp
    for call in (pools.show_pool, pools.delete_pool):
        with pytest.raises(PoolNotFound):
            await call(world.ctx, ADMIN, pool_id)


async def test_a_pool_is_not_made_smaller_than_its_jobs(world: World) -> None:
    """Guards what runs in a pool, and what waits for its whole size."""
    pool_id = await make(world, count=4)

    async def resize(count: int) -> None:
        resources = [{"flavor": "cpu.1", "count": count}]
        await pools.change_pool(world.ctx, ADMIN, pool_id, {"spec": {"resources": resources}})

    waiting = await job_in(world, pool_id, "wide", spec__resource__node_count=3)
    with pytest.raises(PoolInUse):
        await resize(2)
    await resize(3)
    await end(world, waiting)
    for name in ("one", "two"):
        await world.running(
            metadata__name=name,
            spec__resource__pool_id=pool_id,
            algorithm__outputs=[{"name": "o", "remote": {"obs": {"obs_url": f"obs://results/{name}/"}}}],
        )
    with pytest.raises(PoolInUse) as refused:
        await resize(1)
    assert refused.value.slots["jobs"] == 2
    await resize(2)


async def test_a_pool_takes_the_jobs_it_is_for(world: World) -> None:
    """Guards what a job may ask of a pool: flavors that the pool names, and no more than it has."""
    pool_id = await make(world, count=8, jobFlavors=["cpu.1"])
    with pytest.raises(FlavorNotFound):
        await job_in(world, pool_id, spec__resource__flavor_id="cpu.4")
    job = world.read(await job_in(world, pool_id, spec__resource__node_count=4)).job
    assert (job.pool_id, job.launch.pool_id) == (pool_id, pool_id)
    small = await make(world, name="small", count=1)
    with pytest.raises(TooManyNodes):
        await job_in(world, small, "wide", spec__resource__node_count=2)


async def test_the_public_pool_is_what_is_left(world: World) -> None:
    """Guards the pool that is always there: it can be named in a job, and cannot be changed."""
    await make(world, count=24)
    public = await pools.show_pool(world.ctx, ALICE, PUBLIC_POOL)
    assert (await pools.list_pools(world.ctx, ALICE)).items[0] == public
    assert public.spec.resources[0].model_dump() == {"flavor": "cpu.4", "count": 250, "maxCount": 250}
    assert public.metadata.labels["os.modelarts.pool/biz"] == "public"
    with pytest.raises(PublicPoolFixed):
        await pools.change_pool(world.ctx, ADMIN, PUBLIC_POOL, {})
    with pytest.raises(PublicPoolFixed):
        await pools.delete_pool(world.ctx, ADMIN, PUBLIC_POOL)
    job = world.read(await job_in(world, PUBLIC_POOL)).job
    assert (job.pool_id, job.launch.pool_id) == ("", "")


async def test_other_projects_pools_do_not_exist(world: World) -> None:
    """Guards the scope of every call: another project's pool is like one that never was."""
    pool_id = await make(world)
    assert [item.metadata.name for item in (await pools.list_pools(world.ctx, ELSEWHERE)).items] == [
        PUBLIC_POOL
    ]
    for name in (pool_id, "pool-" + "0" * 32):
        texts = set()
        for call in (
            pools.show_pool(world.ctx, ELSEWHERE, name),
            pools.delete_pool(world.ctx, ELSEWHERE, name),
            pools.change_pool(world.ctx, ELSEWHERE, name, {"garbage": 1}),
            pool_events.list_events(world.ctx, ELSEWHERE, EN, resource="pools", name=name),
            jobs.create(world.ctx, BOB, job_body(spec__resource__pool_id=name), EN),
        ):
            with pytest.raises(PoolNotFound) as refused:
                await call
            texts.add(refused.value.message(EN))
        assert texts == {f"Resource pool {name} not found."}


async def test_a_viewer_has_no_right_to_make_pools() -> None:
    """Guards the built-in roles: looking at pools is for everybody, making them for administrators."""
    viewer = allowed_by(BUILT_IN[VIEWER])
    assert {Action.POOL_LIST, Action.POOL_GET} <= viewer
    assert not {Action.POOL_CREATE, Action.POOL_UPDATE, Action.POOL_DELETE} & (viewer | ALICE.actions)
