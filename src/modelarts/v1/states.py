"""Status numbers of the first generation, from phases and reasons."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainwright.wire.job_answers import JobResponse

JOB_STATE: tuple[str, ...] = (
    "JOBSTAT_UNKNOWN",
    "JOBSTAT_INIT",
    "JOBSTAT_IMAGE_CREATING",
    "JOBSTAT_IMAGE_FAILED",
    "JOBSTAT_SUBMIT_TRYING",
    "JOBSTAT_SUBMIT_FAILED",
    "JOBSTAT_DELETE_FAILED",
    "JOBSTAT_WAITING",
    "JOBSTAT_RUNNING",
    "JOBSTAT_KILLING",
    "JOBSTAT_COMPLETED",
    "JOBSTAT_FAILED",
    "JOBSTAT_KILLED",
    "JOBSTAT_CANCELED",
    "JOBSTAT_LOST",
    "JOBSTAT_SCALING",
    "JOBSTAT_SUBMIT_MODEL_FAILED",
    "JOBSTAT_DEPLOY_SERVICE_FAILED",
    "JOBSTAT_CHECK_INIT",
    "JOBSTAT_CHECK_RUNNING",
    "JOBSTAT_CHECK_RUNNING_COMPLETED",
    "JOBSTAT_CHECK_FAILED",
    "MOUNT_FAILED",
)
"""`JOB_STATE[job.get_job_info()["status"]]` is the name of a job's status."""

UNKNOWN, IMAGE_FAILED, SUBMIT_FAILED, CANCELED = 0, 3, 5, 13
_PHASES: Mapping[str, int] = MappingProxyType(
    {
        "Creating": 1,
        "Pending": 7,
        "Running": 8,
        "Terminating": 9,
        "Completed": 10,
        "Failed": 11,
        "Terminated": 12,
        "Abnormal": 14,
    }
)
_BY_REASON: Mapping[str, int] = MappingProxyType(
    {"engine_failed": IMAGE_FAILED, "image_failed": IMAGE_FAILED, "launch_rejected": SUBMIT_FAILED}
)


def status_number(job: JobResponse) -> int:
    """The status of `job` as a number of `JOB_STATE`.

    Only those appear that can happen here: 1, 7, 8, 9, 10, 11, 12, 14; 3 when the engine's environment could not be
    made; 5 when nothing ever ran through a fault of the platform, or no node could ever run it; 13 when it was stopped
    before it ran; 0 for a phase that a newer server may have.
    """
    status = job.status
    if status.phase == "Failed":
        return _BY_REASON.get(status.reason, _PHASES["Failed"])
    if status.phase == "Terminated" and not status.start_time:
        return CANCELED
    if status.phase == "Abnormal" and not status.start_time:
        return SUBMIT_FAILED
    return _PHASES.get(status.phase, UNKNOWN)
