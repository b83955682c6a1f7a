"""`trainwright pool …`: shares of the machines that jobs run in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_flavors, complete_pools, complete_workspaces
from trainwright.cli.display import (
    Cell,
    duration_text,
    print_fields,
    print_model,
    print_page,
    print_table,
    yes_no,
)
from trainwright.cli.failures import ClientGroup
from trainwright.cli.files import named_numbers
from trainwright.cli.finding import find_pool, workspace_id
from trainwright.cli.nodes import list_nodes
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
from trainwright.cli.session import open_platform
from trainwright.cli.words import POOL_PHASES, word
from trainwright.wire.pools import DESCRIPTION, NAME_LABEL, WORKSPACE_LABEL, PoolItem

if TYPE_CHECKING:
    from trainwright.wire.nodes import MetricsItem

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Pools of nodes.")

PoolArgument = Annotated[
    str,
    typer.Argument(
        metavar="POOL", help="Id or name of the pool.", show_default=False, autocompletion=complete_pools
    ),
]
NodesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--nodes",
        metavar="FLAVOR=COUNT",
        help="So many nodes of a flavor; repeatable.",
        show_default=False,
        autocompletion=complete_flavors,
    ),
]
JobFlavorOption = Annotated[
    list[str] | None,
    typer.Option(
        "--job-flavor",
        metavar="FLAVOR",
        help="Only jobs of this flavor may go into it; repeatable.",
        show_default=False,
        autocompletion=complete_flavors,
    ),
]
PreemptionOption = Annotated[
    bool | None,
    typer.Option(
        "--preemption/--no-preemption",
        help="Whether jobs of higher priority may send others away.",
        show_default=False,
    ),
]


@app.command("list", help="List the public pool and the project's dedicated ones.")
def list_pools(ctx: typer.Context, output: Output = None) -> None:
    """Print all pools."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_pools()
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("POOL", "NAME", "PHASE", "NODES", "WORKSPACE")
    rows = [
        (
            item.metadata.name,
            item.metadata.labels.get(NAME_LABEL, ""),
            word(POOL_PHASES, item.status.phase, told.language),
            _nodes(item),
            item.metadata.labels.get(WORKSPACE_LABEL, ""),
        )
        for item in answer.items
    ]
    print_table([told.say(name) for name in names], rows)


@app.command("show", help="Show one pool, and how full it is.")
def show(ctx: typer.Context, pool: PoolArgument, output: Output = None) -> None:
    """Print one pool."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_pool(told, platform.client, pool)
        full = platform.client.show_pool_metrics().items if chosen is Format.TABLE else []
    _print(told, found, chosen, next((one for one in full if one.metadata.name == found.metadata.name), None))


@app.command("create", help="Give the project a pool of its own: so many nodes of a flavor.")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)],
    nodes: NodesOption = None,
    job_flavor: JobFlavorOption = None,
    preemption: PreemptionOption = None,
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
    output: Output = None,
) -> None:
    """Print what was made."""
    told = globals_of(ctx)
    labels = {NAME_LABEL: name}
    spec: dict[str, object] = {
        "type": "Dedicate",
        "scope": ["Train"],
        "resources": _resources(told, nodes),
        "jobFlavors": job_flavor or [],
    }
    if preemption is not None:
        spec["preemption"] = {"enabled": preemption}
    with open_platform(ctx) as platform:
        if workspace:
            labels[WORKSPACE_LABEL] = workspace_id(told, platform.client, workspace)
        notes = {} if description is None else {DESCRIPTION: description}
        metadata = {"labels": labels, "annotations": notes}
        made = platform.client.create_pool(
            {"apiVersion": "v2", "kind": "Pool", "metadata": metadata, "spec": spec}
        )
    _print(told, made, format_of(ctx, output), None)


@app.command("change", help="Change a pool's size, name or description. Nothing that runs is ended.")
def change(
    ctx: typer.Context,
    pool: PoolArgument,
    name: Annotated[str, typer.Option(help="The new name.", show_default=False)] = "",
    nodes: NodesOption = None,
    job_flavor: JobFlavorOption = None,
    preemption: PreemptionOption = None,
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what it is now."""
    told = globals_of(ctx)
    metadata: dict[str, object] = {}
    spec: dict[str, object] = {}
    if name:
        metadata["labels"] = {NAME_LABEL: name}
    if description is not None:
        metadata["annotations"] = {DESCRIPTION: description}
    if nodes:
        spec["resources"] = _resources(told, nodes)
    if job_flavor is not None:
        spec["jobFlavors"] = job_flavor
    if preemption is not None:
        spec["preemption"] = {"enabled": preemption}
    with open_platform(ctx) as platform:
        found = find_pool(told, platform.client, pool)
        changed = platform.client.change_pool(found.metadata.name, {"metadata": metadata, "spec": spec})
    _print(told, changed, format_of(ctx, output), None)


@app.command("delete", help="Give a pool's share back to the public pool.")
def delete(ctx: typer.Context, pool: PoolArgument, yes: YesOption = False) -> None:
    """Delete a pool without unfinished jobs."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_pool(told, platform.client, pool)
        shown = found.metadata.labels.get(NAME_LABEL) or found.metadata.name
        confirm(told, told.say("Delete pool {name}?", name=shown), yes=yes)
        platform.client.delete_pool(found.metadata.name)
    typer.echo(told.say("{name} deleted.", name=shown))


@app.command("nodes", help="List the nodes of a pool, and why some are out of use.")
def nodes(ctx: typer.Context, pool: PoolArgument, output: Output = None) -> None:
    """As `node list --pool`."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_pool(told, platform.client, pool)
    list_nodes(ctx, found.metadata.name, output)


@app.command("jobs", help="List your unfinished jobs in a pool.")
def jobs(
    ctx: typer.Context,
    pool: PoolArgument,
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        found = find_pool(told, platform.client, pool)
        page = platform.client.list_workloads(found.metadata.name, limit=limit, offset=offset)
        total = platform.client.count_workloads(found.metadata.name).statistics.total
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("JOB", "STATE", "PRIORITY", "PLACE", "WAITED", "RAN", "USER", "HOST")
    rows = [
        (
            item.job_name,
            item.status,
            item.priority,
            str(item.pending_position or ""),
            duration_text(item.pending_duration * 1000),
            duration_text(item.running_duration * 1000),
            item.user_name,
            item.host_ips,
        )
        for item in page.items
    ]
    print_page(told, [told.say(name) for name in names], rows, total=total, offset=offset, right=(3,))


@app.command("events", help="List what happened to pools, newest first.")
def events(
    ctx: typer.Context,
    pool: Annotated[
        str,
        typer.Argument(
            metavar="POOL",
            help="Id or name of the pool; all by default.",
            show_default=False,
            autocompletion=complete_pools,
        ),
    ] = "",
    limit: LimitOption = 20,
    output: Output = None,
) -> None:
    """Print the newest."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        name = find_pool(told, platform.client, pool).metadata.name if pool else ""
        answer = platform.client.list_pool_events(pool=name, limit=limit)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("TIME", "POOL", "EVENT")
    rows = [
        (item.last_timestamp, item.involved_object.get("name", ""), item.message) for item in answer.items
    ]
    print_table([told.say(name) for name in names], rows)


@app.command("flavors", help="List the flavors that pools can be made of.")
def flavors(ctx: typer.Context, output: Output = None) -> None:
    """Print all."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_resource_flavors(limit=500)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    names = ("FLAVOR", "CPUS", "MEMORY", "FITS YET")
    rows = [
        (
            item.metadata.name,
            item.spec.cpu,
            item.spec.memory,
            yes_no(told, "normal" in item.status.phase.values()),
        )
        for item in answer.items
    ]
    print_table([told.say(name) for name in names], rows, right=(1, 2))


def _resources(told: Globals, nodes: list[str] | None) -> list[dict[str, object]]:
    counts = named_numbers(told, "--nodes", nodes)
    return [{"flavor": flavor, "count": count, "maxCount": count} for flavor, count in counts.items()]


def _nodes(item: PoolItem) -> str:
    return ", ".join(f"{each.count} × {each.flavor}" for each in item.spec.resources)


def _print(told: Globals, item: PoolItem, chosen: Format, full: MetricsItem | None) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    fields: list[tuple[str, Cell]] = [
        (told.say("Pool"), item.metadata.name),
        (told.say("Name"), item.metadata.labels.get(NAME_LABEL, "")),
        (told.say("Phase"), word(POOL_PHASES, item.status.phase, told.language)),
        (told.say("Because"), item.status.message),
        (told.say("Description"), item.metadata.annotations.get(DESCRIPTION, "")),
        (told.say("Workspace"), item.metadata.labels.get(WORKSPACE_LABEL, "")),
        (told.say("Nodes"), _nodes(item)),
        (told.say("Flavors of jobs"), ", ".join(item.spec.job_flavors)),
        (told.say("Created"), item.metadata.creation_timestamp or ""),
    ]
    if full is not None:
        free, size = full.table.available.value, full.table.capacity.value
        fields += [
            (told.say("CPUs free"), f"{free.cpu} / {size.cpu}"),
            (told.say("Memory free"), f"{free.memory} / {size.memory}"),
            (told.say("Accelerators free"), f"{free.tnt004} / {size.tnt004}"),
            (told.say("Jobs running"), str(full.table.workload.allocated.sum)),
            (told.say("Jobs queued"), str(full.table.workload.queue.sum)),
        ]
    print_fields(fields)
