"""Logs merged in time: against sorting all lines at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.test_log_lines import LOGS, naive, text_of
from trainwright.domain.errors import InvalidQuery
from trainwright.ports.logs import Arrivals
from trainwright.services.log_merge import Cursor, Row, Source, newer, older

BEGUN_MS = 5


class Log:
    """A log that grows, with the times of its bytes."""

    def __init__(self) -> None:
        self.data = b""
        self.marks: list[tuple[int, int]] = []

    def grow(self, time_ms: int, data: bytes) -> None:
        """More bytes come."""
        if data and (not self.marks or self.marks[-1][0] < time_ms):
            self.marks.append((time_ms, len(self.data)))
        self.data += data

    def source(self, *, ended: bool) -> Source:
        """As the merge sees it."""
        text = text_of(self.data)
        times, offsets = [mark[0] for mark in self.marks], [mark[1] for mark in self.marks]
        known = Arrivals(offsets, times)
        return Source(text, lambda start, end: known, BEGUN_MS, text.size if ended else text.open_start)


def all_rows(logs: list[Log], *, ended: bool) -> list[tuple[int, int, int]]:
    """(time, source, offset) of every line, in order."""
    rows = []
    for number, log in enumerate(logs):
        source = log.source(ended=ended)
        known = source.arrivals(0, 1)
        rows += [
            (known.at(line.offset) or BEGUN_MS, number, line.offset)
            for line in naive(log.data)
            if line.end <= source.end
        ]
    return sorted(rows)


def keys(rows: list[Row]) -> list[tuple[int, int, int]]:
    """What a row is sorted by."""
    return [row[:3] for row in rows]


GROWTH = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 2), st.sampled_from([b"a\n", b"b", b"\n", b"c" * 20, b"d\ne\n"])
    ),
    max_size=25,
)


@settings(deadline=None)
@given(GROWTH, st.integers(1, 7), st.booleans())
def test_pages_give_the_sorted_lines_both_ways(
    growth: list[tuple[int, int, bytes]], count: int, ended: bool
) -> None:
    """Guards order, and that pages forward and backward neither skip nor double."""
    logs = [Log(), Log(), Log()]
    now = 10
    for wait, number, data in growth:
        now += wait
        logs[number].grow(now, data)
    sources = [log.source(ended=ended) for log in logs]
    expected = all_rows(logs, ended=ended)
    place: tuple[int, ...] = (0, 0, 0)
    forward: list[Row] = []
    while (taken := newer(sources, place, count)).rows:
        assert taken.starts == place and len(taken.rows) <= count
        forward += taken.rows
        again = older(sources, taken.ends, len(taken.rows))
        assert (again.rows, again.starts) == (taken.rows, place)
        place = taken.ends
    assert keys(forward) == expected
    assert place == tuple(source.end for source in sources)
    backward: list[Row] = []
    while (taken := older(sources, place, count)).rows:
        backward = taken.rows + backward
        place = taken.starts
    assert keys(backward) == expected and place == (0, 0, 0)


@settings(deadline=None)
@given(st.lists(GROWTH, min_size=1, max_size=4), st.integers(1, 9))
def test_following_gives_every_line_once(rounds: list[list[tuple[int, int, bytes]]], count: int) -> None:
    """Guards live views: lines of a moment that was shown already are neither lost nor shown again."""
    logs = [Log(), Log(), Log()]
    place: tuple[int, ...] = (0, 0, 0)
    seen, now = [], 10
    for number, growth in enumerate(rounds):
        for wait, which, data in growth:
            now += wait
            logs[which].grow(now, data)
        sources = [log.source(ended=number == len(rounds) - 1) for log in logs]
        while (taken := newer(sources, place, count)).rows:
            seen += keys(taken.rows)
            place = taken.ends
    assert sorted(seen) == all_rows(logs, ended=True)


@settings(deadline=None)
@given(LOGS)
def test_logs_of_unknown_times_are_of_their_attempts_beginning(log: bytes) -> None:
    """Guards logs that were written before times were kept."""
    old, new = Log(), Log()
    old.data = log
    new.grow(10, b"x\n")
    rows = newer([new.source(ended=True), old.source(ended=True)], (0, 0), 1000).rows
    assert [row.source for row in rows] == [1] * (len(rows) - 1) + [0]
    assert all(row.time_ms == BEGUN_MS for row in rows[:-1])


@settings(deadline=None)
@given(st.integers(1, 9), st.lists(st.integers(0, 2**40), max_size=300))
def test_cursors_survive_the_way_there_and_back(attempt: int, offsets: list[int]) -> None:
    """Guards what clients hand back."""
    cursor = Cursor(attempt, tuple(offsets))
    assert Cursor.decode(cursor.encode(), "after") == cursor
    assert len(Cursor(9, (2**30,) * 256).encode()) < 2000


@pytest.mark.parametrize("text", ["", "é", "!!", "_", "gA", "____________________", "A" * 5])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Guards against half-understood places."""
    with pytest.raises(InvalidQuery, match="after"):
        Cursor.decode(text, "after").check(2, "after")
