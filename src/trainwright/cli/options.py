"""What every command may be given, and what it finds in its context."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, cast

import typer

from trainwright.cli.texts import EN, translate


class Format(StrEnum):
    """How an answer is printed. `json` and `yaml` are the wire model as it is."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Globals:
    """The options given before the command; empty ones were not given."""

    language: str = EN
    output: Format = Format.TABLE
    endpoint: str = ""
    project_id: str = ""
    token: str = ""

    def say(self, text: str, **slots: object) -> str:
        """`text` in the user's language."""
        return translate(self.language, text, **slots)


def globals_of(ctx: typer.Context) -> Globals:
    """The options given before the command."""
    return cast(Globals, ctx.find_root().obj or Globals())


def format_of(ctx: typer.Context, output: Format | None) -> Format:
    """How to print: as the command was told, else as the program was told."""
    return output or globals_of(ctx).output


Output = Annotated[
    Format | None, typer.Option("--output", "-o", help="How to print the answer.", show_default=False)
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=50, help="How many.")]
OffsetOption = Annotated[int, typer.Option("--offset", min=0, help="How many to skip.")]
DescriptionOption = Annotated[
    str | None, typer.Option("--description", help="Description.", show_default=False)
]
