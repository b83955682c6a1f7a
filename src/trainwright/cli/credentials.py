"""`trainwright key|token`: what people and programs prove who they are with. Secrets are printed once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.display import print_fields, print_model, print_table, time_text, yes_no
from trainwright.cli.failures import ClientGroup
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.people import find_user
from trainwright.cli.session import open_platform

if TYPE_CHECKING:
    from trainwright.client import Client
    from trainwright.wire.identity import NewAccessKey, NewToken

_DAY_MS = 86_400_000

keys = typer.Typer(
    cls=ClientGroup,
    add_completion=False,
    no_args_is_help=True,
    help="Access keys: pairs that the official clients sign with.",
)
tokens = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Bearer tokens.")

UserOption = Annotated[
    str, typer.Option("--user", help="Id or name of a user; yourself when left out.", show_default=False)
]
DescriptionOption = Annotated[str, typer.Option("--description", help="What it is for.", show_default=False)]
DaysOption = Annotated[
    int | None,
    typer.Option(
        "--days", min=1, help="For how many days it works; for ever by default.", show_default=False
    ),
]
GraceOption = Annotated[
    int,
    typer.Option("--grace-hours", min=0, help="For how many hours the old one still works; 0: no longer."),
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The access key.", show_default=False)]
TokenArgument = Annotated[
    str, typer.Argument(metavar="TOKEN_ID", help="Id of the token, from the list.", show_default=False)
]


@keys.command("create", help="Issue an access key. Its secret is shown once.")
def create_key(
    ctx: typer.Context,
    user: UserOption = "",
    description: DescriptionOption = "",
    days: DaysOption = None,
    output: Output = None,
) -> None:
    """Print the pair."""
    with open_platform(ctx) as platform:
        body = {"description": description, "expires_at_ms": _end_ms(days)}
        made = platform.client.issue_access_key(body, user_id=_user_id(platform.client, user))
    _print_key(globals_of(ctx), made, format_of(ctx, output))


@keys.command("list", help="List the access keys, newest first.")
def list_keys(ctx: typer.Context, user: UserOption = "", output: Output = None) -> None:
    """Print all of a user."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_access_keys(user_id=_user_id(platform.client, user))
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("ACCESS KEY", "DESCRIPTION", "ENABLED", "CREATED", "EXPIRES")
    rows = [
        (
            item.access_key,
            item.description,
            yes_no(told, item.enabled),
            time_text(item.created_at_ms),
            time_text(item.expires_at_ms),
        )
        for item in answer.access_keys
    ]
    print_table([told.say(name) for name in names], rows)


@keys.command("disable", help="Disable an access key at once.")
def disable_key(ctx: typer.Context, access_key: KeyArgument) -> None:
    """Switch it off."""
    with open_platform(ctx) as platform:
        platform.client.change_access_key(access_key, {"enabled": False})
    typer.echo(globals_of(ctx).say("{name} disabled.", name=access_key))


@keys.command("enable", help="Enable an access key.")
def enable_key(ctx: typer.Context, access_key: KeyArgument) -> None:
    """Switch it on."""
    with open_platform(ctx) as platform:
        platform.client.change_access_key(access_key, {"enabled": True})
    typer.echo(globals_of(ctx).say("{name} enabled.", name=access_key))


@keys.command("rotate", help="Issue a new access key in place of an old one.")
def rotate_key(
    ctx: typer.Context, access_key: KeyArgument, grace_hours: GraceOption = 24, output: Output = None
) -> None:
    """Print the new pair."""
    with open_platform(ctx) as platform:
        made = platform.client.rotate_access_key(access_key, {"grace_hours": grace_hours})
    _print_key(globals_of(ctx), made, format_of(ctx, output))


@keys.command("delete", help="Delete an access key.")
def delete_key(ctx: typer.Context, access_key: KeyArgument, yes: YesOption = False) -> None:
    """Delete it."""
    told = globals_of(ctx)
    confirm(told, told.say("Delete access key {name}?", name=access_key), yes=yes)
    with open_platform(ctx) as platform:
        platform.client.delete_access_key(access_key)
    typer.echo(told.say("{name} deleted.", name=access_key))


@tokens.command("create", help="Issue a token. It is shown once.")
def create_token(
    ctx: typer.Context,
    user: UserOption = "",
    description: DescriptionOption = "",
    days: DaysOption = None,
    output: Output = None,
) -> None:
    """Print it."""
    with open_platform(ctx) as platform:
        body = {"description": description, "expires_at_ms": _end_ms(days)}
        made = platform.client.issue_token(body, user_id=_user_id(platform.client, user))
    _print_token(globals_of(ctx), made, format_of(ctx, output))


@tokens.command(
    "list", help="List the tokens, newest first; those that came of a password begin with login-."
)
def list_tokens(ctx: typer.Context, user: UserOption = "", output: Output = None) -> None:
    """Print the newest hundred of a user."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_tokens(user_id=_user_id(platform.client, user))
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("ID", "DESCRIPTION", "ENABLED", "CREATED", "EXPIRES")
    rows = [
        (
            item.id,
            item.description,
            yes_no(told, item.enabled),
            time_text(item.created_at_ms),
            time_text(item.expires_at_ms),
        )
        for item in answer.tokens
    ]
    print_table([told.say(name) for name in names], rows)


@tokens.command("disable", help="Disable a token at once.")
def disable_token(ctx: typer.Context, token_id: TokenArgument) -> None:
    """Switch it off."""
    with open_platform(ctx) as platform:
        platform.client.change_token(token_id, {"enabled": False})
    typer.echo(globals_of(ctx).say("{name} disabled.", name=token_id))


@tokens.command("enable", help="Enable a token.")
def enable_token(ctx: typer.Context, token_id: TokenArgument) -> None:
    """Switch it on."""
    with open_platform(ctx) as platform:
        platform.client.change_token(token_id, {"enabled": True})
    typer.echo(globals_of(ctx).say("{name} enabled.", name=token_id))


@tokens.command("rotate", help="Issue a new token in place of an old one.")
def rotate_token(
    ctx: typer.Context, token_id: TokenArgument, grace_hours: GraceOption = 24, output: Output = None
) -> None:
    """Print the new one."""
    with open_platform(ctx) as platform:
        made = platform.client.rotate_token(token_id, {"grace_hours": grace_hours})
    _print_token(globals_of(ctx), made, format_of(ctx, output))


@tokens.command("delete", help="Delete a token.")
def delete_token(ctx: typer.Context, token_id: TokenArgument, yes: YesOption = False) -> None:
    """Delete it."""
    told = globals_of(ctx)
    confirm(told, told.say("Delete token {name}?", name=token_id), yes=yes)
    with open_platform(ctx) as platform:
        platform.client.delete_token(token_id)
    typer.echo(told.say("{name} deleted.", name=token_id))


def _user_id(client: Client, user: str) -> str:
    return find_user(client, user).id if user else ""


def _end_ms(days: int | None) -> int:
    return int(time.time() * 1000) + days * _DAY_MS if days else 0


def _print_key(told: Globals, made: NewAccessKey, output: Format) -> None:
    if output is Format.TABLE:
        fields = [(told.say("Access key"), made.access_key), (told.say("Secret key"), made.secret_key)]
        print_fields([*fields, (told.say("Expires"), time_text(made.expires_at_ms))])
    else:
        print_model(made, output)
    typer.echo(told.say("The secret is shown only now: keep it where only you can read it."), err=True)


def _print_token(told: Globals, made: NewToken, output: Format) -> None:
    if output is Format.TABLE:
        fields = [(told.say("Id"), made.id), (told.say("Token"), made.token)]
        print_fields([*fields, (told.say("Expires"), time_text(made.expires_at_ms))])
    else:
        print_model(made, output)
    typer.echo(told.say("The token is shown only now: keep it where only you can read it."), err=True)
