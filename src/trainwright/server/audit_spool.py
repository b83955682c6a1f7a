"""Records of the audit trail on their way to the database: files in the data directory.

A record is in the operating system's hands once `append` returns: it outlives this process however that ends, not a
power cut. Files are numbered; one is written, the others wait to be stored. Blocking.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from threading import Lock

from trainwright.ports.audit import AuditRecord

log = logging.getLogger(__name__)

BYTES_MAX = 64 << 20  # what may wait for a database that is away: some 150,000 records
_FORM = "*.jsonl"
_FIELDS = tuple(field.name for field in fields(AuditRecord))


class SpoolFull(OSError):
    """So much waits already that no more is taken."""


class AuditSpool:
    """The files below `folder`. Safe for use by many threads."""

    def __init__(self, folder: Path, *, bytes_max: int = BYTES_MAX) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._lock = Lock()
        self._file: int | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._files()
        self._next = int(found[-1].stem) + 1 if found else 1
        self._bytes = sum(path.stat().st_size for path in found)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._bytes == 0

    def append(self, record: AuditRecord) -> None:
        """Write it.

        Raises:
            OSError: it is not written; `SpoolFull`, because too much waits.
        """
        values = {name: getattr(record, name) for name in _FIELDS}  # `asdict` takes longer than all the rest
        line = json.dumps(values, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._bytes + len(line) > self._bytes_max:
                raise SpoolFull(f"{self._bytes} bytes wait already")
            if self._file is None:
                path = self._folder / f"{self._next:012}.jsonl"
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                self._next += 1
            written = os.write(self._file, line)
            self._bytes += written
            if written < len(line):
                self._close()  # the disk is full: what comes next is not to continue this line
                raise OSError(f"{written} of {len(line)} bytes written")

    def take(self) -> Sequence[Path]:
        """The files that wait, oldest first; what is appended from now on goes into another one."""
        with self._lock:
            self._close()
            return self._files()

    def read(self, path: Path) -> Iterator[AuditRecord]:
        """The records of a file; a line that was cut off is passed over."""
        with path.open("rb") as file:
            for line in file:
                try:
                    yield AuditRecord(**json.loads(line))
                except (ValueError, TypeError):
                    log.warning("audit_line_broken", extra={"file": path.name, "bytes": len(line)})

    def remove(self, path: Path) -> None:
        """A file whose records are stored."""
        with self._lock:
            size = path.stat().st_size
            path.unlink()
            self._bytes -= size

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(_FORM))
