"""Copying files and folders between this machine and the object store."""

from trainwright.client.transfers.download import download
from trainwright.client.transfers.report import Progress, TransferOptions, TransferReport
from trainwright.client.transfers.upload import upload

__all__ = ["Progress", "TransferOptions", "TransferReport", "download", "upload"]
