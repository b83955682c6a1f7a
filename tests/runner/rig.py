"""Runs one task as a backend would: real supervisor, real shim, real command, against a stub server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.runner.stub_server import StubServer

KEY = f"11112222-3333-4444-5555-{os.urandom(6).hex()}-a1"  # of this run alone: others may go on beside it
MARKER = f"TRAINWRIGHT_TASK={KEY}/worker-0".encode()


def make_order(**changes: Any) -> dict[str, Any]:
    """A task order that does nothing, with `changes`."""
    order: dict[str, Any] = {
        "job_id": "11112222-3333-4444-5555-666677778888",
        "job_name": "digits",
        "attempt": 1,
        "task": "worker-0",
        "role": "worker",
        "index": 0,
        "replicas": 1,
        "hosts": ["modelarts-job-11112222-worker-0"],
        "resources": {
            "cpus": 2.0,
            "memory_mib": 4096,
            "accelerators": 0,
            "accelerator_kind": "",
            "disk_mib": 0,
        },
        "engine": None,
        "image": None,
        "code": None,
        "inputs": [],
        "outputs": [],
        "log_export": None,
        "boot_file": "",
        "shell": "true",
        "arguments": [],
        "environment": {},
        "working_dir": "",
        "upload_period_s": 3600,
        "grace_s": 5,
        "log_limit_bytes": 1 << 30,
        "heartbeat_s": 0.5,
        "roles": [],
        "user_id": "",
        "role_index": 0,
        "processes": 0,
        "check": None,
        "quiet": None,
        "process_retries": 0,
        "reserve_s": 0,
        "resume": None,
        "go": {"round": 0, "peers": [{"task": "worker-0", "ip": "127.0.0.1", "port": 0}], "resume": None},
        "job_token": "",
        "project_id": "",
    }
    return {**order, **changes}


def folder(name: str, local_path: str, grant: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A `Folder` of the order."""
    base: dict[str, Any] = {
        "name": name,
        "uri": f"obs://bucket/{name}/",
        "shown": "",
        "local_path": local_path,
        "grant": grant,
        "pass_as": "argument",
        "prefetch": False,
        "is_file": False,
        "manifest_url": "",
    }
    return {**base, **changes}


def path_grant(path: Path) -> dict[str, str]:
    return {"kind": "path", "path": str(path)}


class Rig:
    """One task in `base`. `start` as often as the supervisor was killed; leaving the block ends everything."""

    def __init__(self, base: Path, archive: Path, server: StubServer, launcher: str) -> None:
        self.base = base
        self.archive = archive
        self.server = server
        self.launcher = launcher
        self.rundir = base / "run"
        self.rundir.mkdir(mode=0o700)
        self.launch: dict[str, Any] = {
            "attempt_key": KEY,
            "task": "worker-0",
            "token": StubServer.TOKEN,
            "launcher": launcher,
            "engines_dir": str(base / "engines"),
            "pip_cache_dir": "",
            "memory_limit_mib": 0,
            "disk_limit_mib": 0,
            "cgroup": "",
        }
        self.python = sys.executable
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_supervisor()
        for pid in processes_of(KEY):
            os.kill(pid, signal.SIGKILL)

    def start(self, **environment: str) -> None:
        """Start a supervisor."""
        launch = {"server_url": self.server.url, **self.launch}
        (self.rundir / "launch.json").write_text(json.dumps(launch))
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [self.python, "-I", "-S", str(self.archive), "supervise", str(self.rundir)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**kept, "SECRET_OF_THE_SERVER": "leak", **environment},
        )

    def kill_supervisor(self) -> None:
        """kill -9; nothing if it has ended."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def wait(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """Until the supervisor has ended by itself; the final result the server has."""
        assert self.process is not None
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.story()) from None
        assert code == 0, self.story()
        assert self.done(), self.story()
        return self.server.told.finals[-1] if self.server.told.finals else {}

    def run(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """Start, wait; see `wait`."""
        self.start()
        return self.wait(timeout_s)

    def done(self) -> bool:
        return (self.rundir / "done.json").exists()

    def shim_pid(self, step: str = "command") -> int:
        return int(json.loads((self.rundir / f"shim-{step}.json").read_text())["pid"])

    def await_file(self, name: str, timeout_s: float = 30.0) -> Path:
        """Until a file of the run folder is there."""
        path = self.rundir / name
        poll_until(path.exists, timeout_s, lambda: f"{name} never came: {self.story()}")
        return path

    def story(self) -> str:
        """What is known, for a failing test."""
        journal = self.rundir / "supervisor.log"
        said = journal.read_text() if journal.exists() else ""
        told = self.server.told
        return (
            f"journal: {said}\nevents: {told.events}\nlog: {bytes(told.log[-4000:])!r}\nfinals: {told.finals}"
        )

    def user_log(self) -> bytes:
        """The log without the platform's own lines."""
        lines = bytes(self.server.told.log).splitlines(keepends=True)
        return b"".join(line for line in lines if not line.startswith(b"[ModelArts Service Log]"))


def poll_until(
    condition: Callable[[], bool], timeout_s: float = 30.0, story: Callable[[], str] = lambda: "timed out"
) -> None:
    """Return once `condition()` holds, for facts about real processes that nobody announces."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(story())
        time.sleep(0.005)


def processes_of(key: str) -> list[int]:
    """Living processes that belong to a task of this attempt, wherever they have moved."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"TRAINWRIGHT_TASK={key}/".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
