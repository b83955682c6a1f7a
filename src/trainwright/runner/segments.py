"""The log on its way to the server: segment files whose name is the offset of their first byte."""

from __future__ import annotations

import os

from .rundir import SEGMENT_SUFFIX, write_all

SEGMENT_BYTES = 4 << 20


def segment_path(folder: str, offset: int) -> str:
    """The file that begins with byte `offset` of the log."""
    return os.path.join(folder, f"{offset:016d}{SEGMENT_SUFFIX}")


class SegmentWriter:
    """Appends to the log from `offset` on, in a segment of its own. One writer at a time."""

    def __init__(self, folder: str, offset: int) -> None:
        self._folder = folder
        self.offset = offset
        self._descriptor = -1
        self._room = 0
        self.at_line_start = True

    def write(self, data: bytes) -> None:
        """Append `data`; readers see it when the call returns."""
        if not data:
            return
        if self._room <= 0:
            self.close()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(segment_path(self._folder, self.offset), flags, 0o600)
            self._room = SEGMENT_BYTES
        write_all(self._descriptor, data)
        self.offset += len(data)
        self._room -= len(data)
        self.at_line_start = data.endswith(b"\n")

    def close(self) -> None:
        """Let go of the present segment; the next `write` begins another one."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._room = 0


class LogSpool:
    """What of the log still lies on this disk. `floor`: bytes known to be stored elsewhere."""

    def __init__(self, folder: str, floor: int = 0) -> None:
        self.folder = folder
        self.floor = floor
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def starts(self) -> list[int]:
        """Offsets of the segments, ascending."""
        names = os.listdir(self.folder)
        length = len(SEGMENT_SUFFIX)
        return sorted(int(name[:-length]) for name in names if name.endswith(SEGMENT_SUFFIX))

    def end(self) -> int:
        """How long the log is by now."""
        starts = self.starts()
        if not starts:
            return self.floor
        return max(self.floor, starts[-1] + os.path.getsize(segment_path(self.folder, starts[-1])))

    def read(self, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset`, over as many segments as it takes; empty at the end."""
        pieces: list[bytes] = []
        starts = self.starts()
        for index, start in enumerate(starts):
            if index + 1 < len(starts) and starts[index + 1] <= offset:
                continue
            if start > offset or limit <= 0:
                break
            piece = self._read(start, offset - start, limit)
            pieces.append(piece)
            offset += len(piece)
            limit -= len(piece)
        return b"".join(pieces)

    def _read(self, start: int, skip: int, limit: int) -> bytes:
        descriptor = os.open(segment_path(self.folder, start), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, limit, skip)
        finally:
            os.close(descriptor)

    def tail(self, limit: int) -> bytes:
        """The last bytes that are still here, at most `limit`."""
        starts = self.starts()
        return self.read(max(self.end() - limit, starts[0]), limit) if starts else b""

    def append(self, data: bytes) -> None:
        """Append whole lines. Only while no shim writes."""
        writer = SegmentWriter(self.folder, self.end())
        before = self.tail(1)
        try:
            writer.write(data if before in (b"", b"\n") else b"\n" + data)
        finally:
            writer.close()

    def remove_below(self, offset: int) -> None:
        """Drop the segments that end at or before `offset`; the newest one stays, it may still grow."""
        starts = self.starts()
        for start, following in zip(starts, starts[1:]):
            if following <= offset:
                os.unlink(segment_path(self.folder, start))
