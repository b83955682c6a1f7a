"""The audit trail: who did what, when, from where, with what result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.requests import Request, make_request, model_parser
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import audit
else:
    audit = deferred("trainwright.wire.audit")


def build_list_audit_records(
    project_id: str,
    *,
    user_id: str = "",
    user_name: str = "",
    operation: str = "",
    resource: str = "",
    outcome: str | None = None,
    since: int = 0,
    until: int = 0,
    after: str = "",
    limit: int = 100,
) -> Request[audit.AuditRecordList]:
    """One page of the requests that changed something or tried to, and of the sign-ins, newest first, behind `after`.

    Of a user, of an operation (`create_training_job`), about a `resource` (its kind, id or name), of an `outcome`
    (success, denied, failure), between two times in ms; what is left out does not count.
    """
    return make_request(
        "GET",
        "/v1/{project_id}/audit-records",
        model_parser(audit.AuditRecordList),
        path={"project_id": project_id},
        query={
            "user_id": user_id or None,
            "user_name": user_name or None,
            "operation": operation or None,
            "resource": resource or None,
            "outcome": outcome,
            "since": since or None,
            "until": until or None,
            "after": after or None,
            "limit": limit,
        },
    )
