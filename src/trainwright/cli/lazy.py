"""Commands that are imported when they are called, and help texts in the user's language.

This is the one place where we import by name: `trainwright --version` and completion would otherwise wait half a
second for an HTTP client they do not need.
"""

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from trainwright.cli.options import globals_of
from trainwright.cli.texts import EN, translate

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "server": "trainwright.cli.server",
        "login": "trainwright.cli.login",
        "config": "trainwright.cli.config",
        "job": "trainwright.cli.jobs",
        "model": "trainwright.cli.models",
        "obs": "trainwright.cli.obs",
        "key": "trainwright.cli.credentials:keys",
        "token": "trainwright.cli.credentials:tokens",
        "user": "trainwright.cli.people:users",
        "role": "trainwright.cli.people:roles",
        "project": "trainwright.cli.people:projects",
        "engine": "trainwright.cli.offers:engines",
        "flavor": "trainwright.cli.offers:flavors",
        "backend": "trainwright.cli.offers:backends",
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
        localise(command, globals_of(ctx).language)
        return command

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]  # as above
        """As the base class, which suggests names from `commands`: give it ours."""
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # only the keys are read
        return super().resolve_command(ctx, args)


def localise(command: Any, language: str) -> None:
    """Put the help of `command`, its options and its sub-commands into `language`. English stays as written."""
    if language == EN:
        return
    for name in ("help", "short_help", "epilog"):
        if getattr(command, name, None):
            setattr(command, name, translate(language, getattr(command, name)))
    help_option = command.get_help_option(typer.Context(command))
    for param in [*command.params, *([help_option] if help_option else [])]:
        if getattr(param, "help", None):
            param.help = translate(language, param.help)
        is_argument = getattr(param, "param_type_name", "") == "argument"
        panel = getattr(param, "rich_help_panel", None) or ("Arguments" if is_argument else "Options")
        param.rich_help_panel = translate(language, panel)
    command.rich_help_panel = translate(language, "Commands")
    for child in (getattr(command, "commands", None) or {}).values():
        localise(child, language)
