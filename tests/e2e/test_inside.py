"""Training metrics end to end: a script reports, the server keeps, people read; and what a job's token is good for."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer, user_bytes, wait_for

RECORDED = Path(__file__).parents[1] / "data" / "events" / "torch.tfevents"
TRAIN = """
import os, sys, time
from trainwright import inside
out = dict(word[2:].split("=", 1) for word in sys.argv[1:])["train_url"]
for step in range(50):
    inside.report(step=step, loss=1 / (step + 1), accuracy=step / 50)
inside.report(done=float("nan"))
os.makedirs(out + "/runs/a")
with open(out + "/runs/a/x.tfevents", "wb") as file:
    file.write(open(os.environ["MA_JOB_DIR"] + "/code/recorded", "rb").read())
print(inside.task(), inside.attempt(), inside.rank(), inside.world_size(), inside.resume_path(), flush=True)
while not inside.should_stop():
    time.sleep(0.02)
open(out + "/last.pt", "w").write("weights")
inside.report(step=50, loss=0)
"""
CALL = """
import os, urllib.error, urllib.request
base = os.environ["TRAINWRIGHT_ENDPOINT"]
project = os.environ["TRAINWRIGHT_PROJECT"]
token = open(os.environ["TRAINWRIGHT_TOKEN_FILE"]).read()

def call(path):
    request = urllib.request.Request(base + path, headers={"X-Auth-Token": token})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
print(call(f"/v1/{project}/buckets"), call(f"/v2/{project}/training-jobs/" + os.environ["TASKSET_NAME"]))
"""


@pytest.fixture(scope="module", params=["process", "sandbox"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server under either launcher."""
    if request.param == "sandbox" and shutil.which("bwrap") is None:
        pytest.fail("bubblewrap is not installed: make test-setup")
    sandbox = {"process": "off", "sandbox": "on"}[request.param]
    server = LiveServer(tmp_path_factory.mktemp("data"), {"TRAINWRIGHT_SANDBOX": sandbox}).start()
    yield server
    server.stop()


def series(live: LiveServer, job: str) -> dict[str, dict[int, float]]:
    """All of the job's training metrics."""
    answer = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/training-metrics", params={"max_points": 0})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["series"]
    assert {(each["task"], each["attempt"]) for each in found} <= {("worker-0", 1)}
    return {each["name"]: dict(zip(each["steps"], map(float, each["values"]), strict=True)) for each in found}


def test_from_the_script_to_the_reader(live: LiveServer) -> None:
    """Numbers, event files, a stop that the script hears, and its last words."""
    body = live.body("inside", TRAIN)
    live.put("obs://e2e/inside/code/recorded", RECORDED.read_bytes())
    body["algorithm"]["outputs"] = [
        {"name": "train_url", "remote": {"obs": {"obs_url": "obs://e2e/inside/out/"}}}
    ]
    job = live.create(body)
    wait_for(lambda: len(series(live, job).get("Loss/train", {})) == 4, what="the metrics")
    assert not live.show(job)["status"]["phase"].startswith("Term")
    stopped = live.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
    assert stopped.status_code in (200, 202), stopped.text
    live.wait(job)
    found = series(live, job)
    assert found["loss"] == {step: 1 / (step + 1) for step in range(50)} | {50: 0.0}
    assert found["accuracy"] == {step: step / 50 for step in range(50)}
    assert found["Loss/train"] == {0: 1.0, 1: 0.5, 2: 0.25, 3: 0.125} and found["inf"] == {9: math.inf}
    assert math.isnan(found["done"][0])
    assert live.get("obs://e2e/inside/out/last.pt") == b"weights"
    assert user_bytes(live.log(job)) == b"worker-0 1 0 1 None\n"


def test_a_jobs_token_is_good_for_objects_while_it_runs(live: LiveServer) -> None:
    """And for nothing else; it is told nowhere."""
    job = live.create(live.body("token", CALL))
    assert live.wait(job)["status"]["phase"] == "Completed", live.log(job)
    objects, jobs = user_bytes(live.log(job)).split()
    assert objects == b"200" and jobs in (b"403", b"404"), live.log(job)
    assert b"job." not in live.log(job) and not any("job." in event for event in live.events(job))
