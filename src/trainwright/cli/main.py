"""`trainwright`: the program's entry. Exit codes: 0 done, 1 failed here, 2 usage, 3 refused by the server, 4 no server;
`job create --follow` has those of the job (docs/reference/cli.md).
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from typer.main import get_command

from trainwright.cli.bash_words import whole_words
from trainwright.cli.lazy import LazyGroup, localise
from trainwright.cli.options import Format, Globals
from trainwright.cli.texts import pick_language, translate
from trainwright.cli.usage import reword

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141
_ANYWHERE = ("--endpoint", "--project", "--token", "--language")

app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train models on your own machines, with the ModelArts training contract.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trainwright {version('trainwright')}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    endpoint: Annotated[str, typer.Option(help="Address of the server.", show_default=False)] = "",
    project: Annotated[str, typer.Option(help="Id of the project.", show_default=False)] = "",
    token: Annotated[
        str,
        typer.Option(
            help="Token of the user. Others on this machine can see it; prefer `trainwright login`.",
            show_default=False,
        ),
    ] = "",
    output: Annotated[Format, typer.Option("--output", "-o", help="How to print answers.")] = Format.TABLE,
    language: Annotated[
        str, typer.Option(help="Language of all texts: zh-cn or en-us.", show_default=False)
    ] = "",
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    chosen = pick_language(["--language", language] if language else [])
    ctx.obj = Globals(language=chosen, output=output, endpoint=endpoint, project_id=project, token=token)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Never ends in a traceback for what a user can cause."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run_program(app, "trainwright", hoist(given), pick_language(given))


def run_program(program: typer.Typer, name: str, arguments: Sequence[str], language: str) -> int:
    """Run one command of `program` and return its exit code, as `main` does."""
    command = get_command(program)
    localise(command, language)
    try:
        # The language has to be known before options are parsed: `--help` is answered first.
        with whole_words(os.environ):
            code = command.main(
                list(arguments), prog_name=name, standalone_mode=False, obj=Globals(language=language)
            )
        sys.stdout.flush()
    except typer.TyperException as exc:
        return _show_usage(exc, language)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo(translate(language, "Interrupted."), err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left: nothing more to say, also not while the interpreter closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    return code if isinstance(code, int) else 0


def hoist(arguments: Sequence[str]) -> list[str]:
    """`arguments` with the program-wide options moved to the front, so that they may be given anywhere."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            return [*front, *rest, argument, *waiting]
        if argument in _ANYWHERE and waiting:
            front += [argument, waiting.pop(0)]
        elif argument.startswith(tuple(f"{name}=" for name in _ANYWHERE)):
            front.append(argument)
        else:
            rest.append(argument)
    return [*front, *rest]


def _show_usage(error: typer.TyperException, language: str) -> int:
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if not message:  # no arguments at all: the help was the answer
        return EXIT_USAGE
    typer.echo(translate(language, "Error: {message}", message=reword(language, message)), err=True)
    if context is not None:
        path = context.command_path
        typer.echo(translate(language, "See `{path} --help`.", path=path), err=True)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
