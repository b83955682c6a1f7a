"""Commands that are imported when they are called, and help texts in the user's language.

This is the one place where we import by name: `trainwright --version` and completion would otherwise wait half a
second for an HTTP client they do not need.
"""

import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from trainwright.cli.examples import EXAMPLES, Example, print_examples
from trainwright.cli.options import globals_of
from trainwright.cli.texts import EN, translate
from trainwright.cli.usage import help_words, usage_line

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "server": "trainwright.cli.server",
        "login": "trainwright.cli.login",
        "config": "trainwright.cli.config",
        "job": "trainwright.cli.jobs",
        "tag": "trainwright.cli.tags",
        "experiment": "trainwright.cli.experiments",
        "algorithm": "trainwright.cli.algorithms",
        "gallery": "trainwright.cli.gallery",
        "dataset": "trainwright.cli.datasets",
        "model": "trainwright.cli.models",
        "obs": "trainwright.cli.obs",
        "key": "trainwright.cli.credentials:keys",
        "token": "trainwright.cli.credentials:tokens",
        "user": "trainwright.cli.people:users",
        "role": "trainwright.cli.people:roles",
        "project": "trainwright.cli.people:projects",
        "audit": "trainwright.cli.audit",
        "workspace": "trainwright.cli.workspaces",
        "quota": "trainwright.cli.quotas",
        "engine": "trainwright.cli.offers:engines",
        "flavor": "trainwright.cli.offers:flavors",
        "backend": "trainwright.cli.offers:backends",
        "pool": "trainwright.cli.pools",
        "node": "trainwright.cli.nodes",
        "slurm": "trainwright.cli.slurm",
    }
)


class LazyGroup(TyperGroup):
    """The commands of `COMMANDS`: each a module with a Typer `app`, or `module:name`."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own public context
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # as above
        """The command, imported now; None when there is none of this name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        app: typer.Typer = getattr(importlib.import_module(module), attribute or "app")
        command = get_command(app)
        command.name = cmd_name
        localise(command, globals_of(ctx).language, cmd_name)
        return command

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]  # as above
        """As the base class, which suggests names from `commands`: give it ours."""
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # only the keys are read
        return super().resolve_command(ctx, args)


def localise(command: Any, language: str, path: str = "") -> None:
    """Put the help of `command`, its options and its sub-commands into `language`; add its examples.

    `path` is how it is called, without the program's name.
    """
    _speak(command, language, EXAMPLES.get(path, ()))
    if language != EN:
        for name in ("help", "short_help"):
            if getattr(command, name, None):
                setattr(command, name, translate(language, getattr(command, name)))
        help_option = command.get_help_option(typer.Context(command))
        for param in [*command.params, *([help_option] if help_option else [])]:
            if getattr(param, "help", None):
                param.help = translate(language, param.help)
    for name, child in (getattr(command, "commands", None) or {}).items():
        localise(child, language, f"{path} {name}".strip())


def _speak(command: Any, language: str, examples: Sequence[Example]) -> None:
    """Have Typer's own words in this command's help said in `language`, and the examples after them."""
    get_usage, format_help = command.get_usage, command.format_help

    def usage(ctx: typer.Context) -> str:
        return usage_line(language, get_usage(ctx))

    def show(ctx: typer.Context, formatter: Any) -> None:
        # Typer has no other place for them; help is the last thing a process says, or the next one sets them anew.
        words = importlib.import_module("typer.rich_utils")
        for name, text in help_words(language).items():
            setattr(words, name, text)
        format_help(ctx, formatter)
        if examples:
            print_examples(language, examples)

    command.get_usage, command.format_help = usage, show
