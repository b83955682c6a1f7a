"""The audit trail, which is ours. Times are ms since 1970."""

from typing import Literal

from trainwright.wire.model import AnswerModel

Outcome = Literal["success", "denied", "failure"]
LIMIT_MAX = 1000


class AuditRecordItem(AnswerModel):
    """One request that changed something or tried to, or one sign-in.

    `user_id` is empty for somebody unknown, and `user_name` is then the name that was tried. `credential`: token,
    access_key, session, password or none. `operation` is that of this description, empty for what was refused before
    it was known. `resource` is a kind of thing, such as job. `status` is that of the HTTP answer, 0 when there was
    none. `unrecorded`: of so many requests before this one no record could be kept.
    """

    id: str
    time: int
    project_id: str
    workspace_id: str
    user_id: str
    user_name: str
    credential: str
    operation: str
    resource: str
    resource_id: str
    resource_name: str
    outcome: Outcome
    status: int
    error_code: str
    request_id: str
    client_address: str
    unrecorded: int


class AuditRecordList(AnswerModel):
    """One page, newest first; `next_after` is the `after` of the next one, empty on the last."""

    records: list[AuditRecordItem]
    next_after: str
