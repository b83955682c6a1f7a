"""Training metrics on a real server: from logs, through servers that are killed, and from reports."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.live import LiveServer, wait_for
from trainwright.client import Access, Client
from trainwright.services import tokens

SCRIPT = """
import sys, time

for step in range(200):
    print(f"epoch {step // 20} step={step * 10} loss={1 / (step + 1)!r}, lr=1e-{step % 9}", flush=True)
    if step % 10 == 0:
        sys.stderr.write(f"\\r {step}/200 [speed={step + 0.5} it/s]")
    time.sleep(0.02)
print("val_loss=nan", end="")
"""
RULES = [
    {"name": "loss", "regex": r"step=(?P<step>\d+) loss=(\S+)"},
    {"name": "lr", "regex": r"lr=(\S+)"},
    {"name": "speed", "regex": r"\[speed=(\S+)"},
    {"name": "val/loss", "regex": r"^val_loss=(?P<value>\w+)$"},
]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A server that is killed now and then."""
    server = LiveServer(tmp_path / "data").start()
    yield server
    server.stop()


def series(live: LiveServer, job: str, **asked: Any) -> dict[str, dict[str, Any]]:
    answer = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/training-metrics", params=asked)
    assert answer.status_code == 200, answer.text
    return {each["name"]: each for each in answer.json()["series"]}


def test_lines_of_a_log_are_points_whoever_is_killed(live: LiveServer) -> None:
    """Guards the whole way: a script that prints, a server that dies twice with kill -9, and each line counted once."""
    job = live.create(live.body("printing", SCRIPT, metrics=RULES))
    for some in (20, 90):
        while series(live, job).get("loss", {}).get("total", 0) < some:
            time.sleep(0.05)
        live.kill()
        time.sleep(0.3)
        live.start()
    assert live.wait(job)["status"]["phase"] == "Completed"
    wait_for(lambda: "val/loss" in series(live, job), what="the last line, which has no end")
    found = series(live, job, max_points=0)
    assert found["loss"]["steps"] == [step * 10 for step in range(200)]
    assert found["loss"]["values"] == [1 / (step + 1) for step in range(200)]
    assert found["lr"]["steps"] == list(range(200))
    assert found["lr"]["values"] == [float(f"1e-{step % 9}") for step in range(200)]
    assert found["speed"]["values"] == [step + 0.5 for step in range(0, 200, 10)]
    assert (found["val/loss"]["values"], found["val/loss"]["total"]) == (["NaN"], 1)
    thin = series(live, job, name="loss", max_points=20)["loss"]
    assert (len(thin["steps"]) <= 20, thin["steps"][0], thin["steps"][-1]) == (True, 0, 1990)
    with Client(Access(live.url, live.project_id, token=live.token)) as client:
        one = client.show_training_metrics(job, task="worker-0", name="loss", after_step=1970)
        assert [(each.attempt, each.steps) for each in one.series] == [(1, [1980, 1990])]
    live.call("DELETE", f"/v2/{{P}}/training-jobs/{job}")
    gone = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/training-metrics")
    assert gone.status_code == 404


def test_a_tasks_reports_and_its_token(live: LiveServer) -> None:
    """Guards what runners send and what jobs may do: points by report; objects and no more by the token."""
    job = live.create(live.body("waiting", command="sleep 60"))
    live.wait(job, "Running")
    key = f"{job}-a1"
    secret = (live.data_dir / "secret.key").read_bytes()
    report = {
        "step": "command",
        "points": [{"name": "loss", "steps": [1, 2], "values": [0.5, "Infinity"], "times": [1, 2]}],
    }
    where = f"{live.url}/runner/v1/attempts/{key}/tasks/worker-0/reports"
    shown = {"Authorization": f"Bearer {tokens.derive(secret, key)}"}
    for _ in range(2):
        assert httpx.post(where, json=report, headers=shown, trust_env=False).status_code == 200
    assert series(live, job)["loss"]["values"] == [0.5, "Infinity"]
    with httpx.Client(
        base_url=live.url, headers={"X-Auth-Token": tokens.derive_job(secret, key)}, trust_env=False
    ) as http:
        objects = f"/v1/{live.project_id}/buckets/e2e/objects"
        live.call("PUT", "/v1/{P}/buckets/e2e")
        assert http.put(f"{objects}/from-job.txt", content=b"hello").status_code < 300
        assert live.get("obs://e2e/from-job.txt") == b"hello"
        assert http.get(f"/v2/{live.project_id}/training-jobs/{job}").status_code == 403
        live.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
        live.wait(job)
        wait_for(lambda: http.get(objects).status_code == 401, timeout_s=20, what="the end of the token")
    told = (live.data_dir / "server.out").read_text()
    assert tokens.derive_job(secret, key) not in told


def test_a_creation_is_one_job_through_a_crash(live: LiveServer) -> None:
    """Guards retries: the answer is lost with the server, the request is sent again, and there is one job."""
    body = live.body("once", command="true")
    key = {"Idempotency-Key": "mine"}
    first = live.call("POST", "/v2/{P}/training-jobs", json=body, headers=key).json()["metadata"]["id"]
    live.kill()
    live.start()
    again = live.call("POST", "/v2/{P}/training-jobs", json=body, headers=key)
    assert (again.status_code, again.json()["metadata"]["id"]) == (201, first)
    found = live.call("POST", "/v2/{P}/training-job-searches", json={"limit": 10}).json()
    assert found["total"] == 1
