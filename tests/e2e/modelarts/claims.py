"""What each test claims of the contract. The claims are checked as the tests run, and make the compatibility page.

A test carries one `@covers` for each operation it proves something of. Fields are dotted names as on the wire, blanks
between them; `spec.resource.*` stands for everything below. A claim that its test does not bear out fails that test.
"""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

import pytest

from tests.e2e.modelarts.official import Operation, operation

MARKER = "covers"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one test proves of one operation, patterns resolved to fields."""

    operation: str
    works: frozenset[str]  # fields sent in an accepted request, and acted on
    kept: frozenset[str]  # fields sent in an accepted request, stored and shown, that change nothing else
    unavailable: frozenset[str]  # fields refused as not available here
    answers: frozenset[str]  # fields that held something in an answer
    refused_with: str  # error code, where the operation as a whole is refused


def covers(
    name: str,
    works: str = "",
    *,
    kept: str = "",
    unavailable: str = "",
    answers: str = "",
    refused_with: str = "",
) -> pytest.MarkDecorator:
    """Mark a test as proof of these fields of an operation.

    Raises:
        ValueError: a pattern that names no field of it.
    """
    op = operation(name)
    claim = Claim(
        name,
        resolve(op, works, op.fields),
        resolve(op, kept, op.fields),
        resolve(op, unavailable, op.fields),
        resolve(op, answers, op.answers),
        refused_with,
    )
    return getattr(pytest.mark, MARKER)(claim)  # type: ignore[no-any-return]


def resolve(op: Operation, patterns: str, fields: Iterable[str]) -> frozenset[str]:
    """The fields that patterns stand for, blanks between them."""
    known = tuple(fields)
    found: set[str] = set()
    for pattern in patterns.split():
        matching = {field for field in known if fnmatchcase(field, pattern)}
        if not matching:
            raise ValueError(f"{op.name} has no field {pattern}")
        found |= matching
    return frozenset(found)


def of_marks(marks: Iterable[pytest.Mark]) -> tuple[Claim, ...]:
    """The claims among a test's marks."""
    return tuple(mark.args[0] for mark in marks if mark.name == MARKER)


def collect() -> dict[str, tuple[Claim, ...]]:
    """Every claim of the suite by operation, read from the test modules without running anything."""
    found: dict[str, list[Claim]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for claim in _of_module(importlib.import_module(f"{__package__}.{path.stem}")):
            found.setdefault(claim.operation, []).append(claim)
    return {name: tuple(claims) for name, claims in found.items()}


def _of_module(module: ModuleType) -> Iterator[Claim]:
    for name, thing in vars(module).items():
        if name.startswith("test_") and callable(thing):
            yield from of_marks(getattr(thing, "pytestmark", ()))


@dataclass(frozen=True, slots=True)
class Standing:
    """What the suite as a whole claims of one operation."""

    operation: Operation
    works: frozenset[str]
    kept: frozenset[str]
    unavailable: frozenset[str]
    answers: frozenset[str]
    refused_with: str  # empty: it works

    @property
    def unclaimed(self) -> tuple[str, ...]:
        """Request fields that no test says anything of."""
        claimed = self.works | self.kept | self.unavailable
        return () if self.refused_with else tuple(f for f in self.operation.fields if f not in claimed)

    def of_field(self, field: str) -> str:
        """works, kept or unavailable. What one test uses works, whatever another shows refused of it."""
        if field in self.works:
            return "works"
        return "kept" if field in self.kept else "unavailable"


def standing(name: str, claims: Mapping[str, tuple[Claim, ...]]) -> Standing | None:
    """The claims of one operation put together; None when there are none."""
    mine = claims.get(name, ())
    if not mine:
        return None
    return Standing(
        operation(name),
        frozenset().union(*(claim.works for claim in mine)),
        frozenset().union(*(claim.kept for claim in mine)),
        frozenset().union(*(claim.unavailable for claim in mine)),
        frozenset().union(*(claim.answers for claim in mine)),
        min(claim.refused_with for claim in mine),
    )
