"""`trainwright job …`."""

import time
from typing import Annotated

import typer

from trainwright.cli import job_create, job_metrics, job_more, job_shell, job_watch, models, nodes, tags
from trainwright.cli.completion import complete_experiments, complete_workspaces
from trainwright.cli.display import (
    Cell,
    age_text,
    duration_text,
    phase_cell,
    print_data,
    print_fields,
    print_model,
    print_table,
    time_text,
)
from trainwright.cli.failures import ClientGroup
from trainwright.cli.finding import find_experiment, workspace_id
from trainwright.cli.job_extras import tag_values
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument
from trainwright.cli.words import PHASES, code_of
from trainwright.client import JobResponse, JobSearch, SearchFilter
from trainwright.wire.job_search import SearchTag

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Training jobs.")
app.command("create", help="Create a job.")(job_create.create)
app.command(
    "preview",
    help="Print what a job would run: command, folder and variables of its tasks. A code folder here is uploaded.",
)(job_create.preview)


@app.command("list", help="List jobs, newest first.")
def list_jobs(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Only those whose name contains this.", show_default=False)] = "",
    phase: Annotated[
        list[str] | None,
        typer.Option(help="Only those in this phase; repeatable.", show_default=False),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="K[=V]", help="Only those with this tag; repeatable.", show_default=False),
    ] = None,
    experiment: Annotated[
        str,
        typer.Option(
            metavar="EXPERIMENT",
            help="Only those of this experiment.",
            show_default=False,
            autocompletion=complete_experiments,
        ),
    ] = "",
    workspace: Annotated[
        str,
        typer.Option(
            metavar="WORKSPACE",
            help="Only those of this workspace.",
            show_default=False,
            autocompletion=complete_workspaces,
        ),
    ] = "",
    user: Annotated[
        str, typer.Option(metavar="USER", help="Only those of this user.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    sort: Annotated[str, typer.Option(help="What to sort by.")] = "create_time",
    order: Annotated[str, typer.Option(help="desc or asc.")] = "desc",
    output: Output = None,
) -> None:
    """Print one page of jobs."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    filters = []
    if name:
        filters.append(SearchFilter(key="name", operator="like", value=[name]))
    if phase:
        filters.append(
            SearchFilter(key="phase", operator="in", value=[code_of(PHASES, each) for each in phase])
        )
    if user:
        filters.append(SearchFilter(key="user_name", operator="in", value=[user]))
    tags = [
        SearchTag(key=key, values=[value] if value else None) for key, value in tag_values(tag or ()).items()
    ]
    with open_platform(ctx) as platform:
        if experiment:
            found = find_experiment(told, platform.client, experiment).metadata.id
            filters.append(SearchFilter(key="experiment_id", operator="in", value=[found]))
        page = platform.client.search_jobs(
            JobSearch(
                offset=offset,
                limit=limit,
                sort_by=sort,
                order=order,
                filters=filters,
                tags=tags or None,
                workspace_id=workspace_id(told, platform.client, workspace) or None,
            )
        )
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    now_ms = int(time.time() * 1000)
    names = ("NAME", "PHASE", "CREATED", "DURATION", "NODES", "FLAVOR")
    print_table(
        [told.say(name) for name in names],
        [
            (
                job.metadata.name,
                phase_cell(told, job.status.phase),
                age_text(told, job.metadata.create_time, now_ms),
                duration_text(job.status.duration),
                str(job.spec.resource.node_count),
                job.spec.resource.flavor_id,
            )
            for job in page.items
        ],
        right=(4,),
    )
    if page.count > offset + len(page.items):
        typer.echo(told.say("{shown} of {all} jobs", shown=len(page.items), all=page.count), err=True)


@app.command("show", help="Show one job.")
def show(ctx: typer.Context, job: JobArgument, output: Output = None) -> None:
    """Print one job."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = find_job(platform, job).answer
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    _print_job(told, answer)


@app.command("stop", help="Stop a job.")
def stop(ctx: typer.Context, job: JobArgument, output: Output = None) -> None:
    """Ask for the stop; the job ends when its tasks have."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = find_job(platform, job).stop().answer
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    typer.echo(told.say("Stopping job {name}.", name=answer.metadata.name))


@app.command("describe", help="Change a job's description.")
def describe(
    ctx: typer.Context,
    job: JobArgument,
    text: Annotated[str, typer.Argument(help="The new description; empty removes it.", show_default=False)],
) -> None:
    """Change the description."""
    with open_platform(ctx) as platform:
        platform.client.describe_job(find_job(platform, job).id, text)


@app.command("priority", help="Change the priority of a job that waits.")
def priority(
    ctx: typer.Context,
    job: JobArgument,
    number: Annotated[
        int, typer.Argument(metavar="N", min=1, max=3, help="1 to 3, 3 is first.", show_default=False)
    ],
) -> None:
    """Change the priority."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        platform.client.prioritize_job(found.id, number)
    typer.echo(told.say("Job {name} has priority {number} now.", name=found.name, number=number))


@app.command("rebuild", help="Create another job from the same request.")
def rebuild(
    ctx: typer.Context,
    job: JobArgument,
    name: Annotated[
        str, typer.Option(help="Name of the new job; without it a free one.", show_default=False)
    ] = "",
    print_only: Annotated[
        bool,
        typer.Option("--print", help="Print the request, to be edited and given to `job create -f`."),
    ] = False,
    output: Output = None,
) -> None:
    """Create a copy, or print what would make it."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        if print_only:
            body = platform.client.job_request(found.id)
            body["metadata"]["name"] = name or body["metadata"]["name"]
            print_data(body, Format.JSON if chosen is Format.JSON else Format.YAML)
            return
        made = found.rebuild(name)
    if chosen is not Format.TABLE:
        print_model(made.answer, chosen)
        return
    typer.echo(told.say("Job {name} created ({id}).", name=made.name, id=made.id))


app.command(
    "follow",
    help="Show events and log until the job ends; exit with 0, its exit code, or 143 when it was stopped.",
)(job_watch.follow)
app.command("logs", help="Print a task's log.")(job_watch.logs)
app.command("events", help="Print a job's events.")(job_watch.events)
app.command("tasks", help="Print a job's tasks.")(job_watch.tasks)
app.command("checkpoints", help="List a job's checkpoints, newest first, each checked.")(models.checkpoints)
app.command(
    "stacks", help="Print the Python stacks stored when the job was suspected to hang, the newest first."
)(nodes.stacks)
app.command(
    "metrics",
    help="Print or draw what jobs report of themselves: losses, accuracies. Several jobs are compared.",
)(job_metrics.metrics)
app.command("usage", help="Print how much a task uses of its machine.")(job_metrics.usage)
app.command("stages", help="Print when a job was scheduled, prepared, running and ended.")(job_more.stages)
app.command("tag", help="Put tags on a job, take them away, or show them.")(tags.tag)
app.command("link", help="Make a link to a task's log that needs no log-in.")(job_more.link)
app.command("links", help="List the links to a job's logs that still open.")(job_more.links)
app.command("unlink", help="Make a link to a log open nothing any more.")(job_more.unlink)
app.command("delete", help="Delete ended jobs with their events and logs. What they wrote to buckets stays.")(
    job_more.delete
)
app.command(
    "shell",
    cls=job_shell.ShellCommand,
    help="Open a shell in a running task, or run what stands behind `--` there; exit with its exit code.",
)(job_shell.shell)


def _kept(told: Globals, job: JobResponse) -> str:
    """How long the environment of a failed job can still be looked at; empty unless it is kept."""
    if job.status.secondary_phase != "Reserved":
        return ""
    left = duration_text(job.status.retention_time or 0)
    return told.say("kept for {left} yet; see `job shell`, `job stop`", left=left)


def _print_job(told: Globals, job: JobResponse) -> None:
    status, algorithm = job.status, job.algorithm
    engine = algorithm.get("engine") or {}
    note = status.pending_message or status.reason_message  # also why a running job is suspected to hang
    codes = ", ".join(f"{item.task}: {item.exit_code}" for item in status.task_statuses)
    fields: list[tuple[str, Cell]] = [
        (told.say("Name"), job.metadata.name),
        (told.say("Id"), job.metadata.id),
        (told.say("Phase"), phase_cell(told, status.phase)),
        (told.say("Because"), note),
        (told.say("What to do"), status.reason_advice),
        (told.say("Expected start"), time_text(status.pending.starts_at if status.pending else 0)),
        (told.say("Environment"), _kept(told, job)),
        (told.say("Attention"), status.attention),
        (told.say("Created"), time_text(job.metadata.create_time)),
        (told.say("Started"), time_text(status.start_time)),
        (told.say("Ended"), time_text(status.end_time)),
        (told.say("Duration"), duration_text(status.duration)),
        (told.say("Attempt"), str(status.attempt) if status.attempt > 1 else ""),
        (told.say("Exit codes"), codes),
        (told.say("User"), job.metadata.user_name),
        (told.say("Description"), job.metadata.description),
        (told.say("Code"), _text(algorithm.get("code_dir"))),
        (told.say("Boot file"), _text(algorithm.get("boot_file"))),
        (told.say("Command"), _text(algorithm.get("command"))),
        (told.say("Engine"), _text(engine.get("engine_id") if isinstance(engine, dict) else "")),
        (told.say("Flavor"), f"{job.spec.resource.node_count} × {job.spec.resource.flavor_id}"),
    ]
    for title, key in ((told.say("Input"), "inputs"), (told.say("Output"), "outputs")):
        for channel in algorithm.get(key) or []:
            place = ((channel.get("remote") or {}).get("obs") or {}).get("obs_url") or ""
            fields.append((title, f"{channel.get('name')} = {place}"))
    for parameter in algorithm.get("parameters") or []:
        fields.append((told.say("Parameter"), f"{parameter.get('name')} = {parameter.get('value')}"))
    print_fields(fields)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
