"""From the context of a command to a connection."""

import re

import typer

from trainwright.cli.options import globals_of
from trainwright.client import Job, Platform, connect

_JOB_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def open_platform(ctx: typer.Context) -> Platform:
    """A connection as the options say; to be used as a context manager."""
    told = globals_of(ctx)
    return connect(
        endpoint=told.endpoint, project_id=told.project_id, token=told.token, language=told.language
    )


def find_job(platform: Platform, text: str) -> Job:
    """The job with this id, or else with exactly this name.

    Raises:
        ApiError: there is none.
    """
    if not _JOB_ID.fullmatch(text):
        for job in platform.jobs.list(name=text):
            if job.name == text:
                return job
    return platform.jobs.get(text)
