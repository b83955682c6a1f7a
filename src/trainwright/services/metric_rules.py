"""Regular expressions that find training metrics in a log: their form, and what they find in some bytes of it. Pure.

RE2, so that no expression takes more than linear time. A user's log has many lines of which few match: expressions are
tried on many lines at once, and only the lines that may match are looked at one by one.
"""

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

from trainwright.domain.errors import InvalidParam
from trainwright.domain.specs import MetricRule
from trainwright.domain.texts import Text
from trainwright.ports.training_metrics import STEP_MAX
from trainwright.services.log_lines import PLATFORM_LINE
from trainwright.services.training_metrics import is_metric_name
from trainwright.wire.training_metrics import REGEX_LENGTH_MAX, MetricRuleRequest

RULES_MAX = 50
LINE_MAX = 4096  # bytes of a line that are looked at
STEP, VALUE = b"step", b"value"

_MEMORY = 4 << 20  # of one compiled expression
_FAR_MAX = 20
_SHOWN = 100
_NUMBER = re.compile(
    rb"\s*([+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf(?:inity)?))[\s,;:.)\]}%\"'|]*",
    re.IGNORECASE,
)
_WHOLE = re.compile(rb"\s*([+-]?[0-9]{1,16})[\s,;:.)\]}%\"'|/]*")
# These mean the ends of all bytes, not of a line: then each line must be looked at by itself.
_ENDS = re.compile(r"\\[AzZ]|\(\?[a-zA-Z]*-[a-zA-Z]*m")

_NAME_FORM = Text(
    "it must be 1 to 128 letters, digits, blanks or _.:/@%+-", "必须为 1 至 128 个字母、数字、空格或 _.:/@%+-"
)
_NAME_REPEATED = Text("the name {name} is used twice", "名称 {name} 重复")
_TOO_MANY = Text("there are more than {limit}", "数量超过 {limit}")
_TOO_LONG = Text("it is longer than {limit} characters", "长度超过 {limit} 个字符")
_BAD_REGEX = Text(
    "it is not a valid regular expression (RE2 syntax): {problem}",
    "不是有效的正则表达式（RE2 语法）：{problem}",
)
_NO_GROUP = Text(r"it has no group for the value, such as loss=(\S+)", r"缺少捕获数值的分组，例如 loss=(\S+)")


def check_rules(rules: Sequence[MetricRuleRequest], where: str) -> None:
    """The rules under `where` can be tried on a log.

    Raises:
        InvalidParam: one cannot, or has the name of another.
    """
    if len(rules) > RULES_MAX:
        raise InvalidParam(field=where, detail=_TOO_MANY, limit=RULES_MAX)
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        field = f"{where}[{index}]"
        if not is_metric_name(rule.name):
            raise InvalidParam(field=f"{field}.name", detail=_NAME_FORM)
        if rule.name in seen:
            raise InvalidParam(field=f"{field}.name", detail=_NAME_REPEATED, name=rule.name)
        seen.add(rule.name)
        if len(rule.regex) > REGEX_LENGTH_MAX:
            raise InvalidParam(field=f"{field}.regex", detail=_TOO_LONG, limit=REGEX_LENGTH_MAX)
        try:
            compiled = _compiled(rule.regex)
            _compiled_for_lines(rule.regex)
        except re2.error as exc:
            raise InvalidParam(field=f"{field}.regex", detail=_BAD_REGEX, problem=_problem(exc)) from exc
        if not _value_group(compiled):
            raise InvalidParam(field=f"{field}.regex", detail=_NO_GROUP)


@dataclass(slots=True)
class Found:
    """What one rule has found, in the log's order. Without `steps` of the log's own, the points are to be counted.

    `odd_value` and `odd_step`: the first texts that were to be a number and were none.
    """

    values: "array[float]" = field(default_factory=lambda: array("d"))
    steps: "array[int]" = field(default_factory=lambda: array("q"))
    odd_value: str = ""
    odd_step: str = ""


class Finder:
    """One rule, compiled."""

    def __init__(self, rule: MetricRule) -> None:
        """Raises `re2.error`: its expression was never checked."""
        self.name = rule.name
        self._in_line = _compiled(rule.regex)
        self._in_lines = None if _ENDS.search(rule.regex) else _compiled_for_lines(rule.regex)
        self._value = _value_group(self._in_line)
        self._step = self._in_line.groupindex.get(STEP, 0)

    def search(self, text: bytes, found: Found) -> None:
        """Add to `found` what the lines of `text` give, at most one point each."""
        position = far = 0
        while position < len(text):
            begun = position
            ended = -1
            # An expression that reaches over ends of lines costs much each time: then it is tried on each line.
            if self._in_lines is not None and far <= _FAR_MAX:
                match = self._in_lines.search(text, position)
                if match is None:
                    return
                begun, ended = match.span()
            start = text.rfind(b"\n", position, begun) + 1 or position
            end = text.find(b"\n", begun)
            end = len(text) if end < 0 else end
            far += ended > end
            line = text[start : min(end, start + LINE_MAX)]
            match = None if line.startswith(PLATFORM_LINE) else self._in_line.search(line)
            if match is not None and match.group(self._value) is not None:
                self._take(match, found)
            position = end + 1

    def _take(self, match: Any, found: Found) -> None:
        text = match.group(self._value)
        number = _NUMBER.fullmatch(text)
        if number is None:
            found.odd_value = found.odd_value or _shown(text)
            return
        if self._step:
            told = match.group(self._step) or b""
            whole = _WHOLE.fullmatch(told)
            if whole is None or abs(int(whole[1])) > STEP_MAX:
                found.odd_step = found.odd_step or _shown(told)
                return
            found.steps.append(int(whole[1]))
        found.values.append(float(number[1]))


@lru_cache(maxsize=256)
def finders(rules: tuple[MetricRule, ...]) -> tuple[Finder, ...]:
    """The rules, compiled; kept for the next time."""
    return tuple(Finder(rule) for rule in rules)


def _compiled(regex: str, *, captures: bool = True) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.never_capture = not captures
    return re2.compile(regex.encode(), options)


def _compiled_for_lines(regex: str) -> Any:
    """Only tells where a line may match, which is much less work."""
    return _compiled(f"(?m){regex}", captures=False)


def _value_group(compiled: Any) -> int:
    """The group called `value`, else the first one that is not the step; 0 when there is none."""
    named: dict[bytes, int] = compiled.groupindex
    step = named.get(STEP, 0)
    others = [number for number in range(1, compiled.groups + 1) if number != step]
    return named.get(VALUE, others[0] if others else 0)


def _problem(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


def _shown(text: bytes) -> str:
    return text[:_SHOWN].decode("utf-8", "replace")
