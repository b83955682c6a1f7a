"""Jobs made of saved algorithms: what is filled in, what may not be changed."""

import copy
from typing import Any

import pytest

from trainwright.catalog.flavors import Flavor
from trainwright.catalog.from_algorithm import check_fit, dataset_types, hide_code, merge
from trainwright.domain.errors import (
    AlgorithmMismatch,
    ChannelError,
    ParameterRange,
    ParameterRepeated,
    ParameterRequired,
    ParameterType,
    RemoteTypeUnsupported,
    TrainwrightError,
)
from trainwright.domain.specs import Resources
from trainwright.wire.jobs import AlgorithmRequest, JobRequest

SAVED: dict[str, Any] = {
    "metadata": {"name": "digits"},
    "job_config": {
        "code_dir": "/bucket/code/",
        "boot_file": "/bucket/code/train.py",
        "engine": {"engine_id": "py-1", "engine_name": "Python", "engine_version": "1"},
        "parameters": [
            {"name": "lr", "value": "0.1", "description": "Rate", "constraint": {"type": "Float"}},
            {"name": "depth", "value": "3", "constraint": {"type": "Integer", "editable": False}},
            {
                "name": "epochs",
                "constraint": {"type": "Integer", "required": True, "valid_range": ["1", "9"]},
            },
            {"name": "note"},
        ],
        "inputs": [
            {"name": "data_url", "description": "Data", "remote_constraints": [{"data_type": "obs"}]},
            {"name": "extra", "access_method": "env"},
        ],
        "outputs": [{"name": "train_url", "description": "Model"}],
        "parameters_customization": True,
    },
}


def saved(**config: Any) -> dict[str, Any]:
    return {**SAVED, "job_config": {**SAVED["job_config"], **config}}


def channel(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "remote": {"obs": {"obs_url": f"obs://bucket/{name}/"}}, **more}


def asked(**algorithm: Any) -> JobRequest:
    given: dict[str, Any] = {
        "id": "a1",
        "parameters": [{"name": "epochs", "value": "5"}],
        "inputs": [channel("extra"), channel("data_url")],
        "outputs": [channel("train_url")],
        **algorithm,
    }
    resource = {"flavor_id": "cpu.1", "node_count": 1}
    return JobRequest.model_validate(
        {"metadata": {"name": "job"}, "algorithm": given, "spec": {"resource": resource}}
    )


def merged(document: dict[str, Any] = SAVED, **algorithm: Any) -> AlgorithmRequest:
    request = asked(**algorithm)
    before = copy.deepcopy(request)
    made = merge("digits", document, request).algorithm
    assert request == before
    assert made is not None
    return made


def test_the_algorithm_is_filled_in() -> None:
    """Guards what a job gets of its algorithm: code, engine, defaults, and what its channels are."""
    made = merged()
    assert (made.id, made.name) == ("a1", "digits")
    assert (made.code_dir, made.boot_file, made.command) == ("/bucket/code/", "/bucket/code/train.py", None)
    assert made.engine is not None
    assert made.engine.engine_id == "py-1"
    values = {parameter.name: parameter.value for parameter in made.parameters or []}
    assert values == {"lr": "0.1", "depth": "3", "epochs": "5", "note": None}
    assert [(one.name, one.description, one.access_method) for one in made.inputs or []] == [
        ("data_url", "Data", None),
        ("extra", None, "env"),
    ]
    assert [(one.name, one.description) for one in made.outputs or []] == [("train_url", "Model")]


def test_the_job_says_what_it_may() -> None:
    """Guards overriding by name, additions, and that the algorithm's constraint stays whatever the job sends."""
    loose = {"type": "String", "editable": True}
    parameters = [
        {"name": "lr", "value": "0.5", "constraint": loose},
        {"name": "depth", "value": "3"},
        {"name": "epochs", "value": "9", "description": "Rounds"},
        {"name": "seed", "value": "7"},
    ]
    made = merged(
        parameters=parameters,
        inputs=[channel("data_url", access_method="env", local_dir="/home/ma-user/d"), channel("extra")],
        code_dir="obs://bucket/code",
        boot_file="obs://bucket/code/train.py",
        engine={"engine_id": "py-1", "engine_name": "Python"},
        environments={"A": "b"},
    )
    shown = [(one.name, one.value, one.description) for one in made.parameters or []]
    assert shown == [
        ("lr", "0.5", "Rate"),
        ("depth", "3", None),
        ("epochs", "9", "Rounds"),
        ("note", None, None),
        ("seed", "7", None),
    ]
    assert (made.parameters or [])[0].constraint == merged().parameters[0].constraint  # type: ignore[index] # there
    assert [(one.access_method, one.local_dir) for one in made.inputs or []] == [
        ("env", "/home/ma-user/d"),
        ("env", None),
    ]
    assert made.environments == {"A": "b"}


@pytest.mark.parametrize(
    ("algorithm", "error"),
    [
        ({"parameters": []}, ParameterRequired),
        ({"parameters": [{"name": "epochs", "value": ""}]}, ParameterRequired),
        ({"parameters": [{"name": "epochs", "value": "10"}]}, ParameterRange),
        ({"parameters": [{"name": "epochs", "value": "few"}]}, ParameterType),
        ({"parameters": [{"name": "epochs", "value": "5"}] * 2}, ParameterRepeated),
        (
            {"parameters": [{"name": "epochs", "value": "5"}, {"name": "depth", "value": "4"}]},
            AlgorithmMismatch,
        ),
        ({"inputs": [channel("data_url")]}, ChannelError),
        ({"inputs": [channel("data_url"), channel("extra"), channel("more")]}, ChannelError),
        ({"inputs": [channel("data_url"), channel("data_url"), channel("extra")]}, ChannelError),
        ({"outputs": []}, ChannelError),
        ({"outputs": [channel("model")]}, ChannelError),
        ({"code_dir": "obs://bucket/other/"}, AlgorithmMismatch),
        ({"boot_file": "/bucket/code/other.py"}, AlgorithmMismatch),
        ({"command": "python other.py"}, AlgorithmMismatch),
        ({"engine": {"engine_id": "sk-2"}}, AlgorithmMismatch),
        ({"engine": {"image_url": "lab/python:1"}}, AlgorithmMismatch),
        (
            {"inputs": [channel("extra"), {"name": "data_url", "remote": {"dataset": {"id": "d"}}}]},
            RemoteTypeUnsupported,
        ),
    ],
)
def test_the_job_may_not_say(algorithm: dict[str, Any], error: type[TrainwrightError]) -> None:
    """Guards each constraint of an algorithm against its jobs."""
    with pytest.raises(error):
        merged(**algorithm)


def test_no_more_hyperparameters() -> None:
    """Guards `parameters_customization`: only an explicit false forbids more; those there are may be given."""
    more = [{"name": "epochs", "value": "5"}, {"name": "seed", "value": "7"}]
    with pytest.raises(AlgorithmMismatch):
        merged(saved(parameters_customization=False), parameters=more)
    merged(saved(parameters_customization=False))
    merged(saved(parameters_customization=None), parameters=more)


def test_an_algorithm_without_channels_leaves_them_to_the_job() -> None:
    """Guards jobs whose algorithm declares no inputs or outputs."""
    made = merged(saved(inputs=[], outputs=None), inputs=[channel("any")], outputs=[channel("model")])
    assert [one.name for one in [*(made.inputs or []), *(made.outputs or [])]] == ["any", "model"]


def test_a_command_in_an_image() -> None:
    """Guards algorithms that are no preset engine's: their image and command are the job's."""
    document = saved(boot_file="", command="bash run.sh", engine={"image_url": "lab/own:1"})
    made = merged(document)
    assert (made.boot_file, made.command) == (None, "bash run.sh")
    assert made.engine is not None
    assert (made.engine.image_url, made.engine.engine_id) == ("lab/own:1", None)


def test_hidden_code_is_never_said_again() -> None:
    """Guards subscribed code: a job cannot guess at it, and the refusal does not tell whether the guess was right."""
    for guess in ("/bucket/code/", "/bucket/other/"):
        with pytest.raises(AlgorithmMismatch) as refused:
            merge("digits", SAVED, asked(code_dir=guess), code_hidden=True)
        assert "publisher" in str(refused.value)
    made = merge("digits", SAVED, asked(), code_hidden=True).algorithm
    assert made is not None
    shown = hide_code(made.model_dump(exclude_none=True))
    assert not {"code_dir", "boot_file", "command"} & shown.keys()
    assert "/bucket/code" not in str(shown)


@pytest.mark.parametrize(
    ("key", "values", "kind", "cards", "nodes", "fits"),
    [
        ("flavor_type", ["CPU"], "", 0, 4, True),
        ("flavor_type", ["CPU", "GPU"], "gpu", 1, 1, True),
        ("flavor_type", ["GPU", "Ascend"], "", 0, 1, False),
        ("device_distributed_mode", ["singular"], "gpu", 1, 2, True),
        ("device_distributed_mode", ["singular"], "gpu", 2, 1, False),
        ("device_distributed_mode", ["multiple"], "gpu", 2, 1, True),
        ("device_distributed_mode", ["multiple"], "gpu", 1, 1, True),
        ("host_distributed_mode", ["singular"], "gpu", 8, 1, True),
        ("host_distributed_mode", ["singular"], "", 0, 2, False),
        ("host_distributed_mode", ["multiple", "singular"], "", 0, 2, True),
    ],
)
def test_what_an_algorithm_runs_on(
    key: str, values: list[str], kind: Any, cards: int, nodes: int, fits: bool
) -> None:
    """Guards resource requirements against the flavor and the number of nodes, in both spellings of the values."""
    resources = Resources(cpus=1, memory_mib=512, accelerators=cards, accelerator_kind=kind)
    flavor = Flavor(id="f", resources=resources, max_nodes=8)
    for spelling in ("values", "value"):
        document = {**SAVED, "resource_requirements": [{"key": key, spelling: values, "operator": "in"}]}
        if fits:
            check_fit("digits", document, flavor, nodes)
        else:
            with pytest.raises(AlgorithmMismatch):
                check_fit("digits", document, flavor, nodes)


@pytest.mark.parametrize(
    ("attributes", "types"),
    [
        ([{"data_format": "Default"}, {"dataset_type": "0"}], {"0"}),
        ([{"dataset_type": ["0", "1"], "data_segmentation": ["no_limit"]}], {"0", "1"}),
        ({"dataset_type": "100,101"}, {"100", "101"}),
        ('{"dataset_type": [900]}', {"900"}),
        ("not JSON", set()),
        (None, set()),
    ],
)
def test_types_of_datasets(attributes: Any, types: set[str]) -> None:
    """Guards the forms in which clients send the attributes of a dataset constraint."""
    constraint = {"data_type": "dataset", "attributes": attributes}
    document = saved(inputs=[{"name": "data_url", "remote_constraints": [constraint]}])
    assert dataset_types(document, "data_url") == types
    assert dataset_types(document, "other") == set()
