"""Jobs on several nodes and with roles of their own: what is launched, what is refused, what is shown."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.world import ALICE, EN, World, channel, job_body
from trainwright.catalog.engines import EngineEntry
from trainwright.catalog.flavors import Flavor
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.specs import BootFile, Distribution, LaunchSpec, Resources, ShellCommand
from trainwright.services import jobs

pytestmark = pytest.mark.anyio

NODE = {"flavor_id": "cpu.1", "node_count": 1}


def role(name: str, count: int = 1, **more: Any) -> dict[str, Any]:
    """A role that runs a command."""
    return {"role": name, "task_resource": {**NODE, "node_count": count}, "command": f"run {name}", **more}


def roles_body(*roles: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A body with roles."""
    return {"kind": "hetero_job", "metadata": {"name": "actors"}, "tasks": list(roles), **more}


async def launched(world: World, body: dict[str, Any]) -> LaunchSpec:
    """The launch of a job of Alice's."""
    answer = await jobs.create(world.ctx, ALICE, body, EN)
    return world.read(answer.metadata.id).job.launch


def with_engine(world: World, distribution: Distribution, **flavor: Any) -> None:
    """Engine `many`, so distributed, and flavor `node` of an odd size."""
    engine = EngineEntry(id="many", name="Many", version="1", distribution=distribution, image="lab/many:1")
    size = Flavor(
        id="node",
        resources=Resources(cpus=3, memory_mib=1001, accelerators=2, accelerator_kind="gpu"),
        max_nodes=4,
        **flavor,
    )
    there = world.ctx.catalogue
    catalogue = replace(
        there,
        engines=(*(each for each in there.engines if each.id != "many"), engine),
        flavors=(*(each for each in there.flavors if each.id != "node"), size),
    )
    world.ctx = replace(world.ctx, catalogue=catalogue)


@pytest.mark.parametrize("distribution", [Distribution.PYTORCH, Distribution.MPI, Distribution.ASCEND])
async def test_several_nodes_are_that_many_workers(world: World, distribution: Distribution) -> None:
    """Guards node_count above 1, and that engine and flavor say how processes are started."""
    with_engine(world, distribution, processes=5)
    changes = {
        "algorithm__engine": {"engine_id": "many"},
        "spec__resource": {"flavor_id": "node", "node_count": 3},
    }
    launch = await launched(world, job_body(**changes))
    (worker,) = launch.roles
    assert launch.task_names() == ("worker-0", "worker-1", "worker-2")
    assert (worker.processes, worker.min_succeeded, worker.min_failed, worker.main) == (5, 0, 1, False)
    assert launch.engine is not None and launch.engine.distribution is distribution


async def test_tensorflow_shares_each_node_between_a_server_and_a_worker(world: World) -> None:
    """Guards facts §3: half the CPUs and memory and no card for the server, the rest and the result for the worker."""
    with_engine(world, Distribution.TENSORFLOW)
    changes = {
        "algorithm__engine": {"engine_id": "many"},
        "spec__resource": {"flavor_id": "node", "node_count": 2},
    }
    answer = await jobs.create(world.ctx, ALICE, job_body(**changes), EN)
    launch = world.read(answer.metadata.id).job.launch
    server, worker = launch.roles
    assert launch.task_names() == ("ps-0", "ps-1", "worker-0", "worker-1")
    assert (server.resources.cpus, server.resources.memory_mib, server.resources.accelerators) == (
        1.5,
        500,
        0,
    )
    assert (worker.resources.cpus, worker.resources.memory_mib, worker.resources.accelerators) == (
        1.5,
        501,
        2,
    )
    assert (server.main, worker.main) == (False, True)
    assert launch.work_of(server) == launch.work_of(worker)
    resource = answer.spec.resource
    assert resource.node_count == 2
    assert resource.main_container_allocated_resources.cpu_core_num == 3
    assert resource.main_container_allocated_resources.accelerator_num == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"spec__resource": {"flavor_id": "node", "node_count": 1}},
        {
            "algorithm": {"command": "python a.py", "engine": {"image_url": "lab/many:1"}},
            "spec__resource": {"flavor_id": "node", "node_count": 2},
        },
    ],
)
async def test_one_node_or_a_command_has_no_servers(world: World, changes: dict[str, Any]) -> None:
    """Guards that only a boot file on several nodes is split."""
    with_engine(world, Distribution.TENSORFLOW)
    body = job_body(**{"algorithm__engine": {"engine_id": "many"}, **changes})
    assert [each.name for each in (await launched(world, body)).roles] == ["worker"]


async def test_each_role_has_what_it_gives_itself(world: World) -> None:
    """Guards flavor, command, engine, code, channels, log folder, counts and variables of roles."""
    learner = {
        "role": "learner",
        "algorithm": {
            "job_config": {
                "parameters": [{"name": "lr", "value": "0.5"}],
                "inputs": [channel("data_url")],
                "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://results/l/"}}}],
                "engine": {"engine_id": "py-1"},
            },
            "code_dir": "obs://bucket/code/app/",
            "boot_file": "obs://bucket/code/app/train.py",
            "environments": {"A": "1", "B": "1"},
        },
        "task_resource": {"flavor_id": "cpu.4", "node_count": 1},
        "log_export_path": {"obs_url": "obs://results/logs/"},
        "parameters": [{"name": "extra", "value": "x y"}],
        "environments": {"B": "2"},
        "isMainRole": True,
    }
    actor = role(
        "actor",
        3,
        parameters=[{"name": "a", "value": "1"}, {"name": "", "value": "x"}, {"name": "b", "value": ""}, {}],
        minSucceededTaskCount=1,
        minFailedTaskCount=2,
    )
    launch = await launched(world, roles_body(learner, actor))
    first, second = launch.roles
    assert launch.task_names() == ("learner-0", "actor-0", "actor-1", "actor-2")
    assert (first.command, first.flavor_id, first.main) == (BootFile(path="train.py"), "cpu.4", True)
    assert second.command == ShellCommand(line="run actor --a=1")
    assert (second.flavor_id, second.min_succeeded, second.min_failed) == ("cpu.1", 1, 2)
    own, other = launch.work_of(first), launch.work_of(second)
    assert own.engine is not None and own.code is not None and other.engine is None and other.code is None
    assert [(p.name, p.value) for p in own.parameters] == [("lr", "0.5"), ("extra", "x y")]
    assert own.environment == {"A": "1", "B": "2"} and other.environment == {}
    assert own.log_export_uri == "obs://results/logs/" and other.log_export_uri == ""
    assert [c.uri for c in launch.all_inputs()] == ["obs://bucket/data/"]
    assert [c.uri for c in launch.all_outputs()] == ["obs://results/l/"]


async def test_roles_share_what_the_job_gives(world: World) -> None:
    """Guards that algorithm and spec of the job are every role's, and that commands replace its boot file."""
    shared = job_body(spec__auto_stop={"time_unit": "SECONDS", "duration": 9})
    body = roles_body(
        {"role": "a", "task_resource": {"node_count": 2}},
        {"role": "b", "task_resource": {"node_count": 1}, "command": "python other.py"},
        algorithm=shared["algorithm"],
        spec=shared["spec"],
    )
    launch = await launched(world, body)
    first, second = launch.roles
    assert first.work is None and launch.code is not None and launch.max_run_s == 9
    assert (first.command, second.command) == (
        BootFile(path="train.py"),
        ShellCommand(line="python other.py"),
    )
    assert {each.flavor_id for each in launch.roles} == {"cpu.1"}


async def test_what_roles_are_answered_with(world: World) -> None:
    """Guards contract §4: single objects for inputs and outputs, the size of a node; and our own fields."""
    boot = {
        "role": "learner",
        "algorithm": {"job_config": {"outputs": [channel("out", "obs://results/r/")]}},
        "task_resource": {"flavor_id": "cpu.4", "node_count": 1},
        "isMainRole": True,
    }
    body = roles_body(role("actor", 2), boot, algorithm=job_body()["algorithm"])
    body["tasks"][0]["algorithm"] = {"job_config": {"outputs": [channel("out", "obs://results/r0/")]}}
    answer = await jobs.create(world.ctx, ALICE, body, EN)
    assert answer.status.tasks == ["actor-0", "actor-1", "learner-0"]
    assert (answer.spec.resource.node_count, answer.spec.resource.flavor_id) == (3, "cpu.4")
    assert answer.tasks is not None
    actor, learner = answer.tasks
    assert learner["algorithm"]["inputs"]["local_dir"].endswith("/inputs/data_url_0")
    assert learner["algorithm"]["outputs"]["remote"]["obs"]["obs_url"] == "obs://results/r/"
    assert learner["algorithm"]["engine"]["engine_name"] == "Python"
    assert learner["algorithm"]["boot_file"].endswith("train.py") and "boot_file" not in actor["algorithm"]
    assert learner["task_resource"]["flavor_type"] == "CPU" and actor["task_resource"]["node_count"] == 2
    assert (actor["minSucceededTaskCount"], actor["minFailedTaskCount"]) == (2, 1)
    assert actor["command"] == "run actor"


REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([role("1a")], "tasks[0].role"),
    ([role("a" * 41)], "tasks[0].role"),
    ([role("a.b")], "tasks[0].role"),
    ([role("a-b"), role("A_b")], "tasks[1].role"),
    ([role("task1")], "tasks[0].role"),
    ([role("a", 2, minSucceededTaskCount=3)], "tasks[0].minSucceededTaskCount"),
    ([role("a", 2, minFailedTaskCount=3)], "tasks[0].minFailedTaskCount"),
    ([role("a", minFailedTaskCount=0)], "tasks[0].minFailedTaskCount"),
    ([role("a"), role("b", command="x\ny")], "tasks[1].command"),
    ([role("a", algorithm={"boot_file": "x"})], "tasks[0].command"),
    ([role("a", environments={"1": "x"})], "tasks[0].environments.1"),
    ([role("a", algorithm={"inputs": [channel("x"), channel("x")]})], "tasks[0].algorithm.inputs[1].name"),
    (
        [role("a", algorithm={"job_config": {"inputs": [channel("x", "obs://no-such/data/")]}})],
        "tasks[0].algorithm.job_config.inputs[0]",
    ),
    ([role("a"), role("b") | {"task_resource": {"node_count": 1}}], "tasks[1].task_resource.flavor_id"),
    ([role("a", log_export_path={"obs_url": "nowhere"})], "tasks[0].log_export_path"),
]


@pytest.mark.parametrize(("roles", "field"), REFUSED)
async def test_roles_that_do_not_fit_are_refused_by_name(
    world: World, roles: list[dict[str, Any]], field: str
) -> None:
    """Guards the rules of facts/octopus.md §1, and that the field named is the one in the body."""
    with pytest.raises(TrainwrightError) as refused:
        await jobs.create(world.ctx, ALICE, roles_body(*roles), EN)
    assert field in refused.value.message(EN)


async def test_a_role_of_the_systems_own_name_at_its_place(world: World) -> None:
    """Guards Octopus' own names, task0 and task1, in order."""
    launch = await launched(world, roles_body(role("task0"), role("task1", 2)))
    assert launch.task_names() == ("task0-0", "task1-0", "task1-1")
