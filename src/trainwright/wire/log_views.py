"""Answers for who reads logs by lines: pages, searches, errors, and all tasks merged in time. All ours.

Offsets are bytes of one attempt's log. Line numbers begin at 1 and are left out while lines are still being counted.
"""

from trainwright.wire.model import AnswerModel


class LogLine(AnswerModel):
    """One line as a terminal would show it, at most 16 KiB of it (`cut`: there is more). `open`: more of it may come.

    `time` is when it came (ms; 0: nobody knows); `system`: the platform wrote it; `error`: it tells of one.
    """

    number: int | None = None
    offset: int
    text: str
    time: int = 0
    cut: bool = False
    open: bool = False
    system: bool = False
    error: bool = False


class LogPage(AnswerModel):
    """Lines one after the other, of the bytes from `start_offset` up to `end_offset`.

    `size` is the whole log's, `ended` says that it will not grow. `line_count` is left out until all lines are counted:
    `counted` bytes of them are, each request counts on, and `estimated_line_count` is a guess meanwhile.
    """

    task: str
    attempt: int
    size: int
    ended: bool
    line_count: int | None = None
    estimated_line_count: int
    counted: int
    start_offset: int
    end_offset: int
    lines: list[LogLine]


class LogMatch(AnswerModel):
    """A line that matches: the part around its first match (`cut`: not all of the line), and where in `text` the
    matches are, as pairs of first and behind-last character (code points).
    """

    number: int | None = None
    offset: int
    text: str
    ranges: list[tuple[int, int]]
    time: int = 0
    cut: bool = False
    system: bool = False


class LogMatches(AnswerModel):
    """What was found in the bytes from `start_offset` up to `end_offset`: `count` lines, the first of them in `matches`
    (with `before`: the last of them, the nearest first).

    `next` is where to search on for more matches (as `offset`, or `before`); left out when there are no more.
    `complete`: the search has come to the log's end (with `before`: to its beginning), else counting goes on at
    `end_offset` (`start_offset`).
    """

    task: str
    attempt: int
    size: int
    ended: bool
    start_offset: int
    end_offset: int
    count: int
    matches: list[LogMatch]
    complete: bool
    next: int | None = None


class LogErrorPlace(AnswerModel):
    """Errors close to each other: how many lines, and the first of them. `position` is 0 to 1, of the log's bytes.
    `time` is when it came (ms; 0: nobody knows).
    """

    position: float
    offset: int
    number: int | None = None
    time: int = 0
    count: int


class LogErrorsMap(AnswerModel):
    """Where the error lines of a log are. `complete`: the whole log was searched, else `searched` bytes of it were and
    the next request goes on. `summary` is what the first error says in one line, such as a traceback's last.
    """

    task: str
    attempt: int
    size: int
    ended: bool
    searched: int
    complete: bool
    count: int
    first: LogMatch | None = None
    summary: str = ""
    places: list[LogErrorPlace]


class MergedLine(LogLine):
    """A line of one of the tasks."""

    task: str


class MergedLogPage(AnswerModel):
    """Lines of all tasks in the order they came, oldest first. `before` and `after` are where the page begins and ends:
    ask with them for what is older or newer. `at_start`, `at_end`: there is no more at present.

    Lines without an end are shown once they have one, or their task has ended. `ended`: no line will follow.
    """

    attempt: int
    tasks: list[str]
    ended: bool
    lines: list[MergedLine]
    before: str
    after: str
    at_start: bool
    at_end: bool
