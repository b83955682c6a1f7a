"""`trainwright slurm check`: becomes the server's own check, on the server's host. Nothing of it is imported here."""

import os
import sys
from typing import Annotated

import typer

from trainwright.cli.options import globals_of
from trainwright.cli.server_extra import require_server

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="The Slurm backend of the server on this host."
)


@app.callback()
def _group() -> None:
    """A group even with one command."""


@app.command(help="Say what keeps the server on this host from using its cluster, and what to do about it.")
def check(
    ctx: typer.Context,
    data_dir: Annotated[
        str, typer.Option(help="Folder of the server's database, objects and logs.", show_default=False)
    ] = "",
    config: Annotated[str, typer.Option(help="File with the server's settings.", show_default=False)] = "",
    all_nodes: Annotated[
        bool, typer.Option("--all-nodes", help="Look at every node, not at a few of each partition.")
    ] = False,
) -> None:
    """Replace this process by the server's check."""
    require_server(globals_of(ctx))
    options = {"--data-dir": data_dir, "--config": config, "--language": globals_of(ctx).language}
    arguments = [f"{name}={value}" for name, value in options.items() if value]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(  # noqa: S606  # argv only, our own interpreter
        sys.executable,
        [
            *(sys.executable, "-m", "trainwright.server", "slurm", "check"),
            *arguments,
            *(["--all-nodes"] if all_nodes else []),
        ],
    )
