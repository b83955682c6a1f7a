"""Tables for people, JSON and YAML for programs; words for sizes, times and phases."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import yaml
from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainwright.cli.options import Format, Globals
from trainwright.cli.words import LEVELS, PHASES, word

_PHASE_STYLES = {
    "Creating": "cyan",
    "Pending": "yellow",
    "Running": "blue",
    "Completed": "green",
    "Failed": "red",
    "Abnormal": "red",
    "Terminating": "magenta",
    "Terminated": "magenta",
}
_LEVEL_STYLES = {"Warning": "yellow", "Error": "red"}
_WIDE = 10_000  # a pipe has no width: never wrap or cut there

Cell = str | Text


def make_console(*, stderr: bool = False) -> Console:
    """A console for one of our two streams; without colours and wrapping when it is not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        width=None if stream.isatty() else _WIDE,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not stream.isatty(),
    )


def print_model(answer: BaseModel | Sequence[BaseModel], output: Format) -> None:
    """`answer` as JSON or YAML, exactly the fields the server sent."""
    if isinstance(answer, BaseModel):
        content: object = answer.model_dump(mode="json", exclude_unset=True)
    else:
        content = [item.model_dump(mode="json", exclude_unset=True) for item in answer]
    print_data(content, output)


def print_data(content: object, output: Format) -> None:
    """Plain data as JSON or YAML."""
    if output is Format.YAML:
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    else:
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    sys.stdout.write(text)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, right: Iterable[int] = ()) -> None:
    """A table; columns in `right` (counted from 0) are numbers. Columns line up also in a pipe."""
    console = make_console()
    table = Table(box=SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)
    numbers = set(right)
    for position, column in enumerate(columns):
        table.add_column(
            column,
            justify="right" if position in numbers else "left",
            overflow="fold",
            no_wrap=position in numbers,
        )
    for row in rows:
        table.add_row(*row)
    console.print(table)


def print_page(
    told: Globals,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    total: int,
    offset: int,
    right: Iterable[int] = (),
) -> None:
    """A page of a list as a table, and on stderr how much of all it is when it is not all."""
    print_table(columns, rows, right=right)
    if total > offset + len(rows):
        sys.stdout.flush()
        sys.stderr.write(told.say("{shown} of {all} shown", shown=len(rows), all=total) + "\n")


def print_fields(fields: Iterable[tuple[str, Cell]]) -> None:
    """Names and values below each other; empty values are left out."""
    table = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields:
        if str(value):
            table.add_row(name, value)
    make_console().print(table)


def phase_cell(told: Globals, phase: str) -> Text:
    """What a job's phase is called, in its colour."""
    return Text(word(PHASES, phase, told.language), style=_PHASE_STYLES.get(phase, ""))


def level_cell(told: Globals, level: str) -> Text:
    """What an event's level is called, in its colour."""
    return Text(word(LEVELS, level, told.language), style=_LEVEL_STYLES.get(level, ""))


def yes_no(told: Globals, is_so: bool) -> str:
    """`yes` or `no`."""
    return told.say("yes") if is_so else told.say("no")


def size_text(count: float) -> str:
    """Bytes in words: `17 B`, `1.5 KiB`, `3.0 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(count) < 1024 or unit == "TiB":
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("the last unit takes everything")


def duration_text(milliseconds: int) -> str:
    """`0.8s`, `42s`, `3m 05s`, `2h 10m`; empty for 0."""
    if milliseconds <= 0:
        return ""
    seconds = milliseconds // 1000
    if seconds < 10:
        return f"{milliseconds / 1000:.1f}s"
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02d}s"
    return f"{seconds // 3600}h {seconds % 3600 // 60:02d}m"


def age_text(told: Globals, milliseconds: int, now_ms: int) -> str:
    """How long ago, in words; the date when that was more than a month ago; empty for 0."""
    if milliseconds <= 0:
        return ""
    seconds = max(0, now_ms - milliseconds) // 1000
    if seconds < 60:
        return told.say("{n} s ago", n=seconds)
    if seconds < 3600:
        return told.say("{n} min ago", n=seconds // 60)
    if seconds < 86_400:
        return told.say("{n} h ago", n=seconds // 3600)
    if seconds < 31 * 86_400:
        return told.say("{n} days ago", n=seconds // 86_400)
    return time_text(milliseconds)[:10]


def time_text(milliseconds: int) -> str:
    """Local date and time; empty for 0."""
    if milliseconds <= 0:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
