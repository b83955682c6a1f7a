"""`trainwright quota …`: what one user may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.completion import complete_users
from trainwright.cli.display import print_model, print_table
from trainwright.cli.failures import ClientGroup
from trainwright.cli.files import named_numbers
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.people import find_user
from trainwright.cli.session import open_platform

if TYPE_CHECKING:
    from trainwright.wire.quotas import QuotasResponse

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Limits of users.")

_EVERYONE = "all-users"


@app.command("show", help="Show what a user may have, and has.")
def show(
    ctx: typer.Context,
    user: Annotated[
        str,
        typer.Option(
            metavar="USER",
            help="Id or name of a user; yourself when left out.",
            show_default=False,
            autocompletion=complete_users,
        ),
    ] = "",
    output: Output = None,
) -> None:
    """Print all limits."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        user_id = find_user(platform.client, user).id if user and user != _EVERYONE else user
        answer = platform.client.show_training_quotas(user_id=user_id)
    _print(told, answer, format_of(ctx, output))


@app.command("set", help="Set limits of a user, or of all who have none of their own.")
def set_quotas(
    ctx: typer.Context,
    limits: Annotated[
        list[str],
        typer.Argument(
            metavar="RESOURCE=COUNT",
            help="Limits, such as job-num=10; -1: none.",
            show_default=False,
        ),
    ],
    user: Annotated[
        str,
        typer.Option(
            metavar="USER",
            help="Id or name of a user; all without limits of their own when left out.",
            show_default=False,
            autocompletion=complete_users,
        ),
    ] = "",
    output: Output = None,
) -> None:
    """Print all limits."""
    told = globals_of(ctx)
    wanted = named_numbers(told, "RESOURCE=COUNT", limits)
    with open_platform(ctx) as platform:
        user_id = find_user(platform.client, user).id if user and user != _EVERYONE else _EVERYONE
        platform.client.change_training_quotas(wanted, user_id=user_id)
        answer = platform.client.show_training_quotas(user_id=user_id)
    _print(told, answer, format_of(ctx, output))


def _print(told: Globals, answer: QuotasResponse, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("RESOURCE", "USED", "LIMIT")
    rows = [
        (item.resource, str(item.used), "-" if item.quota < 0 else str(item.quota)) for item in answer.quotas
    ]
    print_table([told.say(name) for name in names], rows, right=(1, 2))
