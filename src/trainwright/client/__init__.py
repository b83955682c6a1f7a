"""The typed HTTP client and the SDK on it. `connect()` is where to begin:

>>> from trainwright.client import connect
>>> with connect() as platform:
...     job = platform.jobs.create(name="first", code_dir="./code", boot_file="train.py", engine="…", flavor="…")
...     job.wait()
"""

from typing import TYPE_CHECKING

from trainwright.portable.deferred import exporter

if TYPE_CHECKING:
    from trainwright.client.access import Access
    from trainwright.client.asynchronous import AsyncClient
    from trainwright.client.blocking import Client
    from trainwright.client.config import Login, find_login, resolve_access, save_login
    from trainwright.client.errors import (
        ApiError,
        BadPath,
        ClientError,
        ConnectionFailed,
        JobFailed,
        NotConfigured,
        TransferError,
        UnsafeKey,
        WaitTimeout,
    )
    from trainwright.client.follow import JobWatcher, follow_job
    from trainwright.client.job_body import (
        JobDraft,
        draft_body,
        expand_body,
        is_local_folder,
        parse_auto_stop,
    )
    from trainwright.client.model_download import save_model
    from trainwright.client.sdk.jobs import Job, Jobs
    from trainwright.client.sdk.jobs_asynchronous import AsyncJob, AsyncJobs
    from trainwright.client.sdk.listing import AsyncListing, Listing
    from trainwright.client.sdk.metrics import Metrics, Series
    from trainwright.client.sdk.outputs import AsyncOutput, AsyncOutputs, Output, Outputs
    from trainwright.client.sdk.platform import Platform, connect
    from trainwright.client.sdk.platform_asynchronous import AsyncPlatform, connect_async
    from trainwright.client.storage import CODE_BUCKET, AsyncStorage, Storage, parse_path
    from trainwright.client.streams import is_end_phase
    from trainwright.client.transfers import Progress, TransferOptions, TransferReport
    from trainwright.wire.checkpoints import CheckpointItem, CheckpointList
    from trainwright.wire.job_answers import JobResponse
    from trainwright.wire.job_search import JobSearch, SearchFilter
    from trainwright.wire.models import ModelItem, ModelVersionItem
    from trainwright.wire.objects import BucketList, ObjectItem, ObjectListing
    from trainwright.wire.watch import EventItem, EventsResponse, MetricsResponse, PhaseItem, TaskItem

__all__ = [
    "CODE_BUCKET",
    "Access",
    "ApiError",
    "AsyncClient",
    "AsyncJob",
    "AsyncJobs",
    "AsyncListing",
    "AsyncOutput",
    "AsyncOutputs",
    "AsyncPlatform",
    "AsyncStorage",
    "BadPath",
    "BucketList",
    "CheckpointItem",
    "CheckpointList",
    "Client",
    "ClientError",
    "ConnectionFailed",
    "EventItem",
    "EventsResponse",
    "Job",
    "JobDraft",
    "JobFailed",
    "JobResponse",
    "JobSearch",
    "JobWatcher",
    "Jobs",
    "Listing",
    "Login",
    "Metrics",
    "MetricsResponse",
    "ModelItem",
    "ModelVersionItem",
    "NotConfigured",
    "ObjectItem",
    "ObjectListing",
    "Output",
    "Outputs",
    "PhaseItem",
    "Platform",
    "Progress",
    "SearchFilter",
    "Series",
    "Storage",
    "TaskItem",
    "TransferError",
    "TransferOptions",
    "TransferReport",
    "UnsafeKey",
    "WaitTimeout",
    "connect",
    "connect_async",
    "draft_body",
    "expand_body",
    "find_login",
    "follow_job",
    "is_end_phase",
    "is_local_folder",
    "parse_auto_stop",
    "parse_path",
    "resolve_access",
    "save_login",
    "save_model",
]

_PLACES = {
    "trainwright.client.access": "Access",
    "trainwright.client.asynchronous": "AsyncClient",
    "trainwright.client.blocking": "Client",
    "trainwright.client.config": "Login find_login resolve_access save_login",
    "trainwright.client.errors": "ApiError BadPath ClientError ConnectionFailed JobFailed "
    "NotConfigured TransferError UnsafeKey WaitTimeout",
    "trainwright.client.follow": "JobWatcher follow_job",
    "trainwright.client.job_body": "JobDraft draft_body expand_body is_local_folder parse_auto_stop",
    "trainwright.client.model_download": "save_model",
    "trainwright.client.sdk.jobs": "Job Jobs",
    "trainwright.client.sdk.jobs_asynchronous": "AsyncJob AsyncJobs",
    "trainwright.client.sdk.listing": "AsyncListing Listing",
    "trainwright.client.sdk.metrics": "Metrics Series",
    "trainwright.client.sdk.outputs": "AsyncOutput AsyncOutputs Output Outputs",
    "trainwright.client.sdk.platform": "Platform connect",
    "trainwright.client.sdk.platform_asynchronous": "AsyncPlatform connect_async",
    "trainwright.client.storage": "CODE_BUCKET AsyncStorage Storage parse_path",
    "trainwright.client.streams": "is_end_phase",
    "trainwright.client.transfers": "Progress TransferOptions TransferReport",
    "trainwright.wire.checkpoints": "CheckpointItem CheckpointList",
    "trainwright.wire.job_answers": "JobResponse",
    "trainwright.wire.job_search": "JobSearch SearchFilter",
    "trainwright.wire.models": "ModelItem ModelVersionItem",
    "trainwright.wire.objects": "BucketList ObjectItem ObjectListing",
    "trainwright.wire.watch": "EventItem EventsResponse MetricsResponse PhaseItem TaskItem",
}
__getattr__ = exporter(__name__, {name: place for place, names in _PLACES.items() for name in names.split()})
