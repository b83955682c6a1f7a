"""A server with one of everything, and the ids of it by the names that paths give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.live import LiveServer

CODE = "print('seed')\n"


@dataclass(frozen=True)
class Caller:
    """A user of a project, with a token."""

    http: httpx.Client
    project: str
    user_id: str = ""

    def call(self, verb: str, path: str, **more: Any) -> httpx.Response:
        """One call; `{P}` is the caller's project."""
        return self.http.request(verb, path.replace("{P}", self.project), **more)

    def made(self, path: str, body: Mapping[str, Any], verb: str = "POST") -> dict[str, Any]:
        """What creating something answers."""
        answer = self.call(verb, path, json=body)
        assert answer.status_code in (200, 201), (path, answer.text)
        found: dict[str, Any] = answer.json()
        return found


def close(*callers: Caller) -> None:
    """Close their connections."""
    for each in callers:
        each.http.close()


def caller(live: LiveServer, token: str, project: str, user_id: str = "") -> Caller:
    """Whoever has this token."""
    client = httpx.Client(base_url=live.url, headers={"X-Auth-Token": token}, timeout=30, trust_env=False)
    return Caller(client, project, user_id)


def admin_of(live: LiveServer) -> Caller:
    """The server's admin."""
    return caller(live, live.token, live.project_id)


def add_user(live: LiveServer, admin: Caller, name: str, *roles: str) -> Caller:
    """A user of the admin's project."""
    user = admin.made("/v1/{P}/users", {"name": name, "roles": list(roles)})
    token = admin.made(f"/v1/{{P}}/tokens?user_id={user['id']}", {"description": "seed"})
    return caller(live, token["token"], admin.project, user["id"])


def add_project(live: LiveServer, admin: Caller, name: str) -> Caller:
    """Another project's administrator."""
    made = admin.made("/v1/projects", {"name": name, "administrator": "boss"})
    return caller(live, made["token"], made["project"]["id"], made["user"]["id"])


@dataclass
class Seeds:
    """Ids by the names that paths give them (`training_job_id`, …)."""

    ids: dict[str, str] = field(default_factory=dict)


def seed(live: LiveServer, owner: Caller, *, mark: str, workspace: str = "0") -> Seeds:
    """One of everything that lies in a workspace, made by `owner`; `mark` keeps names apart."""
    ids: dict[str, str] = {"task_id": "worker-0"}
    if workspace != "0":
        ids["workspace_id"] = workspace
    bucket = f"seed-{mark}"
    owner.call("PUT", f"/v1/{{P}}/buckets/{bucket}")
    for key in ("code/main.py", "data/a.txt"):
        stored = owner.call("PUT", f"/v1/{{P}}/buckets/{bucket}/objects/{key}", content=CODE)
        assert stored.status_code in (200, 201), stored.text
    ids |= {"bucket": bucket, "key": "data/a.txt"}
    algorithm = {
        "metadata": {"name": f"algorithm-{mark}", "workspace_id": workspace},
        "job_config": {
            "code_dir": f"obs://{bucket}/code/",
            "boot_file": f"obs://{bucket}/code/main.py",
            "engine": {"engine_id": live.python_engine()},
        },
    }
    ids["algorithm_id"] = owner.made("/v2/{P}/algorithms", algorithm)["metadata"]["id"]
    experiment = {"metadata": {"name": f"experiment-{mark}", "workspace_id": workspace}}
    made = owner.made("/v2/{P}/training-experiments", experiment)
    ids["experiment_id"] = made["metadata"]["id"]
    dataset = {
        "dataset_name": f"dataset-{mark}",
        "data_source": {"data_path": f"obs://{bucket}/data/"},
        "workspace_id": workspace,
    }
    ids["dataset_id"] = owner.made("/v2/{P}/datasets", dataset)["dataset_id"]
    version = owner.made(f"/v2/{{P}}/datasets/{ids['dataset_id']}/versions", {})
    ids["version_id"] = version["version_id"]
    job = live.body(f"job-{mark}", command="true") if owner.project == live.project_id else None
    if job is not None:
        job["metadata"] |= {
            "workspace_id": workspace,
            "training_experiment_reference": {"id": ids["experiment_id"]},
        }
        ids["training_job_id"] = owner.made("/v2/{P}/training-jobs", job)["metadata"]["id"]
        tags = {"tags": [{"key": f"key-{mark}", "value": mark}]}
        tagged = owner.call(
            "POST", f"/v2/{{P}}/modelarts-training-job/{ids['training_job_id']}/tags/create", json=tags
        )
        assert tagged.status_code < 300, tagged.text
    return Seeds(ids)
