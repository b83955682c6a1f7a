"""`trainwright user|role|project`: who may work here, and what they may do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_users
from trainwright.cli.display import print_fields, print_model, print_table, time_text, yes_no
from trainwright.cli.failures import ClientGroup
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import open_platform

if TYPE_CHECKING:
    from trainwright.client import Client
    from trainwright.wire.identity import UserItem

_PAGE = 100

users = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Users of the project.")
roles = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="What users may do.")
projects = typer.Typer(
    cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Projects (tenants)."
)

UserArgument = Annotated[
    str,
    typer.Argument(
        metavar="USER", help="Id or name of the user.", show_default=False, autocompletion=complete_users
    ),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read a password from standard input.")]


def find_user(client: Client, text: str) -> UserItem:
    """The user with exactly this name, or else with this id.

    Raises:
        ApiError: there is none.
    """
    offset = 0
    while True:
        page = client.list_users(offset=offset, limit=_PAGE)
        for user in page.users:
            if text in (user.name, user.id):
                return user
        offset += len(page.users)
        if not page.users or offset >= page.total:
            return client.show_user(text)


@users.command("create", help="Make a user.")
def create_user(
    ctx: typer.Context,
    name: NameArgument,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="A role; repeatable. developer by default.", show_default=False),
    ] = None,
    password_stdin: PasswordStdin = False,
    output: Output = None,
) -> None:
    """Print what was made."""
    body: dict[str, object] = {"name": name, "roles": role or ["developer"]}
    if password_stdin:
        body["password"] = _read_password()
    with open_platform(ctx) as platform:
        made = platform.client.create_user(body)
    _print_user(globals_of(ctx), made, format_of(ctx, output))


@users.command("list", help="List the users.")
def list_users(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=_PAGE, help="How many.")] = _PAGE,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_users(offset=offset, limit=limit)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("NAME", "ROLES", "ENABLED", "PASSWORD", "ID")
    rows = [
        (
            user.name,
            ", ".join(user.roles),
            yes_no(told, user.enabled),
            yes_no(told, user.has_password),
            user.id,
        )
        for user in answer.users
    ]
    print_table([told.say(name) for name in names], rows)


@users.command("show", help="Show one user.")
def show_user(ctx: typer.Context, user: UserArgument, output: Output = None) -> None:
    """Print them."""
    with open_platform(ctx) as platform:
        found = find_user(platform.client, user)
    _print_user(globals_of(ctx), found, format_of(ctx, output))


@users.command("set-password", help="Set a user's password; asks for it.")
def set_password(ctx: typer.Context, user: UserArgument, password_stdin: PasswordStdin = False) -> None:
    """Ask twice, or read one line."""
    told = globals_of(ctx)
    if password_stdin:
        password = _read_password()
    else:
        password = typer.prompt(told.say("Password"), hide_input=True, confirmation_prompt=True)
    with open_platform(ctx) as platform:
        found = find_user(platform.client, user)
        platform.client.change_user(found.id, {"password": password})
    typer.echo(told.say("Password of {name} set.", name=found.name))


@users.command("set-roles", help="Give a user these roles, and no others.")
def set_roles(
    ctx: typer.Context,
    user: UserArgument,
    role: Annotated[list[str], typer.Argument(metavar="ROLE", help="Name of a role.", show_default=False)],
) -> None:
    """Replace them."""
    with open_platform(ctx) as platform:
        found = find_user(platform.client, user)
        changed = platform.client.change_user(found.id, {"roles": role})
    typer.echo(
        globals_of(ctx).say("Roles of {name}: {roles}", name=changed.name, roles=", ".join(changed.roles))
    )


@users.command("enable", help="Let a user call again.")
def enable_user(ctx: typer.Context, user: UserArgument) -> None:
    """Switch them on."""
    with open_platform(ctx) as platform:
        found = find_user(platform.client, user)
        platform.client.change_user(found.id, {"enabled": True})
    typer.echo(globals_of(ctx).say("{name} enabled.", name=found.name))


@users.command("disable", help="Refuse all calls of a user, at once. Their jobs go on.")
def disable_user(ctx: typer.Context, user: UserArgument) -> None:
    """Switch them off."""
    with open_platform(ctx) as platform:
        found = find_user(platform.client, user)
        platform.client.change_user(found.id, {"enabled": False})
    typer.echo(globals_of(ctx).say("{name} disabled.", name=found.name))


@users.command("delete", help="Delete a user with their tokens and access keys. Their jobs stay.")
def delete_user(ctx: typer.Context, user: UserArgument, yes: YesOption = False) -> None:
    """Delete them."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_user(platform.client, user)
        confirm(told, told.say("Delete user {name} with tokens and access keys?", name=found.name), yes=yes)
        platform.client.delete_user(found.id)
    typer.echo(told.say("{name} deleted.", name=found.name))


@roles.command("list", help="List the built-in roles and the project's own.")
def list_roles(ctx: typer.Context, output: Output = None) -> None:
    """Print all of them with their patterns."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_roles()
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("NAME", "BUILT IN", "ACTIONS", "DESCRIPTION")
    rows = [
        (item.name, yes_no(told, item.built_in), ", ".join(item.patterns), item.description)
        for item in answer.roles
    ]
    print_table([told.say(name) for name in names], rows)


@roles.command("set", help="Make or replace a role.")
def set_role(
    ctx: typer.Context,
    name: NameArgument,
    action: Annotated[
        list[str],
        typer.Option("--action", help="An action, or a pattern with *; repeatable.", show_default=False),
    ],
    description: Annotated[str, typer.Option(help="Description.", show_default=False)] = "",
    output: Output = None,
) -> None:
    """Print every action it allows."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        role = platform.client.save_role(name, {"description": description, "actions": action})
    if chosen is not Format.TABLE:
        print_model(role, chosen)
        return
    print_table([told.say("ACTION")], [(item,) for item in role.actions])


@roles.command("delete", help="Delete a role that nobody has.")
def delete_role(ctx: typer.Context, name: NameArgument, yes: YesOption = False) -> None:
    """Delete it."""
    told = globals_of(ctx)
    confirm(told, told.say("Delete role {name}?", name=name), yes=yes)
    with open_platform(ctx) as platform:
        platform.client.delete_role(name)
    typer.echo(told.say("{name} deleted.", name=name))


@projects.command("create", help="Make a project with its first administrator, whose token is shown once.")
def create_project(
    ctx: typer.Context,
    name: NameArgument,
    administrator: Annotated[str, typer.Option(help="Name of its first administrator.")] = "admin",
    password_stdin: PasswordStdin = False,
    output: Output = None,
) -> None:
    """Print it and the token."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    body: dict[str, object] = {"name": name, "administrator": administrator}
    if password_stdin:
        body["password"] = _read_password()
    with open_platform(ctx) as platform:
        made = platform.client.create_project(body)
    if chosen is Format.TABLE:
        print_fields(
            [
                (told.say("Name"), made.project.name),
                (told.say("Project id"), made.project.id),
                (told.say("User"), made.user.name),
                (told.say("Token"), made.token),
            ]
        )
    else:
        print_model(made, chosen)
    typer.echo(told.say("The token is shown only now: keep it where only you can read it."), err=True)


@projects.command("list", help="List the projects; only an admin of the server sees those of others.")
def list_projects(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=_PAGE, help="How many.")] = _PAGE,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_projects(offset=offset, limit=limit)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("NAME", "ID", "CREATED")
    rows = [(item.name, item.id, time_text(item.created_at_ms)) for item in answer.projects]
    print_table([told.say(name) for name in names], rows)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _print_user(told: Globals, user: UserItem, output: Format) -> None:
    if output is not Format.TABLE:
        print_model(user, output)
        return
    print_fields(
        [
            (told.say("Name"), user.name),
            (told.say("Id"), user.id),
            (told.say("Roles"), ", ".join(user.roles)),
            (told.say("Enabled"), yes_no(told, user.enabled)),
            (told.say("Has a password"), yes_no(told, user.has_password)),
            (told.say("Created"), time_text(user.created_at_ms)),
        ]
    )
