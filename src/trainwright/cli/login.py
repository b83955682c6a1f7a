"""`trainwright login`: remember a server, after asking it whether the token is good."""

import os
import sys
from typing import Annotated

import typer

from trainwright.cli.failures import fail
from trainwright.cli.options import globals_of
from trainwright.client import Access, Client, ClientError, Login, find_login, save_login

app = typer.Typer(add_completion=False, help="Remember a server and its token.")


@app.command(help="Remember a server and its token, after trying them.")
def login(
    ctx: typer.Context,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the token from standard input.")
    ] = False,
) -> None:
    """Ask for what is not known, try it, write `config.yaml` (readable by its owner only)."""
    told = globals_of(ctx)
    secret = told.token
    if token_stdin:
        secret = sys.stdin.readline().strip()
    try:
        known = find_login(os.environ, endpoint=told.endpoint, project_id=told.project_id, token=secret)
        entered = Login(
            endpoint=known.endpoint or typer.prompt(told.say("Server")),
            project_id=known.project_id or typer.prompt(told.say("Project id")),
            token=known.token or typer.prompt(told.say("Token"), hide_input=True),
        )
        access = Access(entered.endpoint, entered.project_id, entered.token, told.language)
        with Client(access) as client:
            client.list_backends()
        path = save_login(os.environ, entered)
    except ClientError as exc:
        fail(told, exc)
    typer.echo(
        told.say(
            "Logged in to {endpoint}, project {project}. Stored in {path}.",
            endpoint=entered.endpoint,
            project=entered.project_id,
            path=path,
        )
    )
