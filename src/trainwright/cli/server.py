"""`trainwright server`: becomes the server process. Nothing of the server is imported here."""

import os
import sys
from typing import Annotated

import typer

from trainwright.cli.options import globals_of
from trainwright.cli.server_extra import require_server

app = typer.Typer(add_completion=False, help="Start the server here and stay with it.")


@app.command(help="Start the server here and stay with it.")
def start(
    ctx: typer.Context,
    data_dir: Annotated[
        str, typer.Option(help="Folder of the server's database, objects and logs.", show_default=False)
    ] = "",
    host: Annotated[str, typer.Option(help="Address to listen on.", show_default=False)] = "",
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default=False)
    ] = None,
    config: Annotated[str, typer.Option(help="File with the server's settings.", show_default=False)] = "",
) -> None:
    """Replace this process by the server's."""
    require_server(globals_of(ctx))
    options = {"--data-dir": data_dir, "--host": host, "--port": port, "--config": config}
    arguments = [f"{name}={value}" for name, value in options.items() if value not in ("", None)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(  # noqa: S606  # argv only, our own interpreter
        sys.executable, [sys.executable, "-m", "trainwright.server", "run", *arguments]
    )
