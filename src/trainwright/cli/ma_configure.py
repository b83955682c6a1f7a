"""`ma-cli configure`: a log-in by password or by access key. A token is stored, as by `trainwright login`."""

import os
from typing import Annotated

import typer

from trainwright.cli.failures import fail
from trainwright.cli.options import Globals, globals_of
from trainwright.client import Access, Client, ClientError, Login, find_login, save_login

PASSWORD, KEYS = "PWD", "AKSK"
_KINDS = (PASSWORD, KEYS)


def configure(
    ctx: typer.Context,
    auth: Annotated[
        str, typer.Option("--auth", "-auth", metavar="PWD|AKSK", help="By password or by access key.")
    ] = PASSWORD,
    account: Annotated[
        str, typer.Option("--account", "-a", help="Name of the project (account).", show_default=False)
    ] = "",
    username: Annotated[
        str, typer.Option("--username", "-u", help="Name of the user.", show_default=False)
    ] = "",
    password: Annotated[
        str,
        typer.Option(
            "--password", "-p", help="Password. Others on this machine can see it.", show_default=False
        ),
    ] = "",
    access_key: Annotated[
        str, typer.Option("--access-key", "-ak", help="The access key.", show_default=False)
    ] = "",
    secret_key: Annotated[
        str,
        typer.Option(
            "--secret-key", "-sk", help="Its secret. Others on this machine can see it.", show_default=False
        ),
    ] = "",
    region: Annotated[
        str, typer.Option("--region", "-r", help="Changes nothing here.", show_default=False)
    ] = "",
    region_profile: Annotated[
        str, typer.Option("--region-profile", "-rp", help="Changes nothing here.", show_default=False)
    ] = "",
    project_id: Annotated[
        str, typer.Option("--project-id", "-pi", help="Id of the project.", show_default=False)
    ] = "",
    endpoint: Annotated[str, typer.Option(help="Address of the server.", show_default=False)] = "",
) -> None:
    """Ask for what is not given, try it, store a token."""
    told = globals_of(ctx)
    if auth not in _KINDS:
        raise typer.BadParameter(
            told.say("{value} is not one of {others}", value=auth, others=", ".join(_KINDS))
        )
    try:
        server = find_login(os.environ, endpoint=endpoint).endpoint or typer.prompt(told.say("Server"))
        if auth == PASSWORD:
            login = _by_password(told, server, (account, username, password))
        else:
            login = _by_keys(told, server, access_key, secret_key, project_id)
        path = save_login(os.environ, login)
    except ClientError as exc:
        fail(told, exc)
    typer.echo(
        told.say(
            "Logged in to {endpoint}, project {project}. Stored in {path}.",
            endpoint=login.endpoint,
            project=login.project_id,
            path=path,
        )
    )


def _by_password(told: Globals, server: str, given: tuple[str, str, str]) -> Login:
    """A token for a day, as the platform's own log-in gives, for account, user and password."""
    account, username, password = given
    # Without an account the name is that of the account itself, whose first user has the same name.
    user = username or typer.prompt(told.say("User"))
    secret = password or typer.prompt(told.say("Password"), hide_input=True)
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": user, "password": secret, "domain": {"name": account or user}}},
    }
    with Client(Access(server, "", "", told.language)) as client:
        made = client.log_in({"auth": {"identity": identity}})
    return Login(server, made.answer.token.project.id, made.token)


def _by_keys(told: Globals, server: str, access_key: str, secret_key: str, project_id: str) -> Login:
    """A token of the keys' user, issued with a signed request."""
    key = access_key or typer.prompt(told.say("Access key"))
    secret = secret_key or typer.prompt(told.say("Secret key"), hide_input=True)
    with Client(Access(server, project_id, "", told.language, access_key=key, secret_key=secret)) as client:
        found = project_id or client.list_iam_projects().projects[0].id
    with Client(Access(server, found, "", told.language, access_key=key, secret_key=secret)) as client:
        made = client.issue_token({"description": "ma-cli configure"})
    return Login(server, found, made.token)
