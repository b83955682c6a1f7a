"""`trainwright job create`: from flags, from a YAML file, or from a file with flags over it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from trainwright.cli.completion import (
    complete_algorithms,
    complete_engines,
    complete_experiments,
    complete_flavors,
    complete_objects,
    complete_pools,
    complete_subscriptions,
    complete_workspaces,
)
from trainwright.cli.display import print_fields, print_model
from trainwright.cli.files import named_pairs, read_yaml
from trainwright.cli.job_extras import Extras, lay_over, tag_values
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import open_platform
from trainwright.cli.watching import follow_to_end, print_result, result_code, stdout_bytes
from trainwright.client import (
    CODE_BUCKET,
    Job,
    JobDraft,
    Platform,
    draft_body,
    expand_body,
    is_local_folder,
)

_FORMATS = frozenset(Format)


def create(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="YAML file of the job; flags go over it.", show_default=False),
    ] = None,
    name: Annotated[str, typer.Option(help="Name: letters, digits, _ and -.", show_default=False)] = "",
    code_dir: Annotated[
        str,
        typer.Option(
            help="Code folder: obs://…, or a folder here, which is uploaded.",
            show_default=False,
            autocompletion=complete_objects,
        ),
    ] = "",
    boot_file: Annotated[
        str, typer.Option(help="Python file to start, inside the code folder.", show_default=False)
    ] = "",
    command: Annotated[
        str, typer.Option(help="Shell command to run instead of a boot file.", show_default=False)
    ] = "",
    engine: Annotated[
        str,
        typer.Option(
            help="Engine id, see `trainwright engine list`.",
            show_default=False,
            autocompletion=complete_engines,
        ),
    ] = "",
    flavor: Annotated[
        str,
        typer.Option(
            help="Flavor id, see `trainwright flavor list`.",
            show_default=False,
            autocompletion=complete_flavors,
        ),
    ] = "",
    nodes: Annotated[int | None, typer.Option(help="Number of nodes.", show_default=False)] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="K=V", help="Hyperparameter; repeatable.", show_default=False),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env", "-e", metavar="K=V", help="Environment variable; repeatable.", show_default=False
        ),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", "-i", metavar="NAME=OBS", help="Input channel; repeatable.", show_default=False
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="NAME=OBS",
            help="Output channel; repeatable. Also table, json or yaml: how to print the answer.",
            show_default=False,
        ),
    ] = None,
    prefetch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Output whose content is downloaded before the start.", show_default=False
        ),
    ] = None,
    auto_stop: Annotated[
        str, typer.Option(metavar="TIME", help="Stop after this long: 2h, 90m, 30s.", show_default=False)
    ] = "",
    log_path: Annotated[
        str, typer.Option(metavar="OBS", help="Folder the logs are copied to.", show_default=False)
    ] = "",
    description: Annotated[str | None, typer.Option(help="Description.", show_default=False)] = None,
    priority: Annotated[int | None, typer.Option(help="1 to 3, 3 is first.", show_default=False)] = None,
    retries: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Try again up to N times after a failure of the platform.", show_default=False
        ),
    ] = None,
    preemptible: Annotated[
        bool, typer.Option("--preemptible", help="It may be sent away for a job of higher priority.")
    ] = False,
    reserve_hours: Annotated[
        int | None,
        typer.Option(
            metavar="HOURS", help="Keep its environment so long after a failure.", show_default=False
        ),
    ] = None,
    image: Annotated[
        str, typer.Option(metavar="IMAGE", help="Image to run in, instead of an engine.", show_default=False)
    ] = "",
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=REGEX",
            help="Metric read from the log: the regular expression's first group is the value; repeatable.",
            show_default=False,
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="Tag; repeatable.", show_default=False)
    ] = None,
    experiment: Annotated[
        str,
        typer.Option(
            metavar="EXPERIMENT",
            help="Id or name of the experiment it belongs to; a new name makes one.",
            show_default=False,
            autocompletion=complete_experiments,
        ),
    ] = "",
    workspace: Annotated[
        str,
        typer.Option(
            metavar="WORKSPACE",
            help="Id or name of the workspace it lies in.",
            show_default=False,
            autocompletion=complete_workspaces,
        ),
    ] = "",
    pool: Annotated[
        str,
        typer.Option(
            metavar="POOL",
            help="Id or name of the pool it runs in.",
            show_default=False,
            autocompletion=complete_pools,
        ),
    ] = "",
    algorithm: Annotated[
        str,
        typer.Option(
            metavar="ALGORITHM",
            help="Id or name of the saved algorithm it runs.",
            show_default=False,
            autocompletion=complete_algorithms,
        ),
    ] = "",
    subscription: Annotated[
        str,
        typer.Option(
            metavar="SUBSCRIPTION",
            help="Id of the subscription, or title of the published algorithm, it runs.",
            show_default=False,
            autocompletion=complete_subscriptions,
        ),
    ] = "",
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DATASET[@VERSION]", help="Input from a dataset; repeatable.", show_default=False
        ),
    ] = None,
    working_dir: Annotated[
        str, typer.Option(metavar="DIR", help="Folder the command starts in.", show_default=False)
    ] = "",
    bucket: Annotated[
        str, typer.Option(help="Bucket that a code folder from here is uploaded to.")
    ] = CODE_BUCKET,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Show events and log; exit with 0, the job's exit code, or 143 when it was stopped.",
        ),
    ] = False,
) -> None:
    """Create a job; see the help texts."""
    told = globals_of(ctx)
    channels, chosen = _split_outputs(told, outputs or [])
    draft = JobDraft(
        name=name,
        description=description,
        code_dir=code_dir,
        boot_file=boot_file,
        command=command,
        engine=engine,
        flavor=flavor,
        nodes=nodes,
        parameters=named_pairs(told, "--param", param),
        environment=named_pairs(told, "--env", env),
        inputs=named_pairs(told, "--input", inputs),
        outputs=named_pairs(told, "--output", channels),
        prefetch=prefetch or [],
        auto_stop=auto_stop,
        log_path=log_path,
        priority=priority,
        preemptible=preemptible or None,
        retries=retries,
        reserve_hours=reserve_hours,
        working_dir=working_dir,
    )
    extras = Extras(
        image=image,
        workspace=workspace,
        pool=pool,
        experiment=experiment,
        algorithm=algorithm,
        subscription=subscription,
        datasets=dataset or (),
        metrics=metric or (),
    )
    base = _read_file(told, file) if file else {}
    tags = tag_values(tag or ())
    with open_platform(ctx) as platform:
        body = _body(platform, draft, base, bucket)
        lay_over(told, platform.client, body, extras)
        job = platform.jobs.create_from(body)
        if tags:
            platform.client.put_job_tags(job.id, tags)
        _report(platform, told, job, format_of(ctx, chosen), follow=follow)


def preview(
    ctx: typer.Context,
    file: Annotated[Path, typer.Option("--file", "-f", help="YAML file of the job.", show_default=False)],
    output: Output = None,
) -> None:
    """Print what each task of the job would run."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    base = _read_file(told, file)
    with open_platform(ctx) as platform:
        shown = platform.client.preview_job(_body(platform, JobDraft(), base, CODE_BUCKET))
    if chosen is not Format.TABLE:
        print_model(shown, chosen)
        return
    for number, role in enumerate(shown.roles):
        if number:
            typer.echo()
        print_fields(
            [
                (told.say("Tasks"), ", ".join(role.tasks)),
                (told.say("Flavor"), role.flavor_id),
                (told.say("Engine"), role.engine_id),
                (told.say("Command"), role.command),
                (told.say("Working folder"), role.working_dir),
                *(
                    (told.say("Variable"), f"{name}={role.environment[name]}")
                    for name in sorted(role.environment)
                ),
            ]
        )


def _report(platform: Platform, told: Globals, job: Job, output: Format, *, follow: bool) -> None:
    if not follow:
        if output is not Format.TABLE:
            print_model(job.answer, output)
            return
        typer.echo(told.say("Job {name} created ({id}).", name=job.name, id=job.id))
        typer.echo(told.say("Follow it with:  trainwright job follow {name}", name=job.name))
        return
    typer.echo(told.say("Job {name} created ({id}).", name=job.name, id=job.id), err=True)
    # With --output json the answer owns stdout, so the log moves aside.
    log = stdout_bytes() if output is Format.TABLE else sys.stderr.buffer
    ended = follow_to_end(platform, told, job, log=log)
    print_result(told, ended)
    if output is not Format.TABLE:
        print_model(ended, output)
    raise typer.Exit(result_code(ended))


def _body(platform: Platform, draft: JobDraft, base: dict[str, Any], bucket: str) -> dict[str, Any]:
    in_file = str((base.get("algorithm") or {}).get("code_dir") or "")
    code = draft.code_dir or in_file
    if is_local_folder(code):
        draft = replace(draft, code_dir=platform.storage.upload_code(code, bucket=bucket))
    try:
        return draft_body(draft, base)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc


def _read_file(told: Globals, path: Path) -> dict[str, Any]:
    raw = read_yaml(told, path)
    try:
        body = expand_body(raw)
    except ValueError as exc:
        raise typer.BadParameter(f"{path}: {exc}") from exc
    algorithm = body.get("algorithm")
    if isinstance(algorithm, dict) and is_local_folder(str(algorithm.get("code_dir") or "")):
        algorithm["code_dir"] = str(path.parent / algorithm["code_dir"])  # relative to the file, not to us
    return body


def _split_outputs(told: Globals, values: Sequence[str]) -> tuple[list[str], Format | None]:
    chosen = None
    channels = []
    for value in values:
        if value in _FORMATS:
            chosen = Format(value)
        else:
            channels.append(value)
    return channels, chosen
