"""`trainwright algorithm …`: code and how it starts, kept under a name."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import (
    complete_algorithms,
    complete_engines,
    complete_jobs,
    complete_objects,
    complete_workspaces,
)
from trainwright.cli.display import Cell, age_text, print_fields, print_model, print_page, time_text
from trainwright.cli.failures import ClientGroup
from trainwright.cli.files import named_pairs, read_yaml
from trainwright.cli.finding import find_algorithm, workspace_id
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
from trainwright.cli.session import find_job, open_platform
from trainwright.client import CODE_BUCKET, Platform, expand_body, is_local_folder
from trainwright.client.job_body import is_store_path

if TYPE_CHECKING:
    from trainwright.wire.algorithms import AlgorithmResponse

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Saved algorithms.")

AlgorithmArgument = Annotated[
    str,
    typer.Argument(
        metavar="ALGORITHM",
        help="Id or name of the algorithm.",
        show_default=False,
        autocompletion=complete_algorithms,
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="YAML file of the algorithm; flags go over it.", show_default=False),
]
CodeOption = Annotated[
    str,
    typer.Option(
        "--code-dir",
        help="Code folder: obs://…, or a folder here, which is uploaded.",
        show_default=False,
        autocompletion=complete_objects,
    ),
]
BootOption = Annotated[
    str,
    typer.Option("--boot-file", help="Python file to start, inside the code folder.", show_default=False),
]
CommandOption = Annotated[
    str, typer.Option("--command", help="Shell command to run instead of a boot file.", show_default=False)
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        help="Engine id, see `trainwright engine list`.",
        show_default=False,
        autocompletion=complete_engines,
    ),
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="K=V", help="Hyperparameter; repeatable.", show_default=False),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", metavar="NAME", help="Name of an input; repeatable.", show_default=False),
]
OutputChannelOption = Annotated[
    list[str] | None,
    typer.Option("--out", metavar="NAME", help="Name of an output; repeatable.", show_default=False),
]
BucketOption = Annotated[
    str, typer.Option("--bucket", help="Bucket that a code folder from here is uploaded to.")
]


@app.command("list", help="List algorithms, newest first.")
def list_algorithms(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Only those whose name contains this.", show_default=False)] = "",
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_algorithms(name=name, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    now_ms = int(time.time() * 1000)
    names = ("NAME", "ENGINE", "CHANGED", "USER", "DESCRIPTION", "ID")
    rows = [
        (
            item.metadata.name,
            _engine(item.job_config),
            age_text(told, item.metadata.update_time or item.metadata.create_time, now_ms),
            item.metadata.user_name,
            item.metadata.description,
            item.metadata.id,
        )
        for item in page.items
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.count, offset=offset)


@app.command("show", help="Show one algorithm.")
def show(ctx: typer.Context, algorithm: AlgorithmArgument, output: Output = None) -> None:
    """Print one algorithm."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_algorithm(told, platform.client, algorithm)
    _print(told, found, format_of(ctx, output))


@app.command("create", help="Save an algorithm: code, how it starts, hyperparameters and channels.")
def create(
    ctx: typer.Context,
    file: FileOption = None,
    name: Annotated[str, typer.Option(help="Name: letters, digits, _ and -.", show_default=False)] = "",
    code_dir: CodeOption = "",
    boot_file: BootOption = "",
    command: CommandOption = "",
    engine: EngineOption = "",
    param: ParamOption = None,
    inputs: InputOption = None,
    outputs: OutputChannelOption = None,
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
    bucket: BucketOption = CODE_BUCKET,
    output: Output = None,
) -> None:
    """Print what was saved."""
    told = globals_of(ctx)
    body = _read(told, file)
    with open_platform(ctx) as platform:
        if workspace:
            _section(body, "metadata")["workspace_id"] = workspace_id(told, platform.client, workspace)
        _fill(
            body,
            name=name,
            description=description,
            code_dir=_uploaded(platform, code_dir, bucket),
            boot_file=boot_file,
            command=command,
            engine=engine,
            parameters=named_pairs(told, "--param", param),
            inputs=inputs or [],
            outputs=outputs or [],
        )
        made = platform.client.create_algorithm(body)
    _print(told, made, format_of(ctx, output))


@app.command(
    "change", help="Change an algorithm; what is not given stays. Jobs that were made of it do not change."
)
def change(
    ctx: typer.Context,
    algorithm: AlgorithmArgument,
    file: FileOption = None,
    name: Annotated[str, typer.Option(help="The new name.", show_default=False)] = "",
    code_dir: CodeOption = "",
    boot_file: BootOption = "",
    command: CommandOption = "",
    engine: EngineOption = "",
    param: ParamOption = None,
    inputs: InputOption = None,
    outputs: OutputChannelOption = None,
    description: DescriptionOption = None,
    bucket: BucketOption = CODE_BUCKET,
    output: Output = None,
) -> None:
    """With a file its content takes the place of everything, else the flags go over what there is."""
    told = globals_of(ctx)
    given = _read(told, file)
    with open_platform(ctx) as platform:
        found = find_algorithm(told, platform.client, algorithm)
        body = given or found.model_dump(mode="json", exclude_unset=True)
        body["metadata"] = {"name": found.metadata.name, **body.get("metadata", {})}
        _fill(
            body,
            name=name,
            description=description,
            code_dir=_uploaded(platform, code_dir, bucket),
            boot_file=boot_file,
            command=command,
            engine=engine,
            parameters=named_pairs(told, "--param", param),
            inputs=inputs or [],
            outputs=outputs or [],
        )
        changed = platform.client.change_algorithm(found.metadata.id, body)
    _print(told, changed, format_of(ctx, output))


@app.command("save-job", help="Save what a job runs as an algorithm, its values as defaults.")
def save_job(
    ctx: typer.Context,
    job: Annotated[
        str,
        typer.Argument(
            metavar="JOB", help="Id or name of the job.", show_default=False, autocompletion=complete_jobs
        ),
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)],
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what was saved."""
    told = globals_of(ctx)
    metadata: dict[str, object] = {"name": name}
    if description is not None:
        metadata["description"] = description
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        made = platform.client.save_job_algorithm(found.id, {"metadata": metadata})
    _print(told, made, format_of(ctx, output))


@app.command("delete", help="Delete an algorithm; its code and the jobs made of it stay.")
def delete(ctx: typer.Context, algorithm: AlgorithmArgument, yes: YesOption = False) -> None:
    """Delete one."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_algorithm(told, platform.client, algorithm)
        confirm(told, told.say("Delete algorithm {name}?", name=found.metadata.name), yes=yes)
        platform.client.delete_algorithm(found.metadata.id)
    typer.echo(told.say("{name} deleted.", name=found.metadata.name))


def _read(told: Globals, file: Path | None) -> dict[str, Any]:
    """The file's body; its `job_config` may be written as short as `algorithm` in the file of a job."""
    if file is None:
        return {}
    body = read_yaml(told, file)
    short = body.get("job_config")
    if isinstance(short, dict):
        channels = {side: short[side] for side in ("inputs", "outputs") if isinstance(short.get(side), list)}
        names = {
            side: [{"name": each} if isinstance(each, str) else each for each in items]
            for side, items in channels.items()
        }
        try:
            body["job_config"] = expand_body({"algorithm": {**short, **names}})["algorithm"]
        except ValueError as exc:
            raise typer.BadParameter(f"{file}: {exc}") from exc
    return body


def _uploaded(platform: Platform, code_dir: str, bucket: str) -> str:
    return platform.storage.upload_code(code_dir, bucket=bucket) if is_local_folder(code_dir) else code_dir


def _fill(
    body: dict[str, Any],
    *,
    name: str,
    description: str | None,
    code_dir: str,
    boot_file: str,
    command: str,
    engine: str,
    parameters: Mapping[str, str],
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> None:
    """Lay what was given over `body`."""
    metadata, config = _section(body, "metadata"), _section(body, "job_config")
    if name:
        metadata["name"] = name
    if description is not None:
        metadata["description"] = description
    if code_dir:
        config["code_dir"] = code_dir
    if boot_file:
        config["boot_file"], config["command"] = boot_file, None
    if command:
        config["command"], config["boot_file"] = command, None
    starts, folder = str(config.get("boot_file") or ""), str(config.get("code_dir") or "")
    if starts and folder and not is_store_path(starts):
        config["boot_file"] = f"{folder.rstrip('/')}/{starts.removeprefix('./')}"
    if engine:
        config["engine"] = {"engine_id": engine}
    known = {item["name"]: item for item in config.get("parameters") or [] if "name" in item}
    for key, value in parameters.items():
        known[key] = {**known.get(key, {"name": key}), "value": value}
    if known:
        config["parameters"] = list(known.values())
    for side, given in (("inputs", inputs), ("outputs", outputs)):
        if given:
            config[side] = [{"name": channel} for channel in given]


def _section(body: dict[str, Any], key: str) -> dict[str, Any]:
    section = body.setdefault(key, {})
    if not isinstance(section, dict):
        raise typer.BadParameter(f"{key}: {section!r}")
    return section


def _engine(config: Mapping[str, Any]) -> str:
    engine = config.get("engine") or {}
    return str(engine.get("engine_id") or engine.get("image_url") or "")


def _print(told: Globals, item: AlgorithmResponse, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    config = item.job_config
    fields: list[tuple[str, Cell]] = [
        (told.say("Name"), item.metadata.name),
        (told.say("Id"), item.metadata.id),
        (told.say("Description"), item.metadata.description),
        (told.say("Workspace"), item.metadata.workspace_id),
        (told.say("User"), item.metadata.user_name),
        (told.say("Created"), time_text(item.metadata.create_time)),
        (told.say("Changed"), time_text(item.metadata.update_time)),
        (told.say("Code"), str(config.get("code_dir") or "")),
        (told.say("Boot file"), str(config.get("boot_file") or "")),
        (told.say("Command"), str(config.get("command") or "")),
        (told.say("Engine"), _engine(config)),
    ]
    fields += [(told.say("Input"), str(each.get("name"))) for each in config.get("inputs") or []]
    fields += [(told.say("Output"), str(each.get("name"))) for each in config.get("outputs") or []]
    fields += [
        (told.say("Parameter"), f"{each.get('name')} = {each.get('value')}")
        for each in config.get("parameters") or []
    ]
    print_fields(fields)
