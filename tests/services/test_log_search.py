"""Searching logs: against Python's own `re`, a line at a time."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.services.test_log_lines import LOGS, SMALL, naive, text_of
from trainwright.domain.errors import InvalidQuery
from trainwright.services.log_search import EXCERPT_BYTES, Query, finder, tells_of_error

PATTERNS = [
    "a",
    "a|ab",
    "b*",
    "^",
    "$",
    "^$",
    "x?$",
    "c{3}",
    r"\s",
    "[^b]",
    "(?i)A",
    "b.b",
    "^c+$",
    "(a)(b)?",
]


def found(log: bytes, query: Query) -> list[bytes]:
    """Lines that match, found in segments as the service does."""
    find = finder(query)
    text = text_of(log)
    return [line.data for start, piece in text.segments(0) for line in find.lines(start, piece)]


@settings(deadline=None)
@given(LOGS, st.sampled_from(PATTERNS), st.booleans())
@example(b"c" * 20 + b"\nabc", "c{3}", True)
def test_expressions_find_the_lines_that_re_finds(log: bytes, pattern: str, case: bool) -> None:
    """Guards every line once, over blocks of any kind, for empty matches and for ends of lines as well."""
    log = log.replace(b"\xff", b"?").replace("é".encode(), b"!")  # RE2 takes characters, `re` bytes
    wanted = re.compile(pattern.encode(), 0 if case else re.IGNORECASE)
    expected = [line.data for line in naive(log) if wanted.search(line.data.removesuffix(b"\n"))]
    assert found(log, Query(pattern, regex=True, case=case)) == expected


@settings(deadline=None)
@given(LOGS, st.sampled_from(["a", "cc", "\r", "é", "B", "(", "a.b", "\0"]))
def test_texts_find_the_lines_that_hold_them(log: bytes, text: str) -> None:
    """Guards plain texts, whatever they mean in expressions."""
    expected = [line.data for line in naive(log) if text.encode() in line.data]
    assert found(log, Query(text, case=True)) == expected


def test_letters_of_any_size_and_script() -> None:
    """Guards searches without regard to case, and Chinese."""
    log = "Loss\nloss\n损失率\nÉTÉ\n".encode()
    text = "".join(line.decode() for line in found_whole(log, Query("LOSS")))
    assert text == "Loss\nloss\n"
    assert found_whole(log, Query("[损得]失.", regex=True)) == ["损失率\n".encode()]
    assert found_whole(log, Query("été")) == ["ÉTÉ\n".encode()]
    assert found_whole(log, Query("loss", case=True)) == [b"loss\n"]


def found_whole(log: bytes, query: Query) -> list[bytes]:
    """Lines that match, found at once."""
    return [line.data for line in finder(query).lines(0, log)]


TEXTS = [b"\n", b"a", b"bc", b"31m", b"Error: ", b"\r", b"\xff", "é".encode(), b"x" * 9]
ESCAPES = [b"\x1b[31m", b"\x1b[0;1m", b"\x1b", b"\x1b[", b"\x1b]0;a title\x07", b"\x1b(B", b"\x1b[3"]
COLOURED = st.lists(st.sampled_from(TEXTS + ESCAPES), max_size=30).map(b"".join)
# As the console's `ansi.ts` says it, for one state of one line.
UNSEEN = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|\Z)|\][^\x07\x1b]*(?:\x07|\x1b\\|\Z)"
    r"|[PX^_][^\x1b]*(?:\x1b\\|\Z)|[ -/]*(?:[0-~]|\Z))"
)


def seen(line: bytes) -> bytes:
    """A line as the viewer shows its states, one after the other."""
    states = line.decode("utf-8", "surrogateescape").split("\r")
    return "\r".join(UNSEEN.sub("", state) for state in states).encode("utf-8", "surrogateescape")


@settings(deadline=None, max_examples=300)
@given(COLOURED, st.sampled_from(["a", "bcbc", "31", "m", "É", "x" * 18, "Error", "c3"]), st.booleans())
@example(b"b\x1b[1mc\x1b[0mb\x1b[31mc!\n", "bcbc", False)
def test_texts_are_found_as_they_are_shown(log: bytes, text: str, case: bool) -> None:
    """Guards lines with colours: all that show the text are found and counted, none by what is not seen of it."""
    find = finder(Query(text, case=case))
    wanted = text if case else text.lower()

    def shows(line: bytes) -> bool:
        told = seen(line.removesuffix(b"\n")).decode("utf-8", "surrogateescape")
        return wanted in (told if case else told.lower())

    lines = log.splitlines(keepends=True) if b"\r" not in log else re.findall(rb"[^\n]*\n|[^\n]+\Z", log)
    expected = [line for line in lines if shows(line)]
    got = list(find.lines(0, log))
    assert [line.data for line in got] == expected
    assert all(log[line.offset : line.end] == line.data for line in got)
    assert find.count(log) == len(expected)
    for line in got:
        hit = find.hit(line).excerpt
        assert hit.spans
        for low, high in hit.spans:
            behind = seen(hit.text[low:].encode()).decode().lower()
            assert behind.startswith(text.lower()) and hit.text[high - 1].lower() == text[-1].lower()


@settings(deadline=None)
@given(LOGS | COLOURED, st.sampled_from(PATTERNS), st.booleans())
def test_as_many_are_counted_as_are_found(log: bytes, pattern: str, regex: bool) -> None:
    """Guards the quick way that very many matches are counted in."""
    for query in (Query(pattern, regex=regex), Query(pattern, regex=regex, case=True, system=False)):
        assert finder(query).count(log) == len(list(finder(query).lines(0, log)))


@pytest.mark.parametrize(
    ("query", "data", "spans"),
    [
        (Query("loss=0"), "\x1b[1mlo\x1b[0mss\x1b[32m=\x1b[0m0.5", ((4, 23),)),
        (Query("^loss$", regex=True), "\x1b[1mloss\x1b[0m", ((4, 8),)),
        (Query(r"\d+", regex=True), "\x1b[31m12\x1b[0m3 \x1b[38;5;200m4", ((5, 12), (24, 25))),
        (Query("错误"), "é \x1b[31m错\x1b[0m误", ((7, 13),)),
    ],
)
def test_places_of_matches_among_colours(query: Query, data: str, spans: tuple[tuple[int, int], ...]) -> None:
    """Guards what is highlighted: characters of the line as it is stored, without the escapes at either side."""
    (line,) = finder(query).lines(0, data.encode())
    assert finder(query).hit(line).excerpt == (data, False, spans)


def test_odd_letters_are_counted() -> None:
    """Guards the letters whose other case is ASCII: as many are counted as are found."""
    log = "task\nTAS\u212a\nta\u017fk\nten\n".encode()
    assert finder(Query("task")).count(log) == len(found_whole(log, Query("task"))) == 3


def test_errors_in_colours_are_found() -> None:
    """Guards what compilers, loggers and `rich` print: colours part words from their colons and brackets."""
    errors = [
        "\x1b[31mERROR\x1b[0m failed to open\n",
        "\x1b[1m\x1b[31merror\x1b[0m\x1b[1m: mismatched types\x1b[0m\n",
        "\x1b[31m── \x1b[0m\x1b[1;31mTraceback \x1b[0m\x1b[1;2;31m(most recent call last)\x1b[0m\n",
        "\x1b[1;91mValueError\x1b[0m\x1b[1m:\x1b[0m odd\n",
    ]
    log = "".join(["\x1b[32mINFO\x1b[0m step\n", *errors, "\x1b[1merror\x1b[0m: 0.25\n"]).encode()
    assert found_whole(log, Query(errors=True)) == [line.encode() for line in errors]
    assert all(tells_of_error(line.encode()) for line in errors)


def test_lines_of_the_platform_can_be_left_out() -> None:
    """Guards the viewer's switch."""
    log = b"[ModelArts Service Log] 2026 [init] x\nuser x\n"
    assert len(found_whole(log, Query("x"))) == 2
    assert found_whole(log, Query("x", system=False)) == [b"user x\n"]


@pytest.mark.parametrize(
    "query",
    [
        Query(""),
        Query("x" * 1001),
        Query("(", regex=True),
        Query("a)(b", regex=True),
        Query(r"\Aa", regex=True),
        Query(r"(?-m)^a", regex=True),
        Query("x", errors=True),
        Query("a{1000}{1000}", regex=True),
    ],
)
def test_what_cannot_be_searched_for_is_refused(query: Query) -> None:
    """Guards an answer in words instead of a failure, or of the wrong lines."""
    with pytest.raises(InvalidQuery, match="query"):
        finder(query)
    finder(Query(r"C:\\Apps", regex=True))


@pytest.mark.parametrize(
    ("data", "text", "spans", "cut"),
    [
        ("a loss b loss\r\n", "a loss b loss", ((2, 6), (9, 13)), False),
        ("é 😀 loss\n", "é 😀 loss", ((4, 8),), False),
        (" 10% loss\r 20% x\r 30% loss\r", " 10% loss", ((5, 9),), False),
        ("x" * 5000 + "loss" + "y" * 5000, "x" * 200 + "loss" + "y" * 1796, ((200, 204),), True),
        ("é" * 5000 + "loss", "é" * 998 + "loss", ((998, 1002),), True),
    ],
)
def test_excerpts(data: str, text: str, spans: tuple[tuple[int, int], ...], cut: bool) -> None:
    """Guards what is shown of a match: characters, not bytes; of long lines the part that matters."""
    find = finder(Query("loss"))
    (line,) = find.lines(0, data.encode())
    assert find.hit(line).excerpt == (text, cut, spans)
    assert len(text.encode()) <= EXCERPT_BYTES


def test_blocks_are_small_here() -> None:
    """Guards this file's own tests: lines lie across blocks."""
    assert SMALL < 20
