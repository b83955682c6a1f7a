"""What a caller learns from a mistake: code, message and request id, in their language, on every operation."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.official import names, operation
from tests.e2e.modelarts.platform import SMALL, Person, Platform

WITH_ID = [name for name in names() if set(operation(name).path_parameters) - {"project_id"}]


def minimal(name: str) -> dict[str, Any]:
    """Values with which the client sends the operation at all."""
    return {"body": {}} if "body" in operation(name).request.openapi_types else {}


@pytest.mark.parametrize("name", WITH_ID)
def test_a_path_parameter_left_out_is_refused(api: Caller, name: str) -> None:
    """Guards the literal `{training_job_id}` that the client sends: never a 500, never an empty success."""
    refusal = api.refused(name, **minimal(name))
    assert refusal.status_code in (400, 404, 409), str(refusal)
    assert refusal.error_code != "Trainwright.0002", str(refusal)


@pytest.mark.parametrize("language", ["zh-cn", "en-us"])
def test_messages_are_in_the_callers_language(api: Caller, platform: Platform, language: str) -> None:
    """Guards both languages on errors of every layer: ids, fields, queries, routes, rights."""
    job = platform.job("x" * 65)
    refusals = [
        api.refused("show_training_job_details", language=language, training_job_id="never-was"),
        api.refused("create_training_job", language=language, body=job),
        api.refused("list_training_jobs", language=language, body={"limit": 99}),
        api.refused("list_algorithms", language=language, limit=99),
        api.refused("show_pool", language=language, pool_name="never-was"),
        api.refused("create_training_job", language=language, body=platform.job("k") | {"kind": "edge_job"}),
    ]
    for refusal in refusals:
        assert refusal.error_msg.isascii() == (language == "en-us"), str(refusal)


def plain(platform: Platform, verb: str, path: str, **more: Any) -> httpx.Response:
    """A request that the client cannot be brought to send, as the administrator."""
    return platform.live.call(verb, path, **more)


def told(answer: httpx.Response) -> str:
    """The error code, once the answer has been found whole."""
    body = json.loads(answer.content)
    assert body["error_code"] and body["error_msg"], answer.text
    assert answer.headers["X-Request-Id"]
    assert "error_solution" in body
    return str(body["error_code"])


@pytest.mark.parametrize(
    "text",
    [b"{", b"[]", b'"text"', b"", b"nul\x00", b"\xff\xfe", b'{"metadata": {"name": "a"}, }', b"[" * 5000],
)
def test_a_body_that_is_no_json_object_is_refused(platform: Platform, text: bytes) -> None:
    """Guards every call with a body against what is no object."""
    for path in (
        "/v2/{P}/training-jobs",
        "/v2/{P}/training-job-searches",
        "/v2/{P}/algorithms",
        "/v1/{P}/workspaces",
    ):
        answer = plain(platform, "POST", path, content=text, headers={"Content-Type": "application/json"})
        assert (answer.status_code, told(answer)) == (400, "ModelArts.2787"), answer.text


def test_a_body_too_large_is_refused(platform: Platform) -> None:
    """Guards memory: whether the length is said or not."""
    large = b'{"metadata": {"name": "' + b"x" * (12 << 20) + b'"}}'

    def pieces() -> Any:
        for start in range(0, len(large), 1 << 16):
            yield large[start : start + (1 << 16)]

    for content in (large, pieces()):
        try:
            answer = plain(platform, "POST", "/v2/{P}/training-jobs", content=content)
        except (httpx.WriteError, httpx.RemoteProtocolError):
            continue  # the server hung up once it had enough
        assert answer.status_code == 413
        assert told(answer)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/nothing/here"),
        ("GET", "/v2/{P}/nothing"),
        ("GET", "/v2/{P}/training-jobs/"),
        ("POST", "/v2/{P}/training-jobs/"),
        ("GET", "/v2/{P}/training-jobs/a/b/c/d"),
        ("GET", "/v2/{P}//training-job-engines"),
        ("GET", "/v9/{P}/training-jobs"),
        ("PUT", "/v2/{P}/training-jobs"),
        ("PATCH", "/v2/{P}/training-jobs/x"),
        ("DELETE", "/v2/{P}/training-job-engines"),
        ("POST", "/v2/{P}/training-job-engines"),
    ],
)
def test_an_unknown_route_or_verb_is_told_in_the_one_shape(platform: Platform, verb: str, path: str) -> None:
    """Guards the framework's own answers: no redirect for a slash too many, no bare 404 or 405."""
    answer = plain(platform, verb, path)
    assert 400 <= answer.status_code < 500 and answer.status_code != 422, answer.text
    assert told(answer)


_FLAVOR = ("ModelArts.2781", "ModelArts.2763")
_FIELD = ("ModelArts.2788",)
_CODE = ("ModelArts.2802", "ModelArts.2757", "ModelArts.2791")
_BOOT = ("ModelArts.2758", "ModelArts.2792")
_CHANNEL = ("ModelArts.2753", "ModelArts.2791")
CREATION: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown kind": ({"kind": "party"}, _FIELD),
    "no metadata": ({"metadata": None}, _FIELD),
    "name with a blank": ({"metadata": {"name": "a b"}}, _FIELD),
    "name too long": ({"metadata": {"name": "x" * 65}}, _FIELD),
    "description too long": ({"metadata": {"name": "d", "description": "x" * 257}}, _FIELD),
    "no algorithm": ({"algorithm": None}, _FIELD),
    "no source": ({"algorithm": {}}, _FIELD),
    "image without command": ({"algorithm": {"engine": {"image_url": "a/b:c"}}}, ("ModelArts.2806",)),
    "unknown engine": ({"algorithm.engine": {"engine_id": "never-was"}}, ("ModelArts.2780",)),
    "unknown image": (
        {"algorithm": {"engine": {"image_url": "org/image:tag"}, "command": "true"}},
        ("Trainwright.0120",),
    ),
    "code in the image": (
        {
            "algorithm.code_dir": "file:///home/ma-user/code",
            "algorithm.boot_file": "file:///home/ma-user/code/a.py",
        },
        ("Trainwright.0004",),
    ),
    "code nowhere": (
        {"algorithm.code_dir": "obs://never-was/code/", "algorithm.boot_file": "obs://never-was/code/a.py"},
        _CODE,
    ),
    "code above": ({"algorithm.code_dir": "obs://proof/../code/"}, _CODE),
    "boot file elsewhere": ({"algorithm.boot_file": "obs://proof/x.py"}, _BOOT),
    "boot file no script": ({"algorithm.boot_file": "obs://proof/x.txt"}, _BOOT),
    "input without remote": ({"algorithm.inputs": [{"name": "i"}]}, _CHANNEL),
    "input of no OBS path": (
        {"algorithm.inputs": [{"name": "i", "remote": {"obs": {"obs_url": "http://x/"}}}]},
        ("ModelArts.2791",),
    ),
    "channel twice": (
        {
            "algorithm.outputs": [
                {"name": "o", "remote": {"obs": {"obs_url": "obs://proof/o1/"}}},
                {"name": "o", "remote": {"obs": {"obs_url": "obs://proof/o2/"}}},
            ]
        },
        ("ModelArts.2753",),
    ),
    "output without place": ({"algorithm.outputs": [{"name": "o", "remote": {"obs": {}}}]}, _CHANNEL),
    "parameter twice": (
        {"algorithm.parameters": [{"name": "p", "value": "1"}, {"name": "p", "value": "2"}]},
        ("ModelArts.2767",),
    ),
    "parameter of a wrong type": (
        {"algorithm.parameters": [{"name": "p", "value": "x", "constraint": {"type": "Integer"}}]},
        ("ModelArts.2768", "ModelArts.2825"),
    ),
    "parameter required": (
        {
            "algorithm.parameters": [
                {"name": "p", "value": "", "constraint": {"type": "String", "required": True}}
            ]
        },
        ("ModelArts.2766",),
    ),
    "variable of a bad name": ({"algorithm.environments": {"1bad": "x"}}, _FIELD),
    "variables without end": ({"algorithm.environments": {f"V{n}": "x" for n in range(101)}}, _FIELD),
    "variable too long": ({"algorithm.environments": {"V": "x" * 4097}}, _FIELD),
    "code directory reserved": ({"algorithm.local_code_dir": "/home/ma-user"}, ("ModelArts.2857",)),
    "working directory relative": ({"algorithm.working_dir": "relative"}, ("ModelArts.2859",)),
    "unknown flavor": (
        {"spec.resource": {"flavor_id": "never-was", "node_count": 1}},
        _FLAVOR,
    ),
    "no nodes": (
        {"spec.resource": {"flavor_id": SMALL, "node_count": 0}},
        ("ModelArts.2788", "ModelArts.2793"),
    ),
    "too many nodes": ({"spec.resource": {"flavor_id": SMALL, "node_count": 99}}, ("ModelArts.2793",)),
    "priority out of range": (
        {"spec.schedule_policy": {"priority": 4}},
        ("ModelArts.2816", "ModelArts.2788"),
    ),
    "limit of no time": ({"spec.auto_stop": {"time_unit": "HOURS", "duration": 0}}, _FIELD),
    "limit in another unit": ({"spec.auto_stop": {"time_unit": "DAYS", "duration": 1}}, _FIELD),
    "retries without end": ({"metadata.annotations": {"fault-tolerance/job-retry-num": "many"}}, _FIELD),
    "negative retries": ({"metadata.annotations": {"fault-tolerance/job-retry-num": "-1"}}, _FIELD),
    "unknown event": ({"spec.notification": {"topic_urn": "t", "events": ["JobDanced"]}}, _FIELD),
}


@pytest.mark.parametrize("what", CREATION)
def test_a_wrong_job_is_refused_with_its_own_code(api: Caller, platform: Platform, what: str) -> None:
    """Guards every check at creation: the code of the contract, and nothing left behind."""
    change, codes = CREATION[what]
    name = platform.unique("wrong")
    body = platform.job(name)
    for path, value in change.items():
        *parents, last = path.split(".")
        place = body
        for parent in parents:
            place = place[parent]
        place[last] = value
    refusal = api.refused("create_training_job", body=body)
    assert refusal.error_code in codes, f"{what}: {refusal}"
    assert not api.call("validate_training_job_name", job_name=name).is_duplicate
    platform.live.call("DELETE", f"/v1/{{P}}/buckets/proof/objects/{name}/code/train.py")


JOB_CALLS: dict[str, dict[str, Any]] = {
    "show_training_job_details": {},
    "change_training_job_description": {"body": {"description": "d"}},
    "stop_training_job": {"body": {"action_type": "terminate"}},
    "delete_training_job": {},
    "list_training_job_tasks": {},
    "list_training_job_stages": {},
    "list_training_job_events": {},
    "show_training_job_metrics": {"task_id": "worker-0"},
    "show_training_job_logs_preview": {"task_id": "worker-0"},
    "show_training_job_logs_from_aom": {"task_id": "worker-0"},
    "notify_training_job_information": {
        "task_id": "worker-0",
        "report_type": "training-event",
        "body": {"type": "t"},
    },
    "show_training_job_route_plan": {},
    "create_save_image_job": {"task_id": "worker-0", "body": {"name": "n", "namespace": "s", "tag": "t"}},
    "show_save_image_job": {"task_id": "worker-0"},
    "show_train_job_tags": {},
    "create_train_job_tags": {"body": {"tags": [{"key": "k", "value": "v"}]}},
    "delete_train_job_tags": {"body": {"tags": [{"key": "k"}]}},
    "show_auto_search_trials": {},
    "show_auto_search_per_trial": {"trial_id": "t"},
    "show_auto_search_trial_early_stop": {"trial_id": "t"},
    "show_auto_search_params_analysis": {},
    "show_auto_search_param_analysis_result_path": {"parameter_name": "lr"},
    "show_ft_detail": {},
    "show_ft_metrics": {},
    "list_ft_artifacts": {},
    "publish_ft_artifacts": {"body": {"workspace_id": "0"}},
}


@pytest.mark.parametrize("name", JOB_CALLS)
def test_a_job_that_is_unknown_or_anothers_looks_the_same(
    api: Caller, stranger: Person, finished: Any, name: str
) -> None:
    """Guards ids against guessing, on every call that takes a job's."""
    values = JOB_CALLS[name]
    unknown = api.refused(
        name, "ModelArts.2775", training_job_id="00000000-0000-4000-8000-000000000000", **values
    )
    foreign = stranger.api.refused(name, "ModelArts.2775", training_job_id=finished.metadata.id, **values)
    assert unknown.status_code == foreign.status_code
    text = unknown.error_msg.replace("00000000-0000-4000-8000-000000000000", finished.metadata.id)
    assert text == foreign.error_msg


@pytest.mark.parametrize(
    "name", ["show_training_job_metrics", "show_training_job_logs_preview", "show_training_job_logs_from_aom"]
)
def test_an_unknown_task_is_refused(api: Caller, finished: Any, name: str) -> None:
    """Guards calls about one task of a job."""
    for task in ("worker-9", "nobody", "../worker-0", ""):
        api.refused(name, training_job_id=finished.metadata.id, task_id=task)


def test_nothing_of_another_project_is_seen_or_counted(platform: Platform, finished: Any) -> None:
    """Guards lists, counts and names between projects."""
    stranger = platform.add_project()
    assert stranger.api.call("list_training_jobs", body={}).total == 0
    assert not stranger.api.call("validate_training_job_name", job_name=finished.metadata.name).is_duplicate
    assert not stranger.api.call("list_training_job_tags").tags
    assert stranger.api.call("list_algorithms").total == 0
    assert stranger.api.call("list_training_experiments").total == 0
    names = {one.name for one in stranger.api.call("list_workspace").workspaces}
    assert names == {"default"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("create_training_job", {"body": {}}),
        ("stop_training_job", {"training_job_id": "x", "body": {"action_type": "terminate"}}),
        ("delete_training_job", {"training_job_id": "x"}),
        ("create_train_job_tags", {"training_job_id": "x", "body": {"tags": []}}),
        ("create_algorithm", {"body": {}}),
        ("delete_algorithm", {"algorithm_id": "x"}),
        ("create_training_experiment", {"body": {}}),
        ("create_workspace", {"body": {}}),
        ("update_workspace_quotas", {"workspace_id": "0", "body": {}}),
        ("modify_training_quotas", {"body": {}}),
        ("create_authorization", {"body": {}}),
        ("update_auth_mode", {"body": {}}),
        ("create_pool", {"body": {}}),
        ("delete_pool", {"pool_name": "x"}),
    ],
)
def test_a_viewer_may_only_look(viewer: Person, name: str, values: dict[str, Any]) -> None:
    """Guards roles: what one may not do is refused before anything else is said of the request."""
    viewer.api.refused(name, "ModelArts.0108", "ModelArts.2771", "ModelArts.0112", status=403, **values)


def test_priority_three_needs_its_own_right(developer: Person, platform: Platform, api: Caller) -> None:
    """Guards the highest priority, which has an action of its own."""
    body = platform.job(platform.unique("urgent"))
    body["spec"]["schedule_policy"] = {"priority": 3}
    developer.api.refused("create_training_job", status=403, body=body)
    assert api.call("create_training_job", body=body).spec.schedule_policy.priority == 3
