"""Tags: what may be one, how many, and who may tag."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.people import add_user, boss
from tests.services.world import ALICE, BOB, EN, World, job_body
from trainwright.domain.access import DEVELOPER, Action
from trainwright.domain.errors import ActionDenied, InvalidParam, JobNotFound, WorkspaceNotFound
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.services import jobs, tags, workspaces
from trainwright.wire.tags import TagsResponse

pytestmark = pytest.mark.anyio


def shown(answer: TagsResponse) -> dict[str, str]:
    """Key to value."""
    return {tag.key: tag.value for tag in answer.tags}


def body(**pairs: str) -> dict[str, Any]:
    """A request with these tags."""
    return {"tags": [{"key": key, "value": value} for key, value in pairs.items()]}


async def found(world: World, who: Principal = ALICE, **raw: Any) -> list[str]:
    """Names of the jobs that match; the count says the same."""
    page = await tags.find_jobs(world.ctx, who, raw, offset=0, limit=10)
    assert (await tags.count_jobs(world.ctx, who, raw)).total_count == page.total_count
    return [job.resource_name for job in page.resources]


async def test_tags_are_upserted_and_removed(world: World) -> None:
    """Guards the answer (all the job has), a value left out, and removal whatever the value."""
    job = await world.create()
    put = await tags.put(world.ctx, ALICE, job, {"tags": [{"key": "team", "value": "视觉"}, {"key": "b"}]})
    assert shown(put) == {"b": "", "team": "视觉"}
    assert shown(await tags.put(world.ctx, ALICE, job, body(b="2"))) == {"b": "2", "team": "视觉"}
    await tags.remove(world.ctx, ALICE, job, {"tags": [{"key": "team", "value": "other"}]})
    await tags.remove(world.ctx, ALICE, job, body(none=""))
    assert shown(await tags.show(world.ctx, ALICE, job)) == {"b": "2"}


@pytest.mark.parametrize("key", ["a", "k" * 128, "a b", "_.:=+-@", "键1", "é", "sys_", "_sys"])
async def test_keys_that_fit(world: World, key: str) -> None:
    """Guards letters of any script, digits, inner blanks and the marks."""
    job = await world.create()
    assert shown(await tags.put(world.ctx, ALICE, job, body(**{key: "a/b _.:=+-@ 值"}))) == {
        key: "a/b _.:=+-@ 值"
    }
    assert await found(world, tags=[{"key": key}]) == ["digits"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "v"),
        (" a", "v"),
        ("a ", "v"),
        ("k" * 129, "v"),
        ("_sys_", "v"),
        ("_sys_x", "v"),
        ("a/b", "v"),
        ("a\nb", "v"),
        ("a*", "v"),
        ("k", "v" * 256),
        ("k", "a*"),
        ("k", "a\tb"),
        (5, "v"),
        ("k", 5),
    ],
)
async def test_tags_that_do_not_fit_are_refused(world: World, key: object, value: object) -> None:
    """Guards the contract's limits; nothing of the request is stored, the message is whole in both languages."""
    job = await world.create()
    raw = {"tags": [{"key": "good", "value": "v"}, {"key": key, "value": value}]}
    with pytest.raises(InvalidParam) as caught:
        await tags.put(world.ctx, ALICE, job, raw)
    assert "{" not in caught.value.message(Language.EN) + caught.value.message(Language.ZH)
    assert shown(await tags.show(world.ctx, ALICE, job)) == {}


async def test_a_job_has_at_most_twenty_tags(world: World) -> None:
    """Guards the limit over several requests; replacing values is no more."""
    job = await world.create()
    await tags.put(world.ctx, ALICE, job, body(**{f"k{number}": "" for number in range(20)}))
    with pytest.raises(InvalidParam):
        await tags.put(world.ctx, ALICE, job, body(one="more"))
    await tags.put(world.ctx, ALICE, job, body(k7="new"))
    refused: list[dict[str, Any]] = [body(**{f"k{number}": "" for number in range(21)}), {"tags": []}, {}]
    for raw in refused:
        with pytest.raises(InvalidParam):
            await tags.put(world.ctx, ALICE, job, raw)
    twice = {"tags": [{"key": "k1"}, {"key": "k1"}]}
    with pytest.raises(InvalidParam):
        await tags.put(world.ctx, ALICE, job, twice)


async def test_jobs_are_found_by_tags(world: World) -> None:
    """Guards alternatives, conditions together, names, jobs without any, and the shape of what is found."""
    first = await world.create(metadata__name="first", algorithm__outputs=[])
    world.clock.ms += 1
    second = await world.create(metadata__name="second", algorithm__outputs=[])
    await tags.put(world.ctx, ALICE, first, body(team="a", stage="x"))
    await tags.put(world.ctx, ALICE, second, body(team="b"))
    assert await found(world) == ["second", "first"]
    assert await found(world, tags=[{"key": "team", "values": ["a", "b"]}]) == ["second", "first"]
    assert await found(world, tags=[{"key": "team", "values": ["a"]}, {"key": "stage"}]) == ["first"]
    assert await found(world, matches=[{"key": "resource_name", "value": "sec"}]) == ["second"]
    assert await found(world, without_any_tag=True, tags=[{"key": "team"}]) == []
    page = await tags.find_jobs(world.ctx, ALICE, {"workspace_id": "0"}, offset=1, limit=1)
    assert page.total_count == 2
    assert page.resources[0].model_dump() == {
        "resource_id": first,
        "resource_name": "first",
        "workspace_id": "0",
        "resource_detail": {},
        "tags": [{"key": "stage", "value": "x"}, {"key": "team", "value": "a"}],
    }
    listed = await tags.list_of_project(world.ctx, ALICE, offset=1, limit=5)
    assert listed.total_count == 2
    assert [(tag.key, tag.values) for tag in listed.tags] == [("team", ["a", "b"])]


@pytest.mark.parametrize(
    "raw",
    [
        {"tags": [{"key": "a"}, {"key": "a"}]},
        {"tags": [{"key": "a", "values": ["x", "x"]}]},
        {"tags": [{"key": "a", "values": [str(number) for number in range(11)]}]},
        {"tags": [{"key": "", "values": []}]},
        {"matches": [{"key": "colour", "value": "red"}]},
        {"matches": [{"key": "resource_name", "value": "a"}, {"key": "resource_name", "value": "b"}]},
        {"matches": [{"key": "resource_name", "value": "x" * 256}]},
        {"without_any_tag": "yes"},
        {"tags": {"key": "a"}},
    ],
)
async def test_searches_that_do_not_fit_are_refused(world: World, raw: dict[str, Any]) -> None:
    """Guards the limits of a search, counting alike."""
    with pytest.raises(InvalidParam):
        await tags.find_jobs(world.ctx, ALICE, raw, offset=0, limit=10)
    with pytest.raises(InvalidParam):
        await tags.count_jobs(world.ctx, ALICE, raw)


async def test_tags_keep_to_what_the_caller_sees(world: World) -> None:
    """Guards tags of other projects, of unseen workspaces, and of a workspace where one only looks on."""
    admin, ann, eve = boss(world), add_user(world, "ann", DEVELOPER), add_user(world, "eve", DEVELOPER)
    grants = [{"user_id": "ann", "role": "viewer"}]
    team = (
        await workspaces.create(world.ctx, admin, {"name": "team", "auth_type": "INTERNAL", "grants": grants})
    ).id
    made = await jobs.create(world.ctx, admin, job_body(metadata__workspace_id=team), EN)
    job = made.metadata.id
    await tags.put(world.ctx, admin, job, body(secret="x"))
    for who in (eve, BOB):
        for call in (
            tags.show(world.ctx, who, job),
            tags.put(world.ctx, who, job, body(a="b")),
            tags.remove(world.ctx, who, job, body(secret="x")),
        ):
            with pytest.raises(JobNotFound):
                await call
        assert (await tags.list_of_project(world.ctx, who, offset=0, limit=10)).tags == []
        assert await found(world, who) == []
        with pytest.raises(WorkspaceNotFound):
            await found(world, who, workspace_id=team)
    assert await found(world, ann, workspace_id=team, tags=[{"key": "secret"}]) == ["digits"]
    looking = replace(ann, action=Action.JOB_UPDATE)
    with pytest.raises(ActionDenied):
        await tags.put(world.ctx, looking, job, body(a="b"))
    with pytest.raises(ActionDenied):
        await tags.remove(world.ctx, looking, job, body(secret="x"))
