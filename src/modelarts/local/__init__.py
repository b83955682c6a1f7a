"""Local training: jobs of a private server on this machine (docs/howto/train-locally.md)."""

from modelarts.local.copies import Copy, wait_for_copies
from modelarts.local.inputs import fetch, fetch_archive, is_store_path, local_folder
from modelarts.local.places import LocalModeFailed, Places, find_places
from modelarts.local.training import (
    LOCAL,
    LocalSession,
    LocalTraining,
    check_name,
    local_session,
    new_name,
    start_training,
)

__all__ = [
    "LOCAL",
    "Copy",
    "LocalModeFailed",
    "LocalSession",
    "LocalTraining",
    "Places",
    "check_name",
    "fetch",
    "fetch_archive",
    "find_places",
    "is_store_path",
    "local_folder",
    "local_session",
    "new_name",
    "start_training",
    "wait_for_copies",
]
