"""Names of other platforms that something of ours stands in for: `PyTorch-1.0.0-python3.6`, `modelarts.vm.cpu.2u`."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Protocol, TypeVar

from pydantic import AfterValidator

_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+*-]{0,127}")


def _check_form(value: str) -> str:
    if not _FORM.fullmatch(value):
        raise ValueError(
            "1 to 128 letters, digits and . _ + - and * for any text, beginning with a letter or digit"
        )
    return value


Alias = Annotated[str, AfterValidator(_check_form)]
"""A name; `*` in it stands for any text. Upper and lower case are the same."""


class Aliased(Protocol):
    """What has aliases."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """In the order of the file."""
        ...


A = TypeVar("A", bound=Aliased)


def find_by_alias(entries: Sequence[A], name: str) -> A | None:
    """The entry that stands in for `name`: one that has it as it is, else the first with a fitting pattern; None when
    there is neither.
    """
    wanted = name.casefold()
    if not wanted:
        return None
    for entry in entries:
        if any(alias.casefold() == wanted for alias in entry.aliases):
            return entry
    for entry in entries:
        if any(fnmatchcase(wanted, alias.casefold()) for alias in entry.aliases):
            return entry
    return None


def find_repeated(aliases: Sequence[str], *others: Iterable[str]) -> str:
    """The first of `aliases` that is there twice, or among `others`; empty: none is."""
    taken = {name.casefold() for names in others for name in names}
    for alias in aliases:
        if alias.casefold() in taken:
            return alias
        taken.add(alias.casefold())
    return ""
