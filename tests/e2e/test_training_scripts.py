"""Well-known training scripts (examples/scripts), each as people publish it: submitted, watched, stopped, resumed."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import LiveServer, wait_for
from tests.e2e.torch_server import PYTHON

SCRIPTS = Path("examples/scripts").absolute()
TENSORFLOW = Path(".cache/tensorflow/bin/python").absolute()
ENGINES = f"""
engines:
  - {{id: python, name: Python, version: t, interpreter: "{sys.executable}"}}
  - {{id: torch, name: PyTorch, version: t, interpreter: "{PYTHON}", distribution: pytorch}}
  - id: tensorflow
    name: TensorFlow
    version: t
    interpreter: "{TENSORFLOW}"
    distribution: tensorflow
    environment: {{TF_CPP_MIN_LOG_LEVEL: "2"}}
"""
FLAVORS = """
flavors:
  - {id: one, resources: {cpus: 1, memory_mib: 3072}}
"""
ENDLESS = 1_000_000


@dataclass(frozen=True)
class Script:
    """`length`: the hyperparameter that says how long it trains. `metric` comes from the log by `regex`, else from
    TensorBoard files or `inside.report`. `each`: what one point of it stands for, in units of `length`; `saved_each`:
    after how many of them it saves.
    """

    name: str
    length: str
    metric: str
    regex: str = ""
    engine: str = "torch"
    each: int = 1
    saved_each: int = 1
    given: dict[str, str] = field(default_factory=dict)


WELL_KNOWN = (
    Script("mnist", "epochs", "accuracy", r"Accuracy: (\d+)/"),
    Script("word_language_model", "epochs", "ppl", r"end of epoch +(?P<step>\d+) .*valid ppl +(?P<value>\S+)"),
    Script("vae", "epochs", "loss", r"Epoch: (?P<step>\d+) Average loss: (?P<value>\S+)"),
    Script("reinforce", "episodes", "reward", r"Average reward: (\S+)", each=10, saved_each=10),
    Script("imagenet", "epochs", "acc1", r"Acc@1 (?P<value>\S+) Epoch (?P<step>\d+)"),
    Script("sklearn_digits", "passes", "accuracy", r"accuracy=(\S+)"),
    Script("lightgbm_regression", "num_boost_round", "l2", r"valid_0's l2: (\S+)", each=5, saved_each=5),
    Script("xgboost_binary", "rounds", "logloss", r"\[(?P<step>\d+)\].*test-logloss:(?P<value>\S+)", each=5),
    Script("lightning_classifier", "max_epochs", "train_loss"),
    Script("transformers_clm", "max_steps", "loss", r"'loss': '?([\d.e-]+)", each=2, saved_each=10),
    Script("keras_convnet", "epochs", "train/epoch_loss", engine="tensorflow"),
    Script("inside_report", "steps", "loss", engine="python"),
)  # fmt: skip


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, bubblewrap: None) -> Iterator[LiveServer]:
    """A server with the three engines, which scripts/test-setup has installed."""
    for python in (PYTHON, TENSORFLOW):
        if not python.exists():
            pytest.fail(f"no {python}: run scripts/test-setup")
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "engines.yaml").write_text(ENGINES)
    (folder / "flavors.yaml").write_text(FLAVORS)
    server = LiveServer(
        folder, {"TRAINWRIGHT_POOL__CPUS": "2", "TRAINWRIGHT_POOL__MEMORY_MIB": "8192"}
    ).start()
    yield server
    server.stop()


def body_of(live: LiveServer, script: Script, name: str, length: int) -> dict[str, Any]:
    """The request: as a user would make it, with what the output holds fetched first."""
    code = f"obs://scripts/{script.name}/code/"
    live.put(f"{code}{script.name}.py", (SCRIPTS / f"{script.name}.py").read_text(encoding="utf-8"))
    algorithm: dict[str, Any] = {
        "code_dir": code,
        "boot_file": f"{code}{script.name}.py",
        "engine": {"engine_id": script.engine},
        "parameters": [{"name": script.length, "value": str(length)}],
        "outputs": [
            {
                "name": "train_url",
                "remote": {"obs": {"obs_url": f"obs://scripts/{script.name}/out/"}},
                "prefetch_to_local": True,
            }
        ],
    }
    if script.regex:
        algorithm["metrics"] = [{"name": script.metric, "regex": script.regex}]
    return {
        "kind": "job",
        "metadata": {"name": name},
        "algorithm": algorithm,
        "spec": {"resource": {"flavor_id": "one", "node_count": 1}},
    }


def points(live: LiveServer, job: str, metric: str) -> tuple[list[int], list[float]]:
    """Steps and values of the metric so far."""
    answer = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/training-metrics", params={"max_points": 0})
    assert answer.status_code == 200, answer.text
    for series in answer.json()["series"]:
        if series["name"] == metric:
            return series["steps"], series["values"]
    return [], []


@pytest.mark.slow
@pytest.mark.parametrize("script", WELL_KNOWN, ids=lambda script: script.name)
def test_script_is_watched_stopped_and_resumed(live: LiveServer, script: Script) -> None:
    """The second job goes on where the first was stopped, and both have their numbers as series."""
    first = live.create(body_of(live, script, script.name, ENDLESS))

    def trains() -> bool:
        shown = live.show(first)["status"]
        assert shown["phase"] not in ("Completed", "Failed", "Abnormal"), live.log(first).decode()[-3000:]
        return len(points(live, first, script.metric)[0]) * script.each > script.saved_each

    wait_for(trains, timeout_s=120, what=f"two points of {script.metric}")
    live.call("POST", f"/v2/{{P}}/training-jobs/{first}/actions", json={"action_type": "terminate"})
    assert live.wait(first)["status"]["phase"] == "Terminated", live.log(first).decode()[-3000:]
    steps, values = points(live, first, script.metric)
    assert steps == sorted(steps)
    assert all(isinstance(value, float | int) for value in values)

    length = len(steps) * script.each + 2 * script.saved_each + script.each
    second = live.create(body_of(live, script, f"{script.name}-again", length))
    ended = live.wait(second, timeout_s=120)
    log = live.log(second).decode()
    assert ended["status"]["phase"] == "Completed", log[-3000:]
    assert "resuming" in log
    assert points(live, second, script.metric)[0], "no metric after the resume"


@pytest.mark.slow
@pytest.mark.parametrize("left", ["no state", "half a state"])
def test_a_checkpoint_that_a_stop_cut_short_is_passed_over(tmp_path: Path, left: str) -> None:
    """Guards the Transformers example: the Trainer's own choice is the newest folder, whole or not."""

    def trained(steps: int) -> list[str]:
        done = subprocess.run(
            [PYTHON, SCRIPTS / "transformers_clm.py", f"--max_steps={steps}", f"--train_url={tmp_path}"],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()

    assert not any("resuming" in line for line in trained(20))
    state = tmp_path / "checkpoint-20/trainer_state.json"
    if left == "no state":
        state.unlink()
    else:
        state.write_text(state.read_text(encoding="utf-8")[:100], encoding="utf-8")
    said = trained(21)
    assert "resuming from checkpoint-10" in said and "trained 21 steps" in said
