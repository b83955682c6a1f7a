"""Only `file` is here; see `moxing`."""

from __future__ import annotations

from moxing.framework import absent, file

__all__ = ["file"]


def __getattr__(name: str) -> object:
    raise absent.error("moxing.framework", name)
