"""What every sentence is made of: two languages, slots in braces, a level and a source."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trainwright.domain.entities import Level, Source


class Language(StrEnum):
    """Languages everything a user reads exists in. Values are those of the `X-Language` header."""

    EN = "en-us"
    ZH = "zh-cn"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str

    def render(self, language: Language, slots: Mapping[str, str | int | float]) -> str:
        """The sentence with its slots filled; a missing slot stays visible as `{name}`."""
        return (self.zh if language is Language.ZH else self.en).format_map(_Visible(slots))


class _Visible(dict[str, str | int | float]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@dataclass(frozen=True, slots=True)
class EventText:
    """An event code's sentence, level and source."""

    text: Text
    level: str
    source: str


def job_event(en: str, zh: str, level: str = Level.INFO) -> EventText:
    """An event of the job."""
    return EventText(Text(en, zh), level, Source.JOB)


def task_event(en: str, zh: str, level: str = Level.INFO) -> EventText:
    """An event of one task, reported by its runner."""
    return EventText(Text(en, zh), level, Source.TASK)


USED_EN, USED_ZH = "[time used: {seconds}s] ", "[耗时：{seconds} 秒] "
