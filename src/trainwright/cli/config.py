"""`trainwright config show`: the settings in force, of this program and of the server, and where they come from."""

import os
import subprocess
import sys

import typer

from trainwright.cli.display import print_data, print_table
from trainwright.cli.failures import EXIT_FAILED, ClientGroup
from trainwright.cli.options import Format, Output, format_of, globals_of
from trainwright.cli.server_extra import has_server
from trainwright.client import resolve_access

app = typer.Typer(
    cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Settings and where they come from."
)
_SERVER_TIMEOUT_S = 60.0
_SHOWN_OF_TOKEN = 4


@app.callback()
def _group() -> None:
    pass  # a group stays a group with one command


@app.command("show", help="Show the settings in force and where each comes from.")
def show(ctx: typer.Context, output: Output = None) -> None:
    """Print the client's settings, then let the server's own command print the server's."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    settings = resolve_access(
        env=os.environ, endpoint=told.endpoint, project_id=told.project_id, token=told.token
    )
    known = {
        "endpoint": settings.endpoint,
        "project": settings.project_id,  # unknown with keys: they belong to one, which the server tells
        "token": settings.token,
        "access key": settings.access_key,
    }
    values = {
        name: ("…" + setting.value[-_SHOWN_OF_TOKEN:] if name == "token" else setting.value, setting.source)
        for name, setting in known.items()
        if setting.value
    }
    if chosen is not Format.TABLE:
        print_data(
            {name: {"value": value, "source": source} for name, (value, source) in values.items()}, chosen
        )
        return
    print_table(
        [told.say("CLIENT"), told.say("VALUE"), told.say("FROM")],
        [(name, value, told.say(source)) for name, (value, source) in values.items()],
    )
    sys.stdout.write("\n")
    sys.stdout.flush()
    if not has_server():
        typer.echo(told.say("The server is not installed here."), err=True)
        return
    try:
        done = subprocess.run(
            [sys.executable, "-m", "trainwright.server", "config", "show"],
            timeout=_SERVER_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        typer.echo(told.say("The server's settings could not be read in time."), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if done.returncode:
        raise typer.Exit(EXIT_FAILED)
