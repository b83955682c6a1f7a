"""Arguments that name a job, with the names that Tab offers."""

from typing import Annotated

import typer

from trainwright.cli.completion import complete_jobs

JobArgument = Annotated[
    str,
    typer.Argument(
        metavar="JOB", help="Id or name of the job.", show_default=False, autocompletion=complete_jobs
    ),
]
JobsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB", help="Ids or names of jobs.", show_default=False, autocompletion=complete_jobs
    ),
]
TaskOption = Annotated[str, typer.Option("--task", "-t", help="Which task of the job.")]
