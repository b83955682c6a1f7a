"""Small files that only the server's user may read: the secret key, the admin's token, the server's address."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PRIVATE = 0o600


def write_private(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, mode 0600; readers see the old content or all of the new, also after a crash."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), PRIVATE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """What `path` holds; when it is missing, what `make` gives, written first. One process at a time may do this.

    The mode is put right when somebody has widened it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = make()
        write_private(path, content)
        return content
    path.chmod(PRIVATE)
    return content


def write_private_json(path: Path, content: Mapping[str, Any]) -> None:
    """`write_private` of `content` as one JSON object."""
    write_private(path, json.dumps(content, indent=2).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; empty when it is missing, damaged or something else."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
