"""`trainwright model …` and `trainwright job checkpoints`."""

from pathlib import Path
from typing import Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_models
from trainwright.cli.display import (
    Cell,
    print_fields,
    print_model,
    print_table,
    size_text,
    time_text,
)
from trainwright.cli.failures import ClientGroup
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument
from trainwright.cli.words import CHECKPOINT_STATES, word
from trainwright.client import (
    CheckpointItem,
    Client,
    ModelItem,
    ModelVersionItem,
    TransferError,
    save_model,
)

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Registered models.")

ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="Id or name of the model.", show_default=False, autocompletion=complete_models
    ),
]
VersionOption = Annotated[
    int,
    typer.Option(
        "--version", min=0, help="Number of the version; the newest by default.", show_default=False
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Offset = Annotated[int, typer.Option(min=0, help="How many to skip.")]
_PAGE = 100


def checkpoints(
    ctx: typer.Context, job: JobArgument, limit: Limit = 20, offset: Offset = 0, output: Output = None
) -> None:
    """Print one page of a job's checkpoints."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        page = platform.client.list_checkpoints(found.id, offset=offset, limit=limit)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("OUTPUT", "CHECKPOINT", "TRAINING STEP", "EPOCH", "METRICS", "SIZE", "STORED", "STATE")
    print_table(
        [told.say(name) for name in names], [_checkpoint(item, told) for item in page.items], right=(2, 3, 5)
    )
    if page.total > offset + page.count:
        typer.echo(told.say("{shown} of {all} checkpoints", shown=page.count, all=page.total), err=True)


def _checkpoint(item: CheckpointItem, told: Globals) -> tuple[Cell, ...]:
    state = word(CHECKPOINT_STATES, item.state, told.language)
    return (
        item.output,
        item.path,
        "" if item.step is None else str(item.step),
        "" if item.epoch is None else str(item.epoch),
        " ".join(f"{name}={value:g}" for name, value in item.metrics.items()),
        size_text(item.size),
        time_text(item.update_time),
        told.say("{state}: {detail}", state=state, detail=item.detail) if item.detail else state,
    )


@app.command("list", help="List models, newest first.")
def list_models(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Only those whose name contains this.", show_default=False)] = "",
    limit: Limit = 20,
    offset: Offset = 0,
    output: Output = None,
) -> None:
    """Print one page of models."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_models(name=name, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("MODEL", "VERSIONS", "CHANGED", "USER", "DESCRIPTION")
    rows = [
        (
            item.model_name,
            str(item.version_count),
            time_text(item.update_time),
            item.user_name,
            item.description,
        )
        for item in page.items
    ]
    print_table([told.say(name) for name in names], rows, right=(1,))
    if page.total > offset + page.count:
        typer.echo(told.say("{shown} of {all} models", shown=page.count, all=page.total), err=True)


@app.command("show", help="Show a model, or one of its versions.")
def show(ctx: typer.Context, model: ModelArgument, version: VersionOption = 0, output: Output = None) -> None:
    """Print one model or version."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        item = _find(platform.client, model)
        found = _find_version(platform.client, item, version) if version else None
    if chosen is not Format.TABLE:
        print_model(found or item, chosen)
        return
    fields: list[tuple[str, Cell]] = [
        (told.say("Name"), item.model_name),
        (told.say("Id"), item.model_id),
        (told.say("Description"), item.description),
        (told.say("User"), item.user_name),
    ]
    if found is None:
        fields += [
            (told.say("Versions"), str(item.version_count)),
            (told.say("Created"), time_text(item.create_time)),
        ]
    else:
        fields += [
            (told.say("Version"), str(found.version)),
            (told.say("Created"), time_text(found.create_time)),
            (told.say("Job"), f"{found.job_name} ({found.job_id})"),
            (told.say("Engine"), found.engine.id),
            (told.say("Files"), f"{found.files}, {size_text(found.size)}"),
        ]
        fields += [(told.say("Input"), f"{each.name} = {each.obs_url}") for each in found.inputs]
        fields += [(told.say("Parameter"), f"{each.name} = {each.value}") for each in found.parameters]
    print_fields(fields)


@app.command("versions", help="List a model's versions, the highest number first.")
def versions(
    ctx: typer.Context, model: ModelArgument, limit: Limit = 20, offset: Offset = 0, output: Output = None
) -> None:
    """Print one page of versions."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        item = _find(platform.client, model)
        page = platform.client.list_model_versions(item.model_id, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("VERSION", "JOB", "CREATED", "FILES", "SIZE")
    rows = [
        (str(each.version), each.job_name, time_text(each.create_time), str(each.files), size_text(each.size))
        for each in page.items
    ]
    print_table([told.say(name) for name in names], rows, right=(0, 3, 4))


@app.command("describe", help="Change a model's description.")
def describe(
    ctx: typer.Context,
    model: ModelArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The new description; empty removes it.")],
) -> None:
    """Change the description."""
    with open_platform(ctx) as platform:
        item = _find(platform.client, model)
        platform.client.change_model(item.model_id, {"description": text})


@app.command("download", help="Download a version of a model.")
def download(
    ctx: typer.Context,
    model: ModelArgument,
    target: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder the files are laid into.", show_default=False)
    ],
    version: VersionOption = 0,
) -> None:
    """Lay the files of a version into a folder."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        item = _find(platform.client, model)
        found = _find_version(platform.client, item, version)
        count, size = save_model(platform.client, item.model_id, found.version_id, target)
    typer.echo(
        told.say(
            "Version {version}: {count} files, {size}",
            version=found.version,
            count=count,
            size=size_text(size),
        ),
        err=True,
    )


@app.command("delete", help="Delete a model, or one of its versions, with the files.")
def delete(
    ctx: typer.Context, model: ModelArgument, version: VersionOption = 0, yes: YesOption = False
) -> None:
    """Delete a model or a version."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        item = _find(platform.client, model)
        if version:
            found = _find_version(platform.client, item, version)
            question = told.say("Delete version {n} of model {name}?", n=version, name=item.model_name)
            confirm(told, question, yes=yes)
            platform.client.delete_model_version(item.model_id, found.version_id)
        else:
            confirm(told, told.say("Delete model {name} with its files?", name=item.model_name), yes=yes)
            platform.client.delete_model(item.model_id)


def _find(client: Client, text: str) -> ModelItem:
    """The model with exactly this name, else with this id."""
    offset = 0
    while True:
        page = client.list_models(name=text[:64], offset=offset, limit=_PAGE)
        for item in page.items:
            if item.model_name == text:
                return item
        offset += page.count
        if not page.items or offset >= page.total:
            return client.show_model(text)


def _find_version(client: Client, model: ModelItem, number: int) -> ModelVersionItem:
    """The version of that number; 0: the newest."""
    offset = 0
    while True:
        page = client.list_model_versions(model.model_id, offset=offset, limit=_PAGE)
        for item in page.items:
            if number in (0, item.version):
                return item
        offset += page.count
        if not page.items or offset >= page.total:
            raise TransferError("Model {name} has no such version", name=model.model_name)
