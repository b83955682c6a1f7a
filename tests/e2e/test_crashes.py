"""Killing parts of the real thing while jobs run: nothing lost, doubled or falsely failed."""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import END, LiveServer, processes_of, user_bytes, wait_for

COUNTER = "import time\nfor i in range({lines}):\n    print('line', i, flush=True)\n    time.sleep({pause})\n"


def _expected(lines: int) -> bytes:
    return b"".join(b"line %d\n" % i for i in range(lines))


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of its own, since it is going to be killed."""
    server = LiveServer(tmp_path / "data").start()
    yield server
    server.stop()


def _supervisors(live: LiveServer, job: str) -> list[int]:
    found = []
    for path in live.data_dir.glob(f"**/{job}-a*/*/supervisor.json"):
        found.append(int(json.loads(path.read_text())["pid"]))
    return found


def test_jobs_survive_random_kills_of_the_server(live: LiveServer) -> None:
    """Guards the batch: each job runs once, completes, and its log is what it wrote."""
    jobs = {live.create(live.body(f"batch-{n}", COUNTER.format(lines=40, pause=0.05))): 40 for n in range(6)}
    chance = random.Random(7)
    for _ in range(8):
        time.sleep(chance.uniform(0.05, 0.7))
        live.kill()
        live.start()
    for job, lines in jobs.items():
        ended = live.wait(job)
        assert ended["status"]["phase"] == "Completed", ended["status"]
        assert user_bytes(live.log(job)) == _expected(lines)
        assert len(ended["status"]["running_records"]) == 1
        assert processes_of(job) == []


def test_the_result_is_there_after_a_server_that_was_away_longer_than_the_job(live: LiveServer) -> None:
    """Guards the runner's spool and its patience."""
    job = live.create(live.body("away", COUNTER.format(lines=20, pause=0.05)))
    wait_for(lambda: b"line 2" in live.log(job), what="some output")
    live.kill()
    time.sleep(3)
    live.start()
    ended = live.wait(job)
    assert ended["status"]["phase"] == "Completed"
    assert user_bytes(live.log(job)) == _expected(20)


def test_a_restarted_server_finds_its_running_jobs_within_two_seconds(live: LiveServer) -> None:
    """Guards re-attaching: the first new bytes arrive soon and the phase never left Running."""
    job = live.create(live.body("reattach", COUNTER.format(lines=2000, pause=0.02)))
    wait_for(lambda: b"line 5" in live.log(job), what="some output")
    live.kill()
    live.start()
    seen = len(live.log(job))
    assert live.show(job)["status"]["phase"] == "Running"
    wait_for(lambda: len(live.log(job)) > seen, timeout_s=20, what="new output")
    live.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
    assert live.wait(job)["status"]["phase"] == "Terminated"


def test_killing_a_supervisor_changes_nothing_for_the_job(live: LiveServer) -> None:
    """Guards the separation of supervisor and user process."""
    job = live.create(live.body("supervisor", COUNTER.format(lines=60, pause=0.05)))
    wait_for(lambda: b"line 2" in live.log(job), what="some output")
    for _ in range(3):
        for pid in _supervisors(live, job):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
    ended = live.wait(job)
    assert ended["status"]["phase"] == "Completed", ended["status"]
    assert user_bytes(live.log(job)) == _expected(60)
    assert len(ended["status"]["running_records"]) == 1
    assert processes_of(job) == []


def test_killing_the_user_process_fails_the_job_with_137(live: LiveServer) -> None:
    """Guards the verdict on an outside kill."""
    job = live.create(live.body("user", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"))
    wait_for(lambda: user_bytes(live.log(job)), what="its pid")
    victims = [pid for pid in processes_of(job) if b"main.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(max(victims), signal.SIGKILL)
    ended = live.wait(job)
    assert (ended["status"]["phase"], ended["status"]["task_statuses"][0]["exit_code"]) == ("Failed", 137)


def test_queued_jobs_keep_their_order_over_a_kill(live: LiveServer) -> None:
    """Guards the queue on disk and its stated reason."""
    whole = max(
        live.call("GET", "/v2/{P}/training-job-flavors").json()["flavors"],
        key=lambda flavor: flavor["flavor_info"]["cpu"]["core_num"],
    )["flavor_id"]
    jobs = []
    for number in range(3):
        body = live.body(f"queue-{number}", "import time\ntime.sleep(1)\n")
        body["spec"]["resource"]["flavor_id"] = whole
        jobs.append(live.create(body))
    wait_for(
        lambda: "position 2" in str(live.show(jobs[2])["status"].get("pending_message")), what="its place"
    )
    live.kill()
    live.start()
    starts = [live.wait(job, *END)["status"]["start_time"] for job in jobs]
    assert starts == sorted(starts)
