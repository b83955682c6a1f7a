"""`trainwright workspace …`: groups inside a project, with members and quotas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_users, complete_workspaces
from trainwright.cli.display import Cell, print_fields, print_model, print_page, print_table, time_text
from trainwright.cli.failures import ClientGroup
from trainwright.cli.files import named_numbers
from trainwright.cli.finding import find_workspace, with_members
from trainwright.cli.options import (
    DescriptionOption,
    Format,
    Globals,
    LimitOption,
    OffsetOption,
    Output,
    format_of,
    globals_of,
)
from trainwright.cli.session import open_platform
from trainwright.cli.texts import ZH
from trainwright.wire.workspaces import WorkspaceItem, WorkspaceResponse

if TYPE_CHECKING:
    from trainwright.client import Client

app = typer.Typer(
    cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Groups inside the project."
)

WorkspaceArgument = Annotated[
    str,
    typer.Argument(
        metavar="WORKSPACE",
        help="Id or name of the workspace.",
        show_default=False,
        autocompletion=complete_workspaces,
    ),
]
KindOption = Annotated[
    str,
    typer.Option(
        "--kind",
        metavar="PUBLIC|PRIVATE|INTERNAL",
        help="Who enters: everyone of the project, the owner, or the members.",
        show_default=False,
    ),
]
UserNameArgument = Annotated[
    str,
    typer.Argument(
        metavar="USER", help="Name of the user.", show_default=False, autocompletion=complete_users
    ),
]


@app.command("list", help="List the workspaces you see.")
def list_workspaces(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Only those whose name contains this.", show_default=False)] = "",
    limit: LimitOption = 50,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_workspaces(
            name=name, sort_by="name", order="asc", limit=limit, offset=offset
        )
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("NAME", "KIND", "OWNER", "CHANGED", "DESCRIPTION", "ID")
    rows = [
        (item.name, item.auth_type, item.owner, time_text(item.update_time), item.description, item.id)
        for item in page.workspaces
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.total_count, offset=offset)


@app.command("show", help="Show a workspace with its members.")
def show(ctx: typer.Context, workspace: WorkspaceArgument, output: Output = None) -> None:
    """Print one."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = with_members(platform.client, find_workspace(told, platform.client, workspace))
    _print(told, found, format_of(ctx, output))


@app.command("create", help="Make a workspace of your own.")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)],
    kind: KindOption = "",
    member: Annotated[
        list[str] | None,
        typer.Option(
            "--member",
            metavar="USER[=ROLE]",
            help="Who may enter an INTERNAL one, and as what; repeatable.",
            show_default=False,
            autocompletion=complete_users,
        ),
    ] = None,
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what was made."""
    told = globals_of(ctx)
    body: dict[str, object] = {"name": name}
    if kind or member:
        body["auth_type"] = kind.upper() or "INTERNAL"
    if member:
        body["grants"] = [_grant(*text.partition("=")[::2]) for text in member]
    if description is not None:
        body["description"] = description
    with open_platform(ctx) as platform:
        made = platform.client.create_workspace(body)
    _print(told, made, format_of(ctx, output))


@app.command("change", help="Change name, description or kind.")
def change(
    ctx: typer.Context,
    workspace: WorkspaceArgument,
    name: Annotated[str, typer.Option(help="The new name.", show_default=False)] = "",
    kind: KindOption = "",
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what it is now."""
    body: dict[str, object] = {
        key: value for key, value in (("name", name), ("auth_type", kind.upper())) if value
    }
    if description is not None:
        body["description"] = description
    _change(ctx, workspace, lambda _: body, output)


@app.command("delete", help="Delete an empty workspace.")
def delete(ctx: typer.Context, workspace: WorkspaceArgument, yes: YesOption = False) -> None:
    """Delete one."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_workspace(told, platform.client, workspace)
        confirm(told, told.say("Delete workspace {name}?", name=found.name), yes=yes)
        platform.client.delete_workspace(found.id)
    typer.echo(told.say("{name} deleted.", name=found.name))


@app.command("add-member", help="Let a user enter an INTERNAL workspace.")
def add_member(
    ctx: typer.Context,
    workspace: WorkspaceArgument,
    user: UserNameArgument,
    role: Annotated[
        str, typer.Option(help="There they may do only what this role allows, too.", show_default=False)
    ] = "",
    output: Output = None,
) -> None:
    """Print the members."""

    def body(found: WorkspaceResponse) -> dict[str, object]:
        others = [_grant(each.user_name, each.role) for each in found.grants if each.user_name != user]
        return {"grants": [*others, _grant(user, role)]}

    _change(ctx, workspace, body, output)


@app.command("remove-member", help="Let a user no longer enter an INTERNAL workspace.")
def remove_member(
    ctx: typer.Context, workspace: WorkspaceArgument, user: UserNameArgument, output: Output = None
) -> None:
    """Print the members. One who is none is no error."""

    def body(found: WorkspaceResponse) -> dict[str, object]:
        return {
            "grants": [_grant(each.user_name, each.role) for each in found.grants if each.user_name != user]
        }

    _change(ctx, workspace, body, output)


@app.command("quotas", help="Show what the jobs of a workspace may have together, or set it.")
def quotas(
    ctx: typer.Context,
    workspace: WorkspaceArgument,
    limits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RESOURCE=COUNT",
            help="Limits to set, such as train_job.cpu=16; -1: none. Without any: show them.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Print all quotas."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    wanted = named_numbers(told, "RESOURCE=COUNT", limits)
    with open_platform(ctx) as platform:
        found = find_workspace(told, platform.client, workspace)
        if wanted:
            platform.client.change_workspace_quotas(found.id, wanted)
        answer = platform.client.show_workspace_quotas(found.id)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    in_chinese = told.language == ZH
    names = ("RESOURCE", "USED", "LIMIT", "UNIT", "MEANING")
    rows = [
        (
            item.resource,
            str(item.used_quota),
            "-" if item.quota < 0 else str(item.quota),
            item.unit_cn if in_chinese else item.unit_en,
            item.name_cn if in_chinese else item.name_en,
        )
        for item in answer.quotas
    ]
    print_table([told.say(name) for name in names], rows, right=(1, 2))


@app.command("can", help="Say which actions you may do in a workspace.")
def can(
    ctx: typer.Context,
    workspace: WorkspaceArgument,
    actions: Annotated[
        list[str],
        typer.Argument(
            metavar="ACTION", help="Actions, such as modelarts:trainJob:create.", show_default=False
        ),
    ],
    output: Output = None,
) -> None:
    """Print a verdict for each."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_workspace(told, platform.client, workspace)
        answer = platform.client.check_workspace_actions(found.id, actions)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("ACTION", "ALLOWED", "BECAUSE")
    rows = [
        (
            item.action,
            told.say("yes") if item.verdict == "allow" else told.say("no"),
            ", ".join(cause.policy_name for cause in item.cause),
        )
        for item in answer.results
    ]
    print_table([told.say(name) for name in names], rows)


def _grant(user: str, role: str) -> dict[str, str]:
    return {"user_name": user, **({"role": role} if role else {})}


def _change(
    ctx: typer.Context,
    workspace: str,
    body: Callable[[WorkspaceResponse], dict[str, object]],
    output: Format | None,
) -> None:
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        client: Client = platform.client
        found = with_members(client, find_workspace(told, client, workspace))
        client.change_workspace(found.id, body(found))
        changed = client.show_workspace(found.id)
    _print(told, changed, format_of(ctx, output))


def _print(told: Globals, item: WorkspaceItem, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    fields: list[tuple[str, Cell]] = [
        (told.say("Name"), item.name),
        (told.say("Id"), item.id),
        (told.say("Kind"), item.auth_type),
        (told.say("Owner"), item.owner),
        (told.say("Description"), item.description),
        (told.say("Created"), time_text(item.create_time)),
    ]
    if isinstance(item, WorkspaceResponse):
        for each in item.grants:
            shown = f"{each.user_name} ({each.role})" if each.role else each.user_name
            fields.append((told.say("Member"), shown))
    print_fields(fields)
