"""Modules of the runner that are slow to import and not needed before the user's command has started."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def load(name: str) -> ModuleType:
    """The module `name` of this package, imported on first use.

    The one place where the runner imports late, and why: starting is part of the latency a user sees, and these
    modules stand for `ctypes`, `threading`, `http.client`, `ssl` and `hashlib`.
    """
    return importlib.import_module("." + name, __package__)
