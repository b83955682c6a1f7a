"""What lies between projects, and what odd input may not do: every operation, every id."""

import json
from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.official import names, operation, present
from tests.e2e.modelarts.platform import Person, Platform

ODD = ("\x00", "x" * 3000, "🙂 % ' or 1=1 --")
OF_IDS = ("training_job_id", "algorithm_id", "experiment_id", "workspace_id", "pool_name")


def ids_in(name: str) -> tuple[str, ...]:
    """Path parameters beside the project."""
    return tuple(one for one in operation(name).path_parameters if one != "project_id")


def body_of(name: str) -> dict[str, Any]:
    """A body of no content, where the operation takes one."""
    return {"body": {}} if "body" in operation(name).request.openapi_types else {}


@pytest.mark.parametrize("name", [one for one in names() if ids_in(one)])
def test_odd_ids_are_refused_like_any_other(api: Caller, name: str) -> None:
    """Guards ids of every alphabet and length: whole refusals, never a failure of the server."""
    for odd in ODD:
        values: dict[str, Any] = dict.fromkeys(ids_in(name), odd)
        refusal = api.refused(name, **values, **body_of(name))
        assert refusal.status_code in (400, 404, 409), (odd, str(refusal))
        assert refusal.error_code != "Trainwright.0002", str(refusal)


@pytest.mark.parametrize(
    "name", [one for one in names() if {"offset", "limit"} & set(operation(one).fields) and "body" not in one]
)
def test_numbers_beyond_all_bounds_are_refused(
    api: Caller, name: str, finished: Any, platform: Platform
) -> None:
    """Guards paging against numbers that no database takes."""
    op = operation(name)
    wanted = {"training_job_id": finished.metadata.id, "pool_name": "public", "task_id": "worker-0"}
    where: dict[str, Any] = {one: wanted.get(one, "x") for one in ids_in(name)}
    attributes = {wire: attribute for attribute, wire in op.request.attribute_map.items()}
    for field in {"offset", "limit"} & set(attributes):
        for number in (-1, 2**63, 2**70):
            values: dict[str, Any] = where | {attributes[field]: number}
            api.refused(name, **values, **body_of(name))


@pytest.mark.parametrize("name", [one for one in names() if "body" in operation(one).request.openapi_types])
def test_bodies_of_wrong_shapes_are_refused_whole(platform: Platform, name: str) -> None:
    """Guards every body against other JSON than it expects: 4xx in the one shape."""
    op = operation(name)
    path = op.path
    for one in op.path_parameters:
        path = path.replace(f"{{{one}}}", platform.admin.project_id if one == "project_id" else "none")
    for body in (
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b"{",
        b'{"a": NaN}',
        b"[" * 3000,
        b'{"metadata": [1], "spec": "x"}',
    ):
        answer = platform.live.http.request(
            op.verb, path, content=body, headers={"Content-Type": "application/json"}
        )
        if answer.status_code < 300 and body.startswith(b"{"):
            continue  # nothing is mandatory there, and unknown fields are kept
        assert 400 <= answer.status_code < 500, (body, answer.status_code, answer.text)
        told = json.loads(answer.content)
        assert told["error_code"] and told["error_msg"] and answer.headers["X-Request-Id"]


def test_odd_texts_are_refused_or_come_back_as_they_were(api: Caller, platform: Platform) -> None:
    """Guards texts that databases and JSON stumble over."""
    for text in ("\x00", "a\x00b", "\ud800", "\U0001f600" * 64, "‮evil", "\u2028", "<script>", "{slot}"):
        body = platform.job(platform.unique("odd"))
        body["metadata"]["description"] = text
        body["algorithm"]["parameters"] = [{"name": "p", "value": text}]
        try:
            made = api.call("create_training_job", body=body)
        except ClientRequestException as refusal:
            assert refusal.status_code == 400, (text, str(refusal))
            continue
        assert platform.show(made.metadata.id).metadata.description == text


@pytest.fixture(scope="module")
def foreign(platform: Platform, finished: Any) -> dict[str, str]:
    """One of each, of the administrator's project."""
    admin = platform.admin.api
    algorithm = {"metadata": {"name": platform.unique("theirs")}, "job_config": platform.code("theirs")}
    experiment = {"metadata": {"name": platform.unique("theirs")}}
    workspace = {"name": platform.unique("theirs"), "auth_type": "PUBLIC"}
    pool = {
        "apiVersion": "v2",
        "kind": "Pool",
        "metadata": {
            "labels": {"os.modelarts/name": platform.unique("theirs"), "os.modelarts/workspace.id": "0"}
        },
        "spec": {
            "type": "Dedicate",
            "scope": ["Train"],
            "resources": [{"flavor": "modelarts.vm.cpu.2u", "count": 1}],
        },
    }
    made = admin.call("create_pool", body=pool)
    return {
        "training_job_id": finished.metadata.id,
        "algorithm_id": admin.call("create_algorithm", body=algorithm).metadata.id,
        "experiment_id": admin.call("create_training_experiment", body=experiment).metadata.id,
        "workspace_id": admin.call("create_workspace", body=workspace).id,
        "pool_name": made.metadata.name,
    }


@pytest.mark.parametrize("name", [one for one in names() if set(ids_in(one)) & set(OF_IDS)])
def test_anothers_thing_looks_like_none(stranger: Person, foreign: dict[str, str], name: str) -> None:
    """Guards every id against guessing: another project's is refused in the very words of one that never was."""
    (kind,) = set(ids_in(name)) & set(OF_IDS)
    rest = {one: "worker-0" if one == "task_id" else "x" for one in ids_in(name) if one != kind}
    unknown = foreign[kind][:-4] + ("0000" if not foreign[kind].endswith("0000") else "1111")
    values: dict[str, Any] = rest | body_of(name)
    told = stranger.api.refused(name, **values | {kind: foreign[kind]})
    of_none = stranger.api.refused(name, **values | {kind: unknown})
    assert (told.status_code, told.error_code) == (of_none.status_code, of_none.error_code)
    assert told.error_msg == of_none.error_msg.replace(unknown, foreign[kind])


def test_anothers_bucket_looks_like_none(stranger: Person, platform: Platform, finished: Any) -> None:
    """Guards objects at job creation: code, inputs and outputs in a bucket of another project."""
    told = []
    for bucket in ("proof", "never-was-there"):
        body = platform.job(platform.unique("thief"))
        body["algorithm"] |= {
            "code_dir": f"obs://{bucket}/x/code/",
            "boot_file": f"obs://{bucket}/x/code/train.py",
        }
        refusal = stranger.api.refused("create_training_job", body=body)
        told.append((refusal.error_code, refusal.error_msg.replace(bucket, "…")))
    assert told[0] == told[1]


def test_the_things_of_a_job_of_another_kind_stay_apart(api: Caller, foreign: dict[str, str]) -> None:
    """Guards ids against each other: an algorithm's is no job's."""
    api.refused("show_training_job_details", "ModelArts.2775", training_job_id=foreign["algorithm_id"])
    api.refused("show_algorithm_by_uuid", "ModelArts.2755", algorithm_id=foreign["training_job_id"])
    api.refused("show_workspace", "ModelArts.0102", workspace_id=foreign["experiment_id"])
    api.refused("show_pool", "ModelArts.2890", pool_name=foreign["workspace_id"])


def test_a_listed_job_is_the_job_shown(api: Caller, finished: Any) -> None:
    """Guards list items against being less than the object itself."""
    body = {"filters": [{"key": "id", "operator": "in", "value": [finished.metadata.id]}]}
    (item,) = json.loads(api.call("list_training_jobs", body=body).raw_content)["items"]
    shown = json.loads(
        api.call("show_training_job_details", training_job_id=finished.metadata.id).raw_content
    )
    assert set(present("JobResponse", item)) == set(present("JobResponse", shown))
    assert item["algorithm"] == shown["algorithm"]
    assert item["spec"] == shown["spec"]
    assert item["metadata"] == shown["metadata"]
    assert item["status"] == shown["status"]
