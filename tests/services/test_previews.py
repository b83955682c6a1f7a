"""Previews say what the runner really does: both are held against each other, and nothing is created."""

import json
import re
from typing import Any

import pytest

from tests.services.test_create_roles import role, roles_body, with_engine
from tests.services.world import ALICE, EN, REGISTRATION, World, job_body
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.specs import Distribution
from trainwright.runner import launching
from trainwright.runner.environment import Interpreter, job_environment
from trainwright.runner.hosts import Peers
from trainwright.runner.layout import Layout, working_dir
from trainwright.services import previews, reports
from trainwright.services.jobs import create
from trainwright.wire.previews import RolePreview

pytestmark = pytest.mark.anyio


async def started(world: World, body: dict[str, Any], task: str) -> tuple[list[str], dict[str, str], str]:
    """What the runner would start for `task` of a job made of `body`: argv, environment, working folder."""
    answer = await create(world.ctx, ALICE, body, EN)
    job_id = answer.metadata.id
    world.step(job_id)
    for name in world.read(job_id).job.launch.task_names():
        got = await reports.register(world.ctx, f"{job_id}-a1", name, REGISTRATION)
        if name == task:
            order = json.loads(got.model_dump_json())
    places, python = Layout("", "sandbox"), Interpreter("python")
    peers = Peers(order, None, "10.0.0.7", 1)
    given = launching.Given(order, places, python, peers, helper=["runner"], secret="s")
    start = launching.prepare(given)
    environment = job_environment(
        order,
        places,
        python,
        peers=peers,
        attempt_key=f"{job_id}-a1",
        server_url="http://here",
        base={},
        started={**launching.of_this_start(order, places, 0, None), **start.environment},
    )
    return start.argv, environment, working_dir(order)


async def shown(world: World, body: dict[str, Any], name: str) -> RolePreview:
    """The preview of one role."""
    preview = await previews.preview(world.ctx, ALICE, body)
    return next(each for each in preview.roles if each.role == name)


BODIES: list[tuple[str, Distribution, dict[str, Any], str]] = [
    ("plain", Distribution.NONE, job_body(), "worker-0"),
    ("command", Distribution.NONE, job_body(algorithm={"command": "echo a"}), "worker-0"),
    (
        "flag",
        Distribution.NONE,
        job_body(algorithm__parameters=[{"name": "amp", "flag": True}, {"name": "lr", "value": "0.1"}]),
        "worker-0",
    ),
    (
        "folders",
        Distribution.NONE,
        job_body(spec__folders={"dataset": {"obs_url": "obs://bucket/data/"}, "user_home": True}),
        "worker-0",
    ),
    (
        "pytorch",
        Distribution.PYTORCH,
        job_body(spec__resource={"flavor_id": "node", "node_count": 3}),
        "worker-1",
    ),
    (
        "tensorflow",
        Distribution.TENSORFLOW,
        job_body(spec__resource={"flavor_id": "node", "node_count": 2}),
        "ps-1",
    ),
    ("roles", Distribution.NONE, roles_body(role("a-b", 2), role("c")), "a-b-1"),
]


@pytest.mark.parametrize(
    ("distribution", "body", "task"), [each[1:] for each in BODIES], ids=[b[0] for b in BODIES]
)
async def test_a_preview_is_what_the_runner_starts(
    world: World, distribution: Distribution, body: dict[str, Any], task: str
) -> None:
    """Guards against a preview that drifts from the runner: names of variables, fixed values, words, folder."""
    with_engine(world, distribution)
    if distribution is not Distribution.NONE:
        body = {**body, "algorithm": {**body["algorithm"], "engine": {"engine_id": "many"}}}
    preview = await shown(world, body, task.rpartition("-")[0])
    argv, environment, folder = await started(world, body, task)
    assert preview.working_dir == folder
    assert environment.keys() == preview.environment.keys()
    fixed = {name: value for name, value in preview.environment.items() if "<" not in value}
    assert {name: environment[name] for name in fixed} == fixed
    if argv[:2] == ["bash", "-c"]:
        assert preview.command == argv[2]
        return
    words = re.findall(r"(?:<[^>]*>|\S)+", preview.command)
    assert len(words) == len(argv)
    for word, real in zip(words, argv, strict=True):
        assert word == real or ("<" in word and word.partition("<")[0] == real[: word.index("<")])


async def test_a_hyperparameter_without_value_is_passed_only_as_a_flag(world: World) -> None:
    """Guards bare flags (`--amp`), an empty value (`--tag=`), and that no value alone still means "not given"."""
    parameters = [{"name": "amp", "flag": True}, {"name": "tag", "value": ""}, {"name": "none"}]
    argv, _, _ = await started(world, job_body(algorithm__parameters=parameters), "worker-0")
    assert argv[3:5] == ["--amp", "--tag="]
    assert not [word for word in argv if word.startswith("--none")]


async def test_who_starts_what(world: World) -> None:
    """Guards what is said of mpirun and of one process for each device."""
    with_engine(world, Distribution.MPI, processes=4)
    body = job_body(
        algorithm__engine={"engine_id": "many"}, spec__resource={"flavor_id": "node", "node_count": 2}
    )
    mpi = await shown(world, body, "worker")
    assert mpi.command.startswith("mpirun -np 8 --hostfile ") and mpi.started_by == "worker-0"
    with_engine(world, Distribution.ASCEND, processes=4)
    ascend = await shown(world, body, "worker")
    assert (ascend.processes, ascend.environment["RANK_SIZE"]) == (4, "8")
    for method in ("torchrun", "msrun"):
        body["algorithm"]["environments"] = {"MA_RUN_METHOD": method}
        assert (await shown(world, body, "worker")).started_by == method


async def test_nothing_is_created_and_nothing_of_the_platforms_is_named(world: World) -> None:
    """Guards that a preview leaves no job, no bucket and no place of the platform's behind."""
    body = job_body(spec__folders={"output_model": {"name": "m"}, "user_home": True})
    preview = await previews.preview(world.ctx, ALICE, body)
    assert not world.woken and not await world.objects.bucket_exists("trainwright-homes")
    assert "trainwright-" not in preview.model_dump_json()
    folders = {each.name: each.path for each in preview.roles[0].folders}
    assert folders["model"] == "/model" and folders["userhome"] == "/userhome" and folders[""] == "/code"
    assert preview.roles[0].command.startswith("python -u /code/train.py --lr=0.1")


async def test_a_preview_refuses_what_creation_refuses(world: World) -> None:
    """Guards that it is the same path."""
    with pytest.raises(TrainwrightError, match="Flavor x"):
        await previews.preview(world.ctx, ALICE, job_body(spec__resource={"flavor_id": "x", "node_count": 1}))
