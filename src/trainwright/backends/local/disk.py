"""The file-system steps of the backend, one method each, so that a test can end the world between any two of them."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

REMOVAL_TIMEOUT_S = 600.0


class Disk:
    """Folders are made 0700 and files 0600: they hold tokens. Every method raises OSError when it cannot."""

    def make_folder(self, folder: Path) -> None:
        """Make it; there already is success."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, path: Path, data: bytes, *, sync: bool) -> None:
        """Write a new file (an old one of that name is emptied first), on the disk for sure when `sync`."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())

    def rename(self, old: Path, new: Path) -> None:
        """Move, replacing a file of that name in one step."""
        old.rename(new)

    def sync_folder(self, folder: Path) -> None:
        """Put the names in `folder` on the disk for sure."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove_tree(self, folder: Path) -> None:
        """Remove a folder with all that users may have left in it; gone already is success."""
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return
        except (OSError, RecursionError):  # folders without permissions, or nested beyond any path length
            _remove_stubborn(folder)

    def replace(self, path: Path, data: bytes, *, durable: bool) -> None:
        """Readers see the old file or all of the new one; `durable` also after a power cut."""
        fresh = path.with_name(f".{path.name}.new")
        self.write(fresh, data, sync=durable)
        self.rename(fresh, path)
        if durable:
            self.sync_folder(path.parent)


def _remove_stubborn(folder: Path) -> None:
    """By the system's own tools, which walk with descriptors.

    Raises:
        OSError: it is still there.
    """
    argvs = (["chmod", "-R", "u+rwX", "--", str(folder)], ["rm", "-rf", "--", str(folder)])
    for argv in argvs:
        with contextlib.suppress(subprocess.TimeoutExpired):  # what counts is looked at below
            subprocess.run(argv, capture_output=True, timeout=REMOVAL_TIMEOUT_S, check=False)
    if folder.exists():
        raise OSError(f"{folder} cannot be removed")
