"""Typer's own words for wrong usage and in help, in the user's language; its sentences are told by their form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trainwright.cli.texts import ZH, translate


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of Typer's or pydantic's as a pattern, and what is said instead. `{why}` is a sentence again."""

    pattern: re.Pattern[str]
    english: str
    chinese: str


def _sentence(pattern: str, english: str, chinese: str) -> _Sentence:
    return _Sentence(re.compile(pattern, re.DOTALL), english, chinese)


_SENTENCES = (
    _sentence(r"Invalid value for (?P<what>.+?): (?P<why>.+)", "{what}: {why}", "{what}：{why}"),
    _sentence(r"Invalid value: (?P<why>.+)", "{why}", "{why}"),
    _sentence(r"Value error, (?P<why>.+)", "{why}", "{why}"),
    _sentence(r"Missing argument (?P<what>.+)\.", "Missing argument {what}.", "缺少参数 {what}。"),
    _sentence(r"Missing option (?P<what>.+)\.", "Missing option {what}.", "缺少选项 {what}。"),
    _sentence(r"Missing command\.", "Missing command.", "缺少子命令。"),
    _sentence(
        r"No such option: (?P<what>\S+) \(Possible options: (?P<others>.+)\)",
        "No such option: {what}. Did you mean {others}?",
        "没有选项 {what}。您是否想用 {others}？",
    ),
    _sentence(r"No such option: (?P<what>\S+)", "No such option: {what}", "没有选项 {what}。"),
    _sentence(
        r"No such command (?P<what>'.*?')\. Did you mean (?P<others>.+)\?",
        "No such command {what}. Did you mean {others}?",
        "没有命令 {what}。您是否想用 {others}？",
    ),
    _sentence(r"No such command (?P<what>'.*')\.", "No such command {what}.", "没有命令 {what}。"),
    _sentence(
        r"Got unexpected extra argument\(s\) \((?P<what>.+)\)",
        "More arguments than expected: {what}",
        "多余的参数：{what}",
    ),
    _sentence(
        r"Option (?P<what>.+) requires an argument\.",
        "Option {what} needs a value.",
        "选项 {what} 需要取值。",
    ),
    _sentence(
        r"Option (?P<what>.+) does not take a value\.",
        "Option {what} takes no value.",
        "选项 {what} 不接受取值。",
    ),
    _sentence(r"Input should be a valid integer, .*", "it must be a whole number", "必须为整数"),
    _sentence(r"Input should be a valid number, .*", "it must be a number", "必须为数字"),
    _sentence(
        r"Input should be greater than or equal to (?P<n>\S+)", "it must be at least {n}", "不能小于 {n}"
    ),
    _sentence(r"Input should be less than or equal to (?P<n>\S+)", "it must be at most {n}", "不能大于 {n}"),
    _sentence(
        r"(?P<what>'.*') is not one of (?P<others>.+?)\.?",
        "{what} is not one of {others}",
        "{what} 不是 {others} 之一",
    ),
)

_HELP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "DEFAULT_STRING": "[default: {}]",
        "ENVVAR_STRING": "[env var: {}]",
        "REQUIRED_LONG_STRING": "[required]",
        "DEPRECATED_STRING": "(deprecated) ",
        "ARGUMENTS_PANEL_TITLE": "Arguments",
        "OPTIONS_PANEL_TITLE": "Options",
        "COMMANDS_PANEL_TITLE": "Commands",
    }
)
_USAGE_WORDS = ("Usage: ", "[OPTIONS]", "COMMAND", "[ARGS]...")


def reword(language: str, message: str) -> str:
    """What Typer says, said by us. A sentence that is none of those above stays as it is."""
    for sentence in _SENTENCES:
        found = sentence.pattern.fullmatch(message)
        if found:
            slots = {name: value or "" for name, value in found.groupdict().items()}
            if "why" in slots:
                slots["why"] = reword(language, slots["why"])
            return (sentence.chinese if language == ZH else sentence.english).format(**slots)
    return message


def help_words(language: str) -> dict[str, str]:
    """What Typer puts into every help, by the name of its constant."""
    return {constant: translate(language, text) for constant, text in _HELP_WORDS.items()}


def usage_line(language: str, usage: str) -> str:
    """A usage line with its own words in the language; the names of arguments stay."""
    for text in _USAGE_WORDS:
        usage = usage.replace(text, translate(language, text))
    return usage
