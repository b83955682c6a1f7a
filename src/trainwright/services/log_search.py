"""Finding lines in a log: by a text, by an expression (RE2), or those that tell of errors. Pure.

Expressions are tried on many lines at once, in time that is linear in the log, outside of Python's lock; only lines
that match are looked at one by one. Lines are searched as they are shown, without what terminals take for themselves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Text
from trainwright.services.log_errors import CANDIDATE, is_error
from trainwright.services.log_escapes import ESCAPE, are_short, same_lines, same_spans, shown, tolerant
from trainwright.services.log_lines import PLATFORM_LINE, Line

QUERY_LENGTH_MAX = 1000
EXCERPT_BYTES = 2000
_BEFORE_MATCH = 200
_SPANS_MAX = 50  # of one line are told
_MEMORY = 2 << 20  # of one compiled expression; a hundred of them may be remembered
_ERRORS_MEMORY = 8 << 20
_TOLERANT_MEMORY = 16 << 20  # of few queries: most logs have no colours
_LF, _CR = b"\n", b"\r"
# These mean the ends of all bytes, not of a line.
_ENDS = re.compile(r"\\[AzZ]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
_ODD_CASES = (
    "\u212a".encode(),
    "\u017f".encode(),
)  # the only letters beyond ASCII whose other case is in it: k, s

_BAD_REGEX = Text(
    "it is not a valid regular expression (RE2 syntax): {problem}",
    "不是有效的正则表达式（RE2 语法）：{problem}",
)
_NO_ENDS = Text(
    r"\A, \z and (?-m) are not supported: use ^ and $ for the ends of a line",
    r"不支持 \A、\z 和 (?-m)：请用 ^ 和 $ 表示行首与行尾",
)
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_NOTHING = Text("say what to search for, or errors=true", "请指定查找内容，或使用 errors=true")
_BOTH = Text("it cannot be given together with errors=true", "不能与 errors=true 同时使用")


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. Without `case`, upper and lower case are the same. `system`: lines of the platform, too."""

    text: str = ""
    regex: bool = False
    case: bool = False
    errors: bool = False
    system: bool = True


_ERRORS = Query(errors=True)


class Excerpt(NamedTuple):
    """What is shown of a line that matches. `spans` are of characters (code points) of `text`."""

    text: str
    cut: bool
    spans: tuple[tuple[int, int], ...]


class Hit(NamedTuple):
    """A line that matches, of whatever length, as it is kept."""

    offset: int
    end: int
    is_system: bool
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class Finder:
    """A query, compiled."""

    query: Query
    _lines: Any = field(repr=False)
    _match: Any = field(repr=False)
    _between: Any = field(repr=False, default=None)
    """Finds a match, and more, in text with escape sequences; None: of this query nothing does."""
    _counted: re.Pattern[bytes] | None = field(repr=False, default=None)
    """Finds the rest of each line from a match on, in lower case unless `case`; None: of this query nothing does."""

    def lines(self, start: int, text: bytes) -> Iterator[Line]:
        """The lines of `text`, whole ones that lie at `start`, which match."""
        plain = self._plain(text)
        places = self._places(plain, text.endswith(_LF))
        for begin, end in places if plain is text else same_lines(plain, text, places):
            if not self.query.system and text.startswith(PLATFORM_LINE, begin):
                continue
            line = Line(start + begin, text[begin:end])
            if not self.query.errors or is_error(line.data):
                yield line

    def count(self, text: bytes) -> int:
        """How many lines `lines` gives; much quicker where very many match a text."""
        if self._counted is None or (not self.query.system and PLATFORM_LINE in text):
            return sum(1 for _ in self.lines(0, text))
        plain = self._plain(text)
        first = self._match.search(plain)
        if first is None:
            return 0
        if not self.query.case:
            if any(letter in plain for letter in _ODD_CASES):
                return sum(1 for _ in self.lines(0, text))
            plain = plain.lower()
        return len(self._counted.findall(plain, first.start()))

    def _plain(self, text: bytes) -> bytes:
        """The text as it is shown; nothing when a quick look says that nothing in it matches."""
        if ESCAPE not in text:
            return text
        if self._between is not None and are_short(text) and self._between.search(text) is None:
            return b""
        return shown(text)

    def _places(self, text: bytes, is_whole: bool) -> Iterator[tuple[int, int]]:
        """Where lines of `text` begin and end that match, as far as the expression tells. `is_whole`: the last has an
        end.
        """
        done = 0
        over = len(text) if is_whole else len(text) + 1
        for match in self._lines.finditer(text):
            begin, stop = match.span()
            if begin < done or begin >= over:
                continue  # once more in the line that was given last, or an empty match behind all lines
            # Bytes that are no UTF-8 may have stopped the match before the line's end.
            end = text.find(_LF, stop) + 1 or len(text)
            done = end if text.endswith(_LF, begin, end) else len(text) + 1
            yield text.rfind(_LF, 0, begin) + 1, end

    def may_hold(self, line: bytes) -> bool:
        """Whether there is a match in the line, or of the preset a candidate."""
        return self._match.search(self._plain(line)) is not None

    def hit(self, line: Line) -> Hit:
        """What is kept of a line that matches."""
        return Hit(line.offset, line.end, line.is_system, self._excerpt(line))

    def _excerpt(self, line: Line) -> Excerpt:
        """The part of the line around its first match, as a terminal would have shown it at some time."""
        data = line.data.removesuffix(_LF).rstrip(_CR)
        spans = self._spans(data)
        first = spans[0][0] if spans else 0
        begin = data.rfind(_CR, 0, first) + 1
        end = data.find(_CR, first)
        end = len(data) if end < 0 else end
        cut = end - begin > EXCERPT_BYTES
        if cut:
            begin = max(begin, min(first - _BEFORE_MATCH, end - EXCERPT_BYTES))
            begin = _character_at(data, begin)
            end = _character_at(data, min(end, begin + EXCERPT_BYTES))
        shown = data[begin:end].decode("utf-8", "replace")
        inside = [(low, min(high, end)) for low, high in spans if begin <= low < end]
        places = tuple((_width(data[begin:low]), _width(data[begin:high])) for low, high in inside)
        return Excerpt(shown, cut, places)

    def _spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where the first matches are in a line; what terminals take for themselves may lie between."""
        spans = []
        for match in self._match.finditer(shown(data)):
            if match.end() > match.start():
                spans.append(match.span())
            if len(spans) >= _SPANS_MAX:
                break
        return same_spans(data, spans) if ESCAPE in data else spans


def finder(query: Query) -> Finder:
    """The query, compiled; kept for the next time.

    Raises:
        InvalidQuery: it asks for nothing, for too much, or its expression is none.
    """
    if query.errors:
        if query.text:
            raise InvalidQuery(field="query", detail=_BOTH)
        return _errors(query)
    if not query.text:
        raise InvalidQuery(field="query", detail=_NOTHING)
    if len(query.text) > QUERY_LENGTH_MAX:
        raise InvalidQuery(field="query", detail=_TOO_LONG, limit=QUERY_LENGTH_MAX)
    if query.regex and _ENDS.search(query.text.replace(r"\\", "")):
        raise InvalidQuery(field="query", detail=_NO_ENDS)
    try:
        return _compiled(query)
    except re2.error as exc:
        raise InvalidQuery(field="query", detail=_BAD_REGEX, problem=_problem(exc)) from exc


def tells_of_error(line: bytes) -> bool:
    """`log_errors.is_error`, in a fraction of its time for most lines."""
    return finder(_ERRORS).may_hold(line) and is_error(line)


@lru_cache(maxsize=32)
def _compiled(query: Query) -> Finder:
    flags = f"(?m{'' if query.case else 'i'})"
    if query.regex:
        pattern = f"{flags}(?:{query.text})"
        _re2(query.text)  # alone: what closes a group too many must not close ours
        return Finder(query, _re2(f"{pattern}[^\\n]*"), _re2(pattern))
    text = re2.escape(query.text)
    pattern = f"{flags}(?:{text})"
    between = _re2(flags + tolerant(text), _TOLERANT_MEMORY)
    return Finder(query, _re2(f"{pattern}[^\\n]*"), _re2(pattern), between, _counted(query))


def _counted(query: Query) -> re.Pattern[bytes] | None:
    """For texts whose cases are told apart by ASCII alone."""
    text = query.text
    if not query.case:
        if any(letter > "\x7f" and letter.lower() + letter.upper() != 2 * letter for letter in text):
            return None
        text = text.lower()
    return re.compile(re.escape(text.encode()) + rb"[^\n]*")


@lru_cache(maxsize=4)
def _errors(query: Query) -> Finder:
    between = _re2(tolerant(CANDIDATE), _TOLERANT_MEMORY)
    return Finder(query, _re2(f"(?:{CANDIDATE})[^\\n]*", _ERRORS_MEMORY), _re2(CANDIDATE), between)


def _re2(pattern: str, memory: int = _MEMORY) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.never_capture = True
    options.never_nl = True
    return re2.compile(pattern.encode(), options)


def _problem(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


def _character_at(data: bytes, position: int) -> int:
    """`position`, or the beginning of the character it lies in."""
    for back in range(min(4, position + 1)):
        if position - back >= len(data) or data[position - back] & 0xC0 != 0x80:
            return position - back
    return position


def _width(data: bytes) -> int:
    return len(data.decode("utf-8", "replace"))
