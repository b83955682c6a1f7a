"""The real process: start, find it, refuse a second one, let go of it quickly, start it again."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TRAINWRIGHT_")}
STOP_S = 20  # far above what it takes; only so that a hanging server fails instead of hanging the tests


def argv(data_dir: Path, *more: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "trainwright.server",
        "run",
        "--data-dir",
        str(data_dir),
        "--port",
        "0",
        *more,
    ]


@contextmanager
def server(data_dir: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A started server and its banner; killed at the end if it still runs."""
    with subprocess.Popen(
        argv(data_dir, *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT | {"TRAINWRIGHT_SANDBOX": "off"},
    ) as process:
        assert process.stdout is not None
        try:
            banner = "".join(process.stdout.readline() for _ in range(5 + len(more) // 2))
            yield process, banner
        finally:
            process.kill()


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def client(data_dir: Path) -> httpx.Client:
    """A client of the server that the data directory names, with the admin's token."""
    return httpx.Client(
        base_url=read(data_dir / "server.json")["url"],
        headers={"X-Auth-Token": read(data_dir / "admin.json")["token"]},
        trust_env=False,
        timeout=STOP_S,
    )


def test_two_lives_of_a_server(tmp_path: Path) -> None:
    """It publishes itself, keeps secrets private, refuses a second one, stops with streams open, and comes back with
    the same port, project and token.
    """
    data_dir = tmp_path / "d"
    with server(data_dir) as (process, banner):
        published, admin = read(data_dir / "server.json"), read(data_dir / "admin.json")
        assert published["pid"] == process.pid
        assert published["url"] in banner and str(data_dir / "admin.json") in banner and "process" in banner
        assert admin["token"] not in banner
        for name in ("server.json", "admin.json", "secret.key", "server.lock", "trainwright.db"):
            assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600, name

        second = subprocess.run(argv(data_dir), capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
        assert second.returncode == 1
        assert f"pid {process.pid}, {published['url']}" in second.stderr

        with client(data_dir) as http:
            flavor = http.get(f"/v2/{admin['project_id']}/training-job-flavors").json()["flavors"][0]
            body = {
                "kind": "job",
                "metadata": {"name": "long"},
                "algorithm": {"command": "exec sleep 600"},
                "spec": {"resource": {"flavor_id": flavor["flavor_id"], "node_count": 1}},
            }
            job = http.post(f"/v2/{admin['project_id']}/training-jobs", json=body).json()["metadata"]["id"]
            path = f"/v2/{admin['project_id']}/training-jobs/{job}"
            with http.stream("GET", f"{path}/events/stream") as stream:
                lines = stream.iter_lines()
                while not next(lines).startswith('data: {"phase":"Running"'):
                    pass
                process.send_signal(signal.SIGTERM)
                for _ in lines:
                    pass
        assert process.wait(STOP_S) == 0
        assert read(data_dir / "server.json") == published

    with server(data_dir) as (process, _), client(data_dir) as http:
        assert read(data_dir / "server.json")["url"] == published["url"]
        assert read(data_dir / "admin.json") == admin
        assert http.get(path).json()["status"]["phase"] == "Running"
        http.post(f"{path}/actions", json={"action_type": "terminate"})
        with http.stream("GET", f"{path}/events/stream") as stream:
            assert any('"phase":"Terminated"' in line for line in stream.iter_lines())
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_S) == 0


def test_stalled_reader_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A connection that sent half a request is cut."""
    data_dir = tmp_path / "d"
    with server(data_dir) as (process, _):
        url = httpx.URL(read(data_dir / "server.json")["url"])
        ended = threading.Event()

        def half() -> Iterator[bytes]:
            yield b"{"
            process.send_signal(signal.SIGTERM)
            ended.wait(STOP_S)
            yield b"}"

        def wait() -> None:
            process.wait()
            ended.set()

        waiter = threading.Thread(target=wait)
        waiter.start()
        with httpx.Client(trust_env=False, timeout=STOP_S) as http, suppress(httpx.TransportError):
            http.post(url.copy_with(path="/runner/v1/attempts/a/tasks/t/registration"), content=half())
        waiter.join(STOP_S)
        assert process.returncode == 0


def test_open_host_is_warned_about(tmp_path: Path) -> None:
    """Binding to every interface works, and says what that means."""
    with server(tmp_path / "d", "--host", "0.0.0.0") as (process, banner):
        assert "warning" in banner and "0.0.0.0" in banner
        assert read(tmp_path / "d" / "server.json")["url"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_S) == 0


def test_unusable_database_is_one_sentence(tmp_path: Path) -> None:
    """No traceback for what the admin can mend; the password is not shown."""
    (tmp_path / "file").touch()
    for url in (
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@127.0.0.1:1/d",
        f"sqlite:///{tmp_path}/file/x.db",
    ):
        told = subprocess.run(
            argv(tmp_path / "d"),
            capture_output=True,
            text=True,
            timeout=60,
            env=ENVIRONMENT | {"TRAINWRIGHT_DATABASE_URL": url},
        )
        assert told.returncode == 1, url
        assert "error: The database cannot be used" in told.stderr
        assert "Traceback" not in told.stderr and "hunter2" not in told.stderr


def test_openapi_is_printed_without_a_server() -> None:
    """For the client and the console: the same text twice."""
    texts = [
        subprocess.run(
            [sys.executable, "-m", "trainwright.server", "openapi"],
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["openapi"].startswith("3.")
