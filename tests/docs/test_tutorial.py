"""Guards that the tutorial works as written: its commands are run against a real server."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial"
RUNNABLE = re.compile(r"^```bash run\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _commands(page: str) -> list[str]:
    return RUNNABLE.findall((TUTORIAL / page).read_text(encoding="utf-8"))


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """The server that the reader was told to start."""
    server = LiveServer(tmp_path / "data").start()
    yield server
    server.stop()


def test_both_languages_run_the_same() -> None:
    """Guards that the translation does not drift: one page is run, so the other's commands must be equal."""
    assert _commands("first-job.md") == _commands("first-job.zh-CN.md")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_first_job(tmp_path: Path, live: LiveServer) -> None:
    """Guards every command of the first job, and what the text promises of their output."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in (".venv", "examples"):
        (checkout / name).symlink_to(ROOT / name)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(_commands("first-job.md"))],
        cwd=checkout,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "TRAINWRIGHT_DATA_DIR": str(live.data_dir),
        },
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    accuracies = re.findall(r"^test accuracy: (0\.9\d+)$", done.stdout, re.MULTILINE)
    assert len(accuracies) == 3  # the first job's is shown once more by `job logs`
    assert accuracies[0] == accuracies[1]
    assert "resuming after epoch 20" in done.stdout
    assert "MLPClassifier" in done.stdout
    assert "ended with exit code" in done.stdout
    assert (checkout / "model.joblib").stat().st_size > 0
