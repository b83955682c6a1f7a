"""`trainwright job stages|link|links|unlink|delete`: what is beside a job."""

from datetime import datetime
from typing import Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.display import print_model, print_page, print_table, time_text, yes_no
from trainwright.cli.options import Format, LimitOption, OffsetOption, Output, format_of, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument, JobsArgument, TaskOption
from trainwright.cli.texts import ZH
from trainwright.cli.words import STAGES, word

_TOGETHER = 100


def stages(ctx: typer.Context, job: JobArgument, output: Output = None) -> None:
    """Print when each stage of each attempt began and ended."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_stages(find_job(platform, job).id)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("ATTEMPT", "STAGE", "STARTED", "ENDED", "STATE")
    rows = [
        (
            str(record.record_order),
            word(STAGES, stage.name, told.language),
            _local(stage.start_time),
            _local(stage.end_time),
            stage.zh_message if told.language == ZH else stage.en_message,
        )
        for record in answer.running_records
        for stage in record.stages
    ]
    print_table([told.say(name) for name in names], rows, right=(0,))


def _local(iso: str) -> str:
    return time_text(int(datetime.fromisoformat(iso).timestamp() * 1000)) if iso else ""


def link(
    ctx: typer.Context,
    job: JobArgument,
    task: TaskOption = "worker-0",
    download: Annotated[bool, typer.Option("--download", help="A link that saves a file.")] = False,
    output: Output = None,
) -> None:
    """Print a link that anyone may open until it expires."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.share_log(find_job(platform, job).id, task, download=download)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    typer.echo(answer.obs_url)
    note = told.say("Anyone may open it until {time}.", time=time_text(answer.expire_time))
    typer.echo(note, err=True)


def links(
    ctx: typer.Context,
    job: JobArgument,
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page of the links that still open."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_log_links(find_job(platform, job).id, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("ID", "TASK", "ATTEMPT", "DOWNLOAD", "USER", "CREATED", "EXPIRES")
    rows = [
        (
            item.id,
            item.task,
            str(item.attempt),
            yes_no(told, item.download),
            item.user_name,
            time_text(item.create_time),
            time_text(item.expire_time),
        )
        for item in page.links
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.total, offset=offset, right=(2,))


def unlink(
    ctx: typer.Context,
    job: JobArgument,
    link_id: Annotated[
        str, typer.Argument(metavar="LINK", help="Id of the link, from the list.", show_default=False)
    ],
) -> None:
    """Make a link open nothing any more."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        platform.client.revoke_log_link(find_job(platform, job).id, link_id)
    typer.echo(told.say("{name} opens nothing any more.", name=link_id))


def delete(ctx: typer.Context, jobs: JobsArgument, yes: YesOption = False) -> None:
    """Delete one job, or several of a workspace at once: then all or none."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = {job.id: job for job in (find_job(platform, text) for text in jobs)}
        shown = ", ".join(job.name for job in found.values())
        confirm(told, told.say("Delete {name} with events and logs?", name=shown), yes=yes)
        ids = list(found)
        if len(ids) == 1:
            platform.client.delete_job(ids[0])
        else:
            for first in range(0, len(ids), _TOGETHER):
                platform.client.delete_jobs(ids[first : first + _TOGETHER])
    for job in found.values():
        typer.echo(told.say("Job {name} deleted.", name=job.name))
