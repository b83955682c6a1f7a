"""Which requests leave a record in the audit trail, and what they were about. Pure.

Everything that changes something does, unless it is named here: a new operation is recorded without anyone thinking of
it. What it was about is read from its path, and of what it made from the answer, of which nothing else is looked at.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
QUERIES = frozenset(
    {
        "validate_authorization",
        "uploads_write_part",  # a piece; what begins and completes the upload is recorded
    }
)
"""Operations that are sent with POST or PUT and change nothing that anybody sees."""
QUERY_ENDINGS = ("-searches", "-previews", "/resource-instances/count", "/resource-instances/filter")
CHANGING_READS = frozenset({"logs_share"})
"""Operations that are sent with GET and change something: this one makes a link that opens a log to whoever has it."""
SESSION = "session"
SIGN_INS = frozenset({"create_token", "session_open"})
UNWATCHED = ("/runner/",)  # tasks, all the time; what they report is a job's history

ANSWER_MAX = 256 << 10  # bytes; what was made is told in far less
TEXT_MAX = 1024

_KINDS = {
    "training-jobs": "job",
    "modelarts-training-job": "job",
    "training_job_id": "job",
    "log-links": "log_link",
    "link_id": "log_link",
    "algorithms": "algorithm",
    "algorithm": "algorithm",
    "algorithm_id": "algorithm",
    "gallery-algorithm-publication": "gallery_item",
    "item_id": "gallery_item",
    "subscriptions": "subscription",
    "subscription_id": "subscription",
    "datasets": "dataset",
    "dataset_id": "dataset",
    "versions": "version",
    "version_id": "version",
    "models": "model",
    "model_id": "model",
    "training-experiments": "experiment",
    "experiment_id": "experiment",
    "workspaces": "workspace",
    "workspace_id": "workspace",
    "buckets": "bucket",
    "bucket": "bucket",
    "objects": "object",
    "key": "object",
    "uploads": "upload",
    "upload_id": "upload",
    "pools": "pool",
    "pool_name": "pool",
    "nodes": "node",
    "node_name": "node",
    "node": "node",
    "users": "user",
    "user_id": "user",
    "password": "user",
    "roles": "role",
    "role": "role",
    "tokens": "token",
    "token_id": "token",
    "access-keys": "access_key",
    "access_key": "access_key",
    "projects": "project",
    "session": SESSION,
    "training-quotas": "quota",
    "auth-mode": "auth_mode",
    "agency": "authorization",
    "authorizations": "authorization",
}
"""What a part of a path, or a parameter in it, says of the kind of thing the request is about; the last one counts."""
KINDS = frozenset(_KINDS.values())
_IDS = ("id", "version_id", "dataset_id", "subscription_id", "content_id", "access_key", "upload_id")
_NAMES = ("name", "version_name", "dataset_name", "key")
_WORKSPACE = "workspace_id"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request was about. An empty id: that of what was made is in the answer."""

    kind: str = ""
    id: str = ""
    name: str = ""
    workspace_id: str = ""


def is_recorded(verb: str, operation: str, template: str) -> bool:
    """Whether a request to this operation leaves a record."""
    if operation in QUERIES or template.endswith(QUERY_ENDINGS) or template.startswith(UNWATCHED):
        return False
    return verb in CHANGING or operation in CHANGING_READS


def subject_of(template: str, parameters: Mapping[str, Any]) -> Subject:
    """What a path like `/v2/{project_id}/datasets/{dataset_id}/versions` is about: here a version yet without id."""
    kind, found, workspace = "", "", ""
    for part in template.split("/"):
        name = part[1:-1].partition(":")[0] if part.startswith("{") else part
        if name not in _KINDS:
            continue
        value = str(parameters.get(name, "")) if part.startswith("{") else ""
        if name == "key":
            value = f"{found}/{value}"
        elif name == _WORKSPACE:
            workspace = value
        if name == "objects":
            kind = _KINDS[name]  # `found` stays the bucket
            continue
        kind, found = _KINDS[name], value
    return Subject(kind, found[:TEXT_MAX], workspace_id=workspace[:TEXT_MAX])


def with_answer(subject: Subject, body: bytes) -> Subject:
    """`subject` with id, name and workspace of what the answer says was made; as it is when it says nothing."""
    said = _object(body)
    inner = said.get("metadata")
    told = inner if isinstance(inner, dict) else said
    found = "" if subject.kind == "pool" else _first(told, _IDS)  # a pool's id is its name
    return Subject(
        subject.kind,
        found or _first(told, _NAMES),
        _first(told, _NAMES),
        subject.workspace_id or _first(told, (_WORKSPACE,)),
    )


def who_signed_in(body: bytes) -> tuple[str, str, str]:
    """User, their name and their project, as the answer to a sign-in says; empty when it says nothing of them."""
    said = _object(body)
    inner = said.get("token")
    told = inner if isinstance(inner, dict) else said
    user, project = (told.get(name) for name in ("user", "project"))
    if not isinstance(user, dict) or not isinstance(project, dict):
        return "", "", ""
    return _first(user, ("id",)), _first(user, ("name",)), _first(project, ("id",))


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > ANSWER_MAX:
        return {}
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> str:
    values = (said.get(name) for name in names)
    return next((value[:TEXT_MAX] for value in values if isinstance(value, str) and value), "")
