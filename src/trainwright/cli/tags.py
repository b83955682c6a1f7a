"""`trainwright tag …`: the tags in use, and the jobs that have them. `job tag` puts them."""

from typing import Annotated

import typer

from trainwright.cli.display import print_model, print_page, print_table
from trainwright.cli.failures import ClientGroup
from trainwright.cli.job_extras import tag_values
from trainwright.cli.options import Format, LimitOption, OffsetOption, Output, format_of, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Tags of jobs.")


@app.command("list", help="List the keys in use, each with its values.")
def list_tags(
    ctx: typer.Context, limit: LimitOption = 50, offset: OffsetOption = 0, output: Output = None
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_tags(limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("KEY", "VALUES")
    rows = [(item.key, ", ".join(item.values)) for item in page.tags]
    print_page(told, [told.say(name) for name in names], rows, total=page.total_count, offset=offset)


@app.command("jobs", help="List the jobs with these tags, newest first.")
def jobs(
    ctx: typer.Context,
    tags: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY[=VALUE]", help="Tags that the jobs have, all of them.", show_default=False
        ),
    ] = None,
    without: Annotated[bool, typer.Option("--without", help="Jobs without any tag.")] = False,
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page. A key that is given with several values: one of them."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    wanted: dict[str, list[str]] = {}
    for text in tags or []:
        key, equals, value = text.partition("=")
        wanted.setdefault(key, []).extend([value] if equals else [])
    body: dict[str, object] = {"tags": [{"key": key, "values": values} for key, values in wanted.items()]}
    if without:
        body["without_any_tag"] = True
    with open_platform(ctx) as platform:
        page = platform.client.find_tagged_jobs(body, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("NAME", "TAGS", "ID")
    rows = [
        (item.resource_name, _text({tag.key: tag.value for tag in item.tags}), item.resource_id)
        for item in page.resources
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.total_count, offset=offset)


def tag(
    ctx: typer.Context,
    job: JobArgument,
    tags: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Tags to put; none: show them.", show_default=False),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="KEY", help="Tag to take away; repeatable.", show_default=False),
    ] = None,
    output: Output = None,
) -> None:
    """Put and take away tags; print all the job has then."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    given = tag_values(tags or ())
    with open_platform(ctx) as platform:
        found = find_job(platform, job)
        if remove:
            platform.client.remove_job_tags(found.id, remove)
        if given:
            platform.client.put_job_tags(found.id, given)
        answer = platform.client.list_job_tags(found.id)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("KEY", "VALUE")
    print_table([told.say(name) for name in names], [(item.key, item.value) for item in answer.tags])


def _text(tags: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" if value else key for key, value in tags.items())
