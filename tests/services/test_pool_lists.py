"""Lists of pools and of what happened to them: who sees what, and what filters mean."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.test_pools import ADMIN, make, pool_body
from tests.services.world import ALICE, EN, World, job_body
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import ActionDenied, InvalidQuery, PoolNotFound, WorkspaceNotFound
from trainwright.domain.texts import Language
from trainwright.ports.pools import PUBLIC_POOL
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Member, Workspace
from trainwright.services import jobs, pool_events, pools

pytestmark = pytest.mark.anyio


async def test_a_pool_lies_in_its_workspace(world: World) -> None:
    """Guards pools of closed workspaces: outsiders do not see them, and a role in one may be too narrow to change."""
    with world.ctx.units(PLATFORM) as uow:
        for workspace_id, owner in (("a" * 32, "u9"), ("b" * 32, "u9")):
            members = (Member("u1", "alice", role=VIEWER),) if workspace_id[0] == "b" else ()
            uow.workspaces.add(
                Workspace(
                    workspace_id,
                    "project-a",
                    workspace_id[:4],
                    owner_id=owner,
                    auth_type="INTERNAL",
                    members=members,
                )
            )
        uow.commit()
    made = {}
    for workspace_id in ("a" * 32, "b" * 32):
        body = pool_body(workspace_id[:3])
        body["metadata"]["labels"]["os.modelarts/workspace.id"] = workspace_id
        made[workspace_id] = (await pools.create_pool(world.ctx, ADMIN, body)).metadata.name
    limited = replace(
        ADMIN, actions=frozenset(Action) - {Action.WORKSPACE_SEE_ALL}, action=Action.POOL_DELETE
    )
    seen = [item.metadata.name for item in (await pools.list_pools(world.ctx, limited)).items[1:]]
    assert seen == [made["b" * 32]]
    with pytest.raises(PoolNotFound):
        await pools.show_pool(world.ctx, limited, made["a" * 32])
    with pytest.raises(ActionDenied):
        await pools.delete_pool(world.ctx, limited, made["b" * 32])
    with pytest.raises(WorkspaceNotFound):
        await pools.list_pools(world.ctx, limited, workspace_id="a" * 32)
    within = await pools.list_pools(world.ctx, limited, workspace_id="b" * 32)
    assert [item.metadata.name for item in within.items] == [PUBLIC_POOL, *seen]
    assert (await pools.show_statistics(world.ctx, limited, "b" * 32)).statistics.status.created == 2


async def test_a_workspaces_list_holds_what_its_jobs_may_be_in(world: World) -> None:
    """Guards that lists and `spec.resource.pool_id` agree: pools of no workspace and of the default one serve all."""
    with world.ctx.units(PLATFORM) as uow:
        for letter in "ab":
            uow.workspaces.add(Workspace(letter * 32, ADMIN.project_id, letter))
        uow.commit()
    made = {}
    for name, label in (("none", ""), ("zero", "0"), ("ours", "a" * 32), ("theirs", "b" * 32)):
        world.clock.ms += 1
        body = pool_body(name)
        if label:
            body["metadata"]["labels"]["os.modelarts/workspace.id"] = label
        made[name] = (await pools.create_pool(world.ctx, ADMIN, body)).metadata.name
    listed = (await pools.list_pools(world.ctx, ADMIN, workspace_id="a" * 32)).items
    assert [item.metadata.name for item in listed] == [PUBLIC_POOL, made["none"], made["zero"], made["ours"]]
    for pool_id in (item.metadata.name for item in listed):
        body = job_body(
            metadata__name=f"in-{pool_id}",
            metadata__workspace_id="a" * 32,
            spec__resource={"flavor_id": "cpu.1", "node_count": 1, "pool_id": pool_id},
        )
        assert (await jobs.create(world.ctx, ADMIN, body, EN)).metadata.workspace_id == "a" * 32


async def test_lists_select_by_label_and_state(world: World) -> None:
    """Guards the filters of list_pools."""
    night = await make(world)
    world.clock.ms += 1
    day = await make(world, name="day")

    async def names(**query: str) -> list[str]:
        return [item.metadata.name for item in (await pools.list_pools(world.ctx, ALICE, **query)).items]

    assert await names(selector="os.modelarts/name=day") == [day]
    assert await names(selector="os.modelarts.pool/biz=private, os.modelarts/node.prefix") == [night, day]
    assert await names(selector="!os.modelarts/node.prefix") == [PUBLIC_POOL]
    assert await names(selector="os.modelarts/name in (day, night)") == [night, day]
    assert await names(status="created", workspace_id="0") == [PUBLIC_POOL, night, day]
    assert await names(status="failed") == await names(status="creating") == []
    for query in ({"status": "gone"}, {"selector": "a=b,("}):
        with pytest.raises(InvalidQuery):
            await names(**query)


async def test_events_say_when_pools_were_made_and_changed(world: World) -> None:
    """Guards the event list: newest first, page by page, by time and type, in the reader's language."""
    night = await make(world)
    made_ms = world.clock.ms
    world.clock.ms += 60_000
    day = await make(world, name="day")
    world.clock.ms += 60_000
    await pools.change_pool(world.ctx, ADMIN, night, {})

    async def events(**query: Any) -> list[tuple[str, str]]:
        found = await pool_events.list_events(world.ctx, ALICE, EN, **query)
        return [(item.reason, item.involved_object["name"]) for item in found.items]

    everything = [("PoolChanged", night), ("PoolCreated", day), ("PoolCreated", night)]
    assert await events() == await events(resource="pools", name="*") == everything
    assert await events(name=night) == [everything[0], everything[2]]
    assert await events(name=PUBLIC_POOL) == await events(kind="Warning") == []
    assert await events(since_ms=made_ms + 1) == everything[:2]
    assert await events(until_ms=made_ms) == everything[2:]
    first = await pool_events.list_events(world.ctx, ALICE, Language.ZH, limit=2)
    assert first.metadata.remaining_item_count == 1
    assert first.items[0].message == "资源池 night 已变更。"
    rest = await pool_events.list_events(world.ctx, ALICE, EN, after=first.metadata.continue_)
    assert (len(rest.items), rest.metadata.continue_) == (1, "")
    for query in ({"resource": "nodes"}, {"kind": "Odd"}):
        with pytest.raises(InvalidQuery):
            await events(**query)
