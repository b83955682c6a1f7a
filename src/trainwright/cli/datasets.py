"""`trainwright dataset …`: folders under a name, and lists of what was in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_datasets, complete_objects, complete_workspaces
from trainwright.cli.display import (
    Cell,
    age_text,
    print_fields,
    print_model,
    print_page,
    print_table,
    size_text,
    time_text,
)
from trainwright.cli.failures import EXIT_FAILED, ClientGroup
from trainwright.cli.finding import find_dataset, find_dataset_version, workspace_id
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
from trainwright.cli.words import VERSION_STATES, word

if TYPE_CHECKING:
    from trainwright.client import Client
    from trainwright.wire.datasets import DatasetItem, ManifestItem, VersionItem

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Datasets.")

DatasetArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help="Id or name of the dataset.",
        show_default=False,
        autocompletion=complete_datasets,
    ),
]
VersionOption = Annotated[
    str,
    typer.Option(
        "--version",
        metavar="VERSION",
        help="Name or id of the version; the newest by default.",
        show_default=False,
    ),
]
_READY, _FAILED = 1, 4
_LOOK_EVERY_S = 0.5


@app.command("list", help="List datasets, newest first.")
def list_datasets(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Only those whose name contains this.", show_default=False)] = "",
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_datasets(name=name, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    now_ms = int(time.time() * 1000)
    names = ("NAME", "FOLDER", "CREATED", "USER", "DESCRIPTION", "ID")
    rows = [
        (
            item.dataset_name,
            item.data_source.data_path,
            age_text(told, item.create_time, now_ms),
            item.user_name,
            item.description,
            item.dataset_id,
        )
        for item in page.datasets
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.total_number, offset=offset)


@app.command("show", help="Show a dataset, or one of its versions.")
def show(
    ctx: typer.Context, dataset: DatasetArgument, version: VersionOption = "", output: Output = None
) -> None:
    """Print one dataset or version."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        item = find_dataset(told, platform.client, dataset)
        found = find_dataset_version(told, platform.client, item, version) if version else None
    if found is None:
        _print_dataset(told, item, chosen)
    else:
        _print_version(told, item, found, chosen)


@app.command("create", help="Register a folder of the object store as a dataset.")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)],
    folder: Annotated[
        str,
        typer.Argument(
            metavar="OBS", help="obs://bucket/folder/", show_default=False, autocompletion=complete_objects
        ),
    ],
    description: DescriptionOption = None,
    workspace: Annotated[
        str,
        typer.Option(
            metavar="WORKSPACE",
            help="Id or name of the workspace it lies in.",
            show_default=False,
            autocompletion=complete_workspaces,
        ),
    ] = "",
    output: Output = None,
) -> None:
    """Print what was made."""
    told = globals_of(ctx)
    body: dict[str, object] = {"dataset_name": name, "data_source": {"data_path": folder, "data_type": 0}}
    if description is not None:
        body["description"] = description
    with open_platform(ctx) as platform:
        if workspace:
            body["workspace_id"] = workspace_id(told, platform.client, workspace)
        made = platform.client.create_dataset(body)
    _print_dataset(told, made, format_of(ctx, output))


@app.command("change", help="Change name or description.")
def change(
    ctx: typer.Context,
    dataset: DatasetArgument,
    name: Annotated[str, typer.Option(help="The new name.", show_default=False)] = "",
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what it is now."""
    told = globals_of(ctx)
    body: dict[str, object] = {"dataset_name": name} if name else {}
    if description is not None:
        body["description"] = description
    with open_platform(ctx) as platform:
        found = find_dataset(told, platform.client, dataset)
        changed = platform.client.change_dataset(found.dataset_id, body)
    _print_dataset(told, changed, format_of(ctx, output))


@app.command("delete", help="Forget a dataset with its versions, or one version; the objects stay.")
def delete(
    ctx: typer.Context, dataset: DatasetArgument, version: VersionOption = "", yes: YesOption = False
) -> None:
    """Forget a dataset or a version."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_dataset(told, platform.client, dataset)
        if version:
            one = find_dataset_version(told, platform.client, found, version)
            confirm(told, told.say("Delete version {name}?", name=one.version_name), yes=yes)
            platform.client.delete_dataset_version(found.dataset_id, one.version_id)
            typer.echo(told.say("{name} deleted.", name=one.version_name))
            return
        confirm(told, told.say("Delete dataset {name}?", name=found.dataset_name), yes=yes)
        platform.client.delete_dataset(found.dataset_id)
    typer.echo(told.say("{name} deleted.", name=found.dataset_name))


@app.command("versions", help="List a dataset's versions, newest first.")
def versions(
    ctx: typer.Context,
    dataset: DatasetArgument,
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page of versions."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_dataset(told, platform.client, dataset)
        page = platform.client.list_dataset_versions(found.dataset_id, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("VERSION", "STATE", "OBJECTS", "SIZE", "CREATED", "DESCRIPTION")
    rows = [
        (
            item.version_name,
            _state(told, item),
            str(item.total_sample_count),
            size_text(item.data_size),
            time_text(item.create_time),
            item.description,
        )
        for item in page.versions
    ]
    print_page(
        told, [told.say(name) for name in names], rows, total=page.total_number, offset=offset, right=(2, 3)
    )


@app.command("add-version", help="Make a version of what lies in the folder now.")
def add_version(
    ctx: typer.Context,
    dataset: DatasetArgument,
    name: Annotated[str, typer.Option(help="Its name; V001, V002, … by default.", show_default=False)] = "",
    description: DescriptionOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when it is ready; exit with 1 when it failed.")
    ] = False,
    output: Output = None,
) -> None:
    """Begin a version; each object is read once, in the background."""
    told = globals_of(ctx)
    body: dict[str, object] = {"version_name": name} if name else {}
    if description is not None:
        body["description"] = description
    with open_platform(ctx) as platform:
        found = find_dataset(told, platform.client, dataset)
        made = platform.client.create_dataset_version(found.dataset_id, body)
        if wait:
            made = _wait(platform.client, made)
    _print_version(told, found, made, format_of(ctx, output))
    if wait and made.status == _FAILED:
        raise typer.Exit(EXIT_FAILED)


@app.command("objects", help="List the objects of a version, with size and SHA-256.")
def objects(
    ctx: typer.Context, dataset: DatasetArgument, version: VersionOption = "", output: Output = None
) -> None:
    """Print the whole list."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_dataset(told, platform.client, dataset)
        one = find_dataset_version(told, platform.client, found, version)
        listed: list[ManifestItem] = list(
            platform.client.iter_manifest(found.dataset_id, one.version_id, limit=1000)
        )
    if chosen is not Format.TABLE:
        print_model(listed, chosen)
        return
    names = ("SIZE", "SHA-256", "OBJECT")
    rows = [(size_text(item.size), item.sha256[:12], item.path) for item in listed]
    print_table([told.say(name) for name in names], rows, right=(0,))


def _wait(client: Client, version: VersionItem) -> VersionItem:
    while version.status not in (_READY, _FAILED):
        time.sleep(_LOOK_EVERY_S)
        version = client.show_dataset_version(version.dataset_id, version.version_id)
    return version


def _state(told: Globals, item: VersionItem) -> str:
    state = word(VERSION_STATES, item.state, told.language)
    if item.status in (_READY, _FAILED):
        return state
    return told.say(
        "{state}, {done} of {all}", state=state, done=item.done_objects, all=item.total_sample_count
    )


def _print_dataset(told: Globals, item: DatasetItem, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    print_fields(
        [
            (told.say("Name"), item.dataset_name),
            (told.say("Id"), item.dataset_id),
            (told.say("Folder"), item.data_source.data_path),
            (told.say("Description"), item.description),
            (told.say("Workspace"), item.workspace_id),
            (told.say("User"), item.user_name),
            (told.say("Created"), time_text(item.create_time)),
        ]
    )


def _print_version(told: Globals, dataset: DatasetItem, item: VersionItem, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    fields: list[tuple[str, Cell]] = [
        (told.say("Name"), dataset.dataset_name),
        (told.say("Version"), item.version_name),
        (told.say("Id"), item.version_id),
        (told.say("State"), _state(told, item)),
        (told.say("Because"), item.message),
        (told.say("Description"), item.description),
        (told.say("Folder"), item.data_path),
        (told.say("Objects"), f"{item.total_sample_count}, {size_text(item.data_size)}"),
        (told.say("Created"), time_text(item.create_time)),
    ]
    print_fields(fields)
