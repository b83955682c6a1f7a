"""The typed HTTP client and the SDK on it. `connect()` is where to begin:

>>> from trainwright.client import connect
>>> with connect() as platform:
...     job = platform.jobs.create(name="first", code_dir="./code", boot_file="train.py", engine="…", flavor="…")
...     job.wait()
"""

from trainwright.client.asynchronous import AsyncClient
from trainwright.client.blocking import Client
from trainwright.client.config import ClientSettings, Login, find_login, resolve_settings, save_login
from trainwright.client.connection import Access
from trainwright.client.errors import (
    ApiError,
    ClientError,
    ConnectionFailed,
    NotConfigured,
    TransferError,
    UnsafeKey,
)
from trainwright.client.follow import JobWatcher, follow_job
from trainwright.client.job_body import JobDraft, draft_body, expand_body, is_local_folder, parse_auto_stop
from trainwright.client.save_model import save_model
from trainwright.client.sdk import Jobs, Platform, TrainingJob, connect
from trainwright.client.storage import CODE_BUCKET, Storage, parse_path
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
    "BucketList",
    "CheckpointItem",
    "CheckpointList",
    "Client",
    "ClientError",
    "ClientSettings",
    "ConnectionFailed",
    "EventItem",
    "EventsResponse",
    "JobDraft",
    "JobResponse",
    "JobSearch",
    "JobWatcher",
    "Jobs",
    "Login",
    "MetricsResponse",
    "ModelItem",
    "ModelVersionItem",
    "NotConfigured",
    "ObjectItem",
    "ObjectListing",
    "PhaseItem",
    "Platform",
    "Progress",
    "SearchFilter",
    "Storage",
    "TaskItem",
    "TrainingJob",
    "TransferError",
    "TransferOptions",
    "TransferReport",
    "UnsafeKey",
    "connect",
    "draft_body",
    "expand_body",
    "find_login",
    "follow_job",
    "is_end_phase",
    "is_local_folder",
    "parse_auto_stop",
    "parse_path",
    "resolve_settings",
    "save_login",
    "save_model",
]
