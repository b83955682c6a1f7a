"""`mox.file`: files, local (`/path`) and in the object store (`obs://bucket/key`, or `s3://…`), through the same calls.

Local paths behave as with `os`, `shutil` and `open`. For the object store, the server and the credentials are those of
the job inside a job, and outside those of `trainwright login`, the environment or `set_auth`.
"""

from __future__ import annotations

from moxing.framework.file import file_io
from moxing.framework.file.changes import (
    append,
    append_remote,
    copy,
    make_dirs,
    mk_dir,
    read,
    remove,
    rename,
    write,
)
from moxing.framework.file.client import set_auth
from moxing.framework.file.errors import (
    MoxFileNameDuplicateException,
    MoxFileNotExistsException,
    MoxFileReadException,
    MoxFileRespException,
    _MoxFileBaseRespException,
)
from moxing.framework.file.files import File
from moxing.framework.file.globbing import glob
from moxing.framework.file.queries import (
    exists,
    get_size,
    is_directory,
    list_directory,
    scan_dir,
    stat,
    walk,
)
from moxing.framework.file.shifting import shift
from moxing.framework.file.trees import copy_manifest, copy_parallel

__all__ = [
    "File",
    "MoxFileNameDuplicateException",
    "MoxFileNotExistsException",
    "MoxFileReadException",
    "MoxFileRespException",
    "_MoxFileBaseRespException",
    "append",
    "append_remote",
    "copy",
    "copy_manifest",
    "copy_parallel",
    "exists",
    "file_io",
    "get_size",
    "glob",
    "is_directory",
    "list_directory",
    "make_dirs",
    "mk_dir",
    "read",
    "remove",
    "rename",
    "scan_dir",
    "set_auth",
    "shift",
    "stat",
    "walk",
    "write",
]
