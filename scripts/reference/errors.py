"""docs/reference/errors.md: every error a caller can meet."""

from collections.abc import Iterator

from scripts.reference.markdown import both, code, page, table
from trainwright.domain.errors import TrainwrightError
from trainwright.server.errors import status_of

INTRODUCTION = """
Every error answer has one shape, `{"error_code", "error_msg", "error_solution", "request_id"}`, in the language of the
`X-Language` header (`en-us`, the default, or `zh-cn`). Codes are stable: those of the ModelArts contract where one
fits, ours begin with `Trainwright.`. One code may have several texts. Slots in braces are filled with what was asked.
"""


def errors_page() -> str:
    """One section per family (a direct subclass of the base), each error with the HTTP status the server gives it."""
    parts = [INTRODUCTION]
    for family in TrainwrightError.__subclasses__():
        rows = [
            (
                code(kind.code),
                code(kind.__name__),
                str(status_of(kind())),
                _both(kind.text.en, kind.text.zh),
                _both(kind.remedy.en, kind.remedy.zh),
            )
            for kind in _leaves(family)
        ]
        if rows:
            parts += [
                f"## {family.__name__}",
                family.__doc__ or "",
                table(("Code", "Name", "HTTP", "Says", "What to do"), rows),
            ]
    return page("Errors", *parts)


def _leaves(family: type[TrainwrightError]) -> Iterator[type[TrainwrightError]]:
    for kind in family.__subclasses__():
        yield kind
        yield from _leaves(kind)


def _both(english: str, chinese: str) -> str:
    return both(english, chinese) if english else ""
