"""`trainwright obs …`: buckets and objects."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_objects
from trainwright.cli.display import make_console, print_model, print_table, size_text, time_text
from trainwright.cli.failures import ClientGroup
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import open_platform
from trainwright.client import (
    Client,
    ObjectItem,
    ObjectListing,
    Progress,
    TransferOptions,
    TransferReport,
    parse_path,
)

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Buckets and objects.")

PathArgument = Annotated[
    str, typer.Argument(metavar="OBS", show_default=False, autocompletion=complete_objects)
]
_STORE = ("obs://", "s3://")
_NAME_SHOWN = 28


@app.command("ls", help="List buckets, or what lies in a folder of a bucket.")
def ls(
    ctx: typer.Context,
    path: Annotated[
        str,
        typer.Argument(
            metavar="OBS", help="obs://bucket/folder/", show_default=False, autocompletion=complete_objects
        ),
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="All objects below.")] = False,
    output: Output = None,
) -> None:
    """Print buckets or objects."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        if not path:
            buckets = platform.client.list_buckets()
            if chosen is not Format.TABLE:
                print_model(buckets, chosen)
            else:
                for item in buckets.buckets:
                    typer.echo(f"obs://{item.name}/")
            return
        place = parse_path(path)
        listing = _list_all(platform.client, place.bucket, place.key, delimiter=not recursive)
        if not listing.objects and listing.prefixes == (place.key + "/",):  # a folder without its slash
            listing = _list_all(platform.client, place.bucket, place.key + "/", delimiter=True)
    if chosen is not Format.TABLE:
        print_model(listing, chosen)
        return
    rows = [(told.say("folder"), "", f"obs://{place.bucket}/{prefix}") for prefix in listing.prefixes]
    rows += [
        (size_text(item.size), time_text(item.modified_at_ms), f"obs://{place.bucket}/{item.key}")
        for item in listing.objects
    ]
    print_table([told.say("SIZE"), told.say("MODIFIED"), told.say("OBJECT")], rows, right=(0,))


@app.command("cp", help="Copy files and folders to a bucket or from it.")
def cp(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(help="File, folder or obs://…", show_default=False, autocompletion=complete_objects),
    ],
    target: Annotated[
        str,
        typer.Argument(help="obs://…, file or folder", show_default=False, autocompletion=complete_objects),
    ],
    recursive: Annotated[
        bool,
        typer.Option(
            "--recursive",
            "-r",
            help="Copy what lies below; implied by a folder here and by obs://…/ with a slash at its end.",
        ),
    ] = False,
    skip_unchanged: Annotated[
        bool, typer.Option("--skip-unchanged", help="Leave out files that are there already.")
    ] = False,
) -> None:
    """Copy; a folder's contents come to lie below the target. Run it again to go on after an interruption."""
    told = globals_of(ctx)
    up = target.startswith(_STORE) and not source.startswith(_STORE)
    down = source.startswith(_STORE) and not target.startswith(_STORE)
    if not up and not down:
        raise typer.BadParameter(told.say("One of the two must be obs://…, the other a path here."))
    options = TransferOptions(skip_unchanged=skip_unchanged)
    with open_platform(ctx) as platform, _progress(told) as progress:
        if up:
            report = platform.storage.upload(source, target, options=options, progress=progress)
        else:
            place = parse_path(source)
            origin = str(place.as_folder() if recursive else place)
            into = Path(target) / place.name if target.endswith("/") and not origin.endswith("/") else target
            report = platform.storage.download(origin, into, options=options, progress=progress)
    _print_report(told, report)


@app.command("rm", help="Delete an object, or with -r everything below a folder.")
def rm(
    ctx: typer.Context,
    path: PathArgument,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Everything below.")] = False,
    yes: YesOption = False,
) -> None:
    """Delete objects."""
    told = globals_of(ctx)
    place = parse_path(path)
    if place.is_folder and not recursive:
        raise typer.BadParameter(told.say("{path} is a folder; add -r to delete what lies below.", path=path))
    question = told.say("Delete everything below {path}?", path=path)
    confirm(told, question if recursive else told.say("Delete {path}?", path=path), yes=yes)
    with open_platform(ctx) as platform:
        count = platform.storage.remove(str(place.as_folder() if recursive else place))
    typer.echo(told.say("{count} objects deleted.", count=count))


@app.command("mb", help="Make a bucket.")
def mb(ctx: typer.Context, path: Annotated[str, typer.Argument(metavar="OBS", show_default=False)]) -> None:
    """Create a bucket."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        bucket = _bucket(path)
        platform.client.create_bucket(bucket)
    typer.echo(told.say("Bucket {bucket} created.", bucket=bucket))


@app.command("rb", help="Remove an empty bucket.")
def rb(ctx: typer.Context, path: PathArgument, yes: YesOption = False) -> None:
    """Delete a bucket."""
    told = globals_of(ctx)
    bucket = _bucket(path)
    confirm(told, told.say("Delete bucket {bucket}?", bucket=bucket), yes=yes)
    with open_platform(ctx) as platform:
        platform.client.delete_bucket(bucket)
    typer.echo(told.say("Bucket {bucket} deleted.", bucket=bucket))


def _bucket(text: str) -> str:
    # The name alone is fine, too; whether it is a good one is for the server to say.
    return text.removeprefix("obs://").removeprefix("s3://").rstrip("/")


def _list_all(client: Client, bucket: str, prefix: str, *, delimiter: bool) -> ObjectListing:
    objects: list[ObjectItem] = []
    prefixes: list[str] = []
    after = ""
    while True:
        page = client.list_objects(bucket, prefix=prefix, delimiter=delimiter, after=after)
        objects.extend(page.objects)
        prefixes.extend(page.prefixes)
        after = page.next_after
        if not after:
            return ObjectListing(objects=tuple(objects), prefixes=tuple(prefixes), next_after="")


@contextmanager
def _progress(told: Globals) -> Iterator[Progress | None]:
    console = make_console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        line = bar.add_task(told.say("looking"), total=None)

        def show(done: int, total: int, name: str) -> None:
            shown = name if len(name) <= _NAME_SHOWN else "…" + name[1 - _NAME_SHOWN :]
            bar.update(line, description=shown, completed=done, total=total)

        yield show


def _print_report(told: Globals, report: TransferReport) -> None:
    for name, why in report.left_out:
        typer.echo(told.say("Left out: {name}: {why}", name=name, why=told.say(why)), err=True)
    message = told.say("{files} files copied, {size}", files=report.files, size=size_text(report.bytes))
    if report.unchanged:
        message += told.say(", {count} unchanged", count=report.unchanged)
    typer.echo(message)
