"""`trainwright job follow|logs|events|tasks`: what happens to a job."""

import json
import sys
from collections.abc import Iterable
from typing import Annotated, BinaryIO

import typer
from rich.cells import set_cell_size

from trainwright.cli.display import (
    duration_text,
    level_cell,
    print_model,
    print_table,
    size_text,
    time_text,
)
from trainwright.cli.log_lines import print_matches, print_merged
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument, TaskOption
from trainwright.cli.watching import follow_to_end, print_result, result_code, stdout_bytes
from trainwright.cli.words import LEVELS, TASK_STATES, TASK_STEPS, code_of, word
from trainwright.client import ApiError, Client, EventItem

_LINES_PER_PAGE = 500
_NO_LOG_YET = "ModelArts.2818"
_FOLLOW_HELP = "Go on until the end."


def follow(ctx: typer.Context, job: JobArgument) -> None:
    """Watch a job from its beginning to its end."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        ended = follow_to_end(platform, told, find_job(platform, job), log=stdout_bytes())
    print_result(told, ended)
    raise typer.Exit(result_code(ended))


def logs(
    ctx: typer.Context,
    job: JobArgument,
    task: TaskOption = "worker-0",
    follow: Annotated[bool, typer.Option("--follow", "-f", help=_FOLLOW_HELP)] = False,
    tail: Annotated[
        int | None, typer.Option(min=0, help="Only the last lines, so many.", show_default=False)
    ] = None,
    attempt: Annotated[
        int | None, typer.Option(min=1, help="Which attempt; the latest by default.", show_default=False)
    ] = None,
    search: Annotated[
        str, typer.Option(metavar="TEXT", help="Only lines that contain this text.", show_default=False)
    ] = "",
    regex: Annotated[
        bool, typer.Option("--regex", help="The text is a regular expression (RE2 syntax).")
    ] = False,
    errors: Annotated[bool, typer.Option("--errors", help="Only lines that tell of errors.")] = False,
    all_tasks: Annotated[
        bool, typer.Option("--all-tasks", help="Lines of all tasks in the order they came.")
    ] = False,
) -> None:
    """Print the log's bytes as they are, or lines of it."""
    told = globals_of(ctx)
    finding = bool(search or errors)
    if tail is not None and attempt is not None and not all_tasks:
        raise typer.BadParameter(told.say("--tail and --attempt cannot be given together."))
    if (finding and (follow or tail is not None or all_tasks)) or (search and errors):
        raise typer.BadParameter(told.say("--search and --errors go with --task and --attempt only."))
    with open_platform(ctx) as platform:
        client, job_id = platform.client, find_job(platform, job).id
        out = stdout_bytes()
        if finding:
            print_matches(
                out, client, job_id, task, query=search, regex=regex, errors=errors, attempt=attempt
            )
            return
        if all_tasks:
            print_merged(out, client, job_id, tail=tail, follow=follow, attempt=attempt)
            return
        start = 0 if tail is None else _tail_start(client, job_id, task, tail, may_be_missing=follow)
        if follow:
            pieces = client.follow_log(job_id, task, offset=start, attempt=attempt)
        else:
            pieces = iter(()) if tail == 0 else client.read_log(job_id, task, attempt=attempt, start=start)
        _write(out, pieces)


def events(
    ctx: typer.Context,
    job: JobArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=_FOLLOW_HELP)] = False,
    level: Annotated[
        str | None, typer.Option(help="Only Info, Warning or Error.", show_default=False)
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Only those that contain this text.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    output: Output = None,
) -> None:
    """Print events, oldest first. Followed events come as lines, or as one JSON object per line."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        if follow:
            for update in found.updates():
                if isinstance(update, EventItem):
                    _print_event(told, update, chosen)
            return
        page = platform.client.list_events(
            found.id,
            offset=offset,
            limit=limit,
            order="asc",
            level=level and code_of(LEVELS, level),
            pattern=pattern,
        )
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    print_table(
        [told.say("TIME"), told.say("LEVEL"), told.say("EVENT")],
        [(event.time, level_cell(told, event.level), event.message) for event in page.events],
    )
    if page.total > offset + len(page.events):
        typer.echo(told.say("{shown} of {all} events", shown=len(page.events), all=page.total), err=True)


def tasks(ctx: typer.Context, job: JobArgument, output: Output = None) -> None:
    """Print the tasks of the latest attempt."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_job(platform, job).tasks()
    if chosen is not Format.TABLE:
        print_model(found, chosen)
        return
    names = ("TASK", "STATE", "STEP", "HOST", "STARTED", "DURATION", "EXIT CODE", "LOG", "REASON")
    print_table(
        [told.say(name) for name in names],
        [
            (
                item.task,
                word(TASK_STATES, item.state, told.language),
                word(TASK_STEPS, item.step, told.language),
                item.host or item.ip,
                time_text(item.start_time),
                duration_text(item.end_time - item.start_time) if item.end_time else "",
                "" if item.exit_code is None else str(item.exit_code),
                size_text(item.log_size),
                item.reason_message,
            )
            for item in found
        ],
        right=(6, 7),
    )


def _write(out: BinaryIO, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        out.write(piece)
        out.flush()


def _tail_start(client: Client, job_id: str, task: str, count: int, *, may_be_missing: bool) -> int:
    """The byte at which the last `count` lines begin."""
    base = None
    try:
        while True:
            asked = max(1, min(count, _LINES_PER_PAGE))
            page = client.read_log_lines(job_id, task, base_line=base, lines=asked, order="desc")
            if count == 0:
                return int(page.end_line)
            count -= page.lines
            base = page.start_line
            if count <= 0 or not page.lines or int(base) == 0:
                return int(base)
    except ApiError as exc:
        if may_be_missing and exc.error_code == _NO_LOG_YET:
            return 0
        raise


def _print_event(told: Globals, event: EventItem, output: Format) -> None:
    if output is Format.TABLE:
        level = set_cell_size(word(LEVELS, event.level, told.language), 7)
        typer.echo(f"{event.time}  {level}  {event.message}")
    else:
        sys.stdout.write(json.dumps(event.model_dump(exclude_unset=True), ensure_ascii=False) + "\n")
        sys.stdout.flush()
