"""What a benchmark reports, and the table it becomes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Budget:
    """The limit a value should keep."""

    side: Literal["<=", ">="]
    limit: float

    def is_kept(self, value: float) -> bool:
        """Whether `value` keeps it."""
        return value <= self.limit if self.side == "<=" else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.side == '<=' else '≥'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value. `peer` is the same thing without us (or by another), measured in the same run."""

    name: str
    value: float
    unit: str
    budget: Budget | None = None
    peer: float | None = None
    peer_name: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over peer."""
        return self.value / self.peer if self.peer else None

    def to_json(self) -> dict[str, Any]:
        """The row with its verdict, for the result file."""
        kept = None if self.budget is None else self.budget.is_kept(self.value)
        return {**asdict(self), "ratio": self.ratio, "kept": kept}


def at_most(limit: float) -> Budget:
    """A ceiling."""
    return Budget("<=", limit)


def at_least(limit: float) -> Budget:
    """A floor."""
    return Budget(">=", limit)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed (nearest rank).

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * round(share * 1000) // 1000))
    return ordered[rank - 1]


def print_table(console: Console, title: str, rows: Sequence[Row]) -> None:
    """The rows of one benchmark, with budget, peer and ratio."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for head in ("measured", "value", "unit", "budget", "", "peer", "ratio", "note"):
        table.add_column(head, justify="right" if head in ("value", "peer", "ratio") else "left")
    for row in rows:
        verdict = "" if row.budget is None else "kept" if row.budget.is_kept(row.value) else "MISSED"
        peer = "" if row.peer is None else f"{_short(row.peer)} {row.peer_name}".strip()
        ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
        table.add_row(
            row.name, _short(row.value), row.unit, str(row.budget or ""), verdict, peer, ratio, row.note
        )
    console.print(table)
    console.print()


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
