"""Guards that the pages on people and signatures work as written: what they show is done against a real server."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer

ROOT = Path(__file__).resolve().parents[2]
HOWTO = ROOT / "docs" / "howto"
RUNNABLE = re.compile(r"^```(bash|python) run\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A server on its first day."""
    server = LiveServer(tmp_path / "data").start()
    yield server
    server.stop()


def _follow(page: str, live: LiveServer, folder: Path) -> str:
    """Everything the page has the reader do, in one shell; what it prints."""
    steps = []
    for number, (language, text) in enumerate(RUNNABLE.findall((HOWTO / page).read_text("utf-8"))):
        if language == "python":
            script = folder / f"step{number}.py"
            script.write_text(text, encoding="utf-8")
            text = f"'{sys.executable}' {script}"
        steps.append(text)
    assert steps
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(steps)],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TRAINWRIGHT_DATA_DIR": str(live.data_dir),
            "URL": live.url,
            "PROJECT": live.project_id,
        },
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_manage_users(tmp_path: Path, live: LiveServer) -> None:
    """Every command of the page, and what the text promises of them."""
    told = _follow("manage-users.md", live, tmp_path)
    assert re.search(r"^Roles of ben: viewer, night-shift$", told, re.MULTILINE)
    assert re.search(r"^HTTP/1.1 201", told, re.MULTILINE)
    assert re.search(r"^x-subject-token: tw_", told, re.MULTILINE)
    assert re.search(r"^vision ", told, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sign_requests(tmp_path: Path, live: LiveServer) -> None:
    """The signer that readers copy is right."""
    told = _follow("sign-requests.md", live, tmp_path)
    assert re.search(r"^[1-9]\d* engines$", told, re.MULTILINE) and "0 jobs" in told


def test_use_the_official_client(live: LiveServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The client is built as the page builds it, with the first administrator's keys."""
    page = (HOWTO / "use-the-official-client.md").read_text("utf-8")
    (block,) = re.findall(r"^ +```python\n(.*?)^ +```", page, re.MULTILINE | re.DOTALL)
    keys = json.loads((live.data_dir / "admin.json").read_text("utf-8"))
    names = {
        "ACCESS_KEY": keys["access_key"],
        "SECRET_KEY": keys["secret_key"],
        "PROJECT_ID": keys["project_id"],
    }
    assert "http://127.0.0.1:8600" in block
    exec(textwrap.dedent(block).replace("http://127.0.0.1:8600", live.url), names)
    assert "scikit-learn" in capsys.readouterr().out
