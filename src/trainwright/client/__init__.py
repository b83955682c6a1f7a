"""The typed HTTP client and the SDK on it. `connect()` is where to begin:

>>> from trainwright.client import connect
>>> with connect() as platform:
...     job = platform.jobs.create(name="first", code_dir="./code", boot_file="train.py", engine="…", flavor="…")
...     job.wait()
"""

from trainwright.client.asynchronous import AsyncClient
from trainwright.client.blocking import Client
from trainwright.client.config import ClientSettings, resolve_settings
from trainwright.client.connection import Access
from trainwright.client.errors import (
    ApiError,
    ClientError,
    ConnectionFailed,
    NotConfigured,
    TransferError,
    UnsafeKey,
)
from trainwright.client.sdk import Jobs, Platform, TrainingJob, connect
from trainwright.client.storage import Storage

__all__ = [
    "Access",
    "ApiError",
    "AsyncClient",
    "Client",
    "ClientError",
    "ClientSettings",
    "ConnectionFailed",
    "Jobs",
    "NotConfigured",
    "Platform",
    "Storage",
    "TrainingJob",
    "TransferError",
    "UnsafeKey",
    "connect",
    "resolve_settings",
]
