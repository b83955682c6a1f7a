"""Turns what went wrong into a few lines on stderr and an exit code."""

from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from trainwright.cli.options import Globals, globals_of
from trainwright.client import ApiError, ClientError, ConnectionFailed, NotConfigured

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_NO_SERVER = 4


class ClientGroup(TyperGroup):
    """A group of commands that talk to the server: their `ClientError`s become messages and exit codes."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # Typer's own public context
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except ClientError as exc:
            fail(globals_of(ctx), exc)


def fail(told: Globals, error: ClientError) -> NoReturn:
    """Say what happened and what to do, and end the program."""
    for line in describe(told, error):
        typer.echo(line, err=True)
    raise typer.Exit(exit_code(error))


def exit_code(error: ClientError) -> int:
    """3: the server refused; 4: it did not answer; 2: nothing is configured; 1: something on this side."""
    match error:
        case ApiError():
            return EXIT_REFUSED
        case ConnectionFailed():
            return EXIT_NO_SERVER
        case NotConfigured():
            return EXIT_USAGE
        case _:
            return EXIT_FAILED


def describe(told: Globals, error: ClientError) -> list[str]:
    """What happened; what to do; the request id."""
    if isinstance(error, ApiError):
        lines = [told.say("Error: {message}", message=f"{error.error_msg} ({error.error_code})")]
        if error.error_solution:
            lines.append(error.error_solution)
        if error.error_field == "spec.resource.flavor_id":
            lines.append(told.say("`trainwright flavor list` shows what --flavor takes."))
        elif error.error_field == "algorithm.engine.engine_id":
            lines.append(told.say("`trainwright engine list` shows what --engine takes."))
        if error.request_id:
            lines.append(told.say("Request id: {id}", id=error.request_id))
        return lines
    message = told.say(error.text, **{name: _worded(told, value) for name, value in error.slots.items()})
    remedy = told.say(error.remedy) if error.remedy else ""
    return [told.say("Error: {message}", message=message), *([remedy] if remedy else [])]


def _worded(told: Globals, value: object) -> object:
    return told.say(value) if isinstance(value, str) else value
