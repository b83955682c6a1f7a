"""Lines on the terminal: several series over one pair of axes, in Braille dots, in marks, or in plain ASCII.

A Braille character has 2 x 4 dots, so 80 columns show 160 points. Without colours the dots of two series look the same;
then every series has a mark of its own, one to a character.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.text import Text

STYLES = ("cyan", "yellow", "magenta", "green", "red", "blue")
MARKS = "•+×o#*"
ASCII_MARKS = "*+xo#@"
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row and column of a character
_TICK_ROWS = 3  # a label on the y axis about every so many rows
_TICK_COLUMNS = 16


@dataclass(frozen=True, slots=True)
class Series:
    """A line by its points, x ascending. Points that are no numbers, or infinite, interrupt it."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Look:
    """What the terminal can do. `log`: the y axis is logarithmic, and values of 0 and below interrupt the line."""

    width: int = 80
    height: int = 16
    colour: bool = True
    unicode: bool = True
    log: bool = False


@dataclass(slots=True)
class _Axis:
    """Where values come to lie between 0 and 1, and which are labelled."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [number * self.step for number in range(first, last + 1)]


@dataclass(slots=True)
class _Canvas:
    """Characters with what is in them: dots or a mark, and the series that was there last."""

    columns: int
    rows: int
    dots: dict[tuple[int, int], int] = field(default_factory=dict)
    owner: dict[tuple[int, int], int] = field(default_factory=dict)


def draw(title: str, series: Sequence[Series], look: Look) -> list[Text]:
    """The picture line by line, `look.width` columns wide at most; empty when there is nothing to draw."""
    lines = [_cleaned(one, look.log) for one in series]
    points = [point for line in lines for run in line for point in run]
    if not points:
        return []
    rows = max(4, look.height)
    y_axis = _axis([y for _, y in points], rows / _TICK_ROWS, whole=False)
    labels = {tick: _number(10**tick if look.log else tick) for tick in y_axis.ticks()}
    margin = max(len(label) for label in labels.values())
    columns = max(10, look.width - margin - 2)
    x_axis = _axis([x for x, _ in points], columns / _TICK_COLUMNS, whole=True, tight=True)
    braille = look.unicode and (look.colour or len(series) == 1)
    canvas = _Canvas(columns, rows)
    across, down = (2, 4) if braille else (1, 1)
    for number, line in enumerate(lines):
        for run in line:
            spots = [
                (
                    round(x_axis.place(x) * (columns * across - 1)),
                    round((1 - y_axis.place(y)) * (rows * down - 1)),
                )
                for x, y in run
            ]
            for spot in _strokes(spots):
                _put(canvas, number, spot, across, down)
    picture = [Text(title, style="bold" if look.colour else "")] if title else []
    picture += _body(canvas, look, y_axis, labels, margin, braille=braille)
    picture += _foot(x_axis, columns, margin, look)
    if len(series) > 1:
        picture += _legend(series, look, braille=braille)
    return picture


def _cleaned(series: Series, log: bool) -> list[list[tuple[float, float]]]:
    """The line cut where it is interrupted."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in series.points:
        if math.isfinite(x) and math.isfinite(y) and (y > 0 or not log):
            runs[-1].append((x, math.log10(y) if log else y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _axis(values: Sequence[float], ticks: float, *, whole: bool, tight: bool = False) -> _Axis:
    """From the least to the greatest value, or, unless `tight`, from label to label around them."""
    low, high = min(values), max(values)
    if high - low <= max(abs(low), abs(high)) * 1e-12:
        room = abs(low) / 2 or 1.0
        low, high = low - room, high + room
    step = _nice((high - low) / max(2.0, ticks))
    if whole:
        step = max(1.0, round(step))
    if tight:
        return _Axis(low, high, step)
    return _Axis(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step)


def _nice(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 … times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step * (1 - 1e-9))


def _number(value: float) -> str:
    text = f"{value:.4g}"
    return "0" if text == "-0" else text


def _count(value: float) -> str:
    """A whole number, shortened: 20k, 1.5M."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def _strokes(spots: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Every spot on the way through `spots`."""
    yield spots[0]
    for (x0, y0), (x1, y1) in itertools.pairwise(spots):
        length = max(abs(x1 - x0), abs(y1 - y0))
        for part in range(1, length + 1):
            yield (round(x0 + (x1 - x0) * part / length), round(y0 + (y1 - y0) * part / length))


def _put(canvas: _Canvas, number: int, spot: tuple[int, int], across: int, down: int) -> None:
    x, y = spot
    place = (y // down, x // across)
    canvas.dots[place] = canvas.dots.get(place, 0) | _DOTS[y % down][x % across]
    canvas.owner[place] = number


def _body(
    canvas: _Canvas,
    look: Look,
    axis: _Axis,
    labels: dict[float, str],
    margin: int,
    *,
    braille: bool,
) -> list[Text]:
    rows = {round((1 - axis.place(tick)) * (canvas.rows - 1)): label for tick, label in labels.items()}
    tick, bar = ("┤", "│") if look.unicode else ("+", "|")
    marks = MARKS if look.unicode else ASCII_MARKS
    lines = []
    for row in range(canvas.rows):
        line = Text(f"{rows.get(row, ''):>{margin}} {tick if row in rows else bar}")
        places = [(row, column) for column in range(canvas.columns)]
        for owner, group in itertools.groupby(places, canvas.owner.get):
            if owner is None:
                line.append(" " * len(list(group)))
                continue
            mark = marks[owner % len(marks)]
            shown = (chr(_BRAILLE | canvas.dots[place]) if braille else mark for place in group)
            line.append("".join(shown), style=STYLES[owner % len(STYLES)] if look.colour else "")
        line.rstrip()
        lines.append(line)
    return lines


def _foot(axis: _Axis, columns: int, margin: int, look: Look) -> list[Text]:
    corner, line, mark = ("└", "─", "┬") if look.unicode else ("+", "-", "+")
    rule, labels = [line] * columns, [" "] * (columns + margin + 2)
    free = 0
    for tick in axis.ticks():
        column = round(axis.place(tick) * (columns - 1))
        text = _count(tick)
        begin = min(max(margin + 2 + column - len(text) // 2, 0), len(labels) - len(text))
        rule[column] = mark
        if begin >= free:
            labels[begin : begin + len(text)] = text
            free = begin + len(text) + 1
    return [Text(" " * (margin + 1) + corner + "".join(rule)), Text("".join(labels).rstrip())]


def _legend(series: Sequence[Series], look: Look, *, braille: bool) -> list[Text]:
    """Which line is which, as many to a line as fit."""
    marks = MARKS if look.unicode else ASCII_MARKS
    lines, line = [], Text()
    for number, one in enumerate(series):
        sign = "━━" if braille else marks[number % len(marks)]
        if line and cell_len(line.plain) + cell_len(one.name) + 6 > look.width:
            lines.append(line)
            line = Text()
        line.append("  " if line else " ")
        line.append(sign, style=STYLES[number % len(STYLES)] if look.colour else "")
        line.append(f" {one.name}")
    return [*lines, line]
