"""What the stream of a project's changes says (ours, beside the contract)."""

from trainwright.wire.model import AnswerModel


class JobChangeItem(AnswerModel):
    """A job that changed, as lists show it now; of a deleted one only its id. Times are ms, 0 when not yet.

    Several changes in quick succession are told as one. `change`: created, changed or deleted. `position`: in its
    queue from 1, 0 where that is not known.
    """

    job_id: str
    change: str
    name: str = ""
    workspace_id: str = ""
    user_id: str = ""
    user_name: str = ""
    phase: str = ""
    secondary_phase: str = ""
    reason: str = ""
    reason_message: str = ""
    pending_message: str = ""
    pending_reason: str = ""
    position: int = 0
    starts_at: int = 0
    priority: int = 0
    attempt: int = 0
    attention: str = ""
    create_time: int = 0
    start_time: int = 0
    end_time: int = 0
