"""Lines of logs, against a reader that holds the whole log: every way to find them agrees."""

import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trainwright.services.log_index import LineIndex
from trainwright.services.log_lines import BLOCK, SHOWN_BYTES, Line, LogText, shown, trimmed

SMALL = 8
LOGS = st.lists(
    st.sampled_from(
        [b"\n", b"a", b"\r\n", b"\r", b"\0", b"\xff", "é".encode(), b"b" * 7, b"c" * 20, b"\n\n"]
    ),
    max_size=40,
).map(b"".join)


def text_of(log: bytes, block: int = SMALL) -> LogText:
    """`log` behind a reader."""
    return LogText(lambda start, limit: log[start : start + max(0, limit)], len(log), block)


def naive(log: bytes, block: int = SMALL) -> list[Line]:
    """The rule, read off the whole log: LF ends a line, and so does a whole block without one."""
    ends = {at + 1 for at, byte in enumerate(log) if byte == 10}
    ends |= {
        first + block
        for first in range(0, len(log) - block + 1, block)
        if b"\n" not in log[first : first + block]
    }
    edges = sorted({0, *ends, len(log)})
    return [Line(start, log[start:end]) for start, end in pairwise(edges)]


@settings(deadline=None)
@given(LOGS)
@example(b"x" * 8)
@example(b"x" * 16 + b"\n")
@example(b"\n" + b"x" * 31)
def test_lines_are_found_from_every_byte(log: bytes) -> None:
    """Guards start, end and kind of every line, from whichever byte it is looked for."""
    text, lines = text_of(log), naive(log)
    starts = [line.offset for line in lines]
    for line in lines:
        assert text.end_of(line.offset) == line.end
        for position in range(line.offset, line.end):
            assert text.start_of(position) == line.offset
    assert len(lines) == 0 or max(len(line.data) for line in lines) < 2 * SMALL
    last_is_open = bool(lines) and text.open_start == starts[-1]
    assert text.open_start == (starts[-1] if last_is_open else len(log))


@settings(deadline=None)
@given(LOGS, st.integers(1, 30))
def test_pieces_of_lines_join_to_the_log(log: bytes, step: int) -> None:
    """Guards reading in segments, forward and backward, in pieces of any size: no line is lost, cut or doubled."""
    text, lines = text_of(log), naive(log)
    forward: list[Line] = []
    for start, piece in text.segments(0):
        assert len(piece) < 3 * SMALL
        forward += text.split(start, piece)
    assert forward == lines
    stepped: list[Line] = []
    while (at := stepped[-1].end if stepped else 0) < len(log):
        stepped += text.split(*text.after(at, step))
    assert stepped == lines
    backward: list[Line] = []
    at = len(log)
    while at:
        start, piece = text.before(at, step)
        assert start < at
        backward = text.split(start, piece) + backward
        at = start
    assert backward == lines


@settings(deadline=None)
@given(LOGS, LOGS)
def test_numbers_of_lines(before: bytes, later: bytes) -> None:
    """Guards the index over a log that grows between calls."""
    index = LineIndex(SMALL)
    for log in (before, before + later):
        text, lines = text_of(log), naive(log)
        assert index.count_on(text, until=float("inf"))
        assert index.covers(len(log))
        assert index.line_count(text) == len(lines)
        for number, line in enumerate(lines, start=1):
            assert index.number_at(text, line.offset) == number
            assert index.start_of_line(text, number) == line.offset
        after = None if text.open_start < len(log) else len(log)
        assert index.start_of_line(text, len(lines) + 1) == after
        starts = [line.offset for line in lines]
        assert index.numbers_at(text, starts) == list(range(1, len(lines) + 1))


def test_counting_goes_on_in_steps() -> None:
    """Guards that every step makes progress however little time there is, and what is said meanwhile."""
    log = b"0123\n567" * 4
    text, index = text_of(log), LineIndex(SMALL)
    assert not index.count_on(text, until=0)
    assert (index.counted, index.line_count(text), index.estimate(len(log))) == (8, None, 4)
    assert index.number_at(text, 24) is None
    for _ in range(3):
        index.count_on(text, until=0)
    assert index.line_count(text) == 5


def test_real_blocks() -> None:
    """Guards the sizes in force: a block of many lines, one without any, and the ends of what is read at once."""
    chance = random.Random(7)
    parts = [b"x" * chance.randrange(60_000) + b"\n" for _ in range(90)]
    log = b"".join(parts) + b"y" * (3 * BLOCK) + b"\nlast"
    text, index = text_of(log, BLOCK), LineIndex()
    index.count_on(text, until=float("inf"))
    lines = naive(log, BLOCK)
    for number in (1, 2, 40, 90, 91, len(lines) - 1, len(lines)):
        line = lines[number - 1]
        assert index.start_of_line(text, number) == line.offset
        assert index.number_at(text, line.offset) == number
        assert text.start_of(line.offset + len(line.data) // 2) == line.offset
        assert text.end_of(line.offset) == line.end


@pytest.mark.parametrize(
    ("data", "text", "cut"),
    [
        (b"plain\n", "plain", False),
        (b"windows\r\n", "windows", False),
        (b" 10%\r 20%\r 30%\n", " 30%", False),
        (b" 10%\r 20%\r", " 20%", False),
        (b"\xff\x00ok", "\ufffd\x00ok", False),
        (b"a" * SHOWN_BYTES + b"\n", "a" * SHOWN_BYTES, False),
        (b"a" * (SHOWN_BYTES + 1), "a" * SHOWN_BYTES, True),
        (b"a" * (SHOWN_BYTES - 1) + "é".encode(), "a" * (SHOWN_BYTES - 1), True),
        (b"\x80" * (SHOWN_BYTES + 9), "\ufffd" * SHOWN_BYTES, True),
        (b"", "", False),
    ],
)
def test_what_is_shown_of_a_line(data: bytes, text: str, cut: bool) -> None:
    """Guards ends of lines, progress bars, bytes that are no text, and lines that are too long."""
    assert shown(data) == (text, cut)
    assert shown(trimmed(Line(0, data)).data) == (text, cut)


def test_a_long_line_is_kept_short() -> None:
    """Guards memory: what is kept of a line is what is shown of it."""
    data = b"old\r" + b"n" * BLOCK
    kept = trimmed(Line(5, data))
    assert len(kept.data) < 2 * SHOWN_BYTES
    assert shown(kept.data) == shown(data)
