"""`trainwright node …` and `trainwright job stacks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.completion import complete_pools
from trainwright.cli.display import print_model, print_table, time_text
from trainwright.cli.failures import EXIT_FAILED, ClientGroup
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument
from trainwright.cli.words import NODE_PHASES, NODE_REASONS, word

if TYPE_CHECKING:
    from trainwright.wire.nodes import NodeItem, NodesLockResponse

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Nodes of pools.")

PoolOption = Annotated[
    str,
    typer.Option("--pool", help="Id of the pool; the public one by default.", autocompletion=complete_pools),
]
NamesArgument = Annotated[
    list[str], typer.Argument(metavar="NODE...", help="Names of nodes.", show_default=False)
]
PUBLIC = "pool-public"
_ISOLATED = "trainwright.isolated/"


@app.command("list", help="List the nodes of a pool, and why some are out of use.")
def list_nodes(ctx: typer.Context, pool: PoolOption = PUBLIC, output: Output = None) -> None:
    """Print all pages."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    items: list[NodeItem] = []
    with open_platform(ctx) as platform:
        after = ""
        while True:
            page = platform.client.list_nodes(pool, after=after or None)
            items += page.items
            after = page.metadata.continue_ or ""
            if not after:
                break
    if chosen is not Format.TABLE:
        print_model(items, chosen)
        return
    names = ("NODE", "PHASE", "ADDRESS", "CPUS", "MEMORY", "OUT OF USE", "SINCE", "BY")
    print_table([told.say(name) for name in names], [_row(told, item) for item in items], right=(3, 4))


def _row(told: Globals, item: NodeItem) -> tuple[str, ...]:
    out = {key.removeprefix(_ISOLATED): value for key, value in item.metadata.annotations.items()}
    because = word(NODE_REASONS, out.get("reason", ""), told.language)
    why = ": ".join(part for part in (because, out.get("detail", "")) if part)
    ready = next((each for each in item.status.conditions if each.type == "Ready"), None)
    if not why and ready is not None and ready.status != "True":
        why = ready.message
    free, size = item.status.available_resources, item.status.resources
    amounts = [f"{free.get(key, '')} / {size.get(key, '')}" for key in ("cpu", "memory")]
    by = out.get("by") or out.get("job", "")
    phase = word(NODE_PHASES, item.status.phase, told.language)
    return (
        item.metadata.name, phase, item.status.private_ip, *amounts, why, out.get("since", ""), by
    )  # fmt: skip


@app.command("lock", help="Take nodes out of use: nothing more is started on them.")
def lock_nodes(
    ctx: typer.Context,
    names: NamesArgument,
    pool: PoolOption = PUBLIC,
    reason: Annotated[str, typer.Option(help="Why, for whoever finds them locked.", show_default=False)] = "",
    output: Output = None,
) -> None:
    """Print what became of each."""
    with open_platform(ctx) as platform:
        answer = platform.client.lock_nodes(pool, names, reason=reason)
    told = globals_of(ctx)
    _print_results(told, answer, format_of(ctx, output), done=told.say("locked"))


@app.command("unlock", help="Return nodes that were locked, or isolated after a fault.")
def unlock_nodes(
    ctx: typer.Context, names: NamesArgument, pool: PoolOption = PUBLIC, output: Output = None
) -> None:
    """Print what became of each."""
    with open_platform(ctx) as platform:
        answer = platform.client.unlock_nodes(pool, names)
    told = globals_of(ctx)
    _print_results(told, answer, format_of(ctx, output), done=told.say("returned"))


def _print_results(told: Globals, answer: NodesLockResponse, chosen: Format, *, done: str) -> None:
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
    else:
        for each in answer.nodes:
            status = done if each.status == "success" else told.say("not in this pool")
            typer.echo(told.say("Node {name}: {status}", name=each.name, status=status))
    if any(each.status != "success" for each in answer.nodes):
        raise typer.Exit(EXIT_FAILED)


def stacks(
    ctx: typer.Context,
    job: JobArgument,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many.")] = 10,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    output: Output = None,
) -> None:
    """Print one page of dumps, each under a line that says of what it is."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_stacks(find_job(platform, job).id, offset=offset, limit=limit)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    if not page.stacks:
        typer.echo(told.say("No stacks are stored."), err=True)
    for dump in page.stacks:
        typer.echo(f"== {dump.task} #{dump.number} ({dump.attempt}) {time_text(dump.time)}")
        typer.echo(dump.text)
