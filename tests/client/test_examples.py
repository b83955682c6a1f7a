"""The example scripts do by hand what their pages promise."""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

from trainwright.client import draft_body, expand_body
from trainwright.client.job_body import JobDraft
from trainwright.wire.jobs import JobRequest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(script: str, *arguments: str) -> str:
    """Stdout of a script that has to succeed."""
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def test_digits_are_learnt_and_resumed(tmp_path: Path) -> None:
    """1,797 scans, a test accuracy of over 95 %, and going on from a checkpoint."""
    data, out = tmp_path / "data", tmp_path / "out"
    run("digits/prepare.py", str(data))
    assert len(list(data.glob("*/*.pgm"))) == 1797
    arguments = ["--data_url", str(data), "--train_url", str(out)]
    printed = run("digits/train.py", *arguments, "--epochs", "12", "--unknown=1")
    found = re.search(r"^test accuracy: (0\.\d+)$", printed, re.MULTILINE)
    assert found is not None
    assert float(found[1]) > 0.95
    assert (out / "model.joblib").stat().st_size > 0
    assert json.loads((out / "metrics.json").read_text())["epochs"] == 12
    printed = run("digits/train.py", *arguments, "--epochs", "13")
    assert "resuming after epoch 12" in printed
    assert "epoch 13/13" in printed
    assert "epoch 12/" not in printed


def test_job_files_are_valid_requests() -> None:
    """What the pages tell to run must be accepted."""
    for path in sorted(EXAMPLES.glob("*/job.yaml")):
        body = draft_body(JobDraft(engine="e", flavor="f"), expand_body(yaml.safe_load(path.read_text())))
        request = JobRequest.model_validate(body)
        assert request.algorithm is not None
        assert (path.parent / str(request.algorithm.boot_file).rpartition("/")[2]).is_file()
