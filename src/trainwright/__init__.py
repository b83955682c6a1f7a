"""Trainwright: a self-hosted training-job platform. What a program that uses one needs is here:

>>> from trainwright import connect
>>> with connect() as platform:
...     for job in platform.jobs.list(phases=["Running"]):
...         print(job.name)

Importing this costs next to nothing: each name is fetched when it is first asked for (docs/adr/0033).
"""

from typing import TYPE_CHECKING

from trainwright.portable.deferred import exporter

if TYPE_CHECKING:
    from trainwright import inside
    from trainwright.client.access import Access
    from trainwright.client.errors import (
        ApiError,
        ClientError,
        ConnectionFailed,
        JobFailed,
        NotConfigured,
        TransferError,
        WaitTimeout,
    )
    from trainwright.client.sdk.jobs import Job, Jobs
    from trainwright.client.sdk.jobs_asynchronous import AsyncJob, AsyncJobs
    from trainwright.client.sdk.platform import Platform, connect
    from trainwright.client.sdk.platform_asynchronous import AsyncPlatform, connect_async

__all__ = [
    "Access",
    "ApiError",
    "AsyncJob",
    "AsyncJobs",
    "AsyncPlatform",
    "ClientError",
    "ConnectionFailed",
    "Job",
    "JobFailed",
    "Jobs",
    "NotConfigured",
    "Platform",
    "TransferError",
    "WaitTimeout",
    "connect",
    "connect_async",
    "inside",
]

_PLACES = {
    "trainwright.client.access": "Access",
    "trainwright.client.errors": "ApiError ClientError ConnectionFailed JobFailed "
    "NotConfigured TransferError WaitTimeout",
    "trainwright.client.sdk.jobs": "Job Jobs",
    "trainwright.client.sdk.jobs_asynchronous": "AsyncJob AsyncJobs",
    "trainwright.client.sdk.platform": "Platform connect",
    "trainwright.client.sdk.platform_asynchronous": "AsyncPlatform connect_async",
    "trainwright.inside": "inside",
}
__getattr__ = exporter(__name__, {name: place for place, names in _PLACES.items() for name in names.split()})
