"""MoXing's file API, as scripts know it: local paths and paths of the object store (`obs://…`, `s3://…`) alike.

`import moxing as mox` and use `mox.file`. The rest of MoXing (distributed training on the old TensorFlow stack) is not
here: what takes its place is said when a name of it is used.
"""

from __future__ import annotations

import os

from moxing import framework
from moxing.framework import absent, file
from moxing.framework.file.notes import say_info

__version__ = "2.5.0"
"""The version whose file API this is."""

__all__ = ["__version__", "file", "framework"]

if os.environ.get("MOX_SILENT_MODE", "") not in ("1", "true", "True"):
    say_info(f"Using MoXing-v{__version__}")
    say_info("Using the object store of Trainwright")


def __getattr__(name: str) -> object:
    raise absent.error("moxing", name)
