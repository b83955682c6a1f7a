"""A real server in its own process over a data directory, and just enough of a client to drive it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
END = ("Completed", "Failed", "Terminated", "Abnormal")


def wait_for(look: Callable[[], T | None], *, timeout_s: float = 60.0, what: str = "it") -> T:
    """Poll until `look` gives something truthy."""
    give_up = time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {timeout_s:g} s")


@dataclass
class LiveServer:
    """`start` and `kill` it as often as you like; jobs go on in between."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    apart: bool = False  # in a session of its own: Ctrl-C is for whoever started it
    python: Path = Path(sys.executable)
    """Of the environment that the server is installed in."""

    def start(self) -> "LiveServer":
        """Start and wait until it answers. After the first start it keeps its port, as a real server would."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        output = (self.data_dir / "server.out").open("ab")
        before = self._published()
        self.process = subprocess.Popen(
            [
                str(self.python), "-m", "trainwright.server", "run",
                "--data-dir", str(self.data_dir), "--port", str(self.port),
            ],
            stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            env=os.environ | {"TRAINWRIGHT_DATA_DIR": str(self.data_dir)} | self.environment,
            start_new_session=self.apart,
        )  # fmt: skip
        output.close()
        wait_for(lambda: self._is_alive() and self._published() != before, what="server.json")
        published = json.loads((self.data_dir / "server.json").read_text())
        self.url = published["url"]
        self.port = int(self.url.rpartition(":")[2])
        admin = json.loads((self.data_dir / "admin.json").read_text())
        self.project_id = admin["project_id"]
        self.token = admin["token"]
        self.http = httpx.Client(
            base_url=self.url, headers={"X-Auth-Token": self.token}, timeout=30, trust_env=False
        )
        wait_for(self._healthy, what="health")
        return self

    def _published(self) -> bytes:
        path = self.data_dir / "server.json"
        return path.read_bytes() + str(path.stat().st_mtime_ns).encode() if path.exists() else b""

    def _is_alive(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"server died:\n{(self.data_dir / 'server.out').read_text()[-4000:]}")
        return True

    def _healthy(self) -> bool:
        self._is_alive()
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the server process (not the jobs). Harmless when it is not running."""
        if self.process is None:
            return
        self.http.close()
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        self.process = None

    def stop(self) -> None:
        """Orderly end."""
        self.kill(signal.SIGTERM)

    # -- the API ------------------------------------------------------------------------------------------------------

    def call(self, verb: str, path: str, **more: Any) -> httpx.Response:
        """One call below `/v2/{project}` (or an absolute `/v1…`, `/health`)."""
        full = path.replace("{P}", self.project_id)
        return self.http.request(verb, full, **more)

    def put(self, uri: str, data: bytes | str) -> None:
        """Store one object, making its bucket when needed."""
        bucket, _, key = uri.removeprefix("obs://").partition("/")
        self.call("PUT", f"/v1/{{P}}/buckets/{bucket}")
        body = data.encode() if isinstance(data, str) else data
        answer = self.call("PUT", f"/v1/{{P}}/buckets/{bucket}/objects/{key}", content=body)
        assert answer.status_code in (200, 201), answer.text

    def get(self, uri: str) -> bytes:
        """One object's bytes."""
        bucket, _, key = uri.removeprefix("obs://").partition("/")
        answer = self.call("GET", f"/v1/{{P}}/buckets/{bucket}/objects/{key}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def keys(self, uri: str) -> list[str]:
        """Keys below a folder."""
        bucket, _, prefix = uri.removeprefix("obs://").partition("/")
        answer = self.call("GET", f"/v1/{{P}}/buckets/{bucket}/objects", params={"prefix": prefix})
        return [item["key"] for item in answer.json()["objects"]]

    def flavor(self) -> str:
        """The smallest flavor."""
        flavors = self.call("GET", "/v2/{P}/training-job-flavors").json()["flavors"]
        return str(min(flavors, key=lambda f: f["flavor_info"]["cpu"]["core_num"])["flavor_id"])

    def python_engine(self) -> str:
        """The engine on the running interpreter."""
        engines = self.call("GET", "/v2/{P}/training-job-engines").json()["items"]
        return str(next(e["engine_id"] for e in engines if e["engine_name"].lower() == "python"))

    def body(
        self, name: str, script: str | None = None, *, command: str = "", **algorithm: Any
    ) -> dict[str, Any]:
        """A creation body: `script` is stored as the boot file of a code folder of its own."""
        inner: dict[str, Any] = dict(algorithm)
        if script is not None:
            self.put(f"obs://e2e/{name}/code/main.py", script)
            inner |= {
                "code_dir": f"obs://e2e/{name}/code/",
                "boot_file": f"obs://e2e/{name}/code/main.py",
                "engine": {"engine_id": self.python_engine()},
            }
        else:
            inner["command"] = command
        return {
            "kind": "job",
            "metadata": {"name": name},
            "algorithm": inner,
            "spec": {"resource": {"flavor_id": self.flavor(), "node_count": 1}},
        }

    def create(self, body: dict[str, Any]) -> str:
        """Create the job; its id."""
        answer = self.call("POST", "/v2/{P}/training-jobs", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["metadata"]["id"])

    def show(self, job: str) -> dict[str, Any]:
        """The job object."""
        answer = self.call("GET", f"/v2/{{P}}/training-jobs/{job}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def wait(self, job: str, *phases: str, timeout_s: float = 90.0) -> dict[str, Any]:
        """The job once it is in one of `phases` (end phases by default)."""

        def look() -> dict[str, Any] | None:
            shown = self.show(job)
            return shown if shown["status"]["phase"] in (phases or END) else None

        return wait_for(look, timeout_s=timeout_s, what=f"{phases or END} of {job}")

    def log(self, job: str, task: str = "worker-0") -> bytes:
        """The whole log."""
        answer = self.call("GET", f"/v2/{{P}}/training-jobs/{job}/tasks/{task}/logs/content")
        return answer.content if answer.status_code == 200 else b""

    def events(self, job: str, language: str = "en-us") -> list[str]:
        """Messages, oldest first."""
        answer = self.call(
            "GET", f"/v2/{{P}}/training-jobs/{job}/events",
            params={"limit": 100, "order": "asc"}, headers={"X-Language": language},
        )  # fmt: skip
        return [item["message"] for item in answer.json()["events"]]


def user_bytes(log: bytes) -> bytes:
    """What the script wrote: the log without the platform's own lines."""
    return b"".join(
        line
        for line in log.splitlines(keepends=True)
        if not line.lower().startswith(b"[modelarts service log]")
    )


def processes_of(job_id: str) -> list[int]:
    """Live processes that belong to a job, by the variable every one of its processes inherits."""
    marker = f"MA_CURRENT_INSTANCE_NAME=modelarts-job-{job_id}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (
                marker in (entry / "environ").read_bytes()
                and (entry / "stat").read_text().split(")")[1][1] != "Z"
            ):
                found.append(int(entry.name))
        except (OSError, IndexError):
            continue  # it ended while we looked
    return found
