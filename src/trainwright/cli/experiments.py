"""`trainwright experiment …`: jobs that belong together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_experiments, complete_workspaces
from trainwright.cli.display import age_text, print_fields, print_model, print_page, time_text
from trainwright.cli.failures import ClientGroup
from trainwright.cli.finding import find_experiment, workspace_id
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

if TYPE_CHECKING:
    from trainwright.wire.experiments import ExperimentResponse

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Groups of jobs.")

ExperimentArgument = Annotated[
    str,
    typer.Argument(
        metavar="EXPERIMENT",
        help="Id or name of the experiment.",
        show_default=False,
        autocompletion=complete_experiments,
    ),
]
WorkspaceOption = Annotated[
    str,
    typer.Option(
        "--workspace",
        metavar="WORKSPACE",
        help="Id or name of the workspace it lies in.",
        show_default=False,
        autocompletion=complete_workspaces,
    ),
]


@app.command("list", help="List experiments, newest first.")
def list_experiments(
    ctx: typer.Context,
    workspace: WorkspaceOption = "",
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_experiments(
            workspace_id=workspace_id(told, platform.client, workspace), limit=limit, offset=offset
        )
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    now_ms = int(time.time() * 1000)
    names = ("NAME", "JOBS", "CREATED", "DESCRIPTION", "ID")
    rows = [
        (
            item.metadata.name,
            str(item.statistic.job_count),
            age_text(told, item.metadata.create_time, now_ms),
            item.metadata.description,
            item.metadata.id,
        )
        for item in page.items
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.total, offset=offset, right=(1,))


@app.command("show", help="Show one experiment.")
def show(ctx: typer.Context, experiment: ExperimentArgument, output: Output = None) -> None:
    """Print one experiment."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_experiment(told, platform.client, experiment)
    _print(told, found, format_of(ctx, output))


@app.command("create", help="Make an experiment; jobs join it with `job create --experiment`.")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)],
    description: DescriptionOption = None,
    workspace: WorkspaceOption = "",
    output: Output = None,
) -> None:
    """Print what was made."""
    told = globals_of(ctx)
    metadata: dict[str, object] = {"name": name}
    if description is not None:
        metadata["description"] = description
    with open_platform(ctx) as platform:
        if workspace:
            metadata["workspace_id"] = workspace_id(told, platform.client, workspace)
        made = platform.client.create_experiment({"metadata": metadata})
    _print(told, made, format_of(ctx, output))


@app.command("change", help="Change name or description.")
def change(
    ctx: typer.Context,
    experiment: ExperimentArgument,
    name: Annotated[str, typer.Option(help="The new name.", show_default=False)] = "",
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what it is now."""
    told = globals_of(ctx)
    body: dict[str, object] = {"name": name} if name else {}
    if description is not None:
        body["description"] = description
    with open_platform(ctx) as platform:
        found = find_experiment(told, platform.client, experiment)
        platform.client.change_experiment(found.metadata.id, body)
        found = platform.client.show_experiment(found.metadata.id)
    _print(told, found, format_of(ctx, output))


@app.command("delete", help="Delete an experiment; its jobs stay and are in none afterwards.")
def delete(ctx: typer.Context, experiment: ExperimentArgument, yes: YesOption = False) -> None:
    """Delete one."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_experiment(told, platform.client, experiment)
        confirm(told, told.say("Delete experiment {name}?", name=found.metadata.name), yes=yes)
        platform.client.delete_experiment(found.metadata.id)
    typer.echo(told.say("{name} deleted.", name=found.metadata.name))


def _print(told: Globals, item: ExperimentResponse, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    print_fields(
        [
            (told.say("Name"), item.metadata.name),
            (told.say("Id"), item.metadata.id),
            (told.say("Description"), item.metadata.description),
            (told.say("Workspace"), item.metadata.workspace_id),
            (told.say("Jobs"), str(item.statistic.job_count)),
            (told.say("Created"), time_text(item.metadata.create_time)),
            (told.say("Changed"), time_text(item.metadata.update_time)),
        ]
    )
