"""`ma-cli`: the commands of ModelArts' own program for training jobs, so that scripts written for it run here.

`ma-cli ma-job submit|get-job|get-log|get-event|get-engine|get-flavor|get-pool|stop|delete` and `ma-cli configure`, with
the options of the public manual. They are the commands of `trainwright` under other names, and talk to the same server.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from trainwright.cli import job_more, jobs, offers, pools
from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_jobs
from trainwright.cli.failures import ClientGroup
from trainwright.cli.files import read_yaml
from trainwright.cli.job_watch import events, logs
from trainwright.cli.ma_configure import configure
from trainwright.cli.ma_job_body import body_of, merged
from trainwright.cli.main import run_program
from trainwright.cli.options import Format, Globals, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.texts import pick_language
from trainwright.cli.watching import follow_to_end, print_result, result_code, stdout_bytes
from trainwright.client import CODE_BUCKET, is_local_folder

PROGRAM = "ma-cli"
_HELP = {"help_option_names": ["-h", "-H", "--help"]}
_DEFAULT_PROFILE = "DEFAULT"
_FIRST_TASK = "worker-0"


def _other_profile(ctx: typer.Context, value: str | None) -> str | None:
    if value and value != _DEFAULT_PROFILE and not ctx.resilient_parsing:
        told = globals_of(ctx)
        raise typer.BadParameter(
            told.say("There are no profiles here; set TRAINWRIGHT_ENDPOINT, _PROJECT and _TOKEN instead.")
        )
    return value


def _other_config(ctx: typer.Context, value: str | None) -> str | None:
    if value and not ctx.resilient_parsing:
        told = globals_of(ctx)
        raise typer.BadParameter(
            told.say("Files of ma-cli are not read; run `ma-cli configure`, or set TRAINWRIGHT_ENDPOINT.")
        )
    return value


ConfigOption = Annotated[
    str | None,
    typer.Option("--config-file", "-C", help="Not used here.", show_default=False, callback=_other_config),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", "-P", help="Only DEFAULT.", show_default=False, callback=_other_profile),
]
DebugOption = Annotated[bool, typer.Option("--debug", "-D", help="Changes nothing here.")]
JobIdOption = Annotated[
    str,
    typer.Option(
        "--job-id", "-i", help="Id or name of the job.", show_default=False, autocompletion=complete_jobs
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Everything that is known, as JSON.")]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
    help="Commands of ModelArts' ma-cli, for this server.",
)
ma_job = typer.Typer(
    cls=ClientGroup,
    add_completion=False,
    no_args_is_help=True,
    context_settings=_HELP,
    help="Submit training jobs and ask about them.",
)
app.add_typer(ma_job, name="ma-job")
app.command(
    "configure", help="Log in with a password, or with an access key and its secret.", context_settings=_HELP
)(configure)


@ma_job.command("submit", help="Submit training job.", context_settings=_HELP)
def submit(
    ctx: typer.Context,
    yaml_file: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="YAML_FILE", help="Files with the same options; options win.", show_default=False
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Job name.", show_default=False)] = None,
    description: Annotated[str | None, typer.Option(help="Job description.", show_default=False)] = None,
    image_url: Annotated[str | None, typer.Option(help="Custom image.", show_default=False)] = None,
    uid: Annotated[str | None, typer.Option(help="Uid for custom image.", show_default=False)] = None,
    working_dir: Annotated[
        str | None, typer.Option(help="Folder the command starts in.", show_default=False)
    ] = None,
    local_code_dir: Annotated[
        str | None, typer.Option(help="Folder of the code in the job.", show_default=False)
    ] = None,
    user_command: Annotated[
        str | None, typer.Option(help="Command for custom image.", show_default=False)
    ] = None,
    pool_id: Annotated[str | None, typer.Option(help="Dedicated pool id.", show_default=False)] = None,
    train_instance_type: Annotated[str | None, typer.Option(help="Flavor id.", show_default=False)] = None,
    train_instance_count: Annotated[
        int | None, typer.Option(min=1, help="Number of nodes.", show_default=False)
    ] = None,
    data_url: Annotated[
        str | None, typer.Option(help="OBS path for training data.", show_default=False)
    ] = None,
    log_url: Annotated[
        str | None, typer.Option(help="OBS path for training log.", show_default=False)
    ] = None,
    code_dir: Annotated[
        str | None,
        typer.Option(help="Code folder: obs://…, or a folder here, which is uploaded.", show_default=False),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=OBS", help="Output channel; repeatable.", show_default=False),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=OBS", help="Input channel; repeatable.", show_default=False),
    ] = None,
    env_variables: Annotated[
        list[str] | None,
        typer.Option(metavar="K=V", help="Environment variable; repeatable.", show_default=False),
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="Hyperparameter; repeatable.", show_default=False)
    ] = None,
    boot_file: Annotated[
        str | None,
        typer.Option(help="Python file to start, inside the code folder.", show_default=False),
    ] = None,
    framework_type: Annotated[
        str | None, typer.Option(help="Name of the engine.", show_default=False)
    ] = None,
    framework_version: Annotated[
        str | None, typer.Option(help="Version of the engine.", show_default=False)
    ] = None,
    workspace_id: Annotated[str | None, typer.Option(help="Id of the workspace.", show_default=False)] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="regular|economic|turbo|auto", help="Policy.", show_default=False)
    ] = None,
    volumes: Annotated[
        list[str] | None, typer.Option(metavar="JSON", help="Volumes; repeatable.", show_default=False)
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Do not wait for the end after submitting.")
    ] = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Submit; without `--quiet` follow the job and end with its result."""
    told = globals_of(ctx)
    options = {
        "name": name, "description": description, "image-url": image_url, "uid": uid,
        "working-dir": working_dir, "local-code-dir": local_code_dir, "user-command": user_command,
        "pool-id": pool_id, "train-instance-type": train_instance_type,
        "train-instance-count": train_instance_count, "data-url": data_url, "log-url": log_url,
        "code-dir": code_dir, "output": output or None, "input": inputs or None,
        "env-variables": env_variables or None, "parameters": parameters or None, "boot-file": boot_file,
        "framework-type": framework_type, "framework-version": framework_version,
        "workspace-id": workspace_id, "policy": policy, "volumes": volumes or None,
    }  # fmt: skip
    files = [read_yaml(told, path) for path in yaml_file or []]
    given = _merged(told, [*files, options])
    with open_platform(ctx) as platform:
        code = str(given.get("code-dir") or "")
        if is_local_folder(code):
            given["code-dir"] = platform.storage.upload_code(code, bucket=CODE_BUCKET)
        try:
            body = body_of(given)
        except ValueError as exc:
            raise typer.BadParameter(str(exc)) from exc
        job = platform.jobs.create_from(body)
        typer.echo(told.say("Job {name} created ({id}).", name=job.name, id=job.id))
        if quiet:
            return
        ended = follow_to_end(platform, told, job, log=stdout_bytes())
        print_result(told, ended)
        raise typer.Exit(result_code(ended))


def _merged(told: Globals, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    try:
        return merged(*parts)
    except ValueError as exc:
        raise typer.BadParameter(
            told.say("{key} is not an option of `ma-cli ma-job submit`.", key=str(exc))
        ) from exc


@ma_job.command("get-job", help="Get job details.", context_settings=_HELP)
def get_job(
    ctx: typer.Context,
    job_id: JobIdOption = "",
    job_name: Annotated[
        str, typer.Option("--job-name", "-n", help="Part of the job's name.", show_default=False)
    ] = "",
    page_num: Annotated[int, typer.Option("--page-num", "-pn", min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option("--page-size", "-ps", min=1, max=50, help="How many.")] = 10,
    verbose: VerboseOption = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Print one job, or a page of jobs."""
    output = Format.JSON if verbose else None
    if job_id:
        jobs.show(ctx, job_id, output)
        return
    jobs.list_jobs(ctx, name=job_name, limit=page_size, offset=(page_num - 1) * page_size, output=output)


@ma_job.command("get-log", help="Get job log details.", context_settings=_HELP)
def get_log(
    ctx: typer.Context,
    job_id: JobIdOption,
    task_id: Annotated[str, typer.Option("--task-id", "-t", help="Which task of the job.")] = _FIRST_TASK,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Print a task's log."""
    logs(ctx, job_id, task_id)


@ma_job.command("get-event", help="Get job running event.", context_settings=_HELP)
def get_event(
    ctx: typer.Context,
    job_id: JobIdOption,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Print a job's events."""
    events(ctx, job_id)


@ma_job.command("get-engine", help="Get job engines.", context_settings=_HELP)
def get_engine(
    ctx: typer.Context,
    verbose: VerboseOption = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Print all engines."""
    offers.list_engines(ctx, Format.JSON if verbose else None)


@ma_job.command("get-flavor", help="Get job flavors.", context_settings=_HELP)
def get_flavor(
    ctx: typer.Context,
    flavor_type: Annotated[
        str,
        typer.Option(
            "--flavor-type", "-t", metavar="CPU|GPU|Ascend", help="Only this type.", show_default=False
        ),
    ] = "",
    verbose: VerboseOption = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Print all flavors, or those of one type."""
    offers.list_flavors(ctx, kind=flavor_type, output=Format.JSON if verbose else None)


@ma_job.command("get-pool", help="Get pools.", context_settings=_HELP)
def get_pool(
    ctx: typer.Context,
    verbose: VerboseOption = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Print all pools."""
    pools.list_pools(ctx, Format.JSON if verbose else None)


@ma_job.command("stop", help="Stop training job by job id.", context_settings=_HELP)
def stop(
    ctx: typer.Context,
    job_id: JobIdOption,
    yes: YesOption = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Ask for the stop."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_job(platform, job_id)
        confirm(told, told.say("Stop job {name}?", name=found.name), yes=yes)
    jobs.stop(ctx, found.id)


@ma_job.command("delete", help="Delete training job by job id.", context_settings=_HELP)
def delete(
    ctx: typer.Context,
    job_id: JobIdOption,
    yes: YesOption = False,
    config_file: ConfigOption = None,
    debug: DebugOption = False,
    profile: ProfileOption = None,
) -> None:
    """Delete it."""
    job_more.delete(ctx, [job_id], yes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, which is that of `trainwright`'s command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run_program(app, PROGRAM, given, pick_language([]))


if __name__ == "__main__":
    sys.exit(main())
