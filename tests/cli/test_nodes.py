"""`trainwright node` and `trainwright job stacks`."""

import json

from tests.cli.canned import ID, Shell, job_answer

NODE = {
    "apiVersion": "v2",
    "kind": "Node",
    "metadata": {
        "name": "c1",
        "labels": {},
        "annotations": {
            "trainwright.isolated/reason": "precheck_failed",
            "trainwright.isolated/detail": "no GPU",
            "trainwright.isolated/since": "2026-11-22T08:00:00Z",
            "trainwright.isolated/job": "job-x",
        },
    },
    "spec": {"flavor": "cpu.4", "os": {"name": "Linux"}},
    "status": {
        "phase": "Abnormal",
        "az": "default",
        "privateIp": "10.0.0.1",
        "resources": {"cpu": "4", "memory": "4Gi"},
        "availableResources": {"cpu": "0", "memory": "0Gi"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "x", "message": "y"}],
    },
}
NODES = "/v2/pools/pool-public/nodes"


def test_nodes_are_listed_with_why_they_are_out_of_use(shell: Shell) -> None:
    """Guards the reason, since when and through which job."""
    page = {"apiVersion": "v2", "kind": "NodeList", "metadata": {"continue": ""}, "items": [NODE]}
    shell.server.answers[f"GET {NODES}"] = (200, page)
    code, out, _ = shell("node", "list")
    assert code == 0
    for word in ("c1", "Abnormal", "10.0.0.1", "0 / 4", "failed the check before a job: no GPU", "job-x"):
        assert word in " ".join(out.split())
    out = shell("node", "list", "--language", "zh-cn")[1]
    assert "不可用" in out and "作业启动前检查未通过: no GPU" in out
    code, out, _ = shell("node", "list", "-o", "json")
    assert json.loads(out)[0]["metadata"]["name"] == "c1"


def test_nodes_are_locked_and_returned_by_name(shell: Shell) -> None:
    """Guards what is sent, and the exit code when one is not there."""
    done = {"nodes": [{"name": "c1", "status": "success"}]}
    shell.server.answers[f"POST {NODES}/batch-lock"] = (200, done)
    assert shell("node", "lock", "c1")[:2] == (0, "Node c1: locked\n")
    assert shell("node", "lock", "c1", "--reason", "broken fan")[0] == 0
    assert shell.server.bodies(f"POST {NODES}/batch-lock") == [
        {"nodeNames": ["c1"]},
        {"nodeNames": ["c1"], "reason": "broken fan"},
    ]
    half = {"nodes": [*done["nodes"], {"name": "c9", "status": "failed"}]}
    shell.server.answers["POST /v2/pools/night/nodes/batch-unlock"] = (200, half)
    code, out, _ = shell("node", "unlock", "c1", "c9", "--pool", "night")
    assert (code, out) == (1, "Node c1: returned\nNode c9: not in this pool\n")
    assert shell.server.bodies("POST /v2/pools/night/nodes/batch-unlock") == [{"nodeNames": ["c1", "c9"]}]


def test_stacks_are_printed_as_they_are(shell: Shell) -> None:
    """Guards a dump under the line that says of what it is."""
    shell.server.answers[f"GET /v2/training-jobs/{ID}"] = (200, job_answer())
    dump = {
        "attempt": 1,
        "task": "worker-0",
        "number": 2,
        "time": 1_790_000_000_000,
        "text": "Process 7: train",
    }
    page = {"limit": 10, "offset": 0, "stacks": [dump]}
    shell.server.answers[f"GET /v2/training-jobs/{ID}/stacks"] = (200, page)
    code, out, _ = shell("job", "stacks", ID)
    assert code == 0
    assert out.startswith("== worker-0 #2 (1) ")
    assert out.endswith("\nProcess 7: train\n")
    shell.server.answers[f"GET /v2/training-jobs/{ID}/stacks"] = (200, {**page, "stacks": []})
    assert shell("job", "stacks", ID)[1:] == ("", "No stacks are stored.\n")
