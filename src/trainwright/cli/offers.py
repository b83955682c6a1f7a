"""`trainwright engine|flavor|backend`: what is on offer."""

from typing import Annotated

import typer

from trainwright.cli.display import print_fields, print_model, print_table
from trainwright.cli.failures import ClientGroup
from trainwright.cli.options import Format, Output, format_of, globals_of
from trainwright.cli.session import open_platform

engines = typer.Typer(
    cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Preset AI frameworks."
)
flavors = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Sizes of nodes.")
backends = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Where jobs run.")


@engines.callback()
def _engines() -> None:
    pass  # a group stays a group with one command


@engines.command("list", help="List the engines.")
def list_engines(ctx: typer.Context, output: Output = None) -> None:
    """Print all engines."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_engines()
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    print_table(
        [told.say("ENGINE"), told.say("NAME"), told.say("VERSION"), told.say("DESCRIPTION")],
        [(item.engine_id, item.engine_name, item.engine_version, item.description) for item in answer.items],
    )


@flavors.callback()
def _flavors() -> None:
    pass  # as above


@flavors.command("list", help="List the flavors.")
def list_flavors(
    ctx: typer.Context,
    kind: Annotated[
        str, typer.Option("--type", metavar="CPU|GPU|Ascend", help="Only this type.", show_default=False)
    ] = "",
    output: Output = None,
) -> None:
    """Print all flavors, or those of one type."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_flavors(kind or None)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    rows = []
    for item in answer.flavors:
        node = item.flavor_info
        accelerators = ""
        if node.gpu is not None:
            accelerators = f"{node.gpu.unit_num} × {node.gpu.product_name}"
        elif node.npu is not None:
            accelerators = f"{node.npu.unit_num} × {node.npu.product_name}"
        memory = f"{node.memory.size} {node.memory.unit}"
        rows.append((item.flavor_id, str(node.cpu.core_num), memory, accelerators, str(item.max_num)))
    names = ("FLAVOR", "CPUS", "MEMORY", "ACCELERATORS", "MAX NODES")
    print_table([told.say(name) for name in names], rows, right=(1, 2, 4))


@backends.callback()
def _backends() -> None:
    pass  # as above


@backends.command("show", help="Show the backend, what is free on it and which launcher is in force.")
def show_backend(ctx: typer.Context, output: Output = None) -> None:
    """Print every backend."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.list_backends()
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    for item in answer.backends:
        accelerators = f"{item.free.accelerators} / {item.total.accelerators} {item.total.accelerator_kind}"
        print_fields(
            [
                (told.say("Backend"), item.name),
                (told.say("Launcher"), item.launcher),
                (told.say("Because"), item.launcher_note),
                (told.say("CPUs free"), f"{item.free.cpus:g} / {item.total.cpus:g}"),
                (told.say("Memory free"), f"{item.free.memory_mib} / {item.total.memory_mib} MiB"),
                (told.say("Accelerators free"), accelerators if item.total.accelerators else ""),
                (told.say("Jobs running"), str(item.running)),
                (told.say("Jobs queued"), str(item.queued)),
            ]
        )
