"""Whether the server is installed beside the command line: `pip install trainwright[client]` leaves it out."""

from importlib.util import find_spec

import typer

from trainwright.cli.failures import EXIT_FAILED
from trainwright.cli.options import Globals

NEEDED = ("fastapi", "uvicorn", "sqlalchemy", "obstore", "pydantic_settings")
"""Packages that only the server's extra brings."""


def has_server() -> bool:
    """Whether the server can be started from here."""
    return all(find_spec(name) is not None for name in NEEDED)


def require_server(told: Globals) -> None:
    """End the program with a word on what to install, unless the server is here."""
    if has_server():
        return
    typer.echo(told.say("Error: {message}", message=told.say("The server is not installed here.")), err=True)
    typer.echo(told.say("Install it with `pip install 'trainwright[server]'`."), err=True)
    raise typer.Exit(EXIT_FAILED)
