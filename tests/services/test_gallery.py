"""The gallery: publishing, finding, subscribing, jobs of subscriptions, withdrawing; and the hidden code."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.services.people import boss
from tests.services.test_algorithms import body, saved
from tests.services.world import ALICE, BOB, EN, REGISTRATION, ZH, World, channel, job_body
from trainwright.domain.access import VIEWER, Action
from trainwright.domain.errors import (
    ActionDenied,
    AlgorithmMismatch,
    AlgorithmNotFound,
    CodeHidden,
    DuplicateGalleryTitle,
    DuplicateGalleryVersion,
    GalleryItemNotFound,
    GalleryVersionNotFound,
    InputNotFound,
    InvalidBootFile,
    InvalidCodeDir,
    InvalidObsPath,
    InvalidParam,
    StorageUnavailable,
    SubscriptionNotFound,
    TooManyGalleryVersions,
    TrainwrightError,
)
from trainwright.domain.obs import ObsPath
from trainwright.ports.algorithms import GalleryVersion
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Member, Workspace
from trainwright.services import algorithms, gallery, jobs, reports, subscriptions
from trainwright.services.gallery import VERSIONS_MAX, ItemQuery
from trainwright.services.gallery_code import BUCKET, LEFT_OVER_MS
from trainwright.wire.gallery import Published

pytestmark = pytest.mark.anyio


async def publish(world: World, algorithm_id: str, content_id: str = "", **info: Any) -> Published:
    """A version of Alice's algorithm in the gallery."""
    raw: dict[str, Any] = {"algorithm": {"id": algorithm_id}, "content_info": info}
    return await gallery.publish(world.ctx, ALICE, {**raw, "content_id": content_id} if content_id else raw)


async def subscribe(world: World, item_id: str, **more: Any) -> dict[str, str]:
    """Bob's subscription, as a job of his names it."""
    made = await subscriptions.subscribe(world.ctx, BOB, {"item_id": item_id, **more})
    return {"subscription_id": made.subscription_id, "item_version_id": made.item_version_id}


async def copies(world: World) -> list[str]:
    """Keys of all that the platform keeps of published code."""
    if not await world.objects.bucket_exists(BUCKET):
        return []
    return [found.key for found in (await world.objects.list_page(ObsPath(BUCKET))).objects]


async def bobs_bucket(world: World) -> None:
    """A bucket of Bob's with data."""
    await world.put("obs://bobs/data/a.png")
    with world.ctx.units(PLATFORM) as uow:
        uow.buckets.claim("bobs", BOB.project_id, world.clock.ms)
        uow.commit()


def job_of(source: dict[str, str], name: str = "theirs", **algorithm: Any) -> dict[str, Any]:
    """A job of Bob's."""
    given = {
        **source,
        "inputs": [channel("data_url", "obs://bobs/data/")],
        "outputs": [channel("train_url", f"obs://bobs/{name}/")],
        **algorithm,
    }
    return {**job_body(algorithm=given), "metadata": {"name": name}}


async def test_published_code_is_a_copy(world: World) -> None:
    """Guards versions: they stay as they were, whatever becomes of the algorithm and its folder."""
    await world.put("obs://bucket/code/app/lib/net.py", b"net")
    made = await publish(world, await saved(world), version_num="2.0", desc="first")
    folder = f"{made.content_id}/{made.version_id}/app"
    assert (made.version_num, made.content_uri) == (
        "2.0",
        f"/v2/project-a/gallery/algorithms/{made.content_id}",
    )
    assert await copies(world) == [f"{folder}/lib/net.py", f"{folder}/train.py"]
    shown = await gallery.show(world.ctx, BOB, made.content_id)
    assert (shown.title, shown.description, shown.visibility) == ("digits", "first", "public")
    assert (shown.own, shown.user_name, shown.version_count) == (False, "alice", 1)
    await world.delete("obs://bucket/code/app/lib/net.py")
    await world.put("obs://bucket/code/app/train.py", b"changed")
    pieces = world.objects.read(ObsPath(BUCKET, f"{folder}/train.py"))
    assert b"".join([piece async for piece in pieces]) == b"x"


async def test_versions_follow_each_other(world: World) -> None:
    """Guards numbers: the next one when none is given, none twice, and only dotted numbers."""
    algorithm_id = await saved(world)
    first = await publish(world, algorithm_id)
    numbers = [first.version_num]
    for given in ({}, {"version_num": "1.10.0"}, {}, {"version_num": "1.9"}):
        numbers.append((await publish(world, algorithm_id, first.content_id, **given)).version_num)
    assert numbers == ["1.0.0", "1.0.1", "1.10.0", "1.10.1", "1.9"]
    kept = await copies(world)
    for number, error in (("1.9", DuplicateGalleryVersion), ("v2", InvalidParam), ("1." * 20, InvalidParam)):
        with pytest.raises(error):
            await publish(world, algorithm_id, first.content_id, version_num=number)
    with pytest.raises(DuplicateGalleryTitle):
        await publish(world, algorithm_id)
    assert await copies(world) == kept
    found = await gallery.find(world.ctx, ALICE, ItemQuery())
    assert [one.version_num for one in found.items[0].versions] == numbers[::-1]
    assert found.items[0].latest_version == "1.9"


async def test_an_item_has_so_many_versions(world: World) -> None:
    """Guards the bound on versions of one item."""
    algorithm_id = await saved(world)
    made = await publish(world, algorithm_id)
    with world.ctx.units(PLATFORM) as uow:
        for number in range(2, VERSIONS_MAX + 1):
            uow.gallery.add_version(GalleryVersion(f"v{number}", made.content_id, f"{number}", "", {}, ""))
        uow.commit()
    with pytest.raises(TooManyGalleryVersions):
        await publish(world, algorithm_id, made.content_id)


async def test_only_ones_own_is_published(world: World) -> None:
    """Guards publishing: another's algorithm, another's item and what never was are refused alike."""
    algorithm_id = await saved(world)
    item = await publish(world, algorithm_id)
    with pytest.raises(AlgorithmNotFound):
        await gallery.publish(world.ctx, BOB, {"algorithm": {"id": algorithm_id}})
    bobs = await algorithms.create(
        world.ctx, BOB, {"metadata": {"name": "bobs"}, "job_config": {"command": "true"}}
    )
    for content_id in (item.content_id, "never"):
        raw = {"algorithm": {"id": bobs.metadata.id}, "content_id": content_id}
        with pytest.raises(GalleryItemNotFound) as refused:
            await gallery.publish(world.ctx, BOB, raw)
        assert refused.value.slots == {"item": content_id}


async def test_failed_publishing_leaves_nothing(world: World) -> None:
    """Guards refusals: code that went away, or a store that fails halfway, leaves no item and no copy."""
    algorithm_id = await saved(world)
    await world.delete("obs://bucket/code/app/train.py")
    with pytest.raises(InvalidCodeDir):
        await publish(world, algorithm_id)
    await world.put("obs://bucket/code/app/train.py")
    world.objects.broken = "away"
    with pytest.raises(StorageUnavailable):
        await publish(world, algorithm_id)
    world.objects.broken = ""
    assert (await gallery.find(world.ctx, ALICE, ItemQuery())).count == 0
    assert await copies(world) == []
    await publish(world, algorithm_id)


async def test_an_algorithm_without_code_is_published(world: World) -> None:
    """Guards commands: their line is the publisher's, and nothing is copied."""
    raw = {"metadata": {"name": "line"}, "job_config": {"command": "echo secret-recipe"}}
    made = await algorithms.create(world.ctx, ALICE, raw)
    item = await publish(world, made.metadata.id)
    assert await copies(world) == []
    await bobs_bucket(world)
    job = await jobs.create(world.ctx, BOB, job_of(await subscribe(world, item.content_id)), EN)
    launch = world.read(job.metadata.id).job.launch
    assert "secret-recipe" in launch.roles[0].command.model_dump_json()
    for shown in (job, await gallery.show(world.ctx, BOB, item.content_id)):
        assert "secret-recipe" not in shown.model_dump_json()


async def test_the_gallery_is_found(world: World) -> None:
    """Guards finding: by a part of the title, sorted, one's own only; a project's own item is not for others."""
    for name, visibility in (("net-a", "public"), ("net-b", "project"), ("tree", "public")):
        world.clock.ms += 1000
        algorithm_id = await saved(world, "metadata.name", name)
        await publish(world, algorithm_id, visibility=visibility, title=f"{name}-title")

    async def titles(who: Any, **changes: Any) -> list[str]:
        page = await gallery.find(world.ctx, who, ItemQuery(**changes))
        return [item.title.removesuffix("-title") for item in page.items]

    assert await titles(ALICE) == ["tree", "net-b", "net-a"]
    assert await titles(BOB) == ["tree", "net-a"]
    assert await titles(BOB, title_like="net") == ["net-a"]
    assert await titles(BOB, own_only=True) == []
    assert await titles(ALICE, own_only=True, sort_by="title", descending=False) == ["net-a", "net-b", "tree"]
    assert await titles(ALICE, offset=1, limit=1) == ["net-b"]


async def test_an_item_is_changed_by_its_publisher(world: World) -> None:
    """Guards changes: what is left out stays; others cannot change or withdraw."""
    item = await publish(world, await saved(world))
    raw = {"title": "Digits 2", "visibility": "project"}
    with pytest.raises(GalleryItemNotFound):
        await gallery.change(world.ctx, BOB, item.content_id, raw)
    with pytest.raises(GalleryItemNotFound):
        await gallery.withdraw(world.ctx, BOB, item.content_id)
    with pytest.raises(InvalidParam):
        await gallery.change(world.ctx, ALICE, item.content_id, {"visibility": "secret"})
    changed = await gallery.change(world.ctx, ALICE, item.content_id, raw)
    assert (changed.title, changed.visibility, changed.description) == (
        "Digits 2",
        "project",
        "Scanned digits",
    )
    with pytest.raises(GalleryItemNotFound):
        await gallery.show(world.ctx, BOB, item.content_id)


async def test_a_project_subscribes_and_chooses(world: World) -> None:
    """Guards subscriptions: newest version unless chosen, once a project, listed, ended."""
    algorithm_id = await saved(world)
    first = await publish(world, algorithm_id)
    second = await publish(world, algorithm_id, first.content_id)
    made = await subscriptions.subscribe(world.ctx, BOB, {"item_id": first.content_id})
    assert (made.item_version_id, made.version_num) == (second.version_id, "1.0.1")
    again = await subscriptions.subscribe(
        world.ctx, BOB, {"item_id": first.content_id, "version_id": first.version_id}
    )
    assert again.subscription_id == made.subscription_id
    chosen = await subscriptions.choose(
        world.ctx, BOB, made.subscription_id, {"version_id": first.version_id}
    )
    assert chosen.version_num == "1.0.0"
    with pytest.raises(GalleryVersionNotFound):
        await subscriptions.choose(world.ctx, BOB, made.subscription_id, {"version_id": "never"})
    with pytest.raises(GalleryVersionNotFound):
        await subscriptions.subscribe(world.ctx, ALICE, {"item_id": first.content_id, "version_id": "never"})
    page = await subscriptions.search(world.ctx, BOB, title_like="dig", offset=0, limit=10)
    assert (page.count, [one.version_num for one in page.items]) == (1, ["1.0.0"])
    assert (await subscriptions.search(world.ctx, ALICE, title_like="", offset=0, limit=10)).count == 0
    await subscriptions.unsubscribe(world.ctx, BOB, made.subscription_id)
    with pytest.raises(SubscriptionNotFound):
        await subscriptions.show(world.ctx, BOB, made.subscription_id)


async def test_a_job_of_a_subscription_runs_the_copy(world: World) -> None:
    """Guards jobs of subscriptions: they run the published copy, within its constraints, and never show it."""
    item = await publish(world, await saved(world))
    source = await subscribe(world, item.content_id)
    await bobs_bucket(world)
    job = await jobs.create(world.ctx, BOB, job_of(source, parameters=[{"name": "lr", "value": "0.5"}]), EN)
    stored = world.read(job.metadata.id).job
    assert stored.launch.code is not None
    assert stored.launch.code.uri == f"obs://{BUCKET}/{item.content_id}/{item.version_id}/app/"
    assert stored.algorithm_name == "digits"
    assert [(one.name, one.value) for one in stored.launch.parameters] == [("lr", "0.5"), ("size", "16")]
    assert (job.algorithm["subscription_id"], job.algorithm["name"]) == (source["subscription_id"], "digits")
    with pytest.raises(AlgorithmMismatch):
        await jobs.create(
            world.ctx, BOB, job_of(source, "more", parameters=[{"name": "x", "value": "1"}]), EN
        )
    with pytest.raises(CodeHidden):
        await algorithms.save_job(world.ctx, BOB, job.metadata.id, {"metadata": {"name": "stolen"}})


async def test_subscribers_never_see_the_code(world: World) -> None:
    """Guards the publisher's code: nothing that a subscriber is shown tells where it lies or what it holds."""
    await world.put("obs://bucket/code/app/secret_model.py")
    item = await publish(world, await saved(world))
    source = await subscribe(world, item.content_id)
    await bobs_bucket(world)
    job = await jobs.create(world.ctx, BOB, job_of(source), EN)
    shown = [
        job,
        await jobs.show(world.ctx, BOB, job.metadata.id, EN),
        await gallery.show(world.ctx, BOB, item.content_id),
        await gallery.find(world.ctx, BOB, ItemQuery()),
        await subscriptions.show(world.ctx, BOB, source["subscription_id"]),
        await subscriptions.search(world.ctx, BOB, title_like="", offset=0, limit=10),
    ]
    for answer in shown:
        text = json.dumps(answer.model_dump(mode="json"))
        for secret in ("train.py", "secret_model", "/bucket/code", BUCKET, "code_tree", "boot_file"):
            assert secret not in text
    version = (await gallery.show(world.ctx, BOB, item.content_id)).versions[0]
    assert version.job_config is not None
    assert [one["name"] for one in version.job_config["parameters"]] == ["lr", "size"]
    assert version.resource_requirements == [
        {"key": "flavor_type", "values": ["CPU"], "value": ["CPU"], "operator": "in"}
    ]


async def test_a_task_has_another_name_for_hidden_code(world: World) -> None:
    """Guards the log: the runner prints what the order calls the code, so that the order names no place."""
    item = await publish(world, await saved(world))
    source = await subscribe(world, item.content_id)
    await bobs_bucket(world)
    job_id = (await jobs.create(world.ctx, BOB, job_of(source), EN)).metadata.id
    world.step(job_id)
    order = await reports.register(world.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    assert order.code is not None and (order.code.uri, order.code.shown) == ("", "subscribed algorithm")
    assert BUCKET not in order.model_dump_json()


@pytest.mark.parametrize("lost", ["train.py", "everything", "bucket"])
async def test_damage_of_the_copy_tells_no_place(world: World, lost: str) -> None:
    """Guards the platform's paths when its copy is not whole: the refusal says of what, but not where it lies."""
    await world.put("obs://bucket/code/app/lib/net.py", b"net")
    item = await publish(world, await saved(world))
    source = await subscribe(world, item.content_id)
    await bobs_bucket(world)
    for key in await copies(world):
        if lost != "train.py" or key.endswith("train.py"):
            await world.delete(f"obs://{BUCKET}/{key}")
    if lost == "bucket":
        await world.objects.delete_bucket(BUCKET)
    with pytest.raises(InvalidBootFile if lost == "train.py" else InvalidCodeDir) as caught:
        await jobs.create(world.ctx, BOB, job_of(source), EN)
    for text in (caught.value.message(EN), caught.value.message(ZH)):
        assert (
            BUCKET not in text and item.content_id not in text and "{" not in text and "train.py" not in text
        )


async def test_the_copy_cannot_be_named(world: World) -> None:
    """Guards the platform's bucket: no job and no algorithm reads the copy by its path, not even the publisher's."""
    item = await publish(world, await saved(world))
    folder = f"obs://{BUCKET}/{item.content_id}/{item.version_id}/app/"
    stolen = body("job_config.code_dir", folder)
    stolen["metadata"]["name"], stolen["job_config"]["boot_file"] = "stolen", f"{folder}train.py"
    with pytest.raises(InvalidCodeDir):
        await algorithms.create(world.ctx, ALICE, stolen)
    for changes in (
        {"algorithm__code_dir": folder, "algorithm__boot_file": f"{folder}train.py"},
        {"algorithm__inputs": [channel("data_url", folder)]},
        {"algorithm__outputs": [channel("train_url", folder)]},
    ):
        with pytest.raises((InvalidCodeDir, InputNotFound, InvalidObsPath)):
            await world.create(**changes)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({"subscription_id": "S"}, InvalidParam),
        ({"item_version_id": "V"}, InvalidParam),
        ({"subscription_id": "S", "item_version_id": "V", "id": "a"}, InvalidParam),
        ({"subscription_id": "S", "item_version_id": "never"}, AlgorithmNotFound),
        ({"subscription_id": "never", "item_version_id": "V"}, AlgorithmNotFound),
    ],
)
async def test_half_a_subscription(
    world: World, source: dict[str, str], error: type[TrainwrightError]
) -> None:
    """Guards the two ids of a subscription in a job: both or neither, and no other source beside them."""
    item = await publish(world, await saved(world))
    ids = await subscribe(world, item.content_id)
    words = {"S": ids["subscription_id"], "V": ids["item_version_id"]}
    await bobs_bucket(world)
    given = {name: words.get(value, value) for name, value in source.items()}
    with pytest.raises(error):
        await jobs.create(world.ctx, BOB, job_of(given), EN)


async def test_withdrawn_items_serve_jobs_that_run(world: World) -> None:
    """Guards withdrawal: unfinished jobs keep their code, new ones are refused, the copy goes when unused."""
    algorithm_id = await saved(world)
    item = await publish(world, algorithm_id)
    source = await subscribe(world, item.content_id)
    await bobs_bucket(world)
    job = await jobs.create(world.ctx, BOB, job_of(source), EN)
    await gallery.withdraw(world.ctx, ALICE, item.content_id)
    assert len(await copies(world)) == 1
    with pytest.raises(AlgorithmNotFound):
        await jobs.create(world.ctx, BOB, job_of(source, "late"), EN)
    with pytest.raises(SubscriptionNotFound):
        await subscriptions.show(world.ctx, BOB, source["subscription_id"])
    shown = await jobs.show(world.ctx, BOB, job.metadata.id, EN)
    assert shown.algorithm["name"] == "digits"
    with world.ctx.units(PLATFORM) as uow:
        uow.jobs.request_stop(job.metadata.id, world.clock.ms)
        uow.jobs.delete(job.metadata.id)
        uow.commit()
    world.clock.ms += 2 * LEFT_OVER_MS
    other = await publish(world, await saved(world, "metadata.name", "other"))
    assert await copies(world) == [f"{other.content_id}/{other.version_id}/app/train.py"]


async def test_withdrawing_removes_code_at_once_when_nobody_runs_it(world: World) -> None:
    """Guards the store against copies that nobody needs."""
    algorithm_id = await saved(world)
    item = await publish(world, algorithm_id)
    await publish(world, algorithm_id, item.content_id)
    assert len(await copies(world)) == 2
    await gallery.withdraw(world.ctx, ALICE, item.content_id)
    assert await copies(world) == []
    with pytest.raises(GalleryItemNotFound):
        await gallery.withdraw(world.ctx, ALICE, item.content_id)


async def test_leftovers_of_a_crash_are_swept(world: World) -> None:
    """Guards a crash between the copy and its row: the copy goes later, but not while it may still be being made."""
    await world.put(f"obs://{BUCKET}/lost/v1/app/train.py")
    world.clock.ms = (await world.objects.head(ObsPath(BUCKET, "lost/v1/app/train.py"))).modified_at_ms
    await publish(world, await saved(world))
    assert "lost/v1/app/train.py" in await copies(world)
    world.clock.ms += LEFT_OVER_MS
    await publish(world, await saved(world, "metadata.name", "other"))
    assert "lost/v1/app/train.py" not in await copies(world)
    assert len(await copies(world)) == 2


async def test_no_more_public(world: World) -> None:
    """Guards visibility: who had subscribed cannot use what is for the publisher's project only any more."""
    item = await publish(world, await saved(world))
    source = await subscribe(world, item.content_id)
    await bobs_bucket(world)
    await gallery.change(world.ctx, ALICE, item.content_id, {"visibility": "project"})
    with pytest.raises(AlgorithmNotFound):
        await jobs.create(world.ctx, BOB, job_of(source), EN)


async def test_a_workspaces_role_counts_for_publishing(world: World) -> None:
    """Guards workspaces: whoever may only look in one cannot carry its algorithms out into the gallery."""
    chief = boss(world)
    members = (Member(ALICE.user_id, ALICE.user_name, role=VIEWER),)
    algorithm_id = await saved(world)
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.add(
            Workspace(
                "w1", ALICE.project_id, "lab", owner_id=chief.user_id, auth_type="INTERNAL", members=members
            )
        )
        uow.algorithms.save(replace(uow.algorithms.get(algorithm_id), workspace_id="w1"))
        uow.commit()
    who = replace(ALICE, action=Action.GALLERY_PUBLISH)
    with pytest.raises(ActionDenied):
        await gallery.publish(world.ctx, who, {"algorithm": {"id": algorithm_id}})
