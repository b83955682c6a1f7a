"""`TrainingJob`: one version of a job, and everything that can be asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelarts.arguments import as_text
from modelarts.exception import InvalidArgument, JobFailed, raising, v1_answer
from modelarts.session import Session
from modelarts.v1.logs import log_files, read_log
from modelarts.v1.shown import Json, job_detail, system_metrics
from modelarts.v1.states import JOB_STATE, status_number
from modelarts.v1.versions import Version, as_version, list_versions
from modelarts.waiting import wait_for_end
from trainwright.client import ApiError
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import html

    from modelarts import local
    from trainwright import client
else:
    client = deferred("trainwright.client")
    html = deferred("html")
    local = deferred("modelarts.local")

_NOT_FOUND = 404
_NOT_ENDED = "ModelArts.2858"  # what the server says of one version


class JobMethods:
    """What `TrainingJob` and an `Estimator` that is attached to a job have in common."""

    session: Session
    job_id: str
    version_id: str

    @v1_answer
    def get_job_info(self) -> Json:
        """Everything about this version: the fields of facts §3.3, and `phase` and `reason` in words."""
        version = self._version()
        metrics = system_metrics(self.session.client, version.job)
        return {**job_detail(version), "system_metric_list": metrics}

    @v1_answer
    def get_job_log_file_list(self) -> Json:
        """`log_file_list`: the names of the logs, one for each node."""
        return {"log_file_list": log_files(self._version().job)}

    @v1_answer
    def get_job_log(self, log_file: str, start_byte: int = 0, offset: int = 2048) -> Json:
        """A part of a log: `content`, how many `lines` it has, and the bytes where it begins (`start_line`) and ends
        (`end_line`).

        `offset` bytes from `start_byte` on, or, when `offset` is negative, before it; `start_byte` -1 is the end of the
        log. To read on, ask with `start_byte=<end_line>`. `offset` is from -2048 to 2048.
        """
        return read_log(self.session.client, self._version().job, log_file, start_byte, offset)

    @v1_answer
    def get_job_version_info(self) -> Json:
        """The job with all its versions, the newest first: `job_id, job_name, job_desc, version_count, versions`."""
        versions = self._versions()
        newest = versions[-1].job.metadata
        return {
            "job_id": versions[-1].job_id,
            "job_name": versions[-1].job_name,
            "job_desc": newest.description,
            "version_count": len(versions),
            "versions": [job_detail(version) for version in reversed(versions)],
        }

    @raising
    def get_job_version_object_list(self, is_show: bool = True) -> list[TrainingJob]:
        """The versions as objects, the newest first; printed as well when `is_show`."""
        jobs = [TrainingJob(self.session, version) for version in reversed(self._versions())]
        if is_show:
            print_objects(jobs)
        return jobs

    @v1_answer
    def stop_job_version(self) -> Json:
        """Stop this version; one that has ended is refused."""
        self.session.client.stop_job(self._version().id)
        return {}

    @v1_answer
    def delete_job_version(self) -> Json:
        """Delete this version, which must have ended; what it wrote to the object store stays."""
        self.session.client.delete_job(self._version().id)
        return {}

    @v1_answer
    def delete_job(self) -> Json:
        """Delete the job with all its versions, which must have ended."""
        delete_all(self.session, self._versions())
        return {}

    @v1_answer
    def update_job_description(self, description: str) -> Json:
        """Change the description of the job, that is of all its versions: at most 256 characters."""
        text = as_text("description", description)
        for version in self._versions():
            self.session.client.describe_job(version.id, text)
        return {}

    @raising
    def wait(self) -> Json:
        """Show what happens to this version until it has ended, as `fit(wait=True)` does; then its `get_job_info`.

        Raises:
            JobFailed: it ended otherwise than Completed.
        """
        wait_for_version(self.session, self._version())
        return self.get_job_info()

    def _version(self) -> Version:
        """This version; the newest when only the job is known.

        Raises:
            InvalidArgument: no job is known at all.
        """
        if self.version_id:
            return as_version(self.session.client.show_job(self.version_id))
        return self._versions()[-1]

    def _versions(self) -> list[Version]:
        if not self.job_id and not self.version_id:
            raise InvalidArgument(
                "This estimator is not attached to a job.",
                error_solution="Call fit first, or make it with Estimator(session, job_id=…, version_id=…).",
            )
        return list_versions(self.session.client, self.job_id or self.version_id)


class TrainingJob(JobMethods):
    """One version of a job. `job_id` and `version_id` name it; `Estimator(session, job_id=…, version_id=…)` finds it
    again.
    """

    def __init__(self, session: Session, version: Version) -> None:
        self.session = session
        self.job_id = version.job_id
        self.version_id = version.id
        self.job_name = version.job_name
        self.version_name = version.name
        self._heard = version

    @property
    def status(self) -> int:
        """The status when this object was made or last asked, as a number of `JOB_STATE`."""
        return status_number(self._heard.job)

    def _version(self) -> Version:
        self._heard = super()._version()
        return self._heard

    def __repr__(self) -> str:
        return (
            f"<TrainingJob {self.job_name} {self.version_name}, {JOB_STATE[self.status]}, "
            f"job_id={self.job_id!r}, version_id={self.version_id!r}>"
        )

    def _repr_html_(self) -> str:
        rows = (
            ("Job", self.job_name),
            ("Version", self.version_name),
            ("Status", JOB_STATE[self.status]),
            ("job_id", self.job_id),
            ("version_id", self.version_id),
        )
        cells = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows
        )
        return f"<table>{cells}</table>"


def wait_for_version(session: Session, version: Version) -> None:
    """Show what happens to it until it has ended, and until the outputs of a local one are copied.

    Raises:
        JobFailed: it ended otherwise than Completed.
        KeyboardInterrupt: Ctrl-C in a script; in a notebook this returns.
    """
    job_id = version.id
    come_back = (
        f"  Estimator(session, job_id={version.job_id!r}, version_id={version.id!r}).wait()\n"
        f"  trainwright job follow {job_id}"
    )
    if isinstance(session, local.LocalSession):
        come_back = (
            f"  Estimator(modelarts.local.local_session(), job_id={version.job_id!r}, "
            f"version_id={version.id!r}).wait()"
        )
    try:
        wait_for_end(session.access, job_id, come_back=come_back)
    except JobFailed as exc:
        exc.job = TrainingJob(session, as_version(session.client.show_job(job_id)))
        raise
    if isinstance(session, local.LocalSession):
        local.wait_for_copies(session.places, job_id)


def delete_all(session: Session, versions: list[Version]) -> None:
    """Delete all versions, the newest first, so that what is left after a failure is still found.

    Raises:
        InvalidArgument: one has not ended; none is deleted then.
    """
    busy = [version.name for version in versions if not client.is_end_phase(version.job.status.phase)]
    if busy:
        raise InvalidArgument(
            f"Job {versions[-1].job_name} cannot be deleted: {', '.join(busy)} has not ended.",
            error_code=_NOT_ENDED,
            error_solution="Stop it first (stop_job_version) and wait until it has ended.",
        )
    for version in reversed(versions):
        try:
            session.client.delete_job(version.id)
        except ApiError as exc:
            if exc.status != _NOT_FOUND:
                raise


def print_objects(objects: list[Any]) -> None:
    """One line for each, numbered, as `is_show` asks for."""
    for number, item in enumerate(objects):
        print(f"{number:4d}  {item!r}")
