"""Saved algorithms: every field, and jobs made of them with their constraints enforced."""

import json
from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import CARD, PYTHON_ENGINE, SMALL, Platform
from tests.e2e.modelarts.shapes import AUTO_SEARCH, holds

TELL = "import sys\nprint('told', *sorted(sys.argv[1:]))\n"


def parameter(name: str, value: str, kind: str, **constraint: Any) -> dict[str, Any]:
    """A hyperparameter as the console defines one."""
    limits = {"type": kind, "editable": True, "required": False, "sensitive": False, "valid_type": "None"}
    return {
        "name": name,
        "value": value,
        "description": f"about {name}",
        "constraint": limits | {"valid_range": []} | constraint,
        "i18n_description": {"language": "zh-cn", "description": f"关于 {name}"},
    }


def document(platform: Platform, name: str, **job_config: Any) -> dict[str, Any]:
    """A creation request with every field, in wire names."""
    return {
        "metadata": {"name": name, "description": "一个算法", "workspace_id": "0"},
        "job_config": platform.code(name, TELL)
        | {
            "parameters": [
                parameter("lr", "0.1", "Float", valid_type="range", valid_range=["0", "1"]),
                parameter("layers", "3", "Integer", required=True),
                parameter("fixed", "same", "String", editable=False),
            ],
            "inputs": [
                {
                    "name": "data_url",
                    "description": "data",
                    "remote_constraints": [{"data_type": "obs", "attributes": [{"data_format": "Default"}]}],
                }
            ],
            "outputs": [{"name": "train_url", "description": "model"}],
            "parameters_customization": True,
        }
        | job_config,
        "resource_requirements": [
            {"key": "flavor_type", "values": ["CPU"], "operator": "in"},
            {"key": "device_distributed_mode", "values": ["singular", "multiple"], "operator": "in"},
            {"key": "host_distributed_mode", "values": ["singular"], "operator": "in"},
        ],
        "advanced_config": {},
    }


def make(platform: Platform, stem: str, **job_config: Any) -> Any:
    """Create one."""
    body = document(platform, platform.unique(stem), **job_config)
    return platform.admin.api.call("create_algorithm", body=body)


def job_of(platform: Platform, algorithm_id: str, **algorithm: Any) -> dict[str, Any]:
    """A job request that names the algorithm and gives what it wants."""
    name = platform.unique("of-algorithm")
    platform.put(f"{name}/in/a.csv", "1\n")
    return {
        "kind": "job",
        "metadata": {"name": name},
        "algorithm": {
            "id": algorithm_id,
            "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": f"obs://proof/{name}/in/"}}}],
            "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": f"obs://proof/{name}/out/"}}}],
        }
        | algorithm,
        "spec": {"resource": {"flavor_id": SMALL, "node_count": 1}},
    }


def searching(platform: Platform, name: str) -> dict[str, Any]:
    """The same with a search policy, which an algorithm may hold before searches are executed."""
    body = document(platform, name)
    layers = AUTO_SEARCH["search_params"][1] | {
        "lower_bound": "2",
        "upper_bound": "4",
        "discrete_points_num": "2",
    }
    search = AUTO_SEARCH | {"search_params": [AUTO_SEARCH["search_params"][0], layers]}
    return body | {"advanced_config": {"auto_search": search}}


@covers(
    "create_algorithm",
    """
        metadata.name metadata.description metadata.workspace_id job_config.code_dir
        job_config.boot_file job_config.engine.engine_id job_config.parameters.* job_config.inputs.*
        job_config.outputs.* job_config.parameters_customization resource_requirements.*
        advanced_config.auto_search.*
    """,
    answers="""
        job_config.code_tree.* metadata.domain_id metadata.source metadata.is_valid metadata.state
        metadata.version_num metadata.size
    """,
)
@covers(
    "show_algorithm_by_uuid",
    answers="""
        metadata.id metadata.name metadata.description metadata.workspace_id metadata.user_name
        metadata.create_time metadata.update_time job_config.code_dir job_config.boot_file
        job_config.engine.engine_* job_config.parameters.* job_config.inputs.* job_config.outputs.*
        job_config.parameters_customization resource_requirements.* advanced_config.auto_search.*
    """,
)
@covers(
    "change_algorithm",
    """
        metadata.name metadata.description metadata.workspace_id job_config.code_dir job_config.boot_file
        job_config.engine.engine_id job_config.parameters.* job_config.inputs.* job_config.outputs.*
        job_config.parameters_customization resource_requirements.* advanced_config.auto_search.*
    """,
)
@covers("delete_algorithm")
def test_an_algorithm_from_its_making_to_its_end(api: Caller, platform: Platform) -> None:
    """Guards every field of an algorithm through create, show, change and delete."""
    name = platform.unique("algorithm")
    body = searching(platform, name)
    made = api.call("create_algorithm", body=body)
    assert made.status_code == 201
    shown = api.call("show_algorithm_by_uuid", algorithm_id=made.metadata.id)
    answer = json.loads(shown.raw_content)
    values = {one["key"]: one["values"] for one in body["resource_requirements"]}
    assert {one["key"]: one["value"] for one in answer["resource_requirements"]} == values
    assert holds(body["metadata"], answer["metadata"])
    asked = dict(body["job_config"])
    assert holds(asked, answer["job_config"])
    assert (
        isinstance(shown.metadata.create_time, int)
        and shown.metadata.update_time >= shown.metadata.create_time
    )
    search = shown.advanced_config.auto_search
    assert (search.reward_attrs[0].name, search.algo_configs[0].name) == ("accuracy", "bayes_opt_search")
    assert search.search_params[1].discrete_values == "2,4"

    changed = searching(platform, name)
    changed["metadata"]["description"] = "改了"
    changed["job_config"]["parameters"][0]["value"] = "0.2"
    api.call("change_algorithm", algorithm_id=made.metadata.id, body=changed)
    again = api.call("show_algorithm_by_uuid", algorithm_id=made.metadata.id)
    assert (again.metadata.name, again.metadata.description) == (name, "改了")
    assert again.job_config.parameters[0].value == "0.2"
    gone = api.call("delete_algorithm", algorithm_id=made.metadata.id)
    assert (gone.status_code, gone.raw_content.strip()) in ((202, b"null"), (202, b""))
    api.refused("show_algorithm_by_uuid", "ModelArts.2755", algorithm_id=made.metadata.id)


@covers(
    "create_algorithm",
    """
        job_config.command job_config.engine.image_url job_config.engine.engine_name
        job_config.engine.engine_version
    """,
    kept="metadata.ai_project",
    answers="job_config.command job_config.engine.image_url metadata.ai_project",
)
@covers(
    "change_algorithm",
    """
        job_config.command job_config.engine.image_url job_config.engine.engine_name
        job_config.engine.engine_version
    """,
    kept="metadata.ai_project",
)
def test_other_sources_of_an_algorithm(api: Caller, platform: Platform) -> None:
    """Guards engines by name, and commands on an engine's image."""
    engines = {one.engine_id: one for one in api.call("show_training_job_engines").items}
    image = engines[PYTHON_ENGINE].image_info.cpu_image_url
    named = document(platform, platform.unique("named"))
    named["job_config"]["engine"] = {"engine_name": "Python", "engine_version": "3-local"}
    named["metadata"]["ai_project"] = "default-ai-project"
    made = api.call("create_algorithm", body=named)
    assert made.job_config.engine.engine_name == "Python"
    commanded: dict[str, Any] = {
        "metadata": {"name": platform.unique("commanded")},
        "job_config": {"command": "echo from the algorithm", "engine": {"image_url": image}},
    }
    turned = api.call("change_algorithm", algorithm_id=made.metadata.id, body=commanded)
    assert (turned.job_config.command, turned.job_config.code_dir or "") == ("echo from the algorithm", "")
    api.call("change_algorithm", algorithm_id=made.metadata.id, body=named)
    commanded["metadata"]["name"] = platform.unique("commanded")
    made = api.call("create_algorithm", body=commanded)
    assert made.job_config.command == "echo from the algorithm"
    body = job_of(platform, made.metadata.id)
    del body["algorithm"]["inputs"], body["algorithm"]["outputs"]
    job = platform.wait(api.call("create_training_job", body=body).metadata.id)
    assert job.status.phase == "Completed"
    log = api.call("show_training_job_logs_preview", training_job_id=job.metadata.id, task_id="worker-0")
    assert "from the algorithm" in log.content


@covers(
    "create_training_job",
    "algorithm.id algorithm.parameters.name algorithm.parameters.value",
    kept="algorithm.name",
)
@covers("show_training_job_details", answers="algorithm.id algorithm.name")
def test_a_job_of_an_algorithm_gets_its_values_and_overrides_them(api: Caller, platform: Platform) -> None:
    """Guards the use of algorithms: what the job does not say comes from the algorithm."""
    algorithm = make(platform, "used")
    parameters = [{"name": "lr", "value": "0.7"}, {"name": "extra", "value": "own"}]
    body = job_of(platform, algorithm.metadata.id, parameters=parameters, name="ignored")
    job = platform.wait(api.call("create_training_job", body=body).metadata.id)
    assert job.status.phase == "Completed"
    assert (job.algorithm.id, job.algorithm.name) == (algorithm.metadata.id, algorithm.metadata.name)
    assert job.algorithm.boot_file == algorithm.job_config.boot_file
    assert job.algorithm.engine.engine_id == PYTHON_ENGINE
    log = api.call(
        "show_training_job_logs_preview", training_job_id=job.metadata.id, task_id="worker-0"
    ).content
    for word in ("--lr=0.7", "--layers=3", "--fixed=same", "--extra=own", "--data_url=", "--train_url="):
        assert word in log, log
    name = [{"key": "algorithm_name", "operator": "like", "value": [algorithm.metadata.name]}]
    found = api.call("list_training_jobs", body={"filters": name})
    assert [one.metadata.id for one in found.items] == [job.metadata.id]


def test_the_constraints_of_an_algorithm_bind_its_jobs(api: Caller, platform: Platform) -> None:
    """Guards what an algorithm allows: values, own parameters, channels, flavors, nodes."""
    algorithm = make(platform, "strict", parameters_customization=False)
    wrong: dict[str, dict[str, Any]] = {
        "not editable": {"parameters": [{"name": "fixed", "value": "other"}]},
        "own parameter": {"parameters": [{"name": "extra", "value": "1"}]},
        "out of range": {"parameters": [{"name": "lr", "value": "7"}]},
        "wrong type": {"parameters": [{"name": "layers", "value": "many"}]},
        "required and emptied": {"parameters": [{"name": "layers", "value": ""}]},
        "input missing": {"inputs": []},
        "output missing": {"outputs": []},
    }
    for what, change in wrong.items():
        body = job_of(platform, algorithm.metadata.id, **change)
        refusal = api.refused("create_training_job", body=body)
        assert refusal.error_code.startswith("ModelArts."), (what, str(refusal))
    for resource in ({"flavor_id": CARD, "node_count": 1}, {"flavor_id": SMALL, "node_count": 2}):
        body = job_of(platform, algorithm.metadata.id) | {"spec": {"resource": resource}}
        api.refused("create_training_job", "ModelArts.2814", body=body)
    api.refused("create_training_job", "ModelArts.2755", status=400, body=job_of(platform, "never-was"))


@covers(
    "list_algorithms",
    "offset limit sort_by order searches workspace_id",
    kept="group_by",
    answers="""
        total count limit offset sort_by order group_by items.metadata.id items.metadata.name
    """,
)
def test_algorithms_in_pages_and_by_name(api: Caller, platform: Platform) -> None:
    """Guards the list: a text of the name after a colon, percent-encoded or not."""
    stem = platform.unique("Listed")
    names = [f"{stem}-{letter}" for letter in "bac"]
    for name in names:
        api.call("create_algorithm", body=document(platform, name))

    def listed(**query: Any) -> list[str]:
        return [one.metadata.name for one in api.call("list_algorithms", **query).items]

    assert listed(searches=f"name:{stem}") == names[::-1]
    assert listed(searches=f"name:{stem.lower()}") == []
    assert listed(searches=f"name:{stem}", sort_by="create_time", order="asc", workspace_id="0") == names
    page = api.call(
        "list_algorithms",
        searches=f"name:{stem}",
        offset=1,
        limit=1,
        sort_by="create_time",
        order="desc",
        group_by="",
    )
    assert [one.metadata.name for one in page.items] == [names[1]]
    assert (page.count, page.offset, page.limit, page.sort_by, page.order) == (3, 1, 1, "create_time", "desc")
    assert page.total >= page.count
    api.call("list_algorithms", group_by="name")
    for query in ({"limit": 0}, {"limit": 51}, {"offset": -1}, {"sort_by": "colour"}, {"order": "up"}):
        api.refused("list_algorithms", **query)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"metadata": {"name": "with blank"}}, ("ModelArts.2788",)),
        ({"metadata": {"name": "x" * 65}}, ("ModelArts.2788",)),
        ({"metadata": {"name": "n", "description": "x" * 257}}, ("ModelArts.2788",)),
    ],
)
def test_an_algorithm_out_of_bounds_is_refused(
    api: Caller, platform: Platform, change: dict[str, Any], codes: tuple[str, ...]
) -> None:
    """Guards the limits of names and descriptions."""
    api.refused("create_algorithm", *codes, body=document(platform, platform.unique("bounds")) | change)


def test_a_wrong_definition_is_refused_with_its_own_code(api: Caller, platform: Platform) -> None:
    """Guards algorithms against what their jobs would stumble over, and against a name that is taken."""
    taken = make(platform, "taken").metadata.name
    api.refused("create_algorithm", "ModelArts.2821", "ModelArts.2752", body=document(platform, taken))
    for config, codes in (
        ({"parameters": [parameter("a", "1", "Integer")] * 2}, ("ModelArts.2767",)),
        (
            {"parameters": [parameter("a", "one", "Integer")]},
            ("ModelArts.2768", "ModelArts.2770", "ModelArts.2825"),
        ),
        (
            {"parameters": [parameter("a", "1", "Colour")]},
            ("ModelArts.2788", "ModelArts.2768", "ModelArts.2825"),
        ),
        ({"engine": {"engine_id": "never-was"}}, ("ModelArts.2780",)),
        (
            {"code_dir": "obs://never-was/code/", "boot_file": "obs://never-was/code/a.py"},
            ("ModelArts.2802", "ModelArts.2757", "ModelArts.2791"),
        ),
        ({"boot_file": "obs://proof/elsewhere.py"}, ("ModelArts.2758", "ModelArts.2792")),
    ):
        name = platform.unique("wrong")
        refusal = api.refused("create_algorithm", body=document(platform, name, **config))
        assert refusal.error_code in codes, (config, str(refusal))


def test_an_unknown_algorithm_is_refused_everywhere(api: Caller, platform: Platform) -> None:
    """Guards every call that takes an algorithm's id."""
    body = document(platform, platform.unique("nowhere"))
    api.refused("show_algorithm_by_uuid", "ModelArts.2755", algorithm_id="never-was")
    api.refused("change_algorithm", "ModelArts.2755", algorithm_id="never-was", body=body)
    api.refused("delete_algorithm", "ModelArts.2755", algorithm_id="never-was")
    publication = {"content_info": {"version_num": "1.0.0"}, "algorithm": {"id": "never-was"}}
    api.refused("create_algorithm_version_to_gallery", "ModelArts.2755", body=publication)
