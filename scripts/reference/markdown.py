"""Small pieces of Markdown."""

from collections.abc import Iterable, Sequence

NOTICE = "<!-- Written by scripts/generate-reference from the code; edit the code, not this page. -->"


def page(title: str, *parts: str) -> str:
    """A whole page: title, notice, parts with a blank line between them."""
    return "\n\n".join([f"# {title}", NOTICE, *(part.strip("\n") for part in parts)]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; pipes and line ends in cells are made harmless."""
    lines = [_row(heads), _row(["---"] * len(heads)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def code(text: str) -> str:
    """Inline code; nothing for an empty text."""
    return f"`{text}`" if text else ""


def both(english: str, chinese: str) -> str:
    """A cell with the sentence in both languages; angle brackets of the text stay visible."""
    return "<br>".join(text.replace("<", "&lt;") for text in (english, chinese))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
