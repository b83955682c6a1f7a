"""Saved algorithms: made, shown, changed, removed, and made of jobs."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from tests.services.people import boss
from tests.services.world import ALICE, BOB, EN, World, channel, job_body
from trainwright.domain.access import BUILT_IN, DEVELOPER, VIEWER, Action, allowed_by
from trainwright.domain.errors import (
    ActionDenied,
    AlgorithmNotFound,
    ChannelError,
    CodeHidden,
    CommandMissing,
    DuplicateAlgorithmName,
    EngineNotFound,
    ImageWithoutCommand,
    InvalidBootFile,
    InvalidCodeDir,
    InvalidFilterValue,
    InvalidParam,
    InvalidQuery,
    JobNotFound,
    ParameterRange,
    ParameterType,
    RemoteTypeUnsupported,
    SearchSettingsInvalid,
    StorageUnavailable,
    TooManyCodeFiles,
    TrainwrightError,
    UnsupportedFilterKey,
    UnsupportedSort,
    WorkspaceNotFound,
)
from trainwright.ports.datasets import Dataset, DatasetVersion
from trainwright.ports.identity import Principal
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Member, Workspace
from trainwright.services import algorithms, jobs
from trainwright.services.algorithm_queries import algorithm_query

pytestmark = pytest.mark.anyio

SEARCH: dict[str, Any] = {
    "reward_attrs": [{"name": "acc", "mode": "max", "regex": "acc=([0-9.]+)"}],
    "search_params": [
        {"name": "lr", "lower_bound": "0.01", "upper_bound": "0.1", "discrete_points_num": 5},
        {"name": "size", "param_type": "discrete", "discrete_values": ["16", "32"]},
    ],
    "algo_configs": [{"name": "tpe_search", "params": [{"key": "num_samples", "value": "3"}]}],
}
BODY: dict[str, Any] = {
    "metadata": {"name": "digits", "description": "Scanned digits", "tags": [{"key": "auto_search"}]},
    "job_config": {
        "code_dir": "/bucket/code/app/",
        "boot_file": "/bucket/code/app/train.py",
        "engine": {"engine_name": "Python", "engine_version": "1"},
        "parameters": [
            {"name": "lr", "value": "0.1", "constraint": {"type": "Float", "valid_range": ["0", "1"]}},
            {"name": "size", "value": "16", "constraint": {"type": "Integer"}},
        ],
        "inputs": [{"name": "data_url", "remote_constraints": [{"data_type": "obs"}]}],
        "outputs": [{"name": "train_url", "access_method": "env"}],
        "parameters_customization": False,
        "unknown": {"kept": True},
    },
    "resource_requirements": [{"key": "flavor_type", "values": ["CPU"], "operator": "in"}],
    "advanced_config": {"auto_search": SEARCH},
}


def body(path: str = "", value: Any = None) -> dict[str, Any]:
    """The good one with the value at `path`, such as `job_config.inputs.0.name`, replaced; `...` leaves it out."""
    made = copy.deepcopy(BODY)
    if path:
        *parents, leaf = (int(part) if part.isdigit() else part for part in path.split("."))
        part: Any = made
        for name in parents:
            part = part[name]
        if value is ...:
            del part[leaf]
        else:
            part[leaf] = value
    return made


async def saved(world: World, path: str = "", value: Any = None, who: Principal = ALICE) -> str:
    """The id of a new algorithm."""
    return (await algorithms.create(world.ctx, who, body(path, value))).metadata.id


async def test_what_is_saved_is_shown(world: World) -> None:
    """Guards the answer: the request with what the server fills in, in the spellings that the client reads."""
    await world.put("obs://bucket/code/app/lib/net.py", b"12345")
    made = await algorithms.create(world.ctx, ALICE, body())
    assert made == await algorithms.show(world.ctx, ALICE, made.metadata.id)
    shown = made.model_dump(mode="json")
    metadata = shown["metadata"]
    assert {
        name: metadata[name] for name in ("name", "description", "workspace_id", "user_name", "source")
    } == {
        "name": "digits",
        "description": "Scanned digits",
        "workspace_id": "0",
        "user_name": "alice",
        "source": "custom",
    }
    assert (metadata["create_time"], metadata["update_time"]) == (world.clock.ms, world.clock.ms)
    assert (metadata["is_valid"], metadata["size"], metadata["version_num"]) == (True, 6, 1)
    assert metadata["tags"] == [{"key": "auto_search"}]
    config = shown["job_config"]
    assert config["engine"] == {"engine_id": "py-1", "engine_name": "Python", "engine_version": "1"}
    assert config["code_tree"] == {
        "name": "app/",
        "children": [{"name": "lib/", "children": [{"name": "net.py"}]}, {"name": "train.py"}],
    }
    assert config["parameters"][0] == {
        "name": "lr",
        "value": "0.1",
        "description": "",
        "i18n_description": None,
        "constraint": {"type": "Float", "valid_range": ["0", "1"]},
    }
    assert config["outputs"] == [{"name": "train_url", "access_method": "env"}]
    assert config["unknown"] == {"kept": True}
    assert shown["resource_requirements"] == [
        {"key": "flavor_type", "values": ["CPU"], "value": ["CPU"], "operator": "in"}
    ]
    searched = shown["advanced_config"]["auto_search"]["search_params"]
    assert [one["discrete_values"] for one in searched] == ["", "16,32"]
    assert searched[0]["discrete_points_num"] == "5"


async def test_an_answer_can_be_sent_back(world: World) -> None:
    """Guards clients that change what they were shown: the answer is a request that means the same."""
    made = await algorithms.create(world.ctx, ALICE, body())
    raw = made.model_dump(mode="json", exclude_none=True)
    raw["metadata"]["description"] = "Changed"
    world.clock.ms += 5
    changed = await algorithms.change(world.ctx, ALICE, made.metadata.id, raw)
    assert changed.metadata.description == "Changed"
    assert (changed.metadata.version_num, changed.metadata.update_time) == (2, world.clock.ms)
    assert changed.metadata.create_time == made.metadata.create_time
    assert (changed.job_config, changed.advanced_config) == (made.job_config, made.advanced_config)
    assert changed.resource_requirements == made.resource_requirements


async def test_the_least_there_is(world: World) -> None:
    """Guards a command without code and engine: nothing else is asked for."""
    raw = {"metadata": {"name": "tiny"}, "job_config": {"command": "echo hello"}}
    made = await algorithms.create(world.ctx, ALICE, raw)
    assert made.job_config["command"] == "echo hello"
    assert made.job_config["inputs"] == made.job_config["parameters"] == []
    assert (made.resource_requirements, made.advanced_config, made.metadata.size) == (None, {}, 0)


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("metadata", ..., InvalidParam),
        ("metadata.name", ..., InvalidParam),
        ("metadata.name", "x" * 65, InvalidParam),
        ("metadata.name", "with blank", InvalidParam),
        ("metadata.description", "x" * 257, InvalidParam),
        ("metadata.workspace_id", "nowhere", WorkspaceNotFound),
        ("job_config", ..., InvalidParam),
        ("job_config.boot_file", ..., CommandMissing),
        ("job_config.boot_file", "/bucket/code/other.py", InvalidBootFile),
        ("job_config.boot_file", "/bucket/code/app/absent.py", InvalidBootFile),
        ("job_config.boot_file", "/bucket/code/app/train.sh", InvalidBootFile),
        ("job_config.code_dir", "bucket", InvalidCodeDir),
        ("job_config.code_dir", "/bucket/code/app/../app/", InvalidCodeDir),
        ("job_config.command", "echo", InvalidParam),
        ("job_config.engine", ..., CommandMissing),
        ("job_config.engine", {"engine_id": "absent"}, EngineNotFound),
        ("job_config.engine", {"engine_id": "py-1", "engine_name": "R"}, InvalidParam),
        ("job_config.engine", {"image_url": "lab/own:1"}, ImageWithoutCommand),
        ("job_config.parameters.0.value", "much", ParameterType),
        ("job_config.parameters.0.value", "2", ParameterRange),
        ("job_config.parameters.0.value", 0.1, InvalidParam),
        ("job_config.parameters.0.constraint.type", "Double", InvalidParam),
        ("job_config.parameters.0.description", "a\tb", InvalidParam),
        ("job_config.outputs.0.name", "data_url", ChannelError),
        ("job_config.outputs.0.name", "a-b", ChannelError),
        ("job_config.inputs.0.remote_constraints.0.data_type", "nfs", InvalidParam),
        ("job_config.inputs.0.access_method", "file", InvalidParam),
        ("resource_requirements.0.key", "memory", InvalidParam),
        ("resource_requirements.0.operator", "not", InvalidParam),
        ("resource_requirements.0.values", ["TPU"], InvalidParam),
        ("resource_requirements.0.values", [], InvalidParam),
        ("advanced_config.auto_search.search_params.0.name", "momentum", SearchSettingsInvalid),
        ("advanced_config.auto_search.reward_attrs.0.regex", "(", SearchSettingsInvalid),
    ],
)
async def test_what_does_not_fit_is_refused(
    world: World, path: str, value: Any, error: type[TrainwrightError]
) -> None:
    """Guards each check of a new or changed algorithm; refusals leave nothing and change nothing."""
    with pytest.raises(error):
        await saved(world, path, value)
    algorithm_id = await saved(world)
    before = await algorithms.show(world.ctx, ALICE, algorithm_id)
    with pytest.raises(error):
        await algorithms.change(world.ctx, ALICE, algorithm_id, body(path, value))
    assert await algorithms.show(world.ctx, ALICE, algorithm_id) == before


async def test_the_code_is_bounded(world: World) -> None:
    """Guards the limits of a code folder: more files are refused, and the tree never has more than 1000 nodes."""
    for number in range(999):
        await world.put(f"obs://bucket/code/app/d{number}/f.py")
    made = await algorithms.create(world.ctx, ALICE, body())
    nodes, waiting = 0, [made.job_config["code_tree"]]
    while waiting:
        nodes += 1
        waiting += waiting.pop().get("children", [])
    assert 990 <= nodes <= 1000
    await world.put("obs://bucket/code/app/one_more.py")
    with pytest.raises(TooManyCodeFiles):
        await saved(world, "metadata.name", "other")


async def test_anothers_bucket_is_no_place_for_code(world: World) -> None:
    """Guards buckets: another project's, and the platform's own, look as if they were not there."""
    await world.put("obs://trainwright-gallery/app/train.py")
    for who, folder in ((BOB, "/bucket/code/app/"), (ALICE, "/trainwright-gallery/app/")):
        raw = body("job_config.code_dir", folder)
        raw["job_config"]["boot_file"] = f"{folder}train.py"
        with pytest.raises(InvalidCodeDir, match="does not exist"):
            await algorithms.create(world.ctx, who, raw)


async def test_code_that_went_away(world: World) -> None:
    """Guards `is_valid`: an algorithm whose code is gone is shown, as not usable; a store that is away says nothing."""
    algorithm_id = await saved(world)
    world.objects.broken = "away"
    assert (await algorithms.show(world.ctx, ALICE, algorithm_id)).metadata.is_valid
    with pytest.raises(StorageUnavailable):
        await saved(world, "metadata.name", "other")
    world.objects.broken = ""
    await world.delete("obs://bucket/code/app/train.py")
    shown = await algorithms.show(world.ctx, ALICE, algorithm_id)
    assert (shown.metadata.is_valid, shown.metadata.state) == (False, "unusable")
    assert shown.job_config["code_tree"]["children"] == [{"name": "train.py"}]


async def test_names_are_there_once(world: World) -> None:
    """Guards names in a project; the name of one's own may stay, and is free after deletion."""
    algorithm_id = await saved(world)
    other = await saved(world, "metadata.name", "letters")
    with pytest.raises(DuplicateAlgorithmName):
        await saved(world)
    with pytest.raises(DuplicateAlgorithmName):
        await algorithms.change(world.ctx, ALICE, other, body())
    await algorithms.change(world.ctx, ALICE, algorithm_id, body("metadata.description", "again"))
    await algorithms.delete(world.ctx, ALICE, algorithm_id)
    with pytest.raises(AlgorithmNotFound):
        await algorithms.show(world.ctx, ALICE, algorithm_id)
    await saved(world)


async def test_others_algorithms_do_not_exist(world: World) -> None:
    """Guards the project: another's id is refused like one that never was, by every call."""
    algorithm_id = await saved(world)
    for who, wanted in ((BOB, algorithm_id), (ALICE, "never")):
        for call in (
            algorithms.show(world.ctx, who, wanted),
            algorithms.change(world.ctx, who, wanted, body()),
            algorithms.delete(world.ctx, who, wanted),
        ):
            with pytest.raises(AlgorithmNotFound) as refused:
                await call
            assert refused.value.slots == {"algorithm": wanted}
    page = await algorithms.search(world.ctx, BOB, query(), "")
    assert (page.total, page.items) == (0, [])


async def test_the_list_of_an_unseen_workspace(world: World) -> None:
    """Guards typing errors and hidden workspaces: both are refused alike, as by other lists, and not shown as empty."""
    with world.ctx.units(PLATFORM) as uow:
        uow.workspaces.add(Workspace("hid", ALICE.project_id, "hid", owner_id="u9", auth_type="PRIVATE"))
        uow.commit()
    for unseen in ("hid", "never"):
        with pytest.raises(WorkspaceNotFound):
            await algorithms.search(world.ctx, ALICE, query(workspace_id=unseen), "")
    await saved(world)
    assert (await algorithms.search(world.ctx, ALICE, query(workspace_id="0"), "")).total == 1


async def test_roles_in_a_workspace(world: World) -> None:
    """Guards workspaces: a member who may only look cannot create, change, move or delete there; others see nothing."""
    chief, action = boss(world), Action.ALGORITHM_CREATE
    with world.ctx.units(PLATFORM) as uow:
        members = (Member(ALICE.user_id, ALICE.user_name, role=VIEWER),)
        uow.workspaces.add(
            Workspace(
                "w1", ALICE.project_id, "lab", owner_id=chief.user_id, auth_type="INTERNAL", members=members
            )
        )
        uow.commit()
    there = await saved(world, "metadata.workspace_id", "w1", chief)
    viewer = replace(ALICE, action=action)
    with pytest.raises(ActionDenied):
        await saved(world, "metadata.workspace_id", "w1", viewer)
    assert (await algorithms.show(world.ctx, viewer, there)).metadata.workspace_id == "w1"
    with pytest.raises(ActionDenied):
        await algorithms.delete(world.ctx, replace(ALICE, action=Action.ALGORITHM_DELETE), there)
    with pytest.raises(ActionDenied):
        await algorithms.change(world.ctx, replace(ALICE, action=Action.ALGORITHM_UPDATE), there, body())
    mine = await saved(world, "metadata.name", "mine")
    moved = body("metadata.workspace_id", "w1")
    with pytest.raises(ActionDenied):
        await algorithms.change(world.ctx, replace(ALICE, action=Action.ALGORITHM_UPDATE), mine, moved)
    stranger = Principal("u7", "eve", ALICE.project_id, False, allowed_by(BUILT_IN[DEVELOPER]), action)
    with pytest.raises(AlgorithmNotFound):
        await algorithms.show(world.ctx, stranger, there)
    assert await algorithms.change(
        world.ctx, chief, mine, {**moved, "metadata": {**moved["metadata"], "name": "m"}}
    )


def query(searches: str = "", **changes: Any) -> Any:
    """A query of the list."""
    given: dict[str, Any] = {
        "searches": searches,
        "workspace_id": "",
        "sort_by": "create_time",
        "descending": True,
        "offset": 0,
        "limit": 10,
    }
    return algorithm_query(**{**given, **changes})


async def test_the_list_is_searched(world: World) -> None:
    """Guards `searches`: names as the contract has them, and what the manual lists beside them."""
    for name in ("net-a", "net-b", "tree"):
        world.clock.ms += 1000
        await saved(world, "metadata.name", name)
    start = world.clock.ms
    found = {
        "": ["tree", "net-b", "net-a"],
        "name:net": ["net-b", "net-a"],
        "name:Net": [],
        "name:": ["tree", "net-b", "net-a"],
        "name:net,description:Scanned%20dig": ["net-b", "net-a"],
        "engine:py-1,code_dir:/code/": ["tree", "net-b", "net-a"],
        f"create_time:{start - 1000}-": ["tree", "net-b"],
        f"create_time:-{start - 2000}": ["net-a"],
        "description:a%2Cb": [],
    }
    for searches, names in found.items():
        page = await algorithms.search(world.ctx, ALICE, query(searches), "x")
        assert [item.metadata.name for item in page.items] == names, searches
        assert (page.total, page.count, page.group_by) == (3, len(names), "x")
    page = await algorithms.search(world.ctx, ALICE, query(sort_by="name", descending=False, limit=2), "")
    assert [item.metadata.name for item in page.items] == ["net-a", "net-b"]
    assert (page.sort_by, page.order, page.limit, page.count) == ("name", "asc", 2, 3)


@pytest.mark.parametrize(
    ("searches", "changes", "error"),
    [
        ("net", {}, InvalidQuery),
        ("size:3", {}, UnsupportedFilterKey),
        ("create_time:yesterday-", {}, InvalidFilterValue),
        ("", {"sort_by": "size"}, UnsupportedSort),
    ],
)
def test_queries_that_make_no_sense(
    searches: str, changes: dict[str, Any], error: type[TrainwrightError]
) -> None:
    """Guards the list's parameters: what is not understood is refused, never ignored."""
    with pytest.raises(error):
        query(searches, **changes)


def of(algorithm_id: str, **more: Any) -> dict[str, Any]:
    """A job of the algorithm."""
    algorithm = {
        "id": algorithm_id,
        "inputs": [channel("data_url")],
        "outputs": [channel("train_url", "obs://results/run/")],
        **more,
    }
    return job_body(algorithm=algorithm)


async def test_a_job_of_an_algorithm_outlives_it(world: World) -> None:
    """Guards jobs: they run the algorithm as it was, whatever becomes of it later."""
    algorithm_id = await saved(world)
    job = await jobs.create(world.ctx, ALICE, of(algorithm_id), EN)
    launch = world.read(job.metadata.id).job.launch
    assert [(one.name, one.value) for one in launch.parameters] == [("lr", "0.1"), ("size", "16")]
    assert launch.outputs[0].pass_as == "environment"
    await algorithms.change(world.ctx, ALICE, algorithm_id, body("job_config.parameters.0.value", "1"))
    await algorithms.delete(world.ctx, ALICE, algorithm_id)
    shown = await jobs.show(world.ctx, ALICE, job.metadata.id, EN)
    assert (shown.algorithm["id"], shown.algorithm["name"]) == (algorithm_id, "digits")
    assert shown.algorithm["boot_file"] == "/bucket/code/app/train.py"
    with pytest.raises(AlgorithmNotFound):
        await jobs.create(world.ctx, ALICE, {**of(algorithm_id), "metadata": {"name": "late"}}, EN)


async def test_a_job_is_saved_as_an_algorithm(world: World) -> None:
    """Guards saving a job: what it ran, with its values as defaults; channels without places; more may be added."""
    searched = {"name": "lr", "value": "0.2", "description": "(sic)", "constraint": {"type": "Float"}}
    job_id = await world.create(algorithm__parameters=[searched], metadata__description="the job's")
    raw = {"metadata": {"name": "kept", "description": "of a job"}}
    made = await algorithms.save_job(world.ctx, ALICE, job_id, raw)
    assert (made.metadata.name, made.metadata.description, made.metadata.workspace_id) == (
        "kept",
        "of a job",
        "0",
    )
    config = made.job_config
    assert (config["code_dir"], config["boot_file"]) == (
        "obs://bucket/code/app/",
        "obs://bucket/code/app/train.py",
    )
    assert config["engine"]["engine_id"] == "py-1"
    assert [(one["name"], one["value"], one["description"]) for one in config["parameters"]] == [
        ("lr", "0.2", "")
    ]
    assert (config["inputs"], config["outputs"]) == ([{"name": "data_url"}], [{"name": "train_url"}])
    assert config["parameters_customization"] is True
    again = of(made.metadata.id, parameters=[{"name": "seed", "value": "1"}])
    job = await jobs.create(world.ctx, ALICE, {**again, "metadata": {"name": "again"}}, EN)
    assert job.algorithm["name"] == "kept"


async def test_a_job_of_an_algorithm_is_saved_as_another(world: World) -> None:
    """Guards saving a job that was made of an algorithm itself: the algorithm's part is in it."""
    algorithm_id = await saved(world)
    job = await jobs.create(
        world.ctx, ALICE, of(algorithm_id, parameters=[{"name": "lr", "value": "0.9"}]), EN
    )
    made = await algorithms.save_job(world.ctx, ALICE, job.metadata.id, {"metadata": {"name": "copy"}})
    assert made.job_config["code_dir"] == "/bucket/code/app/"
    values = {one["name"]: one["value"] for one in made.job_config["parameters"]}
    assert values == {"lr": "0.9", "size": "16"}


async def test_jobs_that_cannot_be_saved(world: World) -> None:
    """Guards saving: other people's jobs, wrong names, and code that went away since."""
    job_id = await world.create()
    raw = {"metadata": {"name": "kept"}}
    with pytest.raises(JobNotFound):
        await algorithms.save_job(world.ctx, BOB, job_id, raw)
    with pytest.raises(InvalidParam):
        await algorithms.save_job(world.ctx, ALICE, job_id, {"metadata": {"name": "a b"}})
    await algorithms.save_job(world.ctx, ALICE, job_id, raw)
    with pytest.raises(DuplicateAlgorithmName):
        await algorithms.save_job(world.ctx, ALICE, job_id, raw)
    await world.delete("obs://bucket/code/app/train.py")
    with pytest.raises(InvalidCodeDir):
        await algorithms.save_job(world.ctx, ALICE, job_id, {"metadata": {"name": "late"}})


async def test_subscribed_code_cannot_be_saved(world: World) -> None:
    """Guards the publisher's code (manual 4.10): a job of a subscription is no source of an algorithm."""
    job_id = await world.create()
    with world.ctx.units(PLATFORM) as uow:
        job = uow.jobs.get(job_id)
        uow.jobs.delete(job_id)
        hidden = {**job.request, "algorithm": {"subscription_id": "s1", "item_version_id": "v1"}}
        uow.jobs.add(replace(job, request=hidden, algorithm_name="theirs"))
        uow.commit()
    with pytest.raises(CodeHidden, match="theirs"):
        await algorithms.save_job(world.ctx, ALICE, job_id, {"metadata": {"name": "kept"}})


async def test_datasets_have_the_type_that_the_algorithm_takes(world: World) -> None:
    """Guards `dataset_type` of an input: a registered dataset of another type is refused."""
    with world.ctx.units(PLATFORM) as uow:
        for kind in ("0", "900"):
            made = Dataset(
                kind, ALICE.project_id, "0", f"d{kind}", "", kind, "obs://bucket/data/", "u1", "alice"
            )
            uow.datasets.add(made)
            version = DatasetVersion(f"v{kind}", kind, "V1", "", "obs://bucket/data/", state="ready")
            uow.datasets.add_version(version)
            uow.datasets.save_version(version)
        uow.commit()
    constraint = {"data_type": "dataset", "attributes": [{"dataset_type": "0"}]}
    algorithm_id = await saved(world, "job_config.inputs.0.remote_constraints", [constraint])
    remotes: dict[str, dict[str, Any]] = {
        "900": {"dataset": {"id": "900", "version_id": "v900"}},
        "0": {"dataset": {"id": "0", "version_id": "v0"}},
        "obs": {"obs": {"obs_url": "obs://bucket/data/"}},
    }
    for kind, remote in remotes.items():
        raw = of(algorithm_id, inputs=[{"name": "data_url", "remote": remote}])
        if kind == "0":
            job = await jobs.create(world.ctx, ALICE, raw, EN)
            assert world.read(job.metadata.id).job.launch.inputs[0].dataset_version_id == "v0"
        else:
            with pytest.raises(RemoteTypeUnsupported):
                await jobs.create(world.ctx, ALICE, raw, EN)
