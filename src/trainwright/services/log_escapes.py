"""What terminals take for themselves in a log: escape sequences, such as those that change colours. Pure.

Nobody who reads the log sees them, so whoever searches it must not, either. The console shows lines by the same rule.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import re2

ESCAPE = b"\x1b"
_LF = b"\n"
_END = rb"(?=[\r\n])|\Z"  # an end of a line cuts them off
_SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|" + _END + rb")"
    rb"|\][^\x07\x1b\r\n]*(?:\x07|\x1b\\|" + _END + rb")"
    rb"|[PX^_][^\x1b\r\n]*(?:\x1b\\|" + _END + rb")"
    rb"|[ -/]*(?:[0-~]|" + _END + rb"))"
)
_LONG = re2.compile(rb"\x1b[\]PX^_]")
_SHORT = r"(?:\x1b(?:\[[0-?]*[ -/]*[@-~]?|[ -/]*[0-~]?))*"
_PART = re.compile(r"\(\?:|[|)]|(\\x[0-9a-f]{2}|\\.|\[[^\]]*\]|.)([*?+]?)", re.DOTALL)


def shown(text: bytes) -> bytes:
    """The text without the sequences in it; the text itself where there are none."""
    return b"".join(_SEQUENCE.split(text)) if ESCAPE in text else text


def are_short(text: bytes) -> bool:
    """Whether all sequences in the text are of the kinds that `tolerant` knows: none that carry a text themselves."""
    return _LONG.search(text) is None


def tolerant(pattern: str) -> str:
    """A simple expression (RE2; characters, classes, alternatives) which matches also where sequences lie between its
    characters. It may match inside of sequences, too: what it finds is to be looked at again.
    """
    return _PART.sub(lambda part: f"(?:{part[1]}{_SHORT}){part[2]}" if part[1] else part[0], pattern)


def same_lines(plain: bytes, text: bytes, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where the lines are in `text` that are at these places, ascending ones, of `plain`, which is `shown(text)`."""
    at = before = 0
    for begin, _ in places:
        for _ in range(plain.count(_LF, before, begin)):
            at = text.find(_LF, at) + 1
        before = begin
        yield at, text.find(_LF, at) + 1 or len(text)


def same_spans(line: bytes, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where in `line` the parts are, none of them empty, that are at these places of `shown(line)`."""
    starts, places, plain, at = [], [], 0, 0
    for found in (*_SEQUENCE.finditer(line), None):
        stop = len(line) if found is None else found.start()
        if stop > at:
            starts.append(plain)
            places.append(at)
            plain += stop - at
        at = stop if found is None else found.end()

    def place(of: int) -> int:
        part = bisect_right(starts, of) - 1
        return places[part] + of - starts[part]

    return [(place(low), place(high - 1) + 1) for low, high in spans]
