"""`import moxing.tensorflow as mox`, as old scripts have it: the same as `import moxing as mox`."""

from __future__ import annotations

from moxing import __version__, file
from moxing.framework import absent

__all__ = ["__version__", "file"]


def __getattr__(name: str) -> object:
    raise absent.error("moxing.tensorflow", name)
