"""Questions before something is deleted, on a terminal only: a script is never made to wait."""

import sys
from typing import Annotated

import typer

from trainwright.cli.options import Globals

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


def confirm(told: Globals, question: str, *, yes: bool) -> None:
    """Ask whether to go on; anything but yes ends the program with 1. Not asked where nobody could answer."""
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    typer.echo(told.say("{question} [y/N] ", question=question), nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "是"):
        typer.echo(told.say("Nothing was changed."), err=True)
        raise typer.Exit(1)
