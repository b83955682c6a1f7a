"""Searching jobs: filters, paging, sorting, and what is refused (contract §5)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.builders import make_job, make_launch
from tests.services.world import ALICE, BOB, EN, START_MS, World
from trainwright.domain.errors import TrainwrightError, WorkspaceNotFound
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Workspace
from trainwright.services import changing, job_search
from trainwright.wire.job_search import FILTERS_MAX, VALUES_MAX

pytestmark = pytest.mark.anyio


async def found(world: World, **raw: Any) -> list[str]:
    """Names of the page, in order."""
    answer = await job_search.search(world.ctx, ALICE, raw, EN)
    return [item.metadata.name for item in answer.items]


async def seed_jobs(world: World) -> dict[str, str]:
    """Three jobs a second apart, one of them running, one pending; ids by name. Bob has one too."""
    ids = {}
    for name in ("alpha", "beta", "alphabet"):
        ids[name] = await world.create(metadata__name=name, algorithm__outputs=[])
        world.clock.ms += 1000
    world.step(ids["beta"])
    with world.ctx.units(PLATFORM) as uow:
        launch = make_launch(job_id="bobs-job", project_id=BOB.project_id)
        uow.jobs.add(replace(make_job(launch=launch), user_name="bob", created_at_ms=START_MS))
        uow.commit()
    return ids


def where(key: str, operator: str, *values: str) -> dict[str, Any]:
    """A search with one filter."""
    return {"filters": [{"key": key, "operator": operator, "value": list(values)}]}


async def test_a_page_counts_matches_and_total(world: World) -> None:
    """Guards §14.5: count is what matches, total what the project has; defaults of order and limit."""
    await seed_jobs(world)
    answer = await job_search.search(
        world.ctx, ALICE, {**where("name", "like", "alpha"), "limit": 1, "offset": 1}, EN
    )
    assert (answer.total, answer.count, answer.limit, answer.offset) == (3, 2, 1, 1)
    assert [item.metadata.name for item in answer.items] == ["alpha"]
    assert (answer.sort_by, answer.order, answer.group_by, answer.workspace_id) == (
        "create_time",
        "desc",
        "",
        "0",
    )
    assert await found(world) == ["alphabet", "beta", "alpha"]


async def test_each_filter(world: World) -> None:
    """Guards every key and operator on offer."""
    ids = await seed_jobs(world)
    assert await found(world, **where("id", "in", ids["beta"], "none")) == ["beta"]
    assert await found(world, **where("id", "not", ids["beta"])) == ["alphabet", "alpha"]
    assert await found(world, **where("name", "like", "ALPHA")) == []
    assert await found(world, **where("name", "like", "bet")) == ["alphabet", "beta"]
    assert await found(world, **where("phase", "in", "Pending", "Failed")) == ["beta"]
    assert await found(world, **where("phase", "not", "Pending")) == ["alphabet", "alpha"]
    assert await found(world, **where("kind", "in", "job")) == ["alphabet", "beta", "alpha"]
    assert await found(world, **where("user_name", "in", "bob")) == []
    assert await found(world, **where("user_id", "in", ALICE.user_id)) == ["alphabet", "beta", "alpha"]
    assert await found(world, **where("user_id", "in", BOB.user_id)) == []
    for key in ("algorithm_id", "pool_id", "experiment_id"):
        assert await found(world, **where(key, "in", "none")) == []
        assert len(await found(world, **where(key, "not", "none"))) == 3
    assert await found(world, **where("algorithm_name", "like", "a")) == []
    assert await found(world, **where("engine_id", "like", "py-")) == ["alphabet", "beta", "alpha"]
    assert await found(world, **where("engine_id", "not", "py-1")) == []
    assert await found(world, **where("flavor_id", "in", "cpu.1")) == ["alphabet", "beta", "alpha"]
    assert await found(world, **where("flavor_id", "in", "cpu.4")) == []
    times = (str(START_MS + 1000), str(START_MS + 2000))
    assert await found(world, **where("create_time", "between", *times)) == ["alphabet", "beta"]


async def test_conditions_hold_together(world: World) -> None:
    """Guards AND, also between two conditions on one key, and that contradictions match nothing."""
    ids = await seed_jobs(world)
    both = [*where("name", "like", "a")["filters"], *where("name", "like", "alphab")["filters"]]
    assert await found(world, filters=both) == ["alphabet"]
    never = [*where("id", "in", ids["beta"])["filters"], *where("id", "in", ids["alpha"])["filters"]]
    answer = await job_search.search(world.ctx, ALICE, {"filters": never}, EN)
    assert (answer.count, answer.total, answer.items) == (0, 3, [])


async def test_empty_filters_are_switched_off(world: World) -> None:
    """Guards the forms that consoles send."""
    await seed_jobs(world)
    for values in ([], [""], ["", ""]):
        assert len(await found(world, **where("phase", "in", *values))) == 3
    assert len(await found(world, filters=[{"key": "name", "operator": "like"}])) == 3
    assert len(await found(world, tags=[], host_ips=[], train_type="job", sort_by="", order="")) == 3


async def test_sorting(world: World) -> None:
    """Guards the sort keys in both orders."""
    await seed_jobs(world)
    assert await found(world, sort_by="name", order="asc") == ["alpha", "alphabet", "beta"]
    assert await found(world, sort_by="create_time", order="asc") == ["alpha", "beta", "alphabet"]
    for key in ("duration", "status", "phase", "start_time", "user_name", "priority"):
        assert len(await found(world, sort_by=key)) == 3
    answer = await job_search.search(world.ctx, ALICE, {"sort_by": "phase"}, EN)
    assert answer.sort_by == "phase"


async def test_jobs_are_found_by_tags_of_the_last_month(world: World) -> None:
    """Guards §5: values are alternatives, keys hold together, no values means the key, and 31 days."""
    ids = await seed_jobs(world)
    with world.ctx.units(PLATFORM) as uow:
        uow.tags.put(ids["alpha"], {"team": "red", "stage": ""})
        uow.tags.put(ids["beta"], {"team": "blue"})
        uow.commit()

    async def tagged(**tags: list[str] | None) -> list[str]:
        return await found(world, tags=[{"key": key, "values": values} for key, values in tags.items()])

    assert await tagged(team=["red", "blue"]) == ["beta", "alpha"]
    assert await tagged(team=["red"]) == ["alpha"]
    assert await tagged(team=[]) == await tagged(team=None) == ["beta", "alpha"]
    assert await tagged(team=["blue", "red"], stage=[]) == ["alpha"]
    assert await tagged(stage=[""]) == ["alpha"]
    assert await tagged(stage=["x"]) == await tagged(tea=[]) == []
    world.clock.ms += 31 * 86_400_000 - 2000
    assert await tagged(team=[]) == ["beta"]


async def test_jobs_are_found_by_host_and_tell_where_they_ran(world: World) -> None:
    """Guards host_ips: only then does an answer hold task_ips, for every task that had a machine."""
    job_id = await world.running(spec__resource__node_count=2)
    answer = await job_search.search(world.ctx, ALICE, {"host_ips": ["10.0.0.7", "10.0.0.8"]}, EN)
    assert [item.metadata.id for item in answer.items] == [job_id]
    ips = answer.items[0].status.task_ips or []
    assert [(one.task, one.ip, one.host_ip, one.schedule_count) for one in ips] == [
        ("worker-0", "10.0.0.7", "10.0.0.7", 1),
        ("worker-1", "10.0.0.7", "10.0.0.7", 1),
    ]
    assert await found(world, host_ips=["10.0.0.8"]) == []
    assert await found(world, host_ips=[""]) == ["digits"]
    plain = await job_search.search(world.ctx, ALICE, {}, EN)
    assert plain.items[0].status.task_ips is None
    world.clock.ms += 32 * 86_400_000
    assert await found(world, host_ips=["10.0.0.7"]) == []


async def test_the_largest_search_is_answered(world: World) -> None:
    """Guards against a search that the database refuses: as many filters, values and tags as may be sent."""
    values = [str(number) for number in range(VALUES_MAX)]
    filters = [{"key": "id", "operator": "not", "value": values}] * FILTERS_MAX
    tags = [{"key": f"k{number}", "values": values[:10]} for number in range(10)]
    assert await found(world, filters=filters, tags=tags, host_ips=values[:10]) == []


async def test_fine_tuning_jobs_and_debug_jobs_are_none(world: World) -> None:
    """Guards the two kinds of job that this server never has: searching for them finds nothing, and says so."""
    await seed_jobs(world)
    answer = await job_search.search(world.ctx, ALICE, {"train_type": "ftjob"}, EN)
    assert (answer.count, answer.total, answer.items, answer.train_type) == (0, 3, [], "ftjob")
    assert await found(world, **where("runtime_type", "in", "debug")) == []
    assert len(await found(world, **where("runtime_type", "not", "debug"))) == 3


async def test_a_workspace_is_searched_only_by_those_who_see_it(world: World) -> None:
    """Guards that an unknown workspace and another's look alike, and that its jobs are in no list of others."""
    await seed_jobs(world)
    hidden = Workspace("f" * 32, ALICE.project_id, "hidden", owner_id="someone", auth_type="PRIVATE")
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.add(hidden)
        launch = make_launch(job_id="hidden-job", project_id=ALICE.project_id)
        uow.jobs.add(replace(make_job(launch=launch), workspace_id=hidden.id, created_at_ms=world.clock.ms))
        uow.commit()
    refusals = []
    for workspace_id in (hidden.id, "e" * 32):
        with pytest.raises(WorkspaceNotFound) as caught:
            await job_search.search(world.ctx, ALICE, {"workspace_id": workspace_id}, EN)
        refusals.append(str(caught.value).replace(workspace_id, "ID"))
    assert refusals[0] == refusals[1]
    answer = await job_search.search(world.ctx, ALICE, {}, EN)
    assert (answer.total, answer.count, len(answer.items)) == (3, 3, 3)
    assert await found(world, **where("id", "in", "hidden-job")) == []


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"limit": 0}, "ModelArts.2788"),
    ({"limit": 51}, "ModelArts.2788"),
    ({"limit": "10"}, "ModelArts.2788"),
    ({"offset": -1}, "ModelArts.2788"),
    ({"order": "up"}, "ModelArts.2788"),
    ({"filters": {}}, "ModelArts.2788"),
    ({"filters": [{"operator": "in", "value": []}]}, "ModelArts.2788"),
    ({"sort_by": "colour"}, "ModelArts.2790"),
    (where("colour", "in", "red"), "ModelArts.2807"),
    (where("name", "between", "a", "b"), "ModelArts.2808"),
    (where("phase", "like", "Run"), "ModelArts.2808"),
    (where("name", "matches", "a"), "ModelArts.2808"),
    (where("phase", "in", "Done"), "ModelArts.2809"),
    (where("create_time", "between", "1"), "ModelArts.2809"),
    (where("create_time", "between", "a", "b"), "ModelArts.2809"),
    (where("create_time", "between", "2", "1"), "ModelArts.2809"),
    (where("create_time", "between", "1", "9" * 30), "ModelArts.2809"),
    ({"tags": [{"key": f"k{n}"} for n in range(11)]}, "ModelArts.2788"),
    ({"tags": [{"key": "k", "values": [str(n) for n in range(11)]}]}, "ModelArts.2788"),
    ({"tags": [{"values": ["v"]}]}, "ModelArts.2788"),
    ({"host_ips": [f"10.0.0.{n}" for n in range(11)]}, "ModelArts.2788"),
    ({"train_type": "both"}, "ModelArts.2788"),
    ({"offset": 2**63}, "ModelArts.2788"),
    ({"workspace_id": "nowhere"}, "ModelArts.0102"),
]


@pytest.mark.parametrize(
    ("raw", "code"), REFUSALS, ids=[f"{code}-{n}" for n, (_, code) in enumerate(REFUSALS)]
)
async def test_bad_searches_are_refused(world: World, raw: dict[str, Any], code: str) -> None:
    """Guards the codes of §5."""
    with pytest.raises(TrainwrightError) as caught:
        await job_search.search(world.ctx, ALICE, raw, EN)
    assert caught.value.code == code


async def test_a_changed_priority_is_what_jobs_are_sorted_by(world: World) -> None:
    """Guards the copy of the priority that searches read against staying behind the job's own."""
    ids = await seed_jobs(world)
    assert await found(world, sort_by="priority") == ["alphabet", "beta", "alpha"]
    await changing.change(world.ctx, ALICE, ids["alpha"], {"spec": {"schedule_policy": {"priority": 2}}})
    assert await found(world, sort_by="priority") == ["alpha", "alphabet", "beta"]
    assert await found(world, sort_by="priority", order="asc") == ["beta", "alphabet", "alpha"]


async def test_the_jobs_of_one_user_are_found_with_any_other_condition(world: World) -> None:
    """Guards the index of one user's jobs: it must not be asked for what it does not hold."""
    ids = await seed_jobs(world)
    mine = where("user_id", "in", ALICE.user_id)["filters"]
    for other, names in (
        ([], ["alphabet", "beta", "alpha"]),
        (where("phase", "in", "Pending")["filters"], ["beta"]),
        (where("engine_id", "in", "py-1")["filters"], ["alphabet", "beta", "alpha"]),
        (where("id", "in", ids["alpha"])["filters"], ["alpha"]),
        (where("user_id", "in", "nobody")["filters"], []),
        (where("name", "like", "alph")["filters"], ["alphabet", "alpha"]),
    ):
        for key in ("create_time", "name", "duration", "priority"):
            assert set(await found(world, filters=[*mine, *other], sort_by=key)) == set(names)
        page = await job_search.search(world.ctx, ALICE, {"filters": [*mine, *other], "limit": 1}, EN)
        assert page.count == len(names)
