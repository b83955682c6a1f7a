"""The whole creation body: everything comes back, what has no effect is told, and nonsense never crashes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.world import ALICE, EN, ZH, World, job_body
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.texts import render_event
from trainwright.services import jobs
from trainwright.services.create_checks import check_algorithm
from trainwright.services.handling import RULES, Handling, settings_on
from trainwright.services.offered_checks import check_job_offered
from trainwright.services.role_creation import parse_job
from trainwright.wire.jobs import AlgorithmRequest

pytestmark = pytest.mark.anyio

TERM = {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}
WHOLE: dict[str, Any] = {
    "kind": "job",
    "metadata": {
        "name": "whole",
        "workspace_id": "0",
        "description": "全部",
        "annotations": {
            "fault-tolerance/job-retry-num": "3",
            "fault-tolerance/job-unconditional-retry": "true",
            "fault-tolerance/hang-retry": "true",
            "fault-tolerance/pod-retry-num": "2",
            "fault-tolerance/hccl_op_retry": "true",
            "performance_diagnosis_enabled": "true",
            "record/code-dir": "/bucket/backup/",
            "jupyter-lab/enable": "false",
            "my/own": "kept",
        },
        "own": {"deep": [1, None, "x"]},
    },
    "algorithm": {
        "code_dir": "/bucket/code/app/",
        "boot_file": "/bucket/code/app/train.py",
        "parameters": [
            {
                "name": "lr",
                "value": "0.10",
                "description": "learning rate",
                "constraint": {
                    "type": "Float",
                    "editable": True,
                    "required": True,
                    "sensitive": False,
                    "valid_type": "None",
                    "valid_range": [],
                },
                "i18n_description": {"language": "zh-cn", "description": "学习率"},
            }
        ],
        "policies": {"auto_search": None},
        "inputs": [
            {
                "name": "data_url",
                "description": "pictures",
                "local_dir": "/home/ma-user/data",
                "access_method": "parameter",
                "remote": {"obs": {"obs_url": "s3://bucket/data/"}},
                "remote_constraint": [{"data_type": "obs", "attributes": "x"}],
            }
        ],
        "outputs": [
            {
                "name": "train_url",
                "description": "model",
                "local_dir": "/home/ma-user/out",
                "access_method": "env",
                "prefetch_to_local": False,
                "remote": {"obs": {"obs_url": "/results/run1"}},
            }
        ],
        "engine": {
            "engine_id": "py-1",
            "engine_name": "Python",
            "engine_version": "1",
            "image_repo_id": "r",
            "install_sys_packages": True,
        },
        "local_code_dir": "/home/ma-user/code",
        "working_dir": "/home/ma-user/work",
        "environments": {"SEED": "7"},
        "summary": {},
    },
    "spec": {
        "resource": {"flavor_id": "cpu.1", "node_count": 2, "pool_id": ""},
        "volumes": [],
        "log_export_path": {"obs_url": "obs://results/logs/"},
        "auto_stop": {"time_unit": "HOURS", "duration": 1},
        "stop_grace_seconds": 5,
        "retention": {"policy": "enabled"},
        "schedule_policy": {
            "priority": 2,
            "preemptible": True,
            "required_affinity": {"job_level": "cluster", "affinity_group_size": 1},
            "preferred_affinity": {"node_affinity": [{"weight": 5, "preference": TERM}]},
        },
        "log_export_config": {"version": "v1", "rotation_enabled": True},
        "notification": {"topic_urn": "urn:smn:x", "events": ["JobFailed", "JobHanged"]},
        "custom_metrics": [{"exec": {"command": ["cat", "m"]}}, {"http_get": {"path": "/m", "port": 80}}],
        "asset_model": {"name": "a", "version": "1", "type": "t", "desc": "d"},
    },
    "endpoints": {"ssh": {"key_pair_names": []}},
    "tasks": [],
    "train_type": "",
    "future": {"field": 1},
}


def missing(given: Any, shown: Any, path: str = "") -> list[str]:
    """Paths of `given` that `shown` does not have with the same value."""
    if isinstance(given, dict) and isinstance(shown, dict):
        return [
            found for key, value in given.items() for found in missing(value, shown.get(key), f"{path}.{key}")
        ]
    if isinstance(given, list) and isinstance(shown, list) and len(given) == len(shown):
        pairs = enumerate(zip(given, shown, strict=True))
        return [found for index, (one, other) in pairs for found in missing(one, other, f"{path}[{index}]")]
    return [] if given == shown else [path]


async def test_everything_given_comes_back_as_it_was_written(world: World) -> None:
    """Guards the echo, spelling included, of every field that is acted on or kept, at creation and afterwards."""
    created = await jobs.create(world.ctx, ALICE, json.loads(json.dumps(WHOLE)), EN)
    again = await jobs.show(world.ctx, ALICE, created.metadata.id, EN)
    for answer in (created, again):
        shown = json.loads(answer.model_dump_json())
        # Declared as a list of objects in answers.
        assert missing(WHOLE, shown) == [".algorithm.environments"]
        assert shown["algorithm"]["environments"] == [{"SEED": "7"}]


async def test_the_whole_body_uses_every_kept_field() -> None:
    """Guards the test above against a new kept field that it does not try."""
    used = {path.replace("[0]", "[]").replace("[1]", "[]") for path in settings_on(WHOLE, Handling.KEPT)}
    only_elsewhere = {path for path in RULES if ".dataset." in path or path.startswith("tasks[]")}
    assert used == {path for path, rule in RULES.items() if rule.handling is Handling.KEPT} - only_elsewhere


async def test_what_has_no_effect_is_told_once_in_both_languages(world: World) -> None:
    """Guards "never silently ignored": one warning names every setting that changes nothing here."""
    created = await jobs.create(world.ctx, ALICE, json.loads(json.dumps(WHOLE)), EN)
    (told,) = [event for event in world.events(created.metadata.id) if event.code == "settings_kept"]
    assert told.level == "Warning"
    for language in (EN, ZH):
        sentence = render_event(told, language)
        assert "spec.notification" in sentence and "metadata.annotations.record/code-dir" in sentence
        assert "spec.retention" not in sentence and "{" not in sentence


async def test_an_ordinary_job_is_told_nothing(world: World) -> None:
    """Guards against a warning on every job."""
    assert [event.code for event in world.events(await world.create())] == ["job_created"]


# Bodies as the public reference and the manual print them, but for names, paths and the flavor.
SAMPLES: dict[str, dict[str, Any]] = {
    "preset engine": {
        "kind": "job",
        "metadata": {"name": "test-pytorch", "description": "", "annotations": {}},
        "algorithm": {
            "code_dir": "/bucket/code/app/",
            "boot_file": "/bucket/code/app/train.py",
            "parameters": [],
            "policies": {},
            "inputs": [
                {
                    "name": "data_url",
                    "remote": {"obs": {"obs_url": "/bucket/data/"}},
                    "description": "",
                    "local_dir": "",
                    "access_method": "",
                }
            ],
            "outputs": [],
            "engine": {"engine_id": "", "engine_name": "Python", "engine_version": "1", "image_url": ""},
            "environments": {},
        },
        "spec": {
            "resource": {"flavor_id": "cpu.1", "node_count": 1},
            "log_export_path": {},
            "volumes": [],
        },
    },
    "custom image": {
        "kind": "job",
        "metadata": {"name": "custom", "workspace_id": "", "description": "x"},
        "algorithm": {
            "code_dir": "/bucket/code/app/",
            "command": "echo hello;sleep 1 && cat x",
            "parameters": None,
            "policies": {"auto_search": None},
            "inputs": None,
            "engine": {"engine_id": "", "engine_name": "", "image_url": "lab/python:1"},
            "local_code_dir": "",
            "working_dir": "",
            "environments": None,
        },
        "spec": {
            "resource": {"policy": "regular", "flavor_id": "cpu.1", "node_count": 1, "pool_id": None},
            "log_export_path": {"obs_url": "", "host_path": ""},
            "schedule_policy": {"priority": 1},
            "notification": None,
            "reserved_time": None,
            "auto_stop": None,
        },
        "endpoints": {},
    },
}


@pytest.mark.parametrize("name", SAMPLES)
async def test_public_samples_are_taken(world: World, name: str) -> None:
    """Guards the forms that the reference prints: empty texts, lists, objects and nulls mean "not given"."""
    answer = await jobs.create(world.ctx, ALICE, SAMPLES[name], EN)
    assert answer.status.phase == "Creating"
    assert [event.code for event in world.events(answer.metadata.id)] == ["job_created"]


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of everything inside `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, part in inner for found in paths_of(part, (*path, key))]


PATHS = paths_of(WHOLE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


ROLES: dict[str, Any] = {
    "kind": "hetero_job",
    "metadata": WHOLE["metadata"],
    "algorithm": WHOLE["algorithm"],
    "spec": {
        **{name: part for name, part in WHOLE["spec"].items() if name != "resource"},
        "folders": {
            "dataset": {"dataset_id": "d", "version_id": "v", "obs_url": ""},
            "pretrained_model": {"model_id": "m", "version_id": "v"},
            "output_model": {"name": "m", "obs_url": "obs://b/m/"},
            "user_home": True,
        },
        "checkpoints": {"keep_last": 1, "keep_best": 1, "metric": "loss", "mode": "min"},
    },
    "tasks": [
        {
            "role": "learner",
            "algorithm": {
                "job_config": {
                    "parameters": WHOLE["algorithm"]["parameters"],
                    "inputs": WHOLE["algorithm"]["inputs"],
                    "outputs": WHOLE["algorithm"]["outputs"],
                    "engine": {"engine_id": "py-1", "run_user": "1000"},
                },
                "code_dir": "obs://bucket/code/app/",
                "boot_file": "obs://bucket/code/app/train.py",
                "environments": {"A": "b"},
            },
            "task_resource": {"flavor_id": "cpu.1", "node_count": 2, "pool_id": ""},
            "log_export_path": {"obs_url": "obs://results/logs/"},
            "parameters": [{"name": "a", "value": "b"}],
            "environments": {"A": "c"},
            "minSucceededTaskCount": 1,
            "minFailedTaskCount": 2,
            "isMainRole": True,
        },
        {"role": "actor", "command": "run", "task_resource": {"flavor_id": "cpu.1", "node_count": 1}},
    ],
}
ROLE_PATHS = [("roles", *path) for path in paths_of(ROLES)]


@settings(max_examples=600, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([("job", *path) for path in PATHS] + ROLE_PATHS), JSON),
        min_size=1,
        max_size=3,
    )
)
def test_nonsense_anywhere_is_an_error_of_ours(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Guards against a crash: whatever stands where, the form's checks accept it or refuse it by name."""
    kind = changes[0][0][0]
    changes = [(path[1:], value) for path, value in changes if path[0] == kind]
    body = json.loads(json.dumps(WHOLE if kind == "job" else ROLES))
    for path, value in changes:
        part = body
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    try:
        for part in parse_job(body):
            check_algorithm(part.request.algorithm or AlgorithmRequest())
        check_job_offered(body)
    except TrainwrightError as error:
        assert error.message(EN) and error.message(ZH)


@pytest.mark.parametrize("kind", ["job", "hetero_job", None, 5, [], "x"])
@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*WHOLE, "x"]), JSON, max_size=4))
def test_any_object_is_an_error_of_ours(kind: object, body: dict[str, Any]) -> None:
    """Guards the same for bodies that have nothing right."""
    with pytest.raises(TrainwrightError):
        parse_job({**body, "kind": kind})


async def test_a_body_that_is_accepted_is_accepted_again(world: World) -> None:
    """Guards what clients do: an answer of ours, sent back as a request under another name."""
    first = await jobs.create(world.ctx, ALICE, job_body(algorithm__outputs=[]), EN)
    body = json.loads(first.model_dump_json(exclude_none=True))
    body["metadata"]["name"] = "again"
    body["algorithm"]["environments"] = body["algorithm"]["environments"][0]
    second = await jobs.create(world.ctx, ALICE, body, EN)
    assert second.metadata.id != first.metadata.id
    assert second.metadata.create_time == first.metadata.create_time
