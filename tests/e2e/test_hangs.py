"""A real deadlock is found and the odd rank named; what is only quiet gives no alarm. Limits are scaled down."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer, wait_for
from tests.e2e.torch_server import ENGINE, FLAVOR, torch_server

SCRIPTS = sorted(path for path in (Path(__file__).parent / "quiet_scripts").iterdir() if path.is_file())
QUIET = {"PERIOD_S": "1", "PERIODS": "2", "WINDOW_S": "4", "SAMPLE_S": "1"}  # 6 s, 3 s where all are quiet
LIMIT_S = 6.0
ALARM, ODD, OVER = "may hang", "stands elsewhere", "does not hang"
DEADLOCK = """
import argparse
import torch.distributed as dist
import torch

parser = argparse.ArgumentParser()
for name in ("--init_method", "--rank", "--world_size", "--odd"):
    parser.add_argument(name)
given, _ = parser.parse_known_args()


def average(step):
    dist.all_reduce(torch.ones(4))


def evaluate():
    dist.barrier()


def train(rank, odd):
    for step in range(10):
        print("step", step, flush=True)
        if step == 5 and rank == odd:
            break  # the mistake: this rank leaves out what the others wait in
        average(step)
    evaluate()


dist.init_process_group(
    "gloo", init_method=given.init_method, rank=int(given.rank), world_size=int(given.world_size)
)
train(int(given.rank), int(given.odd))
"""


@pytest.fixture(scope="module", params=["on", "off"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """With and without the sandbox."""
    limits = {f"TRAINWRIGHT_HANG__{name}": value for name, value in QUIET.items()}
    server = torch_server(tmp_path_factory.mktemp("hangs"), TRAINWRIGHT_SANDBOX=request.param, **limits)
    yield server
    server.stop()


def job_of(
    live: LiveServer, name: str, nodes: int = 1, *, script: str = "", command: str = "", **parameters: int
) -> str:
    """A job on small nodes, of a boot file or of a command line; its id."""
    algorithm: dict[str, Any] = {"command": command}
    if script:
        live.put(f"obs://e2e/{name}/code/main.py", script)
        algorithm = {
            "code_dir": f"obs://e2e/{name}/code/",
            "boot_file": f"obs://e2e/{name}/code/main.py",
            "engine": {"engine_id": ENGINE},
            "parameters": [{"name": key, "value": str(value)} for key, value in parameters.items()],
        }
    return live.create(
        {
            "kind": "job",
            "metadata": {"name": name},
            "algorithm": algorithm,
            "spec": {"resource": {"flavor_id": FLAVOR, "node_count": nodes}},
        }
    )


def said(live: LiveServer, job: str, words: str) -> list[str]:
    """Events with these words."""
    return [text for text in live.events(job) if words in text]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("nodes", "odd"), [(2, 1), (4, 2)])
def test_a_left_out_collective_is_found_and_the_odd_rank_named(
    live: LiveServer, nodes: int, odd: int
) -> None:
    """Guards hang detection: the event, stacks of every rank stored with the job, the odd one by name and line."""
    job = job_of(live, f"deadlock-{nodes}", nodes, script=DEADLOCK, odd=odd)
    tasks = [f"worker-{n}" for n in range(nodes)]
    wait_for(
        lambda: all(b"step 5" in live.log(job, task) for task in tasks), timeout_s=90, what="the deadlock"
    )
    since = time.monotonic()
    wait_for(lambda: said(live, job, ALARM), timeout_s=60, what="the suspicion")
    delay = time.monotonic() - since
    (odd_event,) = wait_for(lambda: said(live, job, ODD), timeout_s=60, what="the odd one")
    assert f"Task worker-{odd} stands elsewhere" in odd_event, odd_event
    assert "evaluate (main.py:" in odd_event, odd_event
    assert "average (main.py:" in odd_event, odd_event
    assert delay < 3 * LIMIT_S, f"suspected {delay:.1f} s after the deadlock"
    dumps = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/stacks").json()["stacks"]
    assert sorted(dump["task"] for dump in dumps) == tasks
    live.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
    live.wait(job)


@pytest.mark.timeout(240)
def test_what_is_only_quiet_gives_no_alarm(live: LiveServer) -> None:
    """Guards against false alarms: every script of the corpus lasts three times the limit or more. All at once."""
    assert len(SCRIPTS) >= 12
    jobs = {}
    for path in SCRIPTS:
        text = path.read_text()
        name = path.stem.replace("_", "-")
        nodes = 2 if path.stem == "one_computes_one_waits" else 1
        if path.suffix == ".sh":  # a command line holds no line breaks
            text = f"import os\nos.execvp('bash', ['bash', '-c', {text!r}])\n"
        jobs[path.name] = job_of(live, name, nodes, script=text)
    ended = {name: live.wait(job, timeout_s=200) for name, job in jobs.items()}
    assert {name: job["status"]["phase"] for name, job in ended.items()} == dict.fromkeys(jobs, "Completed")
    alarmed = {name: said(live, job, ALARM) for name, job in jobs.items()}
    assert {name for name, events in alarmed.items() if events} == set()
    lasted = {name: job["status"]["duration"] / 1000 for name, job in ended.items()}
    assert all(seconds > 2.5 * LIMIT_S for seconds in lasted.values()), lasted


@pytest.mark.timeout(120)
def test_an_alarm_ends_when_the_job_goes_on(live: LiveServer) -> None:
    """Guards the end of a suspicion: a wait that was not for ever."""
    pause = 'mkfifo "$HOME/x"; (sleep 12; echo > "$HOME/x") & cat "$HOME/x"'
    command = f"{pause}; timeout 6 dd if=/dev/zero of=/dev/null; true"
    job = job_of(live, "pause", command=command)
    wait_for(lambda: said(live, job, OVER), timeout_s=60, what="the end of the alarm")
    assert len(said(live, job, ALARM)) == 1
    live.wait(job)


def test_the_corpus_is_run_by_what_is_there() -> None:
    """Guards the corpus itself: nothing in it may need more than a node has."""
    for program in ("bash", "python3", "sha256sum", "mkfifo"):
        assert shutil.which(program)
