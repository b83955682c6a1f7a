"""`trainwright audit list`."""

import json

from tests.cli.canned import Shell

RECORD = {
    "id": "01a204b4c7c5000069b1067163",
    "time": 1795375286213,
    "project_id": "p",
    "workspace_id": "0",
    "user_id": "u",
    "user_name": "李晓雯",
    "credential": "session",
    "operation": "delete_training_job",
    "resource": "job",
    "resource_id": "6f12",
    "resource_name": "digits-1",
    "outcome": "failure",
    "status": 409,
    "error_code": "ModelArts.2777",
    "request_id": "r",
    "client_address": "192.0.2.7",
    "unrecorded": 0,
}


def test_records_are_listed_page_by_page_up_to_the_limit(shell: Shell) -> None:
    """Guards the table, the conditions that are sent, and the cursor."""
    page = {"records": [RECORD], "next_after": RECORD["id"]}
    shell.server.answers["GET /v1/audit-records"] = (200, page)
    code, out, _ = shell("audit", "list", "--operation", "delete_training_job", "--limit", "2")
    assert code == 0
    for text in ("李晓雯", "delete_training_job", "job 6f12", "digits-1", "409 ModelArts.2777", "192.0.2.7"):
        assert out.count(text) == 2
    code, out, _ = shell("audit", "list", "--limit", "1", "-o", "json")
    assert json.loads(out) == [RECORD]
    assert "操作" in shell("audit", "list", "--limit", "1", "--language", "zh-cn")[1]
