"""`trainwright job metrics` and `job usage`: what jobs report of themselves, and what they use."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trainwright.cli.display import make_console, print_data, print_model, print_table
from trainwright.cli.options import Format, Globals, Output, format_of, globals_of
from trainwright.cli.plot import Look, Series, draw
from trainwright.cli.session import find_job, open_platform
from trainwright.cli.targets import JobArgument, JobsArgument, TaskOption

if TYPE_CHECKING:
    from trainwright.wire.training_metrics import TrainingMetricsResponse, TrainingSeries

_LAST = 12
_PLOT_POINTS = 1000
_ALL_ATTEMPTS = 0


def metrics(
    ctx: typer.Context,
    jobs: JobsArgument,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", "-n", help="Only this metric; repeatable.", show_default=False),
    ] = None,
    task: Annotated[str, typer.Option("--task", "-t", help="Only this task.", show_default=False)] = "",
    attempt: Annotated[
        int | None,
        typer.Option(
            min=_ALL_ATTEMPTS, help="Which attempt; 0: all. The latest by default.", show_default=False
        ),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw them, one picture for each metric.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Draw with a logarithmic axis.")] = False,
    height: Annotated[int, typer.Option(min=4, max=100, help="Lines of a picture.")] = 16,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
    output: Output = None,
) -> None:
    """Print, or draw, the series of one or several jobs."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    found: list[tuple[str, TrainingMetricsResponse]] = []
    with open_platform(ctx) as platform:
        for text in jobs:
            job = find_job(platform, text)
            answer = platform.client.show_training_metrics(
                job.id,
                task=task or None,
                name=name[0] if name and len(name) == 1 else None,
                attempt=attempt,
                max_points=_PLOT_POINTS,
            )
            found.append((job.name, answer))
    if chosen is not Format.TABLE:
        plain = [_plain(answer, name) for _, answer in found]
        print_data(plain[0] if len(plain) == 1 else plain, chosen)
        return
    series = [(job, each) for job, answer in found for each in answer.series if not name or each.name in name]
    if not series:
        typer.echo(told.say("No metrics are reported."), err=True)
    elif plot:
        _draw(series, height=height, log=log, ascii_only=ascii_only)
    else:
        _print(told, series, several=len(jobs) > 1)


def usage(ctx: typer.Context, job: JobArgument, task: TaskOption = "worker-0", output: Output = None) -> None:
    """Print the newest, mean and highest value of every metric."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        answer = platform.client.show_metrics(find_job(platform, job).id, task)
    if chosen is not Format.TABLE:
        print_model(answer, chosen)
        return
    rows = []
    for series in answer.metrics:
        values = [value for value in series.value if value >= 0]  # -1: no sample
        if values:
            mean = sum(values) / len(values)
            last = "  ".join(f"{value:g}" for value in (round(value, 1) for value in series.value[-_LAST:]))
            rows.append((series.metric, f"{mean:.1f}", f"{max(values):.1f}", last))
    print_table(
        [told.say("METRIC"), told.say("MEAN"), told.say("HIGHEST"), told.say("LAST MINUTES")],
        rows,
        right=(1, 2),
    )


def _plain(answer: TrainingMetricsResponse, names: Sequence[str] | None) -> dict[str, Any]:
    """As the server says it: what is no number in JSON is a text."""
    plain: dict[str, Any] = json.loads(answer.model_dump_json(exclude_unset=True))
    if names:
        plain["series"] = [each for each in plain["series"] if each["name"] in names]
    return plain


def _print(told: Globals, series: Sequence[tuple[str, TrainingSeries]], *, several: bool) -> None:
    names = ("JOB", "METRIC", "TASK", "ATTEMPT", "TRAINING STEP", "LAST", "LOWEST", "HIGHEST", "POINTS")
    rows = []
    for job, each in series:
        numbers = [value for value in each.values if not math.isnan(value)]
        rows.append(
            (
                job,
                each.name,
                each.task,
                str(each.attempt),
                str(each.steps[-1]) if each.steps else "",
                f"{each.values[-1]:.6g}" if each.values else "",
                f"{min(numbers):.6g}" if numbers else "",
                f"{max(numbers):.6g}" if numbers else "",
                str(each.total),
            )
        )
    first = 0 if several else 1
    print_table(
        [told.say(name) for name in names[first:]],
        [row[first:] for row in rows],
        right=[place - first for place in (3, 4, 5, 6, 7, 8)],
    )


def _draw(series: Sequence[tuple[str, TrainingSeries]], *, height: int, log: bool, ascii_only: bool) -> None:
    console = make_console()
    columns = console.width if console.is_terminal else int(os.environ.get("COLUMNS") or 80)
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    look = Look(
        width=max(30, columns),
        height=height,
        colour=console.is_terminal and not console.no_color,
        unicode=not ascii_only and encoding.startswith("utf") and os.environ.get("TERM") != "dumb",
        log=log,
    )
    jobs = {job for job, _ in series}
    tasks = {each.task for _, each in series}
    attempts = {each.attempt for _, each in series}
    for title in dict.fromkeys(each.name for _, each in series):
        lines = []
        for job, each in series:
            if each.name != title:
                continue
            told_apart = (
                job if len(jobs) > 1 else "",
                each.task if len(tasks) > 1 or len(jobs) == 1 else "",
                f"#{each.attempt}" if len(attempts) > 1 else "",
            )
            label = " ".join(part for part in told_apart if part)
            lines.append(Series(label, list(zip(each.steps, each.values, strict=True))))
        for line in draw(title, lines, look):
            console.print(line, crop=False)
        console.print()
