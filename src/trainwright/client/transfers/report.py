"""How a copy is to be made, what it has done so far, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

MIB = 1 << 20

Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all, and the file just worked on. Bytes done may shrink when a piece is repeated."""


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """Sizes in bytes. `skip_unchanged`: leave out files that have the same size on both sides and whose copy is not
    older than the source.
    """

    files_in_flight: int = 0  # 0: 8 when the server is on this machine, 32 when round trips cost time
    large_from: int = 64 * MIB  # files at least this large travel in parts
    part_size: int = 16 * MIB
    parts_in_flight: int = 4
    tries: int = 5
    skip_unchanged: bool = False
    leave_out: frozenset[str] = frozenset()  # names of folders that are not uploaded
    size_max: int = 0  # larger objects of a folder are not downloaded but told as left out; 0: no limit


@dataclass(slots=True)
class TransferReport:
    """What was copied. `unchanged` counts files that needed no copy; `left_out` names those that cannot be copied
    (a symbolic link that leaves the folder, a socket, …) and why.
    """

    files: int = 0
    bytes: int = 0
    unchanged: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


class Meter:
    """Adds up the bytes of one copy and tells the caller."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total = total
        self.done = 0
        self._progress = progress

    def add(self, count: int, name: str) -> None:
        """`count` more bytes of the file `name`; negative when they have to be sent again."""
        self.done += count
        if self._progress is not None:
            self._progress(self.done, self.total, name)
