"""Jobs with versions over jobs without: each version is one job of the server, held together by annotations.

Names of jobs are unique, so later versions are called after the first one: `<job name>-V0002`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainwright.client import ApiError
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trainwright.client import Client
    from trainwright.wire import job_search
    from trainwright.wire.job_answers import JobResponse
else:
    job_search = deferred("trainwright.wire.job_search")

JOB_ID = "modelarts.v1/job-id"
JOB_NAME = "modelarts.v1/job-name"
VERSION = "modelarts.v1/version"
PREVIOUS = "modelarts.v1/pre-version-id"
VISUALIZATION = "modelarts.v1/visualization"
_PAGE = 50
_NOT_FOUND = 404
_NAME_TAKEN = "ModelArts.2751"
NAME_MAX = 50
"""Characters of the job's name in those of its later versions; the server takes 64 in all."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version: a job of the server, which of the versions it is (from 1), and of which job."""

    job: JobResponse
    job_id: str
    number: int
    previous: str

    @property
    def id(self) -> str:
        """`version_id`."""
        return self.job.metadata.id

    @property
    def name(self) -> str:
        """`V0001`, `V0002`, …"""
        return version_name(self.number)

    @property
    def job_name(self) -> str:
        """The name that all versions share."""
        return self.job.metadata.annotations.get(JOB_NAME) or self.job.metadata.name


def as_version(job: JobResponse) -> Version:
    """Any job is a version: one that says nothing of it is the first one of its own."""
    told = job.metadata.annotations
    number = told.get(VERSION, "")
    return Version(
        job,
        told.get(JOB_ID) or job.metadata.id,
        int(number) if number.isdecimal() else 1,
        told.get(PREVIOUS, ""),
    )


def version_name(number: int) -> str:
    """`V0001` for 1."""
    return f"V{number:04d}"


def create_version(
    client: Client, job_id: str, pre_version_id: str, create: Callable[[str, dict[str, str]], JobResponse]
) -> JobResponse:
    """What `create` makes, called with the next version's name and annotations. Two that are created at the same time
    get different numbers, since only one can have the name.

    Raises:
        ApiError: there is no such job, or the server refuses.
    """
    suffix, taken = "", ""
    while True:
        versions = list_versions(client, job_id)
        number = max(version.number for version in versions) + 1
        shared = versions[-1].job_name
        name = f"{shared[:NAME_MAX]}-{version_name(number)}{suffix}"
        marks = {
            JOB_ID: versions[-1].job_id,
            JOB_NAME: shared,
            VERSION: str(number),
            PREVIOUS: pre_version_id,
        }
        try:
            return create(name, marks)
        except ApiError as exc:
            if exc.error_code != _NAME_TAKEN or suffix:
                raise
        # By a version that was made meanwhile, which the next look counts; or else by a job that is none.
        suffix, taken = (f"-{os.urandom(2).hex()}", "") if name == taken else ("", name)


def list_versions(client: Client, job_id: str) -> list[Version]:
    """The versions of a job, the oldest first.

    Raises:
        ApiError: there is no such job.
    """
    try:
        first = client.show_job(job_id)
    except ApiError as exc:
        if exc.status != _NOT_FOUND:
            raise
        # The first version may have been deleted, and the later ones do not have its id: all jobs are looked through.
        found = _of_job(iter_jobs(client), job_id)
        if not found:
            raise
        return found
    if as_version(first).job_id != job_id:  # the id of a later version
        return list_versions(client, as_version(first).job_id)
    same_name = job_search.SearchFilter(key="name", operator="like", value=[first.metadata.name[:NAME_MAX]])
    return _of_job(iter_jobs(client, [same_name]), job_id) or [as_version(first)]


def iter_jobs(client: Client, filters: list[job_search.SearchFilter] | None = None) -> Iterator[JobResponse]:
    """All jobs that match, the newest first. One that is created meanwhile may make another come twice."""
    offset = 0
    while True:
        page = client.search_jobs(job_search.JobSearch(offset=offset, limit=_PAGE, filters=filters))
        yield from page.items
        offset += len(page.items)
        if not page.items or offset >= page.count:
            return


def group_versions(jobs: Iterator[JobResponse], *, visualization: bool = False) -> list[list[Version]]:
    """The versions of each job, the oldest first; of visualisations only, or of training jobs only."""
    groups: dict[str, dict[str, Version]] = {}
    for job in jobs:
        if (VISUALIZATION in job.metadata.annotations) is visualization:
            version = as_version(job)
            groups.setdefault(version.job_id, {})[version.id] = version
    return [_in_order(group.values()) for group in groups.values()]


def _of_job(jobs: Iterator[JobResponse], job_id: str) -> list[Version]:
    found = {version.id: version for version in map(as_version, jobs) if version.job_id == job_id}
    return _in_order(found.values())


def _in_order(versions: Iterable[Version]) -> list[Version]:
    return sorted(versions, key=lambda version: (version.number, version.job.metadata.create_time))
