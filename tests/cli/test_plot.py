"""Lines in the terminal: where they run, what is written beside them, and what every terminal can show."""

import math

import pytest

from trainwright.cli.plot import Look, Series, draw

FALLING = Series("a", [(step, 100.0 - step) for step in range(101)])


def plain(title: str, *series: Series, **look: object) -> list[str]:
    """The picture without colours."""
    return [line.plain for line in draw(title, series, Look(**look))]  # type: ignore[arg-type]  # its own fields


def test_a_line_goes_from_its_first_to_its_last_value() -> None:
    """Labels on both axes; the line from corner to corner."""
    lines = plain("loss", FALLING, width=40, height=8, colour=False)
    assert lines[0] == "loss"
    assert lines[1].startswith("100 ┤") and lines[8].startswith("  0 ┤")
    assert lines[1][5] != " " and lines[8].rstrip()[-1] not in " ┤" and len(lines[8]) == 40
    assert lines[9].strip().startswith("└┬─") and lines[10].split()[0] == "0" and "50" in lines[10].split()
    assert all(len(line) <= 40 for line in lines)
    assert any("\u2800" < character < "\u2900" for character in "".join(lines))


def test_ascii_is_enough() -> None:
    """For terminals and files without Unicode."""
    lines = plain("loss", FALLING, Series("b", [(0, 0), (100, 100)]), width=40, colour=False, unicode=False)
    assert "".join(lines).isascii()
    assert lines[-1] == " * a  + b"
    assert "*" in "".join(lines[1:-3]) and "+" in "".join(lines[1:-3])


def test_several_series_are_told_apart() -> None:
    """By colour where there is one, by marks where there is none; the legend says which is which."""
    other = Series("another job", [(0, 0), (100, 100)])
    coloured = draw("loss", [FALLING, other], Look(width=40))
    styles = {str(span.style) for line in coloured for span in line.spans}
    assert {"cyan", "yellow"} <= styles and coloured[-1].plain == " ━━ a  ━━ another job"
    marked = plain("loss", FALLING, other, width=40, colour=False)
    assert marked[-1] == " • a  + another job" and "•" in "".join(marked[1:-3])


def test_what_is_no_number_interrupts_the_line() -> None:
    """It neither fails nor moves the axes."""
    gap = Series("a", [(0, 1.0), (1, math.nan), (2, math.inf), (3, 2.0)])
    assert plain("", gap, width=30, height=5)[0].startswith("  2 ┤")
    assert draw("", [Series("a", [(0, math.nan)])], Look()) == []
    assert draw("", [], Look()) == []


@pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-9, 1e12])
def test_one_point_and_constant_lines(value: float) -> None:
    """Axes without extent."""
    assert len(plain("x", Series("a", [(5, value)]), width=30, height=5)) == 8
    assert len(plain("x", Series("a", [(0, value), (9, value)]), width=30, height=5)) == 8


def test_logarithmic_axis() -> None:
    """Powers of ten are as far from each other as they should; 0 is left out."""
    decades = Series("a", [(0, 0.0), *((step, 10.0**-step) for step in range(1, 5))])
    lines = plain("lr", decades, width=40, height=13, log=True)
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["0.1", "0.01", "0.001", "0.0001"]


def test_large_steps_are_short() -> None:
    """20k, not 20000."""
    lines = plain("x", Series("a", [(0, 0), (40_000, 1)]), width=60)
    assert "20k" in lines[-1].split()
