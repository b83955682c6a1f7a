"""What a person sees while waiting: lines on a terminal, one block that changes in a notebook."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from trainwright.client.sdk.html import table_html
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO, TypeAlias

    from trainwright.client.streams import JobUpdate
    from trainwright.wire import watch

    Told: TypeAlias = "bool | Callable[[JobUpdate], None]"
else:
    watch = deferred("trainwright.wire.watch")

_display: Any = deferred("IPython.display")
_SHOWN = 12
_EVERY_S = 0.1
_MIB = 1 << 20


def updates_to(progress: Told, name: str) -> Callable[[JobUpdate], None]:
    """Who is told of a job's updates: whoever is given, the display for True, nobody for False."""
    if callable(progress):
        return progress
    if not progress:
        return _ignore
    return _Block(name) if is_notebook() else _Lines(name, sys.stderr)


def bytes_to(show: bool, title: str) -> Callable[[int, int, str], None] | None:
    """Who is told how far a copy is: a line that is drawn over and over, where somebody looks."""
    if not show or not (is_notebook() or sys.stderr.isatty()):
        return None
    return _ByteLine(title, sys.stderr)


def is_notebook() -> bool:
    """Whether this is a Jupyter kernel."""
    return "ipykernel" in sys.modules


def update_text(update: JobUpdate) -> tuple[str, str]:
    """When and what, for one line. A phase has no time of its own."""
    if isinstance(update, watch.PhaseItem):
        return time.strftime("%H:%M:%S"), f"phase {update.phase}" + (
            f" ({update.reason})" if update.reason else ""
        )
    return update.time[11:19], update.message


def _ignore(update: JobUpdate) -> None:
    """Says nothing."""


class _Lines:
    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream

    def __call__(self, update: JobUpdate) -> None:
        when, what = update_text(update)
        self._stream.write(f"{when} {self._name}: {what}\n")
        self._stream.flush()


class _Block:
    """Shows the phase and the newest events, replacing what it showed before."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows: list[dict[str, object]] = []
        self._handle: Any = None

    def __call__(self, update: JobUpdate) -> None:
        when, what = update_text(update)
        self._rows = [*self._rows[1 - _SHOWN :], {"time": when, self._name: what}]
        shown = _display.HTML(table_html(self._rows))
        if self._handle is None:
            self._handle = _display.display(shown, display_id=True)
        else:
            self._handle.update(shown)


class _ByteLine:
    def __init__(self, title: str, stream: TextIO) -> None:
        self._title = title
        self._stream = stream
        self._shown_at = 0.0

    def __call__(self, done: int, total: int, name: str) -> None:
        now, is_end = time.monotonic(), done >= total
        if not is_end and now - self._shown_at < _EVERY_S:
            return
        self._shown_at = now
        share = f"{100 * done // total if total else 100:3d} %"
        self._stream.write(f"\r{self._title} {share} of {total / _MIB:.1f} MiB" + ("\n" if is_end else ""))
        self._stream.flush()
