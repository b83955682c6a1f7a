"""The server that the suite drives, and the people who call it."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.live import END, LiveServer, wait_for
from tests.e2e.modelarts.driver import Caller, Recorder, caller

OLD_ENGINE = "tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64"
PYTHON_ENGINE = "python_3-local"
PYTHON_IMAGE, OLD_IMAGE = "proof/python:3", "modelarts/tensorflow:2.1.0"
SMALL, LARGE, CARD = "modelarts.vm.cpu.2u", "modelarts.vm.cpu.8u", "modelarts.p3.large.public"
BUCKET = "proof"

ENGINES = f"""
engines:
  - {{id: {PYTHON_ENGINE}, name: Python, version: 3-local, image: "{PYTHON_IMAGE}"}}
  - {{id: {OLD_ENGINE}, name: TensorFlow, version: {OLD_ENGINE.replace("tensorflow_", "tf_")}, image: "{OLD_IMAGE}"}}
"""
FLAVORS = f"""
flavors:
  - {{id: {SMALL}, resources: {{cpus: 0.25, memory_mib: 1024, disk_mib: 10240}}, max_nodes: 2}}
  - {{id: {LARGE}, resources: {{cpus: 0.5, memory_mib: 1024, disk_mib: 10240}}, max_nodes: 2}}
  - id: {CARD}
    resources: {{cpus: 0.5, memory_mib: 1024, disk_mib: 10240, accelerators: 1, accelerator_kind: gpu}}
    accelerator_name: NVIDIA-V100
    accelerator_memory: 32GB
"""
HELLO = "print('hello from the script')\n"


@dataclass(frozen=True, slots=True)
class Person:
    """A user and the official client acting for them."""

    id: str
    name: str
    project_id: str
    token: str
    access_key: str
    secret_key: str = field(repr=False)
    api: Caller


class Platform:
    """A running server with what the reference's own payloads name."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "engines.yaml").write_text(ENGINES)
        (folder / "flavors.yaml").write_text(FLAVORS)
        self.recorder = recorder
        self.live = LiveServer(folder).start()
        self._numbers = 0

    def stop(self) -> None:
        """End the server."""
        self.live.stop()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return str(self.live.url)

    @cached_property
    def admin(self) -> Person:
        """Who the server was installed by."""
        told = json.loads((self.live.data_dir / "admin.json").read_text())
        return self._person(
            told.get("user_id", ""), told.get("user_name", "admin"), told["project_id"], told["token"],
            told["access_key"], told["secret_key"],
        )  # fmt: skip

    def _person(self, user_id: str, name: str, project: str, token: str, ak: str, sk: str) -> Person:
        api = caller(self.url, project, ak, sk, self.recorder)
        return Person(user_id, name, project, token, ak, sk, api)

    def unique(self, stem: str) -> str:
        """A name that nothing has yet."""
        self._numbers += 1
        return f"{stem}-{self._numbers}"

    # -- people, by our own API -----------------------------------------------------------------------------------

    def add_person(self, role: str, name: str = "") -> Person:
        """A user of the admin's project with one built-in role."""
        name = name or self.unique(role)
        user = self._ours("POST", "/v1/{P}/users", json={"name": name, "roles": [role]})
        token = self._ours("POST", "/v1/{P}/tokens", params={"user_id": user["id"]}, json={})["token"]
        return self._with_key(user, self.live.project_id, token)

    def add_project(self) -> Person:
        """The administrator of a project of their own."""
        made = self._ours(
            "POST", "/v1/projects", json={"name": self.unique("tenant"), "administrator": "boss"}
        )
        return self._with_key(made["user"], made["project"]["id"], made["token"])

    def _with_key(self, user: dict[str, Any], project: str, token: str) -> Person:
        key = self._ours("POST", f"/v1/{project}/access-keys", json={}, headers={"X-Auth-Token": token})
        return self._person(user["id"], user["name"], project, token, key["access_key"], key["secret_key"])

    def disable_key(self, person: Person) -> None:
        """Switch a person's access key off."""
        path = f"/v1/{person.project_id}/access-keys/{person.access_key}"
        self._ours("PUT", path, json={"enabled": False}, headers={"X-Auth-Token": person.token})

    def _ours(self, verb: str, path: str, **more: Any) -> Any:
        answer = self.live.call(verb, path, **more)
        assert answer.status_code in (200, 201), f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def http(self, person: Person) -> httpx.Client:
        """Plain HTTP as that person, for what the client has no method for."""
        return httpx.Client(
            base_url=self.url, headers={"X-Auth-Token": person.token}, timeout=30, trust_env=False
        )

    # -- jobs -----------------------------------------------------------------------------------------------------

    def put(self, key: str, data: str | bytes) -> str:
        """Store an object in the suite's bucket; its OBS path."""
        self.live.put(f"obs://{BUCKET}/{key}", data)
        return f"obs://{BUCKET}/{key}"

    def code(self, name: str, script: str = HELLO) -> dict[str, Any]:
        """The algorithm part of a request whose boot file is `script`, in a folder of its own."""
        self.put(f"{name}/code/train.py", script)
        return {
            "code_dir": f"obs://{BUCKET}/{name}/code/",
            "boot_file": f"obs://{BUCKET}/{name}/code/train.py",
            "engine": {"engine_id": PYTHON_ENGINE},
        }

    def job(self, name: str, script: str = HELLO, **algorithm: Any) -> dict[str, Any]:
        """A whole creation request, in wire names."""
        return {
            "kind": "job",
            "metadata": {"name": name},
            "algorithm": self.code(name, script) | algorithm,
            "spec": {"resource": {"flavor_id": SMALL, "node_count": 1}},
        }

    def create(self, stem: str, script: str = HELLO, **algorithm: Any) -> Any:
        """Create a job as the admin; the client's answer."""
        return self.admin.api.call(
            "create_training_job", body=self.job(self.unique(stem), script, **algorithm)
        )

    def show(self, job_id: str) -> Any:
        """The job as the client shows it."""
        return self.admin.api.call("show_training_job_details", training_job_id=job_id)

    def wait(self, job_id: str, *phases: str, who: Person | None = None) -> Any:
        """The job once it is in one of `phases` (end phases when none), as `who` sees it (the admin when none)."""

        def look() -> Any:
            shown = (who or self.admin).api.call("show_training_job_details", training_job_id=job_id)
            return shown if shown.status.phase in (phases or END) else None

        return wait_for(look, timeout_s=60, what=f"{phases or END} of {job_id}")

    def stop_job(self, job_id: str) -> None:
        """Stop it and wait for its end."""
        self.admin.api.call("stop_training_job", training_job_id=job_id, body={"action_type": "terminate"})
        self.wait(job_id)
