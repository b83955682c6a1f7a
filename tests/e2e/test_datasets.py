"""Datasets as job inputs, from registration to the script that reads them, on a real server."""

import hashlib
from typing import Any

import pytest

from tests.e2e.live import LiveServer, user_bytes, wait_for

LIST = """
import hashlib, os, sys
top = dict(a.lstrip('-').split('=', 1) for a in sys.argv[1:])['data']
for folder, _, names in sorted(os.walk(top)):
    for name in sorted(names):
        path = os.path.join(folder, name)
        print(os.path.relpath(path, top), hashlib.sha256(open(path, 'rb').read()).hexdigest())
"""


def post(server: LiveServer, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = server.call("POST", f"/v2/{{P}}/datasets{path}", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def make_version(server: LiveServer, dataset: str) -> dict[str, Any]:
    """A version of the dataset, ready."""
    version = post(server, f"/{dataset}/versions", {})

    made = wait_for(lambda: made_or_none(server, dataset, version["version_id"]), what="the version")
    assert made["status"] == 1, made
    return made


def run(server: LiveServer, name: str, dataset: str, version: str) -> tuple[str, dict[str, Any]]:
    """A job that lists what it was given; its id and how it ended."""
    remote = {"dataset": {"id": dataset, "version_id": version}}
    job = server.create(server.body(name, LIST, inputs=[{"name": "data", "remote": remote}]))
    return job, server.wait(job)


def listed(contents: dict[str, bytes]) -> list[str]:
    """What the script prints of them, in any order."""
    return sorted(f"{path} {hashlib.sha256(data).hexdigest()}" for path, data in contents.items())


@pytest.fixture
def contents(server: LiveServer) -> dict[str, bytes]:
    """What lies in the folder at first."""
    made = {f"part{number}/数据 {number}.bin": bytes([number]) * number * 1000 for number in range(9)}
    for path, data in made.items():
        server.put(f"obs://data/set/{path}", data)
    return made


def test_a_version_stays_what_it_was_or_the_job_says_what_changed(
    server: LiveServer, contents: dict[str, bytes]
) -> None:
    """Guards the whole promise: later objects are not seen, a changed or deleted one ends the job with its name, and a
    new version is the way on.
    """
    dataset = post(server, "", {"dataset_name": "set", "data_source": {"data_path": "obs://data/set/"}})[
        "dataset_id"
    ]
    first = make_version(server, dataset)
    assert (first["version_name"], first["total_sample_count"]) == ("V001", 9)
    assert first["data_size"] == sum(map(len, contents.values()))
    server.put("obs://data/set/later", b"not in the version")
    job, ended = run(server, "reads", dataset, first["version_id"])
    assert ended["status"]["phase"] == "Completed", server.events(job)
    assert sorted(user_bytes(server.log(job)).decode().splitlines()) == listed(contents)

    changed = "part5/数据 5.bin"
    server.put(f"obs://data/set/{changed}", b"\x06" * 5000)
    job, ended = run(server, "changed", dataset, first["version_id"])
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Failed", "dataset_changed")
    assert any(f"{changed} has changed since" in message for message in server.events(job))
    assert any(
        f"{changed} 在数据集版本创建之后已被修改" in message for message in server.events(job, "zh-cn")
    )

    second = make_version(server, dataset)
    now = {**contents, changed: b"\x06" * 5000, "later": b"not in the version"}
    job, ended = run(server, "again", dataset, "")  # the newest
    assert ended["status"]["phase"] == "Completed", server.events(job)
    assert sorted(user_bytes(server.log(job)).decode().splitlines()) == listed(now)

    server.call("DELETE", "/v1/{P}/buckets/data/objects/set/later")
    job, ended = run(server, "gone", dataset, second["version_id"])
    assert ended["status"]["reason"] == "dataset_changed"
    assert any("later of the dataset version is gone" in message for message in server.events(job))


def test_a_killed_server_finishes_the_version_when_it_is_back(plain_server: LiveServer) -> None:
    """Guards versions over kill -9, wherever it hits: ready in the end, with every object in it once."""
    server = plain_server
    server.put("obs://many/set/0000", b"x")
    folder = server.data_dir / "buckets" / "many" / "set"
    for number in range(1, 3000):
        (folder / f"{number:04}").write_bytes(b"%d" % number * 50)
    dataset = post(server, "", {"dataset_name": "many", "data_source": {"data_path": "obs://many/set/"}})[
        "dataset_id"
    ]
    version = post(server, f"/{dataset}/versions", {})["version_id"]
    shown: dict[str, Any] = {"status": 0}
    for _ in range(3):
        server.kill()
        server.start()
        shown = server.call("GET", f"/v2/{{P}}/datasets/{dataset}/versions/{version}").json()
    shown = wait_for(
        lambda: made_or_none(server, dataset, version), what=f"the version, last seen as {shown}"
    )
    assert (shown["status"], shown["total_sample_count"], shown["done_objects"]) == (1, 3000, 3000)
    seen, after = [], ""
    while True:
        page = server.call(
            "GET",
            f"/v2/{{P}}/datasets/{dataset}/versions/{version}/manifest",
            params={"after": after, "limit": 700},
        ).json()
        seen += [item["path"] for item in page["objects"]]
        after = page["next_after"]
        if not after:
            break
    assert seen == [f"{number:04}" for number in range(3000)]


def made_or_none(server: LiveServer, dataset: str, version: str) -> dict[str, Any] | None:
    shown: dict[str, Any] = server.call("GET", f"/v2/{{P}}/datasets/{dataset}/versions/{version}").json()
    return shown if shown["status"] else None
