"""One line that shows how far a copy is, where somebody looks: on a terminal and in a notebook. Quiet elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_EVERY_S = 0.1
_SHOW_AFTER_S = 0.5  # what is over sooner needs no line
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class ProgressLine:
    """A `trainwright.client.Progress`. Use as a context manager: the line is cleared at the end."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._is_watched = is_watched(self._stream)
        self._began = time.monotonic()
        self._shown_at = 0.0
        self._width = 0

    def __call__(self, done: int, total: int, name: str) -> None:
        """`done` of `total` bytes; `name` is what was just worked on."""
        now = time.monotonic()
        if not self._is_watched or now - self._began < _SHOW_AFTER_S or now - self._shown_at < _EVERY_S:
            return
        self._shown_at = now
        percent = 100 * done // total if total else 100
        speed = size_text(done / max(now - self._began, 0.001))
        self._write(
            f"{self._title} {percent:3d} %  {size_text(done)} of {size_text(total)}, {speed}/s  {name}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, text: str) -> None:
        text = text[:100]
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)


def is_notebook() -> bool:
    """Whether this is a Jupyter kernel: its output is looked at though it is no terminal."""
    return "ipykernel" in sys.modules


def is_watched(stream: TextIO) -> bool:
    """Whether what is written to `stream` is looked at while it is written."""
    return stream.isatty() or is_notebook()


def size_text(count: float) -> str:
    """`count` bytes for people."""
    unit = 0
    while count >= _STEP and unit < len(_UNITS) - 1:
        count, unit = count / _STEP, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"
