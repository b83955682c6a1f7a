"""What a check says."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong, or with `fatal` False one thing worth looking at. `line` 0 means the whole file."""

    path: str
    line: int
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a step. `ok` decides; `report` is shown when the step failed or has something to say."""

    ok: bool
    report: str


def python_files(root: Path, *folders: str) -> Iterator[Path]:
    """All Python modules below these folders of `root`, sorted; folders that do not exist give nothing."""
    for folder in folders:
        yield from sorted(path for path in (root / folder).rglob("*.py") if "__pycache__" not in path.parts)
