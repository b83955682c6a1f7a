"""Searching jobs: filters, paging, sorting, and what is refused (contract §5)."""

from typing import Any

import pytest

from tests.services.world import ALICE, BOB, EN, START_MS, World, job_body
from trainwright.domain.errors import TrainwrightError
from trainwright.services import job_search, jobs

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
    await jobs.create(world.ctx, BOB, job_body(), EN)
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
    (where("name", "in", "a"), "ModelArts.2808"),
    (where("name", "matches", "a"), "ModelArts.2808"),
    (where("phase", "in", "Done"), "ModelArts.2809"),
    (where("create_time", "between", "1"), "ModelArts.2809"),
    (where("create_time", "between", "a", "b"), "ModelArts.2809"),
    (where("create_time", "between", "2", "1"), "ModelArts.2809"),
    (where("create_time", "between", "1", "9" * 30), "ModelArts.2809"),
    (where("algorithm_name", "like", "a"), "Trainwright.0004"),
    ({"tags": [{"key": "a"}]}, "Trainwright.0004"),
    ({"train_type": "ftjob"}, "Trainwright.0004"),
]


@pytest.mark.parametrize(
    ("raw", "code"), REFUSALS, ids=[f"{code}-{n}" for n, (_, code) in enumerate(REFUSALS)]
)
async def test_bad_searches_are_refused(world: World, raw: dict[str, Any], code: str) -> None:
    """Guards the codes of §5."""
    with pytest.raises(TrainwrightError) as caught:
        await job_search.search(world.ctx, ALICE, raw, EN)
    assert caught.value.code == code
