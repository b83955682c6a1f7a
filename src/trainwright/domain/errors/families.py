"""The tree's trunk: the base class and the families HTTP statuses are chosen by."""

from typing import ClassVar, Self

from trainwright.domain.texts import Language, Text


class TrainwrightError(Exception):
    """Base of all. Subclasses set `code`, `text` and `remedy`; slots come as keyword arguments.

    A slot that is itself a `Text` is put into the reader's language, with the other slots as its own.
    """

    code: ClassVar[str] = "ModelArts.0010"
    text: ClassVar[Text] = Text("Internal error.", "内部错误。")
    remedy: ClassVar[Text] = Text(
        "Try again; if it stays, give the request id to the administrator.",
        "请重试；若仍失败，请将请求 ID 提供给管理员。",
    )

    def __init__(self, **slots: str | int | float | Text) -> None:
        self.slots = {name: slot for name, slot in slots.items() if not isinstance(slot, Text)}
        self.texts = {name: slot for name, slot in slots.items() if isinstance(slot, Text)}
        super().__init__(self.message(Language.EN))

    def message(self, language: Language) -> str:
        """What happened, to what."""
        return self.text.render(language, self._readable(language))

    def solution(self, language: Language) -> str:
        """What to do about it; may be empty."""
        return self.remedy.render(language, self._readable(language))

    def about(self, field: str) -> Self:
        """The same error, which says that the request's field `field` is to blame."""
        return type(self)(**{**self.slots, **self.texts, "field": field})

    def _readable(self, language: Language) -> dict[str, str | int | float]:
        texts = {name: text.render(language, self.slots) for name, text in self.texts.items()}
        return {**self.slots, **texts}


CORRECT = Text("Correct the field and send the request again.", "请修改该字段后重新提交。")


class UserError(TrainwrightError):
    """The request cannot be carried out as it stands."""


class NotFound(TrainwrightError):
    """It does not exist, or not for this caller."""


class Conflict(TrainwrightError):
    """It contradicts the present state."""


class Unauthenticated(TrainwrightError):
    """Nobody we know."""


class Denied(TrainwrightError):
    """Known, but not allowed."""


class TooLarge(TrainwrightError):
    """More than we take."""


class Unavailable(TrainwrightError):
    """A part we depend on does not answer; trying again later may help."""
