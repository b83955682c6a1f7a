"""`trainwright audit`: who did what, when, from where, with what result."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.display import print_model, print_table, time_text
from trainwright.cli.failures import ClientGroup
from trainwright.cli.options import Format, Output, format_of, globals_of
from trainwright.cli.session import open_platform

if TYPE_CHECKING:
    from trainwright.wire.audit import AuditRecordItem

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Who did what.")

_PAGE = 1000


@app.callback()
def _group() -> None:
    """A group even with one command."""


@app.command("list", help="List changes, attempts at them and sign-ins, newest first.")
def list_records(
    ctx: typer.Context,
    user: Annotated[str, typer.Option("--user", help="Of the user of this name.", show_default=False)] = "",
    operation: Annotated[
        str,
        typer.Option("--operation", help="Of this operation, as the API calls it.", show_default=False),
    ] = "",
    resource: Annotated[
        str,
        typer.Option("--resource", help="About a thing: its kind, id or name.", show_default=False),
    ] = "",
    outcome: Annotated[
        str,
        typer.Option("--outcome", help="What became of it: success, denied or failure.", show_default=False),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    output: Output = None,
) -> None:
    """Print as many as asked for."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = platform.client.iter_audit_records(
            user_name=user,
            operation=operation,
            resource=resource,
            outcome=outcome or None,
            limit=min(limit, _PAGE),
        )
        records = list(islice(found, limit))
    if chosen is not Format.TABLE:
        print_model(records, chosen)
        return
    names = ("TIME", "USER", "OPERATION", "RESOURCE", "NAME", "RESULT", "FROM")
    print_table([told.say(name) for name in names], [_row(record) for record in records])


def _row(record: AuditRecordItem) -> tuple[str, ...]:
    about = f"{record.resource} {record.resource_id}".strip()
    result = f"{record.status} {record.error_code}".strip()
    return (
        time_text(record.time),
        record.user_name,
        record.operation,
        about,
        record.resource_name,
        result,
        record.client_address,
    )
