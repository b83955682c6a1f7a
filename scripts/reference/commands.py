"""docs/reference/cli.md: every command with its arguments and options."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from typer import Context
from typer.main import get_command

from scripts.reference.markdown import code, page, table
from trainwright.cli import ma_cli
from trainwright.cli.examples import EXAMPLES, Example
from trainwright.cli.main import app

INTRODUCTION = """
`trainwright` talks to the server over the REST API and nothing else. It finds a server of the same user on the same
machine by itself; for others there is `trainwright login`. `--endpoint`, `--project`, `--token` and `--language` may
stand anywhere. Texts are Chinese when `--language`, `TRAINWRIGHT_LANGUAGE` or the locale says so.
`trainwright --install-completion` sets up the shell. More in [how to use the command line](../howto/use-the-cli.md).

Exit codes: 0 done, 1 failed here, 2 wrong usage, 3 refused by the server, 4 no server, 130 interrupted. `job create
--follow` ends with the job's result.
"""
PROGRAM = "trainwright"


@dataclass(frozen=True, slots=True)
class Command:
    """One command that does something. `rows` describe its arguments and options: name, default, meaning."""

    path: str
    usage: str
    help: str
    options: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]
    examples: tuple[Example, ...] = ()


def all_commands() -> Iterator[Command]:
    """The programs themselves, then every command of theirs, in the order the help shows them."""
    for program, name in ((app, PROGRAM), (ma_cli.app, ma_cli.PROGRAM)):
        root = get_command(program)
        yield from _walk(root, Context(root, info_name=name))


def cli_page() -> str:
    """One section a command."""
    parts = [INTRODUCTION]
    for command in all_commands():
        parts += [f"## `{command.path}`", command.help, f"```\n{command.usage}\n```"]
        if command.rows:
            parts.append(table(("Argument or option", "Default", "Meaning"), command.rows))
        if command.examples:
            parts.append(_examples(command.examples))
    return page("Command line", *parts)


def _walk(command: Any, context: Context) -> Iterator[Command]:
    yield _command(command, context)
    if not hasattr(command, "list_commands"):
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        yield from _walk(child, Context(child, info_name=name, parent=context))


def _command(command: Any, context: Context) -> Command:
    rows = [_row(param) for param in command.params if not getattr(param, "hidden", False)]
    return Command(
        path=context.command_path,
        usage=command.get_usage(context).removeprefix("Usage: ").strip(),
        help=(command.help or "").split("\f")[0].strip(),
        options=tuple(name for param in command.params for name in param.opts if name.startswith("--")),
        rows=tuple(rows),
        examples=tuple(EXAMPLES.get(context.command_path.removeprefix(PROGRAM).strip(), ())),
    )


def _examples(examples: Sequence[Example]) -> str:
    lines = [line for about, typed in examples for line in ([f"# {about}"] if about else []) + [typed]]
    return "```bash\n" + "\n".join(lines) + "\n```"


def _row(param: Any) -> tuple[str, str, str]:
    is_option = param.param_type_name == "option"
    shown = (
        ", ".join([*param.opts, *param.secondary_opts]) if is_option else param.metavar or param.name.upper()
    )
    default = param.default
    plain = default is None or default is False or callable(default) or default in ("", (), [])
    return code(shown), "" if plain else code(str(getattr(default, "value", default))), param.help or ""
