"""What notebooks show: small tables without a style of their own."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def fields_html(fields: Mapping[str, object]) -> str:
    """Names and values below each other."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{_cell(value)}</td></tr>"
        for name, value in fields.items()
    )
    return f"<table>{rows}</table>"


def table_html(rows: Sequence[Mapping[str, object]], note: str = "") -> str:
    """One line a row under the names of the first, then `note`. A value of `Markup` is HTML already."""
    if not rows:
        return f"<p>{escape(note or 'nothing')}</p>"
    head = "".join(f"<th style='text-align:left'>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td style='text-align:left'>{_cell(value)}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>" + (f"<p>{escape(note)}</p>" if note else "")


class Markup(str):
    """Text that is HTML and is shown as such."""

    __slots__ = ()


def curve(values: Sequence[float], width: int = 160, height: int = 24) -> Markup:
    """A small picture of a series; empty for less than two numbers that are finite."""
    finite = [(place, value) for place, value in enumerate(values) if abs(value) < float("inf")]
    if len(finite) < 2:
        return Markup("")
    low, high = min(value for _, value in finite), max(value for _, value in finite)
    across, up = width / max(1, len(values) - 1), (height - 2) / ((high - low) or 1)
    step = max(1, len(finite) // (2 * width))
    points = " ".join(
        f"{place * across:.1f},{height - 1 - (value - low) * up:.1f}" for place, value in finite[::step]
    )
    return Markup(
        f"<svg width='{width}' height='{height}'>"
        f"<polyline points='{points}' fill='none' stroke='currentColor'/></svg>"
    )


def _cell(value: object) -> str:
    return value if isinstance(value, Markup) else escape(str(value))
