"""What every job can import, whatever its engine: `trainwright.inside`, `trainwright.portable`, `moxing`.

Their sources travel inside the runner's archive as one entry (`backends.runner_archive`), and are laid as plain files:
a job's Python need not be ours, and whoever debugs a job wants to read them.
"""

from __future__ import annotations

import os

from . import jsontext
from .beneath import opened
from .layout import LIBRARY
from .rundir import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .beneath import Folder

ENTRY = "job-library.json"
"""In the archive: an object of path and text."""


def lay(root: str) -> None:
    """Make the library in the task's file tree at `root`, over what a former try left there. Nothing of the job's has
    run by then.
    """
    os.makedirs(root + LIBRARY, exist_ok=True)
    top = opened(root + LIBRARY)
    folders: dict[str, Folder] = {"": top}
    for path, text in _packed().items():
        above, _, name = path.rpartition("/")
        if above not in folders:
            folders[above] = top.enter(above, make=True)
        descriptor = folders[above].create(name, 0o644)
        try:
            write_all(descriptor, text.encode("utf-8"))
        finally:
            os.close(descriptor)


def _packed() -> dict[str, str]:
    """The entry; nothing when the runner was not started from its archive."""
    loader: Any = globals().get("__loader__")
    if not hasattr(loader, "archive"):
        return {}
    found: dict[str, str] = jsontext.loads(loader.get_data(ENTRY))
    return found
